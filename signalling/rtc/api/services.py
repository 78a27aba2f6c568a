"""All Twirp services of LiveKit's protocol, read from its descriptors."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import livekit.protocol
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from signalling.rtc.api.caller import Caller
from signalling.rtc.api.errors import ApiError, Code

Check = Callable[[Caller, Any], None]

_GRANTS: Mapping[str, Check] = {
    "AgentDispatchService": lambda caller, request: caller.check_admin(request.room),
    "Egress": lambda caller, request: caller.check_record(),
    "Ingress": lambda caller, request: caller.check_ingress(),
    "SIP": lambda caller, request: caller.check_sip(),
}
"""What LiveKit asks for, by service. The others are LiveKit Cloud's; any valid token may hear that they are not
here."""


@dataclass(frozen=True)
class Method:
    """One method of one service. `name`: as in the path."""

    service: str
    name: str
    request: type[Message]
    response: type[Message]

    def refuse(self, caller: Caller, request: Message) -> ApiError:
        """Why this server does not do it: the grant is missing, or it never does."""
        check = _GRANTS.get(self.service)
        if check is not None:
            check(caller, request)
        words = f"{self.service}.{self.name} is not implemented by this server"
        return ApiError(Code.UNIMPLEMENTED, words)


@cache
def methods() -> Mapping[tuple[str, str], Method]:
    """(service, method) -> all that the protocol has."""
    found = (method for service in _services() for method in service.methods)
    return {(m.containing_service.full_name, m.name): _method(m) for m in found}


def _method(descriptor: MethodDescriptor) -> Method:
    request, response = GetMessageClass(descriptor.input_type), GetMessageClass(descriptor.output_type)
    return Method(descriptor.containing_service.name, descriptor.name, request, response)


def _services() -> list[ServiceDescriptor]:
    services = []
    for module in pkgutil.iter_modules(livekit.protocol.__path__):
        imported = importlib.import_module(f"livekit.protocol.{module.name}")
        descriptor = getattr(imported, "DESCRIPTOR", None)
        services += list(descriptor.services_by_name.values()) if descriptor is not None else []
    return services
