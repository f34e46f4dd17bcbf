"""The engines of this machine, and what both are held against: searching and judging by trying everything."""

from __future__ import annotations

import os
import shutil
import sysconfig
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest

from monitor.match.automaton import RawHit
from monitor.match.engine import Engine, engines
from monitor.match.heard import Heard
from monitor.match.index import Entry
from monitor.match.listeners import Listeners, Variant
from monitor.match.patterns import PLAIN, Alias

NAMES = ("native", "python")
NO_COMPILER = "no C compiler with the headers of this Python"


def compiler() -> str | None:
    """The C compiler that extensions of this Python are built with; None where there is none, or no headers."""
    named = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    return shutil.which(named) if headers.exists() else None


def engine_named(name: str) -> Engine:
    """The engine of this name. Skips where it cannot be built, and fails where it could be and was not."""
    known = {engine.name: engine for engine in engines()}
    if name not in known and compiler() is None:
        pytest.skip(NO_COMPILER)
    assert name in known, f"no engine {name} though there is a compiler: was the project installed before?"
    return known[name]


def search_naively(patterns: Sequence[str], text: str, most: int) -> list[RawHit]:
    """Every place of every pattern, by trying each; of one pattern the first `most` ones."""
    found = [
        (number, start, start + len(pattern))
        for number, pattern in enumerate(patterns)
        for start in range(len(text))
        if text.startswith(pattern, start)
    ]
    found.sort(key=lambda hit: (hit[1], hit[2]))
    counts: Counter[int] = Counter()
    kept = []
    for hit in found:
        counts[hit[0]] += 1
        if counts[hit[0]] <= most:
            kept.append(hit)
    return kept


def judge_naively(entries: Sequence[Entry], heard: AbstractSet[int]) -> list[int]:
    """Every query by itself."""
    return [
        number
        for number, entry in enumerate(entries)
        if all(heard & group for group in (entry.anchor, *entry.groups))
        and not heard & entry.banned
        and (entry.test is None or entry.test(Heard(heard)))
    ]


def listeners_of(plain: Sequence[Iterable[int]], titled: Sequence[Iterable[int]]) -> Listeners:
    """Signals by pattern: what any hit of it raises, and what a hit in the title does."""
    rows = [
        (_variant(number, tuple(anywhere), tuple(("title", signal) for signal in fielded)),)
        for number, (anywhere, fielded) in enumerate(zip(plain, titled, strict=True))
    ]
    return Listeners(rows)


def raised_by(listeners: Listeners, hits: Iterable[RawHit], title_end: int) -> set[int]:
    """The signals of these hits."""
    raised: set[int] = set()
    for pattern, _, end in hits:
        raised.update(listeners.plain[pattern])
        if end <= title_end:
            raised.update(listeners.titled.get(pattern, ()))
    return raised


def _variant(number: int, anywhere: tuple[int, ...], fielded: tuple[tuple[str, int], ...]) -> Variant:
    word = f"w{number}"
    return Variant(
        order=number,
        rank=0,
        aliases=(Alias(word, "term", word),),
        check=PLAIN,
        plain=True,
        anywhere=anywhere,
        fielded=fielded,  # type: ignore[arg-type]
        by_language={},
        extend_left=False,
        extend_right=False,
    )
