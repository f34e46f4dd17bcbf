"""Every example of every shipped pack, and what the reader of packs has to say about mistakes."""

from __future__ import annotations

import pytest

from monitor.match.compiler import compile_rules
from monitor.match.concepts import Concept, Sample, builtin_documents, builtin_packs, load_packs
from monitor.match.matcher import RuleSet
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch

BLOCKS = [
    pytest.param(concept, language, id=f"{concept.name}-{language}")
    for concept in load_packs(builtin_documents())[0].values()
    for language in sorted({sample.language for sample in concept.samples})
]


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    """Both tiers of all shipped packs; not all have a weak one."""
    names = [name + tier for name, pack in builtin_packs().items() for tier in ("", ".weak")[: 2 if pack.weak else 1]]
    return compile_rules([Watch(WatchId(name), "@" + name) for name in names], builtin_packs())


@pytest.mark.parametrize(("concept", "language"), BLOCKS)
def test_examples_of_a_language(rules: RuleSet, concept: Concept, language: str) -> None:
    """Positive examples give their slices, negative ones give none."""
    samples = [sample for sample in concept.samples if sample.language == language]
    found = [(sample.text, slices_of(rules, concept.name, sample)) for sample in samples]

    assert found == [(sample.text, list(sample.expect)) for sample in samples]


def slices_of(rules: RuleSet, name: str, sample: Sample) -> list[str]:
    """What a concept finds in a sample."""
    watch = name + (".weak" if sample.weak else "")
    matches = rules.match(Text(sample.title, body=sample.text, language=sample.language), frozenset({watch}))
    return [hit.text for match in matches for hit in match.hits]


MISTAKES = [
    ("concept: [}", "not YAML", 1, "MON-CFG-060"),
    ("concept: x\nlanguages:\n  en:\n    terms: [a]\n    terms: [b]", "terms is there twice", 5, "MON-CFG-060"),
    ("concept: a\x00", "not YAML", 1, "MON-CFG-060"),
    ("concept: x\nsymbols: [1]", "quote 1", 2, "MON-CFG-061"),
    ("status: draft", "concept: <name>", 1, "MON-CFG-061"),
    ("concept: x\nlanguages: [en]", "keys and values", 2, "MON-CFG-061"),
    ("concept: x\nlanguages:\n  en:\n    terms: drone", "a list", 4, "MON-CFG-061"),
    ("concept: x\nlanguages:\n  en:\n    terms: [drone, 16]", "quote 16", 4, "MON-CFG-061"),
    ("concept: x\nlanguages:\n  en:\n    terms: [true]", "quote true if", 4, "MON-CFG-061"),
    ("concept: x\nlanguages:\n  en:\n    terms: [null]", "quote null if", 4, "MON-CFG-061"),
    ("concept: x\ncolour: red", "no key colour", 2, "MON-CFG-062"),
    ("concept: x\nlanguages:\n  en:\n    term: [drone]", "no key term", 4, "MON-CFG-062"),
    ("concept: x\nscope: {terms: all}", "neither any nor lang", 2, "MON-CFG-061"),
    ("concept: x\nlanguages:\n  fa:\n    clitics: fa", "clitics of ar, he", 4, "MON-CFG-062"),
    ("concept: x\nlanguages:\n  en:\n    weak: [{stem: dro}]", "no kind stem", 4, "MON-CFG-062"),
    ("concept: x\nlanguages:\n  en:\n    terms: ['***']", "nothing is left", 4, "MON-CFG-063"),
    ("concept: x\nlanguages:\n  en:\n    terms: [Drone]\n    not_in: [drone]", "never be found", 5, "MON-CFG-064"),
]


@pytest.mark.parametrize(("text", "say", "line", "number"), MISTAKES, ids=[row[1] for row in MISTAKES])
def test_mistake(text: str, say: str, line: int, number: str) -> None:
    """Each mistake is named, with its line; the pack is left out."""
    concepts, problems = load_packs({"packs/x.yaml": text})

    assert [(problem.file, problem.line, problem.id) for problem in problems] == [("packs/x.yaml", line, number)]
    assert say in problems[0].message
    assert not concepts


def test_norwegian_is_not_false() -> None:
    """YAML reads the key `no` as False; it is a language here."""
    concepts, problems = load_packs({"x.yaml": "concept: x\nlanguages:\n  no:\n    terms: [drone]"})

    assert not problems
    assert concepts["x"].strong[0].language == "no"


def test_infix() -> None:
    """Letters anywhere in a word, of any language, shown as the whole word; a longer word may be excepted."""
    pack = "concept: x\nlanguages:\n  und:\n    infix: [ucrani]\n    not_in: ['*bucrani*']"
    concepts, problems = load_packs({"x.yaml": pack})
    rules = compile_rules([Watch(WatchId("x"), "@x")], concepts)
    text = Text("Bucranios de mármol", body="#AyudaUcraniaYa, marcha proucraniana; Ucrania", language="es")

    assert not problems
    assert [hit.text for match in rules.match(text) for hit in match.hits] == [
        "AyudaUcraniaYa",
        "proucraniana",
        "Ucrania",
    ]


def test_exception_takes_in_names_that_go_on() -> None:
    """With a star at its end an exception also swallows a longer name that begins in it."""
    pack = "concept: x\nlanguages:\n  zh:\n    terms: [两岸关系, 海峡两岸]\n    not_in: [洋两岸*, 河两岸]"
    concepts, problems = load_packs({"x.yaml": pack})
    rules = compile_rules([Watch(WatchId("x"), "@x")], concepts)

    assert not problems
    assert not rules.match(Text("大西洋两岸关系", language="zh"))
    assert rules.match(Text("河两岸关系", language="zh"))
    assert rules.match(Text("海峡两岸", language="zh"))
