"""A new configuration is applied whole, or not at all."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from monitor.app.enrol import Enrolment, Share
from monitor.app.reload import Reloader
from monitor.config.load import load
from monitor.errors import LedgerError
from monitor.match.frequencies import CREDIT, Frequencies
from monitor.match.segments import LEAST, segments_of
from monitor.model.notes import Reloaded, RulesRenewed
from monitor.model.watch import Text
from monitor.testing.ledger import MemoryRegistry, MemoryStore
from monitor.testing.source import MemorySource
from tests.support.service import Rig

WATCH = "id: port\nquery: port\n"
FEEDS = "feeds: [{id: a, url: https://a.example/rss}]\n"
BASE = {"monitor.yaml": "contact: tests@example.org\n", "watches/port.yaml": WATCH, "feeds/all.yaml": FEEDS}


def many(count: int) -> str:
    """A file of so many feeds."""
    return "feeds:\n" + "".join(f"  - {{id: f{n}, url: 'https://f{n}.example/rss'}}\n" for n in range(count))


class Bench:
    """A reloader with its source and what it did."""

    def __init__(self, files: dict[str, str] = BASE, share: Share | None = None) -> None:
        self.rig = Rig()
        self.source = MemorySource(files)
        self.applied: list[Any] = []
        self.console = self.rig.service().console
        self.enrolment = Enrolment(self.rig.registry, self.rig.clock, self.rig.notes.append, share=share)
        self.reloader = Reloader(
            load(files, {}, {}),
            self.source,
            self.enrolment,
            apply=self.applied.append,
            console=self.console,
            observe=self.rig.notes.append,
        )

    async def change(self, **files: str | None) -> tuple[bool, Any]:
        """Writes files (`feeds__all` is `feeds/all.yaml`) and reloads."""
        self.source.change({f"{name.replace('__', '/')}.yaml": text for name, text in files.items()})
        return await self.reloader.reload()

    @property
    def last(self) -> Reloaded:
        return self.rig.of(Reloaded)[-1]


async def test_a_good_change_is_applied_and_noted():
    """Registry first, then rules; the next comparison is against the new configuration."""
    bench = Bench()
    two = FEEDS.replace("]", ", {id: b, url: https://b.example/rss}]")
    assert await bench.change(feeds__all=two, watches__port="id: port\nquery: port OR ship\n") == (True, [])
    assert set(await bench.rig.registry.feeds()) == {"a", "b"}
    assert [config.watches[0].query for config in bench.applied] == ["port OR ship"]
    note = bench.last
    assert (note.ok, note.feeds_added, note.feeds_changed, note.feeds_removed, note.watches_changed) == (
        True,
        1,
        0,
        0,
        1,
    )
    assert await bench.reloader.reload() == (True, [])
    assert len(bench.applied) == 1


async def test_r01_h194_a_bad_file_changes_nothing_and_is_said_until_it_is_mended():
    """Half of a file, a key nobody knows, a query that is none: the old configuration stays whole."""
    bench = Bench()
    for text in ("feeds: [{id: a, url: ", "feeds: [{id: a, url: https://a.example/rss, colour: red}]"):
        ok, problems = await bench.change(feeds__all=text)
        assert (ok, bool(problems)) == (False, True)
        assert "feeds/all.yaml" in problems[0]
        assert not bench.console.snapshot().reload_ok
    assert bench.applied == []
    assert bench.last.problems
    assert (await bench.change(feeds__all=FEEDS))[0]
    assert bench.console.snapshot().reload_ok
    assert bench.console.snapshot().reload_problems == ()


async def test_a_mass_removal_has_to_be_meant():
    """Twelve of forty would go: refused; with the permission in the same change, done."""
    bench = Bench({**BASE, "feeds/all.yaml": many(40)})
    ok, problems = await bench.change(feeds__all=many(28))
    assert not ok
    assert "allow_mass_removal" in problems[0]
    assert bench.applied == []
    meant = "contact: tests@example.org\nallow_mass_removal: true\n"
    assert (await bench.change(feeds__all=many(28), monitor=meant))[0]
    assert bench.last.feeds_removed == 12


async def test_a_setting_that_needs_a_restart_is_named():
    """Accepted, and said."""
    bench = Bench()
    ok, fixed = await bench.change(monitor="contact: tests@example.org\ndata_dir: elsewhere\n")
    assert ok
    assert any("data_dir needs a restart" in text for text in fixed)


async def test_a_ledger_that_cannot_take_the_feeds_keeps_the_old_rules():
    """Nothing half: refused with the reason, and taken with the next reload."""
    bench = Bench()
    real = bench.rig.registry.apply

    async def full(_changes, _mark=None):
        raise LedgerError("the disk is full")

    bench.rig.registry.apply = full
    ok, problems = await bench.change(watches__port="id: port\nquery: ship\n")
    assert not ok
    assert "the disk is full" in problems[0]
    assert bench.applied == []
    bench.rig.registry.apply = real
    assert (await bench.reloader.reload())[0]
    assert len(bench.applied) == 1


async def test_where_many_share_the_ledger_rules_change_at_once_and_the_feeds_are_left_to_the_writer():
    """A replica without shard 0 writes nothing, however the ledger does; it judges by the new rules all the same."""
    store = MemoryStore()
    bench = Bench(share=Share(lambda: False, MemoryRegistry(store).mark))
    bench.rig.registry.apply = None
    assert await bench.change(watches__port="id: port\nquery: ship\n", feeds__all=many(2)) == (True, [])
    assert [config.watches[0].query for config in bench.applied] == ["ship"]
    assert store.specs == {}


async def test_files_that_change_are_read_by_themselves():
    """`run` follows the source; two changes at once are applied in order."""
    bench = Bench()
    await bench.source.read()
    task = asyncio.create_task(bench.reloader.run())
    await asyncio.sleep(0)
    bench.source.change({"watches/port.yaml": "id: port\nquery: ship\n"})
    async with asyncio.timeout(10):
        while not bench.applied:
            await asyncio.sleep(0.01)
    task.cancel()
    assert bench.reloader.config.watches[0].query == "ship"


async def test_polls_go_on_while_a_large_configuration_is_read():
    """Thousands of feeds are read in a thread: the loop turns meanwhile."""
    bench, turns = Bench(), 0
    bench.source.change({"feeds/all.yaml": many(1500)})
    task = asyncio.create_task(bench.reloader.reload())
    while not task.done():
        turns += 1
        await asyncio.sleep(0.005)
    assert task.result()[0]
    assert turns > 5


@pytest.mark.timeout(60)
async def test_an_edit_of_one_watch_among_hundreds_compiles_that_one():
    """What is in force after it shares all others with what was in force before, and is what a fresh start has."""
    watches = [{"id": f"w{n}", "query": f"port OR word{n}"} for n in range(LEAST)]
    bench = Bench({**BASE, "watches/port.yaml": json.dumps({"watches": watches})})
    before = bench.reloader.config.rules
    watches[7]["query"] = "ship OR crane"
    assert await bench.change(watches__port=json.dumps({"watches": watches})) == (True, [])
    (config,) = bench.applied
    first, second = segments_of(config.rules)
    assert first.rules is segments_of(before)[0].rules
    assert [query.watch.id for query in second.rules.queries] == ["w7"]
    fresh = load(bench.source.now.files, {}, {})
    assert config.rules.watches == fresh.rules.watches
    assert config.generation == fresh.generation
    assert config.rules.met(Text(body="a crane in port")) == fresh.rules.met(Text(body="a crane in port"))

    watches[7]["query"] = "ship OR"
    ok, problems = await bench.change(watches__port=json.dumps({"watches": watches}))
    assert (ok, "MON-QRY-002" in problems[0]) == (False, True)
    assert bench.reloader.config is config


async def test_cases_of_a_watch_that_did_not_change_are_not_tried_again():
    """A case that would fail now is tried with the watch, with the case, or with its pack."""
    watch = WATCH + "cases: [{text: a port, expect: [port]}]\n"
    bench = Bench({**BASE, "watches/port.yaml": watch})
    assert await bench.change(watches__port=watch.replace("query: port", "query: port OR ship")) == (True, [])
    ok, problems = await bench.change(watches__port=watch.replace("a port", "a ship"))
    assert (ok, "MON-CFG-019" in problems[0]) == (False, True)
    ok, problems = await bench.change(watches__port=watch.replace("query: port", "query: ship"))
    assert (ok, "MON-CFG-019" in problems[0]) == (False, True)


@pytest.mark.timeout(60)
async def test_rules_are_renewed_when_enough_was_counted_and_say_the_same():
    """All of them, also those a reload would keep; paused ones stay so, and the next edit is compiled beside them."""
    watches = [{"id": f"w{n}", "query": f"harbour{n} AND of", "paused": n == 3} for n in range(LEAST)]
    bench = Bench({**BASE, "watches/port.yaml": json.dumps({"watches": watches})})
    before, seen = bench.reloader.config, Frequencies(CREDIT, {f" harbour{n} ": CREDIT for n in range(LEAST)})
    common, text = Text(body="harbour7"), Text(body="harbour3 and harbour7 of Odesa")
    await bench.reloader.renew()
    assert bench.applied == []
    bench.reloader.counted = seen.copy
    await bench.reloader.renew()
    await bench.reloader.renew()
    (config,) = bench.applied
    assert bench.rig.of(RulesRenewed) == [RulesRenewed(LEAST - 1, CREDIT)]
    assert [one.rules.candidates(common) for one in (before, config)] == [1, 0]
    assert config.rules.met(text) == before.rules.met(text) == ("w7",)
    assert config.generation == before.generation

    watches[7]["query"] = "harbour7 OR ship"
    assert await bench.change(watches__port=json.dumps({"watches": watches})) == (True, [])
    first, second = segments_of(bench.applied[-1].rules)
    assert first.rules is segments_of(config.rules)[0].rules
    assert {query.watch.id for query in second.rules.queries} <= {"w3", "w7"}


async def test_what_is_read_again_is_compiled_by_what_was_counted():
    """At every reload, and not only by what was known at the start."""
    bench = Bench()
    bench.reloader.counted = Frequencies(CREDIT, {" harbour ": CREDIT}).copy
    assert await bench.change(watches__port="id: port\nquery: harbour AND of\n") == (True, [])
    (config,) = bench.applied
    assert config.rules.candidates(Text(body="harbour")) == 0
