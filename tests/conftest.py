"""What every test may use: the corpus, if it is there, and virtual time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.fixtures import kafka, kafka_jars  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real feeds and articles; the test skips with its reason where there is none."""
    folder = Path(os.environ.get("MONITOR_TEST_CORPUS", ROOT.parent / "shared" / "corpus"))
    if not folder.is_dir():
        pytest.skip(f"no corpus at {folder} (MONITOR_TEST_CORPUS names another place)")
    return folder
