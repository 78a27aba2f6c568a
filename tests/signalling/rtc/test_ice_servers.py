"""STUN and TURN servers that clients are told of, each participant with credentials of its own."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from signalling.config import ConfigError, load
from signalling.rtc.ice_servers import turn_credential
from signalling.rtc.settings import IceServerSettings
from tests.signalling.rtc.rtc_fakes import World

UDP, TLS = "turn:turn.example:3478?transport=udp", "turns:turn.example:5349?transport=tcp"
SECRET = "the secret that coturn has too"


def test_the_credential_is_the_hmac_sha1_of_the_user_name() -> None:
    # RFC 2202, section 3, test case 2, in base64.
    assert turn_credential("Jefe", "what do ya want for nothing?") == "7/zfauXrL6LSdBbV8YTfnCWafHk="


@pytest.mark.compatibility("media.turn_credentials")
async def test_each_participant_has_credentials_that_end() -> None:
    world = World(ice_servers=[{"urls": [UDP, TLS], "secret": SECRET, "ttl_s": 3600}])
    anna, boris = await world.join("anna"), await world.join("boris")
    (a,), (b,) = anna.told("join")[0].ice_servers, boris.told("join")[0].ice_servers
    assert list(a.urls) == [UDP, TLS]
    assert a.username == f"{int(world.clock.time()) + 3600}:{anna.participant.sid}"
    assert a.credential == turn_credential(SECRET, a.username)
    assert (a.username, a.credential) != (b.username, b.credential)
    await world.attendance.close()


async def test_who_comes_back_gets_fresh_ones() -> None:
    world = World(ice_servers=[{"urls": [UDP], "secret": SECRET, "ttl_s": 3600}])
    anna = await world.join("anna")
    anna.media_connects()
    world.clock.advance(1800)
    again = await world.resume(anna)
    ((server,),) = [told.ice_servers for told in again.told("reconnect")]
    assert server.username == f"{int(world.clock.time()) + 3600}:{anna.participant.sid}"
    assert server.credential == turn_credential(SECRET, server.username)
    await world.attendance.close()


async def test_servers_without_a_shared_secret() -> None:
    stun = {"urls": ["stun:stun.example:3478"]}
    static = {"urls": [UDP], "username": "school", "credential": "password"}
    world = World(ice_servers=[stun, static])
    anna = await world.join("anna")
    found = [(list(s.urls), s.username, s.credential) for s in anna.told("join")[0].ice_servers]
    assert found == [(["stun:stun.example:3478"], "", ""), ([UDP], "school", "password")]
    await world.attendance.close()


@pytest.mark.parametrize(
    "url",
    [
        "turn:turn.example",
        "turn:[2001:db8::1]:3478?transport=tcp",
        "turns:192.0.2.1:443?transport=tcp",
        "stun:stun.example",
    ],
)
def test_addresses_of_servers(url: str) -> None:
    assert IceServerSettings(urls=(url,)).urls == (url,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"urls": []},
        {"urls": ["http://turn.example"]},
        {"urls": ["turn:"]},
        {"urls": ["turn:turn.example?transport=sctp"]},
        {"urls": ["turn:turn.example "]},
        {"urls": [UDP], "secret": SECRET, "username": "school"},
        {"urls": [UDP], "secret_file": "/secret", "credential": "password"},
        {"urls": [UDP], "secret": SECRET, "ttl_s": 1},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        IceServerSettings(**wrong)


def test_the_secret_can_have_a_file_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "turn-secret"
    settings = {"dev": True, "rtc": {"ice_servers": [{"urls": [UDP], "secret_file": str(file)}]}}
    with pytest.raises(ConfigError, match=r"rtc\.ice_servers: .*turn-secret"):
        load(None, settings)
    file.write_text("\n")
    file.chmod(0o600)
    with pytest.raises(ConfigError, match="empty"):
        load(None, settings)
    file.write_text(f"{SECRET}\n")
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="others"):
        load(None, settings)
    file.chmod(0o600)
    assert load(None, settings).rtc.ice_servers[0].secret == SECRET
