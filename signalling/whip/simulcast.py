"""The order of simulcast streams. Pure.

Where names do not tell, the media server takes the first for the lowest quality. The RFC asks for the preferred one
first (RFC 8853, section 5.2), and so does OBS (RID 0 is the full picture).
"""

from __future__ import annotations

import re

from mediaserver import simulcast
from mediaserver.sdp import MediaSection

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
    return simulcast.lowest_first(rids) or rids[::-1]


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
