"""Which queries are met: sets and arrays say the same, and what the sets decide no tree is asked."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from monitor.match.arrays import Arrays, make_table
from monitor.match.automaton import Hits, Listed
from monitor.match.heard import Heard
from monitor.match.index import Entry, Index, Sets

SIGNALS = 12


@dataclass(frozen=True)
class Raised:
    """An article that raises these signals, and not by hits."""

    heard: Heard
    hits: Hits = field(default_factory=Listed)
    title_end: int = 0

    @property
    def others(self) -> Heard:
        """All of them."""
        return self.heard


BOTH = pytest.mark.parametrize("kind", [Sets, Arrays])


def group(*signals: int) -> frozenset[int]:
    """A group of signals."""
    return frozenset(signals)


def naive(entries: list[Entry], heard: Heard) -> list[int]:
    """Every query by itself."""
    return [
        number
        for number, entry in enumerate(entries)
        if all(heard & one for one in (entry.anchor, *entry.groups))
        and not heard & entry.banned
        and (entry.test is None or entry.test(heard))
    ]


def invented(chance: random.Random) -> Entry:
    """A query of any form."""
    groups = [group(*chance.sample(range(SIGNALS), chance.randint(1, 3))) for _ in range(chance.randint(1, 3))]
    banned = group(*chance.sample(range(SIGNALS), 2)) if chance.random() < 0.3 else group()
    test = (lambda heard: len(heard) % 2 == 0) if chance.random() < 0.3 else None
    return Entry(groups[0], tuple(groups[1:]), banned, test)


@BOTH
def test_all_forms_at_random(kind: type[Sets | Arrays]) -> None:
    """What every query says by itself, in the order of the queries."""
    chance = random.Random(5)
    entries = [invented(chance) for _ in range(60)]
    index: Index = kind(entries, SIGNALS)
    for _ in range(60):
        heard = Heard(chance.sample(range(SIGNALS), chance.randint(0, 8)))
        assert index.met(Raised(heard)) == naive(entries, heard)


@BOTH
def test_nothing_asked_and_nothing_raised(kind: type[Sets | Arrays]) -> None:
    """No query, no signal, and signals that no query names."""
    assert kind([], 3).met(Raised(Heard([1]))) == []
    assert kind([Entry(group(1))], 3).met(Raised(Heard([]))) == []
    assert kind([Entry(group(1))], 3).met(Raised(Heard([0, 2]))) == []


@BOTH
def test_candidates_are_those_one_hit_does_not_decide(kind: type[Sets | Arrays]) -> None:
    """Each is looked at once, however many signals of its anchor are raised."""
    entries = [Entry(group(0)), Entry(group(0, 1), (group(2),)), Entry(group(3), banned=group(1))]
    index = kind(entries, 4)

    assert index.candidates(Raised(Heard([0, 1]))) == 1
    assert index.candidates(Raised(Heard([0, 3]))) == 2
    assert index.candidates(Raised(Heard([2]))) == 0


@BOTH
def test_trees_are_asked_last(kind: type[Sets | Arrays]) -> None:
    """A tree costs more than the sets: it is asked only where they hold."""
    asked: list[int] = []

    def test(heard: Heard) -> bool:
        asked.append(len(heard))
        return True

    index = kind([Entry(group(0), (group(1), group(2, 3)), group(4), test)], 5)

    assert index.met(Raised(Heard([0, 1]))) == []
    assert index.met(Raised(Heard([0, 1, 3, 4]))) == []
    assert index.met(Raised(Heard([0, 1, 2]))) == [0]
    assert asked == [3]


def test_decided() -> None:
    """By one hit: no other group, nothing banned, no tree."""
    assert Entry(group(0, 1)).decided
    assert not Entry(group(0), (group(1),)).decided
    assert not Entry(group(0), banned=group(1)).decided
    assert not Entry(group(0), test=bool).decided


def test_rows_of_a_table() -> None:
    """Any rows, in any order, also empty ones; and how many numbers each has."""
    import numpy as np

    values, counts = make_table([[1, 2], [], [3]]).of(np.array([2, 1, 0]))

    assert (values.tolist(), counts.tolist()) == ([3, 1, 2], [1, 0, 2])
