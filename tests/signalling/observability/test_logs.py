"""Logs as machines and people read them."""

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from signalling.observability import logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging is global: what a test configures is taken back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    output = capsys.readouterr()
    assert not output.out, "standard output is for what people read"
    return [json.loads(line) for line in output.err.splitlines()]


def test_a_line_is_an_object_with_the_correlation_id(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=True, level="info")
    with bound_contextvars(correlation_id="c-1"):
        structlog.get_logger("test").info("join", room="Математика", number=1)
    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "join", "level": "info", "room": "Математика", "number": 1, "correlation_id": "c-1"
    }  # fmt: skip


def test_lines_of_libraries_look_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=True, level="info")
    with bound_contextvars(correlation_id="c-1"):
        logging.getLogger("aiohttp.server").warning("odd %s", "request")
    logging.getLogger("aiohttp.server").info("chatter")
    (line,) = lines(capsys)
    assert (line["event"], line["level"], line["correlation_id"]) == ("odd request", "warning", "c-1")


@pytest.mark.parametrize("library", [False, True])
def test_an_exception_is_one_line(capsys: pytest.CaptureFixture[str], library: bool) -> None:
    logs.configure(json=True, level="info")
    try:
        raise RuntimeError("the cause")
    except RuntimeError:
        if library:
            logging.getLogger("asyncio").exception("failed")
        else:
            structlog.get_logger("test").exception("failed")
    (line,) = lines(capsys)
    assert line["event"] == "failed" and "RuntimeError: the cause" in line["exception"]


def test_no_value_can_begin_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=True, level="info")
    structlog.get_logger("test").info("join", name='a\n{"event": "forged"}', odd=object())
    (line,) = lines(capsys)
    assert line["event"] == "join"


@pytest.mark.parametrize(("level", "heard"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_levels(capsys: pytest.CaptureFixture[str], level: str, heard: int) -> None:
    logs.configure(json=True, level=level)
    log = structlog.get_logger("test")
    for method in (log.debug, log.info, log.warning, log.error):
        method("said")
    assert len(lines(capsys)) == heard


def test_lines_for_people_are_no_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=False, level="info")
    structlog.get_logger("test").info("join", room="maths")
    assert not sys.stderr.isatty()
    text = capsys.readouterr().err
    assert "join" in text and "room=maths" in text and "\x1b" not in text
