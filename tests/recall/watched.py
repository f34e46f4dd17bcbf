"""What the shipped watch on drones leaves out and loses, beside the bare concept.

Counted are whole texts, since an article is met or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import yaml

from monitor.match.compiler import compile_rules
from monitor.match.concepts import builtin_packs
from monitor.match.matcher import RuleSet
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch
from monitor.normalise.language import primary
from tests.recall.texts import HERE, Marked, read_texts
from tests.support.project import ROOT

COMPANY = HERE / "company"
"""Texts where the company of the word decides: bees, pipes and music, and aircraft beside hives and concerts."""
CONCEPT = "drones"
SHIPPED = ROOT / "config" / "watches" / "drones.yaml"


@dataclass(slots=True)
class Met:
    """Texts that a query meets: of those with a mention, and of those without."""

    mentioning: int = 0
    rightly: int = 0
    wrongly: int = 0


@cache
def company_texts() -> tuple[Marked, ...]:
    """The texts of every language. Read once."""
    return tuple(marked for path in sorted(COMPANY.glob("*.yaml")) for marked in read_texts(path))


def shipped_query() -> str:
    """What the watch of this checkout asks."""
    return str(yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))["query"])


@cache
def query_rules() -> RuleSet:
    """The bare concept and the shipped query, each as a watch that is named after what it asks."""
    queries = {"bare": "@" + CONCEPT, "shipped": shipped_query()}
    return compile_rules([Watch(WatchId(name), query) for name, query in queries.items()], builtin_packs())


def count_met(texts: Iterable[Marked]) -> tuple[Met, Met]:
    """By the bare concept, and by the shipped query; the language of each text is known."""
    bare, shipped = Met(), Met()
    for marked in texts:
        text = Text(body=marked.text, language=primary(marked.language))
        met = {str(match.watch.id) for match in query_rules().match(text)}
        _add(bare, marked, "bare" in met)
        _add(shipped, marked, "shipped" in met)
    return bare, shipped


def _add(count: Met, marked: Marked, met: bool) -> None:
    mentions = CONCEPT in marked.slices
    count.mentioning += mentions
    count.rightly += met and mentions
    count.wrongly += met and not mentions
