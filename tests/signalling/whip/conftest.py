import pytest

from tests.signalling.served import Served
from tests.signalling.whip.whip_clients import Client


@pytest.fixture
def obs(served: Served) -> Client:
    return Client(served)


@pytest.fixture
def player(served: Served) -> Client:
    return Client(served, "whep", "player")
