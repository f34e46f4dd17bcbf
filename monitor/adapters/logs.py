"""Logging: one formatter for our lines and those of libraries; JSON, or a console on a terminal.

JSON goes through the standard `json`, which escapes newline, ESC, NUL and bidi controls: a title can forge no line. The
console prints the *event* raw, so it is always a constant word; feed text is only ever a value.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

Logger = structlog.stdlib.BoundLogger
Format = Literal["auto", "json", "console"]

OURS = "news-monitor"
WINDOW = 10.0
"""Seconds in which lines of one event are counted."""
FOREIGN = 3
BURST = 200
"""Lines of one warning or error a window; the rest is one number. Polls have a bound of their own: the schedule."""
LIMITED = frozenset({"warning", "error", "exception", "critical"})


def configure(format_: Format, level: str, monotonic: Callable[[], float], stream: TextIO | None = None) -> Logger:
    """Sets up logging of the whole process and returns the service's logger."""
    out = stream or sys.stderr
    console = format_ == "console" or (format_ == "auto" and out.isatty())
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        _drop_colour,
    ]
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*_ending(), _renderer(console)])
    )
    handler.addFilter(ForeignLimit(monotonic))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            Limiter(monotonic),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logger: Logger = structlog.get_logger(OURS)
    return logger


class ForeignLimit(logging.Filter):
    """Lines of libraries: at most `FOREIGN` of one logger a window. A broker that is away is one fact."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._seen: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        if record.name == OURS:
            return True
        started, count = self._seen.get(record.name, (self._monotonic(), 0))
        if self._monotonic() - started >= WINDOW:
            started, count = self._monotonic(), 0
        self._seen[record.name] = (started, count + 1)
        return count < FOREIGN


class Limiter:
    """Drops what floods: beyond `BURST` lines of one event in a window the next window's first says how many."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._seen: dict[str, tuple[float, int]] = {}

    def __call__(self, _logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        if method not in LIMITED:
            return event
        name = str(event.get("event", ""))
        started, count = self._seen.get(name, (self._monotonic(), 0))
        if self._monotonic() - started >= WINDOW:
            if count > BURST:
                event["suppressed"] = count - BURST
            started, count = self._monotonic(), 0
        self._seen[name] = (started, count + 1)
        if count >= BURST:
            raise structlog.DropEvent
        return event


def _ending() -> list[Any]:
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _make_inert,
    ]


def _renderer(console: bool) -> Any:
    if console:
        return structlog.dev.ConsoleRenderer(
            colors=False, repr_native_str=True, sort_keys=False, exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.processors.JSONRenderer()


def _drop_colour(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event.pop("color_message", None)
    return event


def _make_inert(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """What a library says may quote a server, and a traceback a document: on a terminal neither moves the cursor."""
    for name in ("event", "exception"):
        if isinstance(text := event.get(name), str) and not text.isprintable():
            kept = "\n" if name == "exception" else ""
            event[name] = "".join(one if one.isprintable() or one in kept else ascii(one)[1:-1] for one in text)
    return event
