"""One article against all patterns: what occurs, where, and what each occurrence has to pass to count."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from functools import cached_property, lru_cache
from typing import Literal, TypeGuard

from monitor.match.automaton import MAX_HITS, Search
from monitor.match.fold import BORDER, Folded, scrub
from monitor.match.invisible import visible_end
from monitor.match.languages import language_group
from monitor.match.listeners import FIELDS, Variant
from monitor.match.patterns import Check, Swallower, exact_form, fits
from monitor.match.syntax import Bound
from monitor.model.article import FieldName
from monitor.model.watch import Text

MAX_FIELD = 65_536
"""Code points of a field that are looked at."""

GAP = f" {BORDER} "
_exact_form = lru_cache(4096)(exact_form)
"""Articles say the same words again and again."""
Reason = Literal["", "language", "case", "accent", "capitals", "numeral", "not_in", "shape"]
"""Why an occurrence does not count; empty if it does."""


class Scan:
    """A folded article with every occurrence of every pattern."""

    def __init__(self, text: Text, search: Search, fold: Callable[[str], Folded], asides: bool = False) -> None:
        """`fold` may be what gives what another scan of the same text, with the same `asides`, has folded."""
        self.text = text
        self._objections: dict[tuple[int, int], Reason] = {}
        self._inside: dict[tuple[int, int], bool] = {}
        """Whether a hit lies in a longer string, by the strings, which variants share, and its place."""
        self._below: dict[tuple[str, str], bool] = {}
        self.fields = [scrub(cut(part)) for part in (text.title, text.summary, text.body)]
        rows = list(_asides(text)) if asides else []
        self._named: tuple[Bound, ...] = (*FIELDS, *(name for name, _ in rows)) if rows else FIELDS
        self.folded = fold(GAP.join([*self.fields, *(value for _, value in rows)]))
        self.all_hits = search.find(self.folded.text)
        self.hits = self.all_hits.before(self.borders[len(FIELDS) - 1]) if rows else self.all_hits
        """Those in title, summary and body."""

    @cached_property
    def patterns(self) -> AbstractSet[int]:
        """Patterns that occur in title, summary and body."""
        return self.hits.patterns

    @cached_property
    def all_patterns(self) -> AbstractSet[int]:
        """Patterns that occur anywhere."""
        return self.patterns if self.hits is self.all_hits else self.all_hits.patterns

    @cached_property
    def group(self) -> str:
        """The language of the text as it is judged; empty if unknown."""
        return language_group(self.text.language)

    @cached_property
    def borders(self) -> tuple[int, ...]:
        """Where the fields part, in the folded text."""
        return tuple(_find_all(self.folded.text, BORDER))

    @cached_property
    def shifts(self) -> tuple[int, ...]:
        """Where title, summary and body begin in the joined original."""
        title, summary = len(self.fields[0]) + len(GAP), len(self.fields[1]) + len(GAP)
        return 0, title, title + summary

    @cached_property
    def crowded(self) -> frozenset[int]:
        """Patterns with as many places as are looked at, or more."""
        if len(self.all_hits) < MAX_HITS:
            return frozenset()
        return frozenset(
            one for one, count in Counter(pattern for pattern, _, _ in self.all_hits).items() if count >= MAX_HITS
        )

    def field_at(self, start: int) -> Bound:
        """The field in which a folded place lies."""
        return self._named[bisect_right(self.borders, start)]

    def core_span(self, start: int, end: int) -> tuple[int, int]:
        """A raw hit without the blanks of its pattern."""
        text = self.folded.text
        return start + (text[start] == " "), end - (text[end - 1] == " ")

    def shown_span(self, variant: Variant, start: int, end: int) -> tuple[int, int]:
        """A raw hit up to the borders of its words and the last letter that is seen, in the original."""
        first, last = self.folded.span(*self.extended(variant, *self.core_span(start, end)))
        return first, visible_end(self.folded.original, first, last)

    def extended(self, variant: Variant, start: int, end: int) -> tuple[int, int]:
        """A folded span up to the borders of its words, where the variant is open."""
        if variant.extend_left:
            start = self.folded.text.rindex(" ", 0, start) + 1
        if variant.extend_right:
            end = self.folded.text.index(" ", end)
        return start, end

    def surface(self, start: int, end: int) -> str:
        """The original of a raw hit, without extension."""
        first, last = self.folded.span(*self.core_span(start, end))
        return self.folded.original[first:last]

    def local(self, field: FieldName, start: int, end: int) -> tuple[int, int]:
        """A span of the joined original as a span of its field."""
        shift = self.shifts[FIELDS.index(field)]
        return start - shift, end - shift

    def objection(self, variant: Variant, start: int, end: int) -> Reason:
        """Why a raw hit does not count for a variant; empty if it does. Asked again by who looks for places."""
        key = (variant.order, start)
        if key not in self._objections:
            self._objections[key] = self._object(variant, start, end)
        return self._objections[key]

    def _object(self, variant: Variant, start: int, end: int) -> Reason:
        check = variant.check
        if check.language and self.group and check.language != self.group:
            return "language"
        if not check.after_numeral and self._follows_digit(start, end):
            return "numeral"
        if variant.around and self._lies_inside(variant, start, end):
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

    def _lies_inside(self, variant: Variant, start: int, end: int) -> bool:
        key = id(variant.check.not_in), start
        if key not in self._inside:
            self._inside[key] = self._is_swallowed(variant, *self.core_span(start, end))
        return self._inside[key]

    def _is_swallowed(self, variant: Variant, start: int, end: int) -> bool:
        """Does a hit lie in one of the longer strings?"""
        text = self.folded.text
        for left, right, longer in variant.around:
            some = longer.get(text[max(0, start - left) : start] + text[end : end + right])
            if some and any(self._swallowed(one, start) for one in some):
                return True
        return False

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
        if _exact_form(self.surface(start, end), check.cased) != check.exact:
            return "case" if check.cased else "accent"
        if check.cased and not check.acronym and self.shouting and self.field_at(start) == "title":
            return "" if self._stands_below(check, self.folded.text[start:end]) else "capitals"
        return ""

    def _stands_below(self, check: Check, pattern: str) -> bool:
        """Does what passes a check stand in summary or body too, as a word of its own? Asked once for all places."""
        key = (check.exact, pattern)
        if key not in self._below:
            self._below[key] = any(
                exact_form(self.surface(at, at + len(pattern)), check.cased) == check.exact
                for at in self._places_below(pattern)
            )
        return self._below[key]

    def _places_below(self, pattern: str) -> Iterator[int]:
        """Where a pattern stands in summary and body."""
        at, stop = self.borders[0], self.borders[2] if len(self.borders) > 2 else len(self.folded.text)
        while (at := self.folded.text.find(pattern, at + 1, stop)) >= 0:
            yield at

    @cached_property
    def shouting(self) -> bool:
        """More than 80 % of the title's letters are capitals, so that capitals prove nothing there."""
        cased = [letter for letter in self.fields[0] if letter.isupper() or letter.islower()]
        return sum(map(str.isupper, cased)) > 0.8 * len(cased)

    @cached_property
    def astral(self) -> tuple[bool, ...]:
        """Which fields have characters that JavaScript counts as two."""
        return tuple([not part.isascii() and utf16_length(part) != len(part) for part in self.fields])

    def utf16_span(self, field: int, start: int, end: int) -> tuple[int, int]:
        """A span of one of the texts in what JavaScript counts in."""
        first = utf16_length(self.fields[field][:start])
        return first, first + utf16_length(self.fields[field][start:end])

    @cached_property
    def summarised(self) -> bool:
        """Is there any hit in the summary?"""
        first, last = self.borders[:2]
        return last - first > 2 and any(first < hit[1] < last for hit in self.hits)

    @cached_property
    def repeated(self) -> bool:
        """The summary stands in the body word for word."""
        title_end, summary_end = self.borders[:2]
        body_end = self.borders[2] if len(self.borders) > 2 else len(self.folded.text)
        summary = self.folded.text[title_end + 1 : summary_end]
        return len(summary) > 1 and summary in self.folded.text[summary_end:body_end]


LONG_WORD = 100
"""Letters by which a text is cut shorter at most, so that it ends with a whole word."""


def cut(text: str) -> str:
    """What is looked at of a text: half a word at the end would be another word."""
    if len(text) <= MAX_FIELD:
        return text
    end = MAX_FIELD
    while end > MAX_FIELD - LONG_WORD and _in_word(text[end - 1]) and _in_word(text[end]):
        end -= 1
    return text[: end if end > MAX_FIELD - LONG_WORD else MAX_FIELD]


def _in_word(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LMN"


def is_cut(*texts: str) -> bool:
    """Is any of these longer than what is looked at of a field?"""
    return max(map(len, texts)) > MAX_FIELD


def _find_all(text: str, sign: str) -> Iterator[int]:
    at = text.find(sign)
    while at >= 0:
        yield at
        at = text.find(sign, at + 1)


def _asides(text: Text) -> Iterator[tuple[Bound, str]]:
    for author in text.authors:
        yield "author", scrub(cut(author))
    if text.url:
        yield "url", scrub(cut(text.url))
    for tag in text.tags:
        yield "tag", scrub(cut(tag))


def is_text(field: Bound) -> TypeGuard[FieldName]:
    """Is a field one of the published texts?"""
    return field in FIELDS


def utf16_length(text: str) -> int:
    """UTF-16 units of a text: what JavaScript counts in."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
