"""What nearly is the term that was asked for."""

from __future__ import annotations

import pytest

from monitor.match.fold import fold, fold_words
from monitor.match.spellings import find_endings, find_spellings, is_scattered


@pytest.mark.parametrize(
    ("asked", "text", "found", "hint"),
    [
        ("drone", "Two drones seen", "drones", "drone*"),
        ("drones", "A drone seen", "drone", "dron*"),
        ("port", "An airport", "airport", "*port"),
        ("F16", "An F-16 fell", "f 16", '"f 16"'),
        ("covid19", "The covid-19 wards", "covid 19", '"covid 19"'),
        ("F-16", "An F16 fell", "f16", "f16"),
        ("power plant", "Power plants burned", "power plants", '"power plant*"'),
        ("power plants", "A power plant burned", "power plant", '"power plan*"'),
        ("дрон", "над дронами", "дронами", "дрон*"),
    ],
)
def test_the_first_other_spelling(asked: str, text: str, found: str, hint: str) -> None:
    """With the words it stands in, and what would match it."""
    (core,), folded = fold_words([asked]), fold(text).text
    first = next(find_spellings(core, folded))

    assert (folded[first.start : first.end], first.hint) == (found, hint)


@pytest.mark.parametrize(("asked", "text"), [("un", "unite"), ("drone", "a train"), ("power plant", "plant, power")])
def test_what_is_no_spelling(asked: str, text: str) -> None:
    """Short terms begin half the dictionary."""
    (core,) = fold_words([asked])

    assert list(find_spellings(core, fold(text).text)) == []


def test_endings_alone() -> None:
    """For aliases, of which a concept has hundreds."""
    assert [one.hint for one in find_endings("frigate", fold("Frigates left").text)] == ["frigate*"]
    assert list(find_endings("frigates", fold("A frigate left").text)) == []


def test_words_of_a_phrase_apart() -> None:
    """Each of them whole."""
    assert is_scattered("power plant", fold("The plant lost power").text)
    assert not is_scattered("power plant", fold("The plants lost power").text)
    assert not is_scattered("power", fold("power").text)
