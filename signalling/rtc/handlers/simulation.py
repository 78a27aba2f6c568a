"""Failures on request, for tests of SDKs; off unless the settings allow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livekit.protocol import models, rtc

from mediaserver.participant import RemovalReason
from mediaserver.speakers import Speaker
from signalling.rtc import convert, responses

if TYPE_CHECKING:
    from signalling.rtc.session import Session

SIMULATED_LEVEL = 0.9
SILENT_DISCONNECTS = 3


async def simulate(session: Session, message: rtc.SimulateScenario) -> None:
    kind = message.WhichOneof("scenario")
    scenario = _SCENARIOS.get(kind or "")
    if scenario is None or not session.context.settings.allow_simulate:
        session.context.metrics.unhandled.labels(f"simulate_{kind}").inc()
        session.log.info("simulation ignored", kind=kind)
        return
    scenario(session, message)


def end_simulated_speech(session: Session, now: float) -> None:
    """To be called now and then. `now`: seconds, monotonic."""
    until = session.simulation.speaks_until
    if until is not None and now >= until:
        session.simulation.speaks_until = None
        _tell_speaker(session, active=False)


def _speaker_update(session: Session, message: rtc.SimulateScenario) -> None:
    """The client speaks for so many seconds."""
    session.simulation.speaks_until = session.context.clock.monotonic() + max(message.speaker_update, 0)
    session.disturb()
    _tell_speaker(session, active=True)


def _tell_speaker(session: Session, *, active: bool) -> None:
    speaker = Speaker(session.participant.sid, SIMULATED_LEVEL if active else 0.0, active)
    session.send(rtc.SignalResponse(speakers_changed=convert.speaker_infos([speaker])))


def _node_failure(session: Session, message: rtc.SimulateScenario) -> None:
    # The server vanishes without a word; the client finds nothing to resume.
    sink, session.sink = session.sink, None
    if sink is not None:
        sink.close("simulated")
    session.remove(RemovalReason.STATE_MISMATCH)


def _server_leave(session: Session, message: rtc.SimulateScenario) -> None:
    # As LiveKit: this server says that it goes and sends the client nowhere, whatever a real shutdown would say.
    session.simulation.server_leaves = True
    session.remove(RemovalReason.SERVER_SHUTDOWN)


def _full_reconnect(session: Session, message: rtc.SimulateScenario) -> None:
    session.remove(RemovalReason.STATE_MISMATCH)


def _switch_candidate_protocol(session: Session, message: rtc.SimulateScenario) -> None:
    reason = models.DisconnectReason.UNKNOWN_REASON
    session.send(responses.leave(reason, rtc.LeaveRequest.RESUME, session.protocol))


def _subscriber_bandwidth(session: Session, message: rtc.SimulateScenario) -> None:
    session.participant.subscriber.allocator.cap(max(message.subscriber_bandwidth, 0))


def _disconnect_on_resume(session: Session, message: rtc.SimulateScenario) -> None:
    session.simulation.disconnect_on_resume = True


def _silent_disconnects_on_resume(session: Session, message: rtc.SimulateScenario) -> None:
    session.simulation.silent_disconnects_on_resume = SILENT_DISCONNECTS


_SCENARIOS = {
    "speaker_update": _speaker_update,
    "node_failure": _node_failure,
    "migration": _node_failure,
    "server_leave": _server_leave,
    "switch_candidate_protocol": _switch_candidate_protocol,
    "subscriber_bandwidth": _subscriber_bandwidth,
    "disconnect_signal_on_resume": _disconnect_on_resume,
    "disconnect_signal_on_resume_no_messages": _silent_disconnects_on_resume,
    "leave_request_full_reconnect": _full_reconnect,
}
