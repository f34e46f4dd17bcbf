"""What a rule set says about an article: watches, hits, spans, counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.match.compiler import compile_rules
from monitor.match.concepts import builtin_packs, load_packs
from monitor.match.engine import Engine, engines
from monitor.match.matcher import RuleSet
from monitor.match.places import MAX_HITS
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch
from tests.support.packs import example_pack


def rules_of(*queries: str, **keywords: object) -> RuleSet:
    """Watches w0, w1, … of these queries."""
    watches = [Watch(WatchId(f"w{number}"), query, **keywords) for number, query in enumerate(queries)]  # type: ignore[arg-type]
    return compile_rules(watches, example_pack())


def test_a_hit_says_all_about_itself() -> None:
    """Field, span, UTF-16 span, slice, term, kind, concept, language of the alias, clause."""
    text = Text(title="😀 Drohnenkrieg", language="de")
    (match,) = rules_of("kyiv OR @example").match(text)
    (hit,) = match.hits

    assert (hit.field, hit.start, hit.end, hit.utf16, hit.text) == ("title", 2, 14, (3, 15), "Drohnenkrieg")
    assert (hit.term, hit.kind, hit.concept, hit.language, hit.clause) == ("drohn*", "prefix", "example", "de", (8, 16))


@pytest.mark.parametrize(
    ("query", "body", "kind"),
    [
        ("drone", "drone", "term"),
        ('"drone war"', "drone war", "phrase"),
        ("dron*", "drones", "prefix"),
        ("*drone", "minidrone", "suffix"),
        ("{US}", "US", "case"),
        ("=élan", "élan", "accent"),
        ("@example", "🇺🇦", "symbol"),
        ("@example", "БПЛА", "acronym"),
    ],
)
def test_kinds(query: str, body: str, kind: str) -> None:
    """Each form of a term has its name."""
    (match,) = rules_of(query).match(Text(body=body))

    assert [hit.kind for hit in match.hits] == [kind]


def test_too_many_pairs_are_told() -> None:
    """Of a NEAR inside a NEAR a thousand pairs are looked at; a match says that there were more."""
    rules = rules_of("kyiv NEAR/0 (war NEAR/200 drone)")
    few, many = (rules.match(Text(body="kyiv " + "war drone " * count)) for count in (20, 40))

    assert [match.limits for match in (*few, *many)] == [(), ("hits",)]


@pytest.mark.parametrize("engine", engines(), ids=lambda engine: engine.name)
@pytest.mark.parametrize(
    ("query", "body", "said", "utf16"),
    [
        ("taiwan", "\u200f\u2067Taiwan\u2069\u200f, Kyiv", "Taiwan", (2, 8)),
        ("ukrain*", "Ukraine\u200e!", "Ukraine", (0, 7)),
        ('"drone war"', "a drone\u200f war\u200f\u202c", "drone\u200f war", (2, 12)),
        ("无人机", "😀无人机\u200b\u200b飞", "无人机", (2, 5)),
        ("הנמל", "הַנָּמֵל\u200f.", "הַנָּמֵל", (0, 8)),
        ("{U.S}", "U.S\u200f.", "U.S", (0, 3)),
        ("kyiv", "kyiv", "kyiv", (0, 4)),
    ],
)
def test_hits_end_with_what_is_seen(query: str, body: str, said: str, utf16: tuple[int, int], engine: Engine) -> None:
    """Marks of direction and of line breaks around a word are no part of it; vowels and what lies inside are."""
    (match,) = rules_of(query).by(engine).match(Text(body=body))
    (hit,) = match.hits

    assert (hit.text, body[hit.start : hit.end], hit.utf16) == (said, said, utf16)


def test_hits_go_by_field_and_place() -> None:
    """Title, summary, body; in each from left to right, whichever clause found them."""
    text = Text(title="b then a", summary="a, b", body="b a")
    (match,) = rules_of("a OR b").match(text)

    assert [(hit.field, hit.start) for hit in match.hits] == [
        ("title", 0), ("title", 7), ("summary", 0), ("summary", 3), ("body", 0), ("body", 2),
    ]  # fmt: skip


def test_many_hits_are_counted_and_the_first_kept() -> None:
    """At most 200 hits travel, `hits_total` says how many there were."""
    (match,) = rules_of("drone").match(Text(body="drone, " * 500))

    assert (len(match.hits), match.hits_total) == (MAX_HITS, 500)
    assert match.hits[-1].start == 7 * (MAX_HITS - 1)


def test_stored_hits_of_one_pattern_are_bounded() -> None:
    """A text of one word costs no more than a thousand hits."""
    (match,) = rules_of("drone").match(Text(body="drone " * 5000))

    assert match.hits_total == 1000


def test_bounds_that_were_reached_are_told() -> None:
    """A text that is longer than what is read of it; a term that stands there too often. Others are not concerned."""
    rules = rules_of("drone", "port AND NOT war", "title:drone")
    found = {match.watch.query: match.limits for match in rules.match(Text(body="port " + "drone " * 1000))}
    assert found == {"drone": ("hits",), "port AND NOT war": ()}

    (long,) = rules_of("port").match(Text(summary="x" * 65_537, body="port"))
    (short,) = rules_of("port").match(Text(summary="x" * 65_536, body="port"))
    assert (long.limits, short.limits) == (("field",), ())
    both = rules_of("drone").match(Text(title="drone", body="drone " * 12_000))
    assert [match.limits for match in both] == [("field", "hits")]


def test_a_field_is_read_up_to_its_bound() -> None:
    """What stands beyond 65,536 code points is not looked at."""
    assert rules_of("drone").match(Text(body="x " * 32_765 + "drone"))
    assert not rules_of("drone").match(Text(body="x " * 32_768 + "drone"))


CHOICE = """
concept: choice
scope: {prefix: any}
languages:
  en: {terms: [drone], prefix: [drone]}
  fr: {prefix: [drone]}
  de: {terms: [drone strike]}
"""


@pytest.mark.parametrize(
    ("language", "body", "expected"),
    [
        ("fr", "drone", [("drone", "fr")]),
        ("en", "drone", [("drone", "en")]),
        ("de", "drone strike", [("drone strike", "de")]),
        ("fr", "drone strike", [("drone", "fr")]),
        ("pl", "drone strike", [("drone strike", "de")]),
        ("und", "drone", [("drone", "en")]),
    ],
)
def test_which_alias_a_hit_names(language: str, body: str, expected: list[tuple[str, str]]) -> None:
    """Of several at one place: the text's language first, then the longest pattern, then file order."""
    packs, _ = load_packs({"choice.yaml": CHOICE})
    (match,) = compile_rules([Watch(WatchId("w"), "@choice")], packs).match(Text(body=body, language=language))

    assert [(hit.text, hit.language) for hit in match.hits] == expected


def test_a_summary_that_opens_the_body_is_not_counted_twice() -> None:
    """Its hits are those of the body, except for `summary:`."""
    text = Text(summary="A drone fell.", body="A DRONE fell. More follows.")
    matches = rules_of("drone", "summary:drone", "summary:drone AND body:follows").match(text)

    assert [[hit.field for hit in match.hits] for match in matches] == [["body"], ["summary"], ["summary", "body"]]


def test_a_feed_cannot_forge_a_border() -> None:
    """U+001F in a text is a blank: fields and spans stay right."""
    text = Text(title="a\x1fdrone", body="b\x1f drone")
    (match,) = rules_of("drone").match(text)

    assert [(hit.field, hit.start, hit.end) for hit in match.hits] == [("title", 2, 7), ("body", 3, 8)]


def test_watches_are_restricted_by_id_language_and_pause() -> None:
    """Only the ids asked for; only articles of the watch's languages; a paused watch is never met."""
    text = Text(body="drone", language="fr")
    watches = [
        Watch(WatchId("all"), "drone"),
        Watch(WatchId("french"), "drone", languages=("fr",)),
        Watch(WatchId("chinese"), "drone", languages=("zh-Hant",)),
        Watch(WatchId("paused"), "drone", paused=True),
    ]
    rules = compile_rules(watches, {})

    assert rules.met(text) == ("all", "french")
    assert rules.met(text, frozenset({"french", "paused"})) == ("french",)
    assert rules.met(text, frozenset()) == ()
    assert rules.met(Text(body="drone", language="yue")) == ("all", "chinese")
    assert rules.met(Text(body="drone")) == ("all",)


def test_empty_article() -> None:
    """Nothing is in nothing."""
    assert rules_of("drone OR @example", "🇺🇦").match(Text()) == ()


def test_wanted_clause_is_the_positive_one() -> None:
    """A term below NOT raises no hit, even if it also stands elsewhere."""
    (match,) = rules_of("drone AND NOT title:drone").match(Text(body="A drone"))

    assert [(hit.field, hit.clause) for hit in match.hits] == [("body", (0, 5))]


def test_the_article_the_service_was_asked_for(corpus: Path) -> None:
    """The counts that were given beforehand, and every slice where it says it is."""
    body = (corpus / "seed-article-fr.txt").read_text(encoding="utf-8")
    names = ("ukraine", "taiwan", "drones")
    rules = compile_rules([Watch(WatchId(name), "@" + name) for name in names], builtin_packs())
    matches = {match.watch.id: match for match in rules.match(Text(body=body, language="fr"))}

    assert {name: matches[WatchId(name)].hits_total for name in names} == {"ukraine": 12, "taiwan": 2, "drones": 5}
    assert [hit.text for hit in matches[WatchId("taiwan")].hits] == ["Taiwan", "Taïwan"]
    assert all(body[hit.start : hit.end] == hit.text for match in matches.values() for hit in match.hits)
