"""Folding letter by letter, as the table says: what the fast ways are held against. A hundred times slower."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from monitor.match.folding.table import CLASS, DELETE, EXPAND, FIRST, FLAG, SECOND, TRANSIENT, VALUE, table


class Letter(NamedTuple):
    """A letter on its way: its entry in the table, and the place of what it stems from."""

    entry: int
    place: int

    @property
    def value(self) -> str:
        """The folded letter."""
        return chr(self.entry & VALUE)

    @property
    def kind(self) -> int:
        """The class of its script."""
        return self.entry >> CLASS & 7


def fold_slowly(text: str) -> tuple[str, list[int]]:
    """The folded text and its offsets."""
    letters = [letter for place, sign in enumerate(text) for letter in _looked_up(sign, place)]
    letters = _composed(letters)
    if any(letter.entry & TRANSIENT for letter in letters):
        letters = _composed([letter for letter in letters if not letter.entry & TRANSIENT])
    return _spaced(_parted(letters), len(text))


def _looked_up(sign: str, place: int) -> list[Letter]:
    """What the table has for a character."""
    rules = table()
    entry = int(rules.entries[ord(sign)])
    if entry & DELETE:
        return []
    if not entry & EXPAND:
        return [Letter(entry, place)]
    row = entry & VALUE
    found = [Letter(int(one), place) for one in rules.expanded[rules.starts[row] : rules.starts[row + 1]]]
    return [letter for letter in found if not letter.entry & DELETE]


@cache
def _pairs() -> dict[tuple[int, int], int]:
    rules = table()
    numbers, low = rules.pairs.tolist(), (1 << FIRST) - 1
    return {
        (number >> FIRST, number & low): entry for number, entry in zip(numbers, rules.composed.tolist(), strict=True)
    }


def _composed(letters: list[Letter]) -> list[Letter]:
    done: list[Letter] = []
    for letter in letters:
        pair = (done[-1].entry & VALUE, letter.entry & VALUE) if done and letter.entry & SECOND else None
        if pair in _pairs():
            done[-1] = Letter(_pairs()[pair], done[-1].place)
        else:
            done.append(letter)
    return done


def _parted(letters: list[Letter]) -> list[tuple[str, int]]:
    """Letters and places, with blanks between scripts and between flags."""
    done: list[tuple[str, int]] = []
    before, flags = None, 0
    for letter in letters:
        flags = flags + 1 if letter.kind == FLAG else 0
        touch = before is not None and " " not in (before.value, letter.value)
        if touch and (before.kind != letter.kind or (flags > 1 and flags % 2)):
            done.append((" ", letter.place))
        done.append((letter.value, letter.place))
        before = letter
    return done


def _spaced(signs: list[tuple[str, int]], length: int) -> tuple[str, list[int]]:
    """One blank for each run, one at either end, and the closing offset."""
    text, places = " ", [0]
    for sign, place in [*signs, (" ", length)]:
        if sign != " " or text[-1] != " ":
            text += sign
            places.append(place)
    return text, [*places, length]
