"""The read-only API over HTTP: shapes, pages, filters, formats, and what it says to nonsense."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import aiohttp
import pytest

from monitor.errors import LedgerError
from monitor.model.state import Health
from monitor.server.alerts import Alerts, Wanted
from monitor.server.parameters import MOST
from monitor.testing.builders import feed
from monitor.testing.clock import START
from monitor.testing.console import feed_row
from monitor.testing.ledger import MemoryEventLog
from tests.support.alerts import TOPICS, Desk, hit, served


async def get(client: aiohttp.ClientSession, path: str, **query: object) -> dict:
    """The JSON of an answer that has to be fine."""
    async with client.get(path, params=query) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == "application/json"
        return await answer.json()


async def refused(client: aiohttp.ClientSession, path: str) -> tuple[int, dict]:
    """Status and error of an answer that is one."""
    async with client.get(path) as answer:
        return answer.status, (await answer.json())["error"]


async def walk(client: aiohttp.ClientSession, path: str, **query: object) -> list[dict]:
    """Every item of a list, page by page."""
    items: list[dict] = []
    while True:
        page = await get(client, path, **query)
        assert page.keys() == {"items", "next"}
        items += page["items"]
        if page["next"] is None:
            return items
        query["cursor"] = page["next"]


async def test_status_is_one_object():
    """What `status --json` prints."""
    desk = Desk()
    desk.console.show(head=7, uplink=False)
    async with served(desk.site().application()) as client:
        status = await get(client, "/api/status")

    assert (status["version"], status["head"], status["uplink"], status["watches"]) == ("1.2.3", 7, False, 2)


async def test_feeds_are_listed_by_id_or_worst_first():
    """The top of `sort=errors` is who fails longest."""
    desk = Desk()
    rows = [feed_row(feed(name), health=Health(failures=fails)) for name, fails in [("c", 0), ("a", 2), ("b", 9)]]
    desk.console.show(feeds=tuple(rows))
    async with served(desk.site().application()) as client:
        by_id = await walk(client, "/api/feeds", limit=2)
        worst = await get(client, "/api/feeds", sort="errors", limit=1)
        one = await get(client, "/api/feeds/b")

    assert [row["id"] for row in by_id] == ["a", "b", "c"]
    assert [row["id"] for row in worst["items"]] == ["b"]
    assert worst["next"] == "1"
    assert one == by_id[1]


async def test_feeds_that_nobody_can_know_yet_are_no_empty_list():
    """503 with the reason until the ledger was open once; then what was known last, ready or not."""
    desk = Desk()
    desk.console.show(feeds=(), ready=False, reasons=("shards 0, 3: the brokers are away",))
    async with served(desk.site().application()) as client:
        for path in ("/api/feeds", "/api/feeds/a"):
            status, error = await refused(client, path)
            assert (status, error["id"]) == (503, "MON-RUN-503")
            assert "shards 0, 3: the brokers are away" in error["message"]
        desk.console.show(feeds=(feed_row(feed("a")),), ready=False, reasons=("shard 0: away",))
        assert [row["id"] for row in await walk(client, "/api/feeds")] == ["a"]
        assert (await get(client, "/api/feeds/a"))["id"] == "a"
        assert (await refused(client, "/api/feeds/b"))[0] == 503
        desk.console.show(feeds=(), ready=True, reasons=())
        assert await walk(client, "/api/feeds") == []


async def test_watches_are_listed_and_shown():
    """Id, query, topic, what they raised."""
    async with served(Desk().site().application()) as client:
        rows = await walk(client, "/api/watches", limit=1)
        one = await get(client, "/api/watches/ship")

    assert [row["id"] for row in rows] == ["port", "ship"]
    assert one == rows[1]


async def test_articles_are_the_events_of_the_log_with_their_place():
    """Newest first, page by page, all of them once."""
    desk = Desk()
    desk.raise_alerts(5)
    desk.raise_alert(6, spec=feed("other"))
    async with served(desk.site().application()) as client:
        rows = await walk(client, "/api/articles", limit=2)
        of_one = await walk(client, "/api/articles", feed="other")
        one = await get(client, f"/api/articles/{rows[0]['article']['id']}")

    assert [row["seq"] for row in rows] == [11, 9, 7, 5, 3, 1]
    assert rows[0]["type"] == "news.article.v1"
    assert of_one == [one] == rows[:1]


async def test_page_of_large_articles_ends_early():
    """The cursor leads to what did not fit: an answer is bounded in bytes, too."""
    desk = Desk()
    desk.raise_alerts(12, body="x" * 800_000)
    async with served(desk.site().application()) as client:
        page = await get(client, "/api/articles", limit=100)
        rest = await get(client, "/api/articles", cursor=page["items"][-1]["seq"])

    assert (len(page["items"]), len(rest["items"])) == (10, 2)
    assert page["next"] == str(page["items"][-1]["seq"])
    assert rest["next"] is None


@pytest.mark.parametrize("limit", [1, 3, 7, 50])
async def test_alerts_come_once_each_whatever_the_page(limit):
    """Newest first; the cursor neither repeats nor leaves out, also while new ones come."""
    desk = Desk()
    desk.raise_alerts(7)
    async with served(desk.site().application()) as client:
        first = await get(client, "/api/alerts", limit=limit)
        desk.raise_alert(8)
        rest = await walk(client, "/api/alerts", limit=limit, cursor=first["next"]) if first["next"] else []

    numbers = [item["article"]["title"] for item in (*first["items"], *rest)]
    assert numbers == [f"Port number {number}" for number in range(7, 0, -1)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"watch": "ship"}, [4]),
        ({"feed": "other"}, [3]),
        ({"feed": "nobody"}, []),
        ({"lang": "fr"}, [5]),
        ({"lang": "FR"}, [5]),
        ({"q": "STRASSE"}, [2]),
        ({"q": "im sommer"}, [2]),
        ({"from": "2027-01-15T08:00:03Z"}, [5, 4, 3]),
        ({"to": "2027-01-15T08:00:03Z"}, [2, 1]),
        ({"from": "2027-01-15T08:00:02Z", "to": "2027-01-15T08:00:04Z", "feed": "other"}, [3]),
        ({"watch": "", "feed": "", "q": "", "from": "", "limit": ""}, [5, 4, 3, 2, 1]),
    ],
)
async def test_alerts_are_filtered(query, found):
    """By watch, feed, language, words and time; an empty field of a form means any."""
    desk = Desk()
    desk.raise_alert(1)
    desk.raise_alert(2, title="Straße gesperrt", summary="Im Sommer")
    desk.raise_alert(3, spec=feed("other"))
    desk.raise_alert(4, "ship")
    desk.raise_alert(5, language="fr-CA")
    async with served(desk.site().application()) as client:
        items = (await get(client, "/api/alerts", **query))["items"]

    assert [round(_second(item["time"])) for item in items] == found


def _second(time: str) -> float:
    return float(time[17:23])


async def test_alert_is_the_event_as_published():
    """Nothing is left out or renamed on the way; only its place in the log is added."""
    desk = Desk()
    desk.raise_alert(1)
    async with served(desk.site().application()) as client:
        (item,) = (await get(client, "/api/alerts"))["items"]

    assert item.pop("seq") == 2
    assert item == json.loads(desk.store.events[1].record.value)


async def test_topic_shared_with_other_records_gives_alerts_only():
    """A watch may send its alerts into a topic that also holds articles, or alerts of other watches."""
    desk = Desk()
    shared = tuple(replace(row, topic="news.articles") for row in desk.console.shown.watches)
    desk.raise_alert(1)
    desk.store.events[1] = replace(
        desk.store.events[1], record=replace(desk.store.events[1].record, topic="news.articles")
    )
    desk.console.show(watches=shared)
    async with served(desk.site().application()) as client:
        every = (await get(client, "/api/alerts"))["items"]
        of_ship = (await get(client, "/api/alerts", watch="ship"))["items"]

    assert [item["type"] for item in every] == ["news.alert.v1"]
    assert of_ship == []


async def test_without_watches_there_are_no_alerts():
    """And articles are not taken for some."""
    desk = Desk()
    desk.raise_alert(1)
    desk.console.show(watches=())
    async with served(desk.site().application()) as client:
        assert await get(client, "/api/alerts") == {"items": [], "next": None}


async def test_search_that_looked_at_enough_goes_on_by_cursor():
    """An answer looks at a bounded number of records; the cursor reaches what lies behind."""
    desk = Desk()
    desk.raise_alert(1, title="The needle")
    desk.raise_alerts(300, first=2)
    alerts = Alerts(desk.log, lambda: TOPICS, desk.console, scanned=100)
    first = await alerts.find(Wanted(words="needle"))
    assert first.cursor is not None
    second = await alerts.find(Wanted(words="needle", before=await desk.log.seek(first.cursor)))

    assert first.items == ()
    assert [item["article"]["title"] for item in second.items] == ["The needle"]
    assert second.cursor is None


async def test_alerts_as_lines():
    """One object a line; the next page stands in `Link`."""
    desk = Desk()
    desk.raise_alerts(3)
    async with served(desk.site().application()) as client:
        async with client.get("/api/alerts?format=jsonl&limit=2&q=port+number") as answer:
            lines = (await answer.text()).splitlines()
            link = answer.links["next"]["url"]
        async with client.get(link) as answer:
            rest = (await answer.text()).splitlines()
            assert answer.content_type == "application/jsonl"

    assert [json.loads(line)["seq"] for line in (*lines, *rest)] == [6, 4, 2]
    assert "next" not in answer.links


async def test_h173_alerts_as_a_table():
    """A file to save, with cells that compute nothing."""
    desk = Desk()
    desk.raise_alert(1, title="=cmd|' /C calc'!A0", hits=[hit("cmd", 1)], url=None)
    async with served(desk.site().application()) as client, client.get("/api/alerts?format=csv") as answer:
        (row,) = csv.DictReader(io.StringIO(await answer.text(), newline=""))

    assert answer.content_type == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert row["title"] == "'=cmd|' /C calc'!A0"
    assert (row["watch"], row["hits"], row["url"]) == ("port", "cmd", "")


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/api/feeds/nobody", 404, "there is no feed nobody"),
        ("/api/watches/nobody", 404, "there is no watch nobody"),
        ("/api/articles/nobody", 404, "the log holds no article nobody"),
        ("/api/alerts?watch=nobody", 404, "there is no watch nobody"),
        ("/api/alerts?format=xml", 400, "format has to be one of: json, jsonl, csv"),
        ("/api/alerts?from=yesterday", 400, "from has to be a time"),
        ("/api/alerts?cursor=-1", 400, "cursor: -1: no place in this log"),
        ("/api/alerts?limit=ten", 400, "limit has to be a number"),
        ("/api/alerts?wacth=port", 400, "there is no parameter wacth; allowed: watch, feed"),
        ("/api/alerts?q=a&q=b", 400, "a parameter stands here twice"),
        ("/api/feeds?sort=name", 400, "sort has to be one of: id, errors"),
        ("/api/status?verbose=1", 400, "there is no parameter verbose; there are none here"),
        ("/api/nothing", 404, "there is no such route"),
        ("/api/feeds/a/b", 404, "there is no such route"),
    ],
)
async def test_nonsense_is_answered_with_what_is_wrong(path, status, said):
    """Never an empty list for a question that was not understood."""
    async with served(Desk().site().application()) as client:
        got, error = await refused(client, path)

    assert got == status
    assert error["id"] == f"MON-RUN-{status}"
    assert error["message"].startswith(said)


async def test_h203_thousands_of_parameters():
    """As many as a request line holds: refused; more: refused by length. The service goes on."""
    async with served(Desk().site().application()) as client:
        async with client.get("/api/alerts?" + "&".join(["a=1"] * 2000)) as answer:
            assert answer.status == 400
        async with client.get("/?" + "&".join(["a=1"] * 2000)) as answer:
            assert answer.status == 200
        async with client.get("/api/alerts?" + "&".join(f"p{number}=1" for number in range(10_000))) as answer:
            assert answer.status == 400
        async with client.get("/api/alerts") as answer:
            assert answer.status == 200


async def test_page_size_is_capped():
    """Whoever asks for everything gets it page by page."""
    desk = Desk()
    desk.raise_alerts(MOST + 1)
    async with served(desk.site().application()) as client:
        page = await get(client, "/api/alerts", limit=10**9)

    assert len(page["items"]) == MOST


class Away(MemoryEventLog):
    """A log whose disk has gone."""

    async def latest(self, *args, **kwargs):
        raise LedgerError("the disk is away")


async def test_log_that_is_away_is_said_to_be_away():
    """503 with the reason; what needs no log still answers."""
    desk = Desk()
    site = replace(desk.site(), log=Away(desk.store, None))  # type: ignore[arg-type]
    async with served(site.application()) as client:
        status, error = await refused(client, "/api/alerts")
        assert await get(client, "/api/status")

    assert (status, error) == (503, {"id": "MON-RUN-010", "message": "the disk is away"})


async def test_times_of_items_are_those_of_the_events():
    """Not of the articles: what a publisher says orders nothing."""
    desk = Desk()
    desk.raise_alert(1, published=START + 10**6)
    async with served(desk.site().application()) as client:
        assert (await get(client, "/api/alerts", to="2027-01-15T08:00:02Z"))["items"]
