"""The pages' API: the operator's numbers."""

import hmac
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from signalling.pages.security import error


class PagesApi:
    """`load` tells what the operator's page shows."""

    def __init__(self, operator_token: str, load: Callable[[], Mapping[str, Any]]) -> None:
        self._token, self._load = operator_token, load

    def routes(self) -> list[web.RouteDef]:
        """Below /api."""
        return [web.get("/api/operator/load", self._operator_load)]

    async def _operator_load(self, request: web.Request) -> web.StreamResponse:
        if not is_operator(request, self._token):
            return error(401, "OPERATOR_TOKEN", "The operator's token is needed")
        return web.json_response(self._load())


def is_operator(request: web.Request, token: str) -> bool:
    """True with the operator's bearer token."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    matches = hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())
    return scheme.lower() == "bearer" and bool(token) and matches
