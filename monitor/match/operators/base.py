"""What an operator is: a row of data, and two functions over what its operands say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from monitor.match.heard import Heard, Mark, Spot
from monitor.match.syntax import Leaf, Op
from monitor.model.watch import Text

Test = Callable[[Heard], bool]
"""Is a query true, given what an article has raised?"""

Spots = Callable[[Heard], Sequence[Spot]]
"""Where it is true, in the order of the text."""

Marks = Callable[[Heard], Iterable[Mark]]
"""The hits that make it true."""


class Need(NamedTuple):
    """What must occur for a node to be true: of every group at least one signal."""

    groups: tuple[frozenset[int], ...]
    exact: bool
    """Groups and banned signals alone decide; otherwise they only say where it is worth looking."""
    banned: frozenset[int] = frozenset()
    """Signals of which none may occur."""

    @property
    def single(self) -> bool:
        """Is this no more than one group of which any signal decides?"""
        return self.exact and len(self.groups) == 1 and not self.banned


Cost = Callable[[frozenset[int]], float]
"""How often a group is expected to be met, as a share of articles."""


@dataclass(frozen=True, slots=True)
class Example:
    """A row of an operator's truth table over `EXAMPLE_TITLE` and `EXAMPLE_BODY`."""

    query: str
    true: bool


EXAMPLE_TITLE = "Drone strike hits Kyiv"
EXAMPLE_BODY = "A power plant burned. Ukraine blames Russia."
EXAMPLE = Text(
    EXAMPLE_TITLE,
    body=EXAMPLE_BODY,
    authors=("Jane Doe",),
    url="https://news.example.org/article",
    tags=("war",),
    sources=("The Example",),
    country="UA",
)
"""Its language is not known."""


@dataclass(frozen=True, slots=True)
class Part:
    """A node of a query, compiled."""

    test: Test
    need: Need
    marks: Marks
    leaves: tuple[tuple[Leaf, int], ...]
    """Its leaves with their signals."""
    spots: Spots | None = None
    """None for what is true of an article and has no place in it."""
    placed: bool = False
    """Its test asks for places, which cost more than sets."""


def no_test(parts: Sequence[Part], _: Op) -> Test:
    """Of forms that are leaves: they raise a signal and have no operands."""
    raise TypeError(f"a leaf has no operands, {len(parts)} given")


def all_marks(parts: Sequence[Part], _: Op) -> Marks:
    """The hits of every operand that is true."""

    def marks(heard: Heard) -> Iterator[Mark]:
        for part in parts:
            if part.test(heard):
                yield from part.marks(heard)

    return marks


def no_marks(_: Sequence[Part], __: Op) -> Marks:
    """Absence shows nothing."""
    return lambda _: ()


def no_spots(_: Sequence[Part], __: Op) -> Spots | None:
    """Of what is true of an article and has no place in it."""
    return None


def no_need(needs: Sequence[Need], _: Cost) -> Need:
    """Of forms that are leaves."""
    raise TypeError(f"a leaf has no operands, {len(needs)} given")


@dataclass(frozen=True, slots=True)
class Operator:
    """One row. The table of the documentation and a set of tests are made from these."""

    name: str
    syntax: str
    power: int
    """Binding power: the higher, the tighter. Leaves bind tightest."""
    summary: str
    examples: tuple[Example, ...]
    test: Callable[[Sequence[Part], Op], Test] = no_test
    need: Callable[[Sequence[Need], Cost], Need] = no_need
    marks: Callable[[Sequence[Part], Op], Marks] = all_marks
    spots: Callable[[Sequence[Part], Op], Spots | None] = no_spots
    placed: bool = False
    """Its test asks for places: groups of signals are tried first."""
