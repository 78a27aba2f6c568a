"""`application/trickle-ice-sdpfrag` (RFC 8840, section 9): text to values and back. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mediaserver.negotiation import TransportLines

MAX_CANDIDATES = 128
"""A machine with many interfaces has a few dozen."""
_LINE = re.compile(r"([am])=(.+)")
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_CANDIDATE = re.compile(r"[A-Za-z0-9+/]{1,32} \d{1,5} \S+ \d{1,10} \S+ \d{1,5} typ \S+( \S+)*")


class FragmentError(ValueError):
    """A fragment that cannot be used; the text says why."""


@dataclass(frozen=True)
class IceFragment:
    """What a client tells of its ICE. Empty: not told."""

    ufrag: str = ""
    password: str = ""
    mids: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()

    def restarts(self, ufrag: str) -> bool:
        """Whether it begins a new ICE session (RFC 9725, section 4.3.3): other credentials than before."""
        return bool(self.ufrag) and self.ufrag != ufrag


def parse(text: str) -> IceFragment:
    """Reads a fragment. Raises `FragmentError`."""
    values: dict[str, list[str]] = {name: [] for name in ("ice-ufrag", "ice-pwd", "mid", "candidate")}
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line]
    if not lines:
        raise FragmentError("empty")
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise FragmentError(f"line {number} is neither a= nor m=")
        name, _, value = match[2].partition(":")
        if match[1] == "a" and name in values:
            values[name].append(value)
    ufrag = _only(values["ice-ufrag"], "ice-ufrag", _UFRAG)
    password = _only(values["ice-pwd"], "ice-pwd", _PASSWORD)
    if bool(ufrag) != bool(password):
        raise FragmentError("ice-ufrag and ice-pwd go together")
    return IceFragment(ufrag, password, tuple(values["mid"]), _candidates(values["candidate"]))


def write(lines: TransportLines, kind: str, mids: tuple[str, ...]) -> str:
    """Our side of a new ICE session. `kind` and the first of `mids` are of the section that carries the bundle."""
    return "".join(
        f"{line}\r\n"
        for line in (
            "a=ice-lite",
            f"a=group:BUNDLE {' '.join(mids)}",
            f"m={kind} 9 UDP/TLS/RTP/SAVPF 0",
            f"a=mid:{mids[0]}",
            f"a=ice-ufrag:{lines.credentials.ufrag}",
            f"a=ice-pwd:{lines.credentials.password}",
            *(f"a={candidate.value}" for candidate in lines.candidates),
            "a=end-of-candidates",
        )
    )


def _only(found: list[str], name: str, form: re.Pattern[str]) -> str:
    values = set(found)
    if len(values) > 1:
        raise FragmentError(f"more than one {name}")
    value = found[0] if found else ""
    if value and form.fullmatch(value) is None:
        raise FragmentError(f"not an {name}")
    return value


def _candidates(found: list[str]) -> tuple[str, ...]:
    if len(found) > MAX_CANDIDATES:
        raise FragmentError(f"more than {MAX_CANDIDATES} candidates")
    for number, candidate in enumerate(found, 1):
        if _CANDIDATE.fullmatch(candidate) is None:
            raise FragmentError(f"candidate {number} is malformed")
    return tuple(found)
