"""Packs by name."""

from __future__ import annotations

from monitor.match.concepts import builtin_documents, builtin_packs, load_packs


def test_shipped_packs_are_sound() -> None:
    """No shipped pack has a problem, so none is left out."""
    concepts, problems = load_packs(builtin_documents())

    assert not problems
    assert len(concepts) == len(builtin_documents())
    assert set(concepts) >= {"ukraine", "taiwan", "drones"}


def test_all_mistakes_of_all_packs_at_once() -> None:
    """One reading tells everything that is wrong, and keeps what is right."""
    concepts, problems = load_packs(
        {
            "a.yaml": "concept: a\ncolour: red\nlanguages: {en: {terms: ['-'], size: 1}}",
            "b.yaml": "concept: b\nlanguages: {en: {terms: [drone]}}",
            "c.yaml": "concept: b\nlanguages: {en: {terms: [drone]}}",
        }
    )

    assert [problem.id[-3:] for problem in problems] == ["062", "062", "063", "065"]
    assert list(concepts) == ["b"]


def test_shipped_packs_are_read_once() -> None:
    """The second call gives the same object."""
    assert builtin_packs() is builtin_packs()
