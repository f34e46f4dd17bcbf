"""Standing queries as analysts might write them, in any number, from a seed: the mix of the design's measurements.

25 % OR lists, 30 % AND, 12 % with NOT, 10 % phrases, 10 % NEAR, 5 % beginnings of words, 6 % in titles, 2 % of 40–250
terms. Hot: words drawn by a steep Zipf law over how common they are. Selective: evenly. The world has more words
than some articles show, and most queries are about something else; how many is chosen so that an article meets as many
as in the design, about 37 and 11 of 10,000.

A query is data first, so that another engine can be asked the same thing, and our text second.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple, TypeVar

from monitor.match.fold import BORDER, fold, script_class
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch
from tests.benchmarks.material import invented

Row = TypeVar("Row", str, tuple[str, str])

COMMONEST = 0.2
"""Words in more of the articles than this are of no language's analysts: articles, prepositions."""
UNSEEN = 100_000
"""Words of the world that no article has; they are invented."""
ABOUT = {True: 0.045, False: 0.033}
"""Share of the queries, hot and selective, that are about what the articles are about; all others name unseen words."""
STEEP = 0.8
"""Exponent of the Zipf law of hot terms, over all words in order of how many articles have them."""
KINDS = {"or": 25, "and": 30, "not": 12, "phrase": 10, "near": 10, "prefix": 5, "title": 6, "long": 2}
"""Shares of the forms, in per cent."""


class Term(NamedTuple):
    """Folded words side by side; a beginning if `prefix`, in the title only if `title`."""

    words: tuple[str, ...]
    prefix: bool = False
    title: bool = False

    def __str__(self) -> str:
        text = " ".join(self.words) + "*" * self.prefix
        return ("title:" if self.title else "") + (f'"{text}"' if len(self.words) > 1 else text)


@dataclass(frozen=True, slots=True)
class Standing:
    """Of every group a term occurs, and no excluded one does; `near`: at most so many words between two groups."""

    id: str
    kind: str
    groups: tuple[tuple[Term, ...], ...]
    excluded: tuple[Term, ...] = ()
    near: int | None = None

    def __str__(self) -> str:
        """In our language."""
        joined = (" AND " if self.near is None else f" NEAR/{self.near} ").join(map(_any, self.groups))
        return f"{joined} AND NOT {_any(self.excluded)}" if self.excluded else joined

    @property
    def watch(self) -> Watch:
        """As it is compiled."""
        return Watch(WatchId(self.id), str(self))


def _any(terms: Sequence[Term]) -> str:
    text = " OR ".join(map(str, terms))
    return f"({text})" if len(terms) > 1 else text


@dataclass(frozen=True, slots=True)
class Words:
    """What some articles say: words and pairs of neighbours, each by how many articles have it, the commonest first."""

    articles: int
    counts: dict[str, int]
    pairs: dict[tuple[str, str], int]


def words_of(texts: Sequence[Text]) -> Words:
    """Words of three letters and more in scripts with blanks between words, and their pairs; no word is too common."""
    counts: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for text in texts:
        words = fold(f"{text.title} {BORDER} {text.summary} {BORDER} {text.body}").text.split()
        counts.update({word for word in words if _usable(word)})
        pairs.update({pair for pair in pairwise(words) if all(map(_usable, pair))})
    most = COMMONEST * len(texts)
    kept = {word: count for word, count in _falling(counts) if count <= most}
    near = {pair: count for pair, count in _falling(pairs) if set(pair) & kept.keys()}
    return Words(len(texts), kept, near)


def _falling(counts: Counter[Row]) -> list[tuple[Row, int]]:
    return sorted(counts.items(), key=lambda row: (-row[1], row[0]))


def _usable(word: str) -> bool:
    return 3 <= len(word) <= 20 and word.isalpha() and not any(map(script_class, word))


def standing_queries(vocabulary: Words, count: int, hot: bool, seed: int) -> list[Standing]:
    """So many queries, the same for the same arguments; the first ones of a longer list are those of a shorter one."""
    draw = Draw(vocabulary, hot, random.Random(seed))
    return [draw.query(number) for number in range(count)]


class Draw:
    """Draws terms, and queries of them."""

    def __init__(self, vocabulary: Words, hot: bool, chance: random.Random) -> None:
        self.chance, self.hot = chance, hot
        unseen = invented(chance, UNSEEN)
        other = list(zip(unseen[::2], unseen[1::2], strict=True))
        self._worlds = [(unseen, other), (list(vocabulary.counts), list(vocabulary.pairs))]
        self._laws = {len(rows): _zipf(len(rows)) for world in self._worlds for rows in world}
        self._words, self._pairs = self._worlds[0]

    def query(self, number: int) -> Standing:
        """A query of some kind, about what the articles are about or about something else."""
        (kind,) = self.chance.choices(list(KINDS), list(KINDS.values()))
        self._words, self._pairs = self._worlds[self.chance.random() < ABOUT[self.hot]]
        return Standing(f"q{number:06}", kind, *FORMS[kind](self))

    def term(self, title: bool = False) -> Term:
        """A word."""
        return Term((self.one(self._words),), title=title)

    def one(self, rows: Sequence[Row]) -> Row:
        """By the law, or evenly."""
        law = self._laws[len(rows)] if self.hot else None
        return self.chance.choices(rows, cum_weights=law)[0] if law else self.chance.choice(rows)

    def phrase(self) -> Term:
        """Two words side by side."""
        return Term(self.one(self._pairs))

    def beginning(self) -> Term:
        """All but the last two letters of a word, four at least."""
        word = self.one(self._words)
        while len(word) < 5:
            word = self.one(self._words)
        return Term((word[: max(4, len(word) - 2)],), prefix=True)

    def terms(self, least: int, most: int, title: bool = False) -> tuple[Term, ...]:
        """Some words, of which one has to occur."""
        return tuple(self.term(title) for _ in range(self.chance.randint(least, most)))

    def groups(self, least: int, most: int) -> tuple[tuple[Term, ...], ...]:
        """Some groups of one or two words."""
        return tuple(self.terms(1, 2) for _ in range(self.chance.randint(least, most)))


def _zipf(size: int) -> list[float]:
    return list(accumulate((rank + 1) ** -STEEP for rank in range(size)))


Form = tuple[tuple[tuple[Term, ...], ...], tuple[Term, ...], int | None]
"""Groups, excluded terms, words between."""

FORMS: dict[str, Callable[[Draw], Form]] = {
    "or": lambda draw: ((draw.terms(2, 4),), (), None),
    "and": lambda draw: (draw.groups(2, 3), (), None),
    "not": lambda draw: (draw.groups(1, 2), draw.terms(1, 2), None),
    "phrase": lambda draw: (((draw.phrase(),),), (), None),
    "near": lambda draw: (draw.groups(2, 2), (), draw.chance.randint(1, 10)),
    "prefix": lambda draw: (((draw.beginning(),),), (), None),
    "title": lambda draw: ((draw.terms(1, 2, title=True),), (), None),
    "long": lambda draw: ((draw.terms(40, 250), *draw.groups(1, 1)), (), None),
}
