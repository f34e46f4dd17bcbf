"""Places of letters in texts over several lines, and with escapes."""

from __future__ import annotations

import pytest
import yaml

from monitor.config import places
from monitor.config.scalars import find_breaks
from monitor.config.watches import text_place
from monitor.match.compiler import check_query

FORMS = [
    "q: aaa AND bbb ccc",
    "q: |\n  aaa AND\n  bbb ccc",
    "q: |\n  aaa AND\n    bbb ccc\n",
    "q: |-\n\n  aaa AND\n\n  bbb ccc\n",
    "q: |2\n    aaa AND\n  bbb ccc\n",
    "q: >\n  aaa AND\n  bbb ccc\n",
    "q: >-  # folded\n  aaa\n  AND bbb\n  ccc\n",
    "q: aaa AND\n  bbb ccc\n",
    "q: aaa\n   AND\n\n   bbb\n   ccc\n",
    "q: 'aaa AND\n   bbb ccc'",
    "q: '''aaa'' AND bbb ccc'",
    'q: "aaa AND\n   bbb ccc"',
    'q: "aaa AND\\nbbb ccc"',
    'q: "\\u0061aa \\x41ND b\\U00000062b ccc"',
    'q: "aaa A\\\n   ND bbb ccc"',
    'q: "\\"aaa\\" AND \\tbbb ccc"',
]


@pytest.mark.parametrize("text", FORMS)
def test_a_fault_is_where_its_letters_are(text: str) -> None:
    """However YAML writes a query: the line and the column of a term are those of the file."""
    node = places.read("a.yaml", text)[0][0].at(("q",))
    query = yaml.safe_load(text)["q"]
    (problem,) = check_query(query, text_place(node, text), {})
    line = text.split("\n")[problem.line - 1]

    assert line[problem.column - 1 :].startswith("ccc"), (problem, line)


def test_a_text_in_one_piece_has_no_breaks() -> None:
    """Nothing is kept of nearly all."""
    assert find_breaks("aaa bbb", ["q: aaa bbb"], 1, 4, None) == ()
    assert find_breaks("aaa", ["q: |"], 2, 1, "|") == ()


def test_what_cannot_be_followed_has_none() -> None:
    """A text that is not there, as behind an alias."""
    assert find_breaks("aaa bbb", ["q: *anchor", "", "r: 1"], 1, 4, None) == ()
