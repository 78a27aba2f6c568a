"""One server for all tests with real clients; its log must be clean at the end. Speech for microphones."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .browser import SENTENCE
from .server import RunningServer, running_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("server"), POLYANA_HTTP__REQUEST_BURST="10000") as running:
        yield running


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spoken sentence that Chromium's fake microphone repeats."""
    path = tmp_path_factory.mktemp("speech") / "speech.wav"
    subprocess.run(["espeak-ng", "-w", str(path), SENTENCE], check=True)
    return path
