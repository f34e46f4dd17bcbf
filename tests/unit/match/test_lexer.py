"""A query as tokens."""

from __future__ import annotations

import pytest

from monitor.match.lexer import read_tokens
from monitor.match.syntax import QueryFault


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a AND b", ["word a", "operator AND", "word b"]),
        ("ANDROID ORB NOTE", ["word ANDROID", "word ORB", "word NOTE"]),
        ("a NOT  NEAR/5f b", ["word a", "operator NOT NEAR/5f", "word b"]),
        ("(a)OR（b）", ["( (", "word a", ") )", "operator OR", "( （", "word b", ") ）"]),
        ("“a b” „c” ＂d＂ «e»", ["phrase a b", "phrase c", "phrase d", "phrase e"]),
        ('{U.S.} ｛ｘ｝ !"NASA"', ["exact U.S.", "exact ｘ", "exact NASA"]),
        ("=dröhnen", ["= =", "word dröhnen"]),
        ("-a b-c AND -d", ["- NOT", "word a", "word b-c", "operator AND", "- NOT", "word d"]),
        ("title:a Lead：b 10:30", ["field title", "word a", "field lead", "word b", "word 10:30"]),
        ("@drones.weak @x-1", ["concept drones.weak", "concept x-1"]),
        ("FIRST/5 (a", ["function FIRST/5", "( (", "word a"]),
        ("NATO (b", ["word NATO", "( (", "word b"]),
        ("FOO(c", ["function FOO", "( (", "word c"]),
        ("a!b what? #tag *x", ["word a!b", "word what?", "word #tag", "word *x"]),
        ("", []),
        (" \n\u3000 ", []),
    ],
)
def test_tokens(query: str, expected: list[str]) -> None:
    """Kinds and texts; the last token is always the end."""
    *tokens, end = read_tokens(query)

    assert [f"{token.kind} {token.text}" for token in tokens] == expected
    assert (end.kind, end.span) == ("end", (len(query), len(query)))


def test_escapes() -> None:
    """A backslash makes the next sign plain, also in quotes, and that is remembered for wildcards."""
    word, phrase, _ = read_tokens('\\(a\\)\\* "say \\"x\\""')

    assert (word.kind, word.text, word.escaped) == ("word", "(a)*", frozenset({0, 2, 3}))
    assert (phrase.kind, phrase.text) == ("phrase", 'say "x"')


def test_spans_cover_what_was_written() -> None:
    """Quotes, braces and backslashes belong to their token."""
    query = 'a\\*b "c d" {e}'

    assert [query[slice(*token.span)] for token in read_tokens(query)] == ["a\\*b", '"c d"', "{e}", ""]


@pytest.mark.parametrize(("query", "at"), [('a "b', 2), ("{a", 0), ("a }", 2), ('!"a', 1)])
def test_not_closed(query: str, at: int) -> None:
    """The fault points at what was opened."""
    with pytest.raises(QueryFault) as caught:
        read_tokens(query)

    assert (caught.value.fault.id, caught.value.fault.span) == ("MON-QRY-001", (at, at + 1))
