"""One server for all tests with real clients; its log must be clean at the end."""

from collections.abc import Iterator

import pytest

from .server import RunningServer, running_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("server"), POLYANA_HTTP__REQUEST_BURST="10000") as running:
        yield running
