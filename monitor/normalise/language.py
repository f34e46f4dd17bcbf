"""The language of a text: what its script proves, then what a detector finds, with the publisher's word as prior.

The detector's model takes 89 MB and about a second to load, so a process loads it when the first text needs it, once.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import Any

from monitor import data
from monitor.model.article import Language

SAMPLE = 300
"""Characters of the text that are looked at, besides the title."""

CLEAR = 0.9
CLEAR_WORDS = 12
"""The detector overrules what is declared only with this confidence on this many words."""

PLAUSIBLE = 0.5
"""Below this confidence an undeclared language stays unknown: then every alias runs, which costs little."""

_SCRIPTS = {
    "ko": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",
    "ja": "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f",
    "th": "\u0e01-\u0e5b",
    "lo": "\u0e80-\u0eff",
    "he": "\u0590-\u05ff",
    "el": "\u0370-\u03ff\u1f00-\u1fff",
    "hy": "\u0530-\u058f",
    "ka": "\u10a0-\u10ff\u1c90-\u1cbf",
    "km": "\u1780-\u17ff",
    "my": "\u1000-\u109f",
    "am": "\u1200-\u139f",
    "si": "\u0d80-\u0dff",
    "ta": "\u0b80-\u0bff",
    "te": "\u0c00-\u0c7f",
    "kn": "\u0c80-\u0cff",
    "ml": "\u0d00-\u0d7f",
    "gu": "\u0a80-\u0aff",
    "pa": "\u0a00-\u0a7f",
    "or": "\u0b00-\u0b7f",
    "bo": "\u0f00-\u0fff",
}
"""Scripts that one language of the news writes. Kana and Hangul are decisive beside Han."""

_SHARED = {"he": ("yi",), "am": ("ti",), "my": ("shn",)}
"""Languages that write the same script and are believed if declared."""

_HAN = "\u2e80-\u2fdf\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LETTER = re.compile(r"[^\W\d_]")
_WRITERS = {
    _HAN: "zh yue wuu cmn ja ko",
    "\u0400-\u052f": "ru uk be bg mk sr sh bs mn kk ky tg tt uz az tk ba cv os ce ab av ug",
    "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff": "ar arz ary fa prs ur ps ku ckb ug sd pa ks az uz kk ky ha ms",
    "\u0900-\u097f": "hi mr ne sa bho mai kok sd ks",
}
"""Scripts of several languages, and who writes them."""
_ONE_SCRIPT = re.compile("|".join(f"(?P<{tag}>[{span}])" for tag, span in _SCRIPTS.items()) + f"|(?P<han>[{_HAN}])")
_BEYOND_LATIN = re.compile("[\u0370-\u03ff\u0530-\U0003ffff]")

_TAG = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{1,8}){0,6})\Z")


def detect(title: str, text: str, declared: str | None = None) -> Language:
    """The language of title and text. `declared`: what entry, feed, page or operator say, in BCP 47 or nearly so."""
    claimed = read_tag(declared)
    sample = f"{title}\n{text[:SAMPLE]}"
    letters = len(_LETTER.findall(sample))
    if not letters:
        return _declared(claimed, 0.0)
    script = _by_script(sample, letters)
    if script is not None:
        own = primary(claimed) in (script, *_SHARED.get(script, ()))
        return Language(primary(claimed) if own else script, "script", 1.0)
    return _by_detector(sample, "" if _is_foreign(primary(claimed), sample, letters) else claimed)


def read_tag(tag: str | None) -> str:
    """A declared language as BCP 47 writes it (`pt_br` is `pt-BR`, `eng` is `en`); empty if it is none."""
    found = _TAG.match((tag or "").strip())
    if found is None:
        return ""
    first = found[1].lower()
    subtags = [_cased(subtag) for subtag in re.split("[-_]", found[2]) if subtag]
    return "-".join((_pairs("alias").get(first, first), *subtags))


def primary(tag: str) -> str:
    """`pt` of `pt-BR`."""
    return tag.partition("-")[0]


def _cased(subtag: str) -> str:
    if len(subtag) == 2:
        return subtag.upper()
    return subtag.capitalize() if len(subtag) == 4 else subtag.lower()


def _by_script(sample: str, letters: int) -> str | None:
    """The language whose script most letters are in. Han alone proves nothing: Japanese titles may have no kana."""
    if not _BEYOND_LATIN.search(sample):
        return None
    found = Counter(match.lastgroup or "" for match in _ONE_SCRIPT.finditer(sample))
    east_asian = found["ko"] + found["ja"] + found["han"]
    if east_asian * 2 > letters and found["ko"] + found["ja"]:
        leader = "ko" if found["ko"] >= found["ja"] else "ja"
        return leader if found[leader] * 10 > east_asian else None
    found = Counter({tag: count for tag, count in found.items() if tag not in ("han", "ko", "ja")})
    for tag, count in found.most_common(1):
        return tag if count * 2 > letters else None
    return None


def _is_foreign(claimed: str, sample: str, letters: int) -> bool:
    """Whether most of a text is in a script the language is not written in: `en-US` is what many a template says."""
    if not claimed or sample.isascii():
        return False
    return any(
        claimed not in writers.split() and _weight(script, sample) * 2 > letters for script, writers in _WRITERS.items()
    )


def _weight(script: str, sample: str) -> int:
    """How many letters a sample's characters of this script are worth: a Han character stands for three."""
    return len(re.findall(f"[{script}]", sample)) * (3 if script is _HAN else 1)


def _by_detector(sample: str, claimed: str) -> Language:
    ranks = _ranks(sample)
    best = max(ranks, key=ranks.__getitem__)
    confidence = round(ranks[best], 4)
    if not claimed:
        return Language(best, "detected", confidence) if confidence >= PLAUSIBLE else Language()
    own = primary(claimed)
    merged = _pairs("merge").get(own, own)
    if best == merged:
        return Language(own, "detected", confidence)
    if confidence >= CLEAR and _words(sample) >= CLEAR_WORDS:
        return Language(best, "detected", confidence)
    return _declared(claimed, round(ranks.get(merged, 0.0), 4))


def _declared(claimed: str, confidence: float) -> Language:
    return Language(claimed, "declared", confidence) if claimed else Language()


def _words(sample: str) -> int:
    """Words; two characters count as one where none are parted by blanks."""
    han = len(re.findall(f"[{_HAN}]", sample))
    return han // 2 or len(sample.split())


def _ranks(sample: str) -> dict[str, float]:
    """Probability per language, kinds of one language added up."""
    ranks: dict[str, float] = {}
    merged = _pairs("merge")
    for kind, probability in _detector().rank(sample):
        tag = merged.get(kind, kind)
        ranks[tag] = ranks.get(tag, 0.0) + probability
    return ranks


@cache
def _pairs(rule: str) -> dict[str, str]:
    """The rows `merge KIND TAG` or `alias NAME TAG` of the data file."""
    rows = (line.split() for line in data.lines("languages.txt"))
    return {row[1]: row[2] for row in rows if row[0] == rule}


@cache
def _detector() -> Any:
    import numpy
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    detector = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    detector.set_languages(
        [tag for line in data.lines("languages.txt") for tag in line.split()[1:] if line.startswith("detect ")]
    )
    # Choosing columns leaves the table in column order, and a text reads some hundred of its rows.
    detector.nb_ptc = numpy.ascontiguousarray(detector.nb_ptc)
    return detector
