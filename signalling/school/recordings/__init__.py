"""Recordings of lessons: what was recorded and who agreed, films made of it, how long they are kept."""

from signalling.library.recording.composing import Composed
from signalling.school.recordings.compositions import Compose, Compositions
from signalling.school.recordings.recordings import Recordings, RecordingView

__all__ = ["Compose", "Composed", "Compositions", "RecordingView", "Recordings"]
