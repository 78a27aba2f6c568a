from collections.abc import AsyncIterator

import pytest

from tests.signalling.rtc.rtc_fakes import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.attendance.close()
