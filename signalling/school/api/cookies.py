"""Cookies of browser sessions and devices. On TLS their names bind them to this host and to TLS."""

from aiohttp import web

from signalling.school.settings import SchoolSettings

SESSION, DEVICE, FLOW = "polyana", "polyana-device", "polyana-oidc"
DEVICE_S = 400 * 86_400
"""The longest that browsers keep one."""
FLOW_S = 600
LIFETIMES = {DEVICE: DEVICE_S, FLOW: FLOW_S}


def is_secure(request: web.Request) -> bool:
    """On TLS, ours or a proxy's. Who forges the header only spoils the own cookie."""
    return request.secure or request.headers.get("X-Forwarded-Proto", "") == "https"


def origin(request: web.Request) -> str:
    """Scheme and host that the client used."""
    return f"{'https' if is_secure(request) else 'http'}://{request.host}"


def read(request: web.Request, name: str) -> str:
    """Empty without one."""
    return request.cookies.get(_name(request, name), "")


def write(request: web.Request, response: web.StreamResponse, name: str, value: str, max_age: int) -> None:
    """`max_age` in seconds."""
    response.set_cookie(
        _name(request, name),
        value,
        max_age=max_age,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=is_secure(request),
    )


def write_session(
    request: web.Request, response: web.StreamResponse, token: str, settings: SchoolSettings
) -> None:
    write(request, response, SESSION, token, settings.session_longest_s)


def clear_session(request: web.Request, response: web.StreamResponse) -> None:
    write(request, response, SESSION, "", 0)


def _name(request: web.Request, name: str) -> str:
    return f"__Host-{name}" if is_secure(request) else name
