from collections.abc import AsyncIterator

import pytest

from tests.signalling.call.call_fakes import CallWorld


@pytest.fixture
async def lesson() -> AsyncIterator[CallWorld]:
    """A meeting with the defaults."""
    made = CallWorld()
    yield made
    await made.close()
