"""System calls of the worker for each frame, counted by strace: one send for several receivers, and little else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from system_calls_program import BEGIN, END

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RECEIVERS, FRAMES = 10, 40
#: In parts of 64 KiB.
CALLS_OF_A_FRAME = 2
#: Besides sends: waiting and one read; twice that leaves room for reports and feedback, which come by the clock.
MOST_BESIDES = 4
CALL = re.compile(r"^(\d+)\s+(?:<\.\.\. )?(\w+)(?:\(| resumed)")


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str]]:
    """(thread, call, line) of all threads between the marks."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    out = tmp_path_factory.mktemp("strace") / "calls"
    paths = os.pathsep.join([str(ROOT), str(HERE)])
    program = [sys.executable, str(HERE / "system_calls_program.py"), str(RECEIVERS), str(FRAMES)]
    done = subprocess.run(
        ["strace", "-f", "-qq", "-s", "16", "-o", str(out), *program],
        env=os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    if "ptrace" in done.stderr and "not permitted" in done.stderr:
        pytest.skip("this machine forbids tracing")
    assert done.returncode == 0, done.stderr
    lines = out.read_text().splitlines()
    begin = next(number for number, line in enumerate(lines) if BEGIN.decode() in line)
    end = next(number for number, line in enumerate(lines) if END.decode() in line)
    found: list[tuple[str, str, str]] = []
    begun: dict[str, int] = {}
    """By thread, what it does while others are told of."""
    for line in lines[begin + 1 : end]:
        match = CALL.match(line)
        if match and "<..." not in line:
            begun[match[1]] = len(found)
            found.append((match[1], match[2], line))
        elif match and match[1] in begun:
            thread, call, first = found[begun[match[1]]]
            found[begun[match[1]]] = thread, call, first + line
    return found


def of_worker(calls: list[tuple[str, str, str]]) -> list[tuple[str, str]]:
    """Those of the thread that waits in epoll."""
    worker = next(thread for thread, call, _ in calls if call.startswith("epoll_"))
    return [(call, line) for thread, call, line in calls if thread == worker]


def test_a_frame_is_one_message_for_each_receiver_and_a_call_for_several(
    calls: list[tuple[str, str, str]],
) -> None:
    messages = [line.count("cmsg_type=") for call, line in of_worker(calls) if call == "sendmmsg"]
    segmented = [number for number in messages if number]
    assert sum(segmented) == FRAMES * RECEIVERS
    assert len(segmented) <= FRAMES * CALLS_OF_A_FRAME


def test_nothing_else_is_called_for_each_packet(calls: list[tuple[str, str, str]]) -> None:
    names = Counter(call for call, _ in of_worker(calls))
    besides = names.total() - FRAMES * CALLS_OF_A_FRAME
    assert besides <= FRAMES * MOST_BESIDES, names
    # The clock is read from the vDSO, memory comes from caches of our own, nobody is woken for a packet.
    assert not names.keys() & {"clock_gettime", "brk", "gettimeofday"}, names
    assert names["futex"] + names["mmap"] + names["munmap"] < FRAMES / 4, names
