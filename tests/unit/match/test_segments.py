"""Changed watches beside the others: what is compiled anew, what is masked, and when all are compiled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.match.compiler import compile_rules
from monitor.match.frequencies import Frequencies
from monitor.match.lint import warnings
from monitor.match.matcher import RuleSet
from monitor.match.segments import LEAST, Segments, divide, only, recompile, segments_of
from monitor.match.syntax import QueryError
from monitor.model.ids import WatchId
from monitor.model.watch import Place, Text, Watch
from tests.support.packs import example_pack

TEXT = Text(title="Harbour", body="A ship, a crane and a drone in the harbour.", url="https://example.org/ship")
PACKS = example_pack()


def watches_of(count: int = LEAST) -> list[Watch]:
    """Watches of two words each; every tenth is met."""
    return [Watch(WatchId(f"w{n:04}"), f"{'ship' if n % 10 == 0 else 'whale'} OR word{n}") for n in range(count)]


def test_an_edit_compiles_what_was_edited_and_no_more() -> None:
    """The base is the same object, the second segment has one watch, and results come in the order of the watches."""
    watches = watches_of()
    base = compile_rules(watches, {})
    watches[3] = replace(watches[3], query="crane")
    ours = recompile(base, watches, {})
    first, second = segments_of(ours)

    assert first.rules is base
    assert [query.watch.id for query in second.rules.queries] == ["w0003"]
    assert ours.met(TEXT)[:3] == ("w0000", "w0003", "w0010")
    assert ours.match(TEXT) == compile_rules(watches, {}).match(TEXT)
    assert ours.size.watches == LEAST
    assert ours.size.patterns == base.size.patterns + 1


def test_a_watch_has_one_version_in_whatever_segment_it_is() -> None:
    """It names query, packs and fold table, and nothing of where it was compiled."""
    watches = watches_of()
    base = compile_rules(watches[1:], PACKS)
    ours, whole = recompile(base, watches, PACKS), compile_rules(watches, PACKS)

    assert [ours.version(watch.id) for watch in watches] == [whole.version(watch.id) for watch in watches]
    assert {match.version for match in ours.match(TEXT)} == {match.version for match in whole.match(TEXT)}
    with pytest.raises(KeyError):
        ours.version(WatchId("unknown"))


def test_severity_and_place_are_news_without_being_compiled() -> None:
    """What is no part of the query is taken over, also by alerts."""
    watches = watches_of()
    base = compile_rules(watches, {})
    moved = [replace(watch, severity="critical", place=Place("watches/a.yaml", 7, 1)) for watch in watches]
    ours = recompile(base, moved, {})

    assert len(segments_of(ours)) == 1
    assert list(ours.watches) == moved
    assert {match.watch.severity for match in ours.match(TEXT)} == {"critical"}


def test_removed_and_paused_watches_are_masked_and_come_back_for_nothing() -> None:
    """What was compiled once stays known until everything is compiled again."""
    watches = watches_of(LEAST + 1)
    base = compile_rules(watches, {})
    without = recompile(base, watches[1:], {})
    restored = recompile(without, watches, {})

    assert without.met(TEXT)[0] == "w0010"
    assert restored.met(TEXT)[0] == "w0000"
    assert len(segments_of(restored)) == 1
    assert only(restored, lambda watch: True) is restored
    asleep = only(restored, lambda watch: watch.id != "w0000")
    assert asleep.met(TEXT) == without.met(TEXT)
    assert len(asleep.queries) == LEAST


def test_a_pack_that_changes_makes_its_watches_new() -> None:
    """Only those that ask for it."""
    watches = [*watches_of(), Watch(WatchId("pack"), "@example AND harbour")]
    base = compile_rules(watches, PACKS)
    other = {name: replace(pack, digest="other") for name, pack in PACKS.items()}
    _, changed = divide(base, watches, other)

    assert [watch.id for watch in changed] == ["pack"]
    assert recompile(base, watches, other).version(WatchId("pack")) != base.version(WatchId("pack"))
    assert divide(base, watches, PACKS)[1] == []


def test_a_wrong_query_gives_the_problems_of_a_full_build() -> None:
    """Of every wrong watch, with its place; also where a concept is gone that nobody edited a watch for."""
    watches = [*watches_of(), Watch(WatchId("pack"), "@example", place=Place("watches/b.yaml", 2, 8))]
    base = compile_rules(watches, PACKS)
    watches[5] = replace(watches[5], query="two words", place=Place("watches/a.yaml", 3, 8))
    raised = []
    for build in (lambda: recompile(base, watches, {}), lambda: compile_rules(watches, {})):
        with pytest.raises(QueryError) as caught:
            build()
        raised.append(caught.value.problems)

    assert raised[0] == raised[1]
    assert [problem.id for problem in raised[0]] == ["MON-QRY-003", "MON-QRY-005"]


@pytest.mark.parametrize(("count", "edits", "whole"), [(LEAST, 50, False), (LEAST, 51, True), (LEAST - 1, 1, True)])
def test_few_watches_and_many_changes_are_compiled_as_one(count: int, edits: int, whole: bool) -> None:
    """A segment more costs something with every article, so it is worth it only while it is small."""
    watches = watches_of(count)
    base = compile_rules(watches, {})
    edited = [replace(watch, query="crane") if n < edits else watch for n, watch in enumerate(watches)]

    assert isinstance(recompile(base, edited, {}), RuleSet if whole else Segments)
    kept = watches[edits:] if count == LEAST else watches[1:]
    assert isinstance(recompile(base, kept, {}), RuleSet), "below the least, or too much is masked"


def test_an_article_is_folded_with_what_any_segment_asks_for() -> None:
    """The base asks for no address, the watch beside it does."""
    watches = watches_of()
    base = compile_rules(watches, {})
    watches[0] = replace(watches[0], query="url:ship AND crane")
    ours = recompile(base, watches, {})

    assert ours.met(TEXT) == compile_rules(watches, {}).met(TEXT)
    assert ours.met(TEXT)[0] == "w0000"


def test_warnings_stay_with_what_was_compiled_and_stand_where_the_watch_is_now() -> None:
    """Nothing is looked through twice, and lines that moved are said as they are."""
    watches = [replace(watch, place=Place("watches/a.yaml", n, 1)) for n, watch in enumerate(watches_of(), 1)]
    watches[0] = replace(watches[0], query="ship OR crane AND harbour")
    base = compile_rules(watches, {})
    before = [one for one in warnings(base, {}) if one.id == "MON-LNT-001"]
    moved = [replace(watch, place=Place("watches/a.yaml", watch.place.line + 9, 1)) for watch in watches]
    after = [one for one in warnings(recompile(base, moved, {}), {}) if one.id == "MON-LNT-001"]

    assert [one.line for one in before] == [1]
    assert [one.line for one in after] == [10]


def test_candidates_of_both_segments_count() -> None:
    """A measure of cost, masked watches included."""
    watches = [replace(watch, query=f"{watch.query.replace('OR', 'AND')}") for watch in watches_of()]
    base = compile_rules(watches, {})
    watches[0] = replace(watches[0], query="crane AND gone")
    ours = recompile(base, watches, {})
    assert isinstance(ours, Segments)
    assert ours.candidates(Text(body="crane gone")) == 1


def test_what_occurs_is_what_any_segment_looks_for() -> None:
    """Each pattern once, and only those that were compiled."""
    watches = watches_of()
    base = compile_rules(watches, {})
    watches[1] = replace(watches[1], query="crane OR ship")
    ours = recompile(base, watches, {})

    assert sorted(base.occurring(TEXT)) == [" ship "]
    assert sorted(ours.occurring(TEXT)) == [" crane ", " ship "]
    assert set(ours.patterns) == {*base.patterns, " crane "}
    assert isinstance(ours, Segments)


@pytest.mark.parametrize("count", [LEAST - 1, LEAST])
def test_counts_choose_the_anchors_of_what_is_compiled(count: int) -> None:
    """Of all watches, or of those beside the others: an article with the common word alone comes near none of them."""
    watches = watches_of(count)
    base = compile_rules(watches, {})
    watches[1] = replace(watches[1], query="harbour AND of")
    seen = Frequencies(1000, {" harbour ": 900})
    guessed, counted = recompile(base, watches, {}), recompile(base, watches, {}, frequencies=seen)
    common = Text(body="harbour")

    assert isinstance(counted, RuleSet if count < LEAST else Segments)
    assert [rules.candidates(common) for rules in (guessed, counted)] == [1, 0]  # type: ignore[attr-defined]
    both = Text(body="a harbour of ships, a ship")
    assert guessed.met(both) == counted.met(both)
    assert "w0001" in counted.met(both)
