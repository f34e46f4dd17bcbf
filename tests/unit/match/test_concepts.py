"""Packs by name."""

from __future__ import annotations

from dataclasses import replace

from monitor.match.concepts import builtin_documents, builtin_packs, load_packs, own_packs, with_builtin


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
    """The second call gives the same object, and so does asking for a pack beside an operator's own."""
    own, _ = load_packs({"a.yaml": "concept: a\nlanguages: {en: {terms: [drone]}}"})

    assert builtin_packs() is builtin_packs()
    assert with_builtin(own)["taiwan"] is builtin_packs()["taiwan"]


def test_shipped_packs_are_called_as_their_files() -> None:
    """So which there are is known before any is read."""
    concepts, _ = load_packs(builtin_documents())

    assert [f"concepts/{name}.yaml" for name in builtin_packs()] == list(builtin_documents())
    assert dict(builtin_packs()) == {name: replace(pack, samples=()) for name, pack in concepts.items()}
    assert all(pack.samples for pack in concepts.values())
    assert len(builtin_packs()) == len(concepts)
    assert "nothing" not in builtin_packs()
    assert builtin_packs().get("nothing") is None


def test_own_packs_stand_before_shipped_ones() -> None:
    """Of the same name; others come to them."""
    texts = {name: f"concept: {name}\nlanguages: {{en: {{terms: [drone]}}}}" for name in ("a", "taiwan")}
    own, _ = load_packs(texts)
    packs = with_builtin(own)

    assert (packs["taiwan"], packs["a"]) == (own["taiwan"], own["a"])
    assert sorted(packs) == sorted({*builtin_packs(), "a"})
    assert "a" in packs


def test_a_pack_of_the_same_text_is_not_read_again() -> None:
    """Whatever its file is called now; another text is another pack, and mistakes are told each time."""
    text = "concept: a\nlanguages: {en: {terms: [drone]}}"
    before, _ = load_packs({"a.yaml": text})
    again, problems = load_packs({"b.yaml": text}, before.values())
    changed, _ = load_packs({"a.yaml": text.replace("drone", "ship")}, before.values())
    _, twice = load_packs({"a.yaml": text, "b.yaml": text}, before.values())

    assert again["a"] is before["a"]
    assert not problems
    assert changed["a"].digest != before["a"].digest
    assert [(problem.file, problem.id) for problem in twice] == [("b.yaml", "MON-CFG-065")]
    assert list(own_packs(with_builtin(before))) == list(own_packs(before)) == [before["a"]]
