"""Folding, parsing and matching on texts nobody thought of."""

from __future__ import annotations

import unicodedata

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.errors import Problem
from monitor.match.compiler import check_query, compile_rules
from monitor.match.explain import explain
from monitor.match.fold import BORDER, HANGUL, UNSPACED, Folded, fold, fold_words, script_class
from monitor.match.parser import parse
from monitor.match.syntax import Fault, QueryError, QueryFault
from monitor.model.ids import WatchId
from monitor.model.watch import Place, Text, Watch

few = settings(max_examples=60, deadline=None)
HARD = (
    "éÉßœ½㌔İı’-\u00ad\u0301\u0306\u0308\u0345\u200c\u200d\ufe0fиИіЁوئۀةשׁקतक़ไทยຢក្រမြန်ドト\u3099ﾄﾞ無机気"
    "한ㅎㅏ\u1112\u1161\u11ab🇺🇦🇦𠮷٣३ 1aZ\n\x1f\ud800"
)
texts = st.one_of(st.text(max_size=40), st.text(alphabet=HARD, max_size=40))

WORDS = {
    "Latin": ["drone", "Drones", "Élysée", "strasse", "Straße", "dronę", "war", "US", "us"],
    "Cyrillic": ["дрон", "дроны", "Київ", "кии\u0306в", "война"],
    "Greek": ["Ταϊβάν", "ταιβαν", "πόλεμος"],
    "Arabic": ["طائرة", "طائره", "مسيّرة", "أوكرانيا"],
    "Hebrew": ["רחפן", "הרחפן", 'כטב"ם'],
    "Devanagari": ["ड्रोन", "यूक्रेन", "क़िला"],
    "Thai": ["โดรน", "ยูเครน"],
    "Han": ["無人機", "无人机", "台湾", "机场"],
    "kana": ["ドローン", "ﾄﾞﾛｰﾝ", "カード"],
    "Hangul": ["드론", "대만", "한국"],
}
ALL_WORDS = [word for words in WORDS.values() for word in words]
GLUE = [" ", ", ", "-", "", "\n", "’", " 20", "🇺🇦"]


@few
@given(texts)
def test_folding_twice_is_folding_once(text: str) -> None:
    """fold ∘ fold = fold, whatever the text."""
    once = fold(text).text

    assert fold(once).text == once


@few
@given(texts)
def test_offsets_lead_back(text: str) -> None:
    """Offsets never decrease, end at the end, and there is one more than there are folded characters."""
    folded = fold(text)
    offsets = folded.offsets.tolist()

    assert len(offsets) == len(folded.text) + 1
    assert offsets == sorted(offsets)
    assert offsets[-1] == len(text)


@few
@given(texts)
def test_a_word_cut_from_the_original_folds_to_itself(text: str) -> None:
    """The slice behind a folded word, folded again, is that word."""
    assume(BORDER not in text)
    folded, at = fold(text), 1
    for word in folded.text.split():
        first, last = folded.span(at, at + len(word))
        again = fold(text[first:last]).text.strip()
        # Half of an expanded character (½ is "1 2") shows the whole of it.
        assert again == word or word in again.split()
        at += len(word) + 1


SCRIPTS = [
    "aeßéÉœİıđøŉǅ\u0301\u0308\u0323\u0345 -’",
    "ΑάϊΐᾳᾼςΣω\u0301\u0308\u0345 ",
    "иИйЙіїІЇуўЎеёЁӗѐѝ\u0300\u0301\u0306\u0308 ",
    "اآأإوؤيئىیےۓكکهةۀۂە\u0640\u064b\u0651\u0653\u0654 ",
    'שׁבּﬡכטב\u05c1\u05bc"׳״ ',
    "कक़ऩनरऱळऴ\u093c\u094d\u093f ",
    "কড়ড\u09bc\u09c7\u09be\u09d7ো ",
    "ೋೊೆ\u0cc2\u0cd5ක\u0dd9\u0dcf\u0dcaෝ ",
    "ตำ\u0e48\u0e4d\u0e32ນຳໜက\u102f\u1037ក\u17d2 ",
    "トドハパバ\u3099\u309aﾄﾞﾊﾟ無気 ",
    "한국각\u1100\u1112\u1161\u116e\u11a8\u11abㅎㅏ ",
]


@few
@given(st.sampled_from(SCRIPTS).flatmap(lambda letters: st.text(alphabet=letters, max_size=30)))
def test_normal_forms_fold_alike(text: str) -> None:
    """Canonically equivalent texts are one text, in every script with more than one spelling."""
    assert fold(unicodedata.normalize("NFC", text)).text == fold(unicodedata.normalize("NFD", text)).text


SYNTAX = [
    "AND",
    "OR",
    "NOT",
    "(",
    ")",
    '"',
    "{",
    "}",
    "=",
    "-",
    "*",
    "@drones",
    "title:",
    "NEAR/3",
    "NOT NEAR/2f",
    "ONEAR",
    "SENTENCE",
    "FIRST/2",
    "ATLEAST/2 (a)",
    "SCORE/2(a^2 OR b)",
    "forms(a, en)",
    "lang:uk",
    "author:",
    "{a}",
    '"a b"~2',
    "abcd?f*",
    "?",
    "^2",
    "~1",
    "\\",
    " ",
    "a",
]


queries = st.lists(st.sampled_from(SYNTAX), max_size=25).map(" ".join)


def fault_of(query: str) -> Fault | None:
    """What the parser has against a query. Any other exception goes through."""
    try:
        parse(query)
    except QueryFault as error:
        return error.fault
    return None


def problems_of(query: str) -> tuple[Problem, ...] | None:
    """What the compiler has against a query."""
    try:
        compile_rules([Watch(WatchId("w"), query)], {})
    except QueryError as error:
        return error.problems
    return None


@few
@given(st.one_of(st.text(max_size=60), queries))
def test_any_text_is_a_tree_or_a_fault_of_ours(query: str) -> None:
    """The parser never raises anything but its own fault, and that points into the query."""
    fault = fault_of(query)

    assert fault is None or fault.id.startswith("MON-QRY-")
    assert fault is None or 0 <= fault.span[0] <= min(fault.span[1], len(query))


@few
@given(st.one_of(st.text(max_size=60), queries))
def test_any_query_compiles_or_is_refused(query: str) -> None:
    """What is parsed compiles, or there are problems; `check_query` says the same ones."""
    problems = problems_of(query)

    assert problems is None or problems
    assert check_query(query, Place(), {}) == (problems or ())


# The naive evaluator: fold, try every place, evaluate the tree.

Tree = tuple[str, str] | tuple[str, "Tree", "Tree"]
SHAPES = ["word", "title", "prefix", "suffix", "exact", "accent"]
leaf = st.tuples(st.sampled_from(SHAPES), st.sampled_from(ALL_WORDS)).filter(
    lambda row: row[0] not in ("prefix", "suffix") or len(row[1]) > 3
)
positive = st.recursive(
    leaf, lambda inner: st.tuples(st.sampled_from(["AND", "OR", "BUT"]), inner, inner), max_leaves=5
)
joined = st.lists(st.tuples(st.sampled_from(ALL_WORDS), st.sampled_from(GLUE)), max_size=8).map(
    lambda rows: "".join(word + glue for word, glue in rows)
)


def spell(tree: Tree) -> str:
    """The query of a tree."""
    match tree:
        case ("AND" | "OR" as name, first, second):
            return f"({spell(first)} {name} {spell(second)})"
        case ("BUT", first, second):
            return f"({spell(first)} AND NOT {spell(second)})"
        case (shape, str(word)):
            escaped = word.replace('"', '\\"')
            return SPELLINGS[shape] % escaped
    raise AssertionError(tree)


SPELLINGS = {
    "word": '"%s"',
    "title": 'title:"%s"',
    "prefix": '"%s*"',
    "suffix": '"*%s"',
    "exact": "{%s}",
    "accent": '="%s"',
}


def occurs(shape: str, word: str, text: str) -> bool:
    """Does a word stand in a text in this shape? By trying every place."""
    (core,) = fold_words([word])
    folded = fold(text)
    borders = [at for at in range(len(folded.text)) if folded.text.startswith(core, at)]
    return any(counts(shape, word, folded, at, at + len(core)) for at in borders)


def counts(shape: str, word: str, folded: Folded, start: int, end: int) -> bool:
    """Borders, numerals and exact letters of one place."""
    first, last = script_class(folded.text[start]), script_class(folded.text[end - 1])
    left = first in UNSPACED or shape == "suffix" or folded.text[start - 1] == " "
    right = last in (*UNSPACED, HANGUL) or shape == "prefix" or folded.text[end] == " "
    begin, stop = folded.span(start, end)
    if first == HANGUL and shape != "suffix" and begin > 0 and folded.original[begin - 1].isdecimal():
        return False
    surface = unicodedata.normalize("NFKC", folded.original[begin:stop].replace("\u00ad", ""))
    if shape in ("exact", "accent"):
        wanted = unicodedata.normalize("NFKC", word)
        pairs = (surface, wanted) if shape == "exact" else (surface.casefold(), wanted.casefold())
        return left and right and pairs[0] == pairs[1]
    return left and right


def holds(tree: Tree, title: str, body: str) -> bool:
    """The meaning of a tree."""
    match tree:
        case ("AND", first, second):
            return holds(first, title, body) and holds(second, title, body)
        case ("OR", first, second):
            return holds(first, title, body) or holds(second, title, body)
        case ("BUT", first, second):
            return holds(first, title, body) and not holds(second, title, body)
        case ("title", str(word)):
            return occurs("word", word, title)
        case (shape, str(word)):
            return occurs(shape, word, title) or occurs(shape, word, body)
    raise AssertionError(tree)


@few
@given(st.lists(positive, min_size=1, max_size=6), joined, joined)
def test_engine_is_the_naive_evaluator(trees: list[Tree], title: str, body: str) -> None:
    """Automaton, signals and anchors give what trying every place gives: nothing is lost, nothing is added."""
    title = title + " lower case letters"  # a headline all in capitals is another rule
    rules = compile_rules([Watch(WatchId(f"w{number}"), spell(tree)) for number, tree in enumerate(trees)], {})
    matches = rules.match(Text(title=title, body=body))
    expected = [f"w{number}" for number, tree in enumerate(trees) if holds(tree, title, body)]

    assert [match.watch.id for match in matches] == expected
    for match in matches:
        assert match.hits
        for hit in match.hits:
            text = title if hit.field == "title" else body
            assert text[hit.start : hit.end] == hit.text
            assert fold_words([hit.term.strip("*")])[0] in fold(hit.text).text


@few
@given(st.lists(positive, min_size=1, max_size=6), joined, joined)
def test_explanations_agree_with_matching(trees: list[Tree], title: str, body: str) -> None:
    """A watch is met, or there is at least one reason why not; never both, never neither."""
    rules = compile_rules([Watch(WatchId(f"w{number}"), spell(tree)) for number, tree in enumerate(trees)], {})
    text = Text(title=title, body=body)
    hits = {match.watch.id: match.hits for match in rules.match(text)}

    for result in explain(rules, text):
        assert result.hits == hits.get(result.watch, ())
        assert result.matched is (result.watch in hits) is not bool(result.why_not)
        for why in result.why_not:
            assert why.field is None or why.text == (title if why.field == "title" else body)[why.start : why.end]
