import pytest

from signalling.store import Database
from tests.signalling.school.kindergarten import Kindergarten


@pytest.fixture
async def kindergarten(database: Database) -> Kindergarten:
    """On each engine."""
    return await Kindergarten(database).start()
