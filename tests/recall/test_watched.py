"""The shipped watch on drones: far fewer bees and bagpipes than the bare concept, and hardly an aircraft less."""

from __future__ import annotations

import pytest

from tests.recall.page import pack_examples
from tests.recall.texts import all_texts, borrowed
from tests.recall.watched import company_texts, count_met, shipped_query

LOST = 5
"""Texts with an aircraft that the watch may lose of the thousands that the bare concept meets."""
BESIDE = 0.7
"""Share of the aircraft it has to meet where hives, pipes and concerts were put beside them on purpose."""


def test_the_shipped_watch_asks_with_its_company() -> None:
    """Else the figures would be those of the bare concept twice."""
    assert "@drones NOT NEAR/" in shipped_query()
    assert "@drone_senses" in shipped_query()


def test_company_is_no_example_of_a_pack() -> None:
    """What a pack was written with does not measure it."""
    assert borrowed(company_texts(), pack_examples()) == []


@pytest.mark.timeout(120)
def test_the_watch_keeps_the_aircraft_of_all_texts() -> None:
    """At most a handful of texts lost, and less than half of the texts without an aircraft still met."""
    bare, shipped = count_met(all_texts())
    assert bare.mentioning == shipped.mentioning > 1000
    assert shipped.rightly >= bare.rightly - LOST
    assert shipped.wrongly * 2 < bare.wrongly


def test_the_watch_tells_aircraft_from_bees_and_pipes() -> None:
    """Nearly all bees, pipes and music are left out; most aircraft beside them are met in a single sentence."""
    bare, shipped = count_met(company_texts())
    assert bare.mentioning == bare.rightly > 30
    assert shipped.rightly >= BESIDE * bare.rightly
    assert bare.wrongly > 30
    assert shipped.wrongly * 10 <= bare.wrongly
