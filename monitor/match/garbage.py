"""When the collector of garbage stands aside."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Iterator[None]:
    """Collects no garbage meanwhile: much is made and all of it is kept, so looking through it again is in vain.

    Where two overlap, the first to end lets the collector go on.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
