"""Counters of patterns, and the anchors they lead to."""

from __future__ import annotations

import pytest

from monitor.match.compiler import compile_rules
from monitor.match.frequencies import CREDIT, LEAST, MOST, WEEK, Frequencies, decode, encode
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch


def test_shares() -> None:
    """What is looked for is measured, with the guess for a thousand articles more; what is not is guessed."""
    seen = Frequencies()
    seen.know([" war ", " whale "])
    for _ in range(CREDIT):
        seen.see([" war ", " peace "])

    assert seen.share(" war ", 0.0) == 0.5
    assert seen.share(" war ", 1.0) == 1.0
    assert seen.share(" whale ", 0.25) == 0.125
    assert seen.share(" peace ", 0.25) == 0.25


def test_what_is_looked_for_later_has_missed_the_articles_before() -> None:
    """A new watch's words are neither rare nor common for what nobody looked for; in time it makes no difference."""
    seen = Frequencies()
    seen.know([" old "])
    for _ in range(CREDIT):
        seen.see([" old "])
    seen.know([" old ", " new "])
    assert seen.share(" new ", 0.25) == 0.25
    for _ in range(CREDIT):
        seen.see([" new "])
    assert seen.share(" new ", 0.0) == seen.share(" new ", 0.5) - 0.25 == 0.5
    assert seen.share(" old ", 0.0) == CREDIT / (3 * CREDIT)
    seen.age(0.0, ["new"])
    seen.age(20 * WEEK, [" new "])
    assert (seen.missed, seen.counts.keys()) == ({}, {" new "})


def test_everything_is_halved_once_a_week() -> None:
    """Also the weeks in which nobody ran, and never twice; what is next to nothing goes, unless it is looked for."""
    seen = Frequencies(8, {"a": 4, "b": 2 * LEAST, "c": LEAST, "d": 0.0}, missed={"a": 4, "d": 4})
    seen.age(1000.0, ["d"])
    seen.age(999.0 + WEEK, ["d"])
    assert (seen.articles, seen.halved) == (8, 1000.0)
    seen.age(1000.0 + WEEK, ["d"])
    assert (seen.articles, seen.counts, seen.missed) == (4, {"a": 2, "b": LEAST, "d": 0}, {"a": 2, "d": 2})
    seen.age(1001.0 + WEEK, ["d"])
    seen.age(1005.0 + 3.5 * WEEK, [])
    assert (seen.articles, seen.counts, seen.missed) == (1, {"a": 0.5}, {})
    assert seen.halved == 1000.0 + 3 * WEEK


def test_a_clock_that_was_set_back_begins_the_week_anew() -> None:
    """Else nothing would be halved until that time comes again."""
    seen = Frequencies(8, halved=100 * WEEK)
    seen.age(1000.0, [])
    assert (seen.articles, seen.halved) == (8, 1000.0)
    seen.age(1000.0 + WEEK, [])
    assert seen.articles == 4


def test_patterns_of_removed_watches_go_in_time() -> None:
    """Nobody sees them any more: one that a thousand articles had is forgotten after fourteen weeks."""
    seen, weeks = Frequencies(1000, {"gone": 1000, "here": 1000, "rare": 0}, halved=0.0), 0
    while "gone" in seen.counts:
        weeks += 1
        seen.age(weeks * WEEK, ["here", "rare"])
        seen.see(["here"])
    assert weeks == 14
    assert list(seen.counts) == ["here", "rare"]


def test_no_more_patterns_are_counted_than_there_is_room_for() -> None:
    """Those that came first go on being counted, the others are guessed."""
    seen = Frequencies(1, dict.fromkeys(map(str, range(MOST - 1)), 1.0))
    seen.know(["last", "beyond"])
    seen.see(["beyond", "last", "0"])
    assert len(seen.counts) == MOST
    assert (seen.counts["last"], seen.counts["0"], seen.share("beyond", 0.25)) == (1, 2, 0.25)


def test_a_copy_does_not_see_what_comes() -> None:
    """Rules are compiled by it in a thread, while counting goes on."""
    seen = Frequencies(1, {"a": 1}, 5.0, {"a": 0.5})
    copied = seen.copy()
    seen.see(["a"])
    seen.know(["b"])
    assert (copied.articles, copied.counts, copied.halved, copied.missed) == (1, {"a": 1}, 5.0, {"a": 0.5})


@pytest.mark.parametrize(
    ("articles", "halved", "older", "expected"),
    [
        (CREDIT - 1, 1.0, Frequencies(), False),
        (CREDIT, 1.0, Frequencies(), True),
        (2 * CREDIT - 1, 1.0, Frequencies(CREDIT, halved=1.0), False),
        (2 * CREDIT, 1.0, Frequencies(CREDIT, halved=1.0), True),
        (CREDIT, 1.0 + WEEK, Frequencies(CREDIT, halved=1.0), True),
    ],
)
def test_when_other_anchors_are_worth_a_look(
    articles: float, halved: float, older: Frequencies, expected: bool
) -> None:
    """When enough was counted: twice as much as then, or a week later."""
    assert Frequencies(articles, halved=halved).outdate(older) is expected


def test_what_is_kept_comes_back() -> None:
    """Numbers, time and patterns of any script."""
    kept = decode(encode(Frequencies(7.5, {" war ": 2, "无人机": 0.5}, 1000.25, {"无人机": 3})))
    assert (kept.articles, kept.counts, kept.halved) == (7.5, {" war ": 2, "无人机": 0.5}, 1000.25)
    assert kept.missed == {"无人机": 3}
    assert decode(encode(Frequencies())).halved is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"articles":1,"halved":null,"counts":{}}',
        b'{"articles":-1,"halved":null,"counts":{},"missed":{}}',
        b'{"articles":1e999,"halved":null,"counts":{},"missed":{}}',
        b'{"articles":1,"halved":null,"counts":{"a":NaN},"missed":{}}',
        b'{"articles":1,"halved":null,"counts":{"a":-1},"missed":{}}',
    ],
)
def test_what_cannot_be_read_is_counted_anew(data: bytes) -> None:
    """Torn, empty, or written by somebody else."""
    kept = decode(data)
    assert (kept.articles, kept.counts, kept.halved) == (0, {}, None)


@pytest.mark.parametrize(("common", "anchor"), [("tiny", "enormous"), ("enormous", "tiny")])
def test_the_rarest_word_is_the_anchor(common: str, anchor: str) -> None:
    """By what was counted; and a query is looked at only if its anchor occurs."""
    watches = [Watch(WatchId("w"), "tiny AND enormous")]
    seen, guessed = Frequencies(), compile_rules(watches, {})
    seen.know(guessed.patterns)
    for _ in range(10):
        seen.see(guessed.occurring(Text(body=f"{common} {common}")))
    rules = compile_rules(watches, {}, frequencies=seen)

    assert seen.counts == {f" {common} ": 10, f" {anchor} ": 0}
    assert rules.candidates(Text(body=common)) == 0
    assert rules.candidates(Text(body=anchor)) == 1
    assert rules.met(Text(body="tiny, enormous")) == ("w",)


def test_more_missed_than_there_was_is_no_division_by_nothing() -> None:
    """Whatever a file says: the guess stands."""
    assert Frequencies(0, {"a": 0}, missed={"a": CREDIT}).share("a", 0.25) == 0.25
