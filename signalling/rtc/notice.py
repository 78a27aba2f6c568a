"""Data packets of the server's own."""

from __future__ import annotations

import json
from collections.abc import Mapping

from livekit.protocol import models


def notice(topic: str, content: Mapping[str, object]) -> bytes:
    """A reliable `user` packet without a sender: a JSON object on a topic, as a serialised `DataPacket`."""
    user = models.UserPacket(topic=topic, payload=json.dumps(content).encode())
    return models.DataPacket(kind=models.DataPacket.RELIABLE, user=user).SerializeToString()
