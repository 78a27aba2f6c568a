"""One server for all tests with real clients; its log must be clean at the end. Speech for microphones."""

import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from .browser import SENTENCE
from .server import RunningServer, other_server, running_server

#: The same tests against another server with keys `devkey`/`secret`, such as `livekit-server --dev`: what they expect
#: is what LiveKit does. Format: "HTTP port" of this machine.
OTHER_SERVER = os.environ.get("OTHER_SERVER")
#: All tests come from one address, and SDKs are asked to simulate failures.
SETTINGS = {"POLYANA_HTTP__REQUEST_BURST": "10000", "POLYANA_RTC__ALLOW_SIMULATE": "true"}

#: Of the server's log, with a test that failed.
TOLD_LINES = 60
ENDED = pytest.StashKey[int]()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    if OTHER_SERVER:
        yield other_server(int(OTHER_SERVER))
        return
    with running_server(tmp_path_factory.mktemp("server"), **SETTINGS) as running:
        yield running


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spoken sentence that Chromium's fake microphone repeats."""
    path = tmp_path_factory.mktemp("speech") / "speech.wav"
    subprocess.run(["espeak-ng", "-w", str(path), SENTENCE], check=True)
    return path


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the server had to say goes with a failure."""
    report = yield
    running = getattr(item, "funcargs", {}).get("server")
    if report.failed and isinstance(running, RunningServer):
        lines = running.text().splitlines()
        report.sections.append(("the server's last lines", "\n".join(lines[-TOLD_LINES:])))
    return report


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[ENDED] = exitstatus


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the process without its `atexit`: threads of the SDK that still run abort one of twenty there."""
    status = config.stash.get(ENDED, None)
    if status is not None and not hasattr(config, "workerinput"):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
