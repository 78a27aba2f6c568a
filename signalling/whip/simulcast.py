"""The order of simulcast streams. Pure.

The media server takes them lowest quality first, as LiveKit's clients list them. The RFC asks for the preferred one
first (RFC 8853, section 5.2), and so does OBS (RID 0 is the full picture).
"""

from __future__ import annotations

import re

from mediaserver.sdp import MediaSection

KNOWN_ORDERS = (
    ("q", "h", "f"),
    ("l", "m", "h"),
    ("low", "mid", "high"),
    ("low", "medium", "high"),
)
"""Lowest first, whatever their order in the offer."""
_LIMIT = re.compile(r"(max-width|max-height|max-br)=(\d{1,9})")


def order(section: MediaSection) -> None:
    """Lists the simulcast streams of a sending section lowest first."""
    rids = section.send_rids
    if len(rids) < 2:
        return
    section.attributes = [attribute for attribute in section.attributes if attribute[0] != "simulcast"]
    section.add("simulcast", f"send {';'.join(lowest_first(rids, _limits(section)))}")


def lowest_first(rids: list[str], limits: dict[str, tuple[int, ...]]) -> list[str]:
    """By their restrictions, else by known names, else the reverse of the order of preference."""
    if all(limits.get(rid) for rid in rids):
        return sorted(rids, key=lambda rid: limits[rid])
    for known in KNOWN_ORDERS:
        if set(rids) <= set(known):
            return sorted(rids, key=known.index)
    return rids[::-1]


def _limits(section: MediaSection) -> dict[str, tuple[int, ...]]:
    """rid -> its restrictions (RFC 8851, section 5), in an order that compares."""
    found: dict[str, tuple[int, ...]] = {}
    for value in section.get_all("rid"):
        rid, _, restrictions = value.partition(" send")
        named = dict(_LIMIT.findall(restrictions))
        found[rid] = tuple(
            int(named[name]) for name in ("max-width", "max-height", "max-br") if name in named
        )
    return found
