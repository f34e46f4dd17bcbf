"""A small concept pack for tests, written for the purpose."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from monitor.match.concepts import Concept, load_packs

EXAMPLE = """
concept: example
status: draft
scope: {terms: any, prefix: lang, suffix: lang, case: lang}
symbols: [🇺🇦]
languages:
  und:
    case: [UAV]
    acronym: [БПЛА]
  en:
    terms: [power plant, drone bomb]
    not_in: [drone bombast]
    weak: [strike, {case: Shahed}]
  de:
    prefix: [drohn]
    suffix: [drohne]
    accent: [dröhnung]
  hu:
    prefix: [dron]
  ar:
    clitics: ar
    terms: [طائرة]
  he:
    clitics: he
    terms: [רחפן]
  zh:
    terms: [无人机]
    not_in: [无人机场, {text: 无人机构, unless_before: 成}]
  ja:
    terms: [ドローン, 無人機]
    not_in: [カードローン]
  ko:
    left_boundary: false
    terms: [드론]
    not_in: [카드론]
  tr:
    acronym: [İHA]
    not_in: [{text: (İHA), case: true}, {text: İHA Village, case: true}]
  mn:
    only_lang: true
    terms: [тайван]
"""

BARE = "concept: bare\nlanguages: {en: {terms: [bare]}}"


@cache
def example_pack() -> Mapping[str, Concept]:
    """The pack above. Raises AssertionError if it is not valid."""
    concepts, problems = load_packs({"example.yaml": EXAMPLE, "bare.yaml": BARE})
    assert not problems, problems
    return concepts
