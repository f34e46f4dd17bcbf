"""Warnings: one query that earns each, and one that does not."""

from __future__ import annotations

import pytest

from monitor.match.compiler import compile_rules
from monitor.match.lexicon import make_lexicon
from monitor.match.lint import LINTS, Subject, counted_warnings, lint, skipped, warnings
from monitor.match.parser import parse
from monitor.match.vocabulary import ENOUGH, Vocabulary, WordCount
from monitor.model.ids import WatchId
from monitor.model.watch import Place, Text, Watch
from tests.support.packs import example_pack

COUNTS = {"port": 80, "portugal": 60, "portrait": 70, "drohnen": 1}
WORDS = {"port": "port", "portugal": "Portugal", "portrait": "portrait", "drohnen": "Drohnen", "uber": "uber"}
KNOWN = Vocabulary(WORDS, COUNTS)


def inflect(word: str, language: str) -> tuple[str, ...]:
    """A dictionary of one word."""
    return ("port", "ports") if word == "port" else (word,)


def lint_of(query: str, vocabulary: Vocabulary | None = None) -> list[tuple[str, str]]:
    """Ids of the warnings, each with what it points at."""
    tree = parse(query)
    faults = lint(Subject(query, tree, make_lexicon([tree], example_pack(), inflect), vocabulary))
    return [(fault.id[-3:], query[slice(*fault.span)]) for fault in faults]


CASES = [
    pytest.param("drone OR taiwan AND goal", [("001", "taiwan AND goal")], id="l01"),
    pytest.param("drone OR (taiwan AND goal)", [], id="l01-parentheses"),
    pytest.param("drone AND NOT drone", [("002", "NOT drone")], id="l02"),
    pytest.param("(drone OR droned) AND NOT (dro* OR uvw)", [("002", "NOT (dro* OR uvw)")], id="l02-all"),
    pytest.param("(drone OR uav) AND NOT drone", [], id="l02-some"),
    pytest.param("drone AND NOT title:drone", [], id="l02-field"),
    pytest.param("@example AND NOT @example", [("002", "NOT @example")], id="l02-concept"),
    pytest.param("SCORE/4(abc^2 OR def)", [("002", "SCORE/4(abc^2 OR def)")], id="l02-score"),
    pytest.param("drone AND lang:uk AND NOT lang:uk", [("002", "NOT lang:uk")], id="l02-metadata"),
    pytest.param("(drone AND kyiv) AND NOT kyiv", [("002", "NOT kyiv")], id="l02-nested"),
    pytest.param("drone NEAR/3 kyiv AND NOT kyiv", [("002", "NOT kyiv")], id="l02-near"),
    pytest.param("drone NOT NEAR/3 kyiv AND NOT kyiv", [], id="l02-guard"),
    pytest.param("SENTENCE(drone AND kyiv) AND NOT drone", [("002", "NOT drone")], id="l02-sentence"),
    pytest.param("SENTENCE(drone OR kyiv) AND NOT drone", [], id="l02-alternative"),
    pytest.param('"trade war" AND NOT trade', [("002", "NOT trade")], id="l02-phrase"),
    pytest.param('"trade war*" AND NOT war', [], id="l02-open-phrase"),
    pytest.param('"trade war" AND NOT title:trade', [], id="l02-phrase-elsewhere"),
    pytest.param("SCORE/2(drone OR kyiv) AND NOT (drone OR kyiv)", [("002", "NOT (drone OR kyiv)")], id="l02-terms"),
    pytest.param("drone AND lang:uk AND lang:en", [("002", "lang:en")], id="l02-languages"),
    pytest.param("drone AND lang:no AND lang:nb", [], id="l02-one-language"),
    pytest.param("drone AND country:(ua AND de)", [("002", "de")], id="l02-countries"),
    pytest.param("drone AND country:(ua OR de) AND lang:uk", [], id="l02-either-country"),
    pytest.param("title:war NEAR/9 body:kyiv", [("002", "title:war NEAR/9 body:kyiv")], id="l02-fields"),
    pytest.param(
        "drone AND SENTENCE(title:war AND body:kyiv)", [("002", "SENTENCE(title:war AND body:kyiv)")], id="l02-in"
    ),
    pytest.param("title:war NEAR/9 (body:kyiv OR odesa)", [], id="l02-either-field"),
    pytest.param("SENTENCE(war AND NOT title:kyiv)", [], id="l02-absent-elsewhere"),
    pytest.param("lang:uk", [("003", "lang:uk")], id="l03"),
    pytest.param("drone OR (lang:uk AND country:ua)", [("003", "drone OR (lang:uk AND country:ua)")], id="l03-branch"),
    pytest.param("drone AND lang:uk", [], id="l03-word"),
    pytest.param("drone OR drone*", [("004", "drone")], id="l04"),
    pytest.param("*drone OR mydrone", [("004", "mydrone")], id="l04-suffix"),
    pytest.param('@example OR 无人機場 OR "power plant"', [], id="l04-concept-phrase"),
    pytest.param("abc OR (def OR ABC)", [("004", "ABC")], id="l04-twice"),
    pytest.param("title:war OR war", [("004", "title:war")], id="l04-field"),
    pytest.param("war OR author:war", [], id="l04-author"),
    pytest.param("=dröhnen OR dröhnen", [("004", "=dröhnen")], id="l04-accent"),
    pytest.param("{NATO} OR {Nato} OR {NATO}", [("004", "{NATO}")], id="l04-exact"),
    pytest.param("forms(port, en) OR ports", [("004", "ports")], id="l04-forms"),
    pytest.param("org?nise OR organise", [], id="l04-shape"),
    pytest.param("US AND war", [("007", "US")], id="l07"),
    pytest.param('"F-16 jets"~3', [], id="l07-window"),
    pytest.param("机 AND 无人机", [("007", "机")], id="l07-one-character"),
    pytest.param("{US} AND 台湾 AND 5 AND 드", [("007", "드")], id="l07-exact"),
    pytest.param("드론 OR tag:eu", [], id="l07-two-syllables"),
    pytest.param("حق", [("007", "حق")], id="l07-without-capitals"),
    pytest.param("F-16 AND war", [("009", "F-16")], id="l09"),
    pytest.param("F16 AND war", [("009", "F16")], id="l09-joined"),
    pytest.param("F16 OR F-16", [], id="l09-both"),
    pytest.param("MiG-29 AND war", [("009", "MiG-29")], id="l09-mixed"),
    pytest.param("word7 OR f16 OR covid-19 OR Euro-2024 OR Apollo-11", [], id="l09-made-up"),
    pytest.param("无人机*", [("010", "无人机*")], id="l10"),
    pytest.param("드론*", [("010", "드론*")], id="l10-korean"),
    pytest.param("*드론", [], id="l10-korean-ending"),
    pytest.param("forms(nobody, en)", [("010", "forms(nobody, en)")], id="l10-forms"),
    pytest.param("forms(port, en) AND war*", [], id="l10-none"),
]


@pytest.mark.parametrize(("query", "expected"), CASES)
def test_warnings(query: str, expected: list[tuple[str, str]]) -> None:
    """The id and the place of each."""
    assert lint_of(query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("ukraine AND port*", [("006", "port*")], id="l06"),
        pytest.param("ukraine AND po?t*", [("006", "po?t*")], id="l06-shape"),
        pytest.param("port AND *gal", [], id="l06-suffix-of-one"),
        pytest.param("ukrai*", [], id="l06-one-word"),
        pytest.param("dröhnen", [("008", "dröhnen")], id="l08"),
        pytest.param("über", [("008", "über")], id="l08-not-counted"),
        pytest.param("drohnen OR Drohnen*", [("004", "drohnen")], id="l08-plain"),
        pytest.param("kýiv", [], id="l08-no-other-word"),
        pytest.param("drohnen OR =dröhnen", [("004", "=dröhnen")], id="l08-exact"),
    ],
)
def test_warnings_of_common_words(query: str, expected: list[tuple[str, str]]) -> None:
    """What only words of others can tell."""
    assert lint_of(query, KNOWN) == expected


def messages(query: str) -> list[str]:
    """What is said of a query by the words that are known."""
    tree = parse(query)
    return [fault.message for fault in lint(Subject(query, tree, make_lexicon([tree], {}), KNOWN))]


def test_words_that_a_beginning_hits() -> None:
    """The commonest first, as they are mostly written."""
    assert messages("port*") == ["hits portrait, Portugal"]


def test_a_word_that_was_counted_is_common_and_one_of_a_dictionary_is_a_word() -> None:
    """No more is said than is known."""
    assert messages("dröhnen") == ["without accents it is Drohnen, which is more common"]
    assert messages("über") == ["without accents it is uber, which is a word as well"]


def counted(*queries: str, articles: int = ENOUGH) -> WordCount:
    """Watches before articles of which every tenth speaks of a drone and every fiftieth of Ukraine."""
    watches = [Watch(WatchId(f"w{at}"), query, place=Place(f"w{at}.yaml", 1, 8)) for at, query in enumerate(queries)]
    count = WordCount(compile_rules(watches, example_pack()), example_pack())
    for at in range(articles):
        said = "a drone" if at % 10 == 0 else "Ukraine and its ports" if at % 50 == 1 else "the Portuguese port"
        count.hear(Text(title="The news", body=said, language="en"))
    return count


EXPENSIVE = [
    pytest.param("the AND drone", "10%", id="l05"),
    pytest.param("the OR ukraine", "100%", id="l05-or"),
    pytest.param("ukraine OR (the AND drone)", "12%", id="l05-branches"),
    pytest.param("FIRST/50(drone OR ukraine)", "12%", id="l05-inside"),
    pytest.param("the AND ukraine", "", id="l05-rare"),
    pytest.param("title:drone AND the", "", id="l05-field"),
    pytest.param("@example", "", id="l05-concept"),
]


@pytest.mark.parametrize(("query", "share"), EXPENSIVE)
def test_what_must_occur_is_common(query: str, share: str) -> None:
    """Judged by the groups of terms that are searched for."""
    found = [one for one in counted_warnings(counted(query), {}) if one.id == "MON-LNT-005"]

    assert [one.message for one in found] == ([f"what has to occur does so in {share} of articles"] if share else [])


def test_words_of_articles_and_of_dictionaries() -> None:
    """Counted ones first; each warning has its place."""
    (warning,) = counted_warnings(counted("port* AND ukraine"), {"porto": "Porto"})

    assert (warning.file, warning.id) == ("w0.yaml", "MON-LNT-006")
    assert warning.message == "hits Portuguese, ports, Porto"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("covid-19", ["covid19 is another word; of the articles counted, 20 have it"]),
        ("f16", ["f-16 is another word; of the articles counted, 200 have it"]),
        ("covid-19 OR covid19", []),
        ("F-16", []),
        ("T72", []),
    ],
)
def test_l09_other_spellings_are_counted(query: str, said: list[str]) -> None:
    """Enough articles know whether anybody writes the other one, whatever it looks like."""
    count = counted(query, articles=0)
    for at in range(ENOUGH):
        count.hear(Text(title="An F-16", body="COVID19 is over" if at % 10 == 0 else "Nothing", language="en"))

    assert [one.message for one in counted_warnings(count, {}) if one.id == "MON-LNT-009"] == said


@pytest.mark.parametrize(
    ("query", "quoted"),
    [
        ('"@example" OR port', ['"@example"']),
        ('"drone AND kyiv" OR "{NATO}" OR "title:war"', ['"drone AND kyiv"', '"{NATO}"', '"title:war"']),
        ('"@KyivPost" OR "BLACK AND WHITE" OR "rock and roll" OR "Source: Reuters"', []),
    ],
)
def test_phrases_that_look_like_queries(query: str, quoted: list[str]) -> None:
    """As a list of keywords has them whose author took it for one of queries."""
    assert lint_of(query) == [("011", one) for one in quoted]


def test_what_nothing_is_known_for_is_skipped() -> None:
    """A few articles prove nothing; where no query depends on a word, none is missing."""
    few, many = counted("the AND port*", articles=ENOUGH - 1), counted("the AND port*")

    assert counted_warnings(few, {}) == ()
    assert skipped(few, {}) == ("MON-LNT-005", "MON-LNT-006", "MON-LNT-008")
    assert skipped(few, {"porto": "Porto"}) == ("MON-LNT-005",)
    assert skipped(many, {}) == ()
    assert skipped(counted("port", articles=0), {}) == ("MON-LNT-005",)


def test_place_of_a_warning() -> None:
    """As for problems: file, line, column, caret, remedy."""
    watches = [Watch(WatchId("a"), "US OR nato", place=Place("a.yaml", 3, 8)), Watch(WatchId("b"), "nato")]
    (warning,) = warnings(compile_rules(watches, {}), {})

    assert (warning.file, warning.line, warning.column, warning.id) == ("a.yaml", 3, 8, "MON-LNT-007")
    assert "{US}" in warning.context


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("us", "us in any capitals is also a short word or another abbreviation; write {US}, or a longer term"),
        ("C++", "C++ in any capitals is also a short word or another abbreviation; write {C}, or a longer term"),
        ("حق", "حق is also another short word; write a longer term"),
        ("드", "one character is part of many words; write the whole word"),
    ],
)
def test_what_is_said_of_short_terms(query: str, said: str) -> None:
    """Capitals are a remedy where there are any."""
    tree = parse(query)
    (fault,) = lint(Subject(query, tree, make_lexicon([tree], {})))

    assert f"{fault.message}; {fault.remedy}" == said


def test_every_warning_has_a_case() -> None:
    """The table and the cases name the same ids."""
    tried = {f"MON-LNT-{str(case.id)[1:3].zfill(3)}" for case in CASES}

    assert tried | {"MON-LNT-005", "MON-LNT-006", "MON-LNT-008", "MON-LNT-011"} == set(LINTS)
