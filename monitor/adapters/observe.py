"""Notes become one log line (structlog) and one metric (Prometheus) each: a table, one row a class.

Metric labels are words of closed sets and watch ids, never a feed id, URL, title or host: one odd character in a label
breaks every scrape, and 50,000 feeds must not be 50,000 series.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info

from monitor.model import notes
from monitor.model.notes import Note
from monitor.model.units import rfc3339

MAX_WATCHES = 1_000
"""Watch ids used as labels; later ones are counted together as `other`."""


class Metrics:
    """Every metric of the service. Prefix `monitor_`, base units."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._watches: set[str] = set()
        self._polls()
        self._ledger()
        self._process()

    def _polls(self) -> None:
        self.items = self._counter("items", "Items of documents by what became of them", "result")
        self.unaccounted = self._counter("items_unaccounted", "Items the loss ledger cannot account for")
        self.fetches = self._counter("fetch", "Polls by verdict", "verdict")
        self.fetch_seconds = self._histogram("fetch_duration_seconds", "A poll, turns at hosts not counted")
        self.fetch_bytes = self._counter("fetch_bytes", "Bytes of documents", "kind")
        self.responses = self._counter("http_responses", "Answers by class of status", "code_class")
        self.told = self._counter("operator_told", "Facts only the operator can mend", "kind")
        self.alerts = self._counter("alerts", "Alerts raised", "watch")
        self.truncated = self._counter("items_truncated", "Items beyond the cap on a document")
        self.rungs = self._counter("identity_rung_changes", "Rungs of identity distrusted or trusted again", "rung")
        self.crashes = self._counter("poll_crashes", "Polls that ended by a fault of ours")
        self.restarts = self._counter("parse_worker_restarts", "Parse workers replaced", "reason")

    def _ledger(self) -> None:
        self.records = self._counter("publish", "Records made durable")
        self.commit_seconds = self._histogram("publish_duration_seconds", "A commit")
        self.latency = self._histogram("item_latency_seconds", "From first seen to durable")
        self.ledger_failures = self._counter("ledger_failures", "Batches the ledger refused")
        self.ledger_away = self._gauge("ledger_away", "1 while the brokers of the ledger do not count us in")
        self.ledger_absences = self._counter("ledger_away_seconds", "Time the brokers did not, told when they do again")
        self.topics_differing = self._counter("topic_differences", "Topics found usable and not as planned")
        self.watches_pending = self._gauge("watches_pending", "Watches that wait for their topic")
        self.watches_held = self._counter("watch_holds", "Times a watch was found without a topic it can use")
        self.watches_armed = self._counter("watch_armings", "Watches that began to judge when their topic was there")
        self.spooled = self._counter("spool", "Polls that waited for the ledger, by what became of them", "result")
        self.delivered = self._counter("sink_records", "Records a sink took", "sink")
        self.lag = self._gauge("sink_lag_events", "Records a sink has not taken yet", "sink")
        self.sink_failures = self._counter("sink_failures", "Failed attempts of a sink", "sink")
        self.dead_letters = self._counter("dead_letter", "Records given up", "reason")
        self.expired = self._counter("log_expired", "Records removed by retention")
        self.head = self._gauge("log_head", "Sequence number of the newest record")

    def _process(self) -> None:
        self.reload_ok = self._gauge("config_last_reload_success", "1 if the last reload was applied")
        self.renewals = self._counter("rule_renewals", "Times all rules were compiled for other anchors")
        self.counts_not_kept = self._counter("counts_not_kept", "Reasons for which counts of terms were not kept")
        self.enrolments = self._counter("registry_writes", "Times the registry was brought level", "result")
        self.generation = Info("monitor_config_generation", "Configuration in force", registry=self.registry)
        self.build = Info("monitor_build", "Version of this program", registry=self.registry)
        self.uplink = self._gauge("uplink", "1 while the network as a whole works")
        self.stalls = self._histogram("event_loop_stall_seconds", "Time the event loop did not run")
        self.clock_jumps = self._counter("clock_jumps", "Times wall time was taken anew")
        self.feeds = self._gauge("feeds", "Feeds by state", "state")
        self.overdue = self._gauge("feeds_overdue", "Feeds past their due time by more than a minute")
        self.in_flight = self._gauge("fetch_in_flight", "Polls under way")
        self.task_crashes = self._counter("task_crashes", "Faults of what runs beside the polls")
        self.uplink.set(1)
        self.reload_ok.set(1)

    def alert(self, watch: str, count: int) -> None:
        """Counts alerts of a watch; watches beyond the cap on series are counted together."""
        if watch not in self._watches and len(self._watches) < MAX_WATCHES:
            self._watches.add(watch)
        self.alerts.labels(watch if watch in self._watches else "other").inc(count)

    def end_absence(self, seconds: float) -> None:
        """The brokers of the ledger count us in again."""
        self.ledger_away.set(0)
        self.ledger_absences.inc(seconds)

    def count_expired(self, rows: int, undelivered: int) -> None:
        """Rows that retention removed; those no sink had passed on are dead letters."""
        self.expired.inc(rows)
        if undelivered:
            self.dead_letters.labels("expired").inc(undelivered)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, namespace="monitor", registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, namespace="monitor", registry=self.registry)

    def _histogram(self, name: str, text: str) -> Histogram:
        return Histogram(name, text, namespace="monitor", registry=self.registry, buckets=BUCKETS)


BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


@dataclass(frozen=True, slots=True)
class Row:
    """What becomes of one class of notes: a constant word, a level (None = no line), and what is counted."""

    event: str
    level: str | None
    count: Callable[[Metrics, Any], object]


class Observer:
    """Takes notes for the whole service. Callable, so that it can be handed on as a plain function."""

    def __init__(self, log: structlog.stdlib.BoundLogger, metrics: Metrics) -> None:
        self._log, self.metrics = log, metrics

    def __call__(self, note: Note) -> None:
        row = TABLE[type(note)]
        row.count(self.metrics, note)
        level = _level(row, note)
        if level is not None:
            getattr(self._log, level)(row.event, **_fields(note))


def _level(row: Row, note: Note) -> str | None:
    if getattr(note, "quiet", False):
        return "debug"
    return "warning" if isinstance(note, notes.Reloaded) and not note.ok else row.level


NAMES = {"feed": "feed_id", "url": "url_masked", "duration": "duration_s", "seconds": "duration_s"}
"""Fields whose name in a line says more than in code: whose id, that nothing secret is in it, the unit."""


def _fields(note: Note) -> dict[str, Any]:
    found = {NAMES.get(name, name): value for name, value in asdict(note).items() if name != "quiet"}
    return {name: rfc3339(value) if name.endswith("_at") else value for name, value in found.items()}


def _polled(metrics: Metrics, note: notes.Polled) -> None:
    for result in ("new", "updated", "known", "filtered", "quarantined", "cut"):
        metrics.items.labels(result).inc(getattr(note, result))
    metrics.fetches.labels(note.verdict).inc()
    metrics.fetch_seconds.observe(note.duration)
    metrics.fetch_bytes.labels("wire").inc(note.bytes)
    if note.status:
        metrics.responses.labels(f"{note.status // 100}xx").inc()
    for watch, count in note.alerts_by_watch:
        metrics.alert(watch, count)


def _committed(metrics: Metrics, note: notes.Committed) -> None:
    metrics.records.inc(note.records)
    metrics.commit_seconds.observe(note.duration)
    for seconds in note.latencies:
        metrics.latency.observe(seconds)


def _delivered(metrics: Metrics, note: notes.SinkDelivered) -> None:
    metrics.delivered.labels(note.sink).inc(note.records)
    metrics.lag.labels(note.sink).set(note.lag)


def _reloaded(metrics: Metrics, note: notes.Reloaded) -> None:
    metrics.reload_ok.set(note.ok)
    if note.ok:
        metrics.generation.info({"generation": note.generation})


TABLE: dict[type[Note], Row] = {
    notes.Polled: Row("poll", "info", _polled),
    notes.Unaccounted: Row("items_unaccounted", "error", lambda m, n: m.unaccounted.inc(abs(n.difference))),
    notes.RungChanged: Row("identity_rung_changed", "warning", lambda m, n: m.rungs.labels(n.rung).inc()),
    notes.ItemsCut: Row("items_cut", "warning", lambda m, n: m.truncated.inc(n.cut)),
    notes.OperatorTold: Row("operator_needed", "warning", lambda m, n: m.told.labels(n.kind).inc()),
    notes.PollCrashed: Row("poll_crashed", "error", lambda m, _: m.crashes.inc()),
    notes.TaskCrashed: Row("task_crashed", "error", lambda m, _: m.task_crashes.inc()),
    notes.UplinkChanged: Row("uplink_changed", "warning", lambda m, n: m.uplink.set(n.up)),
    notes.WorkerReplaced: Row("worker_replaced", "warning", lambda m, n: m.restarts.labels(n.reason).inc()),
    notes.Committed: Row("committed", None, _committed),
    notes.LedgerFailed: Row("ledger_failed", "error", lambda m, _: m.ledger_failures.inc()),
    notes.LedgerAway: Row("ledger_away", "error", lambda m, _: m.ledger_away.set(1)),
    notes.LedgerBack: Row("ledger_back", "info", lambda m, n: m.end_absence(n.seconds)),
    notes.TopicDiffers: Row("topic_differs", "warning", lambda m, _: m.topics_differing.inc()),
    notes.WatchPending: Row("watch_pending", "warning", lambda m, _: m.watches_held.inc()),
    notes.WatchArmed: Row("watch_armed", "info", lambda m, _: m.watches_armed.inc()),
    notes.PollSpooled: Row("poll_spooled", None, lambda m, _: m.spooled.labels("kept").inc()),
    notes.SpoolFull: Row("spool_full", "error", lambda m, _: m.spooled.labels("full").inc()),
    notes.SpoolReplayed: Row("spool_replayed", "info", lambda m, n: m.spooled.labels("replayed").inc(n.readings)),
    notes.SpoolRescued: Row("spool_rescued", "warning", lambda m, n: m.spooled.labels("rescued").inc(n.readings)),
    notes.SpoolDropped: Row("spool_dropped", "error", lambda m, n: m.spooled.labels("dropped").inc(n.readings)),
    notes.SpoolDamaged: Row("spool_damaged", "error", lambda m, n: m.spooled.labels("damaged").inc(n.rows)),
    notes.SinkDelivered: Row("sink_delivered", None, _delivered),
    notes.SinkFailed: Row("sink_failed", "warning", lambda m, n: m.sink_failures.labels(n.sink).inc()),
    notes.SinkRejected: Row("sink_rejected", "error", lambda m, _: m.dead_letters.labels("rejected").inc()),
    notes.SinkLate: Row("sink_late", "error", lambda m, n: m.dead_letters.labels("late").inc(n.records)),
    notes.Expired: Row("log_expired", "info", lambda m, n: m.count_expired(n.rows, n.undelivered)),
    notes.Reloaded: Row("configuration_read", "info", _reloaded),
    notes.RulesRenewed: Row("rules_renewed", "info", lambda m, _: m.renewals.inc()),
    notes.CountsNotKept: Row("counts_not_kept", "warning", lambda m, _: m.counts_not_kept.inc()),
    notes.Enrolled: Row("registry_written", "info", lambda m, _: m.enrolments.labels("ok").inc()),
    notes.EnrolmentFailed: Row("registry_behind", "warning", lambda m, _: m.enrolments.labels("failed").inc()),
    notes.ClockJumped: Row("clock_jumped", "warning", lambda m, _: m.clock_jumps.inc()),
    notes.LoopStalled: Row("loop_stalled", "warning", lambda m, n: m.stalls.observe(n.seconds)),
}
