"""Permanent redirects are watched before they are believed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.model.poll import Hop, Response
from monitor.model.state import FeedState, Health
from monitor.state.moves import DOUBT, ENOUGH_POLLS, LONG_ENOUGH, doubt_move, watch_move

OLD, NEW = "http://old.example/feed", "https://new.example/feed"


def answer(*statuses: int, url: str = NEW) -> Response:
    """A document at `url` behind redirects of these statuses."""
    return Response(url, 200, hops=tuple(Hop(f"{OLD}{number}", status) for number, status in enumerate(statuses)))


def watched(*responses: Response, apart: float = LONG_ENOUGH / 4) -> FeedState:
    """The state after these answers, one every `apart` seconds."""
    state = FeedState("f")
    for number, response in enumerate(responses):
        state = watch_move(state, OLD, response, number * apart)
    return state


@pytest.mark.parametrize("status", [301, 308])
def test_h49_a_feed_moves_after_five_polls_over_a_day(status):
    """Not before, and then once."""
    assert watched(*[answer(status)] * (ENOUGH_POLLS - 1)).moved_to is None
    assert watched(*[answer(status)] * 50, apart=LONG_ENOUGH / 60).moved_to is None
    moved = watched(*[answer(status)] * ENOUGH_POLLS)
    assert (moved.moved_to, moved.moved_from, moved.move) == (NEW, OLD, None)


@pytest.mark.parametrize(
    "broken",
    [answer(302), answer(307), answer(301, 302), answer(), answer(301, url="https://other.example/feed")],
    ids=["302", "307", "mixed", "no redirect", "another target"],
)
def test_b17_anything_else_in_between_begins_anew(broken):
    """A 302 is never learned, and one night of another target is no move."""
    assert watched(*[answer(301)] * 4, broken, *[answer(301)] * 4).moved_to is None
    assert watched(*[broken] * 20).moved_to in (None, "https://other.example/feed")


def test_p19_after_the_move_the_old_address_is_left_alone():
    """Until the operator writes another one."""
    moved = watched(*[answer(301)] * ENOUGH_POLLS)
    assert moved.address(OLD) == NEW
    assert moved.address("https://third.example/feed") == "https://third.example/feed"
    assert FeedState("f").address(OLD) == OLD


def test_a_new_address_that_keeps_failing_is_doubted():
    """The configured URL is asked again, and can move again."""
    moved = watched(*[answer(301)] * ENOUGH_POLLS)
    failing = replace(moved, health=Health(failures=DOUBT - 1, kind="http_status"))
    assert doubt_move(failing).moved_to == NEW
    assert doubt_move(replace(failing, health=Health(failures=DOUBT, kind="http_status"))).address(OLD) == OLD
