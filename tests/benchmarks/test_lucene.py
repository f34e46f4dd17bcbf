"""Lucene Monitor beside our engine, on a few texts: the same words, the same matches, one of every form of query."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from monitor.match.compiler import compile_rules
from monitor.model.watch import Text
from tests.benchmarks.java_runtime import Unavailable
from tests.benchmarks.lucene import covered, merged, words
from tests.benchmarks.lucene_process import LuceneMonitor, spell_query
from tests.benchmarks.standing import Standing, Term

bench = [pytest.mark.bench, pytest.mark.timeout(300)]
TEXTS = [
    Text("Drone strike hits Kyiv", "", "A power plant burned. Ukraine blames Russia; the drone war goes on."),
    Text(
        "L’Ukraine ﬁnd: ½ 𝐊yiv İstanbul",
        "",
        "Soft\u00adhyphen, co\u200bop, stra\u00dfe, \u00c6ther \U0001f6f8 dron\u0119 e\u0301tude AT&T",
    ),
    Text("", "", "war of the drones, drone after drone"),
]


def term(*spelled: str, **how: bool) -> Term:
    """Words side by side."""
    return Term(spelled, **how)


FORMS = [
    Standing("word", "or", ((term("drone"),),)),
    Standing("or", "or", ((term("taiwan"), term("kyiv")),)),
    Standing("and", "and", ((term("drone"),), (term("ukraine"), term("after")))),
    Standing("not", "not", ((term("drone"),),), (term("kyiv"), term("power", "station"))),
    Standing("phrase", "phrase", ((term("power", "plant"),),)),
    Standing("near", "near", ((term("strike"),), (term("kyiv"),)), near=1),
    Standing("far", "near", ((term("drone"),), (term("kyiv"),)), near=1),
    Standing("twice", "near", ((term("drone"),), (term("drone"),)), near=1),
    Standing("fields", "near", ((term("kyiv"),), (term("power"),)), near=9),
    Standing("beginning", "prefix", ((term("dron", prefix=True),),)),
    Standing("title", "title", ((term("drone", title=True), term("find", title=True)),)),
    Standing("folded", "and", ((term("strasse"),), (term("aether"),), (term("istanbul"),), (term("2"),))),
]


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LuceneMonitor]:
    """The process, or a skip that says what is missing; measuring is for machines that have it."""
    try:
        with LuceneMonitor(tmp_path_factory.mktemp("lucene"), 128) as started:
            started.take_texts(TEXTS)
            yield started
    except Unavailable as reason:
        pytest.skip(str(reason))


class TestBeside:
    """What needs Java."""

    pytestmark = bench

    def test_both_see_the_same_words(self, peer: LuceneMonitor):
        """Ligatures, fractions, letters beyond 16 bits, marks, apostrophes, what is dropped."""
        assert peer.words() == [words(text) for text in TEXTS]

    @pytest.mark.parametrize("form", ["edge", "any", "regexp", "stock"])
    def test_both_find_the_same(self, peer: LuceneMonitor, form: str):
        """With every presearcher, and the same letters."""
        peer.take_queries(FORMS, {"drone": 2, "kyiv": 1}, form)
        rules = compile_rules([query.watch for query in FORMS], {})
        ours = [{match.watch.id: covered(text, match.hits) for match in rules.match(text)} for text in TEXTS]
        theirs = [{name: merged(spans) for name, spans in found.items()} for found in peer.answers("spans")]
        assert theirs == ours
        assert {"or", "near", "twice", "beginning", "folded"} <= set().union(*ours)
        assert not {"far", "fields"} & set().union(*ours)

    @pytest.mark.parametrize("matcher", ["ids", "spans", "least"])
    def test_all_matchers_agree(self, peer: LuceneMonitor, matcher: str):
        """In number; and they take processor time."""
        peer.take_queries(FORMS, {}, "edge")
        before = peer.processor_time()
        assert peer.ask("round", matcher)[0] == peer.ask("answers", "spans", peer.folder / "again")[0]
        assert peer.processor_time() > before


def test_a_query_is_spelled_as_the_other_side_reads_it():
    """Name, distance, groups, what is excluded."""
    assert spell_query(FORMS[3]) == "not\t\tdrone\tkyiv,power station"
    assert spell_query(FORMS[5]) == "near\t1\tstrike|kyiv\t"
    assert spell_query(FORMS[10]) == "title\t\t^drone,^find\t"


def test_overlapping_spans_are_one():
    """And neighbours are not."""
    assert merged([(4, 9), (0, 2), (8, 12), (12, 14)]) == {(0, 2), (4, 12), (12, 14)}


def test_hits_are_counted_as_the_other_side_does():
    """The body begins one behind the title; a letter beyond 16 bits counts twice."""
    text = Text("𝐊yiv", "", "kyiv")
    (match,) = compile_rules([Standing("q", "or", ((term("kyiv"),),)).watch], {}).match(text)
    assert covered(text, match.hits) == {(0, 5), (6, 10)}
