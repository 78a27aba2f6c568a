"""Joins a mediasoup worker. `mediasoup.cjs` beside this file starts it and makes the calls of mediasoup's Node API."""

import asyncio
import json
from pathlib import Path
from typing import Any

from . import description
from .endpoint import Endpoint, Identity
from .plan import PeerPlan, PublisherPlan, Traffic

DRIVER = Path(__file__).with_suffix(".cjs")
STEP_TIMEOUT_S = 20.0
#: A worker chooses among what is offered in its own order, AES-256-GCM first.
PROFILES = b"SRTP_AEAD_AES_128_GCM"
EXTENSIONS = {description.MID_URI: 1, description.TRANSPORT_CC_URI: 2, description.LEVEL_URI: 3}
"""Of publishers, as `description.offer` offers them."""
RECEIVED_EXTENSIONS = [description.MID_URI, description.TRANSPORT_CC_URI]
FEEDBACK = [
    {"type": "nack"},
    {"type": "nack", "parameter": "pli"},
    {"type": "ccm", "parameter": "fir"},
    {"type": "transport-cc"},
]
#: Padding with which a worker probes a line has a payload type and SSRC of its own, which no parameters name.
PROBATION_PAYLOAD_TYPE = 127


class MediasoupServer:
    """Adapter of the benchmark driver; the same methods as `LiveKitServer`. There is a router for each room."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, worker_pid: int) -> None:
        self._reader, self._writer = reader, writer
        self.worker_pid = worker_pid
        self._identity = Identity.create()
        self._producers: dict[str, dict[int, str]] = {}
        """Of each room by SSRC."""
        self._lock = asyncio.Lock()
        self.endpoints: list[Endpoint] = []

    @classmethod
    async def connect(cls, port: int) -> "MediasoupServer":
        """To a driver that listens."""
        server = cls(*await asyncio.open_connection("127.0.0.1", port), worker_pid=0)
        server.worker_pid = await server._call("pid")
        return server

    async def publish(self, room: str, *, kind: str, ssrc: int, traffic: Traffic) -> PublisherPlan:
        endpoint, transport, remote = await self._join(room)
        producer = await self._call(
            "produce", transport=transport, kind=kind, rtpParameters=sent_parameters(kind, ssrc)
        )
        self._producers.setdefault(room, {})[ssrc] = producer
        return description.publisher_plan(endpoint, remote, kind=kind, ssrc=ssrc, traffic=traffic)

    async def subscribe(self, room: str, number: int, tracks: int) -> tuple[PeerPlan, list[int]]:
        return await self._receive(room, list(self._producers[room].values())[:tracks])

    async def receive_others(self, ssrc: int, tracks: int) -> tuple[PeerPlan, list[int]]:
        """Who publishes `ssrc` receives the `tracks` of all others on a second transport, as mediasoup's clients do."""
        room = next(room for room, producers in self._producers.items() if ssrc in producers)
        others = [producer for other, producer in self._producers[room].items() if other != ssrc]
        return await self._receive(room, others[:tracks])

    async def _receive(self, room: str, producers: list[str]) -> tuple[PeerPlan, list[int]]:
        endpoint, transport, _ = await self._join(room)
        payload_types = {PROBATION_PAYLOAD_TYPE}
        transport_sequence_id = None
        for producer in producers:
            parameters = await self._call(
                "consume", transport=transport, producer=producer, extensions=RECEIVED_EXTENSIONS
            )
            payload_types |= {
                codec["payloadType"] for codec in parameters["codecs"] if codec["mimeType"].endswith("/rtx")
            }
            transport_sequence_id = extension_id(parameters, description.TRANSPORT_CC_URI)
        return endpoint.plan(transport_sequence_id), sorted(payload_types)

    async def close(self) -> None:
        self._writer.close()
        for endpoint in self.endpoints:
            endpoint.close()

    async def _join(self, room: str) -> tuple[Endpoint, str, description.Remote]:
        """A connected endpoint and the worker's transport for it."""
        endpoint = Endpoint(self._identity, PROFILES)
        self.endpoints.append(endpoint)
        transport = await self._call("transport", room=room, fingerprint=self._identity.fingerprint)
        ice, candidate = transport["iceParameters"], transport["iceCandidates"][0]
        remote = description.Remote(
            ufrag=ice["usernameFragment"],
            password=ice["password"],
            address=(candidate["address"], candidate["port"]),
            setup="passive",
            extensions=EXTENSIONS,
        )
        await endpoint.connect(remote.address, remote.ufrag, remote.password, client=True)
        return endpoint, transport["id"], remote

    async def _call(self, call: str, **options: object) -> Any:
        """Raises RuntimeError for what mediasoup refuses."""
        async with self._lock, asyncio.timeout(STEP_TIMEOUT_S):
            self._writer.write(json.dumps({"call": call, **options}).encode() + b"\n")
            line = await self._reader.readline()
        if not line:
            raise ConnectionError("the mediasoup driver has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"mediasoup: {answer['error']}")
        return answer["result"]


def codecs(kind: str) -> list[dict[str, object]]:
    """The codec of this kind with its retransmissions, as mediasoup writes RTP parameters."""
    payload_type, name, rtx = description.CODEC[kind]
    encoding, clock_rate, *channels = name.split("/")
    media: dict[str, object] = {
        "mimeType": f"{kind}/{encoding}",
        "clockRate": int(clock_rate),
        "payloadType": payload_type,
        "rtcpFeedback": FEEDBACK if rtx else [{"type": "transport-cc"}],
    }
    if channels:
        media["channels"] = int(channels[0])
    if not rtx:
        return [media]
    again = {
        "mimeType": f"{kind}/rtx",
        "clockRate": int(clock_rate),
        "payloadType": rtx,
        "parameters": {"apt": payload_type},
    }
    return [media, again]


def sent_parameters(kind: str, ssrc: int) -> dict[str, object]:
    """Of the one stream that a publisher sends, as `description.offer` offers it."""
    rtx = description.CODEC[kind][2]
    uris = [uri for uri in EXTENSIONS if kind == "audio" or uri != description.LEVEL_URI]
    return {
        "mid": "0",
        "codecs": codecs(kind),
        "headerExtensions": [{"uri": uri, "id": EXTENSIONS[uri]} for uri in uris],
        "encodings": [{"ssrc": ssrc, **({"rtx": {"ssrc": ssrc + 1}} if rtx else {})}],
        "rtcp": {"cname": "loadgen"},
    }


def extension_id(parameters: dict[str, Any], uri: str) -> int | None:
    """Of a header extension in RTP parameters; None without it."""
    found: dict[str, int] = {one["uri"]: one["id"] for one in parameters["headerExtensions"]}
    return found.get(uri)
