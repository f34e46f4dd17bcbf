"""Takes foreign lines out of a text: pointers to other stories, tails and markers of scrapers, share bars.

They name other stories, so they raise false alerts and kill true ones. Whatever is not removed stays byte for byte, and
every span of the clean text can be led back to the text as it was.

    T1 marker   [ad_1]: alone on a line, at its start or end      T5 signature  The post … appeared first on …
    T2 code     [name key=value …]                                T6 continue   Continue reading …
    T3 tail     Source link -48                                   T7 share bar  Share Tweet WhatsApp
    T4 pointer  >> Read also: …                                   T8 learned    what most articles of the feed have

T3, T5 and T6 hold for the last line only, again while the last line is one. Phrases: `monitor/data/furniture/*.txt`.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from monitor import data
from monitor.model.article import FieldName, Removed
from monitor.normalise.fold import drop_marks, fold, fold_lines, hash32

POINTER_LIMIT = 200
SIGNATURE_LIMIT = 500
LEARNED_LIMIT = 300
"""Characters of a line that a rule may remove."""

LEARNED_WINDOW = 50
LEARNED_ARTICLES = 5
LEARNED_SHARE = 0.3
LEARNED_KEPT = 256
"""Articles a line is counted over, how many and what share of them it must have stood in, lines kept per feed."""

LINES_COUNTED = 200
"""Lines of one article that are counted."""

_OPENING = 12
"""Characters that hold the first two letters of a line; those with more accents on them are looked at closely."""

_MARKER = re.compile(r"\[/?ad_\d{1,3}\]", re.IGNORECASE)
_LEADING_MARKER = re.compile(rf"\s*({_MARKER.pattern})", re.IGNORECASE)
_SHORTCODE = re.compile(
    r"(?:\[/?[a-z][\w-]*(?:\s+[\w-]+=(?:\"[^\"\]]*\"|'[^'\]]*'|[^\s\]\"']+))+\s*/?\](?:\s*\[/[a-z][\w-]*\])?\s*)+\Z",
    re.IGNORECASE,
)
_ARROW = re.compile(r"(?:(?:>+|»|›|→|►|▶|➤|⇒|➡)\ufe0f?\s*)+")
_BULLET = re.compile(r"(?:[•·▪■◆*–—-]\s*)+")
_TAIL_NUMBER = re.compile(r"\s*(?:[-–—]\s*\d{0,6})?\s*\Z")
_TRAILING = re.compile(r"[\s.…→»›>►]+\Z")
_SHARE_SPLIT = re.compile(r"[\s|·•,/:;+&]+")
_TEASER_END = ("[…]", "[...]", "[&hellip;]")


class Piece(NamedTuple):
    """A stretch of clean text and where it begins in the raw text."""

    clean: int
    raw: int
    length: int


@dataclass(frozen=True, slots=True)
class Stripped:
    """A text without its foreign lines. `teaser`: the text says itself that it goes on elsewhere."""

    text: str
    removed: tuple[Removed, ...] = ()
    pieces: tuple[Piece, ...] = ()
    teaser: bool = False

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """The span in the raw text of a span of the clean text; over a removed line it spans that line, too."""
        first = self._raw(start)
        return first, self._raw(end - 1) + 1 if end > start else first

    def _raw(self, at: int) -> int:
        if not self.pieces:
            return at
        piece = self.pieces[max(0, bisect_right(self.pieces, at, key=lambda piece: piece.clean) - 1)]
        return piece.raw + at - piece.clean


class _Line(NamedTuple):
    start: int
    end: int
    text: str


def strip_furniture(text: str, field: FieldName, learned: frozenset[int] = frozenset()) -> Stripped:
    """`text` without foreign lines. Titles stay as they are, and so does a text of which nothing would be left.

    `learned`: hashes of lines as `line_hashes` makes them.
    """
    if field == "title" or not text:
        return Stripped(text)
    lines, markers = _without_markers(text)
    kept, others = _without_lines(lines, learned)
    removed = sorted(markers + others)
    teaser = any(kind == "T6" for _, _, kind in removed) or text.rstrip().endswith(_TEASER_END)
    if not removed or not any(line.text.strip() for line in kept):
        return Stripped(text, teaser=teaser)
    clean, pieces = _joined(text, kept)
    return Stripped(clean, tuple(Removed(field, a, b, kind, text[a:b]) for a, b, kind in removed), pieces, teaser)


def line_hashes(text: str) -> tuple[int, ...]:
    """A 32-bit hash for each different line of at most 300 characters, for learning what is furniture (T8)."""
    short = "\n".join(line for line in text.split("\n") if len(line) <= LEARNED_LIMIT)
    return tuple(dict.fromkeys(hash32(line) for line in fold_lines(short) if line))


def article_lines(summary: Stripped, body: Stripped) -> tuple[int, ...]:
    """`line_hashes` of an article. Learned lines count on when they are removed, or they would be forgotten in turn."""
    learned = (one.text for one in (*summary.removed, *body.removed) if one.kind == "T8")
    return line_hashes("\n".join((summary.text, body.text, *learned)))[:LINES_COUNTED]


def learn_lines(counts: tuple[tuple[int, int], ...], articles: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    """The counts after these articles: over about the last 50, the 256 most frequent lines.

    Pairs of line hash and count in hundredths of an article; hash 0 counts the articles themselves.
    """
    if not articles:
        return counts
    fading = (1 - 1 / LEARNED_WINDOW) ** len(articles)
    table = Counter({line: int(count * fading) for line, count in counts})
    for lines in articles[-LEARNED_WINDOW:]:
        for line in (0, *lines):
            table[line] += 100
    ordered = sorted(table.items(), key=lambda pair: (pair[0] != 0, -pair[1], pair[0]))
    return tuple(pair for pair in ordered[: LEARNED_KEPT + 1] if pair[1])


def learned_lines(counts: tuple[tuple[int, int], ...]) -> frozenset[int]:
    """The lines that stood in at least 5 and 30 % of the feed's last 50 articles."""
    articles = dict(counts).get(0, 0)
    least = max(LEARNED_ARTICLES * 100 - 50, LEARNED_SHARE * articles)
    return frozenset(line for line, count in counts if line and count >= least)


_Cut = tuple[int, int, str]


def _without_markers(text: str) -> tuple[list[_Line], list[_Cut]]:
    """The lines with their markers cut off, and the markers."""
    lines: list[_Line] = []
    cuts: list[_Cut] = []
    start = 0
    for raw in text.split("\n"):
        line = _Line(start, start + len(raw), raw)
        start = line.end + 1
        lines += _cut_markers(line, cuts) if "[" in raw and _MARKER.search(raw) else [line]
    return lines, cuts


def _cut_markers(line: _Line, cuts: list[_Cut]) -> list[_Line]:
    """What stays of a line: its middle, and apart from it a scraper's tail behind the last marker."""
    *_, last = _MARKER.finditer(line.text)
    behind = _slice(line, last.end(), len(line.text))
    if behind.text.strip() and _is_tail(_plain(behind.text)):
        return [*_cut_markers(_slice(line, 0, last.end()), cuts), behind]
    begin, end = 0, len(line.text)
    while found := _LEADING_MARKER.match(line.text, begin):
        cuts.append((line.start + found.start(1), line.start + found.end(), "T1"))
        begin = found.end()
    for found in reversed(list(_MARKER.finditer(line.text, begin))):
        if line.text[found.end() : end].strip():
            break
        cuts.append((line.start + found.start(), line.start + found.end(), "T1"))
        end = found.start()
    middle = _slice(line, begin, end)
    return [middle] if middle.text.strip() else []


def _slice(line: _Line, begin: int, end: int) -> _Line:
    return _Line(line.start + begin, line.start + end, line.text[begin:end])


def _without_lines(lines: list[_Line], learned: frozenset[int]) -> tuple[list[_Line], list[_Cut]]:
    """Goes from the end, because what is the last line depends on what has been removed behind it."""
    kept: list[_Line] = []
    cuts: list[_Cut] = []
    last = True
    for line in reversed(lines):
        bare = line.text.strip()
        kind = _kind(bare, last, learned) if bare else None
        if kind is None:
            kept.append(line)
            last = last and not bare
        else:
            cuts.append((line.start, line.end, kind))
    return kept[::-1], cuts


def _kind(line: str, last: bool, learned: frozenset[int]) -> str | None:
    """The rule that removes this line."""
    if len(line) > (SIGNATURE_LIMIT if last else LEARNED_LIMIT):
        return None
    found = None
    if last or _opens_foreign(line):
        folded = _plain(line)
        rules = (*_LAST_RULES, *_RULES) if last else _RULES
        found = next((kind for kind, holds in rules if holds(folded)), None)
    if found is None and learned and len(line) <= LEARNED_LIMIT and hash32(fold(line)) in learned:
        return "T8"
    return found


def _opens_foreign(line: str) -> bool:
    """Whether one of `_RULES` could hold, by the first two letters: most lines are prose and need no closer look."""
    opening = _plain(line[:_OPENING])[:2]
    return len(opening) < 2 or not opening.isalnum() or opening in _openings()


def _is_shortcode(line: str) -> bool:
    return line.startswith("[") and _SHORTCODE.match(line) is not None


def _is_tail(line: str) -> bool:
    return any(_TAIL_NUMBER.match(line, len(phrase)) for phrase in _phrases().source if line.startswith(phrase))


def _is_pointer(line: str) -> bool:
    """Arrow and phrase; phrase and colon; or the phrase alone. A bullet before a single word proves nothing."""
    if len(line) > POINTER_LIMIT:
        return False
    arrow, bullet = _ARROW.match(line), _BULLET.match(line)
    lead = arrow or bullet
    rest = line[lead.end() :] if lead else line
    for phrase in _phrases().pointer.get(rest[:2], ()):
        if rest.startswith(phrase):
            behind = rest[len(phrase) :].lstrip()
            if behind.startswith(":") or not behind.strip(".→»> "):
                return True
            if (arrow or (bullet and " " in phrase)) and not rest[len(phrase)].isalnum():
                return True
    return False


def _is_signature(line: str) -> bool:
    return any(_in_order(parts, line) for parts in _phrases().signature)


def _in_order(parts: Sequence[str], text: str) -> bool:
    """Whether the text begins with the first part and has the others behind it in this order."""
    at = len(parts[0])
    if not text.startswith(parts[0]):
        return False
    for part in parts[1:]:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _is_continue(line: str) -> bool:
    phrases = _phrases().cont
    if line in phrases or _TRAILING.sub("", line) in phrases:
        return True
    return line.startswith("continue reading ") and line.endswith(("→", "»", "›"))


def _is_share_bar(line: str) -> bool:
    share = _phrases().share
    first, *rest = [word for word in _SHARE_SPLIT.split(line, maxsplit=30) if word] or [""]
    return first in share and any(word != first for word in rest) and share.issuperset(rest)


_Rule = tuple[str, Callable[[str], bool]]
_LAST_RULES: tuple[_Rule, ...] = (("T3", _is_tail), ("T5", _is_signature), ("T6", _is_continue))
_RULES: tuple[_Rule, ...] = (("T2", _is_shortcode), ("T4", _is_pointer), ("T7", _is_share_bar))


def _joined(text: str, kept: list[_Line]) -> tuple[str, tuple[Piece, ...]]:
    """The kept lines with a line break between them; lines that were neighbours stay one piece."""
    runs = [[kept[0].start, kept[0].end]]
    for line in kept[1:]:
        if line.start == runs[-1][1] + 1:
            runs[-1][1] = line.end
        else:
            runs.append([line.start, line.end])
    pieces, clean = [], 0
    for start, end in runs:
        pieces.append(Piece(clean, start, end - start + 1))
        clean += end - start + 1
    return "\n".join(text[start:end] for start, end in runs), tuple(pieces)


@dataclass(frozen=True, slots=True)
class _Phrases:
    """The phrases of all languages, folded: a scraper's template need not speak the language of the text."""

    pointer: dict[str, tuple[str, ...]]
    """By the first two characters, longest first."""
    source: frozenset[str]
    cont: frozenset[str]
    signature: tuple[tuple[str, ...], ...]
    share: frozenset[str]


@cache
def _openings() -> frozenset[str]:
    """How pointers and share bars begin where no arrow, bullet or bracket stands before them."""
    phrases = _phrases()
    return frozenset((*phrases.pointer, *(word[:2] for word in phrases.share)))


_KINDS = ("pointer", "source", "continue", "signature", "share")


@cache
def _phrases() -> _Phrases:
    found: dict[str, set[str]] = {kind: set() for kind in _KINDS}
    for name in data.names("furniture"):
        for line in data.lines(f"furniture/{name}"):
            kind, _, phrase = line.partition(" ")
            found[kind].add(_plain(phrase))
    pointers: dict[str, tuple[str, ...]] = {}
    for phrase in sorted(found["pointer"], key=lambda phrase: (-len(phrase), phrase)):
        pointers[phrase[:2]] = (*pointers.get(phrase[:2], ()), phrase)
    return _Phrases(
        pointers,
        frozenset(found["source"]),
        frozenset(found["continue"]),
        tuple(tuple(phrase.split("*")) for phrase in sorted(found["signature"])),
        frozenset(found["share"]),
    )


def _plain(text: str) -> str:
    """Case and accents away, apostrophes straight, blanks single: as phrases are compared."""
    text = " ".join(text.replace("’", "'").split()).lower()
    if text.isascii():
        return text
    return drop_marks(unicodedata.normalize("NFKD", text)).casefold()
