"""Which codes count as one language."""

from __future__ import annotations

import pytest

from monitor.match.languages import language_group


@pytest.mark.parametrize(
    ("tag", "group"),
    [
        ("zh-Hant", "zh"), ("yue", "zh"), ("wuu", "zh"), ("sdh", "ckb"), ("hr", "sr"), ("bs", "sr"), ("ms", "id"),
        ("nb", "no"), ("nn", "no"), ("no", "no"), ("fr_CA", "fr"), ("EN", "en"), ("hyw", "hy"), ("ar-EG", "ar"),
        ("arq", "ar"), ("und", ""), ("", ""),
    ],
)  # fmt: skip
def test_language_groups(tag: str, group: str) -> None:
    """Codes of detectors and neighbours that cannot be told apart."""
    assert language_group(tag) == group
