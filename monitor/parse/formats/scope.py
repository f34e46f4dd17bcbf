"""What one document shares while its elements are mapped."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin

from monitor.parse.decode import mend


@dataclass(slots=True)
class Scope:
    """Base URL and language that elements inherit, the cap on entries, and a count of mended fields."""

    base: str
    limit: int = 2000
    language: str | None = None
    mended: int = 0

    def mend(self, text: str) -> str:
        """The text with doubly encoded UTF-8 undone, counted."""
        mended = mend(text)
        self.mended += mended is not text
        return mended


def join(base: str, href: str) -> str:
    """`href` against `base` (RFC 3986 §5); unchanged where it cannot be resolved."""
    try:
        return urljoin(base, href)
    except ValueError:  # a host in brackets that is no IPv6 address
        return href
