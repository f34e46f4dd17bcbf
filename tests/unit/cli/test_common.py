"""What commands say to people before they do their work."""

from __future__ import annotations

import pytest

from monitor.cli.common import BRIEF, warn, warn_briefly
from monitor.errors import Problem


def warnings(number: int) -> list[Problem]:
    """So many warnings, each of a line."""
    return [Problem("watches/w.yaml", line + 1, 1, "query", "odd", "MON-LNT-001") for line in range(number)]


@pytest.mark.parametrize(
    ("number", "lines"), [(0, 0), (1, 1), (BRIEF, BRIEF), (BRIEF + 1, BRIEF + 1), (4_000, BRIEF + 1)]
)
def test_a_start_shows_the_first_warnings_and_counts_the_rest(
    number: int, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two thousand watches would push everything else off the screen."""
    warn_briefly(warnings(number))
    said = capsys.readouterr().err.splitlines()
    assert len(said) == lines
    if number > BRIEF:
        assert said[-1] == f"warning: {number - BRIEF} more; `news-monitor check` shows all {number}"


def test_all_warnings_are_shown_where_they_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is left out of a list."""
    warn(warnings(BRIEF * 3))
    assert len(capsys.readouterr().err.splitlines()) == BRIEF * 3
