"""Watches and concepts as one rule set, or every problem of every query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from monitor.match.compiler import check_query, compile_filter, compile_rules, keywords_query
from monitor.match.concepts import builtin_packs, load_packs
from monitor.match.faults import MAX_ALIASES, MAX_PATTERNS, query_faults
from monitor.match.lexicon import make_lexicon
from monitor.match.matcher import RuleSet
from monitor.match.packs import Concept
from monitor.match.parser import MAX_CHARACTERS, MAX_DEPTH, MAX_LEAVES, parse
from monitor.match.syntax import QueryError
from monitor.model.ids import WatchId
from monitor.model.watch import Place, Text, Watch
from tests.support.packs import example_pack


def rules_of(*queries: str, **keywords: object) -> RuleSet:
    """Watches w0, w1, … of these queries."""
    watches = [Watch(WatchId(f"w{number}"), query, **keywords) for number, query in enumerate(queries)]  # type: ignore[arg-type]
    return compile_rules(watches, example_pack())


def test_no_watch_at_all() -> None:
    """An empty rule set meets nothing."""
    rules = compile_rules([], {})

    assert rules.match(Text(body="drone")) == ()
    assert rules.watches == ()
    assert rules.size == (0, 0, 0, 0)


def test_versions_are_stable_and_follow_the_query() -> None:
    """The same query is the same version in any rule set; another query is another."""
    first, second = rules_of("drone", "@example"), rules_of("drones", "@example", "drone")

    assert first.version(WatchId("w1")) == second.version(WatchId("w1"))
    assert first.version(WatchId("w0")) == second.version(WatchId("w2")) != second.version(WatchId("w0"))


def test_equal_terms_of_many_watches_are_one_pattern() -> None:
    """A thousand watches with one concept cost its patterns once."""
    one, many = rules_of("@example"), rules_of(*["@example"] * 50)

    assert many.size.patterns == one.size.patterns
    assert many.size.signals == one.size.signals == 1


def test_filter() -> None:
    """A feed's filter is a query without a watch."""
    rules = compile_filter("drone AND NOT toy", {})

    assert rules.met(Text(body="drone"))
    assert not rules.met(Text(body="toy drone"))


@pytest.mark.parametrize(
    ("entries", "text", "found"),
    [
        (
            ["TSMC", "chip war", "semiconduct*"],
            "Chip war: tsmc and semiconductors",
            ["Chip war", "tsmc", "semiconductors"],
        ),
        (["AND", "OR"], "this or that", ["or"]),
        (['say "hi"', "a:b", "C++ (lang)", "x{y}", "*schiff"], "Raumschiff a b", ["Raumschiff", "a b"]),
        (["無人機", "F-16", ""], "無人機 F-16", ["無人機", "F-16"]),
        (["back\\slash"], "back slash", ["back slash"]),
    ],
)
def test_keywords(entries: list[str], text: str, found: list[str]) -> None:
    """The short form takes any entry as it is written."""
    (match,) = rules_of(keywords_query(entries)).match(Text(body=text))

    assert [hit.text for hit in match.hits] == found


@pytest.mark.parametrize(
    "query",
    [
        "a OR " * (MAX_CHARACTERS // 5) + "a",
        " OR ".join(["a1"] * (MAX_LEAVES + 1)),
        "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1),
        "a AND " + "NOT " * (MAX_DEPTH + 1) + "a",
        "title:" * (MAX_DEPTH + 1) + "a",
    ],
    ids=["characters", "leaves", "parentheses", "NOTs", "fields"],
)
def test_q12_bounds(query: str) -> None:
    """What is too large is refused as such, not by an exception of Python's."""
    assert [problem.id for problem in check_query(query, Place(), {})] == ["MON-QRY-012"]


@pytest.mark.parametrize("query", ["无?机", "使用uav*abc", "드론?가나다"])
def test_q06_wildcards_inside_scripts_without_words(query: str) -> None:
    """A wildcard inside a word needs the borders of the word."""
    assert [problem.id for problem in check_query(query, Place(), {})] == ["MON-QRY-006"]


def faults_of(query: str, concepts: Mapping[str, Concept], forms: int = 1) -> list[str]:
    """Messages about a query in a language in which every word has so many forms."""
    tree = parse(query)
    words = make_lexicon([tree], concepts, lambda word, _: tuple(f"{word}{number}" for number in range(forms)))
    return [fault.message for fault in query_faults(tree, words)]


def test_q12_patterns() -> None:
    """A query whose terms come to very many patterns is refused; the same term in two fields is one."""
    half = MAX_PATTERNS // 2

    assert faults_of("forms(a, en) OR forms(b, en)", {}, half) == []
    assert faults_of("forms(a, en) OR forms(b, en)", {}, half + 1) == ["20002 patterns, 20000 are allowed"]
    assert faults_of("title:forms(a, en) OR forms(a, en)", {}, half + 1) == []


def test_q12_concepts() -> None:
    """Every concept has a bound of its own, so that a query may name the largest twice, and others beside it."""
    alias = example_pack()["example"].strong[0]
    rows = tuple(alias._replace(core=f"word{number}") for number in range(MAX_ALIASES + 1))
    large, small = (replace(example_pack()["example"], strong=part) for part in (rows, rows[:-1]))

    assert faults_of("@x NEAR/5 a OR title:@x NEAR/5 b OR @y", {"x": small, "y": small}) == []
    assert faults_of("a OR @x", {"x": large}) == ["the concept has 100001 patterns, 100000 are allowed"]


@pytest.mark.parametrize(
    "query", ["@drones AND @ukraine AND @taiwan", "title:@drones OR @drones NEAR/5 (@taiwan OR x)"]
)
def test_shipped_packs_are_named_beside_each_other(query: str) -> None:
    """Several packs and one pack twice are no large watch."""
    assert check_query(query, Place(), builtin_packs()) == ()


def test_q13_forms_without_a_dictionary() -> None:
    """A language without a dictionary is named, with a language that has one."""
    (tree,) = [parse("forms(word, tlh)")]
    (fault,) = query_faults(tree, make_lexicon([tree], {}, lambda word, language: None))

    assert fault.id == "MON-QRY-013"
    assert "tlh" in fault.message


def test_forms_belong_to_the_version() -> None:
    """A watch's version follows the forms its words have; forms that fold alike are one pattern."""
    watches = [Watch(WatchId("w"), "forms(dron, pl)")]
    known = [("dron", "drony", "Drony", "dronów"), ("dron", "drona")]
    rules = [compile_rules(watches, {}, lambda word, language, row=row: row) for row in known]

    assert rules[0].version(WatchId("w")) != rules[1].version(WatchId("w"))
    assert rules[0].size.patterns == 3
    assert [hit.kind for match in rules[0].match(Text(body="Dronów, drony")) for hit in match.hits] == ["form", "form"]


def test_largest_allowed() -> None:
    """The bounds themselves are allowed."""
    assert not check_query(" OR ".join(["a1"] * MAX_LEAVES), Place(), {})
    assert not check_query("(" * (MAX_DEPTH - 1) + "a" + ")" * (MAX_DEPTH - 1), Place(), {})


def test_all_meaning_faults_at_once() -> None:
    """Syntax stops at the first fault; what the terms mean is checked in full, over all watches."""
    watches = [
        Watch(WatchId("a"), "@nobody OR dr* OR &", place=Place("a.yaml", 2, 8)),
        Watch(WatchId("b"), "x y", place=Place("b.yaml", 3, 8)),
        Watch(WatchId("c"), "fine"),
    ]
    with pytest.raises(QueryError) as caught:
        compile_rules(watches, {})

    assert [(problem.file, problem.column, problem.id[-3:]) for problem in caught.value.problems] == [
        ("a.yaml", 8, "005"), ("a.yaml", 19, "006"), ("a.yaml", 26, "011"), ("b.yaml", 10, "003"),
    ]  # fmt: skip


def test_version_follows_the_pack() -> None:
    """A changed pack is another version of every watch that uses it, and of no other."""
    packs = [load_packs({"x.yaml": f"concept: x\nlanguages: {{en: {{terms: [{term}]}}}}"})[0] for term in ("a", "b")]
    rules = [compile_rules([Watch(WatchId("w"), "@x"), Watch(WatchId("v"), "a")], pack) for pack in packs]

    assert rules[0].version(WatchId("w")) != rules[1].version(WatchId("w"))
    assert rules[0].version(WatchId("v")) == rules[1].version(WatchId("v"))
