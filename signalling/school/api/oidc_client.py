"""An OpenID provider over HTTP: discovery, keys, code for ID token (OpenID Connect Core 1.0, section 3.1)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from mediaserver.clock import Clock
from signalling.school.errors import SchoolError
from signalling.school.oidc import Claims, Flow
from signalling.school.settings import OidcSettings

TIMEOUT = aiohttp.ClientTimeout(total=10)
MAX_ANSWER = 1 << 20
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
KEPT_S = 3600.0
LEEWAY_S = 60
SCOPES = "openid profile email"


class ProviderFailed(SchoolError):
    """The other server could not be asked, please try again"""

    code, status = "OIDC_PROVIDER", 503


class TokenRefused(SchoolError):
    """The other server's answer proves nothing"""

    code, status = "OIDC_TOKEN", 403


class OidcClient:
    """Of one provider; what it publishes is kept for an hour."""

    def __init__(self, settings: OidcSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._metadata: Mapping[str, Any] = {}
        self._read_at = -KEPT_S

    async def authorization_url(self, state: str, flow: Flow, redirect_uri: str) -> str:
        """Where the browser goes. Raises `ProviderFailed`."""
        metadata = await self._discover()
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPES,
            "state": state,
            "nonce": flow.nonce,
            "code_challenge": flow.challenge,
            "code_challenge_method": "S256",
        }
        endpoint = str(metadata["authorization_endpoint"])
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    async def exchange(self, code: str, flow: Flow, redirect_uri: str) -> Claims:
        """The claims for a code. Raises `ProviderFailed`, `TokenRefused`."""
        metadata = await self._discover()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": flow.verifier,
        }
        secret = self._settings.client_secret
        authorization = aiohttp.encode_basic_auth(self._settings.client_id, secret) if secret else None
        if authorization is None:
            form["client_id"] = self._settings.client_id
        headers = {"Authorization": authorization} if authorization else {}
        answer = await self._ask(str(metadata["token_endpoint"]), data=form, headers=headers)
        keys = await self._ask(str(metadata["jwks_uri"]))
        claims = self._verified(str(answer.get("id_token", "")), keys, flow)
        if "email" not in claims and "userinfo_endpoint" in metadata:
            bearer = {"Authorization": f"Bearer {answer.get('access_token', '')}"}
            more = await self._ask(str(metadata["userinfo_endpoint"]), headers=bearer)
            if more.get("sub") != claims["sub"]:
                raise TokenRefused
            claims = {**more, **claims}
        return Claims(
            self._settings.issuer,
            str(claims["sub"]),
            str(claims.get("email", "")),
            claims.get("email_verified") is True,
            _plain(claims.get("name", "")),
        )

    def _verified(self, token: str, keys: Mapping[str, Any], flow: Flow) -> dict[str, Any]:
        rules = jwt.JWTClaimsRegistry(
            now=int(self._clock.time()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            nonce={"essential": True, "value": flow.nonce},
        )
        try:
            found = jwt.decode(token, KeySet.import_key_set({"keys": keys["keys"]}), algorithms=ALGORITHMS)
            rules.validate(found.claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise TokenRefused from error
        return found.claims

    async def _discover(self) -> Mapping[str, Any]:
        now = self._clock.monotonic()
        if now - self._read_at >= KEPT_S:
            found = await self._ask(f"{self._settings.issuer}/.well-known/openid-configuration")
            wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if found.get("issuer") != self._settings.issuer or not all(name in found for name in wanted):
                raise ProviderFailed("The other server is not the one of the settings")
            self._metadata, self._read_at = found, now
        return self._metadata

    async def _ask(
        self, url: str, data: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        method = "GET" if data is None else "POST"
        try:
            async with (
                aiohttp.ClientSession(timeout=TIMEOUT) as session,
                session.request(method, url, data=data, headers=headers, allow_redirects=False) as response,
            ):
                if response.status != 200 or (response.content_length or 0) > MAX_ANSWER:
                    raise ProviderFailed
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise ProviderFailed from error
        if not isinstance(answer, dict):
            raise ProviderFailed
        return answer


def _plain(name: object) -> str:
    """As a name of an account may be."""
    return "".join(letter for letter in str(name) if letter.isprintable()).strip()[:120]
