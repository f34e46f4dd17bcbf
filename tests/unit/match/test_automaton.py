"""All patterns in one pass."""

from __future__ import annotations

from monitor.match.automaton import MAX_HITS, Automaton


def test_automaton_finds_overlapping_places() -> None:
    """Every pattern at every place, also inside another."""
    automaton = Automaton([" drone ", " drone war ", "rone"])

    assert sorted(automaton.find(" drone war ")) == [(0, 0, 7), (1, 0, 11), (2, 2, 6)]
    assert Automaton([]).find(" drone ") == []


def test_automaton_is_bounded_per_pattern() -> None:
    """One frequent pattern does not crowd out a rare one."""
    hits = Automaton(["a", "z"]).find("a" * (MAX_HITS + 5) + "z")

    assert [hit for hit in hits if hit[0] == 1] == [(1, MAX_HITS + 5, MAX_HITS + 6)]
    assert len(hits) == MAX_HITS + 1
