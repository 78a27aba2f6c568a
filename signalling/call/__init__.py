"""Control of a running call: who is in, who speaks to whom, what is frozen. docs/call-control.md is the specification.

What is decided here is enforced on the media path (`mediaserver.policy`), whatever a client does. Rooms of plain
LiveKit tokens are not touched.
"""

from signalling.call.attendance import PresenceRecord
from signalling.call.chat import ChatMessage, ChatStore
from signalling.call.events import CallEvent
from signalling.call.saved import SavedCall
from signalling.call.service import CallService
from signalling.call.settings import CallSettings, Expected

__all__ = [
    "CallEvent",
    "CallService",
    "CallSettings",
    "ChatMessage",
    "ChatStore",
    "Expected",
    "PresenceRecord",
    "SavedCall",
]
