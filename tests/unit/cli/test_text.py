"""What terminals see."""

from __future__ import annotations

import json

import pytest

from monitor.cli.text import counted, cut, inert, inert_lines, table, visible


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x1b]8;;https://x.example\x07link", "\\x1b]8;;https://x.example\\x07link"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("a\r\nb\tc", "a b c"),
        ("\x9b2J", "\\x9b2J"),
        ("[bold][/nope]", "[bold][/nope]"),
        ("\ud800", "\\ud800"),
        ("émigré 台灣 🚀", "émigré 台灣 🚀"),
    ],
)
def test_h169_h170_hostile_text_is_inert(hostile, shown):
    """It can neither move the cursor nor turn the line around."""
    assert inert(hostile) == shown


def test_lines_keep_their_indents():
    """The caret under a query stays where it is."""
    assert inert_lines("query: x\n    a\x1b\n\t^") == "query: x\n    a\\x1b\n    ^"


def test_json_shows_what_a_terminal_would_act_on_and_stays_the_same():
    """Escapes are JSON's own."""
    value = {"title": "\x9b2J \u202e é"}
    encoded = json.dumps(value, ensure_ascii=False)
    assert visible(encoded).isprintable()
    assert json.loads(visible(encoded)) == value
    assert visible('{"a": "\x7f"}') == '{"a": "\\u007f"}'


def test_a_table_aligns_and_cuts():
    """Missing values are dashes, the last column takes what it needs."""
    rows = [
        {"id": "a", "on": True, "tags": ["x", "y"], "name": None},
        {"id": "b" * 70, "on": False, "tags": [], "name": 1.5},
    ]
    head, first, second = table(rows, ("id", "on", "tags", "name"))
    assert head.split() == ["id", "on", "tags", "name"]
    assert first.split() == ["a", "yes", "x,", "y", "-"]
    assert second.startswith("b" * 59 + "…  no")
    assert second.endswith("1.5")
    assert table([], ("id",)) == []


def test_small_words():
    """Numbers with their nouns; long lines with their end marked."""
    assert (counted(1, "hit"), counted(0, "hit"), counted(2, "watch", "watches")) == ("1 hit", "0 hits", "2 watches")
    assert (cut("abcdef", 4), cut("abc", 4)) == ("abc…", "abc")
