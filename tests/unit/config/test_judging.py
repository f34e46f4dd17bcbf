"""Watches, filters and packs as the match stage takes them."""

from __future__ import annotations

import pytest

from monitor.config.judging import run_case
from monitor.config.load import load
from monitor.errors import ConfigError
from monitor.model.watch import Case, Text


def test_built_in_packs_are_there() -> None:
    """Without any file."""
    assert {"ukraine", "taiwan", "drones"} <= set(load({}, {}, {}).concepts)


def test_own_pack_beside_and_over_the_built_in_ones() -> None:
    """By its name, whatever its file is called."""
    files = {
        "concepts/a.yaml": "concept: ships\nlanguages: {en: {terms: [frigate]}}\n",
        "concepts/b.yaml": "concept: ukraine\nlanguages: {en: {terms: [nothing else]}}\n",
        "watches/w.yaml": "id: ships\nquery: '@ships'\n---\nid: ukraine\nquery: '@ukraine'\n",
    }
    config = load(files, {}, {})

    assert [match.watch.id for match in config.rules.match(Text(body="A frigate off Ukraine"))] == ["ships"]


def test_what_was_made_of_an_own_pack_is_taken_over() -> None:
    """While its text is the same; a mistake in another pack is told where it was."""
    own = "concept: ships\nlanguages: {en: {terms: [frigate]}}\n"
    files = {"concepts/a.yaml": own, "watches/w.yaml": "id: ships\nquery: '@ships'\n"}
    first = load(files, {}, {})
    moved = {"concepts/c.yaml": own, "watches/w.yaml": "id: ships\nquery: '@ships AND navy'\n"}
    second = load(moved, {}, {}, before=first)
    third = load({**moved, "concepts/c.yaml": own.replace("frigate", "corvette")}, {}, {}, before=second)

    assert second.concepts["ships"] is first.concepts["ships"]
    assert not second.rules.met(Text(body="A frigate"))
    assert second.rules.met(Text(body="A frigate of the navy"))
    assert third.rules.met(Text(body="A corvette of the navy"))
    with pytest.raises(ConfigError) as caught:
        load({**moved, "concepts/d.yaml": "concept: [}"}, {}, {}, before=second)
    assert [(problem.file, problem.line) for problem in caught.value.problems] == [("concepts/d.yaml", 1)]


def test_paused_watches_raise_nothing() -> None:
    """They are checked all the same."""
    config = load({"watches/w.yaml": "id: a\nquery: drone\n---\nid: b\nquery: drone\npaused: true\n"}, {}, {})

    assert [watch.id for watch in config.watches] == ["a", "b"]
    assert [watch.id for watch in config.rules.watches] == ["a"]


def test_filters() -> None:
    """Compiled once for all feeds with the same words."""
    text = """
feeds:
  - {id: a, url: "https://example.org/a", filter: "drone OR ship"}
  - {id: b, url: "https://example.org/b", filter: "drone OR ship"}
  - {id: c, url: "https://example.org/c"}
"""
    filters = load({"feeds/a.yaml": text}, {}, {}).filters

    assert set(filters) == {"a", "b"}
    assert filters["a"] is filters["b"]
    assert filters["a"].match(Text(title="A ship"))
    assert not filters["a"].match(Text(title="A train"))


def test_case_of_one_watch_is_not_met_by_another() -> None:
    """Each case speaks of its own watch."""
    text = """
id: a
query: drone
cases: [{text: ship, expect: []}]
---
id: b
query: ship
cases: [{text: ship, expect: [ship]}]
"""
    config = load({"watches/w.yaml": text}, {}, {})

    assert run_case(config.watches[0], Case("A drone", ()), config.rules) == ("drone",)
    assert run_case(config.watches[0], Case("body", (), title="Drone"), config.rules) == ("Drone",)


def test_version_of_a_pack_is_part_of_the_generation() -> None:
    """A pack decides what is flagged."""
    watch = {"watches/w.yaml": "id: s\nquery: '@ships'\n"}
    one = {**watch, "concepts/a.yaml": "concept: ships\nlanguages: {en: {terms: [frigate]}}\n"}
    two = {**watch, "concepts/a.yaml": "concept: ships\nlanguages: {en: {terms: [corvette]}}\n"}

    assert load(one, {}, {}).generation != load(two, {}, {}).generation
