"""Titles in sixteen bytes."""

from __future__ import annotations

import pytest

from monitor.dedupe.titles import SIZE, overlap, sketch_title


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Heavy rain floods the old town of Lviv", "Rain floods old town of Lviv, two dead"),
        ("Парламент принял новый закон о бюджете", "Парламент принял закон о бюджете после дебатов"),
        ("東京で大規模な停電が発生", "東京で大規模な停電、復旧は未定"),
        ("LIVE: Quake near Izmir", "Quake near Izmir: what we know"),
        ("Up", "Up and up"),
    ],
)
def test_edits_overlap(one: str, other: str) -> None:
    """An edited title keeps a third of its words or more."""
    assert overlap(sketch_title(one), sketch_title(other)) >= 0.3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Heavy rain floods the old town of Lviv", "Museum opens hall of modern glass art"),
        ("Парламент принял новый закон о бюджете", "Паромное сообщение с островами восстановлено"),
        ("東京で大規模な停電が発生", "大阪万博の入場者数が過去最高"),
    ],
)
def test_other_titles_do_not(one: str, other: str) -> None:
    """Titles of two stories have hardly a word in common."""
    assert overlap(sketch_title(one), sketch_title(other)) < 0.3


def test_unknown_titles_overlap() -> None:
    """Nothing can be said about a title that is not known."""
    assert overlap(b"", sketch_title("Rain")) == overlap(sketch_title("Rain"), b"") == 1.0
    assert sketch_title("") == sketch_title("— !") == b""
    assert len(sketch_title("Rain")) == SIZE
