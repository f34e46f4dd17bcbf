"""Folding by script, beside what one writes first: NFKC and case folding, which leave accents and give no offsets.

Real articles where there are some of a script, otherwise examples of the shipped packs joined to the same length.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial

from monitor.match.concepts import builtin_documents
from monitor.match.fold import BORDER, fold
from monitor.match.folding.table import DELETE, EXPAND, TRANSIENT, VALUE, table
from tests.benchmarks.figures import Bench, Figure, Goal, Pair, at_most, paired, summed_up
from tests.benchmarks.material import articles

NAMES = {
    "CYRILLIC": "Cyrillic", "GREEK": "Greek", "ARABIC": "Arabic", "HEBREW": "Hebrew", "DEVANAGARI": "Hindi",
    "BENGALI": "Bengali", "TAMIL": "Tamil", "THAI": "Thai", "MYANMAR": "Burmese", "HANGUL": "Korean",
    "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "CJK": "Chinese", "LATIN": "other Latin",
}  # fmt: skip
"""What a script is called here; others are left out."""
ENGLISH = 0.003
"""Share of letters beyond ASCII up to which a text in Latin letters is taken for English."""
SIZES = defaultdict(lambda: 3_100, dict.fromkeys(("Thai", "Burmese", "Japanese", "Chinese"), 1_000))
"""Characters of 500 words."""
QUOTED = re.compile('"([^"]{12,})"')


def figures(bench: Bench) -> Iterator[Figure]:
    """The mix of the articles, then each script."""
    mix = [f" {BORDER} ".join((text.title, text.summary, text.body)) for text in articles(bench)]
    yield _figure("all articles", mix, bench, at_most(30))
    real = _by_script(mix)
    for script, texts in sorted((_examples() | real).items()):
        yield _figure(script, texts[: bench.pick(12, 2)], bench, note="" if script in real else "examples of packs")


def _figure(name: str, texts: Sequence[str], bench: Bench, goal: Goal | None = None, note: str = "") -> Figure:
    pair = _beside(_compatible, texts, bench)
    offsets, translated = (_beside(other, texts, bench).peer for other in (_with_offsets, _translated))
    size = f"{len(texts)} of {sum(map(len, texts)) // len(texts)} characters"
    notes = [size, note, f"with offsets {offsets:.0f} µs", f"str.translate {translated:.0f} µs"]
    against = "NFKC + casefold, no offsets"
    return Figure.of(f"fold 500 words, {name}", "µs", pair, against, goal, "; ".join(filter(None, notes)))


def _beside(other: Callable[[str], object], texts: Sequence[str], bench: Bench) -> Pair:
    """Per text, µs."""
    for text in texts:
        fold(text), other(text)
    rounds = bench.pick(9, 3)
    pairs = [paired(partial(fold, text), partial(other, text), rounds) for text in texts]
    return summed_up([(pair.ours, pair.peer) for pair in pairs]).scaled(1e6)


def _compatible(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _with_offsets(text: str) -> object:
    return fold(text).offsets


def _translated(text: str) -> str:
    return text.translate(_letters())


@cache
def _letters() -> dict[int, str | None]:
    """Our table for `str.translate`, which joins no marks, parts no scripts and keeps runs of blanks."""
    rules, found = table(), {}
    for code, entry in enumerate(rules.entries[:0x20000].tolist()):
        row = entry & VALUE
        if entry & EXPAND:
            found[code] = "".join(map(chr, rules.expanded[rules.starts[row] : rules.starts[row + 1]] & VALUE))
        elif row != code:
            found[code] = None if entry & (DELETE | TRANSIENT) else chr(row)
    return found


def _by_script(texts: Sequence[str]) -> dict[str, list[str]]:
    found = defaultdict(list)
    for text in texts:
        if script := _script(text):
            found[script].append(text)
    return found


def _script(text: str) -> str | None:
    """The script of most letters beyond ASCII, if there are enough of them."""
    letters = [sign for sign in text if sign.isalpha()]
    counts = Counter(unicodedata.name(sign, "?").split()[0] for sign in letters if not sign.isascii())
    if counts.total() <= len(letters) * ENGLISH:
        return "English"
    return NAMES.get(counts.most_common(1)[0][0])


def _examples() -> dict[str, list[str]]:
    """Quoted sentences of the packs, three texts of article length from each script."""
    chance = random.Random(5)
    sentences = [one for document in builtin_documents().values() for one in QUOTED.findall(document)]
    found = {}
    for script, known in _by_script(sentences).items():
        size = SIZES[script]
        found[script] = [". ".join(chance.choices(known, k=size // 12))[:size] for _ in range(3)]
    return found
