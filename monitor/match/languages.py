"""Which language codes count as one language when an alias is bound to its language.

Detectors answer with codes of their own (`wuu`, `sdh`), and some neighbours cannot be told apart in one sentence.
"""

from __future__ import annotations

UNKNOWN = frozenset({"", "und", "mul", "zxx", "mis"})
"""Codes that name no language: then every alias runs."""

GROUPS = {
    "zh": ("cmn", "yue", "wuu", "nan", "hak", "gan", "hsn", "lzh"),
    "sr": ("bs", "hr", "sh", "cnr", "hbs", "bos", "hrv", "srp"),
    "no": ("nb", "nn", "nob", "nno"),
    "id": ("ms", "ind", "zsm", "msa"),
    "ckb": ("sdh",),
    "fa": ("prs", "pes"),
    "tl": ("fil",),
    "he": ("iw",),
    "yi": ("ji",),
    "ro": ("mo",),
    "ar": ("arb", "arz", "ary", "apc", "acm", "ajp", "ars", "afb", "arq", "aeb", "ayl", "acq", "apd"),
    "et": ("ekk",),
    "lv": ("lvs", "ltg"),
    "uz": ("uzn", "uzs"),
    "az": ("azj", "azb"),
    "mn": ("khk",),
    "ne": ("npi",),
    "or": ("ory",),
    "ps": ("pbt", "pus"),
    "sq": ("als", "aln"),
    "sw": ("swh",),
    "ku": ("kmr",),
    "hy": ("hyw",),
    "mg": ("plt",),
}
_GROUP = {code: group for group, codes in GROUPS.items() for code in codes}


def language_group(tag: str) -> str:
    """The language a BCP 47 tag is judged as (`zh-Hant` → `zh`, `nb` → `no`); empty for an unknown one."""
    primary = tag.replace("_", "-").split("-")[0].lower()
    return "" if primary in UNKNOWN else _GROUP.get(primary, primary)
