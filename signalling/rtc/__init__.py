"""LiveKit's client protocol, server side."""

from signalling.rtc.service import RtcService
from signalling.rtc.settings import RtcSettings
from signalling.rtc.snapshot import RtcSnapshot
from signalling.rtc.tokens import VideoGrants, create_token

__all__ = ["RtcService", "RtcSettings", "RtcSnapshot", "VideoGrants", "create_token"]
