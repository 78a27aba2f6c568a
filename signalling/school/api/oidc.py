"""Signing in at an OpenID provider, over HTTP: two redirects."""

from typing import Annotated
from urllib.parse import urlencode

from aiohttp import web
from pydantic import BaseModel, ConfigDict, StringConstraints

from signalling.school.api.cookies import FLOW
from signalling.school.api.endpoint import Access, Call, Endpoints
from signalling.school.api.models import WITHOUT_CONTROLS
from signalling.school.api.oidc_client import OidcClient
from signalling.school.errors import NotFound, SchoolError

endpoints = Endpoints()
Value = Annotated[str, StringConstraints(max_length=4000, pattern=WITHOUT_CONTROLS)]


class CallbackQuery(BaseModel):
    """What the provider sends; it may add more."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    code: Value = ""
    state: Value = ""
    error: Value = ""


@endpoints.add("GET", "/api/oidc/{provider}/start", access=Access.LINK, status=302, media_type="text/plain")
async def start_oidc(call: Call) -> web.Response:
    """Go to the provider to sign in: a link, not a call of a script."""
    client = _client(call)
    state, browser, flow = call.school.openid.begin(call.path["provider"])
    try:
        address = await client.authorization_url(state, flow, _callback(call))
    except SchoolError as refused:
        return _refused(refused.code)
    call.new_cookies[FLOW] = browser
    return _redirect(address)


@endpoints.add(
    "GET",
    "/api/oidc/{provider}/callback",
    access=Access.LINK,
    status=302,
    query=CallbackQuery,
    media_type="text/plain",
)
async def finish_oidc(call: Call, query: CallbackQuery) -> web.Response:
    """Come back from the provider: signed in and on the first page, or on the sign-in page with `error`."""
    client = _client(call)
    call.new_cookies[FLOW] = ""
    try:
        flow = call.school.openid.finish(call.path["provider"], query.state, call.cookies[FLOW])
        if query.error or not query.code:
            return _refused("OIDC_REFUSED")
        claims = await client.exchange(query.code, flow, _callback(call))
        call.begun = await call.school.openid.sign_in(claims, "ru", call.agent)
    except SchoolError as refused:
        return _refused(refused.code)
    return _redirect("/")


def _client(call: Call) -> OidcClient:
    found = call.providers.get(call.path["provider"])
    if found is None:
        raise NotFound
    return found


def _callback(call: Call) -> str:
    return f"{call.origin}/api/oidc/{call.path['provider']}/callback"


def _refused(code: str) -> web.Response:
    """To the page that says why, with the other ways to sign in."""
    return _redirect("/sign-in?" + urlencode({"error": code}))


def _redirect(location: str) -> web.Response:
    return web.Response(status=302, headers={"Location": location})
