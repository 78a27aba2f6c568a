"""An endpoint is listed once: method, path, models and access. Everything else about it is made of that."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from signalling.school.api.joining import Joining
from signalling.school.api.oidc_client import OidcClient
from signalling.school.door import Actor
from signalling.school.errors import NotSignedIn
from signalling.school.library import Library
from signalling.school.recordings import Recordings
from signalling.school.school import School
from signalling.school.sessions import Known


class Access(Enum):
    """Who may call at all; what they may do there, the door says."""

    PUBLIC = auto()
    LINK = auto()
    """Who knows a code in the path."""
    SIGNED_IN = auto()


@dataclass
class Call:
    """A request that was understood."""

    school: School
    library: Library
    recordings: Recordings
    joining: Joining
    providers: Mapping[str, OidcClient]
    """OpenID providers by id."""
    known: Known | None
    path: Mapping[str, str]
    """Parameters of the path."""
    address: str
    """The client's."""
    agent: str
    """What the browser calls itself."""
    origin: str
    """Scheme and host as the client wrote them: links begin so."""
    cookies: Mapping[str, str] = field(default_factory=dict)
    begun: str | None = None
    """Set by a handler: the token of a session that begins."""
    ended: bool = False
    """Set by a handler: the session is over."""
    new_cookies: dict[str, str] = field(default_factory=dict)
    """Set by a handler: name -> value, kept long."""

    @property
    def me(self) -> Known:
        """Who is signed in. Raises `NotSignedIn`."""
        if self.known is None:
            raise NotSignedIn
        return self.known

    @property
    def actor(self) -> Actor:
        """The same, for the door."""
        return self.me.actor


Handler = Callable[..., Awaitable[BaseModel | web.StreamResponse | None]]


@dataclass(frozen=True)
class Endpoint:
    """`answer` None with `media_type` None: nothing is answered (204)."""

    method: str
    path: str
    handler: Handler
    access: Access
    status: int
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answer: type[BaseModel] | None
    media_type: str | None
    large: bool
    """Takes a body up to `school.max_body_bytes`."""
    custom_header: bool
    """Needs the header against cross-site requests, if it changes something."""

    @property
    def summary(self) -> str:
        """The first sentence of the handler's docstring."""
        return (self.handler.__doc__ or self.handler.__name__).strip().partition("\n")[0].rstrip(".")

    @property
    def name(self) -> str:
        """The operation's id."""
        return self.handler.__name__


class Endpoints(list[Endpoint]):
    """Those of one module: `@endpoints.add("GET", "/api/groups/{group}", answer=GroupAnswer)`."""

    def add(
        self,
        method: str,
        path: str,
        *,
        access: Access = Access.SIGNED_IN,
        status: int | None = None,
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
        answer: type[BaseModel] | None = None,
        media_type: str | None = None,
        large: bool = False,
        custom_header: bool = True,
    ) -> Callable[[Handler], Handler]:
        """`media_type`: the handler makes a whole response of this type."""

        def register(handler: Handler) -> Handler:
            found = status or (200 if answer or media_type else 204)
            self.append(
                Endpoint(
                    method,
                    path,
                    handler,
                    access,
                    found,
                    body,
                    query,
                    answer,
                    media_type,
                    large,
                    custom_header,
                )
            )
            return handler

        return register


def arguments(endpoint: Endpoint, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the handler takes besides the call: `body` and `query`, where it has them."""
    return {name: values[name] for name in ("body", "query") if getattr(endpoint, name) is not None}
