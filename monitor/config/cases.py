"""Cases: examples of what a watch has to find, beside its query or in a file of their own, `watches/ID.cases.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, ClassVar

from monitor.config import forms, places, problems, typed
from monitor.config.places import Node, Path
from monitor.config.schema import STRICT
from monitor.errors import Problem
from monitor.model.article import FieldName
from monitor.model.watch import Case

ENDINGS = (".cases.yaml", ".cases.yml")
"""Files below `watches/` that hold no watch but the cases of the one they are named after."""


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """An example beside a watch; it runs whenever the configuration is read.

    They stand under `cases`, or as a list in a file `watches/ID.cases.yaml` named after the watch.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    text: str
    """What an article might say."""
    expect: tuple[str, ...]
    """The places the watch has to find, in order, as they stand in the text; an empty list: nothing."""
    lang: str | None = None
    """Language of the text; without it the text counts as one whose language is unknown."""
    title: str = ""
    """Its title; the places of a title come first."""
    field: FieldName = "body"
    """Where the text stands in the article: some queries look only there."""
    authors: tuple[str, ...] = ()
    """Who wrote it, for queries with `author:`."""
    url: str = ""
    """Its address, for `url:` and `domain:`."""
    tags: tuple[str, ...] = ()
    """Its own categories, for `tag:`."""
    source: str = ""
    """Id or name of its feed or source, for `source:`."""
    country: str | None = None
    """Country of its feed, ISO 3166-1 alpha-2, for `country:`."""


def is_file(name: str) -> bool:
    """Whether a file below `watches/` holds cases instead of watches."""
    return name.endswith(ENDINGS)


def owner_of(name: str) -> str:
    """The id of the watch whose cases a file holds."""
    last = PurePosixPath(name).name
    return next(last.removesuffix(ending) for ending in ENDINGS if last.endswith(ending))


def read(file: str, text: str) -> tuple[list[Case], list[Problem]]:
    """The cases of a file of their own: a list."""
    documents, wrong = places.read(file, text)
    cases: list[Case] = []
    for document in documents:
        if document.value is not None and not isinstance(document.value, list):
            message = "the file has to be a list of cases, each with `text` and `expect`"
            wrong.append(problems.at(document.place, "", "MON-CFG-006", message))
        for number, node in enumerate(document.items()):
            entry, faults = typed.check(CaseEntry, node, (number,))
            faults = [*faults, *(find_faults(entry, node, (number,)) if entry else ())]
            wrong += faults
            cases += [make_case(entry, node)] if entry and not faults else []
    return cases, wrong


def find_faults(entry: CaseEntry, node: Node, path: Path) -> Iterator[Problem]:
    """Texts of a set form."""
    messages = {
        "lang": forms.language(entry.lang) if entry.lang is not None else None,
        "country": forms.country(entry.country) if entry.country is not None else None,
        "title": "with `field: title` the text is the title already"
        if entry.title and entry.field == "title"
        else None,
    }
    for key, message in messages.items():
        if message:
            yield problems.at(node.at((key,)).place, problems.spell((*path, key)), "MON-CFG-010", message)


def make_case(entry: CaseEntry, node: Node) -> Case:
    """The case of an entry, with its place."""
    return Case(
        text=entry.text,
        expect=entry.expect,
        lang=entry.lang,
        title=entry.title,
        place=node.place,
        field=entry.field,
        authors=entry.authors,
        url=entry.url,
        tags=entry.tags,
        source=entry.source,
        country=entry.country or "",
    )
