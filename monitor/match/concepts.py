"""Concept packs: what a concept is called in each language.

A pack is a YAML file; its keys are in the documentation under "Concept packs". Every problem of every pack is reported
with its line, and a pack with a problem is left out as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from monitor import data
from monitor.errors import Problem
from monitor.match.packs import Concept, PackReader, Sample

__all__ = ["Concept", "Sample", "builtin_documents", "builtin_packs", "load_packs"]

FOLDER = "concepts"


def load_packs(documents: Mapping[str, str]) -> tuple[Mapping[str, Concept], tuple[Problem, ...]]:
    """Packs by concept name, from YAML texts by path, and everything that is wrong with them."""
    concepts: dict[str, Concept] = {}
    problems: list[Problem] = []
    for path, text in documents.items():
        reader = PackReader(path, text)
        concept = reader.read()
        if concept is not None and concept.name in concepts:
            reader.report(("concept",), f"another pack is called {concept.name} too", "MON-CFG-065")
        problems.extend(reader.problems)
        if concept is not None and not reader.problems:
            concepts[concept.name] = concept
    return MappingProxyType(concepts), tuple(problems)


def builtin_documents() -> Mapping[str, str]:
    """The texts of the shipped packs by path."""
    return {f"{FOLDER}/{name}": data.text(f"{FOLDER}/{name}") for name in data.names(FOLDER) if name.endswith(".yaml")}


@cache
def builtin_packs() -> Mapping[str, Concept]:
    """The packs that are shipped. Read once."""
    return load_packs(builtin_documents())[0]
