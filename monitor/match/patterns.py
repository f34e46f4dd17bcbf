"""One alias as a pattern of the automaton, and the checks that a hit of it has to pass.

The word boundary is inside the pattern: `" drone "`, `" ukrain"`, `无人机`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from monitor.match.fold import HANGUL, UNSPACED, dropped, script_class

APOSTROPHES = dict.fromkeys(map(ord, "’‘ʼʻ′´`＇"), "'")
HYPHENS = dict.fromkeys(map(ord, "‐‑‒–−"), "-")
QUOTES = dict.fromkeys(map(ord, "״”“„″"), '"')
TATWEEL = 0x640
"""Stretches an Arabic word on paper; no letter."""
# What the class of a named tuple does beyond this costs twice as much, and packs have tens of thousands.
_make: Any = tuple.__new__
ATTACHED = frozenset({*UNSPACED, HANGUL})
"""Scripts in which letters of other words follow without a blank."""
_KIN: dict[int, str | None] = {**APOSTROPHES, **HYPHENS, **QUOTES, ord("׳"): "'", TATWEEL: None}


class Swallower(NamedTuple):
    """A longer string in which a hit does not count, from `before` folded characters ahead of the hit."""

    text: str
    before: int
    unless_before: str = ""
    """Letters that make it count after all when one of them follows the longer string."""
    exact: str = ""
    """Only where the original is this, capitals included."""
    lead: str = ""
    trail: str = ""
    """Punctuation that the original has right before and behind."""


class NotIn(NamedTuple):
    """An entry of `not_in`, as a pack has it."""

    text: str
    unless_before: str = ""
    case: bool = False


class Check(NamedTuple):
    """What a hit must pass beyond its folded letters; the empty check is passed by every hit."""

    exact: str = ""
    """The original must be this, without dropped characters."""
    cased: bool = False
    """`exact` compares capitals too, not only accents."""
    acronym: bool = False
    """No word in any language: a headline all in capitals proves it as well as any."""
    language: str = ""
    """Only on text of this language, or of an unknown one."""
    not_in: Collection[Swallower] = ()
    shape: str = ""
    """A pattern for the whole folded word: the hit is only its longest run of letters without a wildcard."""
    after_numeral: bool = True
    """May follow a digit without a blank (a Hangul noun may not: 20대만 is "only 20")."""


PLAIN = Check()


class Alias(NamedTuple):
    """One thing to search for, as a pack or a query has it."""

    written: str
    """As its author wrote it, `*` included."""
    kind: str
    """Key of the pack (`term`, `prefix` …), or `phrase`, `symbol`."""
    core: str
    """Folded, without blanks at its ends."""
    check: Check = PLAIN
    open_left: bool = False
    open_right: bool = False
    """Any letters may stand there."""
    language: str | None = None
    """Whose block it stands in."""
    concept: str | None = None

    @property
    def pattern(self) -> str:
        """What the automaton looks for."""
        left = "" if self.open_left or script_class(self.core[0]) in UNSPACED else " "
        last = script_class(self.core[-1])
        # Korean particles are attached, so the right edge of a Hangul word is open.
        right = "" if self.open_right or last in UNSPACED or last == HANGUL else " "
        return left + self.core + right


def make_alias(alias: Alias) -> Alias:
    """The alias with the check its script asks for."""
    bare = script_class(alias.core[0]) != HANGUL or alias.open_left
    return alias if bare else alias._replace(check=alias.check._replace(after_numeral=False))


MAX_WORD = 200
"""Folded letters of a word that is held against a shape; nobody's word is longer."""


@cache
def _compiled(shape: str) -> re.Pattern[str]:
    return re.compile(shape)


def fits(shape: str, word: str) -> bool:
    """Has a folded word this shape?"""
    return len(word) <= MAX_WORD and _compiled(shape).fullmatch(word) is not None


def make_shape(pieces: Sequence[str]) -> str:
    """A regular expression from literals, `?` and `*`; each `*` but the last takes as little as it can, for good.

    So no word makes it try one division after the other.
    """
    runs = [""]
    for piece in pieces:
        if piece == "*":
            runs.append("")
        else:
            runs[-1] += "." if piece == "?" else re.escape(piece)
    middle = "".join(f"(?>.*?{run})" for run in runs[1:-1])
    return runs[0] + middle + (".*" + runs[-1] if len(runs) > 1 else "")


def exact_form(text: str, cased: bool) -> str:
    """What exact checks compare: NFKC, one apostrophe, one hyphen, one blank for any space, a letter at both ends.

    Format characters and the tatweel are left out.
    """
    kept = text if text.isascii() else "".join([letter for letter in text if not _invisible(letter)])
    composed = " ".join(unicodedata.normalize("NFKC", kept.translate(_KIN)).split())
    if not cased:
        composed = unicodedata.normalize("NFC", composed.casefold())
    if composed[:1].isalnum() and composed[-1:].isalnum():
        return composed
    return composed.strip("".join({letter for letter in composed if unicodedata.category(letter)[0] not in "LMN"}))


@cache
def _invisible(letter: str) -> bool:
    return letter > "\x7f" and dropped(letter) and unicodedata.category(letter) in ("Cf", "Mn") and not _is_mark(letter)


def _is_mark(letter: str) -> bool:
    """Marks that a reader sees: their absence is a difference."""
    return unicodedata.combining(letter) != 0


class Longer(NamedTuple):
    """A string in which patterns do not count, but for its folded text."""

    open_left: bool
    open_right: bool
    """Letters may go on there whatever the pattern."""
    closed_left: bool
    closed_right: bool
    """They may not, whatever the pattern."""
    entry: NotIn
    exact: str = ""
    lead: str = ""
    trail: str = ""
    """With `case`: the characters themselves, and the punctuation at the ends."""

    def swallowers(self, longer: str, core: str, open_left: bool, open_right: bool) -> Iterator[Swallower]:
        """The ways in which a folded pattern lies in its folded text; none if it does not, or is all of it.

        Letters may go on at an end where they may behind the pattern, unless that is closed.
        """
        if len(longer) <= len(core) and not (self.lead or self.trail):
            return
        left = "" if (self.open_left or open_left) and not self.closed_left else " "
        right = "" if (self.open_right or open_right) and not self.closed_right else " "
        text = left + longer + right
        at = text.find(core)
        while at >= 0:
            yield _make(Swallower, (text, at, self.entry.unless_before, self.exact, self.lead, self.trail))
            at = text.find(core, at + 1)


def make_longer(entry: NotIn, text: str) -> Longer:
    """An entry of `not_in` whose folded text begins and ends as this one.

    A `*` at an end of the entry opens that end; ends of Han, kana, Thai, Hangul … are open; a blank written at an end
    closes it. With `case`, punctuation at the ends counts: `(İHA)`.
    """
    written = entry.text
    lead, trail = _margins(written) if entry.case else ("", "")
    return Longer(
        written.startswith("*") or script_class(text[0]) in ATTACHED,
        written.endswith("*") or script_class(text[-1]) in ATTACHED,
        written.startswith(" "),
        written.endswith(" "),
        entry,
        exact_form(written, True) if entry.case else "",
        lead,
        trail,
    )


def _margins(written: str) -> tuple[str, str]:
    """The punctuation before the first and behind the last letter."""
    if written[0].isalnum() and written[-1].isalnum():
        return "", ""
    words = [at for at, letter in enumerate(written) if unicodedata.category(letter)[0] in "LMN"]
    return (written[: words[0]].strip("* "), written[words[-1] + 1 :].strip("* ")) if words else ("", "")
