"""Types and models: `F-16` and `F16` are written alike often, and are different words here."""

from __future__ import annotations

import re

from monitor.match.syntax import Leaf

PARTED = re.compile(r"(\w*[^\W\d])[-‐‑–](\d+)")
JOINED = re.compile(r"([^\W\d_]{1,4})(\d{1,3})")
FAMILIAR = re.compile(r"[^\W\d_]{1,4}\W?\d{1,3}")
"""As types are mostly called; the other way of writing a longer word is as likely nobody's."""


def other_spelling(leaf: Leaf) -> str:
    """The same with a hyphen, or without it; empty if the leaf is nothing like a type."""
    if leaf.kind not in ("word", "phrase") or leaf.open_left or leaf.wild or leaf.meta:
        return ""
    parted, joined = PARTED.fullmatch(leaf.text), JOINED.fullmatch(leaf.text)
    return f"{parted[1]}{parted[2]}" if parted else f"{joined[1]}-{joined[2]}" if joined else ""


def is_familiar(text: str) -> bool:
    """Is it written as types are, with a capital? Nothing else tells `f16` from a word that somebody made up."""
    return text[:1].isupper() and FAMILIAR.fullmatch(text) is not None
