"""A log whose numbers mean nothing elsewhere: cursors and ids are its tokens, items carry partition and offset."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from monitor.errors import UsageError
from monitor.model.event import Logged
from monitor.testing.clock import ManualClock
from monitor.testing.ledger import MemoryEventLog
from tests.support.alerts import Desk, served


class PlacedLog(MemoryEventLog):
    """Numbers become texts on the way out, and come back as such only."""

    async def read(self, after: int, topics: Sequence[str] = (), limit: int = 500) -> Sequence[Logged]:
        return [placed(one) for one in await super().read(after, topics, limit)]

    async def latest(
        self,
        topics: Sequence[str] = (),
        before: int | None = None,
        limit: int = 50,
        filters: Mapping[str, str] | None = None,
    ) -> Sequence[Logged]:
        return [placed(one) for one in await super().latest(topics, before, limit, filters)]

    def token(self, seq: int) -> str:
        return f"place-{seq:x}"

    async def seek(self, token: str) -> int:
        if not token.startswith("place-"):
            raise UsageError(f"{token}: no place in this log")
        return int(token.removeprefix("place-"), 16)


def placed(one: Logged) -> Logged:
    """As a log with partitions tells it."""
    return replace(one, place=(one.seq % 3, 100 + one.seq))


class PlacedDesk(Desk):
    """A desk with such a log."""

    @property
    def log(self) -> PlacedLog:
        return PlacedLog(self.store, ManualClock())


def desk(count: int) -> Desk:
    """Alerts number 1 to `count`."""
    made = PlacedDesk()
    made.raise_alerts(count)
    return made


@pytest.mark.parametrize("what", ["alerts", "articles"])
async def test_lists_go_on_from_the_token_and_name_partition_and_offset(what):
    """No number of this process leaves it."""
    async with served(desk(3).site().application()) as client:
        async with client.get(f"/api/{what}?limit=2") as answer:
            first = await answer.json()
        async with client.get(f"/api/{what}?limit=2&cursor={first['next']}") as answer:
            second = await answer.json()

    items = [*first["items"], *second["items"]]
    assert first["next"].startswith("place-")
    assert len({(item["partition"], item["offset"]) for item in items}) == 3
    assert not any("seq" in item for item in items)
    assert second["next"] is None


async def test_one_article_names_its_partition_and_offset():
    """As in the list."""
    async with served(desk(1).site().application()) as client:
        async with client.get("/api/articles") as answer:
            (item,) = (await answer.json())["items"]
        async with client.get(f"/api/articles/{item['article']['id']}") as answer:
            one = await answer.json()

    assert one == item


async def test_lines_name_the_next_page_by_a_token():
    """In `Link`, for what has no room for it."""
    async with served(desk(3).site().application()) as client:
        async with client.get("/api/alerts?format=jsonl&limit=2") as answer:
            link = answer.links["next"]["url"]
        async with client.get(link) as answer:
            rest = (await answer.text()).splitlines()

    assert link.query["cursor"].startswith("place-")
    assert len(rest) == 1


async def test_the_page_leads_to_older_alerts_by_a_token():
    """Its link is one that any replica understands."""
    async with served(desk(41).site().application()) as client:
        async with client.get("/") as answer:
            text = await answer.text()
        async with client.get("/?cursor=17") as answer:
            status = answer.status

    assert "cursor=place-" in text
    assert status == 400


async def test_events_are_named_by_tokens_and_followed_from_them():
    """`id` is what `Last-Event-ID` brings back."""
    async with served(desk(3).site().application()) as client:
        async with client.get("/api/alerts/stream?after=place-0") as answer:
            first = await event(answer)
        async with client.get("/api/alerts/stream", headers={"Last-Event-ID": first["id"]}) as answer:
            second = await event(answer)

    assert first["id"].startswith("place-")
    assert [json.loads(one["data"])["article"]["title"] for one in (first, second)] == [
        "Port number 1",
        "Port number 2",
    ]


async def event(answer) -> dict[str, str]:
    """The next alert of a stream, as fields."""
    block: dict[str, str] = {}
    async for line in answer.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            block[name] = value
        elif "data" in block:
            break
    return block
