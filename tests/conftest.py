"""What every test may use: the corpus, if it is there, and virtual time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.fixtures import kafka, kafka_jars  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent

# A run that decides whether a change is taken draws the same examples every time; everybody else's looks for new ones.
settings.register_profile("ci", derandomize=True, database=None, deadline=None)
settings.register_profile("local", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real feeds and articles; the test skips with its reason where there is none."""
    folder = Path(os.environ.get("MONITOR_TEST_CORPUS", ROOT.parent / "shared" / "corpus"))
    if not folder.is_dir():
        pytest.skip(f"no corpus at {folder} (MONITOR_TEST_CORPUS names another place)")
    return folder
