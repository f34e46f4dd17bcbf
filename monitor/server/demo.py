"""A small news site on loopback for `news-monitor demo`: feeds whose news arrives live, and is made up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from html import escape
from typing import Any

import yaml
from aiohttp import web

from monitor import data
from monitor.model.units import Instant

EVERY = 2.0
"""Seconds between two items of a feed."""
KEPT = 12
"""Items a document shows."""


@dataclass(frozen=True, slots=True)
class DemoFeed:
    """One feed of the site: its list of headlines goes round for ever."""

    name: str
    title: str
    language: str
    items: Sequence[tuple[str, str]]


def demo_feeds() -> tuple[DemoFeed, ...]:
    """The feeds of the data file."""
    found: Mapping[str, dict[str, Any]] = yaml.safe_load(data.text("demo/headlines.yaml"))
    return tuple(
        DemoFeed(name, feed["title"], feed["language"], [(title, text) for title, text in feed["items"]])
        for name, feed in found.items()
    )


def document(feed: DemoFeed, offset: int, started: Instant, now: Instant) -> str:
    """The feed as it stands at `now`: one item more every `EVERY` seconds. RSS 2.0."""
    newest = int((now - started) / EVERY) + 1
    numbers = range(newest, max(0, newest - KEPT), -1)
    items = "".join(_item(feed, number, offset, started) for number in numbers)
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel><title>{escape(feed.title)}</title>'
        f"<link>https://demo.example.org/{feed.name}</link><description>News that never happened</description>"
        f"<language>{feed.language}</language>{items}</channel></rss>\n"
    )


def _item(feed: DemoFeed, number: int, offset: int, started: Instant) -> str:
    title, text = feed.items[(number + offset - 1) % len(feed.items)]
    link = f"https://demo.example.org/{feed.name}/{int(started)}-{number}"
    return (
        f"<item><title>{escape(title)}</title><link>{link}</link><guid>{link}</guid>"
        f"<pubDate>{formatdate(started + (number - 1) * EVERY)}</pubDate>"
        f"<description>{escape(f'<p>{escape(text)}</p>')}</description></item>"
    )


def demo_site(now: Callable[[], Instant]) -> web.Application:
    """The site: `/<feed>.xml`."""
    started = now()
    app = web.Application()
    for offset, feed in enumerate(demo_feeds()):
        app.router.add_get(f"/{feed.name}.xml", _handler(feed, offset, started, now))
    return app


def _handler(feed: DemoFeed, offset: int, started: Instant, now: Callable[[], Instant]) -> Any:
    async def answer(request: web.Request) -> web.Response:
        text = document(feed, offset, started, now())
        etag = f'"{feed.name}-{int((now() - started) / EVERY)}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(text=text, content_type="application/rss+xml", charset="utf-8", headers={"ETag": etag})

    return answer
