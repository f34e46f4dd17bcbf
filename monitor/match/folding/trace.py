"""What folding did to a text, as far as the way back to the original depends on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from monitor.match.folding.table import BLANK

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from monitor.match.folding.table import Places


class Trace(NamedTuple):
    """The steps of a short way. Places count from the blank that is put before the text."""

    kept: NDArray[np.bool_]
    """Which characters are no further blanks of a run, from the second character on."""
    left: Places | None = None
    """What was left, if characters were deleted before."""
    letters: NDArray[Any] | None = None
    """The codes kept, if some of them became several characters."""
    lengths: NDArray[np.uint8] | None = None
    """Characters per code, beside `letters`."""
    borders: Places | None = None
    """Which letters have a blank put before them."""


def filled(letters: NDArray[Any]) -> NDArray[np.bool_]:
    """Which letters, from the second on, are no further blanks of a run."""
    letter = letters != BLANK
    either: NDArray[np.bool_] = letter[1:] | letter[:-1]
    return either


def offsets(trace: Trace, length: int) -> Places:
    """Per folded character its index in the original of this length, then the length."""
    import numpy as np

    places = trace.kept.nonzero()[0]
    if trace.left is not None:
        places = trace.left[places + 1] - 1
    if trace.letters is not None and trace.lengths is not None:
        counts = trace.lengths[trace.letters]
        if trace.borders is not None:
            counts[trace.borders] += 1
        places = places.repeat(counts)
    return np.concatenate(([0], places, [length]))
