"""Alerts as Atom and as JSON Feed."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pytest
from lxml import etree

from monitor.publish.envelope import alert_event
from monitor.server.syndication import ATOM, atom, json_feed
from monitor.testing.builders import feed
from monitor.testing.clock import START
from monitor.testing.console import watch_row
from tests.support.alerts import alert, hit

WATCH = watch_row("port").watch
NS = {"a": ATOM}


def alerts(**said) -> list[dict]:
    """One alert as the log holds it."""
    return [msgspec.json.decode(msgspec.json.encode(alert_event(alert(1, WATCH, **said))))]


def text(tree: etree._Element, path: str) -> str:
    """The text of the one element at a path."""
    (found,) = tree.findall(path, NS)
    return found.text or ""


def test_atom_has_what_rfc_4287_asks_for():
    """Ids, times, an author, a link to the publisher and none to ourselves."""
    tree = etree.fromstring(atom(WATCH, alerts(summary="Ships wait"), START))

    assert text(tree, "a:id") == "urn:news-monitor:watch:port"
    assert text(tree, "a:updated") == text(tree, "a:entry/a:updated") == "2027-01-15T08:00:01.000Z"
    assert text(tree, "a:entry/a:title") == "Port number 1"
    assert text(tree, "a:entry/a:author/a:name") == "Example"
    assert text(tree, "a:entry/a:summary").startswith("Port: ")
    assert text(tree, "a:entry/a:published") == "2027-01-15T07:50:00.000Z"
    assert [link.get("href") for link in tree.iter(f"{{{ATOM}}}link")] == ["https://example.org/port-number-1"]


def test_atom_without_alerts_is_valid_and_as_old_as_the_service():
    """A feed needs `updated` also when nothing happened."""
    tree = etree.fromstring(atom(WATCH, [], START))

    assert text(tree, "a:updated") == "2027-01-15T08:00:00.000Z"
    assert tree.findall("a:entry", NS) == []


@pytest.mark.parametrize(
    "evil",
    ["<script>alert(1)</script>", "]]><x/>", "&amp;&lt;", "a\ufffeb", '"><img src=x onerror=1>', "<!--", "</title>"],
)
def test_h159_markup_in_a_title_is_text_in_both(evil):
    """Whatever reads the feed gets what the publisher wrote, as text."""
    found = alerts(title=evil, url=f"https://e.example/?{evil}", hits=[hit(evil)])
    tree = etree.fromstring(atom(WATCH, found, START))
    item = json.loads(msgspec.json.encode(json_feed(WATCH, found)))["items"][0]

    assert text(tree, "a:entry/a:title") == evil.replace("\ufffe", "\ufffd")
    assert not [element for element in tree.iter() if not element.tag.startswith(f"{{{ATOM}}}")]
    assert item["title"] == evil
    assert "content_html" not in item


def test_json_feed_has_what_version_1_1_asks_for():
    """An id and content in each item; what only an alert has stands in an extension."""
    document = json_feed(WATCH, alerts(language="fr"))
    (item,) = document["items"]

    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert document["title"] == "Port"
    assert item["id"].startswith("urn:news-monitor:alert:")
    assert item["content_text"] == "Port"
    assert (item["language"], item["authors"], item["tags"]) == ("fr", [{"name": "Example"}], ["medium"])
    assert item["_news_monitor"]["hits"][0]["text"] == "Port"
    assert item["_news_monitor"]["untrusted_text"] is True


def test_what_an_article_lacks_is_left_out():
    """No link, no title, no language, no date, no name of the feed."""
    nameless = replace(feed("anon"), name="")
    bare = alerts(title="", url=None, published=None, language="und", spec=nameless, hits=[hit("x", 0, "body")])
    (item,) = json_feed(WATCH, bare)["items"]
    tree = etree.fromstring(atom(WATCH, bare, START))

    assert not item.keys() & {"url", "title", "language"}
    assert item["date_published"] == item["date_modified"]
    assert item["authors"] == [{"name": "anon"}]
    assert text(tree, "a:entry/a:title") == "(no title)"
    assert tree.findall("a:entry/a:link", NS) == tree.findall("a:entry/a:published", NS) == []
