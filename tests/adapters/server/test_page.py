"""The page as it is served: what is hostile stays text, and whoever reads it finds their way."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from lxml import html

from monitor.testing.builders import feed
from monitor.testing.clock import START
from monitor.testing.console import feed_row, picture, watch_row
from tests.support.alerts import Desk, hit, served
from tests.support.hostile_page import hostile_desk
from tests.support.vectors import VECTORS

ALLOWED = {
    *("html", "head", "meta", "title", "link", "body", "header", "nav", "main", "section", "footer"),
    *("h1", "h2", "h3", "a", "ul", "ol", "li", "div", "p", "span", "small", "bdi", "mark", "time", "code"),
    *("form", "label", "input", "button", "table", "thead", "tbody", "tr", "th", "td"),
}
"""Elements of our own template; a browser is shown no other."""


async def shown(desk: Desk, path: str = "/") -> html.HtmlElement:
    """The page, parsed like a browser does."""
    async with served(desk.site().application()) as client, client.get(path) as answer:
        assert answer.status == 200
        return html.document_fromstring(await answer.text())


def words(element: html.HtmlElement) -> str:
    """Its text, blanks collapsed."""
    return " ".join(element.text_content().split())


async def test_h159_h160_h162_h164_page_has_only_its_own_elements():
    """Scripts, forms, frames, objects, styles, meta and base of publishers are text; so are their attributes."""
    page = await shown(hostile_desk())
    elements = [element for element in page.iter() if isinstance(element.tag, str)]

    assert {element.tag for element in elements} <= ALLOWED
    assert not [name for element in elements for name in element.attrib if name.startswith("on") or name == "style"]
    assert len(page.findall(".//form")) == len(page.findall(".//title")) == 1
    assert [meta.get("http-equiv") for meta in page.iter("meta")] == [None, None, "refresh"]
    text = words(page)
    for vector in VECTORS:
        assert " ".join(vector.split()) in text


async def test_h161_h167_links_lead_to_the_web_only():
    """An address that would run is shown as text, without a link; one that would break out is quoted."""
    page = await shown(hostile_desk())
    links = [link.get("href") for link in page.iter("a")]

    assert {re.match(r"[a-z]*:?", link)[0] for link in links} <= {"https:", ""}
    outside = [link for link in page.iter("a") if link.get("href").startswith("http")]
    assert outside
    assert all(link.get("rel") == "noopener noreferrer nofollow" for link in outside)


async def test_h165_h163_nothing_is_loaded_from_elsewhere():
    """No image of an article, no style, no font: a reader is not counted by publishers."""
    page = await shown(hostile_desk())
    loaded = [element.get("src") or element.get("href") for element in page.iter("img", "link", "script", "source")]

    assert loaded == ["/static/icon.svg", "/static/page.css"]


async def test_h159_what_is_searched_for_comes_back_as_text():
    """The one thing of a request that the page repeats."""
    desk = Desk()
    for vector in VECTORS:
        async with served(desk.site().application()) as client, client.get("/", params={"q": vector}) as answer:
            page = html.document_fromstring(await answer.text())
        assert page.get_element_by_id("q").get("value") == vector
        assert {element.tag for element in page.iter() if isinstance(element.tag, str)} <= ALLOWED


async def test_h182_text_of_publishers_is_isolated():
    """A title that runs from right to left turns nothing round but itself."""
    desk = Desk()
    title = "\u202eevil \u2067 نص port"
    desk.raise_alert(1, title=title, hits=[hit("port", len(title) - 4)], summary="x")
    desk.console.put(feed("rtl"))
    page = await shown(desk)
    (heading,) = page.findall(".//h3")

    assert heading.find(".//bdi").text_content() == title
    assert [word.text_content() for word in page.find_class("word")] == ["port"]
    assert all(word.tag == "bdi" for word in page.find_class("word"))


async def test_page_says_why_an_alert_was_raised():
    """Watch, severity, words, feed and time; hits are marked where they stand."""
    desk = Desk()
    text = "Ships wait outside the port of Odesa"
    desk.raise_alert(1, title="Sanctions", summary=text, hits=[hit("port", 23, "summary"), hit("Odesa", 31, "summary")])
    page = await shown(desk)
    (item,) = page.find(".//ol").findall("li")

    assert words(item.find_class("why")[0]) == "Port (medium) found port, Odesa in Example, 08:00:01 UTC"
    assert [mark.text for mark in item.iter("mark")] == ["port", "Odesa"]
    assert item.find(".//time").get("datetime") == "2027-01-15T08:00:01.000Z"


async def test_pages_of_alerts_go_back_and_forth():
    """Older alerts keep the watch and the words; the first page is one click away."""
    desk = Desk()
    desk.raise_alerts(90)
    first = await shown(desk, "/?watch=port&q=number")
    (older,) = first.xpath("//a[text()='Older alerts']/@href")
    second = await shown(desk, older)
    (oldest,) = second.xpath("//a[text()='Older alerts']/@href")
    third = await shown(desk, oldest)

    numbers = [words(heading).rpartition(" ")[2] for page in (first, second, third) for heading in page.iter("h3")]
    assert numbers == [str(number) for number in range(90, 0, -1)]
    assert third.xpath("//a[text()='Older alerts']") == []
    assert third.xpath("//a[text()='Newest alerts']/@href") == ["/?watch=port&q=number"]


async def test_search_finds_and_says_when_it_does_not():
    """By words, over all watches or one."""
    desk = Desk()
    desk.raise_alert(1, title="Grain ships wait")
    desk.raise_alert(2, title="Chips")
    found, nothing = await shown(desk, "/?q=GRAIN"), await shown(desk, "/?q=grain&watch=ship")

    assert [words(heading) for heading in found.iter("h3")] == ["Grain ships wait"]
    assert "Nothing found here." in words(nothing)
    assert nothing.xpath("//input[@name='watch']/@value") == ["ship"]


@pytest.mark.parametrize(
    ("path", "seconds"),
    [("/", "15"), ("/?watch=port", "15"), ("/?q=x", None), ("/?cursor=5", None), ("/?still=1", None)],
)
async def test_page_refreshes_only_while_it_shows_what_is_newest(path, seconds):
    """Nobody loses what they are reading or typing; it can be stopped and started."""
    page = await shown(Desk(), path)

    assert page.xpath("//meta[@http-equiv='refresh']/@content") == ([seconds] if seconds else [])


async def test_refresh_is_stopped_and_started_by_a_link():
    """Without scripts, and with the watch kept."""
    page = await shown(Desk(), "/?watch=port")
    (stop,) = page.xpath("//a[starts-with(text(), 'Stop refreshing')]/@href")
    still = await shown(Desk(), stop)

    assert stop == "/?watch=port&still=1"
    assert still.xpath("//a[text()='Refresh by itself again']/@href") == ["/?watch=port"]


async def test_page_can_be_read_aloud():
    """A language, one first heading, named regions, labelled fields, rows and columns with heads, the current watch."""
    desk = Desk()
    desk.raise_alert(1)
    desk.console.put(feed())
    page = await shown(desk, "/?watch=port")
    ids = page.xpath("//@id")

    assert page.get("lang") == "en"
    assert len(page.findall(".//h1")) == 1
    assert len(ids) == len(set(ids))
    assert all(section.get("aria-labelledby") in ids for section in page.iter("section"))
    assert all(label.get("for") in ids for label in page.iter("label"))
    assert page.xpath("//input[not(@type='hidden')]/@id") == page.xpath("//label/@for")
    assert all(th.get("scope") in {"row", "col"} for th in page.iter("th"))
    assert [words(link) for link in page.xpath("//*[@aria-current='page']")] == ["Port"]


@pytest.mark.parametrize(
    ("picture_", "said"),
    [
        (picture(), "no feed is polled"),
        (picture(feeds=(feed_row(feed()),)), "there are no watches"),
        (picture(ready=False, reasons=("shard 0: disk full",)), "not ready: shard 0: disk full"),
        (picture(uplink=False), "the network is away"),
        (picture(reload_ok=False), "the configuration on disk is refused"),
    ],
)
async def test_page_says_what_is_the_matter(picture_, said):
    """In the words of whoever has to mend it."""
    desk = Desk()
    desk.console.shown = picture_

    assert said in words(await shown(desk))


async def test_owners_are_named_where_one_watch_or_feed_is_shown():
    """Whoever looks at an alert or at a feed that fails knows whom to ask."""
    desk = Desk()
    row = watch_row("port")
    desk.console.shown = picture(
        watches=(replace(row, watch=replace(row.watch, owner="night <desk>")),),
        feeds=(feed_row(feed("a", owner="Ann")), feed_row(feed("b"))),
    )

    assert "Port looks for port; ask night <desk> about it" in words(await shown(desk, "/?watch=port"))
    everything = words(await shown(desk))
    assert "night" not in everything
    assert everything.count("owner: Ann") == everything.count("owner:") == 1


async def test_unknown_watch_is_not_there():
    """A page of all alerts would be a wrong answer."""
    async with served(Desk().site().application()) as client, client.get("/?watch=nobody") as answer:
        assert answer.status == 404


async def test_page_with_fifty_thousand_feeds_stays_small():
    """The worst are shown, the others counted and linked."""
    desk = Desk()
    row = feed_row(feed())
    desk.console.show(feeds=(row,) * 50_000, at=START)
    page = await shown(desk)

    assert len(page.findall(".//tbody/tr")) == 200
    assert "and 49800 more" in words(page)


async def test_tokens_of_feed_urls_are_nowhere():
    """H172: on the page and in every answer of the API."""
    desk = Desk()
    desk.console.put(feed("secretive", url="https://u:hunter2@e.example/rss?key=hunter2"))
    desk.raise_alert(1, spec=feed("secretive", url="https://u:hunter2@e.example/rss?key=hunter2"))
    async with served(desk.site().application()) as client:
        for path in ("/", "/api/feeds", "/api/feeds/secretive", "/api/alerts", "/api/articles", "/alerts/port.json"):
            async with client.get(path) as answer:
                assert answer.status == 200
                assert "hunter2" not in await answer.text()
