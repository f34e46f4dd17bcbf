"""Both engines say the same: what is found, what is met, and what is shown of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.match.arrays import Arrays
from monitor.match.automaton import MAX_HITS, Hits
from monitor.match.compiler import compile_rules
from monitor.match.engine import Engine, engines
from monitor.match.fold import BORDER
from monitor.match.heard import Heard
from monitor.match.index import Entry, Sets
from monitor.match.listeners import Listeners
from monitor.match.matcher import RuleSet
from monitor.match.native import is_built
from monitor.model.ids import WatchId
from monitor.model.watch import Hit, Text, Watch
from tests.support.engines import (
    NAMES,
    engine_named,
    judge_naively,
    listeners_of,
    raised_by,
    search_naively,
)
from tests.support.naive_queries import Chance

few = settings(max_examples=150, deadline=None)
LETTERS = [
    "ab ",
    "a ",
    "aéß ",
    "ab\x00\x1f\x7f\x80\xff ",
    "дрон ",
    "无人机 a0",
    "โดรน ",
    "드론대만 0",
    "𠮷🇺🇦 a",
    "\uffff\U00010000\U0010ffff a",
    "a\U00010061\U00020061 b",  # alike in their low bits
    "ab дн 机无 𠮷",
]
"""Of few letters, so that words repeat, and lie in each other; of one, two and four bytes."""
SIGNALS = 12


@pytest.fixture(scope="module", params=NAMES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine."""
    return engine_named(request.param)


@pytest.fixture(scope="module")
def kernel() -> ModuleType:
    """What is compiled."""
    engine_named("native")
    from monitor.match.native import kernel

    return kernel


# ---- searching ----


@st.composite
def searches(draw: st.DrawFn) -> tuple[list[str], str]:
    """Patterns and a text: pieces of the text, pieces of those, and what does not occur."""
    letters, others = draw(st.sampled_from(LETTERS)), draw(st.sampled_from(LETTERS))
    text = draw(st.text(letters, max_size=60))
    invented = draw(st.lists(st.text(draw(st.sampled_from([letters, others])), min_size=1, max_size=6), max_size=8))
    cuts = draw(st.lists(st.tuples(st.integers(0, 59), st.integers(1, 15)), max_size=10))
    pieces = [text[at : at + length] for at, length in cuts]
    patterns = [*invented, *pieces, *[piece[: len(piece) // 2] for piece in pieces]]
    return [pattern for pattern in dict.fromkeys(patterns) if pattern not in ("", " ")], text


@few
@given(case=searches())
def test_search_finds_every_place_of_every_pattern(engine: Engine, case: tuple[list[str], str]) -> None:
    """Overlapping ones too, by where they begin and end, whatever blanks and letters there are."""
    found_by_trying(engine, *case)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@settings(max_examples=50_000, deadline=None)
@given(case=searches())
def test_search_finds_every_place_50_000_times(engine: Engine, case: tuple[list[str], str]) -> None:
    """The long form."""
    found_by_trying(engine, *case)


def found_by_trying(engine: Engine, patterns: list[str], text: str) -> None:
    """What is found is what trying every place finds."""
    hits = engine.make_search(patterns).find(text)
    expected = search_naively(patterns, text, MAX_HITS)

    assert list(hits) == expected
    assert len(hits) == len(expected)
    assert hits.patterns == {pattern for pattern, _, _ in expected}
    for stop in {0, len(text) // 2, len(text)}:
        assert list(hits.before(stop)) == [hit for hit in expected if hit[1] < stop]


@pytest.mark.parametrize(
    ("patterns", "text"),
    [
        ([" a ", " a b ", " a b c ", " b c", "c "], " a b c "),
        ([" a b c d "], " a b c "),
        ([" a b c d ", " b c "], " a b c x "),
        ([" a", " ab", " abc", " abc "], " abcd abc"),
        (["  ", " a", "a ", "  a"], "  a  a  "),
        (["a", "b"], "ab"),
        (["a"], "\U00010061a\U00020061"),
        (["\U00010061"], "a\U00010061"),
        ([" a", "a"], "a"),
        ([" a "], " a"),
        (
            [" abcdefg", " abcdefg ", " abcdefgh", " abcdefgh ", " abcdefghi", " abcdefghi "],
            " abcdefg abcdefgh abcdefghi ",
        ),
        ([" abcdefgh", " abcdefghijklmnop", " abcdefghijklmnop "], " abcdefghijklmnop abcdefghijklmnopq "),
        ([" abc", " abc ", " abcж", "abc "], " abcж abc abcжabc "),
        ([" a\x00", " a ", " a\x00 ", " \x00"], " a \x00 a\x00 "),
        ([" abcdefg\x00 ", " abcdefg\u0100 ", " abcdefg\U00010000 "], " abcdefg\U00010000 abcdefg\x00 abcdefg\u0100 "),
        ([" \u0161\x61 ", " aa "], " \u0161\u0061 aa \u0100\u0100 "),
        ([" abcdefgh x", " abcdefgh x ", " b abcdefgh", " b abcd"], " b abcdefgh xy abcdefgh x "),
        (["机"], "a"),
        (["机", "a"], "a"),
        (["a", "机"], "a"),
        (["机场", "场", " 机"], " 机场机场 "),
        (["a" * 300], "a" * 400),
        ([" " + "a " * 200], " " + "a " * 300),
        (["a"], ""),
        ([], " a "),
    ],
)
def test_search_at_the_edges(engine: Engine, patterns: list[str], text: str) -> None:
    """Beginnings of each other, phrases that break off, one letter, blanks at ends or none, nothing at all."""
    assert list(engine.make_search(patterns).find(text)) == search_naively(patterns, text, MAX_HITS)


def test_search_keeps_the_first_places_of_each_pattern(engine: Engine) -> None:
    """One frequent pattern does not crowd out a rare one, whether it begins words or stands anywhere."""
    patterns, text = [" a ", "机", " rare ", " a"], " a 机" * (MAX_HITS + 7) + " rare "

    assert list(engine.make_search(patterns).find(text)) == search_naively(patterns, text, MAX_HITS)


WORD, FORGED = "dwtgmlqu\xbaaaa\xb5aaa", "cavltalsO\xcbf\xd6D\xca\xfdL"
"""Words that the kernel's hash does not tell apart: eight letters that undo what the first eight made different."""
SHORT, LONG = "qrvaxiqk", "qrvaxiqkW\xfcbM\xc3C\xcf\xc5"
"""Nor these: eight further letters that change nothing."""
NOTHING = "nlfhrzpg\xce\xd3rp\xeb\xe1\xe2q"
"""Behind it and a blank the hash is what it was before."""


@pytest.mark.parametrize(
    ("patterns", "texts"),
    [
        (
            [f" {WORD} ", f" {WORD} x ", f" {WORD}", f" {WORD} {WORD} "],
            [f" {FORGED} ", f" {FORGED} x ", f" {FORGED} {WORD} x ", f" {WORD} {FORGED} ", f" {FORGED}x "],
        ),
        ([f" {SHORT} ", f" {SHORT}"], [f" {LONG} ", f" {SHORT} {LONG}"]),
        ([" x ", " x", f" {NOTHING} go on "], [f" {NOTHING} x ", f" {NOTHING} {NOTHING} xy "]),
    ],
)
def test_search_is_not_deceived_by_forged_words(engine: Engine, patterns: list[str], texts: list[str]) -> None:
    """Whoever writes a text can make its hashes what they like, and finds nothing by it."""
    for text in texts:
        assert list(engine.make_search(patterns).find(text)) == search_naively(patterns, text, MAX_HITS)


def test_search_among_thousands(engine: Engine) -> None:
    """Tables that are large, and filters that are full."""
    chance = random.Random(7)
    words = ["".join(chance.choices("abcdefдр机𠮷", k=chance.randint(1, 5))) for _ in range(3_000)]
    patterns = list(dict.fromkeys(map(_pattern(chance), words)))
    search = engine.make_search(patterns)
    for _ in range(5):
        text = " " + " ".join(chance.choices(words, k=60)) + " "
        assert list(search.find(text)) == search_naively(patterns, text, MAX_HITS)


def _pattern(chance: random.Random) -> Callable[[str], str]:
    return lambda word: chance.choice([f" {word} ", f" {word}", f"{word} ", word, f" {word} {word} "])


# ---- judging ----


@dataclass(frozen=True)
class Seen:
    """An article before an index."""

    hits: Hits
    title_end: int
    others: set[int]
    heard: Heard


def seen_by(engine: Engine, listeners: Listeners, text: str, title_end: int, others: set[int]) -> Seen:
    """A text of words `w0`, `w1` …, which are the patterns."""
    hits = engine.make_search([f" w{number} " for number in range(len(listeners.rows))]).find(text)
    return Seen(hits, title_end, others, Heard(raised_by(listeners, hits, title_end) | others))


def invented_listeners(chance: random.Random, patterns: int) -> Listeners:
    """Signals of which some are raised by several patterns, some in titles only, some by none."""
    plain = [chance.sample(range(SIGNALS), chance.randint(0, 3)) for _ in range(patterns)]
    titled = [chance.sample(range(SIGNALS), chance.choice([0, 0, 1, 2])) for _ in range(patterns)]
    return listeners_of(plain, titled)


def invented_entry(chance: random.Random) -> Entry:
    """A query of any form."""
    groups = [frozenset(chance.sample(range(SIGNALS), chance.randint(1, 3))) for _ in range(chance.randint(1, 4))]
    banned = frozenset(chance.sample(range(SIGNALS), 2)) if chance.random() < 0.3 else frozenset[int]()
    test = chance.choice([None, None, lambda heard: len(heard) % 2 == 0])
    return Entry(groups[0], tuple(groups[1:]), banned, test)


def invented_text(chance: random.Random, patterns: int) -> tuple[str, int]:
    """Words, and where the title ends."""
    words = [f"w{chance.randrange(patterns)}" for _ in range(chance.randint(0, 8))]
    title = chance.randint(0, len(words))
    text = f" {' '.join(words[:title])} {BORDER} {' '.join(words[title:])} "
    return text, text.index(BORDER)


def test_index_judges_every_query_as_if_it_were_alone(engine: Engine) -> None:
    """Anchors, groups, what is banned, trees, signals of titles only, and signals that no hit raises."""
    chance = random.Random(11)
    for _ in range(30):
        patterns = chance.randint(1, 9)
        listeners = invented_listeners(chance, patterns)
        entries = [invented_entry(chance) for _ in range(chance.randint(0, 150))]
        index = engine.make_index(entries, listeners, SIGNALS)
        for _ in range(12):
            others = set(chance.sample(range(SIGNALS), chance.choice([0, 0, 1, 3])))
            seen = seen_by(engine, listeners, *invented_text(chance, patterns), others)
            met = judge_naively(entries, seen.heard)
            assert index.met(seen) == met
            assert list(index.pick(seen, tuple(map(str, range(len(entries)))))) == list(map(str, met))
            assert index.candidates(seen) == _worth_a_look(entries, seen.heard)
            assert index.candidates(seen) == Sets(entries, SIGNALS).candidates(seen)
            assert index.candidates(seen) == Arrays(entries, SIGNALS).candidates(seen)


def _worth_a_look(entries: Sequence[Entry], heard: Heard) -> int:
    return sum(not entry.decided and not heard.isdisjoint(entry.anchor) for entry in entries)


def test_index_of_nothing(engine: Engine) -> None:
    """No query, no pattern, no signal."""
    nothing = listeners_of([], [])
    seen = seen_by(engine, nothing, " w0 ", 2, set())

    assert engine.make_index([], nothing, 0).met(seen) == []
    assert engine.make_index([], nothing, 0).candidates(seen) == 0


def test_a_hit_across_the_end_of_the_title_is_not_in_it(engine: Engine) -> None:
    """It counts for the title if it ends there at the latest."""
    listeners = listeners_of([[], []], [[0], [1]])
    index = engine.make_index([Entry(frozenset({0})), Entry(frozenset({1}))], listeners, 2)

    for title_end, met in ((3, []), (4, [0]), (7, [0, 1]), (99, [0, 1])):
        assert index.met(seen_by(engine, listeners, " w0 w1 ", title_end, set())) == met


def test_trees_are_asked_where_sets_hold_and_no_place_decides(engine: Engine) -> None:
    """Sets cost less; and what a tree raises is raised."""
    asked: list[int] = []
    listeners = listeners_of([[0], [1]], [[], []])

    def test(heard: Heard) -> bool:
        asked.append(len(heard))
        return True

    index = engine.make_index([Entry(frozenset({0}), (frozenset({1}),), frozenset({2}), test)], listeners, 3)

    assert index.met(seen_by(engine, listeners, " w0 ", 0, set())) == []
    assert index.met(seen_by(engine, listeners, " w0 w1 ", 0, {2})) == []
    assert index.met(seen_by(engine, listeners, " w0 w1 ", 0, set())) == [0]
    assert asked == [2]


def test_a_tree_that_fails_leaves_the_index_as_it_was(engine: Engine) -> None:
    """What goes wrong in one article is not remembered in the next."""
    listeners = listeners_of([[0], [1]], [[], []])

    def test(heard: Heard) -> bool:
        if 1 in heard:
            raise ArithmeticError
        return True

    index = engine.make_index([Entry(frozenset({0}), test=test), Entry(frozenset({1}))], listeners, 2)

    with pytest.raises(ArithmeticError):
        index.met(seen_by(engine, listeners, " w0 w1 ", 0, set()))
    assert index.met(seen_by(engine, listeners, " w0 ", 0, set())) == [0]


# ---- what stands near what ----

SIDES = [
    "alpha",
    "beta",
    "gamma",
    "alph*",
    "*amma",
    '"alpha beta"',
    '"beta gamma"',
    "дрон*",
    "(alpha OR delta)",
    "(bet* OR gamma OR дрон)",
    "f-16",
]
WORDS = ["alpha", "beta", "gamma", "delta", "alphabet", "betagamma", "дрон", "дроны", "f 16", "x", "y", "z.", "F-16"]


def near_rules(chance: random.Random) -> RuleSet:
    """Watches for what stands near what, alone and with what sets decide."""
    watches = []
    for number in range(40):
        left, right = chance.sample(SIDES, 2)
        near = f"{left} {chance.choice(['NEAR', 'ONEAR'])}/{chance.choice([0, 0, 1, 2, 5])} {right}"
        more = chance.choice(["", "", " AND delta", " AND NOT x", f" AND ({chance.choice(SIDES)} NEAR/1 {left})"])
        watches.append(Watch(WatchId(f"w{number:02}"), f"({near}){more}"))
    return compile_rules(watches, {})


def near_text(chance: random.Random, longest: int) -> Text:
    """Fields of few different words."""
    title, summary, body = (
        chance.choice([" ", ", ", "\n"]).join(chance.choices(WORDS, k=chance.randint(0, size)))
        for size in (4, 6, longest)
    )
    return Text(title, summary, body)


@pytest.mark.parametrize("longest", [4, 12, 40, 400])
def test_nearness_is_what_the_operators_say(engine: Engine, longest: int) -> None:
    """Over borders of fields, in order or not, overlapping, beginnings of words, and with very many places."""
    chance = random.Random(longest)
    for _ in range(4):
        rules = near_rules(chance).by(engine)
        for _ in range(25 if longest < 100 else 6):
            text = near_text(chance, longest)
            heard = rules.sight(rules.scan(text)).heard
            expected = tuple(query.watch.id for query in rules.queries if query.holds(heard))
            assert rules.met(text) == expected, (text, [query.watch.query for query in rules.queries])


def test_nearness_asks_no_tree_where_places_decide(kernel: ModuleType) -> None:
    """Only of very many places, and where words are not parted by blanks."""
    rules = compile_rules([Watch(WatchId("w"), "alpha NEAR/2 bet*")], {})
    asked = []
    entry = rules.queries[0].entry
    spying = entry._replace(test=lambda heard: asked.append(1) is None)
    index = engine_named("native").make_index([spying], rules.listeners, rules.size.signals)

    def met(body: str) -> tuple[list[int], int]:
        asked.clear()
        return index.met(rules.sight(rules.by(engine_named("native")).scan(Text(body=body)))), len(asked)

    assert met("alpha x y beta") == ([0], 0)
    assert met("alpha x y z beta") == ([], 0)
    assert met("alpha 机 beta") == ([0], 1)
    assert met("alpha x x x " * 64 + "beta") == ([], 0)
    assert met("alpha x x x " * 65 + "beta") == ([0], 1)


def test_what_has_to_pass_a_check_is_left_to_the_tree(engine: Engine) -> None:
    """Places are known of signals that any hit raises; in one field, or of exact letters, the tree is asked."""
    queries = ["title:alpha NEAR/2 beta", "{Alpha} NEAR/2 beta", "=alphá NEAR/2 beta", "alp?a* NEAR/2 beta"]
    rules = compile_rules([Watch(WatchId(f"w{n}"), query) for n, query in enumerate(queries)], {}).by(engine)

    assert rules.met(Text(title="alpha beta")) == ("w0", "w3")
    assert rules.met(Text(body="Alpha beta")) == ("w1", "w3")
    assert rules.met(Text(body="alphá beta, beta alpha")) == ("w2", "w3")
    assert rules.met(Text(title="alpha", body="beta")) == ()


# ---- the whole ----


def rounds(seed: int) -> int:
    """One set of queries over some texts, by every engine. Returns how many were met."""
    chance = Chance(seed)
    watches = [
        Watch(
            WatchId(f"w{number:02}"), str(chance.query(3)), paused=number == 9, languages=("uk",) if number == 8 else ()
        )
        for number in range(12)
    ]
    rules = compile_rules(watches, {})
    every = [rules.by(engine) for engine in engines()]
    met = 0
    for _ in range(5):
        language = chance.random.choice(["uk", "en", "und"])
        text = Text(chance.text(4), chance.text(5), chance.text(12), language)
        matches = [one.match(text) for one in every]
        assert matches[1:] == matches[:-1], (seed, text, watches)
        for one in every:
            assert one.met(text) == tuple(match.watch.id for match in matches[0]), (seed, one.engine)
            assert one.candidates(text) == every[0].candidates(text), (seed, one.engine)
            assert set(one.occurring(text)) == set(every[0].occurring(text)), (seed, one.engine)
        met += len(matches[0])
    return met


def test_rules_are_met_and_shown_alike_by_every_engine() -> None:
    """Any query over any text in sixteen scripts: the same watches, the same hits, the same candidates."""
    engine_named("native")
    assert sum(map(rounds, range(40))) > 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_rules_are_met_and_shown_alike_100_000_times() -> None:
    """The same over 100,000 pairs of query and text."""
    engine_named("native")
    assert sum(map(rounds, range(5_000, 5_000 + 100_000 // 60))) > 10_000


HOSTILE = "aA \ud800\udfff\u0301\u200b\x00\x1f机한ด🇺🇦𠮷ﬁß½İ-’"


@few
@given(title=st.text(HOSTILE, max_size=20), summary=st.text(HOSTILE, max_size=9), body=st.text(HOSTILE, max_size=60))
def test_hostile_texts_are_judged_alike(title: str, summary: str, body: str) -> None:
    """Lone surrogates, marks without letters, borders in the text, flags cut in two, letters of two UTF-16 units."""
    engine_named("native")
    text = Text(title, summary, body, authors=(body[:9],), tags=(title,))
    matches = [rules.match(text) for rules in hostile_rules()]

    assert matches[0] == matches[1]


HOSTILE_QUERIES = (
    *("a", "{A}", "机", "한*", '"a a"', "a NEAR/1 机", "title:a", "=ß", "ss", "fi", '"1 2"', "🇺🇦", "a ONEAR/0 ss"),
    *("author:a", "tag:机 AND a", "summary:a", "title:机 OR body:a", "a AND NOT title:a", "author:a NEAR/3 ss"),
    *("1", "2", "i", "title:2"),
)


@cache
def hostile_rules() -> list[RuleSet]:
    """Watches that such texts can meet, by every engine."""
    rules = compile_rules([Watch(WatchId(f"w{n:02}"), query) for n, query in enumerate(HOSTILE_QUERIES)], {})
    return [rules.by(engine) for engine in engines()]


@pytest.mark.parametrize(
    "text",
    [
        Text(body="a " * 300),
        Text(title="a " * 150, body="a ss " * 150),
        Text(body="a ss 机 " * (MAX_HITS + 20)),
        Text(body="x " * 40_000 + "a"),
        Text(summary="a ss", body="ss, a. a ss"),
        Text(title="𠮷 a 𠮷𠮷 机", summary="a 𠮷", body="𠮷🇺🇦 a"),
    ],
    ids=["many hits", "in two fields", "too many", "too long", "repeated summary", "wide letters"],
)
def test_bounds_are_reached_alike(text: Text) -> None:
    """Hits that are shown and counted, hits that are not looked at, texts that are cut, spans in UTF-16."""
    engine_named("native")
    matches = [rules.match(text) for rules in hostile_rules()]

    assert matches[0] == matches[1]


def test_hits_are_values(engine: Engine) -> None:
    """Equal ones have one hash, whoever made them."""
    (match,) = compile_rules([Watch(WatchId("w"), "a")], {}).by(engine).match(Text(body="a b a"))

    assert len({*match.hits, *map(tuple, match.hits)}) == len(match.hits) == 2
    assert all(type(hit) is Hit for hit in match.hits)


def test_everybody_is_told_the_same_engine() -> None:
    """`version` and `doctor` say what rules run on."""
    name = engines()[0].name

    assert is_built() is (name == "native")
    assert compile_rules([], {}).engine == name


def test_a_rule_set_says_which_engine_it_runs_on(engine: Engine) -> None:
    """And the one it was made of is as it was."""
    rules = compile_rules([Watch(WatchId("w"), "a")], {})

    assert rules.by(engine).engine == engine.name
    assert rules.engine == engines()[0].name
    assert rules.by(engine).met(Text(body="a")) == rules.met(Text(body="a")) == ("w",)


# ---- what the compiled one refuses ----


def test_hits_are_a_sequence(kernel: ModuleType) -> None:
    """Taken out as tuples, from either end."""
    found = kernel.Search([" a "], 10).find(" a a ")

    assert (found[0], found[-1], len(found)) == ((0, 0, 3), (0, 2, 5), 2)
    for at in (2, -3, 10**30):
        with pytest.raises(IndexError):
            found[at]
    with pytest.raises(TypeError):
        found["0"]
    with pytest.raises(TypeError):
        type(found)()


def test_any_text_can_be_searched(kernel: ModuleType) -> None:
    """Also with lone surrogates, which folding leaves none of."""
    patterns, text = ["\ud800", " \udfff", "a\ud800"], "a\ud800\ud800 \udfff\U00010000"

    assert list(kernel.Search(patterns, MAX_HITS).find(text)) == search_naively(patterns, text, MAX_HITS)


def test_as_many_hits_are_kept_as_are_asked_for(kernel: ModuleType) -> None:
    """None, one, or all."""
    text = " a" * 5 + " "
    for most in (0, 1, 4, 5, 6):
        assert list(kernel.Search([" a ", "a"], most).find(text)) == search_naively([" a ", "a"], text, most)


def test_hits_of_another_search_are_refused(kernel: ModuleType) -> None:
    """Their patterns mean nothing here."""
    found = kernel.Search([" a ", " b "], 10).find(" a b ")
    board = kernel.Board([[0]], [[]], [({0}, (), (), False, ())], 1)

    for ask in (board.judge, board.candidates):
        with pytest.raises(ValueError, match="another search"):
            ask(found, 0, ())


@pytest.mark.parametrize(
    "arguments",
    [
        (5, 1), ([1], 1), ([""], 1), ([" "], 1), (["a"], "x"), (["a"],), (["a", None], 1), (["a"], 1, 1),
    ],
)  # fmt: skip
def test_search_refuses_what_is_no_pattern(kernel: ModuleType, arguments: tuple[Any, ...]) -> None:
    """With an error that names it."""
    with pytest.raises((TypeError, ValueError)):
        kernel.Search(*arguments)


@pytest.mark.parametrize("text", [None, 5, b" a ", [" a "]])
def test_search_refuses_what_is_no_text(kernel: ModuleType, text: object) -> None:
    """With an error that names it."""
    with pytest.raises(TypeError):
        kernel.Search([" a "], 10).find(text)


ENTRY = ({0}, (), (), False, ())


@pytest.mark.parametrize(
    "arguments",
    [
        (5, [], [], 1), ([[0]], [[]], 5, 1), ([[0]], [[]], [5], 1), ([[0]], [[]], [[]], 1), ([[0]], [[]], [()], 1),
        ([[0]], [], [ENTRY], 1), ([[1]], [[]], [ENTRY], 1), ([[-1]], [[]], [ENTRY], 1), ([["x"]], [[]], [ENTRY], 1),
        ([0], [[]], [ENTRY], 1), ([[0]], [[0, 1]], [ENTRY], 1), ([[10**30]], [[]], [ENTRY], 1),
        ([[0]], [[]], [ENTRY], "x"), ([[0]], [[]], [ENTRY], -1), ([], [], [], -10**6), ([], [], [], 2**40),
        ([[0]], [[]], [({1}, (), (), False, ())], 1), ([[0]], [[]], [({0}, [], (), False, ())], 1),
        ([[0]], [[]], [({0}, ((1,),), (), False, ())], 1), ([[0]], [[]], [({0}, (), (1,), False, ())], 1),
        ([[0]], [[]], [({0}, (), (), True, (5,))], 1), ([[0]], [[]], [({0}, (), (), True, ((),))], 1),
        ([[0]], [[]], [({0}, (), (), True, (((0,), (1,), 1, False),))], 1),
        ([[0]], [[]], [({0}, (), (), True, (((0,), (0,), "x", False),))], 1),
        ([[0]], [[]], [({0}, (), (), True, (((0,), (0,), 2**40, False),))], 1),
    ],
)  # fmt: skip
def test_board_refuses_what_is_no_query(kernel: ModuleType, arguments: tuple[Any, ...]) -> None:
    """With an error that names it, and never by a number beyond a table."""
    with pytest.raises((TypeError, ValueError, OverflowError)):
        kernel.Board(*arguments)


def test_board_refuses_what_is_no_article(kernel: ModuleType) -> None:
    """Hits, the end of the title, and numbers of signals."""
    board, found = kernel.Board([[0]], [[]], [ENTRY], 1), kernel.Search([" a "], 10).find(" a ")
    wrong: list[tuple[Any, ...]] = [
        (), (found,), (found, 0), (found, 0, (), 1), ([(0, 0, 3)], 0, ()), (found, "x", ()), (found, 10**30, ()),
        (found, 0, None), (found, 0, (1,)), (found, 0, (-1,)), (found, 0, ("x",)), (found, 0, (10**30,)),
    ]  # fmt: skip
    for arguments in wrong:
        for ask in (board.judge, board.candidates, lambda *some: board.pick(*some, ("row",))):
            with pytest.raises((TypeError, ValueError, OverflowError)):
                ask(*arguments)
    for rows in ((), ["row"], ("row", "row"), None):
        with pytest.raises(TypeError):
            board.pick(found, 0, (), rows)
    assert board.judge(found, 0, ()) == ([0], [])
    assert board.pick(found, 0, (), ("row",)) == ["row"]


def test_very_many_words_between_are_no_overflow(kernel: ModuleType) -> None:
    """The largest number there is, and one below none."""
    board = kernel.Board(
        [[0], [1]],
        [[], []],
        [({0}, ({1},), (), True, (((0,), (1,), words, False),)) for words in (2**31 - 1, 0, -1, -(2**31))],
        2,
    )
    found = kernel.Search([" a ", " b "], 10).find(" a b ")

    assert board.judge(found, 0, ()) == ([0, 1], [])


def test_signals_that_say_more_while_they_are_read(kernel: ModuleType) -> None:
    """Reading them may run any code, also such as asks the same board or empties what it is made of."""
    found = kernel.Search([" a "], 10).find(" a ")
    board = kernel.Board([[0]], [[]], [ENTRY, ({1}, (), (), False, ())], 2)

    def asking() -> Iterator[int]:
        assert board.judge(found, 0, ()) == ([0], [])
        yield 1

    assert board.judge(found, 0, asking()) == ([0, 1], [])

    entries: list[tuple[Any, ...]] = []

    def emptying() -> Iterator[int]:
        entries.clear()
        yield 0

    entries += [(emptying(), (), (), False, ()), *[ENTRY] * 50]
    assert kernel.Board([[0]], [[]], entries, 1).judge(found, 0, ())[0] == list(range(51))
