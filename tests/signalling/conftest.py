from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.signalling.served import Served


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with Served(tmp_path).running() as running:
        yield running
