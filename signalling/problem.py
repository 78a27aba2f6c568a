"""Errors as problem details (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

MEDIA_TYPE = "application/problem+json"


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """The status says what kind of problem it is, `detail` what happened here."""
    body = {"title": HTTPStatus(status).phrase, "status": int(status), "detail": detail}
    return web.Response(
        status=status, headers=headers, body=json.dumps(body).encode(), content_type=MEDIA_TYPE
    )
