"""LiveKit's configuration (livekit.yaml, `LIVEKIT_*`) as settings of this server.

Every key of LiveKit 1.13 is in one table (`rules.py`): it is one of our settings, or named as not supported here with
what that means; a key that LiveKit does not have is an error, as it is there.
"""

from signalling.livekit_config.reading import Translation, read

__all__ = ["Translation", "read"]
