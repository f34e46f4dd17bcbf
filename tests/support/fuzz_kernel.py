"""Random work for a kernel in a folder of its own: `python -m tests.support.fuzz_kernel FOLDER SEED ROUNDS`.

Runs under a sanitizer, which makes all of Python slow, hence nothing is imported that a kernel does not need. Arguments
are mostly right, so that all is reached, and sometimes anything, so that nothing is believed.
"""

from __future__ import annotations

import importlib.util
import random
import sys
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

LETTERS = ["ab ", "aéß ", "дрон \x1f", "无人机 a", "𠮷🇺 a\x1f", "a\U00010061 \ud800", "a \x1fбд机无𠮷"]
SIGNALS = 70
ANYTHING = (None, -1, 0, 1, 2**31, 2**70, -(2**70), 0.5, "", " ", "a", b"a", (), [], [[]], {}, {1}, "𠮷" * 3, object())
REFUSALS = (TypeError, ValueError, OverflowError, IndexError, MemoryError)


class Shown(NamedTuple):
    """A hit as it is published: as many columns as the real one."""

    field: str
    start: int
    end: int
    utf16: tuple[int, int]
    text: str
    term: str
    kind: str
    concept: str | None
    language: str | None
    clause: object


class Met(NamedTuple):
    """A match as it is published."""

    watch: object
    version: object
    hits: tuple[Shown, ...]
    hits_total: int
    limits: tuple[str, ...]


def load(folder: Path) -> ModuleType:
    """The kernel in a folder."""
    (path,) = folder.glob("kernel*.so")
    spec = importlib.util.spec_from_file_location("kernel", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Fuzz:
    """One seed's work."""

    def __init__(self, kernel: ModuleType, seed: int) -> None:
        self.kernel, self.chance = kernel, random.Random(seed)
        self.refused = 0
        self.entries_of_letters = self.letters_of_a_table()

    def letters_of_a_table(self) -> array[int]:
        """An entry per code point: itself, or something else with flags, or an expansion."""
        entries = array("I", range(0x110000))
        for letter in set("".join(LETTERS)):
            flags = self.chance.choice([0, 0, 1 << 24, 1 << 25, 1 << 26, 3 << 21, 7 << 21, 1 << 27])
            entries[ord(letter)] = flags | (self.chance.randrange(2) if flags == 1 << 27 else ord(letter))
        return entries

    def fold(self) -> None:
        """A table of some rules, and texts by it."""
        expanded = array("I", [97, 32, 98 | 3 << 21, 0x1F])
        table = (self.entries_of_letters, array("q", [0, 2, 4]), expanded, array("Q", [97 << 21 | 98]))
        folder = self.kernel.Folder(*table)
        text = self.text(300)
        folded = folder.fold(text)
        if folded is not None:
            places = array("q", folded[1])
            assert len(places) == len(folded[0]) + 1
            assert list(places) == sorted(places)
            assert (places[0], places[-1]) == (0, len(text))
        wrong = [array("I", [5]), array("q", [0, 9]), array("q", [3, 2, 4]), array("Q"), b"a", None]
        for place in range(len(table)):
            spoilt: list[object] = list(table)
            spoilt[place] = self.chance.choice(wrong)
            self.call(self.kernel.Folder, *spoilt)
        self.call(folder.fold, self.chance.choice(ANYTHING))

    def round(self) -> None:
        """A search, a board, and articles before them."""
        self.fold()
        patterns = self.patterns()
        search = self.kernel.Search(patterns, self.chance.choice([0, 1, 3, 1000]))
        entries = self.entries()
        board = self.kernel.Board(self.rows(patterns), self.rows(patterns), entries, SIGNALS)
        signs = self.signs(patterns)
        for _ in range(4):
            text = self.text(self.chance.choice([0, 5, 60, 400]))
            found = search.find(text)
            assert all(text[start:end] == patterns[number] for number, start, end in found), (patterns, text)
            assert found.patterns == {number for number, _, _ in found}
            assert list(found.before(9)) == [hit for hit in found if hit[1] < 9]
            for _ in range(2):
                others = self.some(SIGNALS)
                sure, asked = board.judge(found, self.chance.randint(0, 60), others)
                assert sorted({*sure, *asked}) == sorted([*sure, *asked])
                assert board.candidates(found, 0, others) <= 200
                picked = board.pick(found, 0, others, tuple(range(len(entries))))
                sure, asked = board.judge(found, 0, others)
                assert picked == ((sure, asked) if asked else sure)
            self.show(signs, found, text)
        self.attempt(search, board, found, signs, text)

    def show(self, signs: Any, found: Any, text: str) -> None:
        """The hits of some signals, in an original that is the folded text."""
        offsets = array("q", range(len(text) + 1))
        borders = sorted(self.chance.choices(range(len(text) + 1), k=2))
        stage = self.kernel.Stage(signs, found, text, offsets, borders, (0, borders[0], borders[1]))
        for match in stage.show([self.card(), None, self.card()]):
            if match is not None:
                assert type(match) is Met
                assert len(match.hits) <= match.hits_total
                assert all(type(hit) is Shown and hit.text in text for hit in match.hits)

    def card(self, signals: Sequence[int] | None = None) -> tuple[object, ...]:
        """A query before a stage."""
        chosen = self.some(SIGNALS) if signals is None else signals
        return object(), "version", array("i", chosen).tobytes(), tuple((one, one + 1) for one in chosen)

    def attempt(self, search: Any, board: Any, found: Any, signs: Any, text: str) -> None:
        """Anything instead of an argument, at every place: it is refused, or it does no harm."""
        offsets = array("q", range(len(text) + 1))
        stage = self.misplaced(signs, found, text)
        good: list[tuple[Callable[..., object], list[object]]] = [
            (self.kernel.Search, [["a", " b "], 3]),
            (search.find, ["a b"]),
            (found.before, [3]),
            (found.__getitem__, [0]),
            (self.kernel.Board, [[[0]], [[1]], [({0}, ((1,),), (), True, (((0,), (1,), 2, True),))], 2]),
            (board.judge, [found, 3, [1]]),
            (board.candidates, [found, 3, [1]]),
            (board.pick, [found, 3, [1], (object(),)]),
            (
                self.kernel.Signs,
                [Shown, Met, ("a", "b", "c"), [(0, ("a", "b", None, None), True, False)], [[0]], [[0]], [[]], [], 9],
            ),
            (self.kernel.Stage, [signs, found, text, offsets, (1, 2), (0, 1, 2)]),
            (stage.show, [[self.card()]]),
            (stage.show, [[self.card([self.chance.choice((-1, SIGNALS, 2**31 - 1))])]]),
        ]
        for signal in range(SIGNALS):
            self.call(stage.show, [self.card([signal])])
        for call, arguments in good:
            self.spoil(call, list(arguments))

    def misplaced(self, signs: Any, found: Any, text: str) -> Any:
        """An article whose offsets are as many as they should be, and lead anywhere."""
        far = (-(2**40), -1, 0, 1, len(text), 2**40)
        offsets = array("q", [0, *self.chance.choices(far, k=len(text) - 1), len(text)] if text else [0])
        return self.kernel.Stage(signs, found, text, offsets, *(self.chance.choices(far, k=count) for count in (2, 3)))

    def spoil(self, call: Callable[..., object], arguments: list[object]) -> None:
        """Calls with one thing that is not what it should be, at some depth."""
        within: Any = arguments
        place = self.chance.randrange(len(arguments))
        while isinstance(within[place], list) and within[place] and self.chance.random() < 0.7:
            within[place] = list(within[place])
            within = within[place]
            place = self.chance.randrange(len(within))
        if isinstance(within[place], tuple) and within[place] and self.chance.random() < 0.7:
            row = list(within[place])
            row[self.chance.randrange(len(row))] = self.chance.choice(ANYTHING)
            within[place] = tuple(row)
        else:
            within[place] = self.chance.choice(ANYTHING)
        if isinstance(arguments[-1], int) and arguments[-1] > 2**20:
            arguments[-1] = 1  # memory for that many is had, and a sanitizer fills it
        self.call(call, *arguments)

    def call(self, call: Callable[..., object], *arguments: object) -> None:
        """Calls, and counts refusals; any other error goes through."""
        try:
            call(*arguments)
        except REFUSALS:
            self.refused += 1

    def text(self, length: int) -> str:
        """Few different letters."""
        return "".join(self.chance.choices(self.chance.choice(LETTERS), k=self.chance.randint(0, length)))

    def patterns(self) -> list[str]:
        """Some that a search takes."""
        drawn = {self.text(8) for _ in range(self.chance.choice([1, 5, 40]))}
        return sorted(drawn - {"", " "}) or ["a"]

    def some(self, below: int) -> list[int]:
        """A few numbers."""
        return self.chance.sample(range(below), self.chance.choice([0, 0, 1, 2, 4]))

    def rows(self, patterns: list[str]) -> list[list[int]]:
        """Signals by pattern."""
        return [self.some(SIGNALS) for _ in patterns]

    def entries(self) -> list[tuple[object, ...]]:
        """Queries of any form."""
        return [
            (
                self.some(SIGNALS),
                tuple(self.some(SIGNALS) for _ in range(self.chance.choice([0, 1, 3]))),
                self.some(SIGNALS),
                self.chance.random() < 0.5,
                tuple(self.near() for _ in range(self.chance.choice([0, 1, 2]))),
            )
            for _ in range(self.chance.choice([0, 3, 130]))
        ]

    def near(self) -> tuple[object, ...]:
        """What stands near what."""
        sides = (range(SIGNALS), self.some(SIGNALS))
        words = self.chance.choice([0, 1, 5, 2**31 - 1, -(2**31)])
        return (*self.chance.sample(sides, 2), words, self.chance.random() < 0.5)

    def signs(self, patterns: list[str]) -> Any:
        """Variants by pattern, shown for any signals."""
        told = ("term", "kind", None, "uk")
        rows = [
            (number, told, self.chance.random() < 0.3, self.chance.random() < 0.3) for number in range(len(patterns))
        ]
        by_signal = [[[*self.numbers(len(rows))] for _ in range(SIGNALS)] for _ in range(2)]
        texts, raised = ("title", "summary", "body"), [self.some(SIGNALS) for _ in patterns]
        return self.kernel.Signs(Shown, Met, texts, "b\u200f", rows, raised, *by_signal, self.some(SIGNALS), 20)

    def numbers(self, below: int) -> list[int]:
        """A few numbers below a small one."""
        return [self.chance.randrange(below) for _ in range(self.chance.choice([0, 0, 1, 2]))]


if __name__ == "__main__":
    fuzz = Fuzz(load(Path(sys.argv[1])), int(sys.argv[2]))
    for _ in range(int(sys.argv[3])):
        fuzz.round()
    print(fuzz.refused, "refused")
