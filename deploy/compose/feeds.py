"""The made-up news of `news-monitor demo` by themselves, for the service in another container. Argument: the port."""

from __future__ import annotations

import sys

from aiohttp import web

from monitor.app.build.source import system_clock
from monitor.server.demo import demo_site

web.run_app(demo_site(system_clock().now), port=int(sys.argv[1]))
