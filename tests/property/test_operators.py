"""The engine against an evaluator that tries every place, over random queries and texts in sixteen scripts."""

from __future__ import annotations

import pytest

from monitor.match.arrays import Arrays
from monitor.match.compiler import compile_rules
from monitor.match.explain import explain
from monitor.match.fold import fold
from monitor.match.matcher import RuleSet
from monitor.model.ids import WatchId
from monitor.model.watch import Match, Text, Watch
from tests.support.naive_queries import Article, Chance, Place, Query

QUERIES, TEXTS = 10, 5
BOUND, PAUSED = 7, 8
"""Watches for articles in Ukrainian only, and for none."""
PLACED = ("NEAR", "ONEAR", "NOT NEAR", "~")


def rounds(seed: int) -> int:
    """One set of queries over some texts. Returns how many were met."""
    chance = Chance(seed)
    queries = [chance.query(3) for _ in range(QUERIES)]
    rules = compile_rules([watch_of(number, query) for number, query in enumerate(queries)], {})
    return sum(held(chance, queries, rules, seed) for _ in range(TEXTS))


def watch_of(number: int, query: Query) -> Watch:
    """A query by its number."""
    languages = ("uk",) if number == BOUND else ()
    return Watch(WatchId(f"w{number:02}"), str(query), languages=languages, paused=number == PAUSED)


def asked(number: int, language: str) -> bool:
    """May the watch be met by a text in a language?"""
    return number != PAUSED and (number != BOUND or language == "uk")


def by_arrays(rules: RuleSet, text: Text) -> list[str]:
    """What is met by the index of the largest rule sets."""
    scan = rules.scan(text)
    numbers = Arrays([query.entry for query in rules.queries], rules.size.signals).met(rules.sight(scan))
    return [rules.queries[number].watch.id for number in numbers if rules.queries[number].admits(scan.group)]


def held(chance: Chance, queries: list[Query], rules: RuleSet, seed: int) -> int:
    """One text: the same watches are met, by the same places, and explanations agree."""
    texts, language = (chance.text(4), chance.text(5), chance.text(12)), chance.random.choice(["uk", "en", "und"])
    article, text = Article(texts, language), Text(*texts, language)
    matches = rules.match(text)
    expected = [
        f"w{number:02}" for number, query in enumerate(queries) if asked(number, language) and article.holds(query)
    ]
    context = (seed, texts, language, [str(query) for query in queries])

    assert [match.watch.id for match in matches] == expected, context
    assert by_arrays(rules, text) == expected, context
    told = explain(rules, text)
    assert [one.watch for one in told if one.matched] == expected, context
    assert all(bool(one.why_not) is not one.matched for one in told), context
    for match in matches:
        exact_spans(match, texts)
        query = queries[int(match.watch.id[1:])]
        if query.name in PLACED and not repeats(texts):
            same_places(match, article.places(query), article, context)
    return len(matches)


def repeats(texts: tuple[str, str, str]) -> bool:
    """The body has the whole summary, whose hits are then not shown."""
    summary = fold(texts[1]).text
    return summary in fold(texts[2]).text


def exact_spans(match: Match, texts: tuple[str, str, str]) -> None:
    """The slice of the text at the span is what the hit says."""
    for hit in match.hits:
        text = texts[("title", "summary", "body").index(hit.field)]
        assert text[hit.start : hit.end] == hit.text


def same_places(match: Match, places: list[Place], article: Article, context: object) -> None:
    """Each hit lies in a place that makes the query true, and each such place has a hit."""
    fields = ("title", "summary", "body")
    cores = {(place.field, *article.folded[place.field].span(*core)) for place in places for core in place.cores}
    hits = {(fields.index(hit.field), hit.start, hit.end) for hit in match.hits}
    for one, others in ((hits, cores), (cores, hits)):
        for field, start, end in one:
            assert any(field == other[0] and start < other[2] and other[1] < end for other in others), (match, context)


def test_engine_is_the_naive_evaluator() -> None:
    """Nothing is lost, nothing is added: automaton, presearch, anchors and sorted places against trying everything."""
    assert sum(map(rounds, range(40))) > 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_engine_is_the_naive_evaluator_100_000_times() -> None:
    """The same over 100,000 pairs of query and text."""
    assert sum(map(rounds, range(1_000, 1_000 + 100_000 // (QUERIES * TEXTS)))) > 10_000
