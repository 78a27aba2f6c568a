"""WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): OBS, encoders and players, by the same tokens as everybody."""

from signalling.whip.service import WhipService
from signalling.whip.settings import WhipSettings

__all__ = ["WhipService", "WhipSettings"]
