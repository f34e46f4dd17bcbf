"""What a figure is, how two things are measured side by side, and how figures are shown.

Nothing here knows what is measured. On a shared machine a time says little and a ratio much: the two sides take turns,
round by round, and what counts is the median of the rounds' ratios.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal, TypeVar

T = TypeVar("T")

Clock = Callable[[], float]
"""Seconds: `process_time` for work that only computes, `perf_counter` where disks or processes are waited for."""


@dataclass(frozen=True, slots=True)
class Bench:
    """One run: how thorough it is, and where it may write."""

    quick: bool
    folder: Path
    """Empty, on the disk of the checkout; thrown away at the end."""
    corpus: Path | None
    """Real documents; None where there are none."""

    def pick(self, full: int, quick: int) -> int:
        """How many of something this run takes."""
        return quick if self.quick else full


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on our figure, or on how many times better than the peer it has to be."""

    bound: float
    of: Literal["ours", "ratio"] = "ours"
    least: bool = False

    def __str__(self) -> str:
        return f"{'≥' if self.least else '≤'} {self.bound:g}{' ×' if self.of == 'ratio' else ''}"

    def met(self, value: float | None) -> bool | None:
        """None where nothing was measured."""
        if value is None:
            return None
        return value >= self.bound if self.least else value <= self.bound


def at_most(bound: float) -> Goal:
    """Ours may be at most this, in the unit of the figure."""
    return Goal(bound)


def at_least(bound: float) -> Goal:
    """Ours has to be at least this, in the unit of the figure."""
    return Goal(bound, least=True)


def times(bound: float) -> Goal:
    """At least so many times better than the peer."""
    return Goal(bound, "ratio", least=True)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sides of one measurement, and how many times better ours is: above 1 it is the better one."""

    ours: float
    peer: float
    ratio: float

    def scaled(self, factor: float) -> Pair:
        """Both sides in another unit."""
        return Pair(self.ours * factor, self.peer * factor, self.ratio)

    def per_second(self, count: float) -> Pair:
        """Times of `count` things as rates."""
        return Pair(count / self.ours, count / self.peer, self.ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row. Without `ours` it says in `note` why nothing was measured."""

    name: str
    unit: str = ""
    ours: float | None = None
    peer: float | None = None
    against: str = ""
    """Who the peer is."""
    ratio: float | None = None
    goal: Goal | None = None
    note: str = ""

    @classmethod
    def of(cls, name: str, unit: str, pair: Pair, against: str, goal: Goal | None = None, note: str = "") -> Figure:
        """The row of a paired measurement."""
        return cls(
            name=name,
            unit=unit,
            ours=pair.ours,
            peer=pair.peer,
            ratio=pair.ratio,
            against=against,
            goal=goal,
            note=note,
        )

    @property
    def ok(self) -> bool | None:
        """Whether the goal is met; None without a goal, or where nothing was measured."""
        return self.goal.met(self.ratio if self.goal.of == "ratio" else self.ours) if self.goal else None


def timed(job: Callable[[], object], clock: Clock = time.process_time) -> float:
    """Seconds that one run of `job` takes."""
    return result_of(job, clock)[0]


def result_of(job: Callable[[], T], clock: Clock = time.process_time) -> tuple[float, T]:
    """The same, and what the run gave."""
    started = clock()
    result = job()
    return clock() - started, result


def typical(job: Callable[[], object], rounds: int, clock: Clock = time.process_time) -> float:
    """The median of several runs, seconds; a first run that warms up does not count."""
    job()
    return median(timed(job, clock) for _ in range(rounds))


def paired(
    ours: Callable[[], object], peer: Callable[[], object], rounds: int, clock: Clock = time.process_time
) -> Pair:
    """Both in turn, each round beginning with the other one; seconds. The caller warms up."""
    taken = []
    for number in range(rounds):
        if number % 2:
            second = timed(peer, clock)
            taken.append((timed(ours, clock), second))
        else:
            taken.append((timed(ours, clock), timed(peer, clock)))
    return summed_up(taken)


async def paired_waiting(
    ours: Callable[[int], Awaitable[object]], peer: Callable[[int], Awaitable[object]], rounds: int
) -> list[tuple[float, float]]:
    """The same for work that waits: wall seconds of every round. Both are told the number of the round."""
    taken = []
    for number in range(rounds):
        both = [0.0, 0.0]
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            started = time.perf_counter()
            await (ours, peer)[side](number)
            both[side] = time.perf_counter() - started
        taken.append((both[0], both[1]))
    return taken


def summed_up(taken: Sequence[tuple[float, float]]) -> Pair:
    """Times of both sides, round by round, as their medians and the median of their ratios."""
    ours, peers = zip(*taken, strict=True)
    return Pair(median(ours), median(peers), median(peer / mine if mine else 1.0 for mine, peer in taken))


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def spell(value: float | None) -> str:
    """A number with three digits that count, or more where it is larger."""
    if value is None:
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


HEADING = f"{'name':<46} {'ours':>16} {'peer':>10} {'ratio':>8} {'goal':>8}  ok"


def row(figure: Figure) -> str:
    """One line for people; the peer's name and the note stand behind it."""
    ours = f"{spell(figure.ours)} {figure.unit}".strip()
    ratio = f"{spell(figure.ratio)} ×" if figure.ratio is not None else "–"
    goal = str(figure.goal) if figure.goal else "–"
    ok = {True: "yes", False: "NO", None: "–"}[figure.ok]
    words = "; ".join(word for word in (figure.against and f"peer: {figure.against}", figure.note) if word)
    return f"{figure.name:<46} {ours:>16} {spell(figure.peer):>10} {ratio:>8} {goal:>8}  {ok:<3}  {words}".rstrip()


def as_json(figure: Figure, command: str) -> dict[str, Any]:
    """One object of `build/bench.json`."""
    return {
        "name": figure.name,
        "ours": figure.ours,
        "peer": figure.peer,
        "ratio": figure.ratio,
        "goal": str(figure.goal) if figure.goal else None,
        "ok": figure.ok,
        "unit": figure.unit,
        "command": command,
        "against": figure.against or None,
        "note": figure.note or None,
    }
