"""Where configuration comes from: a directory, or nothing but defaults."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from monitor.ports import ConfigSource


def file_source(directory: Path, environ: Mapping[str, str]) -> ConfigSource:
    """The files of a configuration directory, and the environment over them."""
    from monitor.adapters.files import FileSource

    return FileSource(directory, environ)
