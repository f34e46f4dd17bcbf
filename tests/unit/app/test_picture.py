"""What commands see of an installation in its ledger."""

from __future__ import annotations

import pytest

from monitor.app.build.picture import rows_of
from monitor.model.state import Cadence, FeedState
from monitor.state.codec import encode_state
from monitor.testing.builders import feed
from monitor.testing.clock import START
from monitor.testing.ledger import MemoryStore, MemoryView


@pytest.mark.parametrize(("beside", "shown"), [(START + 90, START + 90), (START - 90, START), (None, START)])
async def test_a_poll_that_changed_nothing_moves_the_next_one(beside: float | None, shown: float) -> None:
    """Its time stands beside the state: without it every quiet feed would look late."""
    spec = feed("quiet")
    state = encode_state(FeedState(spec.id, cadence=Cadence(due=START)))
    dues = {} if beside is None else {spec.id: beside}
    rows = await rows_of(MemoryView(MemoryStore({spec.id: spec}, {spec.id: state}, dues)))
    assert rows[spec.id].cadence.due == shown
