"""What was done in a call, for the audit log and whoever else listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CallEvent:
    """`action`: the type of a command, or what the server did by itself (`unattended`, `attended`, `time_warning`,
    `time_over`, `time_stopped`, `screen_warning`, `screen_over`, `screen_stopped`, `arrived`, `left`, `role_revoked`,
    `consent_missing`, `consent_given`, `screen_started`, `screen_ended`, `film_stopped`, `recording_started`,
    `recording_paused`, `recording_stopped`, `recording_failed`, `recording_refused`, `recording_withdrawn`)."""

    at: float
    """Seconds since the epoch."""
    room: str
    actor: str
    """The identity that did it; empty: the server."""
    action: str
    target: str = ""
    """A person, if it was done to one."""
    details: Mapping[str, object] = field(default_factory=dict)


Listener = Callable[[CallEvent], None]
