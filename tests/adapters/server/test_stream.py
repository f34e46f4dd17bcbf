"""Alerts as they come: resumption, filters, and clients that are many, slow or gone."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.events import SqliteEventLog
from monitor.adapters.sqlite.ledger import SqliteLedger
from monitor.model.event import Batch
from monitor.model.ids import ShardId
from monitor.publish.envelope import record
from monitor.server.alerts import Alerts
from monitor.server.stream import Stream
from monitor.server.web import application, listen
from monitor.testing.clock import ManualClock
from monitor.testing.console import watch_row
from tests.support.alerts import TOPICS, Desk, alert, served

PATH = "/api/alerts/stream"


def following(desk: Desk, **settings) -> tuple[Stream, aiohttp.web.Application]:
    """A stream with short times, and an application that has only this."""
    stream = Stream(Alerts(desk.log, lambda: TOPICS, desk.console), **settings)
    app = application()
    stream.add_routes(app)
    return stream, app


async def events(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[str, str]]:
    """The blocks of a stream, as fields."""
    block: dict[str, str] = {}
    async for line in answer.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            block[name] = value
        elif block:
            yield block
            block = {}


async def take(answer: aiohttp.ClientResponse, count: int) -> list[dict]:
    """The next alerts."""
    found: list[dict] = []
    async for event in events(answer):
        if event.get("event") == "alert":
            found.append(json.loads(event["data"]) | {"id_": int(event["id"])})
            if len(found) == count:
                break
    return found


async def until(condition) -> None:
    """Turns of the loop until something is so; the time limit of the test is the end of patience."""
    while not condition():
        await asyncio.sleep(0.005)


@asynccontextmanager
async def follower(client: aiohttp.ClientSession, **headers: str):
    """A client that has been told it is following."""
    async with client.get(PATH, headers=headers) as answer:
        assert answer.status == 200
        assert await answer.content.readline() == b"retry: 3000\n"
        yield answer


async def test_new_alerts_come_as_they_are_made():
    """Only those made after the client came."""
    desk = Desk()
    desk.raise_alerts(3)
    async with served(following(desk)[1]) as client, follower(client) as answer:
        desk.raise_alert(4)
        desk.raise_alert(5, "ship")
        found = await take(answer, 2)

    assert answer.content_type == "text/event-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert [one["article"]["title"] for one in found] == ["Port number 4", "Port number 5"]
    assert [one["seq"] for one in found] == [one["id_"] for one in found] == [8, 10]


@pytest.mark.parametrize("last", [0, 1, 2, 5, 6])
async def test_last_event_id_resumes_without_gap_or_double(last):
    """Whatever came after the last event that was seen, then what is new."""
    desk = Desk()
    desk.raise_alerts(3)
    wanted = [seq for seq in (2, 4, 6) if seq > last]
    async with served(following(desk)[1]) as client, follower(client, **{"Last-Event-ID": str(last)}) as answer:
        desk.raise_alert(4)
        found = await take(answer, len(wanted) + 1)

    assert [one["seq"] for one in found] == [*wanted, 8]


async def test_many_alerts_come_in_order_over_many_chunks():
    """More than one read of the log holds."""
    desk = Desk()
    desk.raise_alerts(130)
    async with served(following(desk)[1]) as client, client.get(f"{PATH}?after=0") as answer:
        found = await take(answer, 130)

    assert [one["seq"] for one in found] == list(range(2, 262, 2))


async def test_place_beyond_the_log_means_from_now_on():
    """A log that was begun anew does not silence who followed the old one."""
    desk = Desk()
    desk.raise_alert(1)
    async with served(following(desk)[1]) as client, follower(client, **{"Last-Event-ID": "999"}) as answer:
        desk.raise_alert(2)
        found = await take(answer, 1)

    assert found[0]["seq"] == 4


async def test_stream_takes_the_filters_of_the_list():
    """Watch, words and language."""
    desk = Desk()
    path = f"{PATH}?watch=port&q=needle&lang=fr&after=0"
    async with served(following(desk)[1]) as client, client.get(path) as answer:
        desk.raise_alert(1, title="needle")
        desk.raise_alert(2, "ship", title="needle", language="fr")
        desk.raise_alert(3, language="fr")
        desk.raise_alert(4, title="Needle", language="fr")
        found = await take(answer, 1)

    assert found[0]["article"]["title"] == "Needle"


async def test_watch_that_is_added_later_is_followed_too():
    """Whoever follows all watches need not come again after a reload."""
    desk = Desk()
    async with served(following(desk)[1]) as client, follower(client) as answer:
        desk.console.show(watches=(*desk.console.shown.watches, watch_row("crane")))
        desk.raise_alert(1, "crane")
        found = await take(answer, 1)

    assert found[0]["watch"]["id"] == "crane"


async def test_silence_is_filled_with_the_place_in_the_log():
    """A proxy sees traffic, and a client that comes back does not begin before what it could not use."""
    desk = Desk()
    async with served(following(desk, pulse=0.01)[1]) as client, client.get(f"{PATH}?q=nothing") as answer:
        desk.raise_alerts(2)
        async for event in events(answer):
            if event.get("id") == "4":
                break

    assert event == {"id": "4"}


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("?watch=nobody", {}, 404),
        ("?after=x", {}, 400),
        ("?cursor=1", {}, 400),
        ("", {"Last-Event-ID": "x"}, 400),
    ],
)
async def test_nonsense_is_refused_before_anything_is_sent(query, headers, status):
    """An error is an answer, not an event."""
    async with served(following(Desk())[1]) as client, client.get(PATH + query, headers=headers) as answer:
        assert (answer.status, (await answer.json())["error"]["id"]) == (status, f"MON-RUN-{status}")


async def test_head_does_not_follow():
    """A request that wants no body must not hold a place."""
    async with served(following(Desk())[1]) as client, client.head(PATH) as answer:
        assert answer.status == 405


async def test_h202_clients_beyond_the_cap_are_told_to_come_later():
    """503 with a time; a place that gets free is given to the next."""
    desk = Desk()
    stream, app = following(desk, most=3)
    async with served(app, abandon=True) as client:
        async with follower(client), follower(client):
            async with follower(client), client.get(PATH) as answer:
                assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
                assert (await answer.json())["error"]["id"] == "MON-RUN-503"
            await until(lambda: stream.clients == 2)
            async with follower(client):
                assert stream.clients == 3
        await until(lambda: stream.clients == 0)


async def test_h202_thousand_clients_leave_the_service_answering():
    """Those that fit follow, the others are turned away at once, and everybody who follows hears the next alert."""
    desk = Desk()
    async with served(following(desk, most=100)[1], abandon=True) as client:
        clients = aiohttp.ClientSession(client._base_url, connector=aiohttp.TCPConnector(limit=0))
        async with clients:
            answers = await asyncio.gather(*(clients.get(PATH) for _ in range(300)))
            following_ = [answer for answer in answers if answer.status == 200]
            assert {answer.status for answer in answers} == {200, 503}
            desk.raise_alert(1)
            heard = await asyncio.gather(*(take(answer, 1) for answer in following_))
            for answer in answers:
                answer.close()
    assert len(heard) == 100
    assert {one[0]["seq"] for one in heard} == {2}


async def test_h202_slow_reader_is_dropped_and_the_others_go_on():
    """What a client does not read waits in the log, not in memory; after a while its connection is cut."""
    desk = Desk()
    desk.raise_alerts(200, summary="x" * 50_000)
    stream, app = following(desk, patience=0.2)
    async with listen(app, "127.0.0.1", 0) as port:
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(slow, ("127.0.0.1", port))
        await loop.sock_sendall(slow, f"GET {PATH}?after=0 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await until(lambda: stream.clients == 1)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client, client.get(f"{PATH}?after=0") as answer:
            quick = await take(answer, 200)
            await until(lambda: stream.clients == 1)
        slow.close()

    assert [one["seq"] for one in quick] == list(range(2, 402, 2))


async def test_embedded_log_is_followed_like_that_in_memory(tmp_path):
    """Commits of the real ledger reach those who follow, in order, and those who come back."""
    desk = Desk()
    database = await Database.open(tmp_path)
    ledger = await SqliteLedger(database).open(ShardId(0))
    stream = Stream(Alerts(SqliteEventLog(database, ManualClock()), lambda: TOPICS, desk.console))
    app = application()
    stream.add_routes(app)

    async def commit(*numbers: int) -> None:
        await ledger.commit(Batch(ShardId(0), records=tuple(record(alert(n, desk.watch()), TOPICS) for n in numbers)))

    try:
        async with served(app, abandon=True) as client:
            async with follower(client) as answer:
                for number in range(1, 61):
                    await commit(number, number + 1000)
                live = await take(answer, 120)
            async with follower(client, **{"Last-Event-ID": "100"}) as answer:
                again = await take(answer, 20)
            await until(lambda: stream.clients == 0)
    finally:
        await ledger.close()
        await database.close()

    assert [one["seq"] for one in live] == list(range(1, 121))
    assert again == live[100:]


async def test_stop_ends_every_stream_at_once():
    """The service does not wait for clients that would listen for ever."""
    desk = Desk()
    stream, app = following(desk, pulse=1000.0)
    async with aiohttp.ClientSession() as client:
        async with listen(app, "127.0.0.1", 0) as port:
            answer = await client.get(f"http://127.0.0.1:{port}{PATH}")
            before = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - before < 1.0
        assert (await answer.content.read()).endswith(b"id: 0\n\n")
    assert stream.clients == 0
