"""Runs the shipped packs over marked texts and counts what is found, missed and wrongly found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter

from monitor.match.compiler import compile_rules
from monitor.match.concepts import builtin_packs
from monitor.match.languages import language_group
from monitor.match.matcher import RuleSet
from monitor.model.ids import WatchId
from monitor.model.watch import Hit, Text, Watch
from monitor.normalise.language import detect, primary
from tests.recall.texts import CONCEPTS, Marked, Span

KNOWN, GUESSED = "known", "guessed"
WAYS = (KNOWN, GUESSED)
"""How the language of a text is told: by the file it is in, or by the service's detector."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A mention that was not found, or a hit where there is none."""

    kind: str
    concept: str
    language: str
    judged_as: str
    piece: str
    term: str
    """The alias that hit; empty for a miss."""
    text: str


@dataclass(slots=True)
class Count:
    """Mentions expected and found, and hits that overlap none."""

    expected: int = 0
    found: int = 0
    false: int = 0

    def add(self, other: Count) -> None:
        """Adds the figures of another."""
        self.expected += other.expected
        self.found += other.found
        self.false += other.false

    @property
    def recall(self) -> float:
        """Share of the mentions that were found; 1 if there are none."""
        return self.found / self.expected if self.expected else 1.0

    @property
    def precision(self) -> float:
        """Mentions found ÷ (mentions found + false hits); 1 if there are neither."""
        return self.found / (self.found + self.false) if self.found + self.false else 1.0


@dataclass(slots=True)
class Tally:
    """The figures by way, concept and language, and what was wrong."""

    counts: dict[tuple[str, str, str], Count] = field(default_factory=dict)
    wrong: dict[str, list[Wrong]] = field(default_factory=lambda: {way: [] for way in WAYS})
    guesses: Counter[str] = field(default_factory=Counter)
    """What the detector said: `right`, `unknown` or `other`."""

    def note(self, key: tuple[str, str, str], count: Count, wrong: Iterable[Wrong]) -> None:
        """Adds the figures of one text."""
        self.counts.setdefault(key, Count()).add(count)
        self.wrong[key[0]].extend(wrong)

    def total(self, way: str, concepts: Iterable[str] = CONCEPTS, languages: Iterable[str] | None = None) -> Count:
        """The sum over concepts and languages; None = all languages."""
        named, within = frozenset(concepts), None if languages is None else frozenset(languages)
        total = Count()
        for (told, concept, language), count in self.counts.items():
            if told == way and concept in named and (within is None or language in within):
                total.add(count)
        return total


@cache
def pack_rules() -> RuleSet:
    """One watch for each concept."""
    return compile_rules([Watch(WatchId(name), "@" + name) for name in CONCEPTS], builtin_packs())


def find_hits(text: Text) -> Mapping[str, tuple[Hit, ...]]:
    """Hits by concept."""
    return {str(match.watch.id): match.hits for match in pack_rules().match(text)}


def judge(texts: Iterable[Marked]) -> Tally:
    """Every text twice: its language known, and guessed."""
    tally = Tally()
    for marked in texts:
        _judge_one(marked, KNOWN, primary(marked.language), tally)
        guess = primary(detect("", marked.text).tag)
        tally.guesses[_compare(guess, marked.language)] += 1
        _judge_one(marked, GUESSED, guess, tally)
    return tally


def _compare(guess: str, language: str) -> str:
    group = language_group(guess)
    return "unknown" if not group else "right" if group == language_group(language) else "other"


def _judge_one(marked: Marked, way: str, language: str, tally: Tally) -> None:
    hits = find_hits(Text(body=marked.text, language=language))
    for concept in CONCEPTS:
        spans, found = marked.spans(concept), hits.get(concept, ())
        lost = [span for span in spans if not any(_overlap(span, (hit.start, hit.end)) for hit in found)]
        false = [hit for hit in found if not any(_overlap(span, (hit.start, hit.end)) for span in spans)]
        count = Count(len(spans), len(spans) - len(lost), len(false))
        tally.note((way, concept, marked.language), count, _wrong(marked, concept, language, lost, false))


def _wrong(marked: Marked, concept: str, language: str, lost: list[Span], false: list[Hit]) -> Iterator[Wrong]:
    for start, end in lost:
        piece = marked.text[start:end]
        yield Wrong("missed", concept, marked.language, language, piece, "", marked.text)
    for hit in sorted(false, key=attrgetter("start")):
        alias = f"{hit.term} ({hit.language})"
        yield Wrong("false", concept, marked.language, language, hit.text, alias, marked.text)


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
