"""Services that this server does not have say so in words, to those who may ask."""

from __future__ import annotations

from typing import Any

import pytest

from signalling.rtc.api.services import Method, methods
from signalling.rtc.tokens import SipGrants
from tests.signalling.rtc.api.conftest import Answer, Api

GRANTS: dict[str, dict[str, Any]] = {
    "Egress": {"room_record": True},
    "Ingress": {"ingress_admin": True},
    "AgentDispatchService": {"room_admin": True},
    "SIP": {"sip": SipGrants(admin=True)},
}
MISSING = [
    pytest.param(
        method,
        marks=pytest.mark.compatibility(f"twirp.{method.service}.{method.name}", unimplemented=True),
        id=f"{method.service}.{method.name}",
    )
    for method in methods().values()
    if method.service != "RoomService"
]


NOBODY = {name for name in {m.service for m in methods().values()} if name not in GRANTS} - {"RoomService"}
"""Services of LiveKit Cloud alone: that they are not here, every token's bearer may hear."""


async def ask(api: Api, method: Method, body: bytes = b"{}", **grants: Any) -> Answer:
    return await api.post(method.name, body, service=method.service, token=api.token(**grants))


@pytest.mark.parametrize("method", MISSING)
async def test_not_implemented(api: Api, method: Method) -> None:
    answer = await ask(api, method, **GRANTS.get(method.service, {}))
    assert (answer.status, answer.code) == (501, "unimplemented")
    assert answer.words == f"{method.service}.{method.name} is not implemented by this server"
    answer = await ask(api, method, b"[]", **GRANTS.get(method.service, {}))
    assert (answer.status, answer.code) == (400, "malformed")


@pytest.mark.compatibility("grant.room_record", "grant.ingress_admin")
@pytest.mark.parametrize("method", MISSING)
async def test_only_who_may_ask_is_told(api: Api, method: Method) -> None:
    assert (await api.post(method.name, b"{}", service=method.service)).status == 401
    others = {"room_create": True, "room_list": True, "room_join": True, "room": "lesson"}
    answer = await ask(api, method, **others)
    assert answer.code == ("unimplemented" if method.service in NOBODY else "unauthenticated")


def test_nothing_of_the_protocol_is_missing() -> None:
    assert {"RoomService", "Egress", "Ingress", "SIP", "AgentDispatchService"} <= {
        method.service for method in methods().values()
    }
