"""Folding, parsing and matching on texts nobody thought of."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.errors import Problem
from monitor.match.compiler import check_query, compile_rules
from monitor.match.fold import BORDER, HANGUL, UNSPACED, fold, fold_words, script_class
from monitor.match.parser import parse
from monitor.match.syntax import Fault, QueryError, QueryFault
from monitor.model.ids import WatchId
from monitor.model.watch import Place, Text, Watch

few = settings(max_examples=100, deadline=None)
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


@few
@given(texts.filter(lambda text: "\ud800" not in text))
def test_normal_forms_fold_alike(text: str) -> None:
    """Canonically equivalent texts are one text."""
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


# The naive evaluator: fold, split, scan, evaluate the tree.

Tree = tuple[str, ...] | tuple[str, "Tree", "Tree"]
leaf = st.builds(
    lambda word, shape: (shape, word), st.sampled_from(ALL_WORDS), st.sampled_from(["word", "title", "phrase"])
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
        case ("AND" | "OR", first, second):
            return f"({spell(first)} {tree[0]} {spell(second)})"
        case ("BUT", first, second):
            return f"({spell(first)} AND NOT {spell(second)})"
        case ("title", word):
            return "title:" + quote(word)
        case (_, word):
            return quote(word)
    raise AssertionError(tree)


def quote(word: object) -> str:
    return '"' + str(word).replace('"', '\\"') + '"'


def places(word: str, text: str) -> Iterator[int]:
    """Where a folded word stands in a text, by trying every place."""
    (core,) = fold_words([word])
    folded = fold(text)
    for at in range(len(folded.text)):
        end = at + len(core)
        left = script_class(core[0]) in UNSPACED or folded.text[at - 1 : at] == " "
        right = script_class(core[-1]) in (*UNSPACED, HANGUL) or folded.text[end : end + 1] == " "
        if folded.text[at:end] == core and left and right and at > 0:
            original = folded.span(at, end)[0]
            counted = script_class(core[0]) == HANGUL and original > 0 and text[original - 1].isdecimal()
            if not counted:
                yield at


def holds(tree: Tree, title: str, body: str) -> bool:
    match tree:
        case ("AND", first, second):
            return holds(first, title, body) and holds(second, title, body)
        case ("OR", first, second):
            return holds(first, title, body) or holds(second, title, body)
        case ("BUT", first, second):
            return holds(first, title, body) and not holds(second, title, body)
        case ("title", word):
            return any(True for _ in places(str(word), title))
        case (_, word):
            return any(True for text in (title, body) for _ in places(str(word), text))
    raise AssertionError(tree)


@few
@given(st.lists(positive, min_size=1, max_size=6), joined, joined)
def test_engine_is_the_naive_evaluator(trees: list[Tree], title: str, body: str) -> None:
    """Automaton, signals and anchors give what trying every place gives: nothing is lost, nothing is added."""
    rules = compile_rules([Watch(WatchId(f"w{number}"), spell(tree)) for number, tree in enumerate(trees)], {})
    matches = rules.match(Text(title=title, body=body))

    assert [match.watch.id for match in matches] == [
        f"w{number}" for number, tree in enumerate(trees) if holds(tree, title, body)
    ]
    for match in matches:
        for hit in match.hits:
            text = title if hit.field == "title" else body
            assert text[hit.start : hit.end] == hit.text
            assert fold_words([hit.term])[0] in fold(hit.text).text
