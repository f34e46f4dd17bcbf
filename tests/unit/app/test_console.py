"""One picture of the running service, and the changes it takes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from monitor.app.console import REASONS, gathered
from monitor.app.enrol import Enrolment
from monitor.errors import LedgerError, UsageError
from monitor.model.feed import FeedChanges
from monitor.model.ids import FeedId, ShardId
from monitor.testing.builders import feed
from monitor.testing.ownership import ScriptedOwnership
from tests.support.service import Rig, rules, running
from tests.support.virtual import virtual


@virtual
async def test_a_feed_of_the_configuration_is_changed_there_only():
    """Refused whole: the other feed of the same request does not come either."""
    rig = Rig()
    rig.feeds(feed("configured"))
    console = rig.service().console
    changes = FeedChanges(put=(feed("fresh", origin="runtime"), feed("configured", origin="runtime")))
    with pytest.raises(UsageError, match="configured"):
        await console.change_feeds(changes)
    with pytest.raises(UsageError, match="configured"):
        await console.change_feeds(FeedChanges(removed=(feed("configured").id,)))
    assert set(await rig.registry.feeds()) == {"configured"}


@virtual
async def test_a_feed_that_is_added_while_running_is_polled():
    """Durable on return, and in the next picture."""
    rig = Rig()
    service = rig.service()
    async with running(service):
        await asyncio.sleep(1)
        await service.console.change_feeds(FeedChanges(put=(feed("fresh", origin="runtime"),)))
        await asyncio.sleep(10)
        assert [row.spec.id for row in service.console.snapshot().feeds] == ["fresh"]
        assert len(rig.fetcher.asked) == 1


@virtual
async def test_a_shard_whose_ledger_fails_is_a_reason_not_to_be_ready():
    """With the ledger's own words; ready again when it is open."""
    rig = Rig()
    rig.feeds(feed("a"))
    rig.store.failing = LedgerError("the disk is full")
    service = rig.service()
    async with running(service):
        await asyncio.sleep(0.5)
        picture = service.console.snapshot()
        assert not picture.ready
        assert any("the disk is full" in reason for reason in picture.reasons)
        rig.store.failing = None
        await asyncio.sleep(10)
        assert service.console.snapshot().ready


@virtual
async def test_feeds_of_a_shard_whose_ledger_went_away_are_shown_as_they_were():
    """The last known picture, which is not ready; and every row again when the ledger is back."""
    rig = Rig()
    rig.feeds(feed("a"), feed("b"))
    service = rig.service()
    async with running(service):
        await asyncio.sleep(10)
        before = service.console.snapshot()
        assert (before.ready, {row.spec.id for row in before.feeds}) == (True, {"a", "b"})
        rig.store.failing = LedgerError("the brokers are away")
        while (away := service.console.snapshot()).ready:
            before = away
            await asyncio.sleep(1)
        assert (away.feeds, away.reasons) == (before.feeds, ("shard 0: the brokers are away",))
        rig.store.failing = None
        await asyncio.sleep(100)
        assert service.console.snapshot().ready
        assert {row.spec.id for row in service.console.snapshot().feeds} == {"a", "b"}


def test_reasons_are_said_once_each_and_few_of_them():
    """With the shards they hold for; a hundred different ones are not a page."""
    away = "no Kafka at broker:9092"
    assert gathered({ShardId(3): away, ShardId(0): away, ShardId(1): ""}) == [
        f"shards 0, 3: {away}",
        "shard 1: not open",
    ]
    unsure = {ShardId(number): f"nobody confirms that shard {number} is still ours" for number in (1, 12)}
    assert gathered(unsure) == ["shards 1, 12: nobody confirms that it is still ours"]
    many = gathered({ShardId(number): f"fault {number}" for number in range(100)})
    assert (len(many), many[-1]) == (REASONS, f"and {100 - REASONS + 1} more reasons")


@virtual
async def test_watches_are_shown_with_what_they_raised():
    """Version, topic, and alerts since the start."""
    rig = Rig(rules=rules("first", alert_since=1e12))
    rig.feeds(feed("a"))
    service = rig.service()
    async with running(service):
        await asyncio.sleep(10)
        (row,) = service.console.snapshot().watches
    assert (row.watch.id, row.topic, row.armed) == ("first", "news.alerts.first", True)
    assert row.version


async def test_a_service_without_files_cannot_reload():
    """`once` and the demo have none."""
    ok, problems = await Rig().service().console.reload()
    assert (ok, len(problems)) == (False, 1)


@virtual
async def test_a_url_that_is_polled_already_is_refused_under_another_id():
    """Its articles would come twice; the same feed may be written again."""
    rig = Rig()
    console = rig.service().console
    one = feed("one", origin="runtime")
    await console.change_feeds(FeedChanges(put=(one,)))
    await console.change_feeds(FeedChanges(put=(replace(one, name="Another name"),)))
    with pytest.raises(UsageError, match="feed one polls this URL already"):
        await console.change_feeds(FeedChanges(put=(replace(one, id=FeedId("two")),)))
    assert set(await rig.registry.feeds()) == {"one"}


@virtual
async def test_what_a_shared_registry_lacks_is_told_beside_the_reload():
    """A registry that is behind is a problem; only what the files are to blame for makes the reload a bad one."""
    rig = Rig()
    console = rig.service().console
    console.reload_problems = ("a key needs a restart",)
    console.enrolment = enrolment = Enrolment(rig.registry, rig.clock, rig.notes.append)
    assert (console.snapshot().reload_ok, console.snapshot().reload_problems) == (True, ("a key needs a restart",))
    enrolment.problem = "the broker is away"
    assert console.snapshot().reload_ok
    assert console.snapshot().reload_problems == ("a key needs a restart", "the broker is away")
    enrolment.refused = True
    assert not console.snapshot().reload_ok


@virtual
async def test_every_feed_is_registered_whoever_polls_it():
    """No shard is open here, so the picture has none."""
    rig = Rig()
    rig.feeds(feed("elsewhere"))
    console = rig.service().console
    assert console.snapshot().feeds == ()
    assert await console.registered() == {"elsewhere": feed("elsewhere")}


@virtual
async def test_who_has_not_joined_is_not_ready_and_a_spare_is():
    """No assignment, none of many, and cut off from the others: each tells itself apart."""
    rig = Rig()
    rig.ownership = ScriptedOwnership()
    listens, fault = rig.ownership.assignments, ["the broker is away"]
    given = asyncio.Event()

    async def assignments():
        await given.wait()
        async for owned in listens():
            yield owned

    rig.ownership.assignments = assignments
    service = rig.service()
    service.console.ownership_error = lambda: fault[0]
    async with running(service):
        await asyncio.sleep(60)
        picture = service.console.snapshot()
        assert (picture.ready, picture.reasons) == (False, ("no assignment yet: the broker is away",))
        fault[0] = ""
        assert service.console.snapshot().reasons == ("no assignment yet",)
        given.set()
        await asyncio.sleep(1)
        spare = service.console.snapshot()
        assert (spare.ready, spare.reasons) == (True, ())
        assert spare.heartbeat == rig.clock.now()
        fault[0] = "no heartbeat was answered"
        assert service.console.snapshot().reasons == ("no heartbeat was answered",)
