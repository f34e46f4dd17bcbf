"""The words for everything that can be wrong with a configuration. pydantic's own never reach a user.

No message repeats a value: a secret may stand in the wrong place. Keys and the words of closed sets are repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from monitor.errors import Problem
from monitor.model.watch import Place

IDS: Mapping[str, str] = {
    "MON-CFG-001": "The file is not valid YAML.",
    "MON-CFG-002": "A key stands twice in one mapping.",
    "MON-CFG-003": "A part of YAML that is not used here, or a limit passed: tags, endless aliases, depth, size.",
    "MON-CFG-004": "A key that does not exist.",
    "MON-CFG-005": "A key that has to be there is missing.",
    "MON-CFG-006": "A value of the wrong kind: a text where a number belongs, a word where a list belongs.",
    "MON-CFG-007": "A word that is not one of those allowed.",
    "MON-CFG-008": "A duration, size or ratio that cannot be read. They carry a unit: `30s`, `10MiB`, `10%`.",
    "MON-CFG-009": "A number outside its bounds, or two that contradict each other.",
    "MON-CFG-010": "A text of the wrong form: id, URL, host, network, language, country, time zone, charset, topic.",
    "MON-CFG-011": "The same id twice.",
    "MON-CFG-012": "A reference to a feed or a watch that does not exist.",
    "MON-CFG-013": "A secret file that cannot be read. Secrets stand in files of their own.",
    "MON-CFG-014": "A file that cannot be read, or one that a watch names and that is not there.",
    "MON-CFG-015": "An OPML file, or an outline in it, that cannot be taken over.",
    "MON-CFG-016": "More feeds of one host than an import takes without being asked to.",
    "MON-CFG-017": (
        "A kafka sink into the cluster of the Kafka ledger, which writes the same topics itself. Under another address "
        "the sink itself notices and writes nothing (`sink_failed`)."
    ),
    "MON-CFG-018": "A watch needs exactly one of `query`, `keywords` and `keywords_file`.",
    "MON-CFG-019": "A case beside a watch does not come out as it says.",
    "MON-CFG-020": "A reload would remove many feeds at once; `allow_mass_removal: true` permits it.",
    "MON-CFG-030": "Warning: nobody is named as contact, so webmasters cannot reach the operator.",
    "MON-CFG-031": "Warning: there are no feeds, so nothing is polled.",
    "MON-CFG-032": "Warning: the same feed under two URLs.",
    "MON-CFG-033": "Warning: there are no watches, so nothing is flagged.",
    "MON-CFG-034": "Warning: the settings of `fetch` refuse a feed's address, so it is never asked.",
    "MON-CFG-060": "A concept pack is not valid YAML.",
    "MON-CFG-061": "A value of the wrong kind in a concept pack, or no name.",
    "MON-CFG-062": "A key that concept packs do not have.",
    "MON-CFG-063": "An alias of a concept of which nothing is left once case and accents are put aside.",
    "MON-CFG-064": "An alias that its own exceptions would always drop.",
    "MON-CFG-065": "Two concept packs of one name.",
}
"""What each id means; `docs/errors.md` is made from this."""

KINDS = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "string": "a text",
    "tuple": "a list",
    "list": "a list",
    "dict": "a mapping of keys to values",
    "mapping": "a mapping of keys to values",
    "dataclass": "a mapping of keys to values",
    "model": "a mapping of keys to values",
}

_SYNTAX = (
    ("tab character", "indent with spaces: YAML does not take tabs"),
    ("mapping values are not allowed", "a second `: ` on one line; put the value in quotes"),
    ("found unexpected end of stream", "a quote is opened here and not closed"),
    ("did not find expected ',' or ']'", "a `[` is not closed, or a comma is missing"),
    ("did not find expected ',' or '}'", "a `{` is not closed, or a comma is missing"),
    ("did not find expected key", "the indentation does not fit the lines above"),
    ("did not find expected '-' indicator", "the indentation does not fit the list above"),
    ("could not find expected ':'", "a key without `:`"),
    ("exceeded maximum nesting depth", "values are nested too deep"),
    ("unknown escape character", "a backslash in double quotes begins an escape; use single quotes"),
    ("control characters are not allowed", "a control character; remove it"),
)
_OPENED = ("unexpected end of stream", "expected ',' or ']'", "expected ',' or '}'")
"""Causes that show at the end of a file, or lines below: where the bracket or quote was opened helps more."""


def at(place: Place, path: str, code: str, message: str, context: str = "") -> Problem:
    """A problem at a place."""
    return Problem(place.file, place.line, place.column, path, message, code, context)


def spell(path: Iterable[str | int]) -> str:
    """A path as people read it: `sinks[0].kind`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def suggest(word: str, allowed: Sequence[str]) -> str:
    """`; did you mean "…"?` if one of the allowed words is near, else the list of them if it is short."""
    near = get_close_matches(word, allowed, n=1, cutoff=0.6)
    if not near:
        near = [name for name in allowed if name == f"{word}_file"]
    if near:
        return f'; did you mean "{near[0]}"?'
    return f"; allowed: {', '.join(sorted(allowed))}" if 0 < len(allowed) <= 30 else ""


def unknown_key(place: Place, path: str, word: str, allowed: Sequence[str]) -> Problem:
    """A key that does not exist, with the one it was likely meant to be."""
    return at(place, path, "MON-CFG-004", f"unknown key{suggest(word, allowed)}")


def duplicate_key(place: Place, name: str, first: Place) -> Problem:
    """A key that stands twice in one mapping."""
    return at(place, name, "MON-CFG-002", f"this key stands twice; it stood first in line {first.line}")


def duplicate_id(place: Place, path: str, what: str, first: Place) -> Problem:
    """Two feeds or watches with one id."""
    where = f"{first.file}:{first.line}:{first.column}"
    return at(place, path, "MON-CFG-011", f"this {what} has the id of another one, at {where}")


def syntax(file: str, text: str, error: Exception) -> Problem:
    """What the YAML scanner stumbled over, in our words, with the character that most often is the reason."""
    cause = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "")
    mark = getattr(error, "problem_mark", None)
    if any(words in cause for words in _OPENED):
        mark = getattr(error, "context_mark", None) or mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark else _offset(file, text, getattr(error, "position", 0))
    if "cannot start any token" in cause and mark is not None:
        return at(place, "", "MON-CFG-001", _stray(text, mark.line, mark.column))
    words = next((ours for theirs, ours in _SYNTAX if theirs in cause), "this is not valid YAML")
    return at(place, "", "MON-CFG-001", words)


def _stray(text: str, line: int, column: int) -> str:
    """`@` and others begin nothing in YAML: the most frequent slip is a query without quotes."""
    lines = text.split("\n")
    sign = lines[line][column : column + 1] if line < len(lines) else ""
    if sign == "@":
        word = re.match(r"@[\w.-]*", lines[line][column:])
        name = word[0] if word else "@ukraine"
        return f"`@` begins no YAML value; put the query in quotes: '{name} …'"
    if sign == "\t":
        return "indent with spaces: YAML does not take tabs"
    return f"`{sign}` begins no YAML value; put it in quotes"


def _offset(file: str, text: str, position: int) -> Place:
    before = text[:position]
    return Place(file, before.count("\n") + 1, position - before.rfind("\n"))


def of_pydantic(error: Mapping[str, Any], place: Place, allowed: Sequence[str]) -> Problem:
    """One finding of a type check. `allowed` are the keys that may stand where an unknown one stands."""
    kind, path = str(error["type"]), spell(error["loc"])
    context = error.get("ctx", {})
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        return unknown_key(place, path, str(error["loc"][-1]), allowed)
    if kind in ("missing", "missing_argument", "missing_keyword_only_argument"):
        return at(place, path, "MON-CFG-005", "this key is missing and has no default")
    if kind == "literal_error":
        return at(place, path, "MON-CFG-007", f"has to be one of: {_choices(context)}")
    if kind == "value_error":
        return at(place, path, "MON-CFG-008", str(context["error"]))
    wanted = KINDS.get(kind.split("_", maxsplit=1)[0], "another kind of value")
    return at(place, path, "MON-CFG-006", f"has to be {wanted}")


def _choices(context: Mapping[str, Any]) -> str:
    return ", ".join(re.findall(r"'([^']*)'", str(context.get("expected", ""))))
