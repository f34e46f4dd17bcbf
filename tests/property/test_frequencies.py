"""Whatever was counted, the results are the same: counts choose anchors, and anchors only choose where to look."""

from __future__ import annotations

import pytest

from monitor.match.compiler import compile_rules
from monitor.match.frequencies import Frequencies
from monitor.match.matcher import RuleSet
from monitor.match.segments import divide, extend
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch
from tests.support.naive_queries import Chance

WATCHES, COUNTS, TEXTS = 30, 4, 10


def counts_of(chance: Chance, rules: RuleSet) -> Frequencies:
    """Some patterns have any count at all, others were never seen."""
    random = chance.random
    known = random.sample(rules.patterns, random.randrange(len(rules.patterns)))
    counts = {pattern: random.choice([0, 0.1, 1, 1e3, 1e6]) for pattern in known}
    missed = {pattern: random.choice([1, 1e3, 1e6]) for pattern in known[::3]}
    return Frequencies(random.choice([1, 1e3, 1e6]), counts, missed=missed)


def text_of(chance: Chance) -> Text:
    """An article of words that the queries ask for."""
    language = chance.random.choice(["uk", "en", "und"])
    return Text(chance.text(4), chance.text(6), chance.text(14), language, ("Jane",), "https://example.org/drone")


@pytest.mark.parametrize("seed", range(8))
def test_counts_change_no_result(seed: int) -> None:
    """In one segment and in two; that they change the cost is what they are for."""
    chance = Chance(seed)
    watches = [Watch(WatchId(f"w{n}"), str(chance.query(2))) for n in range(WATCHES)]
    plain = compile_rules(watches, {})
    texts = [text_of(chance) for _ in range(TEXTS)]
    costs = set()
    for number in range(COUNTS):
        seen = counts_of(chance, plain)
        counted = compile_rules(watches, {}, frequencies=seen)
        base = compile_rules(watches[1:], {}, frequencies=seen)
        kept, changed = divide(base, watches, {})
        beside = extend(base, kept, watches, {}, frequencies=seen)
        for text in texts:
            assert counted.match(text) == beside.match(text) == plain.match(text), (seed, number)
            assert counted.met(text) == beside.met(text) == plain.met(text), (seed, number)
            assert set(beside.occurring(text)) == set(counted.occurring(text)) == set(plain.occurring(text))
        assert changed == watches[:1]
        costs.add(sum(map(counted.candidates, texts)))
    assert len(costs) > 1
