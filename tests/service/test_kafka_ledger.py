"""The ledger on a real broker: one owner, all or nothing, nothing forgotten."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.adapters.kafka.kept import feed_entry, state_entry
from monitor.adapters.kafka.ledger import KafkaLedger
from monitor.adapters.kafka.shard import KafkaShard
from monitor.adapters.kafka.transaction import Entry, Transactional
from monitor.config.schema import SecuritySettings
from monitor.errors import Fenced, LedgerError, Refused
from monitor.model.event import Batch, Moved, Record
from monitor.model.feed import FeedChanges
from monitor.model.ids import FeedId, ShardId
from monitor.testing.builders import feed, record
from monitor.testing.clock import START
from tests.support.backends import KafkaBackEnd
from tests.support.cluster import make_topic
from tests.support.fixtures import Brokers
from tests.support.kafka import KafkaCluster
from tests.support.settled import read_settled

pytestmark = [pytest.mark.service, pytest.mark.timeout(60)]

SHARD, OTHER = ShardId(0), ShardId(1)
A, B, C = FeedId("a"), FeedId("b"), FeedId("c")
LIMIT = 2.5
"""Seconds closing may take at most, whatever the brokers do."""


@pytest.fixture
async def back_end(kafka: Brokers) -> AsyncIterator[KafkaBackEnd]:
    """An installation with two shards."""
    installation = KafkaBackEnd(kafka.bootstrap_servers, shards=2)
    await installation.start()
    yield installation
    await installation.close()


async def write(back_end: KafkaBackEnd, *entries: Entry) -> None:
    """Into the topics of the ledger, past everybody."""
    writer = await Transactional.open(back_end.settings, back_end.installation.registry_id, 30.0)
    await writer.commit(entries)
    await writer.close()


def put(back_end: KafkaBackEnd, feed_id: FeedId, state: bytes | None = None, shard: ShardId = SHARD) -> Entry:
    return feed_entry(back_end.installation, shard, feed_id, feed(feed_id), state)


async def opened(back_end: KafkaBackEnd, *feeds: FeedId) -> KafkaShard:
    """A shard with these feeds."""
    if feeds:
        await write(back_end, *(put(back_end, one) for one in feeds))
    return await back_end.ledger.open(SHARD)


def batch(*records: Record, states: Sequence[tuple[FeedId, bytes]] = (), **more: object) -> Batch:
    return Batch(SHARD, tuple(states), records, **more)  # type: ignore[arg-type]


def article(back_end: KafkaBackEnd, number: int, size: int = 20) -> Record:
    """An article of incompressible bytes; all go to one partition."""
    return record(number, back_end.table.articles, key="same", value=os.urandom(size))


async def articles(back_end: KafkaBackEnd) -> list[str]:
    """Ids of what `read_committed` consumers see."""
    kept = await read_settled(back_end.settings, back_end.table.articles)
    return [one.headers["ce_id"].decode() for one in kept]


async def tombstones(back_end: KafkaBackEnd) -> set[str]:
    """Feeds whose newest state record forgets them."""
    newest = {one.key: one.value for one in await read_settled(back_end.settings, back_end.installation.states)}
    return {key for key, value in newest.items() if value is None}


async def test_points_are_passed_in_order(back_end: KafkaBackEnd) -> None:
    """Where a test may kill: before anything, with all acknowledged and nothing committed, and when it is durable."""
    seen = []
    ledger = KafkaLedger(back_end.settings, back_end.installation, point=seen.append)
    shard = await ledger.open(SHARD)
    await shard.commit(batch(article(back_end, 1)))
    await shard.close()

    assert seen == ["kafka.before_commit", "kafka.sent", "kafka.after_commit"]


async def test_a_cut_at_each_point_leaves_all_or_nothing(back_end: KafkaBackEnd) -> None:
    """Nothing before the commit, everything after it; the shard is dead either way."""

    class Cut(BaseException):
        """A process that ends."""

    def end_at(name: str) -> None:
        if name == where:
            raise Cut

    await write(back_end, put(back_end, A))
    kept = []
    for number, where in enumerate(("kafka.before_commit", "kafka.sent", "kafka.after_commit"), 1):
        shard = await KafkaLedger(back_end.settings, back_end.installation, point=end_at).open(SHARD)
        event = article(back_end, number)
        with pytest.raises(Cut):
            await shard.commit(batch(event, states=[(A, where.encode())]))
        with pytest.raises(LedgerError, match="open it again"):
            await shard.commit(batch())
        await shard.close()
        again = await back_end.ledger.open(SHARD)
        if where == "kafka.after_commit":
            kept.append(event.id)
        assert again.states == ({A: where.encode()} if kept else {})
        assert await articles(back_end) == kept


async def test_a_record_too_large_is_refused_and_the_shard_goes_on_without_it(back_end: KafkaBackEnd) -> None:
    """Nothing of the batch is published, the record is named, and once it is left out the rest is kept."""
    shard = await opened(back_end, A)
    small, large = article(back_end, 1), article(back_end, 2, size=2 << 20)
    assert shard.max_record == 1 << 20
    with pytest.raises(Refused) as caught:
        await shard.commit(batch(small, large, states=[(A, b"x")]))
    assert caught.value.records == (large.id,)
    assert await articles(back_end) == []

    again = await back_end.ledger.open(SHARD)
    assert again.states == {}
    await again.commit(batch(small, states=[(A, b"x")]))

    assert await articles(back_end) == [small.id]


async def test_what_a_topic_does_not_take_is_found_by_sending_each_alone(
    kafka: Brokers, back_end: KafkaBackEnd
) -> None:
    """A batch of several is refused as one, so the shard opened next tells which record it was."""
    strict = await make_topic(kafka, 1, max_message_bytes="3000")
    small = replace(article(back_end, 1), topic=strict)
    large = replace(article(back_end, 2, size=10_000), topic=strict)
    shard = await opened(back_end)
    with pytest.raises(LedgerError, match="a batch is larger"):
        await shard.commit(batch(small, large))
    shard = await back_end.ledger.open(SHARD)
    with pytest.raises(Refused) as caught:
        await shard.commit(batch(small, large))
    assert caught.value.records == (large.id,)

    await (await back_end.ledger.open(SHARD)).commit(batch(small))

    assert [one.value for one in await read_settled(back_end.settings, strict)] == [small.value]


async def test_what_nobody_has_any_more_goes(back_end: KafkaBackEnd) -> None:
    """States of removed feeds get their tombstone: those found when opening, and those removed since."""
    ours = back_end.installation
    await write(back_end, put(back_end, A), put(back_end, B), state_entry(ours, SHARD, C, b"orphan"))
    shard = await back_end.ledger.open(SHARD)
    await shard.commit(batch(states=[(A, b"1"), (B, b"1")]))
    assert await tombstones(back_end) == {"c"}
    await write(back_end, feed_entry(ours, SHARD, B, None))
    assert await anext(shard.changes()) == FeedChanges(removed=(B,))
    await shard.commit(batch(states=[(B, b"late")], dues=((B, START),)))

    assert await tombstones(back_end) == {"b", "c"}
    assert await back_end.view.states() == {A: b"1"}
    assert await back_end.view.dues() == {}


async def test_a_state_that_came_along_is_adopted(back_end: KafkaBackEnd) -> None:
    """Unless there is one here; it outlives the registry's record once a batch was committed."""
    ours = back_end.installation
    await write(
        back_end, put(back_end, A, b"brought"), put(back_end, B, b"brought"), state_entry(ours, SHARD, B, b"own")
    )
    shard = await back_end.ledger.open(SHARD)
    assert shard.states == {A: b"brought", B: b"own"}
    assert await back_end.view.states() == {A: b"brought", B: b"own"}
    assert (await back_end.ledger.open(SHARD)).states == {A: b"brought", B: b"own"}

    shard = await back_end.ledger.open(SHARD)
    await shard.commit(batch())
    await write(back_end, put(back_end, A))

    assert (await back_end.ledger.open(SHARD)).states == {A: b"brought", B: b"own"}


async def test_a_feed_moves_with_all_that_is_remembered(back_end: KafkaBackEnd) -> None:
    """In one transaction; both owners are told only of what they did not do themselves."""
    here = await opened(back_end, A, B)
    there = await back_end.ledger.open(OTHER)
    await here.commit(batch(states=[(A, b"1"), (B, b"1")]))
    event = article(back_end, 1)
    await here.commit(batch(event, moved=(Moved(feed("a"), b"2", OTHER),)))

    assert await anext(there.changes()) == FeedChanges((feed("a"),), states=((A, b"2"),))
    assert {one: shard for one, (shard, _) in (await back_end.view.placed()).items()} == {A: OTHER, B: SHARD}
    assert await back_end.view.states() == {A: b"2", B: b"1"}
    await there.commit(Batch(OTHER, ((A, b"3"),)))
    await write(back_end, put(back_end, C))
    assert await anext(here.changes()) == FeedChanges((feed("c"),))
    await back_end.restart()
    assert (await back_end.ledger.open(SHARD)).states == {B: b"1"}
    assert (await back_end.ledger.open(OTHER)).states == {A: b"3"}
    assert await articles(back_end) == [event.id]


async def test_two_believers_never_both_commit(back_end: KafkaBackEnd) -> None:
    """They open at once, again and again: the one that was fenced while it read, or since, is told so."""
    await write(back_end, put(back_end, A))
    rivals = [KafkaLedger(back_end.settings, back_end.installation) for _ in range(2)]
    expected: dict[FeedId, bytes] = {}
    for number in range(6):
        found = await asyncio.gather(*(rival.open(SHARD) for rival in rivals), return_exceptions=True)
        shards = [shard for shard in found if isinstance(shard, KafkaShard)]
        assert all(isinstance(fault, LedgerError) for fault in found if fault not in shards)
        assert [dict(shard.states) for shard in shards] == [expected] * len(shards)
        won = []
        for rival, shard in enumerate(shards):
            state = b"%d of %d" % (rival, number)
            with suppress(Fenced):
                await shard.commit(batch(states=[(A, state)]))
                won.append(state)
        assert len(won) == 1
        expected = {A: won[0]}
        for shard in shards:
            await shard.close()


async def test_a_zombie_that_reads_late_reads_for_nothing(back_end: KafkaBackEnd) -> None:
    """Fenced between its own fencing and its own record: it does not get as far as reading."""
    zombie = await Transactional.open(back_end.settings, back_end.installation.transactional_id(SHARD), 30.0)
    owner = await back_end.ledger.open(SHARD)

    with pytest.raises(Fenced):
        await zombie.commit([Entry(back_end.installation.feeds, b"~fence", b"", SHARD)])
    await zombie.close()

    await owner.commit(batch(article(back_end, 1)))


async def test_a_shard_that_failed_is_opened_again_only_when_it_is_still_ours(back_end: KafkaBackEnd) -> None:
    """Nobody is asked before the first fault of it, or after it was opened again well."""
    asked, ours = [], True

    async def confirm(shard: ShardId) -> bool:
        asked.append(shard)
        return ours

    ledger = KafkaLedger(back_end.settings, back_end.installation, confirm=confirm)
    shards = [await ledger.open(SHARD), await ledger.open(SHARD)]
    assert asked == []
    with pytest.raises(Fenced):
        await shards[0].commit(batch(article(back_end, 1)))
    shards.append(await ledger.open(SHARD))
    shards.append(await ledger.open(SHARD))
    assert asked == [SHARD]
    with pytest.raises(Fenced):
        await shards[1].commit(batch(article(back_end, 1)))
    ours = False

    with pytest.raises(Fenced, match="nobody confirms"):
        await ledger.open(SHARD)

    await shards[-1].commit(batch(article(back_end, 1)))
    for shard in shards:
        await shard.close()


async def test_topics_are_waited_for_before_anything(back_end: KafkaBackEnd) -> None:
    """What the gate refuses fences nobody."""
    owner = await opened(back_end)

    async def gate() -> None:
        raise LedgerError("news.feeds is not there")

    with pytest.raises(LedgerError, match="not there"):
        await KafkaLedger(back_end.settings, back_end.installation, gate=gate).open(SHARD)

    await owner.commit(batch(article(back_end, 1)))


async def test_a_registry_that_is_not_there_is_told(back_end: KafkaBackEnd) -> None:
    """And is not made: who makes topics knows their settings."""
    missing = replace(back_end.installation, feeds=f"{back_end.prefix}missing")

    with pytest.raises(LedgerError, match="topics ensure"):
        await KafkaLedger(back_end.settings, missing).open(SHARD)


async def test_a_record_of_the_registry_that_cannot_be_read_is_told(back_end: KafkaBackEnd) -> None:
    """To who follows, and to who opens; skipped, its feed would lose what is remembered of it."""
    shard = await opened(back_end, A)
    await write(back_end, Entry(back_end.installation.feeds, b"b", b"[]", SHARD))

    with pytest.raises(LedgerError, match="record of b"):
        await anext(shard.changes())
    with pytest.raises(LedgerError, match="record of b"):
        await back_end.ledger.open(SHARD)
    await write(back_end, put(back_end, B))
    assert (await back_end.ledger.open(SHARD)).specs == {A: feed("a"), B: feed("b")}


async def test_secrets_that_changed_have_the_shard_opened_again(back_end: KafkaBackEnd, tmp_path: Path) -> None:
    """Connecting anew under the same id would fence whoever has it by now, without knowing what that one committed."""
    file = tmp_path / "ca.pem"
    file.write_text("one")
    security = SecuritySettings(ca_file=str(file))
    ledger = KafkaLedger(replace(back_end.settings, security=security, recheck=0.0), back_end.installation)
    shard = await ledger.open(SHARD)
    await shard.commit(batch(article(back_end, 1)))
    os.utime(file, (1, 1))

    with pytest.raises(LedgerError, match="open it again"):
        await shard.commit(batch(article(back_end, 2)))
    await shard.close()
    again = await ledger.open(SHARD)
    await again.commit(batch(article(back_end, 2)))
    await again.close()

    assert len(await articles(back_end)) == 2


async def test_the_pace_slows_with_the_shards_that_are_open(kafka: Brokers) -> None:
    """0.1 s for a few, 0.02 s for each of many: brokers have work with each transaction."""
    back_end = KafkaBackEnd(kafka.bootstrap_servers, shards=7)
    await back_end.start()
    shards = await asyncio.gather(*(back_end.ledger.open(ShardId(number)) for number in range(7)))
    busy = [shard.pace for shard in shards]
    for shard in shards[1:]:
        await shard.close()

    assert busy == [pytest.approx(0.14)] * 7
    assert shards[0].pace == 0.1
    await back_end.close()


@pytest.fixture(scope="module")
def own(kafka_jars: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """A broker these tests may hurt."""
    with KafkaCluster(tmp_path_factory.mktemp("own-kafka")) as cluster:
        yield cluster


@pytest.mark.parametrize(("fault", "mend"), [("freeze", "thaw"), ("kill", "start")])
async def test_a_commit_cut_by_the_broker_is_told_by_opening_again(own: KafkaCluster, fault: str, mend: str) -> None:
    """Committing and closing end by their limits; the restored shard shows whether the batch is in, and goes on."""
    back_end = KafkaBackEnd(own.bootstrap_servers, request_timeout=1.0, start_timeout=5.0)
    back_end.installation = replace(back_end.installation, transaction_timeout=4.0)
    await back_end.start()
    shard = await opened(back_end, A)
    first, unclear, last = (article(back_end, number) for number in (1, 2, 3))
    await shard.commit(batch(first, states=[(A, b"1")]))
    await asyncio.to_thread(getattr(own, fault))

    began = time.monotonic()
    with pytest.raises(LedgerError):
        await shard.commit(batch(unclear, states=[(A, b"2")]))
    assert time.monotonic() - began < 3.0 + 0.5
    began = time.monotonic()
    await shard.close()
    assert time.monotonic() - began < LIMIT
    with pytest.raises(LedgerError, match="no Kafka at"):
        await back_end.ledger.open(SHARD)
    await asyncio.to_thread(getattr(own, mend))
    again = await reopened(back_end)
    kept = [first.id, unclear.id] if again.states == {A: b"2"} else [first.id]
    await again.commit(batch(last, states=[(A, b"3")]))

    assert await articles(back_end) == [*kept, last.id]
    await back_end.close()


async def reopened(back_end: KafkaBackEnd) -> KafkaShard:
    """As the service does: until it is open."""
    async with asyncio.timeout(40):
        while True:
            with suppress(LedgerError):
                return await back_end.ledger.open(SHARD)
            await asyncio.sleep(0.2)
