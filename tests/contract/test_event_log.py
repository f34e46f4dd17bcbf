"""What every event log promises: `EventLog` of `monitor/ports.py`."""

import asyncio
from collections import Counter
from collections.abc import Iterable

import pytest

from monitor.errors import UsageError
from monitor.model.event import Batch, Logged, Record
from monitor.model.ids import ShardId
from monitor.ports import SinkCursor
from monitor.testing.builders import record
from monitor.testing.clock import START
from tests.support.backends import BackEnd

SHARD = ShardId(0)


async def publish(back_end: BackEnd, *records: Record) -> None:
    """One batch with these records, and as many more in the log."""
    before = await back_end.log.head()
    shard = await back_end.ledger.open(SHARD)
    await shard.commit(Batch(SHARD, records=records))
    await shard.close()
    await held(back_end, before + len(records))


async def held(back_end: BackEnd, count: int) -> None:
    """Waits until a log that is filled by others has so many."""
    async with asyncio.timeout(10):
        while await back_end.log.head() < count:
            await back_end.log.wait(await back_end.log.head())


def mixed(count: int, prefix: str = "news.") -> list[Record]:
    """Articles and alerts of two watches in turn."""
    topics = (f"{prefix}articles", f"{prefix}alerts.ukraine", f"{prefix}alerts.taiwan")
    return [record(n, topics[n % 3], START + n, source=f"feed-{n % 2}") for n in range(1, count + 1)]


def names(records: Iterable[Logged]) -> list[str]:
    """Which events these are."""
    return [one.record.id for one in records]


async def numbers(back_end: BackEnd, after: int, *topics: str, limit: int = 500) -> list[int]:
    """What `read` returns, by number."""
    return [one.seq for one in await back_end.log.read(after, topics, limit)]


async def latest(back_end: BackEnd, *topics: str, before: int | None = None, **filters: str) -> list[int]:
    """What `latest` returns, by number."""
    return [one.seq for one in await back_end.log.latest(topics, before, 3, filters)]


async def test_an_empty_log(back_end: BackEnd) -> None:
    """Nothing is there and nothing is missing."""
    assert await back_end.log.head() == 0
    assert await back_end.log.tail_seq() == 1
    assert list(await back_end.log.topics()) == []
    assert await numbers(back_end, 0) == []
    assert await numbers(back_end, 0, f"{back_end.prefix}*") == []
    assert await back_end.log.expire(START) == (0, 0)
    assert await back_end.log.seek(back_end.log.token(0)) == 0


async def test_every_record_is_read_once_and_as_it_was_published(back_end: BackEnd) -> None:
    """Key, value, headers and id; by ascending numbers, each topic of one key in its order."""
    published = mixed(9, back_end.prefix)
    await publish(back_end, *published)
    found = await back_end.log.read(0)

    assert [one.seq for one in found] == sorted(one.seq for one in found)
    assert Counter(names(found)) == Counter(one.id for one in published)
    known = {one.id: one for one in published}
    for one in found:
        before, now = known[one.record.id], one.record
        assert (now.topic, now.key, now.value, dict(now.headers)) == (
            before.topic,
            before.key,
            before.value,
            dict(before.headers),
        )


async def test_reading_goes_on_behind_any_record(back_end: BackEnd) -> None:
    """Nothing is left out and nothing comes again; topics choose, `limit` bounds."""
    await publish(back_end, *mixed(9, back_end.prefix))
    whole = await back_end.log.read(0)
    alerts = [one for one in whole if ".alerts." in one.record.topic]

    for index, one in enumerate(whole):
        assert names(await back_end.log.read(one.seq)) == names(whole[index + 1 :])
        assert names(await back_end.log.read(one.seq, limit=2)) == names(whole[index + 1 : index + 3])
    assert names(await back_end.log.read(0, [f"{back_end.prefix}alerts.*"])) == names(alerts)
    assert await numbers(back_end, 0, "nothing.*") == []


async def test_the_newest_come_first_in_any_log(back_end: BackEnd) -> None:
    """Backwards what is read forwards, below any record; filters are exact."""
    await publish(back_end, *mixed(9, back_end.prefix))
    whole = list(await back_end.log.read(0))

    assert names(await back_end.log.latest(limit=20)) == names(whole[::-1])
    for index, one in enumerate(whole):
        assert names(await back_end.log.latest(before=one.seq)) == names(whole[:index][::-1])
    of_feed = [one for one in whole[::-1] if ("ce_source", "/feeds/feed-1") in one.record.headers]
    assert names(await back_end.log.latest(filters={"feed": "feed-1"})) == names(of_feed)
    (one,) = await back_end.log.latest([f"{back_end.prefix}articles"], filters={"ce_subject": "article-6"})
    assert one.record.key == "article-6"
    assert await back_end.log.latest(filters={"ce_subject": "article-"}) == []


async def test_a_token_names_a_place_here_and_in_the_next_process(back_end: BackEnd) -> None:
    """Here exactly; there nothing behind it is missing."""
    await publish(back_end, *mixed(9, back_end.prefix))
    whole = await back_end.log.read(0)
    tokens = {one.seq: back_end.log.token(one.seq) for one in whole}
    assert {seq: await back_end.log.seek(token) for seq, token in tokens.items()} == {seq: seq for seq in tokens}

    await back_end.restart()
    await held(back_end, 9)
    for index, one in enumerate(whole):
        found = names(await back_end.log.read(await back_end.log.seek(tokens[one.seq])))
        assert set(found) >= set(names(whole[index + 1 :]))
    assert await numbers(back_end, await back_end.log.seek(tokens[whole[-1].seq])) == []


@pytest.mark.parametrize("token", ["x", "", "-1", "1.5", "é", "eJxr"])
async def test_what_is_no_place_is_refused(back_end: BackEnd, token: str) -> None:
    """Not taken for the beginning."""
    with pytest.raises(UsageError):
        await back_end.log.seek(token)


async def test_reading_goes_on_from_any_number(embedded_back_end: BackEnd) -> None:
    """Ascending, behind the number, bounded, of the topics asked for."""
    await publish(embedded_back_end, *mixed(9))

    assert await numbers(embedded_back_end, 0) == list(range(1, 10))
    assert await numbers(embedded_back_end, 6) == [7, 8, 9]
    assert await numbers(embedded_back_end, 2, limit=2) == [3, 4]
    assert await numbers(embedded_back_end, 2, "news.articles") == [3, 6, 9]
    assert await numbers(embedded_back_end, 0, "news.alerts.*", limit=3) == [1, 2, 4]
    assert await numbers(embedded_back_end, 0, "news.alerts.taiwan", "news.articles") == [2, 3, 5, 6, 8, 9]
    assert await numbers(embedded_back_end, 0, "nothing.*") == []
    assert await numbers(embedded_back_end, 9) == []


async def test_the_newest_come_first(embedded_back_end: BackEnd) -> None:
    """Descending, below the number, bounded; filters are exact."""
    await publish(embedded_back_end, *mixed(9))

    assert await latest(embedded_back_end) == [9, 8, 7]
    assert await latest(embedded_back_end, before=8) == [7, 6, 5]
    assert await latest(embedded_back_end, "news.articles") == [9, 6, 3]
    assert await latest(embedded_back_end, "news.alerts.*", before=8) == [7, 5, 4]
    assert await latest(embedded_back_end, feed="feed-1") == [9, 7, 5]
    assert await latest(embedded_back_end, "news.alerts.*", feed="feed-1") == [7, 5, 1]
    assert await latest(embedded_back_end, "news.articles", ce_subject="article-6") == [6]
    assert await latest(embedded_back_end, ce_subject="article-") == []
    assert await latest(embedded_back_end, before=8, ce_type="news.article.v1", feed="feed-0") == [6, 4, 2]


async def test_topics_are_those_that_hold_records(back_end: BackEnd) -> None:
    """Each once."""
    await publish(back_end, *mixed(9, back_end.prefix))

    wanted = [f"{back_end.prefix}{name}" for name in ("alerts.taiwan", "alerts.ukraine", "articles")]
    assert sorted(await back_end.log.topics()) == wanted


async def test_waiting_ends_with_the_next_record(back_end: BackEnd) -> None:
    """At once if there is one already, else with the commit that brings it."""
    await publish(back_end, record(1, f"{back_end.prefix}articles"))
    assert await back_end.log.wait(0) == 1

    waiting = asyncio.ensure_future(back_end.log.wait(1))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    await publish(back_end, record(2, f"{back_end.prefix}articles"), record(3, f"{back_end.prefix}articles"))

    assert await asyncio.wait_for(waiting, 5) == 3


async def test_a_waiter_can_be_cancelled(back_end: BackEnd) -> None:
    """And another one still wakes."""
    first, second = (asyncio.ensure_future(back_end.log.wait(0)) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    await publish(back_end, record(1, f"{back_end.prefix}articles"))

    assert await asyncio.wait_for(second, 5) == 1
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_cursor_survives_a_restart_and_never_goes_back(embedded_back_end: BackEnd) -> None:
    """Its time is that of the last move; what was given up adds up."""
    assert await embedded_back_end.log.cursor("jsonl") is None
    await embedded_back_end.log.advance("jsonl", 5)
    embedded_back_end.clock.advance(10)
    await embedded_back_end.log.advance("jsonl", 3, dead=2)
    await embedded_back_end.log.advance("kafka", 1, dead=1)
    await embedded_back_end.restart()

    assert await embedded_back_end.log.cursor("jsonl") == SinkCursor("jsonl", 5, START, 2)
    await embedded_back_end.log.advance("jsonl", 6, dead=1)
    assert list(await embedded_back_end.log.cursors()) == [
        SinkCursor("jsonl", 6, START + 10, 3),
        SinkCursor("kafka", 1, START + 10, 1),
    ]


async def test_retention_by_age(embedded_back_end: BackEnd) -> None:
    """What is too old goes from the old end; the head stays, the tail tells where the log begins."""
    await publish(embedded_back_end, *mixed(9))
    await embedded_back_end.restart(age=100.0)

    assert await embedded_back_end.log.expire(START + 100) == (0, 0)
    assert await embedded_back_end.log.expire(START + 104.5) == (4, 4 - 4)
    assert await embedded_back_end.log.tail_seq() == 5
    assert await numbers(embedded_back_end, 0) == [5, 6, 7, 8, 9]
    assert await embedded_back_end.log.expire(START + 1000) == (5, 0)
    assert (await embedded_back_end.log.head(), await embedded_back_end.log.tail_seq()) == (9, 10)
    await publish(embedded_back_end, record(10))
    assert await numbers(embedded_back_end, 0) == [10]


async def test_retention_by_size(embedded_back_end: BackEnd) -> None:
    """The oldest go until what is left fits."""
    await publish(embedded_back_end, *(record(n, value=b"x" * 10_000) for n in range(1, 11)))
    await embedded_back_end.restart(size=45_000)

    assert await embedded_back_end.log.expire(START) == (6, 0)
    assert await numbers(embedded_back_end, 0) == [7, 8, 9, 10]
    assert await embedded_back_end.log.expire(START) == (0, 0)


async def test_what_retention_takes_from_a_sink_is_reported(embedded_back_end: BackEnd) -> None:
    """Counted as dead for every sink that had not passed it on, and said; no sink meets a gap unknowingly."""
    await publish(embedded_back_end, *mixed(9))
    await embedded_back_end.log.advance("slow", 2)
    await embedded_back_end.log.advance("quick", 8)
    await embedded_back_end.log.advance("new", 0)
    await embedded_back_end.restart(age=100.0)

    assert await embedded_back_end.log.expire(START + 105.5) == (5, 5)
    assert [(one.sink, one.seq, one.dead) for one in await embedded_back_end.log.cursors()] == [
        ("new", 5, 5),
        ("quick", 8, 0),
        ("slow", 5, 3),
    ]
    assert await embedded_back_end.log.expire(START + 107.5) == (2, 2)
    assert (await embedded_back_end.log.cursor("slow") or SinkCursor("", 0, 0.0)).dead == 5
    assert (await embedded_back_end.log.cursor("new") or SinkCursor("", 0, 0.0)).dead == 7


async def test_an_expired_event_may_come_again(embedded_back_end: BackEnd) -> None:
    """Ids are unique among the rows that live."""
    await publish(embedded_back_end, record(1))
    await embedded_back_end.restart(age=1.0)
    await embedded_back_end.log.expire(START + 10)
    await publish(embedded_back_end, record(1, at=START + 10))

    assert await numbers(embedded_back_end, 0) == [2]
