"""Two terms without an operator: the message says what was probably meant."""

from __future__ import annotations

import pytest

from monitor.match.nesting import MAX_SIDES
from monitor.match.parser import parse
from monitor.match.syntax import Fault, QueryFault, Span


def fault_of(query: str) -> Fault:
    """The fault of a query that has one."""
    with pytest.raises(QueryFault) as raised:
        parse(query)
    return raised.value.fault


@pytest.mark.parametrize(
    ("query", "span", "said"),
    [
        ("drone ＡＮＤ x", (6, 9), "write AND in plain Latin capitals"),
        ("drone ＮＥＡＲ／5 x", (6, 12), "write NEAR/5 in plain Latin capitals"),
        ("drone АND x", (6, 9), "АND only looks like AND"),
        ("drone ΟR x", (6, 8), "ΟR only looks like OR"),
        ("drone AND ＮＯＴ x", (10, 13), "ＮＯＴ only looks like NOT"),
        ("drone and x", (6, 9), "write AND in capitals"),
        ("drone AND not x", (10, 13), "write NOT in capitals"),
        ("drone not x", (6, 9), "write AND NOT in capitals"),
        ("drone \\AND x", (6, 10), "two terms without an operator"),
        ("drone AND 'x y'", (13, 15), 'quote both: "x y"'),
        ("「x y」", (3, 5), 'quote both: "x y"'),
        ("drone sentence(x AND y)", (6, 14), "two terms"),
        ("sentence(x AND y)", (0, 8), "write SENTENCE in capitals"),
        ("first/3(x AND y)", (0, 7), "write FIRST/3 in capitals"),
        ("first (x OR y)", (6, 7), "write AND, OR or NEAR between them"),
        ("near kyiv", (5, 9), 'quote both: "near kyiv"'),
    ],
)
def test_words_that_were_meant_as_operators_are_named(query: str, span: Span, said: str) -> None:
    """In full width, with letters of another script, in small letters."""
    found = fault_of(query)
    assert (found.id, found.span) == ("MON-QRY-003", span)
    assert said in f"{found.message}; {found.remedy}"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("drone \u200bAND x", "AND has an invisible sign (U+200B) in it; type AND anew"),
        ("drone\u200bAND x", "two terms without an operator; remove the invisible sign U+200B, or write AND"),
        ("drone \ufeffkyiv", "two terms without an operator; remove the invisible sign U+FEFF, or write AND"),
    ],
)
def test_what_nobody_sees_is_named_by_its_number(query: str, said: str) -> None:
    """A caret under an invisible sign explains nothing."""
    found = fault_of(query)
    assert f"{found.message}; {found.remedy}".startswith(said)


@pytest.mark.parametrize("query", ["(a) b", "a (b)", "@drones*", "drone ‖ x", "a title:b"])
def test_only_words_and_phrases_are_to_be_quoted(query: str) -> None:
    """Quotes around a parenthesis, a sign or a concept would make another query of it."""
    assert fault_of(query).remedy == "write AND, OR or NEAR between them"


@pytest.mark.parametrize(
    ("query", "message", "remedy"),
    [
        ('"a b"~', '"a b"~ has no number', 'write a whole number from 0 to 200, as in "a b"~5'),
        ("SCORE/0.5(a OR b)", "0.5 is no whole number", "write a whole number from 1 to 1000000, as in SCORE/5"),
        ("FIRST/99999999999999999999(a)", "99999999999999999999 is too much here", "write at most 1000000"),
        ("FIRST/" + "9" * 5000 + "(a)", "9" * 5000 + " is too much here", "write at most 1000000"),
    ],
)
def test_numbers_that_are_none_and_too_large_ones(query: str, message: str, remedy: str) -> None:
    """The remedy can be typed as it stands."""
    found = fault_of(query)
    assert (found.id, found.message, found.remedy) == ("MON-QRY-007", message, remedy)


@pytest.mark.parametrize("joint", [" NEAR ", " ONEAR/200 ", " NOT NEAR/3 ", " NEAR/0 (x OR b) NEAR "])
def test_a_chain_of_nears_ends_somewhere(joint: str) -> None:
    """Thousands of them overran the stack, and fifty over words that fill an article cost seconds."""
    fits = joint.join(["a"] * 10)
    assert parse(fits)
    found = fault_of(joint.join(["a"] * 700))
    assert found.id == "MON-QRY-012"
    assert f"more than {MAX_SIDES} sides" in found.message


def test_alternatives_are_no_sides() -> None:
    """An OR within a NEAR is one place, however long it is, and so is a window."""
    words = " OR ".join(f"w{number}" for number in range(500))
    assert parse(f'({words}) NEAR/5 ({words}) NEAR "' + "a " * 40 + '"~9')
