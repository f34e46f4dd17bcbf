"""The back ends every suite of this folder runs over."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.backends import BACK_ENDS, BackEnd, KafkaBackEnd


@pytest.fixture(params=[*BACK_ENDS, pytest.param("kafka", marks=[pytest.mark.service, pytest.mark.timeout(60)])])
async def back_end(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BackEnd]:
    """A started installation."""
    if request.param == "kafka":
        installation: BackEnd = KafkaBackEnd(request.getfixturevalue("kafka").bootstrap_servers)
    else:
        installation = BACK_ENDS[request.param](tmp_path)
    await installation.start()
    yield installation
    await installation.close()


@pytest.fixture(params=list(BACK_ENDS))
async def embedded_back_end(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BackEnd]:
    """One whose log is a numbered table, for what only such a log can promise."""
    installation = BACK_ENDS[request.param](tmp_path)
    await installation.start()
    yield installation
    await installation.close()
