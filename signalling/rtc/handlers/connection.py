"""Negotiation, pings and goodbye."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livekit.protocol import rtc

from mediaserver.participant import RemovalReason

if TYPE_CHECKING:
    from signalling.rtc.session import Session


async def offer(session: Session, message: rtc.SessionDescription) -> None:
    await session.negotiation.client_offer(message)


async def answer(session: Session, message: rtc.SessionDescription) -> None:
    await session.negotiation.client_answer(message)


async def trickle(session: Session, message: rtc.TrickleRequest) -> None:
    """Needs nothing: an ICE-lite agent learns the client's candidates from its checks (RFC 8445, section
    2.5)."""


async def ping(session: Session, message: int) -> None:
    """The old ping; the time is milliseconds since the epoch."""
    session.send(rtc.SignalResponse(pong=_now_ms(session)))


async def ping_req(session: Session, message: rtc.Ping) -> None:
    pong = rtc.Pong(last_ping_timestamp=message.timestamp, timestamp=_now_ms(session))
    session.send(rtc.SignalResponse(pong_resp=pong))


async def leave(session: Session, message: rtc.LeaveRequest) -> None:
    session.log.info("the client leaves", reason=message.reason)
    session.remove(RemovalReason.CLIENT_INITIATED)


def _now_ms(session: Session) -> int:
    return int(session.context.clock.time() * 1000)
