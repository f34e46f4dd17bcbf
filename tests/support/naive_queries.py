"""The query language once more, by trying every place: what the engine is held against.

Nothing is shared with the engine but the fold and the borders of sentences; there is no automaton, no signal, no set.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product
from typing import NamedTuple

from monitor.match.borders import paragraph_ends, sentence_ends
from monitor.match.fold import HANGUL, UNSPACED, Folded, fold, fold_words, script_class

WORDS = {
    "Latin": ["drone", "Drones", "Élysée", "strasse", "dronę", "war", "us", "đại"],
    "Cyrillic": ["дрон", "дроны", "Київ", "война"],
    "Greek": ["Ταϊβάν", "πόλεμος"],
    "Arabic": ["طائرة", "طائره", "أوكرانيا"],
    "Hebrew": ["רחפן", "הרחפן"],
    "Devanagari": ["ड्रोन", "यूक्रेन"],
    "Bengali": ["ড্রোন", "যুদ্ধ"],
    "Tamil": ["ட்ரோன்", "போர்"],
    "Armenian": ["դրոն"],
    "Georgian": ["დრონი", "ომი"],
    "Thai": ["โดรน", "ยูเครน"],
    "Khmer": ["ដ្រូន"],
    "Han": ["無人機", "无人机", "台湾", "机场"],
    "kana": ["ドローン", "カード"],
    "Hangul": ["드론", "대만"],
    "Ethiopic": ["ድሮን"],
}
ALL = [word for words in WORDS.values() for word in words]
GLUE = [" ", " ", " ", ". ", "! ", "。", "\n", "-", ", ", "", " x y ", " A. "]


class Place(NamedTuple):
    """A field's number and what is taken of its folded text."""

    field: int
    cores: tuple[tuple[int, int], ...]

    @property
    def start(self) -> int:
        """The first folded letter."""
        return min(core[0] for core in self.cores)

    @property
    def end(self) -> int:
        """Behind the last folded letter."""
        return max(core[1] for core in self.cores)


@dataclass(frozen=True)
class Query:
    """A tree: an operator with its number, or a leaf with its word."""

    name: str
    parts: tuple[Query, ...] = ()
    number: int = 0
    word: str = ""

    def __str__(self) -> str:
        return SPELLED[self.name](self)


def _infix(query: Query) -> str:
    mark = f" {query.name} " if query.name in ("AND", "OR") else f" {query.name}/{query.number} "
    return f"({mark.join(map(str, query.parts))})"


def _function(query: Query) -> str:
    number = f"/{query.number}" if query.number else ""
    return f"{query.name}{number}({' OR '.join(map(str, query.parts))})"


SPELLED: dict[str, Callable[[Query], str]] = {
    "word": lambda query: f'"{query.word}"',
    "title": lambda query: f'title:"{query.word}"',
    "prefix": lambda query: f'"{query.word}*"',
    "suffix": lambda query: f'"*{query.word}"',
    "shape": lambda query: query.word,
    "lang": lambda query: f"lang:{query.word}",
    "BUT": lambda query: f"({query.parts[0]} AND NOT {query.parts[1]})",
    "~": lambda query: f'"{query.word}"~{query.number}',
    **dict.fromkeys(("AND", "OR", "NEAR", "ONEAR", "NOT NEAR"), _infix),
    **dict.fromkeys(("SENTENCE", "PARAGRAPH", "FIRST", "ATLEAST", "SCORE"), _function),
}


class Article:
    """Three texts, to be searched by hand."""

    def __init__(self, texts: Sequence[str], language: str = "und") -> None:
        self.texts, self.language = texts, language
        self.folded = [fold(text) for text in texts]
        self.known: dict[Query, list[Place]] = {}

    def places(self, query: Query) -> list[Place]:
        """Everywhere a query is true that has places."""
        match query.name:
            case "OR":
                return [place for part in query.parts for place in self.places(part)]
            case "NEAR" | "ONEAR":
                return [Place(a.field, tuple(sorted((*a.cores, *b.cores)))) for a, b in self.pairs(query)]
            case "NOT NEAR":
                taken = [a for a, _ in self.pairs(query)]
                return [place for place in self.places(query.parts[0]) if place not in taken]
            case "~":
                return _minimal(list(self.windows(query)))
        if query not in self.known:
            self.known[query] = [
                place
                for number, folded in enumerate(self.folded)
                if query.name != "title" or number == 0
                for place in _tried(query, number, folded)
            ]
        return self.known[query]

    def pairs(self, query: Query) -> Iterator[tuple[Place, Place]]:
        """Every place of the left side with every place of the right one."""
        for a, b in product(*map(self.places, query.parts)):
            ordered = query.name != "ONEAR" or b.start >= a.end
            if a.field == b.field and ordered and _apart(a, b) and self.between(a, b) <= 2 * query.number:
                yield a, b

    def between(self, a: Place, b: Place) -> int:
        """Half words between two places."""
        first, second = sorted((a, b), key=lambda place: place.start)
        return self.halves(a.field, first.end, second.start)

    def halves(self, field: int, start: int, end: int) -> int:
        """Half words that begin in a stretch."""
        text = self.folded[field].text
        return sum(_weight(text, at) for at in range(start, end))

    def windows(self, query: Query) -> Iterator[Place]:
        """One place for each word, in every combination."""
        leaves = [Query("word", word=word) for word in _folded(query.word).split(" ")]
        for chosen in product(*map(self.places, leaves)):
            fields = {place.field for place in chosen}
            cores = tuple(sorted(core for place in chosen for core in place.cores))
            if len(fields) == 1 and all(one[1] <= two[0] for one, two in pairwise(cores)):
                field, own = chosen[0].field, sum(self.halves(chosen[0].field, *core) for core in cores)
                if self.halves(field, cores[0][0], cores[-1][1]) - own <= 2 * query.number:
                    yield Place(field, cores)

    def holds(self, query: Query) -> bool:
        """Is a query true of the article?"""
        return self.true(query, lambda _: True)

    def true(self, query: Query, admits: Callable[[Place], bool]) -> bool:
        """Is a query true of those places that are admitted?"""
        parts = query.parts
        match query.name:
            case "AND":
                return all(self.true(part, admits) for part in parts)
            case "BUT":
                return self.true(parts[0], admits) and not self.true(parts[1], admits)
            case "lang":
                return query.word == self.language
            case "SENTENCE" | "PARAGRAPH":
                pieces = {
                    self.piece(query.name, place) for leaf in _leaves(parts[0]) for place in self.places(leaf)
                } - {-1}
                return any(
                    self.true(parts[0], lambda place, p=piece: admits(place) and self.piece(query.name, place) == p)  # type: ignore[misc]
                    for piece in pieces
                )
            case "FIRST":
                return self.true(parts[0], lambda place: admits(place) and self.number(place) <= 2 * query.number)
            case "ATLEAST":
                places = [place for leaf in _positive(parts[0]) for place in self.places(leaf) if admits(place)]
                return self.true(parts[0], admits) and _most_apart(self.once(places)) >= query.number
            case "SCORE":
                return sum(self.true(part, admits) for part in parts) >= query.number
            case "OR":
                return any(self.true(part, admits) for part in parts)
        return any(map(admits, self.admitted(query, admits)))

    def once(self, places: Sequence[Place]) -> Sequence[Place]:
        """A summary that the body has word for word counts once."""
        elsewhere = [place for place in places if place.field != 1]
        summary = self.folded[1].text
        repeated = len(summary) > 1 and summary in self.folded[2].text
        return elsewhere if repeated and elsewhere else places

    def admitted(self, query: Query, admits: Callable[[Place], bool]) -> list[Place]:
        """The places of a query all of whose leaves are admitted."""
        inside = _Part(self, admits)
        return inside.places(query)

    def number(self, place: Place) -> int:
        """Half words up to the end of a place, counted from the title on."""
        before = sum(self.halves(field, 0, len(self.folded[field].text)) for field in range(place.field))
        return before + self.halves(place.field, 0, place.end)

    def piece(self, name: str, place: Place) -> int:
        """Which sentence or paragraph a place lies in; -1 if in no single one. The title is one."""
        if place.field == 0:
            return 0
        text, folded = self.texts[place.field], self.folded[place.field]
        ends = sentence_ends(text) if name == "SENTENCE" else paragraph_ends(text)
        pieces = {sum(end <= int(folded.offsets[at]) for end in ends) for at in (place.start, place.end - 1)}
        before = sum(len(text) + 1 for text in self.texts[: place.field])
        return before + pieces.pop() if len(pieces) == 1 else -1


class _Part(Article):
    """A part of an article: leaves elsewhere are not seen."""

    def __init__(self, whole: Article, admits: Callable[[Place], bool]) -> None:
        self.texts, self.language, self.folded, self.known = whole.texts, whole.language, whole.folded, whole.known
        self._admits = admits

    def places(self, query: Query) -> list[Place]:
        """As for an article, but leaves are asked where they stand."""
        found = super().places(query)
        return found if query.parts or query.name == "~" else [place for place in found if self._admits(place)]


@cache
def _folded(word: str) -> str:
    return fold_words([word])[0]


def _leaves(query: Query) -> set[Query]:
    return set().union(*map(_leaves, query.parts)) if query.parts else {query}


def _positive(query: Query) -> set[Query]:
    return _leaves(query.parts[0] if query.name == "BUT" else query)


def _minimal(places: Sequence[Place]) -> list[Place]:
    """Those that have no other one in them."""
    return [one for one in places if not any(_contains(one, other) for other in places)]


def _contains(one: Place, other: Place) -> bool:
    same = one.field == other.field and one.start <= other.start and other.end <= one.end
    return same and (one.start, one.end) != (other.start, other.end)


def _weight(text: str, at: int) -> int:
    if text[at] == " ":
        return 0
    if script_class(text[at]) in UNSPACED:
        return 1
    return 2 if text[at - 1] == " " else 0


def _apart(a: Place, b: Place) -> bool:
    return all(one[1] <= two[0] or two[1] <= one[0] for one, two in product(a.cores, b.cores))


def _most_apart(places: Sequence[Place]) -> int:
    number, reach = 0, (-1, 0)
    for place in sorted(places, key=lambda place: (place.field, place.end)):
        if place.field > reach[0] or place.start >= reach[1]:
            number, reach = number + 1, (place.field, place.end)
    return number


def _tried(query: Query, number: int, folded: Folded) -> Iterator[Place]:
    """A leaf at every folded letter."""
    text = folded.text
    if query.name == "shape":
        yield from _shaped(query.word, number, text)
        return
    core = _folded(query.word)
    for start in range(len(text)):
        if text.startswith(core, start) and _counts(query.name, folded, start, start + len(core)):
            yield Place(number, (_whole(text, start, start + len(core)),))


def _shaped(pattern: str, number: int, text: str) -> Iterator[Place]:
    """Words that fit `*` and `?`, letter by letter."""
    at, wanted = 1, _folded(pattern.replace("?", "\u16b7").replace("*", "\u16c3"))
    for word in text.split():
        if _fits(wanted, word):
            yield Place(number, ((at, at + len(word)),))
        at += len(word) + 1


def _fits(pattern: str, word: str) -> bool:
    if not pattern:
        return not word
    if pattern[0] == "\u16c3":
        return any(_fits(pattern[1:], word[at:]) for at in range(len(word) + 1))
    return bool(word) and pattern[0] in ("\u16b7", word[0]) and _fits(pattern[1:], word[1:])


def _counts(shape: str, folded: Folded, start: int, end: int) -> bool:
    text = folded.text
    first, last = script_class(text[start]), script_class(text[end - 1])
    left = first in UNSPACED or shape == "suffix" or text[start - 1] == " "
    right = last in (*UNSPACED, HANGUL) or shape == "prefix" or text[end] == " "
    begin = folded.span(start, end)[0]
    numeral = first == HANGUL and shape != "suffix" and begin > 0 and folded.original[begin - 1].isdecimal()
    return left and right and not numeral


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    while script_class(text[start]) not in UNSPACED and text[start - 1] != " ":
        start -= 1
    while script_class(text[end - 1]) not in UNSPACED and text[end] != " ":
        end += 1
    return start, end


class Chance:
    """Random queries and texts from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.words = self.random.sample(ALL, 5)

    def text(self, longest: int) -> str:
        """Some words, glued by anything."""
        count = self.random.randint(0, longest)
        return "".join(self.random.choice(self.words) + self.random.choice(GLUE) for _ in range(count))

    def leaf(self, *more: str) -> Query:
        """A word in one of its shapes."""
        name = self.random.choice(["word", "word", "word", "title", "prefix", "suffix", "shape", *more])
        word = self.random.choice(self.words)
        if name == "lang":
            return Query(name, word=self.random.choice(["uk", "en"]))
        if name in ("prefix", "suffix") and len(_folded(word)) < 4:
            name = "word"
        return self.shape(word) if name == "shape" else Query(name, word=word)

    def shape(self, word: str) -> Query:
        """A word with a wildcard inside, if it is long enough and its script has blanks."""
        folded = _folded(word)
        if len(folded) < 5 or script_class(folded[0]) or folded != word.lower():
            return Query("word", word=word)
        return Query("shape", word=word[:3] + self.random.choice("?*") + word[4:] + self.random.choice(["", "", "*"]))

    def placed(self, depth: int) -> Query:
        """A query that has places."""
        name = self.random.choice(["leaf", "leaf", "OR", "NEAR", "ONEAR", "NOT NEAR", "~"]) if depth else "leaf"
        if name == "leaf":
            return self.leaf()
        if name == "~":
            return Query("~", number=self.random.randint(0, 3), word=" ".join(self.random.sample(self.words, 2)))
        parts = (self.placed(depth - 1), self.placed(depth - 1))
        return Query(name, parts, self.random.randint(0, 4))

    def query(self, depth: int, about: str = "lang") -> Query:
        """Any query; `about` is a leaf that is allowed besides words."""
        names = ["AND", "OR", "BUT", "placed", "placed", "SENTENCE", "PARAGRAPH", "FIRST", "ATLEAST", "SCORE", "leaf"]
        name = self.random.choice(names) if depth else "leaf"
        if name == "leaf":
            return self.leaf(about)
        if name == "placed":
            return self.placed(2)
        if name == "SCORE":
            return Query(name, tuple(self.leaf(about) for _ in range(3)), self.random.randint(1, 3))
        if name == "ATLEAST":
            parts = tuple(self.leaf() for _ in range(2))
            return Query(name, (Query(self.random.choice(["OR", "AND", "BUT"]), parts),), self.random.randint(1, 4))
        count = 1 if name in ("SENTENCE", "PARAGRAPH", "FIRST") else 2
        number = self.random.randint(1, 8) if name == "FIRST" else 0
        about = "word" if name in ("SENTENCE", "PARAGRAPH") else about
        return Query(name, tuple(self.query(depth - 1, about) for _ in range(count)), number)
