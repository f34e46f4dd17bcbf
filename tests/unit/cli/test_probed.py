"""What a probe says to people."""

from __future__ import annotations

from typing import Any

from monitor.cli.probed import sentences

READING = {"route": "strict", "charset": "utf-8", "charset_source": "utf8", "repairs": 0, "entries": 1}
READ: dict[str, Any] = {
    "source": "https://a.example/feed",
    "verdict": {"kind": "ok", "reason": ""},
    "detail": "",
    "status": 200,
    "redirects": [],
    "validators": {"etag": None, "last_modified": None},
    "reading": {**READING, "quarantined": 0, "cut": 0},
    "feed": {"title": "News", "language": "en"},
    "articles": [],
    "next_poll": {"after_s": 3600.0, "reason": "1h: no rate yet → 1h; floor 1h (polite)"},
}


def test_a_document_without_validators_is_called_costly():
    """And the time until the next poll is said once."""
    lines = list(sentences(READ))
    assert "  validators: none, so every poll reads the whole document" in lines
    assert lines[-1] == "  next poll in 1h: no rate yet → 1h; floor 1h (polite)"


def test_what_was_not_read_says_nothing_of_validators():
    """A refused connection has no document that could be costly."""
    failed = {"verdict": {"kind": "connect", "reason": "refused"}, "status": None, "reading": None}
    lines = list(sentences({**READ, **failed, "detail": "The connection failed: ECONNREFUSED."}))
    assert lines[:2] == [
        "https://a.example/feed: connect (refused), status -",
        "  The connection failed: ECONNREFUSED.",
    ]
    assert not [line for line in lines if "validators" in line]
