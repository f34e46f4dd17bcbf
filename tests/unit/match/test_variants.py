"""Variants of patterns: which aliases share one, and when those of a concept are made anew."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from monitor.match.compiler import compile_rules
from monitor.match.frequencies import Frequencies
from monitor.match.listeners import Variant
from monitor.match.matcher import RuleSet
from monitor.match.patterns import Alias, Check
from monitor.match.variants import KEPT, Raised, Tier, guess_share, make_variants
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch
from tests.support.packs import example_pack

FIRST, SECOND = Raised((0,)), Raised((1,), (("title", 2),))
DRONE = Alias("drone", "term", "drone", language="en")
TEXT = Text("UAV", body="a drone over the harbour")


def rules_of(*queries: str, packs: object = None) -> RuleSet:
    """Watches of these queries over the packs of the tests."""
    watches = [Watch(WatchId(query), query) for query in queries]
    return compile_rules(watches, packs or example_pack())  # type: ignore[arg-type]


def variants_of(rules: RuleSet) -> dict[str, tuple[Variant, ...]]:
    """By pattern."""
    return dict(zip(rules.patterns, rules.listeners.rows, strict=True))


def test_aliases_of_one_check_that_raise_the_same_are_one_variant() -> None:
    """Whoever's they are; the first stands for all but those of the text's language."""
    other, bound = DRONE._replace(language="da"), DRONE._replace(check=Check(language="nl"))
    rows = [(DRONE, 0, FIRST), (other, 1, FIRST), (bound, 2, FIRST), (DRONE, 0, SECOND)]
    made = make_variants(rows, count(7))

    assert [(variant.order, variant.rank, variant.aliases) for variant in made] == [
        (7, 0, (DRONE, other)),
        (8, 2, (bound,)),
        (9, 0, (DRONE,)),
    ]
    assert [(variant.anywhere, variant.fielded) for variant in made] == [FIRST, FIRST, SECOND]
    assert made[0].alias_for("da") is other


def test_a_tier_makes_its_variants_once() -> None:
    """For the same signals and numbers; a few numberings are kept, the oldest is forgotten."""
    tier = Tier([DRONE, DRONE._replace(core="drones", written="drones")])
    rows, size = tier.rows(FIRST, 0)

    assert (list(rows), size, len(tier)) == ([" drone ", " drones "], 2, 2)
    assert [variant.order for variant in tier.rows(FIRST, 5)[0][" drones "]] == [6]
    assert tier.rows(Raised((0,)), 0)[0] is rows
    for first in range(10, 10 + KEPT):
        tier.rows(FIRST, first)
    assert tier.rows(FIRST, 0)[0] is not rows


def test_rule_sets_share_what_is_made_of_a_concept() -> None:
    """Also those whose words are others, and whose words come first; none of what is shared is changed."""
    packs = example_pack()
    first, second = (
        rules_of("@example AND harbour", packs=packs),
        rules_of("ship OR crane", "port AND @example", packs=packs),
    )
    ours, theirs = variants_of(first), variants_of(second)
    shared = ours.keys() & theirs.keys()

    assert len(shared) > 10
    assert all(ours[pattern] is theirs[pattern] for pattern in shared)
    for rules in (rules_of("@example OR drone", "drone", packs=packs), first):
        assert rules.match(TEXT) == rules_of(*[watch.query for watch in rules.watches]).match(TEXT)


def test_a_concept_in_a_field_and_two_tiers_are_told_apart() -> None:
    """Each has signals of its own, in whatever rule sets the others were made."""
    packs = example_pack()
    queries = ["title:@example", "@example", "@example.weak", "body:@example AND @bare"]
    alone = [rules_of(query, packs=packs).met(TEXT) for query in queries]

    assert rules_of(*queries, packs=packs).met(TEXT) == tuple(name for met in alone for name in met)
    assert rules_of(*reversed(queries)).met(TEXT) == tuple(name for met in reversed(alone) for name in met)


def test_numbers_of_variants_are_told_apart() -> None:
    """Of two concepts and a word of the first, over all patterns."""
    rules = rules_of("@example AND @bare OR drone OR lonely")
    orders = [variant.order for row in rules.listeners.rows for variant in row]

    assert sorted(orders) == list(range(len(orders)))


def test_another_concept_of_the_name_has_its_own() -> None:
    """What was made of one is not found with its successor."""
    packs = example_pack()
    rules_of("@example", packs=packs)
    newer = {**packs, "example": replace(packs["example"], strong=(DRONE,), digest="newer")}

    assert rules_of("@example", packs=newer).patterns == (" drone ",)
    assert not replace(packs["example"]).tiers


def test_what_is_expected_of_a_tier() -> None:
    """The sum over its aliases: guessed, or counted."""
    other = DRONE._replace(core="uav", written="uav")
    tier = Tier([DRONE, other])
    seen = Frequencies(1000, {" drone ": 900})

    assert tier.share(Frequencies()) == guess_share(DRONE) + guess_share(other)
    assert tier.share(seen) == seen.share(" drone ", guess_share(DRONE)) + guess_share(other)
