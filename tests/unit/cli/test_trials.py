"""What a back-test found, for programs and for people."""

from __future__ import annotations

from itertools import count
from typing import Any

from monitor.cli.trials import rows, sentences
from monitor.match.compiler import compile_rules
from monitor.model.feed import FeedSpec
from monitor.model.ids import ArticleId, FeedId
from monitor.model.watch import Text
from monitor.pipeline.trial import Trial, Version
from monitor.publish.recall import Recalled
from monitor.testing.clock import START
from tests.support.polls import watch

DAY = 86400


def version(query: str) -> Version:
    """A watch of this query, alone."""
    made = watch("w", query)
    return Version(made, compile_rules([made], {}))


def trial(*texts: str, query: str = "port OR ship", against: str | None = None, whole: bool = True) -> Trial:
    """A trial that has heard these titles, a day apart; every judging takes a millisecond."""
    ticks = count()
    old = version(against) if against else None
    made = Trial(version(query), old, {}, lambda: next(ticks) / 1000)
    for number, text in enumerate(texts):
        feed = FeedSpec(FeedId("desk"), "https://desk.example/rss")
        title = Text(title=text, language="en")
        name = ArticleId(f"{number:032x}")
        made.hear(Recalled(name, 1, START + DAY * number, False, None, title, whole, feed, ()))
    return made


def of_kind(found: Trial, kind: str) -> list[dict[str, Any]]:
    """The rows of one kind."""
    return [row for row in rows(found) if row["row"] == kind]


def test_rows_say_what_they_count() -> None:
    """Days, also those without a hit; languages, feeds, aliases; the total last."""
    found = trial("port port", "rain", "a ship")
    *_, total = rows(found)

    assert of_kind(found, "day") == [
        {"row": "day", "day": "2027-01-15", "judged": 1, "met": 1, "hits": 2},
        {"row": "day", "day": "2027-01-16", "judged": 1, "met": 0, "hits": 0},
        {"row": "day", "day": "2027-01-17", "judged": 1, "met": 1, "hits": 1},
    ]
    assert of_kind(found, "language") == [{"row": "language", "language": "en", "met": 2}]
    assert of_kind(found, "feed") == [{"row": "feed", "feed": "desk", "met": 2}]
    named = {"row": "alias", "kind": "term", "concept": None, "language": None}
    assert of_kind(found, "alias") == [
        {**named, "term": "port", "hits": 2, "share": 0.667},
        {**named, "term": "ship", "hits": 1, "share": 0.333},
    ]
    assert total["row"] == "total"
    assert (total["judged"], total["met"], total["hits"], total["heavy"]) == (3, 2, 3, "port")
    assert (total["added"], total["removed"], total["against"]) == (None, None, None)
    assert total["cost"] == {"us_per_article": 1000.0, "cpu_s": 0.003}


def test_samples_carry_their_hits_as_alerts_do() -> None:
    """Whoever reads alerts reads them."""
    (row,) = of_kind(trial("A port"), "sample")

    assert (row["title"], row["feed"], row["language"], row["revision"]) == ("A port", "desk", "en", 1)
    (hit,) = row["hits"]
    assert (hit["field"], hit["start"], hit["end"], hit["text"], hit["utf16"]) == ("title", 2, 6, "port", [2, 6])
    assert row["snippet"] == {"field": "title", "text": "A port", "marks": [[2, 6]]}


def test_an_alias_with_half_of_the_hits_is_nothing_special() -> None:
    """Only one with more is named."""
    found = trial("port", "ship")

    assert list(rows(found))[-1]["heavy"] is None
    assert "more than half" not in "\n".join(sentences(found))


def test_an_edit_for_people() -> None:
    """What it gains and what it loses, article by article."""
    told = list(sentences(trial("port", "ship", "harbour", against="port OR harbour")))

    assert told[0] == "w: 2 articles met of 3 judged, 2 hits"
    assert any(line.startswith("against version ") and line.endswith(": 1 more and 1 fewer articles") for line in told)
    gains, losses = told.index("only the tried version:"), told.index("only the other version:")
    assert told[gains + 1].endswith("desk  ship")
    assert told[losses + 1].endswith("desk  harbour")
    assert told[-1] == "cost: 1000 µs an article, 0.003 s of CPU"


def test_missing_bodies_are_said() -> None:
    """A watch that looks weak may only lack the texts."""
    told = "\n".join(sentences(trial("port", "ship", whole=False)))

    assert "2 revisions came without body (`publish.body`)" in told


def test_nothing_at_all() -> None:
    """An empty log divides by nothing."""
    assert list(sentences(trial())) == [
        "w: 0 articles met of 0 judged, 0 hits",
        "cost: 0 µs an article, 0 s of CPU",
    ]


def test_long_tables_are_cut_and_say_so() -> None:
    """The newest days; `--json` has them all."""
    found = trial(*["port"] * 12)
    told = list(sentences(found))

    assert len(of_kind(found, "day")) == 12
    assert "and 2 more" in told
    assert not any(line.startswith("2027-01-15") for line in told)


def test_texts_move_no_cursor() -> None:
    """They are a stranger's."""
    assert "\x1b" not in "\n".join(sentences(trial("a \x1b[31m port")))
