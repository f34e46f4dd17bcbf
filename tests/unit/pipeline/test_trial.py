"""A watch before articles of the past: the same as before those of the present."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from itertools import count
from typing import Any

import pytest

from monitor.match.compiler import compile_rules
from monitor.match.concepts import builtin_packs
from monitor.match.matcher import RuleSet
from monitor.model.event import AlertEvent, ArticleEvent, Event, Record
from monitor.model.feed import FeedSpec
from monitor.model.ids import ArticleId
from monitor.model.watch import Text, Watch
from monitor.pipeline.rules import Rules
from monitor.pipeline.trial import Firsts, Sample, Samples, Trial, Version
from monitor.publish.recall import Recalled, recall
from monitor.testing.builders import feed
from monitor.testing.clock import START
from tests.support.polls import TOPICS, Poller, item, watch

WATCHES = (
    watch("port", "port OR title:harbour"),
    watch("ukraine", "@ukraine AND NOT football"),
    watch("french", "drone* OR @drones", languages=("fr",)),
    watch("asia", "@drones", feed_tags=("asia",)),
    watch("desk", "port", feeds=("one",)),
    watch("near", "drone* NEAR/3 (port OR ukraine)"),
    watch("asked", '(port OR drone*) AND source:"The feed" AND NOT country:gb'),
)
FEEDS = (
    feed("one", tags=("asia",)),
    feed("two", watches=("port", "ukraine", "french")),
    replace(feed("three", language="fr"), name=""),
)
EDITIONS = (
    ("Port reopens", "Drones over Ukraine", "Football in Ukraine", "Weather"),
    ("Harbour closed", "Des drones sur le port, et rien de plus aujourd'hui", "An UAV seen"),
)


@cache
def rules_of(watches: Sequence[Watch]) -> RuleSet:
    """Compiled once for all tests."""
    return compile_rules(watches, builtin_packs())


def version(name: str, watches: Sequence[Watch] = WATCHES) -> Version:
    """A watch of these, in the rules of them all."""
    return Version(next(one for one in watches if one.id == name), rules_of(tuple(watches)))


def trial(tried: Version, against: Version | None = None, **more: Any) -> Trial:
    """A trial whose CPU works one second a question."""
    ticks = count()
    more.setdefault("feeds", {one.id: one for one in FEEDS})
    return Trial(tried, against, cpu=lambda: float(next(ticks)), **more)


@cache
def live() -> tuple[list[Event], list[Record]]:
    """What a live run over some feeds published: first documents, news and edits."""
    rules = Rules(rules_of(WATCHES), TOPICS, "test")
    events: list[Event] = []
    records: list[Record] = []
    for spec in FEEDS:
        poller = Poller(rules, spec)
        first, second = ([item(title, guid=title) for title in edition] for edition in EDITIONS)
        edited = item("Weather", "A drone flew over the port of Odesa in Ukraine, it is said", guid="Weather")
        for document in (first, [*second, *first], [edited, *second, *first[:3]]):
            outcome = poller.get(*document)
            events += outcome.events
            records += outcome.records
    return events, records


def heard(tried: Trial, records: Iterable[Record]) -> dict[str, Any]:
    """What a trial finds in each article event, by article and revision."""
    found = {}
    for record in records:
        if record.topic == TOPICS.articles:
            said = recall(record.value)
            assert said is not None
            found[f"{said.id}.{said.revision}"] = tried.hear(said)
    return found


@pytest.mark.parametrize("name", [one.id for one in WATCHES])
def test_a_trial_meets_exactly_what_the_live_run_met(name: str) -> None:
    """Every revision, with every hit of its alert; nothing else."""
    events, records = live()
    tried = trial(version(name))
    found = heard(tried, records)
    published = [one for one in events if isinstance(one, ArticleEvent)]
    alerts = [one for one in events if isinstance(one, AlertEvent) and one.match.watch.id == name]

    met = {f"{one.article.id}.{one.article.revision}" for one in published if name in one.watches}
    assert {key for key, match in found.items() if match} == met != set()
    assert {f"{one.article.id}.{one.article.revision}": one.match for one in alerts}.items() <= found.items()
    assert (tried.total, tried.revisions) == (len(published), len(met))
    # What a first document holds has no date here, so it is old news.
    assert tried.met.total() - tried.baseline == len(alerts) > 0


def said(number: int, text: str = "A port", **more: Any) -> Recalled:
    """An article of a number, an hour after the one before."""
    base = Recalled(
        id=ArticleId(f"{number:032x}"),
        revision=1,
        time=START + 3600 * number,
        baseline=False,
        url=None,
        text=Text(title=text, language="en"),
        whole=True,
        feed=FEEDS[0],
        watches=(),
    )
    return replace(base, **more)


def test_counts_by_day_language_feed_and_alias() -> None:
    """An article counts when it is met for the first time, as its alert would be raised."""
    tried = trial(version("port"))
    for one in (
        said(1, "A port, a port"),
        said(1, "A port, a port", revision=2),
        said(2, "Weather"),
        said(20, text="Harbour", baseline=True, feed=FEEDS[1], whole=False),
    ):
        tried.hear(one)

    assert dict(tried.judged) == {"2027-01-15": 3, "2027-01-16": 1}
    assert dict(tried.met) == {"2027-01-15": 1, "2027-01-16": 1}
    assert dict(tried.hits) == {"2027-01-15": 2, "2027-01-16": 1}
    assert dict(tried.by_feed) == {"one": 1, "two": 1}
    assert dict(tried.languages) == {"en": 2}
    assert dict(tried.aliases) == {("port", "term", None, None): 2, ("harbour", "term", None, None): 1}
    assert (tried.revisions, tried.baseline, tried.bodiless, tried.seconds) == (3, 1, 1, 4.0)


def test_what_an_edit_adds_and_removes() -> None:
    """Article by article, whatever it is of both together."""
    old, new = (version("w", [watch("w", query)]) for query in ("port OR ship", "ship OR harbour"))
    tried = trial(new, old)
    for one in (said(1, "port"), said(1, "ports and a port", revision=2), said(2, "ship"), said(3, "harbour")):
        tried.hear(one)

    assert (tried.added.count, tried.removed.count) == (1, 1)
    assert [one.said.text.title for one in tried.added.samples.shown] == ["harbour"]
    (lost,) = tried.removed.samples.shown
    assert [hit.text for hit in lost.match.hits] == ["port"]


def test_a_feed_keeps_the_tags_it_had_and_has_the_watches_of_now() -> None:
    """Tags are on the event; which watches may judge a feed only the configuration knows."""
    tried = trial(version("asia"), feeds={FEEDS[0].id: replace(FEEDS[0], tags=())})
    assert tried.hear(said(1, "A drone")) is not None
    barred = trial(version("asia"), feeds={FEEDS[0].id: replace(FEEDS[0], watches=())})
    assert barred.hear(said(1, "A drone")) is None
    unknown: dict[Any, FeedSpec] = {}
    assert trial(version("asia"), feeds=unknown).hear(said(1, "A drone")) is not None


def test_samples_do_not_depend_on_the_order() -> None:
    """The same ones from every ledger, the oldest first; as many as are wanted."""
    tried = trial(version("port"))
    everything = [
        sample for number in range(200) if (match := tried.hear(one := said(number))) and (sample := Sample(one, match))
    ]
    chosen = []
    for order in (everything, everything[::-1], everything[100:] + everything[:100]):
        samples = Samples(20)
        for one in order:
            samples.offer(one)
        chosen.append([one.said.id for one in samples.shown])

    assert chosen[0] == chosen[1] == chosen[2] == sorted(chosen[0])
    assert len(set(chosen[0])) == 20
    assert chosen[0] == [one.said.id for one in tried.samples.shown]
    none = Samples(0)
    none.offer(everything[0])
    assert none.shown == []


def test_memory_of_articles_is_bounded() -> None:
    """The oldest are forgotten first."""
    firsts = Firsts(2)

    assert [firsts.is_first(name) for name in ("a", "b", "a", "c", "b", "a")] == [True, True, False, True, False, True]
