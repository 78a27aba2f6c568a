"""Simulcast streams are ordered by quality, whatever order an offer lists them in."""

import pytest

from mediaserver.simulcast import lowest_first


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("q;h;f", ["q", "h", "f"]),  # LiveKit's JS SDK
        ("f;h;q", ["q", "h", "f"]),  # its Rust SDK, which those of other languages are made from
        ("h;q", ["q", "h"]),
        ("high;low", ["low", "high"]),
        ("b;a", None),
    ],
)
def test_known_names_tell_the_order(listed: str, expected: list[str] | None) -> None:
    assert lowest_first(listed.split(";")) == expected
