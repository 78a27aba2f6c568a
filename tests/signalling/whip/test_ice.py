"""Trickled candidates and ICE restarts (RFC 9725, section 4.3), by PATCH."""

from __future__ import annotations

import pytest

from mediaserver.sdp import parse
from tests.signalling.whip.whip_clients import (
    CANDIDATE,
    FRAGMENT,
    NEW_PASSWORD,
    NEW_UFRAG,
    RESTART,
    SDP,
    Client,
    fragment,
)


async def test_trickled_candidates_are_taken(obs: Client) -> None:
    await obs.post()
    for if_match in (obs.entity_tag, "*"):
        answer = await obs.patch(fragment(CANDIDATE), if_match)
        assert (answer.status, answer.text) == (204, "") and "ETag" not in answer.headers


@pytest.mark.parametrize("any_tag", [True, False])
async def test_ice_restarts(obs: Client, any_tag: bool) -> None:
    before = parse((await obs.post()).text).media[0]
    old = obs.entity_tag
    answer = await obs.patch(RESTART, "*" if any_tag else old)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == FRAGMENT
    assert answer.headers["ETag"] not in ("", old)
    lines = answer.text.splitlines()
    assert "a=ice-lite" in lines and "a=mid:0" in lines
    assert f"a=ice-ufrag:{before.get('ice-ufrag')}" not in lines
    assert any(line.startswith("a=candidate:") for line in lines)
    stale = await obs.patch(fragment(CANDIDATE, ufrag=NEW_UFRAG, password=NEW_PASSWORD), old)
    assert stale.status == 412
    fresh = await obs.patch(
        fragment(CANDIDATE, ufrag=NEW_UFRAG, password=NEW_PASSWORD), answer.headers["ETag"]
    )
    assert fresh.status == 204


async def test_statuses_of_patch(obs: Client) -> None:
    await obs.post()
    assert (await obs.patch(fragment(), "")).status == 428
    assert (await obs.patch(fragment(), '"other"')).status == 412
    assert (await obs.patch("nonsense")).status == 400
    assert (await obs.patch(fragment(mid="7"))).status == 400
    refused = await obs.patch(fragment(), Content_Type=SDP)
    assert refused.status == 415 and refused.headers["Accept-Patch"] == FRAGMENT
    assert (await obs.request("PATCH", obs.location, fragment(), token="")).status == 401
    assert (await obs.request("PATCH", "/whip/v1/unknown", fragment())).status == 404
    assert obs.present
