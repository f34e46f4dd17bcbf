"""What it takes to compile standing queries, and a few changed ones among many: beside compiling all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from monitor.match.compiler import compile_rules
from monitor.match.concepts import builtin_packs
from monitor.match.matcher import RuleSet
from monitor.match.segments import recompile
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch
from tests.benchmarks.figures import Bench, Figure, at_most, paired, summed_up, typical
from tests.benchmarks.material import WATCHES, articles
from tests.benchmarks.standing import standing_queries, words_of

GOALS = {100: 20, 1_000: 200, 10_000: 2_000}
"""Milliseconds, by number of watches."""
EDITS = {1: 10, 100: 10, 1_000: 100}
"""Milliseconds, by number of changed watches among the most."""
PACK_EDIT = 50
"""Milliseconds of an edit beside a concept of seventeen thousand aliases."""
ASKING = 1_000
"""Watches beside those that ask for concepts."""
CARRIED = 200


def figures(bench: Bench) -> Iterator[Figure]:
    """Full builds of three sizes; edits of the largest; what carrying an edit costs an article."""
    texts = articles(bench)
    everything = [one.watch for one in standing_queries(words_of(texts), bench.pick(10_000, 2_000), True, 5)]
    for count in GOALS:
        if count <= len(everything):
            yield _full(everything[:count], bench)
    base = compile_rules(everything, {})
    for edits in EDITS:
        if edits * 10 <= len(everything):
            yield _edit(base, everything, edits, bench)
    yield _carrying(base, everything, texts, bench)
    for name in sorted(WATCHES):
        yield _edit_of_pack(name, everything[:ASKING], bench)


def _full(watches: Sequence[Watch], bench: Bench) -> Figure:
    seconds = typical(lambda: compile_rules(watches, {}), bench.pick(5, 3))
    name = f"compile {len(watches):,} standing queries"
    return Figure(name=name, unit="ms", ours=seconds * 1e3, goal=at_most(GOALS[len(watches)]))


def edited(watches: Sequence[Watch], edits: int) -> list[Watch]:
    """The same, so many of them with the query of another; all are new objects, as after reading the files."""
    every = len(watches) // edits
    return [
        replace(watch, query=f"{watches[number - 1].query} OR edited{number}" if number % every == 0 else watch.query)
        for number, watch in enumerate(watches)
    ]


def _edit(base: RuleSet, watches: Sequence[Watch], edits: int, bench: Bench) -> Figure:
    new = edited(watches, edits)
    ours, full = partial(recompile, base, new, {}), partial(compile_rules, new, {})
    pair = paired(ours, full, bench.pick(5, 3)).scaled(1e3)
    name = f"compile {edits:,} changed of {len(watches):,}"
    return Figure.of(name, "ms", pair, "compiling all", at_most(EDITS[edits]))


def _edit_of_pack(name: str, others: Sequence[Watch], bench: Bench) -> Figure:
    """Another word beside a concept, among watches that ask for all of them: its thousands of patterns are kept."""
    packs = builtin_packs()
    asking = [Watch(WatchId(f"{one}{number}"), f"@{one} AND word{number}") for one in WATCHES for number in range(9)]
    before, new = [*others, *asking], [*others, *asking]
    at = next(number for number, watch in enumerate(before) if watch.id == f"{name}0")
    new[at] = replace(before[at], query=f"@{name} AND other")
    base = compile_rules(before, packs)
    ours, full = partial(recompile, base, new, packs), partial(compile_rules, new, packs)
    pair = paired(ours, full, bench.pick(7, 3)).scaled(1e3)
    note = f"{len(packs[name].strong):,} aliases"
    row = f"compile 1 changed with @{name} of {len(before):,}"
    return Figure.of(row, "ms", pair, "compiling all", at_most(PACK_EDIT), note)


def _carrying(base: RuleSet, watches: Sequence[Watch], texts: Sequence[Text], bench: Bench) -> Figure:
    """An article is searched twice where some watches are carried beside the others."""
    carried = min(CARRIED, len(watches) // 10)
    both = recompile(base, edited(watches, carried), {})
    for text in texts:
        both.met(text)
    pairs = [paired(partial(both.met, text), partial(base.met, text), bench.pick(7, 3)) for text in texts]
    pair = summed_up([(pair.ours, pair.peer) for pair in pairs]).scaled(1e6)
    return Figure.of(f"match with {carried} of {len(watches):,} carried, ids", "µs", pair, "one segment")
