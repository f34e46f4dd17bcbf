"""The framework of the benchmarks: goals, paired rounds, rows and their JSON form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import GROUPS, measure
from tests.benchmarks.figures import (
    HEADING,
    Bench,
    Figure,
    Pair,
    as_json,
    at_least,
    at_most,
    paired,
    paired_waiting,
    percentile,
    row,
    spell,
    summed_up,
    times,
)


def figure(**changes: object) -> Figure:
    """A figure with a peer and a goal."""
    return Figure.of("parse", "ms", Pair(1.0, 30.0, 30.0), "feedparser", times(25), **changes)


class Ticks:
    """A clock that a job moves on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.order: list[str] = []

    def __call__(self) -> float:
        return self.now

    def job(self, name: str, seconds: float):
        """A job of this length that notes when it ran."""

        def run() -> None:
            self.order.append(name)
            self.now += seconds

        return run


@pytest.mark.parametrize(
    ("goal", "value", "met"),
    [
        (at_most(0.3), 0.3, True),
        (at_most(0.3), 0.31, False),
        (at_least(10), 9.0, False),
        (times(2), 2.1, True),
        (times(2), None, None),
    ],
)
def test_goals(goal, value, met):
    """A goal is a bound that counts as kept when it is reached exactly."""
    assert goal.met(value) is met


def test_a_goal_of_the_ratio_looks_at_the_ratio():
    """Ours may be any number then."""
    assert figure().ok is True
    assert Figure(name="x", ours=1.0, ratio=3.0, goal=at_most(0.5)).ok is False
    assert Figure(name="x", ours=1.0).ok is None


def test_rounds_take_turns():
    """Neither side is always the first, and the median is over the rounds' own ratios."""
    clock = Ticks()
    pair = paired(clock.job("ours", 1.0), clock.job("peer", 4.0), rounds=4, clock=clock)
    assert clock.order == ["ours", "peer", "peer", "ours"] * 2
    assert pair == Pair(1.0, 4.0, 4.0)


async def test_rounds_that_wait_take_turns():
    """Both sides are told the number of the round."""
    order = []

    async def ours(number: int) -> None:
        order.append(("ours", number))

    async def peer(number: int) -> None:
        order.append(("peer", number))

    taken = await paired_waiting(ours, peer, 2)
    assert order == [("ours", 0), ("peer", 0), ("peer", 1), ("ours", 1)]
    assert len(taken) == 2


def test_one_disturbed_round_does_not_change_the_ratio():
    """A median of ratios, not a ratio of sums."""
    assert summed_up([(1.0, 2.0), (10.0, 2.0), (1.0, 2.0)]) == Pair(1.0, 2.0, 2.0)


def test_rates_are_better_when_higher():
    """The ratio of times stays what it is: how many times better ours is."""
    assert summed_up([(2.0, 1.0)]).per_second(100) == Pair(50.0, 100.0, 0.5)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_percentiles(share, expected):
    """By rank, never interpolated."""
    assert percentile(range(1, 101), share) == expected


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (0.01234, "0.0123"), (12.345, "12.3"), (150423.2, "150,423")])
def test_numbers_have_three_digits_that_count(value, text):
    """And all of them where they are larger."""
    assert spell(value) == text


def test_columns_stand_below_their_headings():
    """`name ours peer ratio goal ok`, then who the peer was and what else there is to say."""
    text = row(figure(note="3 documents"))
    assert HEADING.split() == ["name", "ours", "peer", "ratio", "goal", "ok"]
    assert text.split(maxsplit=9) == [
        "parse",
        "1",
        "ms",
        "30",
        "30",
        "×",
        "≥",
        "25",
        "×",
        "yes  peer: feedparser; 3 documents",
    ]
    assert text.index("yes") == HEADING.index("ok")


def test_json_has_the_keys_that_programs_read():
    """More keys may follow, none may be missing."""
    value = json.loads(json.dumps(as_json(figure(), "python -m tests.benchmarks")))
    assert {
        "name": "parse",
        "ours": 1.0,
        "peer": 30.0,
        "ratio": 30.0,
        "goal": "≥ 25 ×",
        "ok": True,
        "unit": "ms",
        "command": "python -m tests.benchmarks",
    }.items() <= value.items()


def test_a_group_that_fails_is_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The rows before it and the other groups are not lost with it."""

    def figures(_bench: Bench) -> Iterator[Figure]:
        yield figure()
        raise ValueError("no disk")

    rows = list(measure("broken", figures, Bench(True, tmp_path, None)))
    assert [one.name for one in rows] == ["parse", "broken: failed"]
    assert "no disk" in rows[1].note
    assert "Traceback" in capsys.readouterr().err


def test_every_group_is_a_module():
    """And every module that measures is a group."""
    folder = Path(__file__).resolve().parents[2] / "benchmarks"
    found = {path.stem for path in folder.glob("*.py") if "\ndef figures(" in path.read_text(encoding="utf-8")}
    assert found == set(GROUPS)
