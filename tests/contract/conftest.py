"""The back ends every suite of this folder runs over."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.backends import BACK_ENDS, BackEnd


@pytest.fixture(params=list(BACK_ENDS))
async def back_end(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BackEnd]:
    """A started installation."""
    installation = BACK_ENDS[request.param](tmp_path)
    await installation.start()
    yield installation
    await installation.close()
