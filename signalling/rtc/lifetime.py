"""When a session has waited long enough. Pure: times are seconds of a monotonic clock."""

from dataclasses import dataclass

from mediaserver.participant import RemovalReason
from signalling.rtc.settings import RtcSettings


@dataclass(slots=True)
class Lifetime:
    """What happened when, for the time limits of one session."""

    joined: float
    heard: float
    """The last message of the client."""
    token_refreshed: float
    ping_timeout_s: float
    """As the client was told when it joined."""
    pings: bool = False
    """Whether the client has ever sent a ping of the protocol. Some SDKs (Go) leave that to the WebSocket."""
    connected: float | None = None
    """The first time that media could flow."""
    signal_lost: float | None = None
    media_lost: float | None = None

    def removal(
        self, now: float, settings: RtcSettings, *, has_connected: bool, media_connected: bool
    ) -> RemovalReason | None:
        """Why the participant must go now, or None."""
        if not has_connected and now - self.joined > settings.connect_timeout_s:
            return RemovalReason.JOIN_FAILURE
        if self.signal_lost is None:
            return None
        if media_connected:
            gone = now - self.signal_lost > settings.signal_lost_timeout_s
        else:
            since = self.signal_lost if self.media_lost is None else max(self.signal_lost, self.media_lost)
            gone = now - since > settings.reconnect_timeout_s
        return RemovalReason.CONNECTION_TIMEOUT if gone else None

    def silent(self, now: float) -> bool:
        """Whether the client should have sent another ping by now."""
        return self.pings and self.signal_lost is None and now - self.heard > self.ping_timeout_s

    def token_is_old(self, now: float, settings: RtcSettings) -> bool:
        return self.signal_lost is None and now - self.token_refreshed > settings.token_refresh_s

    def rests_until(self, settings: RtcSettings) -> float:
        """Until when no limit can be reached, unless something is lost; in the past while something is."""
        if self.signal_lost is not None or self.media_lost is not None:
            return 0.0
        until = self.token_refreshed + settings.token_refresh_s
        return min(until, self.heard + self.ping_timeout_s) if self.pings else until
