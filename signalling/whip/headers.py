"""Header fields of WHIP and WHEP. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from signalling.rtc.ice_servers import IceServer

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, ETag, Link, Accept-Patch, Retry-After, WWW-Authenticate",
}
"""A page of anywhere may use its own token; no cookie counts here."""
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Max-Age": "86400",
}


def ice_server_links(servers: Iterable[IceServer]) -> list[str]:
    """Values of `Link` (RFC 9725, section 4.6), one for each URL."""
    return [_link(url, server) for server in servers for url in server.urls]


def _link(url: str, server: IceServer) -> str:
    parts = [f"<{url}>", 'rel="ice-server"']
    if server.username:
        parts += [
            f"username={_quoted(server.username)}",
            f"credential={_quoted(server.credential)}",
            'credential-type="password"',
        ]
    return "; ".join(parts)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
