"""Who somebody is in a call: the role of the token, the person behind an identity, and what comes of both."""

from enum import Enum


class CallRole(Enum):
    """The attribute `polyana.role`, which only the server sets. Without it somebody is a guest."""

    HOST = "host"
    COHOST = "cohost"
    FAMILY = "family"
    VIEWER = "viewer"
    """Receives only, until it is promoted."""
    GUEST = "guest"
    CAMERA = "camera"
    """No person: shows what a host wants to be seen."""
    WALL = "wall"
    """No person: a screen for those who are in one place."""

    @property
    def is_staff(self) -> bool:
        """A confirmed adult of the school."""
        return self in (CallRole.HOST, CallRole.COHOST)

    @property
    def is_equipment(self) -> bool:
        """Somebody who may host the lesson has let it in."""
        return self in (CallRole.CAMERA, CallRole.WALL)


class Power(Enum):
    """What somebody is in the call now."""

    WAITING = "waiting"
    VIEWER = "viewer"
    CAMERA = "camera"
    """Reaches everybody as a host does, and commands nothing."""
    MEMBER = "member"
    COHOST = "cohost"
    HOST = "host"

    @property
    def leads(self) -> bool:
        return self in (Power.HOST, Power.COHOST)


def role_of(attribute: str) -> CallRole:
    try:
        return CallRole(attribute)
    except ValueError:
        return CallRole.GUEST


def person_of(identity: str) -> str:
    """The person behind an identity `kind:id:device`, whatever the device; else the identity itself. What comes
    after `#` is one more connection of the same identity."""
    parts = identity.partition("#")[0].split(":")
    return ":".join(parts[:2]) if len(parts) == 3 else ":".join(parts)
