"""The recording of a call at work: when it begins, pauses and ends, and what of the call goes into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from mediaserver.rules import Gate
from mediaserver.track import Encryption
from signalling.call import standing
from signalling.call.errors import conflict
from signalling.call.recording import Answer, Phase, Recording
from signalling.call.settings import RecordingRule

if TYPE_CHECKING:
    from mediaserver.participant import Participant
    from mediaserver.room import Room
    from mediaserver.track import Track
    from signalling.call.call import Call

LEADERLESS_S = 60.0
"""A recording that nobody leads ends after so long; the teacher may come back before."""
REFUSALS = {
    "off": "This server records nothing",
    "disk": "There is not enough space on the disk for a recording",
    "busy": "Too many recordings run at the same time",
    "failed": "The recording could not begin",
}
Wanted = Callable[["Participant", "Track"], bool]


class RecordingRefused(Exception):
    """`code`: one of `REFUSALS`."""

    def __init__(self, code: str) -> None:
        super().__init__(REFUSALS[code])
        self.code = code


class Tape(Protocol):
    """One recording that was begun."""

    id: str

    def refresh(self) -> None:
        """Something else may be wanted from now on."""

    def answered(self, person: str, name: str, answer: Answer) -> None:
        """Somebody was asked and has answered, perhaps anew."""

    def end(self) -> None:
        """It is over; what was recorded is kept."""


class Recorders(Protocol):
    """What takes down the media of rooms (`signalling/lesson_recordings.py`)."""

    def check(self, room: str) -> None:
        """Whether a recording of a room could begin. Raises `RecordingRefused`."""

    def begin(self, room: Room, by: str, wanted: Wanted, failed: Callable[[str], None]) -> Tape:
        """`by`: the person who asked for it; `failed`: called with a code when it ends by itself. Raises
        `RecordingRefused`."""


class NoRecorders:
    """Of a server that records nothing."""

    def check(self, room: str) -> None:
        raise RecordingRefused("off")

    def begin(self, room: Room, by: str, wanted: Wanted, failed: Callable[[str], None]) -> Tape:
        raise RecordingRefused("off")


class Taping:
    """Of one call."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._tape: Tape | None = None
        self._leaderless_since: float | None = None
        self._has_failed = False

    @property
    def _recording(self) -> Recording:
        return self._call.state.recording

    # What people do

    def ask(self, person: str) -> None:
        """Raises `CallError`."""
        if self._call.state.settings.recording is RecordingRule.OFF:
            raise conflict("RECORDING_OFF", "This lesson is not to be recorded")
        if self._recording.is_on:
            raise conflict("RECORDING_ON", "A recording runs already, or people are being asked")
        if self._is_encrypted():
            raise conflict("RECORDING_E2EE", "What is encrypted from end to end cannot be recorded")
        try:
            self._call.recorders.check(self._call.name)
        except RecordingRefused as refused:
            raise conflict(f"RECORDING_{refused.code.upper()}", str(refused)) from refused
        self._recording.ask(person, self._call.clock.time())

    def answer(self, person: str, agreed: bool) -> None:
        """Raises `CallError`."""
        if not self._call.state.is_asked(person):
            raise conflict("NOT_ASKED", "You are not asked whether you agree to a recording")
        self._take_down(person, agreed)

    def withdraw(self, person: str) -> bool:
        """A "no" that was said outside of the call; also of who is away for a moment, and would come back with a "yes".
        Returns whether something has changed."""
        agreed = self._recording.agreed(person)
        if agreed is False or not (agreed or self._call.state.is_asked(person)):
            return False
        self._take_down(person, False)
        return True

    def start(self) -> None:
        """Begins or goes on, if nobody is left who has not agreed. Raises `CallError`."""
        recording = self._recording
        if not recording.is_on:
            raise conflict("NO_RECORDING", "Nobody was asked yet")
        if not self._call.state.all_agreed:
            raise conflict("RECORDING_CONSENT", "Not everybody in the call has agreed")
        if not recording.is_running:
            self._run()

    def stop(self) -> None:
        """Raises `CallError`."""
        if not self._recording.is_on:
            raise conflict("NO_RECORDING", "There is no recording")
        self.end("host")

    # What follows from the call

    def wanted(self, participant: Participant, track: Track) -> bool:
        """Whether a track goes into the recording now."""
        state = self._call.state
        if not self._recording.is_running or track.settings.encryption is not Encryption.NONE:
            return False
        if self._call.screening.is_film(participant.identity):
            return standing.rules_of_film(state).gate(track.media) is Gate.OPEN
        person = self._call.person_of_device(participant)
        return person is not None and standing.is_recorded(state, person, track.media)

    def obey(self) -> None:
        """After each change in the call."""
        if self._recording.phase is Phase.ASKING and self._call.state.all_agreed:
            self._run()
        if self._tape is not None:
            self._tape.refresh()

    def tick(self, now: float) -> bool:
        """To be called about every 100 ms; seconds, monotonic. Returns whether something has changed."""
        failed, self._has_failed = self._has_failed, False
        if not self._recording.is_on:
            return failed
        if any(self._call.state.leads(person.key) for person in self._call.state.here()):
            self._leaderless_since = None
        elif self._leaderless_since is None:
            self._leaderless_since = now
        elif now - self._leaderless_since >= LEADERLESS_S:
            self.end("leaderless")
            return True
        # Who was asked may have gone without an answer.
        return self._recording.phase is Phase.ASKING and self._call.state.all_agreed

    def end(self, reason: str) -> None:
        """Whatever runs is over, and nobody is asked any more."""
        tape, self._tape, self._leaderless_since = self._tape, None, None
        if self._recording.is_on:
            self._recording.stop()
        if tape is not None:
            self._call.note("recording_stopped", recording=tape.id, reason=reason)
            tape.end()

    def _run(self) -> None:
        recording = self._recording
        if self._tape is None and not self._begin():
            return
        recording.run(self._call.clock.time())

    def _begin(self) -> bool:
        room, recording = self._call.room, self._recording
        assert room is not None, "somebody is in the call"
        try:
            self._tape = self._call.recorders.begin(room, recording.asked_by, self.wanted, self._failed)
        except RecordingRefused as refused:
            recording.stop(refused.code)
            self._call.note("recording_failed", reason=refused.code)
            return False
        self._call.note("recording_started", actor=recording.asked_by, recording=self._tape.id)
        for person in recording.answers:
            self._write_down(person)
        return True

    def _take_down(self, person: str, agreed: bool) -> None:
        before = self._recording.agreed(person)
        ran = self._recording.is_running
        self._recording.answer(person, agreed, self._call.clock.time())
        self._write_down(person)
        if not agreed and before is not False:
            self._call.note("recording_withdrawn" if before else "recording_refused", person)
            if ran:
                self._call.note("recording_paused", person)

    def _write_down(self, person: str) -> None:
        known = self._call.state.persons.get(person)
        if self._tape is not None and known is not None:
            self._tape.answered(person, known.name, self._recording.answers[person])

    def _failed(self, code: str) -> None:
        """The recorder cannot go on; what it has is kept."""
        if self._tape is not None:
            tape, self._tape = self._tape, None
            self._recording.stop(code)
            self._has_failed = True
            self._call.note("recording_failed", recording=tape.id, reason=code)
            tape.end()

    def _is_encrypted(self) -> bool:
        return any(
            track.settings.encryption is not Encryption.NONE
            for _, participant in self._call.present()
            for track in participant.publisher.tracks.values()
        )


__all__ = ["REFUSALS", "NoRecorders", "Recorders", "RecordingRefused", "Tape", "Taping", "Wanted"]
