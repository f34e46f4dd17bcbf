"""One alias as a pattern of the automaton, and the checks that a hit of it has to pass.

The word boundary is inside the pattern: `" drone "`, `" ukrain"`, `无人机`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from monitor.match.fold import HANGUL, UNSPACED, dropped, script_class

APOSTROPHES = dict.fromkeys(map(ord, "’‘ʼʻ′´`＇"), "'")
HYPHENS = dict.fromkeys(map(ord, "‐‑‒–−"), "-")
QUOTES = dict.fromkeys(map(ord, "״”“„″"), '"')
TATWEEL = 0x640
"""Stretches an Arabic word on paper; no letter."""
_KIN: dict[int, str | None] = {**APOSTROPHES, **HYPHENS, **QUOTES, ord("׳"): "'", TATWEEL: None}


@dataclass(frozen=True, slots=True)
class Swallower:
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


@dataclass(frozen=True, slots=True)
class NotIn:
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
    not_in: tuple[Swallower, ...] = ()
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
    """What exact checks compare: NFKC, one apostrophe, one hyphen, a letter at both ends.

    Format characters and the tatweel are left out.
    """
    kept = "".join(letter for letter in text if not _invisible(letter)).translate(_KIN)
    composed = unicodedata.normalize("NFKC", kept)
    if not cased:
        composed = unicodedata.normalize("NFC", composed.casefold())
    return composed.strip("".join({letter for letter in composed if unicodedata.category(letter)[0] not in "LMN"}))


def _invisible(letter: str) -> bool:
    return letter > "\x7f" and dropped(letter) and unicodedata.category(letter) in ("Cf", "Mn") and not _is_mark(letter)


def _is_mark(letter: str) -> bool:
    """Marks that a reader sees: their absence is a difference."""
    return unicodedata.combining(letter) != 0


def make_swallowers(core: str, longer: str, entry: NotIn, open_left: bool, open_right: bool) -> tuple[Swallower, ...]:
    """The ways in which a folded pattern lies inside the folded entry `longer`; none if it does not, or is all of it.

    A `*` at an end of the entry opens that end; ends of Han, kana, Thai, Hangul … are open, and so is an end where the
    pattern itself is; a blank written at an end closes it. With `case`, punctuation at the ends counts: `(İHA)`.
    """
    lead, trail = _margins(entry.text) if entry.case else ("", "")
    if len(longer) <= len(core) and not (lead or trail):
        return ()
    left, right = _open_ends(longer, entry.text, open_left, open_right)
    text = ("" if left else " ") + longer + ("" if right else " ")
    exact = exact_form(entry.text, True) if entry.case else ""
    places = [at for at in range(len(text)) if text.startswith(core, at)]
    return tuple(Swallower(text, at, entry.unless_before, exact, lead, trail) for at in places)


def _open_ends(longer: str, written: str, open_left: bool, open_right: bool) -> tuple[bool, bool]:
    """At which ends letters may go on: at a `*`, in a script without word borders, where the pattern lets them."""
    attached = (*UNSPACED, HANGUL)
    left = written.startswith("*") or open_left or script_class(longer[0]) in attached
    right = written.endswith("*") or open_right or script_class(longer[-1]) in attached
    return left and not written.startswith(" "), right and not written.endswith(" ")


def _margins(written: str) -> tuple[str, str]:
    """The punctuation before the first and behind the last letter."""
    words = [at for at, letter in enumerate(written) if unicodedata.category(letter)[0] in "LMN"]
    return (written[: words[0]].strip("* "), written[words[-1] + 1 :].strip("* ")) if words else ("", "")
