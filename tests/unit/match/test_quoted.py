"""Phrases that look like queries."""

from __future__ import annotations

import pytest

from monitor.match.quoted import meant_as_query


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("@drones", "@drones"),
        ("@drones.weak", "@drones.weak"),
        ("@KyivPost", ""),
        ("{US}", "{US}"),
        ("title:kyiv", "title:kyiv"),
        ("title: kyiv", ""),
        ("drone AND kyiv", "AND"),
        ("drone NEAR/5 kyiv", "NEAR"),
        ("drone NOT NEAR kyiv", "NOT NEAR"),
        ("NOT drone", "NOT"),
        ("DRONE AND KYIV", ""),
        ("drone and kyiv", ""),
        ("Oregon OR", ""),
        ("", ""),
    ],
)
def test_what_was_meant(text: str, sign: str) -> None:
    """Concepts there are, exact characters, fields and operators; not names, and no capitals among capitals."""
    assert meant_as_query(text, {"drones"}) == sign
