"""Which simulcast stream is the lowest, by the names that clients give them. Pure."""

from collections.abc import Sequence

KNOWN_ORDERS = (
    ("q", "h", "f"),
    ("l", "m", "h"),
    ("low", "mid", "high"),
    ("low", "medium", "high"),
)
"""Lowest quality first. Offers list them in any order: LiveKit's JS SDK q;h;f, its Rust SDK f;h;q."""


def lowest_first(rids: Sequence[str]) -> list[str] | None:
    """None when the names do not tell."""
    for known in KNOWN_ORDERS:
        if set(rids) <= set(known):
            return sorted(rids, key=known.index)
    return None
