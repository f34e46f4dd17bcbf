"""Every note is one log line and one number, and nothing a feed says is ever a label."""

from __future__ import annotations

import inspect
from dataclasses import fields, replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from monitor.adapters.observe import MAX_WATCHES, TABLE, Metrics, Observer
from monitor.model import notes
from monitor.model.notes import Note
from monitor.model.poll import VERDICT_KINDS

CLASSES = [one for _, one in inspect.getmembers(notes, inspect.isclass) if issubclass(one, Note) and one is not Note]
VALUES: dict[str, Any] = {"str": "word", "int": 1, "float": 1.5, "bool": True}
EVIL = 'x"\n}{ \x1b[31m \ud800 \u202e'


class Lines:
    """A logger that keeps what it is given."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def __getattr__(self, level: str):
        return lambda event, **values: self.lines.append((level, event, values))


def observer() -> tuple[Observer, Lines]:
    """An observer with its log."""
    lines = Lines()
    return Observer(lines, Metrics(CollectorRegistry())), lines


def note_of(kind: type[Note], **given: Any) -> Note:
    """A note with a plain value in every field."""
    values = {one.name: VALUES.get(str(one.type), ()) for one in fields(kind)}
    if kind is notes.Polled:
        values |= {"verdict": "ok", "status": 200, "quiet": False}
    return kind(**{**values, **given})


def series(of: Observer) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    """Every series there is, by name and labels."""
    text = generate_latest(of.metrics.registry).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items())))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def value(of: Observer, name: str, **labels: str) -> float:
    """The number of one series."""
    return of.metrics.registry.get_sample_value(name, labels) or 0.0


def test_every_note_has_a_row_and_every_row_a_word_of_its_own():
    """The event is a constant: no two notes look alike in the log."""
    assert set(TABLE) == set(CLASSES)
    words = [row.event for row in TABLE.values()]
    assert len(set(words)) == len(words)
    assert all(word.isidentifier() and word == word.lower() for word in words)
    assert {row.level for row in TABLE.values()} <= {None, "debug", "info", "warning", "error"}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_each_note_is_one_line_and_moves_a_number(kind):
    """The line has every field of the note; the metrics are not the same afterwards."""
    watching, lines = observer()
    before = generate_latest(watching.metrics.registry)
    changed = {"up": False, "ok": False} if kind in (notes.UplinkChanged, notes.Reloaded) else {}
    changed = {name: given for name, given in changed.items() if name in {one.name for one in fields(kind)}}
    watching(note_of(kind, **changed))
    assert generate_latest(watching.metrics.registry) != before
    row = TABLE[kind]
    wanted = "warning" if kind is notes.Reloaded else row.level
    assert [(level, event) for level, event, _ in lines.lines] == ([(wanted, row.event)] if wanted else [])
    if row.level:
        assert len(lines.lines[0][2]) == len([one for one in fields(kind) if one.name != "quiet"])


def test_the_line_of_a_poll_has_the_documented_names():
    """Whose poll, what came of it, and when it is asked again: one rich line."""
    watching, lines = observer()
    watching(note_of(notes.Polled, feed="bbc", duration=0.25, next_at=1_800_000_000.0))
    (_, event, values) = lines.lines[0]
    assert event == "poll"
    counts = {"fetched", "new", "updated", "known", "filtered", "quarantined", "cut"}
    documented = {
        "feed_id",
        "url_masked",
        "verdict",
        "reason",
        "status",
        "bytes",
        "duration_s",
        "next_at",
        "generation",
    }
    assert counts | documented <= set(values)
    assert (values["feed_id"], values["duration_s"], values["next_at"]) == ("bbc", 0.25, "2027-01-15T08:00:00.000Z")


def test_a_poll_counts_items_bytes_verdict_and_alerts():
    """By what became of them."""
    watching, _ = observer()
    counts = {"new": 3, "updated": 1, "known": 5, "filtered": 2, "quarantined": 1, "cut": 4}
    watching(note_of(notes.Polled, verdict="ok", status=200, bytes=900, **counts, alerts_by_watch=(("port", 2),)))
    for result, count in counts.items():
        assert value(watching, "monitor_items_total", result=result) == count
    assert value(watching, "monitor_fetch_total", verdict="ok") == 1
    assert value(watching, "monitor_fetch_bytes_total", kind="wire") == 900
    assert value(watching, "monitor_http_responses_total", code_class="2xx") == 1
    assert value(watching, "monitor_alerts_total", watch="port") == 2


def test_h207_sixty_thousand_feeds_are_as_many_series_as_one():
    """Whatever feed is polled, with whatever title and address."""
    watching, _ = observer()
    for kind in VERDICT_KINDS:
        watching(note_of(notes.Polled, verdict=kind))
    before = series(watching)
    for number in range(3_000):
        feed, url = f"feed-{number}", f"https://h{number}.example/"
        watching(note_of(notes.Polled, feed=feed, url=url, verdict=VERDICT_KINDS[number % 20], reason=f"r{number}"))
        watching(note_of(notes.Unaccounted, feed=feed))
        watching(note_of(notes.ItemsCut, feed=feed))
        watching(note_of(notes.PollCrashed, feed=feed, error=f"Error{number}"))
        watching(note_of(notes.LedgerFailed, error=f"Error{number}"))
    assert series(watching) == before


def test_h171_nothing_odd_breaks_a_scrape():
    """Control characters, quotes, a lone surrogate: in every free field, and the page of metrics still parses."""
    watching, _ = observer()
    closed = {"verdict": "ok", "rung": "guid", "kind": "auth", "sink": "jsonl", "watch": "port", "generation": "g"}
    for kind in CLASSES:
        names = {one.name for one in fields(kind) if str(one.type) == "str"}
        free = names - set(closed) - ({"reason"} if kind is notes.WorkerReplaced else set())
        watching(replace(note_of(kind), **dict.fromkeys(free, EVIL), **{n: closed[n] for n in names & set(closed)}))
    assert not any(EVIL[:1] + '"' in label for _, labels in series(watching) for _, label in labels)


def test_watches_beyond_the_cap_are_counted_together():
    """A thousand series, and one for all others."""
    watching, _ = observer()
    for number in range(MAX_WATCHES + 50):
        watching(note_of(notes.Polled, alerts_by_watch=((f"watch-{number}", 1),)))
    assert value(watching, "monitor_alerts_total", watch="other") == 50
    assert value(watching, "monitor_alerts_total", watch="watch-0") == 1


def test_a_refused_reload_keeps_the_generation_that_is_in_force():
    """The gauge falls, the info stays, and the line is a warning."""
    watching, lines = observer()
    watching(note_of(notes.Reloaded, ok=True, generation="one"))
    watching(note_of(notes.Reloaded, ok=False, generation="two"))
    assert [level for level, _, _ in lines.lines] == ["info", "warning"]
    assert value(watching, "monitor_config_last_reload_success") == 0
    assert value(watching, "monitor_config_generation_info", generation="one") == 1


def test_n01_a_poll_that_fails_for_our_own_network_is_told_quietly():
    """Counted as always, but the line is for those who ask for it."""
    watching, lines = observer()
    watching(note_of(notes.Polled, quiet=True))
    assert [level for level, _, _ in lines.lines] == ["debug"]
    assert value(watching, "monitor_fetch_total", verdict="ok") == 1
