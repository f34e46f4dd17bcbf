"""What is in `isolated` tries addresses of others, so it is collected only inside a namespace that reaches nobody."""

from __future__ import annotations

import os

collect_ignore = [] if os.environ.get("MONITOR_TEST_NETNS") else ["isolated"]
