import pytest

from tests.signalling.school.api.browser import Site
from tests.signalling.served import Served


@pytest.fixture
async def site(served: Served) -> Site:
    return await Site(served).start()
