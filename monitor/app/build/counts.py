"""Where counts of terms outlive a process: a file in the data directory, whichever ledger there is."""

from __future__ import annotations

from pathlib import Path

from monitor.config.settings import settings_of
from monitor.match.frequencies import Frequencies, decode
from monitor.ports import Documents, Shelf

FILE = "frequencies.json"


def shelf_of(data_dir: str) -> Shelf:
    """The place of the counts."""
    from monitor.adapters.shelf import FileShelf

    return FileShelf(Path(data_dir) / FILE)


async def counted(documents: Documents) -> Frequencies:
    """What was counted before, for whoever reads this configuration to run it; nothing at a first start."""
    settings = settings_of(documents.files, documents.environ)
    return decode(await shelf_of(settings.data_dir).read())
