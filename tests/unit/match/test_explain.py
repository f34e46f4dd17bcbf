"""Why a watch is met, and what was missing where it is not."""

from __future__ import annotations

import dataclasses
import json

import pytest

from monitor.match.automaton import MAX_HITS
from monitor.match.compiler import compile_rules
from monitor.match.concepts import load_packs
from monitor.match.explain import MESSAGES, WhyNot, explain
from monitor.model.article import Removed
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch

PACKS, _ = load_packs(
    {
        "plants.yaml": "concept: plants\nlanguages: {en: {terms: [nettle, burne]}, de: {accent: [plan, stri]}}",
        "german.yaml": "concept: german\nlanguages: {de: {suffix: [drohnen]}}",
        "craft.yaml": "concept: craft\nlanguages: {en: {terms: [quadcopter], weak: [hits]}, de: {weak: [power]}}",
        "loan.yaml": "concept: loan\nlanguages: {ja: {terms: [ドローン], not_in: [カードローン]}}",
    }
)

TITLE, BODY = "Drone STRIKE hits Kýiv", "A power plant burned. Drohnen, カードローン, 20대만."


def why_not(query: str, language: str = "en", title: str = TITLE, **keywords: object) -> tuple[WhyNot, ...]:
    """What keeps this query from being met."""
    rules = compile_rules([Watch(WatchId("w"), query, **keywords)], PACKS)  # type: ignore[arg-type]
    lines = [Removed("body", 10, 30, "T4", "Read also: Madrid")]
    (result,) = explain(rules, Text(title=title, body=BODY, language=language), lines, PACKS)
    assert not result.matched
    return result.why_not


@pytest.mark.parametrize(
    ("query", "reason", "found"),
    [
        ("moscow", "absent", None),
        ("dron", "form", "Drone"),
        ("drones", "form", "Drone"),
        ('"power plants"', "form", "power plant"),
        ('"plant power"', "scattered", None),
        ("@plants", "form", "burned"),
        ("body:strike", "field", "STRIKE"),
        ("{Strike}", "case", "STRIKE"),
        ("=kyiv", "accent", "Kýiv"),
        ("madrid", "removed", "Read also: Madrid"),
        ("대만", "numeral", "대만"),
        ("plant AND NOT kyiv", "not_hit", "Kýiv"),
    ],
)
def test_nearest_miss(query: str, reason: str, found: str | None) -> None:
    """One clause failed, and this is how near it came."""
    (why,) = why_not(query)

    assert (why.reason, why.text) == (reason, found)


@pytest.mark.parametrize(
    ("query", "reason", "said"),
    [
        ("drone NEAR/1 kýiv", "near", "drone NEAR/1 kýiv: 2 words apart, limit 1"),
        ("strike ONEAR/5 drone", "order", "other order"),
        ("drone NEAR/5 plant", "apart", "never in one field"),
        ("drone NEAR/5 drone", "apart", "different places"),
        ("drone NOT NEAR/3 kyiv", "guarded", "Kýiv stands near"),
        ('"drone kyiv"~1', "window", "2 other words among them, limit 1"),
        ('"drone plant"~1', "apart", "never in one field"),
        ("SENTENCE(plant AND drohnen)", "sentence", "not within one sentence"),
        ("PARAGRAPH(drone AND plant)", "paragraph", "not within one paragraph"),
        ("FIRST/3(plant)", "first", "first 7 words, limit 3"),
        ("ATLEAST/3(drone OR plant)", "atleast", "occurs 2 times, 3 are asked"),
        ("SCORE/5(drone^2 OR plant^1.5 OR moscow^9)", "score", "adds up to 3.5, 5 are asked"),
        ("SCORE/5(berlin OR moscow)", "absent", "does not occur"),
        ("drone NEAR/1 moscow", "absent", "moscow does not occur"),
        ("bur?xd AND drone", "shape", "burned does not fit bur?xd"),
        ("burn?d* AND b*rned AND dron*x", "shape", "Drone does not fit dron*x"),
        ("drone AND lang:uk", "metadata", "known is en"),
        ("drone AND NOT lang:en", "not_true", "NOT lang:en: the query excludes it, and it is true"),
        ("drone AND NOT (lang:en OR author:x)", "not_true", "is true of this article"),
        ("{Strike} AND drone", "case", "{Strike}: STRIKE differs in its capitals"),
        ("drone AND NOT (drone NEAR/5 kyiv)", "not_hit", "Drone occurs"),
        ("drone AND source:x", "metadata", "known is nothing"),
        ("author:drone AND plant", "field", "Drone occurs"),
    ],
)
def test_nearest_miss_of_operators(query: str, reason: str, said: str) -> None:
    """How far apart, how many, which limit."""
    (why,) = [why for why in why_not(query) if why.reason != "form"] or why_not(query)

    assert why.reason == reason
    assert said in why.message


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("(moscow AND war) OR (drone AND strike AND ship)", "ship does not occur"),
        ("(moscow AND war) OR (berlin AND ship)", "(moscow AND war) OR (berlin AND ship) does not occur"),
        ("drone AND lang:(de OR fr)", "lang:de is not true of this article; known is en"),
        ("title:(drone AND plant)", "title:plant: plant occurs, but in another field"),
        ("title:plant", "title:plant: plant occurs, but in another field"),
    ],
)
def test_the_failing_part_is_named(query: str, said: str) -> None:
    """Of alternatives the one that lacks least, by the term that lacks, with its field."""
    (why,) = why_not(query)

    assert why.message == said


def test_a_long_clause_is_cut() -> None:
    """A list of hundreds of terms is no message."""
    (why,) = why_not(" OR ".join(f"word{number}" for number in range(100)))

    assert (
        why.message == "word0 OR word1 OR word2 OR word3 OR word4 OR word5 OR word6 OR word7 OR word8 O… does not occur"
    )


def test_place_of_a_near_miss() -> None:
    """From the first of the two places to the end of the second."""
    (why,) = why_not("drone NEAR/1 hits AND drone NEAR/0 hits")

    assert (why.text, why.field, why.clause) == ("Drone STRIKE hits", "title", (22, 39))


def test_place_of_what_the_query_excludes() -> None:
    """The first hit of the NOT clause, with the clause's span."""
    (why,) = why_not("plant AND NOT (moscow OR kyiv)")

    assert (why.reason, why.clause, why.field, why.text) == ("not_hit", (10, 30), "title", "Kýiv")
    assert TITLE[why.start : why.end] == "Kýiv"


def test_language_bound() -> None:
    """An alias of another language is there; the message names both languages."""
    (why,) = why_not("@german")

    assert (why.reason, why.text) == ("language", "Drohnen")
    assert "de" in why.message
    assert "en" in why.message


def test_swallowed() -> None:
    """The alias is there, inside a longer string that is another thing."""
    (why,) = why_not("@loan")

    assert (why.reason, why.text) == ("not_in", "ドローン")


def test_only_the_weak_tier() -> None:
    """An ambiguous alias is there: where, and how it may be asked for."""
    (why,) = why_not("@craft AND plant")

    assert (why.reason, why.text, why.clause) == ("weak", "hits", (0, 6))
    assert (why.field, TITLE[why.start : why.end]) == ("title", "hits")
    assert why.message == "@craft: only the weak tier occurs: hits; @craft.weak beside a second signal would match"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("@craft NEAR/5 plant", "weak"),
        ("title:@craft", "weak"),
        ("body:@craft", "weak"),
        ("author:@craft AND plant", "absent"),
        ("@craft.weak AND moscow", "absent"),
        ("@loan", "not_in"),
        ("@german", "language"),
    ],
)
def test_where_the_weak_tier_counts(query: str, reason: str) -> None:
    """In the field that is asked; a nearer miss goes before it."""
    (why,) = why_not(query)

    assert why.reason == reason


def test_weak_tiers_that_do_not_occur() -> None:
    """Nor where nobody said what the concepts are."""
    rules = compile_rules([Watch(WatchId("w"), "@craft")], PACKS)
    absent, unknown = (explain(rules, Text(title=title), (), packs) for title, packs in (("x", PACKS), ("hits", {})))

    assert [why.reason for why in (*absent[0].why_not, *unknown[0].why_not)] == ["absent", "absent"]


def test_other_forms_of_an_alias_that_counts_in_this_language() -> None:
    """The first place of the text; what is bound to another language would not have counted either."""
    assert [(why.reason, why.start, why.end) for why in why_not("@plants")] == [("form", 14, 20)]


def test_near_misses_end_with_what_is_seen() -> None:
    """A mark of direction behind a word is no part of it."""
    (form,) = why_not("grows", title="grow\u200f fast")
    (near,) = why_not("grow NEAR/0 moss", title="moss is what will grow\u200e, at last")

    assert (form.text, form.start, form.end) == ("grow", 0, 4)
    assert (near.text, near.start, near.end) == ("moss is what will grow", 0, 22)


def test_versions_are_named() -> None:
    """Whoever reports a miss says of what."""
    rules = compile_rules([Watch(WatchId("a"), "moscow"), Watch(WatchId("b"), "plant")], {})
    told = explain(rules, Text(body=BODY))

    assert [one.version for one in told] == [rules.version(WatchId("a")), rules.version(WatchId("b"))]


def test_capitals() -> None:
    """Exact capitals in a headline all in capitals prove nothing."""
    (why,) = why_not("{US}", title="GIVE IT TO US")

    assert (why.reason, why.text, why.field, why.start, why.end) == ("capitals", "US", "title", 11, 13)


def test_the_smallest_set_of_clauses() -> None:
    """Of an OR the branch that lacks least, of an AND everything that lacks."""
    query = "(moscow AND berlin) OR (plant AND {Strike})"

    assert [(why.clause, why.reason) for why in why_not(query)] == [((34, 42), "case")]
    assert [why.clause for why in why_not("moscow AND plant AND berlin")] == [(0, 6), (21, 27)]
    assert [(why.clause, why.message) for why in why_not("moscow OR berlin")] == [
        ((0, 16), "moscow OR berlin does not occur")
    ]


def test_spans_lead_to_the_slice() -> None:
    """The near miss is where it says it is; one in a removed line is named by the span of that line."""
    (case,), (removed,) = why_not("body:=drohnén"), why_not("madrid")

    assert BODY[case.start : case.end] == case.text == "Drohnen"
    assert (removed.field, removed.start, removed.end) == ("body", 10, 30)


def test_watches_that_cannot_be_met() -> None:
    """A paused watch, a watch for other languages."""
    assert [why.reason for why in why_not("plant", paused=True)] == ["paused"]
    assert [why.reason for why in why_not("plant", languages=("fr", "de"))] == ["article_language"]
    assert [why.reason for why in why_not("moscow", languages=("fr",))] == ["article_language", "absent"]


def test_one_result_per_watch_by_id() -> None:
    """Sorted by id; those that are met have hits and no reasons."""
    watches = [Watch(WatchId("b"), "plant"), Watch(WatchId("a"), "moscow"), Watch(WatchId("c"), "kyiv OR x")]
    results = explain(compile_rules(watches, {}), Text(title=TITLE, body=BODY))

    assert [(result.watch, result.matched, len(result.hits), len(result.why_not)) for result in results] == [
        ("a", False, 0, 1), ("b", True, 1, 0), ("c", True, 1, 0),
    ]  # fmt: skip


def test_results_are_json() -> None:
    """What `explain` prints is plain data."""
    results = explain(compile_rules([Watch(WatchId("a"), "moscow")], {}), Text(body=BODY))

    assert json.loads(json.dumps(dataclasses.asdict(results[0])))["why_not"][0]["reason"] == "absent"


def test_every_reason_has_words() -> None:
    """Messages can be filled without knowing which is which."""
    assert all(words.format(clause="a", found="b", hint="c", language="d") for words in MESSAGES.values())


def test_a_bound_that_was_reached_is_told_of_what_is_not_met() -> None:
    """Beyond a thousand places of a term nothing was looked at, so a place near another may have been missed."""
    text = Text(body="drone " * (MAX_HITS + 9) + "kyiv")
    watches = [Watch(WatchId("a"), "drone NEAR/3 kyiv"), Watch(WatchId("b"), "moscow")]

    assert [(one.matched, one.limits) for one in explain(compile_rules(watches, {}), text)] == [
        (False, ("hits",)),
        (False, ()),
    ]
