"""The piece of text that shows people why an alert was raised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.model.watch import Hit

LENGTH = 240
"""Code points of a snippet, about three lines on a page."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of one field; `marks` are the hits in it, as spans in `text`."""

    field: str
    text: str
    marks: tuple[tuple[int, int], ...]


def snippet(texts: Mapping[str, str], hits: Sequence[Hit]) -> Snippet | None:
    """The surroundings of the first hit outside the title, which every reader sees anyway; else of the first hit."""
    if not hits:
        return None
    first = next((hit for hit in hits if hit.field != "title"), hits[0])
    text = texts[first.field]
    start, end = _window(text, first)
    marks = tuple((h.start - start, h.end - start) for h in hits if h.field == first.field and _inside(h, start, end))
    return Snippet(first.field, text[start:end], marks)


def _inside(hit: Hit, start: int, end: int) -> bool:
    return start <= hit.start and hit.end <= end


def _window(text: str, hit: Hit) -> tuple[int, int]:
    """Bounds around a hit: the hit a third in, both ends moved to a blank where one is near."""
    start = max(0, hit.start - LENGTH // 3)
    end = max(hit.end, min(len(text), start + LENGTH))
    if start > 0:
        blank = text.find(" ", start, hit.start)
        start = blank + 1 if blank >= 0 else start
    if end < len(text):
        blank = text.rfind(" ", hit.end, end)
        end = blank if blank >= 0 else end
    return start, end
