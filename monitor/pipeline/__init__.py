"""The order of the stages, and the only place that knows it.

    bytes ─ parse ─ normalise ─► Reading        `read`, in a worker process that can be killed
    Reading + state ─ dedupe ─ match ─ publish ─ state ─ schedule ─► Outcome        `process`, in this process

Both are pure: time and chance come in as arguments. `processing` is `process` in slices, for a caller that must not
hold its thread for long.
"""

from __future__ import annotations

from monitor.parse.reader import NeedsLenient
from monitor.pipeline.hints import hints_of, remembered_failure
from monitor.pipeline.process import Moment, Polled, process, processing
from monitor.pipeline.reading import read
from monitor.pipeline.rules import Rules
from monitor.pipeline.waiting import taking_up

__all__ = [
    "Moment",
    "NeedsLenient",
    "Polled",
    "Rules",
    "hints_of",
    "process",
    "processing",
    "read",
    "remembered_failure",
    "taking_up",
]
