"""Bytes become text by our own rules, before any parser sees them.

The first rule that applies wins and is named in `Decoded.source`: `override`, `bom`, `nul`, `utf8`, `http`, `xml`,
`replaced`, `guessed`. Parsers misread the vendor code pages that news sites use, and turn a whole feed into mojibake
for one bad byte.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from monitor.parse.labels import CJK, HABITS, LATIN, WIDE, charset_of, codecs_of

_DECLARED = re.compile(rb"<\?xml\s[^>]{0,200}?encoding\s{0,8}=\s{0,8}[\"']\s{0,8}([A-Za-z0-9._:\-]{1,40})")
_LANGUAGE = re.compile(rb"(?:<(?:dc:)?language>|\sxml:lang=[\"'])\s{0,8}([A-Za-z]{2})\b")
_CHANCE = re.compile("[\u0241-\u0258\u025a-\u02af\u07c0-\u085f]")
"""Letters no news is written in: what `É’`, `É®` and `ß’` would be, the end of a word and a mark behind it."""

_C1 = re.compile(rb"[\x80-\x9f]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_CONTINUATION = bytes(range(0x80, 0xC0))
_BEYOND_SEVEN_BITS = bytes(range(0x80, 0x100))
_NO_CONTINUATION = bytes(set(range(256)) - set(_CONTINUATION))

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark its own begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NUL_PATTERNS = (
    (re.compile(rb"<\0\0\0[^\0]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0<\0\0\0[^\0]"), "utf-32-be"),
    (re.compile(rb"<\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0<\0[^\0]"), "utf-16-be"),
)

# windows-1252 with its five undefined bytes passed through as C1, as double encoders do.
_CP1252 = codecs.charmap_build("".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256)))


@dataclass(frozen=True, slots=True)
class Decoded:
    """A document as text. `replaced` = U+FFFD that decoding put in."""

    text: str
    charset: str
    source: str
    replaced: int = 0


def decode(body: bytes, http: str | None = None, override: str | None = None) -> Decoded:
    """The text of a document. `http` is the label of Content-Type, `override` the operator's; any label may be absent.

    Never raises; NUL characters and leading BOMs are dropped.
    """
    found = next(_readings(body, http, override))
    text = found.text.lstrip("\ufeff")
    return Decoded(text.replace("\0", "") if "\0" in text else text, found.charset, found.source, found.replaced)


def declared(body: bytes) -> str | None:
    """The encoding the XML declaration names, as it stands there."""
    found = _DECLARED.search(body[:1024])
    return found[1].decode("ascii") if found else None


def http_label(content_type: str | None) -> str | None:
    """The charset parameter of a Content-Type (RFC 9110 §8.3.2)."""
    for parameter in (content_type or "").split(";")[1:8]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'") or None
    return None


def _readings(body: bytes, http: str | None, override: str | None) -> Iterator[Decoded]:
    """Readings by falling rank; the last one always comes."""
    forced = charset_of(override)
    if forced:
        yield _strictly(body, forced, "override") or _loosely(body, forced, "override")
    yield from _by_mark(body)
    while body.startswith(codecs.BOM_UTF8):
        body = body[3:]
    labels = _labels(body, http)
    yield from _by_escape(body, labels)
    plain = _strictly(body, "utf-8", "utf8")
    if plain and _utf8_beats(body, labels):
        yield plain
    yield from _by_label(body, labels)
    if plain:
        yield plain
    yield _with_losses(body, labels)


def _labels(body: bytes, http: str | None) -> list[tuple[str, str]]:
    """(charset, source) of the labels that can be true of this body: one we can read as ASCII is not UTF-16."""
    known = ((charset_of(http), "http"), (charset_of(declared(body)), "xml"))
    return [(charset, source) for charset, source in known if charset and charset not in WIDE]


def _by_mark(body: bytes) -> Iterator[Decoded]:
    for mark, codec in _BOMS:
        if body.startswith(mark):
            text = body.decode(codec, "replace")
            # A UTF-8 mark over something else is dropped and proves nothing.
            if codec != "utf-8" or "\ufffd" not in text or _strictly(body, "utf-8", "bom"):
                yield Decoded(text, codec.replace("-le", "le").replace("-be", "be"), "bom", _losses(body, codec, text))
            return
    for pattern, codec in _NUL_PATTERNS:
        if pattern.match(body):
            text = body.decode(codec, "replace")
            yield Decoded(text, codec.replace("-le", "le").replace("-be", "be"), "nul", _losses(body, codec, text))
            return


def _by_escape(body: bytes, labels: list[tuple[str, str]]) -> Iterator[Decoded]:
    """Seven-bit stateful text is valid ASCII as well, so it has to be asked before UTF-8."""
    for charset, source in labels:
        if charset == "iso-2022-jp" and (b"\x1b$" in body or b"\x1b(" in body):
            found = _strictly(body, charset, source)
            if found:
                yield found


def _utf8_beats(body: bytes, labels: list[tuple[str, str]]) -> bool:
    """Whether valid UTF-8 is believed over the labels. Short GBK or Big5 text can look like UTF-8 by chance."""
    others = [charset for charset, _ in labels if charset != "utf-8"]
    if len(others) < len(labels) or not others or body.isascii():
        return True
    continuation = len(body.translate(None, _NO_CONTINUATION))
    return continuation >= (20 if any(charset in CJK for charset in others) else 2)


def _by_label(body: bytes, labels: list[tuple[str, str]]) -> Iterator[Decoded]:
    for charset, source in labels:
        found = _strictly(body, charset, source) if charset != "utf-8" else None
        if found:
            yield found


def _with_losses(body: bytes, labels: list[tuple[str, str]]) -> Decoded:
    """Nothing fits: the label that loses least; UTF-8 if most of it is; a guess; what its language is written in."""
    candidates = [_loosely(body, charset, "replaced") for charset, _ in labels]
    best = min(candidates, key=lambda found: found.replaced, default=None)
    if best and best.charset != "utf-8":
        return (_guess(body) if _lies(best, body) else None) or best
    utf8 = _loosely(body, "utf-8", "replaced")
    wide = len(utf8.text) - len(utf8.text.encode("ascii", "ignore")) - utf8.text.count("\ufffd")
    if wide >= utf8.replaced:
        return utf8
    guessed = _guess(body) if utf8.replaced >= 60 else None
    return guessed or _loosely(body, _habitual(body), "guessed")


def _lies(found: Decoded, body: bytes) -> bool:
    """Whether a label loses so much that it cannot be a few bad bytes."""
    return found.replaced >= 60 and found.replaced * 20 > len(body) - len(body.translate(None, _BEYOND_SEVEN_BITS))


def _guess(body: bytes) -> Decoded | None:
    """What charset-normalizer finds in the first 200 kB, if the whole body decodes strictly as that.

    Never a charset of Latin letters: those it cannot tell from each other.
    """
    from charset_normalizer import from_bytes

    names = (name for found in from_bytes(body[:200_000]) for name in (found.encoding, *found.could_be_from_charset))
    charset = next(filter(None, (charset_of(name.replace("_", "-")) for name in names)), None)
    return _strictly(body, charset, "guessed") if charset and charset not in LATIN else None


def _habitual(body: bytes) -> str:
    """The charset that the language is usually written in which the document says it has."""
    found = _LANGUAGE.search(body[:8192])
    charset = HABITS.get(found[1].decode("ascii").lower(), "windows-1252") if found else "windows-1252"
    # Texts in windows-1250 have quotes or letters where ISO has controls.
    return "iso-8859-2" if charset == "windows-1250" and not _C1.search(body) else charset


def _strictly(body: bytes, charset: str, source: str) -> Decoded | None:
    for codec in codecs_of(charset):
        try:
            return Decoded(body.decode(codec), charset, source)
        except UnicodeError:
            continue
    return None


def _loosely(body: bytes, charset: str, source: str) -> Decoded:
    codec = codecs_of(charset)[0]
    text = body.decode(codec, "replace")
    return Decoded(text, charset, source, _losses(body, codec, text))


def _losses(body: bytes, codec: str, text: str) -> int:
    """U+FFFD that were not in the document itself."""
    return max(0, text.count("\ufffd") - (body.count(b"\xef\xbf\xbd") if codec == "utf-8" else 0))


def mend(text: str) -> str:
    """UTF-8 that was read as latin-1 or windows-1252 and encoded again (`Ã©`, `â€™`) becomes what it was.

    The whole text has to map back to bytes that are strictly UTF-8; real latin-1 passes by chance alone. One pass: what
    was encoded three times stays encoded twice. The text itself if there is nothing to mend.
    """
    if text.isascii() or not _may_be_doubled(text):
        return text
    for back in (_latin1_bytes, _cp1252_bytes):
        try:
            mended = back(text).decode("utf-8")
        except UnicodeError:
            continue
        return text if _CHANCE.search(mended) else mended
    return text


def _may_be_doubled(text: str) -> bool:
    """Whether the first character beyond ASCII reads as the first byte of a UTF-8 sequence: most texts end here."""
    first = _BEYOND_ASCII.search(text)
    return first is not None and "\xc2" <= first[0] <= "\xf4"


def _latin1_bytes(text: str) -> bytes:
    return text.encode("latin-1")


def _cp1252_bytes(text: str) -> bytes:
    return codecs.charmap_encode(text, "strict", _CP1252)[0]
