"""What is written together with the word behind it."""

from __future__ import annotations

from monitor.match.clitics import attach_arabic, attach_hebrew


def test_arabic_clitics() -> None:
    """Conjunction, preposition, article in that order; the merged forms; no doubled article."""
    forms = attach_arabic("طائرة")

    assert {"طائرة", "وطائرة", "بالطائرة", "وبالطائرة", "للطائرة", "فللطائرة"} <= set(forms)
    assert len(set(forms)) == 27
    assert "الالدرون" not in attach_arabic("الدرون")
    assert {"الدرون", "والدرون", "للدرون"} <= set(attach_arabic("الدرون"))


def test_hebrew_clitics() -> None:
    """The listed heaps, nothing else."""
    forms = attach_hebrew("רחפן")

    assert {"רחפן", "הרחפן", "והרחפן", "שברחפן", "כשהרחפן"} <= set(forms)
    assert len(forms) == len(set(forms)) == 24
