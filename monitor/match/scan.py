"""One article against all patterns: what occurs, where, and what each occurrence has to pass to count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from monitor.match.automaton import Automaton, RawHit
from monitor.match.fold import BORDER, Folded, fold, scrub
from monitor.match.languages import language_group
from monitor.match.patterns import Alias, Check, Swallower, exact_form
from monitor.model.article import FieldName
from monitor.model.watch import Text

MAX_FIELD = 65_536
"""Code points of a field that are looked at."""

FIELDS: tuple[FieldName, ...] = ("title", "summary", "body")
GAP = f" {BORDER} "

Reason = Literal["", "language", "case", "accent", "capitals", "numeral", "not_in"]
"""Why an occurrence does not count; empty if it does."""


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
    fielded: tuple[tuple[FieldName, int], ...]
    """Signals raised by a hit in that field."""
    by_language: dict[str, Alias]
    extend_left: bool
    extend_right: bool
    """The hit is shown up to the border of its word."""

    def alias_for(self, group: str) -> Alias:
        """The alias of the text's language, else the first in file order."""
        return self.by_language.get(group, self.aliases[0])

    def signals(self, field: FieldName) -> list[int]:
        """What a hit in a field raises."""
        return [*self.anywhere, *(signal for name, signal in self.fielded if name == field)]

    def raises(self, signal: int) -> bool:
        """Can a hit of this variant raise the signal at all?"""
        return signal in self.anywhere or any(signal == other for _, other in self.fielded)


class Listeners:
    """Per pattern, who wants to hear of it."""

    def __init__(self, rows: Sequence[tuple[Variant, ...]]) -> None:
        self.rows = tuple(rows)
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

    def variants_of(self, signal: int) -> Iterator[Variant]:
        """All variants that raise a signal."""
        return (variant for row in self.rows for variant in row if variant.raises(signal))


class Scan:
    """A folded article with every occurrence of every pattern."""

    def __init__(self, text: Text, automaton: Automaton) -> None:
        self.fields = [scrub(part[:MAX_FIELD]) for part in (text.title, text.summary, text.body)]
        self.folded: Folded = fold(GAP.join(self.fields))
        self.group = language_group(text.language)
        self.hits: list[RawHit] = automaton.find(self.folded.text)
        first = self.folded.text.find(BORDER)
        self.borders = (first, self.folded.text.find(BORDER, first + 1))

    def heard(self, listeners: Listeners) -> set[int]:
        """Every signal that some occurrence raises."""
        heard: set[int] = set()
        plain, checked = listeners.plain, listeners.checked
        for pattern in {hit[0] for hit in self.hits}:
            heard.update(plain[pattern])
        sure: set[int] = set()
        for pattern, start, end in self.hits:
            for variant in checked.get(pattern, ()):
                if variant.order in sure or not (variant.plain or not self.objection(variant, start, end)):
                    continue
                heard.update(variant.signals(self.field_at(start)))
                if not variant.fielded:
                    sure.add(variant.order)
        return heard

    def field_at(self, start: int) -> FieldName:
        """The field in which a folded place lies."""
        return "title" if start < self.borders[0] else "summary" if start < self.borders[1] else "body"

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
        return self._inexact(check, start, end) if check.exact else ""

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
        title_end, summary_end = self.borders
        summary = self.folded.text[title_end + 1 : summary_end]
        return len(summary) > 1 and summary in self.folded.text[summary_end:]


def utf16_length(text: str) -> int:
    """UTF-16 units of a text: what JavaScript counts in."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
