"""What stands beside the committed offset of a sink."""

from __future__ import annotations

import pytest

from monitor.adapters.kafka.event_group import Sunk


def test_what_is_stored_comes_back() -> None:
    """Offset, what was given up, and when the cursor moved."""
    sunk = Sunk(17, 3, 1_750_000_000.125)

    assert Sunk.of(*sunk.stored) == sunk
    assert sunk.stored == (17, "dead=3;at=1750000000.125")


@pytest.mark.parametrize("beside", ["", "dead=x;at=1", "dead=1", "{}", "dead=1;at=1e9", "dead=" + "9" * 30 + ";at=1"])
def test_text_of_other_tools_means_nothing(beside: str) -> None:
    """`kafka-consumer-groups.sh --reset-offsets` leaves none."""
    assert Sunk.of(4, beside) == Sunk(4)
