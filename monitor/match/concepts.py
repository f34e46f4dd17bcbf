"""Concept packs: what a concept is called in each language.

A pack is a YAML file; its keys are in the documentation under "Concept packs". Every problem of every pack is reported
with its line, and a pack with a problem is left out as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from monitor import data
from monitor.errors import Problem
from monitor.match.garbage import undisturbed
from monitor.match.packs import Concept, PackReader, Sample, digest_of

__all__ = ["Concept", "Sample", "builtin_documents", "builtin_packs", "load_packs", "own_packs", "with_builtin"]

FOLDER = "concepts"
YAML = ".yaml"
SAMPLES = re.compile(r"^    (?:positive|negative):.*\n(?:(?: {5}.*)?\n)*", re.MULTILINE)
"""In a shipped pack, whose blocks all stand four blanks in."""


def load_packs(
    documents: Mapping[str, str], before: Iterable[Concept] = ()
) -> tuple[Mapping[str, Concept], tuple[Problem, ...]]:
    """Packs by concept name, from YAML texts by path, and everything that is wrong with them.

    `before`: concepts that were found to be sound; of the same text they are not read again, and what was compiled of
    them is kept with them.
    """
    known = {concept.digest: concept for concept in before}
    concepts: dict[str, Concept] = {}
    problems: list[Problem] = []
    for path, text in documents.items():
        reader = PackReader(path, text)
        with undisturbed():
            concept = known.get(digest_of(text)) or reader.read()
        if concept is not None and concept.name in concepts:
            reader.report(("concept",), f"another pack is called {concept.name} too", "MON-CFG-065")
        problems.extend(reader.problems)
        if concept is not None and not reader.problems:
            concepts[concept.name] = concept
    return MappingProxyType(concepts), tuple(problems)


def builtin_documents(samples: bool = True) -> Mapping[str, str]:
    """The texts of the shipped packs by path; without samples, half as long, they say the same of all but these."""
    texts = {_path(name): data.text(_path(name)) for name in _names()}
    return texts if samples else {path: SAMPLES.sub("", text) for path, text in texts.items()}


@cache
def builtin_packs() -> Mapping[str, Concept]:
    """The packs that are shipped, without their samples, which `load_packs` reads."""
    return _Packs({})


def with_builtin(own: Mapping[str, Concept]) -> Mapping[str, Concept]:
    """The packs that are shipped, and over them an operator's own."""
    return _Packs(own)


def own_packs(packs: Mapping[str, Concept]) -> Collection[Concept]:
    """Those of such packs that are an operator's own."""
    return packs.own.values() if isinstance(packs, _Packs) else packs.values()


class _Packs(Mapping[str, Concept]):
    """Packs by name. A shipped one is read when it is first asked for: what no watch names costs nothing."""

    def __init__(self, own: Mapping[str, Concept]) -> None:
        """Own ones stand before shipped ones of the same name."""
        self.own = dict(own)
        self._names = dict.fromkeys([*_names(), *own])

    def __getitem__(self, name: str) -> Concept:
        if name not in self._names:
            raise KeyError(name)
        return self.own[name] if name in self.own else _shipped(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@cache
def _shipped(name: str) -> Concept:
    """A shipped pack without its samples: they are half of the text, and only tests ask for them."""
    text = data.text(_path(name))
    (concept,) = load_packs({_path(name): SAMPLES.sub("", text)})[0].values()
    return replace(concept, digest=digest_of(text))


def _names() -> tuple[str, ...]:
    return tuple(name.removesuffix(YAML) for name in data.names(FOLDER) if name.endswith(YAML))


def _path(name: str) -> str:
    return f"{FOLDER}/{name}{YAML}"
