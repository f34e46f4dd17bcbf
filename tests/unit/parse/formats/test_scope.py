"""What the elements of a document share."""

from __future__ import annotations

from monitor.parse.formats.scope import Scope, join


def test_join() -> None:
    """What cannot be resolved stays."""
    assert join("https://news.example/a/", "../b") == "https://news.example/b"
    assert join("https://news.example/", "https://[bad/") == "https://[bad/"


def test_mended_texts_are_counted() -> None:
    """Only those."""
    scope = Scope("")

    assert [scope.mend(text) for text in ("CafÃ©", "Café", "x")] == ["Café", "Café", "x"]
    assert scope.mended == 1
