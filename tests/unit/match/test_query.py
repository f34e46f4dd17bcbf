"""What a compiled watch has from the start, and what is made when somebody asks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.match.compiler import compile_rules
from monitor.match.index import Near
from monitor.match.query import Query
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch


def query_of(text: str, **more: object) -> Query:
    """The only query of a rule set."""
    return compile_rules([Watch(WatchId("w"), text, **more)], {}).queries[0]  # type: ignore[arg-type]


def test_a_watch_that_no_article_comes_near_is_never_planned() -> None:
    """Its tree is made a test by the first candidate."""
    rules = compile_rules([Watch(WatchId("w"), "SENTENCE(drone AND port)")], {})
    (query,) = rules.queries
    assert not rules.met(Text(body="nothing of the kind"))
    assert "part" not in vars(query)
    assert rules.met(Text(body="a drone over the port"))
    assert "part" in vars(query)


def near(words: int, ordered: bool = False) -> tuple[Near, ...]:
    """Of the first signal and the second one."""
    return (Near(frozenset({0}), frozenset({1}), words, ordered),)


@pytest.mark.parametrize(
    ("text", "nears"),
    [
        ("drone NEAR/3 port", near(3)),
        ("drone ONEAR/0 port", near(0, ordered=True)),
        ("drone NEAR/3 port AND (ship OR boat) AND NOT toy", near(3)),
        ("drone NEAR/3 (port NEAR/2 ship)", ()),
        ("drone NEAR/3 port OR ship", ()),
        ("drone NEAR/3 port AND SENTENCE(ship AND boat)", ()),
        ("drone NEAR/3 port AND NOT (ship NEAR/2 boat)", ()),
        ("drone AND port", ()),
    ],
)
def test_what_an_index_may_judge_by_places(text: str, nears: tuple[Near, ...]) -> None:
    """Pairs of terms, beside nothing that needs a tree."""
    assert query_of(text).entry.nears == nears


@pytest.mark.parametrize("change", [{"query": "ship"}, {"languages": ("uk",)}, {"paused": True}])
def test_another_query_language_or_pause_is_another_query(change: dict[str, object]) -> None:
    """What judging depends on."""
    query = query_of("port")
    assert query.serves(replace(query.watch, severity="critical"))
    assert not query.serves(replace(query.watch, **change))  # type: ignore[arg-type]


def test_a_renewed_query_keeps_what_was_made_and_leaves_the_old_one_alone() -> None:
    """Polls that still judge by the old one see the old watch."""
    old = query_of("port NEAR/3 drone")
    part = old.part
    new = old.renewed(replace(old.watch, severity="critical"))
    assert (new.watch.severity, old.watch.severity) == ("critical", "medium")
    assert new.part is part
    assert (new.version, new.entry.anchor) == (old.version, old.entry.anchor)


def test_signals_in_operators_over_places_alone_are_shown_where_these_are_true() -> None:
    """A term that stands outside too is shown everywhere."""
    query = query_of("(port NEAR/3 drone) AND (drone OR ship) AND NOT whale")
    by_text = {leaf.text: signal for leaf, signal in query.signals.items()}
    assert query.bounded == {by_text["port"]}
    assert set(query.wanted) == {by_text["port"], by_text["drone"], by_text["ship"]}
    assert query_of("port AND ship").bounded == frozenset()
