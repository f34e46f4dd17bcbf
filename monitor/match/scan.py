"""One article against all patterns: what occurs, where, and what each occurrence has to pass to count."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Literal, TypeGuard

from monitor.match.automaton import Automaton, RawHit
from monitor.match.fold import BORDER, Folded, fold, scrub
from monitor.match.heard import Heard, Page
from monitor.match.languages import language_group
from monitor.match.operators.metadata import known_values
from monitor.match.patterns import Alias, Check, Swallower, exact_form, fits
from monitor.match.syntax import Bound
from monitor.model.article import FieldName
from monitor.model.watch import Text

MAX_FIELD = 65_536
"""Code points of a field that are looked at."""

FIELDS: tuple[FieldName, ...] = ("title", "summary", "body")
ASIDES: tuple[Bound, ...] = ("author", "url", "tag")
"""What else an article says of itself; looked at only if some query asks."""
GAP = f" {BORDER} "

Reason = Literal["", "language", "case", "accent", "capitals", "numeral", "not_in", "shape"]
"""Why an occurrence does not count; empty if it does."""

Metadata = Mapping[tuple[str, str], int]
"""Signals by what is known about the article as a whole: `("lang", "uk")`."""


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """Aliases of one pattern that share checks and raise the same signals."""

    order: int
    aliases: tuple[Alias, ...]
    check: Check
    plain: bool
    """Nothing to check."""
    anywhere: tuple[int, ...]
    """Signals raised by a hit in any field."""
    fielded: tuple[tuple[Bound, int], ...]
    """Signals raised by a hit in that field."""
    by_language: dict[str, Alias]
    extend_left: bool
    extend_right: bool
    """The hit is shown up to the border of its word."""

    def alias_for(self, group: str) -> Alias:
        """The alias of the text's language, else the first in file order."""
        return self.by_language.get(group, self.aliases[0])

    def signals(self, field: Bound) -> list[int]:
        """What a hit in a field raises."""
        anywhere = () if field in ASIDES else self.anywhere
        return [*anywhere, *(signal for name, signal in self.fielded if name == field)]

    def raises(self, signal: int) -> bool:
        """Can a hit of this variant raise the signal at all?"""
        return signal in self.anywhere or any(signal == other for _, other in self.fielded)


class Listeners:
    """Per pattern, who wants to hear of it."""

    def __init__(self, rows: Sequence[tuple[Variant, ...]], placed: frozenset[int] = frozenset()) -> None:
        """`placed`: signals of which operators ask where they are raised."""
        self.rows = tuple(rows)
        self._patterns = _patterns_by_signal(self.rows, placed)
        self.placed = frozenset(chain.from_iterable(self._patterns.values()))
        """Patterns of such signals."""
        self.asides = any(name in ASIDES for row in rows for variant in row for name, _ in variant.fielded)
        """Is anything asked about authors, addresses or tags?"""
        self.plain = tuple(
            tuple(signal for variant in row if variant.plain for signal in variant.anywhere) for row in rows
        )
        """Signals that any hit raises, wherever it stands."""
        self.checked = {
            number: tuple(variant for variant in row if variant.fielded or not variant.plain)
            for number, row in enumerate(rows)
            if any(variant.fielded or not variant.plain for variant in row)
        }
        """Variants of which every hit has to be looked at."""

    def patterns_of(self, signal: int) -> frozenset[int]:
        """The patterns that raise a signal of which operators ask for places."""
        return self._patterns.get(signal, frozenset())

    def variants_of(self, signal: int) -> Iterator[Variant]:
        """All variants that raise a signal."""
        return (variant for row in self.rows for variant in row if variant.raises(signal))


def _patterns_by_signal(rows: Sequence[tuple[Variant, ...]], wanted: frozenset[int]) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    if wanted:
        for pattern, row in enumerate(rows):
            for variant in row:
                for signal in wanted.intersection((*variant.anywhere, *(signal for _, signal in variant.fielded))):
                    found[signal].add(pattern)
    return {signal: frozenset(patterns) for signal, patterns in found.items()}


class Scan:
    """A folded article with every occurrence of every pattern."""

    def __init__(self, text: Text, automaton: Automaton, asides: bool = False) -> None:
        self.text = text
        self.fields = [scrub(part[:MAX_FIELD]) for part in (text.title, text.summary, text.body)]
        rows = list(_asides(text)) if asides else []
        self._named: tuple[Bound, ...] = (*FIELDS, *(name for name, _ in rows))
        self.folded: Folded = fold(GAP.join([*self.fields, *(value for _, value in rows)]))
        self.group = language_group(text.language)
        self.all_hits: list[RawHit] = automaton.find(self.folded.text)
        self.borders = tuple(_find_all(self.folded.text, BORDER))
        self.hits = self._in_texts(self.all_hits) if rows else self.all_hits
        """Those in title, summary and body."""

    def _in_texts(self, hits: list[RawHit]) -> list[RawHit]:
        stop = self.borders[len(FIELDS) - 1]
        return [hit for hit in hits if hit[1] < stop]

    def heard(self, listeners: Listeners, metadata: Metadata | None = None) -> Heard:
        """Every signal that some occurrence raises, and those that are true of the article as a whole."""
        heard = Heard((), Page(self, listeners))
        plain, checked = listeners.plain, listeners.checked
        for pattern in {hit[0] for hit in self.hits}:
            heard.update(plain[pattern])
        sure: set[int] = set()
        for pattern, start, end in self.all_hits:
            for variant in checked.get(pattern, ()):
                if variant.order in sure or not (variant.plain or not self.objection(variant, start, end)):
                    continue
                field = self.field_at(start)
                heard.update(variant.signals(field))
                if not variant.fielded and field not in ASIDES:
                    sure.add(variant.order)
        if metadata:
            heard.update(metadata[key] for key in known_values(self.text) if key in metadata)
        return heard

    def field_at(self, start: int) -> Bound:
        """The field in which a folded place lies."""
        return self._named[bisect_right(self.borders, start)]

    def core_span(self, start: int, end: int) -> tuple[int, int]:
        """A raw hit without the blanks of its pattern."""
        text = self.folded.text
        return start + (text[start] == " "), end - (text[end - 1] == " ")

    def shown_span(self, variant: Variant, start: int, end: int) -> tuple[int, int]:
        """A raw hit up to the borders of its words, in the original."""
        start, end = self.core_span(start, end)
        if variant.extend_left:
            start = self.folded.text.rindex(" ", 0, start) + 1
        if variant.extend_right:
            end = self.folded.text.index(" ", end)
        return self.folded.span(start, end)

    def surface(self, start: int, end: int) -> str:
        """The original of a raw hit, without extension."""
        first, last = self.folded.span(*self.core_span(start, end))
        return self.folded.original[first:last]

    def local(self, field: FieldName, start: int, end: int) -> tuple[int, int]:
        """A span of the joined original as a span of its field."""
        before = FIELDS.index(field)
        shift = sum(len(part) + len(GAP) for part in self.fields[:before])
        return start - shift, end - shift

    def objection(self, variant: Variant, start: int, end: int) -> Reason:
        """Why a raw hit does not count for a variant; empty if it does."""
        check = variant.check
        if check.language and self.group and check.language != self.group:
            return "language"
        if not check.after_numeral and self._follows_digit(start, end):
            return "numeral"
        if any(self._swallowed(longer, self.core_span(start, end)[0]) for longer in check.not_in):
            return "not_in"
        if check.shape and not fits(check.shape, self._token(start, end)):
            return "shape"
        return self._inexact(check, start, end) if check.exact else ""

    def _token(self, start: int, end: int) -> str:
        """The whole word around a raw hit inside one."""
        text = self.folded.text
        start, end = self.core_span(start, end)
        return text[text.rindex(" ", 0, start) + 1 : text.index(" ", end)]

    def _follows_digit(self, start: int, end: int) -> bool:
        first = self.folded.span(*self.core_span(start, end))[0]
        return first > 0 and self.folded.original[first - 1].isdecimal()

    def _swallowed(self, longer: Swallower, start: int) -> bool:
        begin = start - longer.before
        text = self.folded.text
        if begin < 0 or not text.startswith(longer.text, begin):
            return False
        stop = begin + len(longer.text)
        after = text[stop : stop + 1]
        if after and after in longer.unless_before:
            return False
        return not longer.exact or self._written_so(longer, begin, stop)

    def _written_so(self, longer: Swallower, begin: int, stop: int) -> bool:
        first, last = self.folded.span(*self.core_span(begin, stop))
        before, after = self.folded.original[:first], self.folded.original[last : last + len(longer.trail)]
        exact = exact_form(self.folded.original[first:last], True) == longer.exact
        return exact and before.endswith(longer.lead) and after == longer.trail

    def _inexact(self, check: Check, start: int, end: int) -> Reason:
        if exact_form(self.surface(start, end), check.cased) != check.exact:
            return "case" if check.cased else "accent"
        if check.cased and not check.acronym and self.shouting and self.field_at(start) == "title":
            surface = self.surface(start, end)
            return "" if surface in self.fields[1] or surface in self.fields[2] else "capitals"
        return ""

    @cached_property
    def shouting(self) -> bool:
        """More than 80 % of the title's letters are capitals, so that capitals prove nothing there."""
        cased = [letter for letter in self.fields[0] if letter.isupper() or letter.islower()]
        return sum(map(str.isupper, cased)) > 0.8 * len(cased)

    @cached_property
    def astral(self) -> tuple[bool, ...]:
        """Which fields have characters that JavaScript counts as two."""
        return tuple(utf16_length(part) != len(part) for part in self.fields)

    @cached_property
    def repeated(self) -> bool:
        """The summary stands in the body word for word."""
        title_end, summary_end = self.borders[:2]
        body_end = self.borders[2] if len(self.borders) > 2 else len(self.folded.text)
        summary = self.folded.text[title_end + 1 : summary_end]
        return len(summary) > 1 and summary in self.folded.text[summary_end:body_end]


def _find_all(text: str, sign: str) -> Iterator[int]:
    at = text.find(sign)
    while at >= 0:
        yield at
        at = text.find(sign, at + 1)


def _asides(text: Text) -> Iterator[tuple[Bound, str]]:
    for author in text.authors:
        yield "author", scrub(author[:MAX_FIELD])
    if text.url:
        yield "url", scrub(text.url[:MAX_FIELD])
    for tag in text.tags:
        yield "tag", scrub(tag[:MAX_FIELD])


def is_text(field: Bound) -> TypeGuard[FieldName]:
    """Is a field one of the published texts?"""
    return field in FIELDS


def utf16_length(text: str) -> int:
    """UTF-16 units of a text: what JavaScript counts in."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
