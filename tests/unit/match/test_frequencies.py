"""Counters of patterns, and the anchors they lead to."""

from __future__ import annotations

import pytest

from monitor.match.compiler import compile_rules
from monitor.match.frequencies import CREDIT, Frequencies
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch


def test_shares() -> None:
    """What was seen is measured, with the guess for a thousand articles more; what was not is guessed."""
    seen = Frequencies()
    for _ in range(CREDIT):
        seen.see([" war "])

    assert seen.share(" war ", 0.0) == 0.5
    assert seen.share(" war ", 1.0) == 1.0
    assert seen.share(" peace ", 0.25) == 0.25


def test_halves_and_sums() -> None:
    """Half of everything, without what is next to nothing; the sum of two processes."""
    seen = Frequencies(8, {"a": 4, "b": 0.1})
    seen.halve()
    seen.merge(Frequencies(2, {"a": 1, "c": 2}))

    assert (seen.articles, seen.counts) == (6, {"a": 3, "c": 2})


@pytest.mark.parametrize(("common", "anchor"), [("tiny", "enormous"), ("enormous", "tiny")])
def test_the_rarest_word_is_the_anchor(common: str, anchor: str) -> None:
    """By what was counted; and a query is looked at only if its anchor occurs."""
    watches = [Watch(WatchId("w"), "tiny AND enormous")]
    seen = Frequencies()
    for _ in range(10):
        seen.see(compile_rules(watches, {}).occurring(Text(body=f"{common} {common}")))
    rules = compile_rules(watches, {}, frequencies=seen)

    assert seen.counts == {f" {common} ": 10}
    assert rules.candidates(Text(body=common)) == 0
    assert rules.candidates(Text(body=anchor)) == 1
    assert rules.met(Text(body="tiny, enormous")) == ("w",)
