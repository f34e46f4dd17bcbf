"""Where configuration and time come from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from monitor.ports import Clock, ConfigSource


def file_source(directory: Path, environ: Mapping[str, str]) -> ConfigSource:
    """The files of a configuration directory, and the environment over them."""
    from monitor.adapters.files import FileSource

    return FileSource(directory, environ)


def system_clock() -> Clock:
    """The clock of this machine, for what runs beside a service."""
    from monitor.adapters.clock import SystemClock

    return SystemClock(lambda _note: None)
