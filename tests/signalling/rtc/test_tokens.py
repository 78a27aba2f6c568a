"""Access tokens: what proves an identity, and what does not."""

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st
from livekit import api

from signalling.rtc.tokens import (
    InvalidSignature,
    RoomConfiguration,
    TokenError,
    TokenExpired,
    TokenMalformed,
    TokenNotYetValid,
    UnknownApiKey,
    VideoGrants,
    create_token,
    verify_token,
)

NOW = 1_700_000_000.0
SECRET = "a-secret-that-is-long-enough-for-hs256"
KEYS = {"devkey": "secret", "other": SECRET}


def token(key: str = "other", secret: str = SECRET, ttl: float = 600, **more: Any) -> str:
    arguments = {"identity": "anna", "video": VideoGrants(room_join=True, room="lesson"), **more}
    return create_token(key, secret, ttl=timedelta(seconds=ttl), now=NOW, **arguments)


def signed(claims: dict[str, Any], **options: Any) -> str:
    payload = {"iss": "other", "sub": "anna", "exp": NOW + 60, **claims}
    return jwt.encode(payload, options.pop("key", SECRET), **{"algorithm": "HS256", **options})


def verify(text: str, now: float = NOW, leeway_s: float = 0) -> Any:
    return verify_token(text, KEYS, now=now, leeway_s=leeway_s)


@pytest.mark.compatibility(
    "claim.video",
    "claim.metadata",
    "claim.kind",
    "claim.sha256",
    "claim.name",
    "claim.attributes",
    "claim.room_config",
    "claim.identity",
)
def test_what_goes_in_comes_out() -> None:
    grants = VideoGrants(
        room_join=True, room="lesson", can_publish=False, can_publish_sources=("camera",), hidden=True
    )
    claims = verify(
        token(
            video=grants,
            name="Анна",
            metadata="m",
            kind="agent",
            sha256="s",
            attributes={"role": "teacher"},
            room_config=RoomConfiguration(max_participants=5),
            correlation_id="c-1",
        )
    )
    assert claims.video == grants
    assert (claims.api_key, claims.identity, claims.name) == ("other", "anna", "Анна")
    assert (claims.metadata, claims.kind, claims.sha256) == ("m", "agent", "s")
    assert claims.attributes == {"role": "teacher"} and claims.correlation_id == "c-1"
    assert claims.room_config.max_participants == 5 and claims.exp == NOW + 600


def test_every_token_has_an_id_for_the_logs() -> None:
    assert verify(token()).correlation_id != verify(token()).correlation_id


def test_short_development_secrets_work_without_a_warning() -> None:
    assert verify(token("devkey", "secret")).identity == "anna"


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_livekits_own_library_agrees() -> None:
    ours = create_token(
        "other", SECRET, identity="anna", video=VideoGrants(room_join=True, room="x"), ttl=timedelta(hours=1)
    )
    video = api.TokenVerifier("other", SECRET).verify(ours).video
    assert video is not None and video.room == "x"
    config = api.RoomConfiguration(empty_timeout=7, max_participants=3)
    theirs = (
        api.AccessToken("other", SECRET)
        .with_identity("boris")
        .with_grants(api.VideoGrants(room_join=True, room="x", can_subscribe=False))
        .with_room_config(config)
        .to_jwt()
    )
    claims = verify_token(theirs, KEYS, now=__import__("time").time(), leeway_s=60)
    assert claims.identity == "boris" and claims.video is not None and claims.video.can_subscribe is False
    assert claims.room_config is not None and claims.room_config.empty_timeout == 7


@pytest.mark.compatibility("claim.exp", "claim.nbf", "claim.iss")
@pytest.mark.parametrize(
    ("claims", "now", "leeway_s", "error"),
    [
        ({}, NOW + 60, 0, None),
        ({}, NOW + 61, 0, TokenExpired),
        ({}, NOW + 119, 60, None),
        ({}, NOW + 121, 60, TokenExpired),
        ({"nbf": NOW + 10}, NOW, 0, TokenNotYetValid),
        ({"nbf": NOW + 10}, NOW, 10, None),
        ({"iat": NOW + 10}, NOW, 0, TokenNotYetValid),
        ({"exp": None}, NOW, 0, TokenMalformed),
        ({"exp": "soon"}, NOW, 0, TokenMalformed),
        ({"exp": True}, NOW, 0, TokenMalformed),
        ({"exp": float("inf")}, NOW, 0, TokenMalformed),
        ({"nbf": [1]}, NOW, 0, TokenMalformed),
        ({"iss": "nobody"}, NOW, 0, UnknownApiKey),
        ({"iss": "devkey"}, NOW, 0, InvalidSignature),
        ({"iss": 7}, NOW, 0, TokenMalformed),
        ({"iss": None}, NOW, 0, TokenMalformed),
        ({"video": "all"}, NOW, 0, TokenMalformed),
        ({"attributes": {"a": 1}}, NOW, 0, TokenMalformed),
        ({"roomConfig": {"maxParticipants": -1}}, NOW, 0, TokenMalformed),
        ({"unknown": {"new": 1}, "video": {"newGrant": True}}, NOW, 0, None),
    ],
)
def test_claims_and_times(
    claims: dict[str, Any], now: float, leeway_s: float, error: type[TokenError] | None
) -> None:
    text = raw({"iss": "other", "sub": "anna", "exp": NOW + 60, **claims})
    if error is None:
        assert verify(text, now, leeway_s).identity == "anna"
    else:
        with pytest.raises(error):
            verify(text, now, leeway_s)


def test_a_changed_token_is_refused() -> None:
    header, payload, signature = token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["sub"] = "head"
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    with pytest.raises(InvalidSignature):
        verify(f"{header}.{forged}.{signature}")


def test_no_algorithm_and_other_algorithms_are_refused() -> None:
    with pytest.raises(TokenMalformed):
        verify(signed({}, algorithm="none", key=None))
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(TokenMalformed):
        verify(signed({}, algorithm="RS256", key=private))
    with pytest.raises(TokenMalformed):
        verify(jwt.encode({"iss": "other", "exp": NOW + 60}, SECRET * 2, algorithm="HS512"))


def test_an_empty_secret_proves_nothing() -> None:
    with pytest.raises(UnknownApiKey):
        verify_token(token("empty", "x"), {"empty": ""}, now=NOW, leeway_s=0)


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "..", "....", "é.é.é", "{}" * 20, "a" * 40_000])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(TokenMalformed):
        verify(text)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda b: base64.urlsafe_b64encode(b).decode()))
def test_random_text_never_does_more_than_raise(text: str) -> None:
    with pytest.raises(TokenError):
        verify(f"{token().split('.')[0]}.{text}.x")


def test_deeply_nested_claims_are_refused() -> None:
    nested = "[" * 100_000
    header = token().split(".")[0]
    payload = base64.urlsafe_b64encode(nested[:20_000].encode()).decode()
    with pytest.raises(TokenMalformed):
        verify(f"{header}.{payload}.x")


def raw(claims: dict[str, Any]) -> str:
    """Signed without PyJWT's checks of what goes in."""
    return jwt.api_jws.encode(json.dumps(claims).encode(), SECRET, algorithm="HS256")
