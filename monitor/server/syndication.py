"""The alerts of a watch as a feed: Atom (RFC 4287) and JSON Feed 1.1, for whatever reads feeds.

No absolute link to this service stands in them, because only a client could say under which name it reached us.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
from aiohttp import web

from monitor.model.units import Instant, rfc3339
from monitor.model.watch import Watch
from monitor.server.alerts import Alerts, Found
from monitor.server.parameters import limit, parameters, wanted_of
from monitor.server.shapes import link_of
from monitor.server.web import not_found

ATOM = "http://www.w3.org/2005/Atom"
NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to hold."""


@dataclass(frozen=True, slots=True)
class Syndication:
    """The handlers."""

    alerts: Alerts

    def add_routes(self, app: web.Application) -> None:
        """Adds `/alerts/<watch>.atom` and `.json`."""
        app.router.add_get("/alerts/{watch}.atom", self.atom)
        app.router.add_get("/alerts/{watch}.json", self.json)

    async def atom(self, request: web.Request) -> web.Response:
        """The newest alerts of a watch as Atom."""
        watch, found, started = await self._find(request)
        return _answer(request, atom(watch, found.items, started), "application/atom+xml")

    async def json(self, request: web.Request) -> web.Response:
        """The newest alerts of a watch as JSON Feed."""
        watch, found, _ = await self._find(request)
        return _answer(request, msgspec.json.encode(json_feed(watch, found.items)), "application/feed+json")

    async def _find(self, request: web.Request) -> tuple[Watch, Found, Instant]:
        query = parameters(request, "limit")
        name, picture = request.match_info["watch"], self.alerts.console.snapshot()
        watch = next((row.watch for row in picture.watches if row.watch.id == name), None)
        if watch is None:
            raise not_found(f"there is no watch {name}")
        found = await self.alerts.find(wanted_of({"watch": watch.id, "limit": str(limit(query))}))
        return watch, found, picture.started


def _answer(request: web.Request, body: bytes, content_type: str) -> web.Response:
    """A reader that has this version already is told so."""
    tag = sha256(body).hexdigest()[:32]
    headers = {"Cache-Control": "no-cache", "ETag": f'"{tag}"'}
    if any(known.value in {tag, "*"} for known in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)


def atom(watch: Watch, alerts: Sequence[Mapping[str, Any]], started: Instant) -> bytes:
    """An Atom document; one without alerts is as old as the service."""
    feed = ET.Element("feed", xmlns=ATOM)
    _add(feed, "id", f"urn:news-monitor:watch:{watch.id}")
    _add(feed, "title", watch.name or watch.id)
    _add(feed, "updated", alerts[0]["time"] if alerts else rfc3339(started))
    _add(_add(feed, "author"), "name", "news-monitor")
    for alert in alerts:
        _entry(_add(feed, "entry"), alert)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(feed, encoding="unicode").encode()


def _entry(entry: ET.Element, alert: Mapping[str, Any]) -> None:
    article = alert["article"]
    _add(entry, "id", f"urn:news-monitor:alert:{alert['id']}")
    _add(entry, "title", article["title"] or article["url"] or "(no title)")
    _add(entry, "updated", alert["time"])
    if article["published"]:
        _add(entry, "published", article["published"])
    if link := link_of(article["url"]):
        _add(entry, "link", rel="alternate", href=link)
    _add(_add(entry, "author"), "name", article["feed"]["name"] or article["feed"]["id"])
    _add(entry, "category", term=alert["watch"]["severity"], scheme="urn:news-monitor:severity")
    _add(entry, "summary", _text_of(alert), type="text")


def _add(parent: ET.Element, tag: str, text: str | None = None, /, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, {name: _scrub(value) for name, value in attributes.items()})
    element.text = None if text is None else _scrub(text)
    return element


def _scrub(text: str) -> str:
    return NO_XML.sub("\ufffd", text)


def json_feed(watch: Watch, alerts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A JSON Feed as plain data; what only an alert has stands in the extension `_news_monitor`."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": watch.name or watch.id,
        "description": f"Articles in which news-monitor found: {watch.query}",
        "authors": [{"name": "news-monitor"}],
        "items": [_item(alert) for alert in alerts],
    }


def _item(alert: Mapping[str, Any]) -> dict[str, Any]:
    article = alert["article"]
    said = {
        "id": f"urn:news-monitor:alert:{alert['id']}",
        "url": link_of(article["url"]),
        "title": article["title"] or None,
        "content_text": _text_of(alert),
        "date_published": article["published"] or alert["time"],
        "date_modified": alert["time"],
        "language": None if article["language"]["tag"] == "und" else article["language"]["tag"],
        "authors": [{"name": article["feed"]["name"] or article["feed"]["id"]}],
        "tags": [alert["watch"]["severity"]],
    }
    about = {name: alert[name] for name in ("watch", "hits", "hits_total", "untrusted_text")}
    return {name: value for name, value in said.items() if value is not None} | {"_news_monitor": about}


def _text_of(alert: Mapping[str, Any]) -> str:
    """Why it was raised and where."""
    words = ", ".join(dict.fromkeys(hit["text"] for hit in alert["hits"]))
    snippet = alert["snippet"]
    around = snippet["text"] if snippet and snippet["field"] != "title" else alert["article"]["summary"]
    return f"{words}: {around}" if around else words
