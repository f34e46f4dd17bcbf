"""Builds `monitor/data/fold.bin`, the table behind `monitor.match.fold`.

    uv venv build/opencc && uv pip install --python build/opencc opencc
    build/opencc/bin/python tests/support/build_fold_table.py monitor/data/fold.bin

The rules are those of the matching page of the documentation: NFKC and full case folding, marks stripped from Latin
and Greek only, one spelling for each Arabic letter, Traditional and Japanese characters as Simplified ones. The table
is data of the package, so every Python folds alike whatever Unicode version it brings.

Sources: the Unicode character database of the Python that runs this (Unicode License v3), and OpenCC's dictionaries
(Apache-2.0).

Layout: 4 little-endian uint32 (version, expanded entries, expansions, pairs), then zlib of: per code point its entry,
with bit 31 set, or how far the entry lies above the code point (uint32, the lowest bytes of all first, and so on);
starts of the expansions (uint32, one more than there are); their entries (uint32); pairs first, second, composed
(uint32).
"""

from __future__ import annotations

import array
import struct
import sys
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from opencc import OpenCC

VERSION = 1
SIZE = 0x110000
CLASS, SECOND, TRANSIENT, DELETE, EXPAND = 21, 1 << 24, 1 << 25, 1 << 26, 1 << 27
ABSOLUTE = 1 << 31

DELETED = (
    (0x00AD, 0x00AD), (0x061C, 0x061C), (0x180B, 0x180F), (0x200B, 0x200B), (0x200D, 0x200F), (0x202A, 0x202E),
    (0x2060, 0x206F), (0xFEFF, 0xFEFF), (0x034F, 0x034F), (0xFE00, 0xFE0F), (0xE0000, 0xE01EF),
    (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F),
    (0x064B, 0x065F), (0x0670, 0x0670), (0x06D6, 0x06EC), (0x0640, 0x0640),
    (0x0591, 0x05BD), (0x05BF, 0x05BF), (0x05C1, 0x05C2), (0x05C4, 0x05C5), (0x05C7, 0x05C7),
    (0x093C, 0x093C),
)  # fmt: skip
SEPARATING = (
    (0x200C, 0x200C), (0x02B9, 0x02BF), (0x02C8, 0x02CB), (0x055A, 0x055A),
    (0x05BE, 0x05BE), (0x05C0, 0x05C0), (0x05C3, 0x05C3), (0x05C6, 0x05C6),
)  # fmt: skip
CLASSES = (
    (0x2E80, 0x2FDF, 1), (0x3005, 0x3007, 1), (0x3021, 0x3029, 1), (0x3031, 0x3035, 1), (0x3038, 0x303C, 1),
    (0x3041, 0x30FF, 1), (0x3105, 0x312F, 1), (0x31A0, 0x31BF, 1), (0x31F0, 0x31FF, 1), (0x3400, 0x4DBF, 1),
    (0x4E00, 0x9FFF, 1), (0xF900, 0xFAFF, 1), (0x1AFF0, 0x1B16F, 1), (0x20000, 0x323AF, 1),
    (0x1100, 0x11FF, 2), (0xA960, 0xA97F, 2), (0xAC00, 0xD7FF, 2),
    (0x0E00, 0x0E7F, 3), (0x0E80, 0x0EFF, 4), (0x1780, 0x17FF, 5),
    (0x1000, 0x109F, 6), (0xAA60, 0xAA7F, 6), (0xA9E0, 0xA9FE, 6), (0x1F1E6, 0x1F1FF, 7),
)  # fmt: skip
LETTERS = {
    # No decomposition, so stripping marks would miss them; the hooked ones are Hausa's.
    **dict(zip("øłđħðŧıƙɓɗƴ", "oldhdtikbdy", strict=True)),
    "þ": "th", "ŉ": "n", "æ": "ae", "œ": "oe",
    "ё": "е", "ѐ": "е", "ѝ": "и",
    # Arabic letters that differ by language or by habit, not by word.
    **dict.fromkeys("آأإٱ", "ا"), "ؤ": "و", **dict.fromkeys("ئىیےۓ", "ي"), "ک": "ك", **dict.fromkeys("ةہھەۀۂۃ", "ه"),
    # Composed with the nukta, which is dropped.
    **dict(zip("ऩऱऴ", "नरळ", strict=True)),
    # Malayalam chillu letters are also written as consonant, virama, joiner.
    **{chillu: base + "\u0d4d" for chillu, base in zip("ൺൻർൽൾൿൔൕൖ", "ണനരലളകമയഴ", strict=True)},
}  # fmt: skip


def within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def in_gb2312(letter: str) -> bool:
    try:
        return bool(letter.encode("gb2312"))
    except UnicodeEncodeError:
        return False


def simplified() -> dict[str, str]:
    """Traditional and Japanese form → Simplified; a regional map never moves what is itself Simplified."""
    to_simplified = OpenCC("t2s").convert
    regional: list[Callable[[str], str]] = [OpenCC(name).convert for name in ("hk2t", "tw2t", "jp2t")]
    found = {}
    for code in (*range(0x3400, 0xA000), *range(0x20000, 0x32000)):
        letter = chr(code)
        target = to_simplified(letter)
        for convert in regional:
            if target == letter and not in_gb2312(letter):
                target = to_simplified(convert(letter))
        if target != letter and len(target) == 1:
            found[letter] = target
    return found


HAN = simplified()


def strips(code: int) -> bool:
    return 0x0300 <= code <= 0x036F


def step(letter: str) -> str:
    """One rule applied once; a letter that no rule moves is returned as it is."""
    code = ord(letter)
    if code == 0x1F or 0x1F1E6 <= code <= 0x1F1FF or strips(code):
        return letter
    if within(code, DELETED):
        return ""
    if within(code, SEPARATING):
        return " "
    if letter in LETTERS:
        return LETTERS[letter]
    compatible = unicodedata.normalize("NFKC", letter)
    if compatible != letter:
        return compatible
    if unicodedata.category(letter)[0] not in "LMN":
        return " "
    return cased(letter)


def cased(letter: str) -> str:
    parts = unicodedata.normalize("NFD", letter)
    if len(parts) > 1 and any(map(strips, map(ord, parts))) and not unicodedata.name(letter, "").startswith("CYRILLIC"):
        return "".join(part for part in parts if not strips(ord(part)))
    if unicodedata.category(letter) == "Nd":
        return str(unicodedata.decimal(letter))
    folded = unicodedata.normalize("NFC", letter.casefold())
    return HAN.get(folded, folded)


@cache
def fold_letter(letter: str) -> str:
    """The rules until none applies, also to what an expansion yields."""
    result = step(letter)
    while True:
        again = "".join(map(step, result))
        if again == result:
            return result
        result = again


def marks(text: str) -> str:
    """Without combining marks that no fixed letter is composed with."""
    return "".join(letter for letter in text if not strips(ord(letter)) or letter in SECONDS)


def compositions() -> Iterator[tuple[str, str, str]]:
    """Pairs that NFC composes into one letter, and what that letter folds to."""
    for code in range(SIZE):
        letter = chr(code)
        parts = unicodedata.decomposition(letter).split() if code < 0xAC00 or code > 0xD7A3 else []
        if len(parts) == 2 and not parts[0].startswith("<") and unicodedata.normalize("NFC", letter) == letter:
            first, second = (chr(int(part, 16)) for part in parts)
            folded = fold_letter(letter)
            # ё is е however it is spelt, also where another mark follows.
            kept = folded == letter or (len(folded) == 1 and unicodedata.name(letter).startswith("CYRILLIC"))
            if kept and fold_letter(first) == first:
                yield first, second, folded
    for syllable in range(0xAC00, 0xD7A4):
        index, tail = divmod(syllable - 0xAC00, 28)
        if tail:
            yield chr(syllable - tail), chr(0x11A7 + tail), chr(syllable)
        else:
            yield chr(0x1100 + index // 21), chr(0x1161 + index % 21), chr(syllable)


PAIRS = sorted(compositions())
SECONDS = {second for _, second, _ in PAIRS}


def entry(letter: str) -> int:
    code = ord(letter)
    kind = next((kind for first, last, kind in CLASSES if first <= code <= last), 0)
    flags = (SECOND if letter in SECONDS else 0) | (TRANSIENT if strips(code) else 0)
    return code | kind << CLASS | flags


def table() -> bytes:
    deltas, starts, flat, rows = array.array("I"), array.array("I", [0]), array.array("I"), {}
    for code in range(SIZE):
        folded = marks(fold_letter(chr(code))) if not 0xD800 <= code < 0xE000 else " "
        folded = " " if folded and not folded.strip(" ") else folded
        if not folded:
            value = DELETE
        elif len(folded) == 1:
            value = entry(folded)
        else:
            if folded not in rows:
                rows[folded] = len(rows)
                flat.extend(map(entry, folded))
                starts.append(len(flat))
            value = EXPAND | rows[folded]
        moved = value - code
        deltas.append(moved if 0 <= moved < ABSOLUTE and value != ord(" ") and value < DELETE else value | ABSOLUTE)
    pairs = [array.array("I", map(ord, column)) for column in zip(*PAIRS, strict=True)]
    planes = b"".join(deltas.tobytes()[plane::4] for plane in range(4))
    body = planes + b"".join(part.tobytes() for part in (starts, flat, *pairs))
    return struct.pack("<4I", VERSION, len(flat), len(rows), len(PAIRS)) + zlib.compress(body, 9)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(table())
