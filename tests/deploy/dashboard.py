"""The dashboard for Grafana, as data: rows of panels, each with what it asks Prometheus."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
HERE = 'job=~"$job"'
WIDTH, HEIGHT = 24, 8


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel: title, unit of Grafana, and expressions with the text of their legend."""

    title: str
    unit: str
    asks: tuple[tuple[str, str], ...]
    kind: str = "timeseries"


def rate(metric: str, by: str) -> str:
    """Events a second by a label."""
    return f"sum by ({by}) (rate({metric}{{{HERE}}}[$__rate_interval]))"


def quantile(q: float, metric: str) -> str:
    """A quantile over all processes."""
    return f"histogram_quantile({q}, sum by (le) (rate({metric}_bucket{{{HERE}}}[$__rate_interval])))"


def total(metric: str, by: str = "") -> str:
    """A gauge over all processes."""
    return f"sum by ({by}) ({metric}{{{HERE}}})" if by else f"sum({metric}{{{HERE}}})"


ROWS: tuple[tuple[Panel, ...], ...] = (
    (
        Panel("Feeds", "short", ((total("monitor_feeds"), "feeds"),), "stat"),
        Panel("Late", "short", ((total("monitor_feeds_overdue"), "late"),), "stat"),
        Panel("Network", "short", ((f"min(monitor_uplink{{{HERE}}})", "1 = works"),), "stat"),
        Panel("Processes", "short", ((f"count(monitor_build_info{{{HERE}}})", "processes"),), "stat"),
    ),
    (
        Panel("Polls by verdict", "reqps", ((rate("monitor_fetch_total", "verdict"), "{{verdict}}"),)),
        Panel("Items by what became of them", "ops", ((rate("monitor_items_total", "result"), "{{result}}"),)),
        Panel("Alerts by watch", "ops", ((rate("monitor_alerts_total", "watch"), "{{watch}}"),)),
    ),
    (
        Panel(
            "From the poll to durable",
            "s",
            tuple((quantile(q, "monitor_item_latency_seconds"), f"p{100 * q:.0f}") for q in (0.5, 0.95, 0.99)),
        ),
        Panel(
            "A commit",
            "s",
            tuple((quantile(q, "monitor_publish_duration_seconds"), f"p{100 * q:.0f}") for q in (0.5, 0.99)),
        ),
        Panel(
            "A poll",
            "s",
            tuple((quantile(q, "monitor_fetch_duration_seconds"), f"p{100 * q:.0f}") for q in (0.5, 0.95)),
        ),
    ),
    (
        Panel("Feeds by state", "short", ((total("monitor_feeds", "state"), "{{state}}"),)),
        Panel("Sinks: records to go", "short", ((total("monitor_sink_lag_events", "sink"), "{{sink}}"),)),
        Panel("Given up", "ops", ((rate("monitor_dead_letter_total", "reason"), "{{reason}}"),)),
    ),
    (
        Panel("Ledger: refused batches", "ops", ((rate("monitor_ledger_failures_total", "instance"), "{{instance}}"),)),
        Panel("Event loop held up", "s", ((rate("monitor_event_loop_stall_seconds_sum", "instance"), "{{instance}}"),)),
        Panel("Memory", "bytes", ((f"process_resident_memory_bytes{{{HERE}}}", "{{instance}}"),)),
    ),
    (
        Panel("Kafka: replicas that are not counted in", "short", ((total("monitor_ledger_away"), "away"),)),
        Panel("Kafka: polls that wait for the ledger", "ops", ((rate("monitor_spool_total", "result"), "{{result}}"),)),
        Panel("Kafka: watches without a topic", "short", ((f"max(monitor_watches_pending{{{HERE}}})", "watches"),)),
    ),
)


def panels() -> list[dict[str, Any]]:
    """Side by side in each row, rows below one another."""
    found: list[dict[str, Any]] = []
    top = 0
    for row in ROWS:
        height = HEIGHT // 2 if row[0].kind == "stat" else HEIGHT
        width = WIDTH // len(row)
        for column, panel in enumerate(row):
            place = {"x": column * width, "y": top, "w": width, "h": height}
            found.append(_panel(len(found) + 1, panel, place))
        top += height
    return found


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + index), "datasource": SOURCE, "expr": expression, "legendFormat": legend}
        for index, (expression, legend) in enumerate(panel.asks)
    ]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": targets,
    }


def render() -> str:
    """The dashboard as Grafana imports it."""
    variables = [
        {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"},
        {
            "name": "job",
            "type": "query",
            "datasource": SOURCE,
            "query": {"query": "label_values(monitor_build_info, job)", "refId": "job"},
            "multi": True,
            "includeAll": True,
            "refresh": 2,
        },
    ]
    board = {
        "uid": "news-monitor",
        "title": "news-monitor",
        "tags": ["news-monitor"],
        "schemaVersion": 39,
        "timezone": "utc",
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "1m",
        "templating": {"list": variables},
        "panels": panels(),
    }
    return json.dumps(board, indent=2) + "\n"
