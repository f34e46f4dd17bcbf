"""What an operator is: a row of data, and two functions over what its operands say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

Test = Callable[[AbstractSet[int]], bool]
"""Is a query true, given the signals an article has raised?"""


@dataclass(frozen=True, slots=True)
class Need:
    """What must occur for a node to be true: of every group at least one signal."""

    groups: tuple[frozenset[int], ...]
    exact: bool
    """The groups alone decide; otherwise they only say where it is worth looking."""


Cost = Callable[[frozenset[int]], float]
"""How often a group is expected to be met, as a share of articles."""


@dataclass(frozen=True, slots=True)
class Example:
    """A row of an operator's truth table over `EXAMPLE_TITLE` and `EXAMPLE_BODY`."""

    query: str
    true: bool


EXAMPLE_TITLE = "Drone strike hits Kyiv"
EXAMPLE_BODY = "A power plant burned. Ukraine blames Russia."


def no_test(tests: Sequence[Test]) -> Test:
    """Of forms that are leaves: they raise a signal and have no operands."""
    raise TypeError(f"a leaf has no operands, {len(tests)} given")


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
    test: Callable[[Sequence[Test]], Test] = no_test
    need: Callable[[Sequence[Need], Cost], Need] = no_need
