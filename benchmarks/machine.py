"""What a figure was measured on."""

import os
import platform
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def facts() -> dict[str, str]:
    """Processor, kernel, memory, commit; no name of the machine."""
    processor = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": f"{processor[1] if processor else platform.machine()}, {os.cpu_count()} cores",
        "kernel": f"{platform.system()} {platform.release()}",
        "memory": f"{memory / 1e9:.0f} GB",
        "commit": commit(),
    }


def listed(facts: Mapping[str, str]) -> str:
    """For the head of a report, as Markdown."""
    return "\n".join(f"* {name}: {value}" for name, value in facts.items())


def commit() -> str:
    """Of this working tree; `+` when it differs from it."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--abbrev=12"]
    return output(command) or "unknown"


def output(command: list[str]) -> str:
    """First line of what a program says of itself; empty when it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except OSError:
        return ""
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return lines[0] if done.returncode == 0 and lines else ""


def load() -> float:
    """Processes that wanted to run, mean of the last minute."""
    return os.getloadavg()[0]
