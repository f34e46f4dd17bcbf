"""Texts of our own with what a reader would mark in them, one file per language.

A file is a list of `{text, ukraine: [slices], taiwan: [slices], drones: [slices]}`. A key that is absent means that
nothing of this concept is in the text; a text without any key only looks as if there were. Slices stand in the order
of the text. Marked are the country, its adjective and its people, and every word for unmanned aircraft; not capitals,
leaders, armies or makers.

None of the texts may be an example of a pack: they measure the packs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
CONCEPTS = ("ukraine", "taiwan", "drones")
Span = tuple[int, int]
IDEOGRAPHS = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
SHORT = 20
"""Letters of an example that is a phrase, not a text; every text has such phrases."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A text and the spans of what has to be found, per concept."""

    language: str
    text: str
    slices: Mapping[str, tuple[str, ...]]

    def spans(self, concept: str) -> list[Span]:
        """Where the mentions are. Raises ValueError if a slice is not there, or not behind the one before."""
        spans, at = [], 0
        for slice_ in self.slices.get(concept, ()):
            start = self.text.index(slice_, at)
            at = start + len(slice_)
            spans.append((start, at))
        return spans


@cache
def all_texts() -> tuple[Marked, ...]:
    """The texts of every language, by name of the file. Read once."""
    return tuple(marked for path in sorted(HERE.glob("*.yaml")) for marked in read_texts(path))


def read_texts(path: Path) -> Iterator[Marked]:
    """The texts of one file."""
    rows: list[dict[str, Any]] = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    for row in rows:
        slices = {key: tuple(value) for key, value in row.items() if key != "text"}
        yield Marked(path.stem, row["text"], slices)


def faults_of(texts: Sequence[Marked]) -> list[str]:
    """What is wrong with the texts of one language: keys, slices, and too few of a kind."""
    faults = [f"{marked.text}: {fault}" for marked in texts for fault in _faults(marked)]
    for concept in CONCEPTS:
        if sum(concept in marked.slices for marked in texts) < 4:
            faults.append(f"fewer than 4 texts have {concept}")
    if sum(not marked.slices for marked in texts) < 3:
        faults.append("fewer than 3 texts have nothing")
    if len({marked.text for marked in texts}) < len(texts):
        faults.append("a text is there twice")
    return faults


def _faults(marked: Marked) -> Iterator[str]:
    for concept, slices in marked.slices.items():
        if concept not in CONCEPTS or not slices or not all(slices):
            yield f"{concept}: {slices}"
            continue
        try:
            marked.spans(concept)
        except ValueError:
            yield f"not all of {slices} are there in this order"


def borrowed(texts: Sequence[Marked], examples: Sequence[str]) -> list[str]:
    """Texts that equal an example, contain one or lie in one; case, blanks and punctuation do not matter.

    An example of less than `SHORT` letters is only compared as a whole; an ideograph counts for three.
    """
    plain = {_plain(example) for example in examples}
    long = [example for example in plain if len(example) + 2 * len(IDEOGRAPHS.findall(example)) >= SHORT]
    joined, ours = "\n".join(long), "\n".join(_plain(marked.text) for marked in texts)
    inside = [example for example in long if example in ours]
    return [marked.text for marked in texts if _is_borrowed(_plain(marked.text), plain, joined, inside)]


def _is_borrowed(text: str, plain: set[str], joined: str, inside: Sequence[str]) -> bool:
    return text in plain or text in joined or any(example in text for example in inside)


def _plain(text: str) -> str:
    return "".join(re.findall(r"[^\W_]+", text.casefold()))
