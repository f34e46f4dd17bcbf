"""One query on one text."""

from __future__ import annotations

from monitor.cli.judging import LIMITS
from monitor.cli.match import judged, sentences
from monitor.match.automaton import MAX_HITS
from monitor.match.compiler import compile_rules
from monitor.match.scan import MAX_FIELD
from monitor.model.ids import WatchId
from monitor.model.watch import Watch

RULES = compile_rules([Watch(WatchId("query"), "harbour")], {})


def test_bounds_that_were_reached_are_shown():
    """Of a text that is met and of one that is not."""
    crowded = judged(RULES, "", "harbour " * MAX_HITS, None)
    cut = judged(RULES, "", "x" * MAX_FIELD + " harbour", None)
    assert (crowded["matched"], crowded["limits"], cut["matched"], cut["limits"]) == (True, ["hits"], False, ["field"])
    assert list(sentences({"source": "a.txt", **cut})) == ["a.txt: not met", f"  {LIMITS['field']}"]
    assert list(sentences({"source": "a.txt", **crowded}))[:2] == ["a.txt: 1000 hits", f"  {LIMITS['hits']}"]


def test_a_text_within_all_bounds():
    """The hits alone."""
    answer = judged(RULES, "Old harbour", "", "en")
    assert (answer["matched"], answer["hits_total"], answer["limits"]) == (True, 1, [])
    assert list(sentences({"source": "-", **answer})) == ["-: 1 hit", "  title 4–11  harbour  harbour"]


def test_a_hit_is_the_slice_of_the_file_whatever_stands_in_it():
    """A sign that only we may write between fields is a blank to the query, and itself in the answer."""
    rules = compile_rules([Watch(WatchId("w"), '"trade war"')], {})
    (hit,) = judged(rules, "", "a trade\x1fwar", None)["hits"]
    assert (hit["start"], hit["end"], hit["text"]) == (2, 11, "trade\x1fwar")
