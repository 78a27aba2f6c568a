"""Why a call goes badly: found out once a second, logged for the operator, told to the clients that asked.

A client that sends reports (`signalling.rtc.client_reports`) gets a reliable `user` data packet from the server,
without a sender, with the topic `polyana.verdict` and a JSON object: `{"fault": "home", "code": "HOME_LOSS"}`, or both
null when nothing is wrong any more. Faults are home, device, firewall and server; codes are those of
`mediaserver.diagnosis`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from mediaserver.data import RELIABLE
from mediaserver.diagnosis import ClientReport, LineSample, ServerSample, Verdict
from mediaserver.line_watch import LineWatch
from signalling.beat import in_parts
from signalling.client_network import client_network
from signalling.rtc.client_reports import VERDICT_TOPIC
from signalling.rtc.notice import notice

if TYPE_CHECKING:
    from mediaserver.statistics import Statistics
    from signalling.rtc.attendance import Attendance
    from signalling.rtc.metrics import RtcMetrics
    from signalling.rtc.session import Session
    from signalling.rtc.settings import RtcSettings


class Verdicts:
    """`reporting`: by sid, who says how its client is, and is told."""

    def __init__(
        self,
        reporting: Mapping[str, Session],
        attendance: Attendance,
        settings: RtcSettings,
        metrics: RtcMetrics,
    ) -> None:
        self._reporting = reporting
        self._attendance = attendance
        self._metrics = metrics
        self._watch = LineWatch(client_network, relay_hosts(settings))
        self._lag_s = 0.0
        self._told: dict[str, Verdict | None] = {}
        self._log = structlog.get_logger(__name__)

    def was_late(self, lag_s: float) -> None:
        """To be called at least once a second: how late the event loop was."""
        self._lag_s = max(self._lag_s, lag_s)

    async def update(self, statistics: Statistics) -> None:
        """Finds out, logs and tells. To be called once a second; of many people it takes a fraction of that."""
        reports: dict[str, ClientReport] = {}
        async for sessions in in_parts(self._reporting.items()):
            fresh = ((sid, session.data.reports.fresh(statistics.at)) for sid, session in sessions)
            reports |= {sid: report for sid, report in fresh if report is not None}
        presences = list(self._attendance)
        self._watch.begin(statistics, reports)
        async for part in in_parts(presences):
            self._watch.pass_over(presence.participant for presence in part)
        self._watch.read()
        server = self._watch.server(self._lag_s)
        self._lag_s = 0.0
        changes = self._watch.judge(server)
        for presence in presences if changes else ():
            participant = presence.participant
            if participant.sid in changes:
                names = {
                    "correlation_id": presence.correlation_id,
                    "room": participant.room.name,
                    "identity": participant.identity,
                    "participant": participant.sid,
                }
                self._write(changes[participant.sid], names, self._watch.sample(participant.sid), server)
        self._told = {sid: verdict for sid, verdict in self._told.items() if sid in self._reporting}
        async for sessions in in_parts(self._reporting.items()):
            for _, session in sessions:
                self._tell(session)

    def _write(
        self, verdict: Verdict | None, names: dict[str, str], sample: LineSample, server: ServerSample
    ) -> None:
        if verdict is None:
            self._log.info("nothing is wrong any more", **names)
            return
        self._metrics.verdicts.labels(verdict.fault.value, verdict.value).inc()
        self._log.warning(
            "a call goes badly",
            code=verdict.value,
            fault=verdict.fault.value,
            **names,
            route=sample.route.value,
            loss_down=_rounded(sample.down.loss),
            loss_up=_rounded(sample.up.loss),
            rtt_ms=_rounded(sample.rtt_ms),
            jitter_down_ms=_rounded(sample.down_jitter_ms),
            jitter_up_ms=_rounded(sample.up_jitter_ms),
            camera_fps=_rounded(sample.camera_fps),
            page_lag_ms=None if sample.report is None else round(sample.report.lag_ms),
            loop_lag_s=_rounded(server.loop_lag_s),
            busiest_worker=_rounded(server.busiest_worker),
            dropped_share=_rounded(server.dropped_share),
        )

    def _tell(self, session: Session) -> None:
        sid = session.participant.sid
        verdict = self._watch.verdict(sid)
        # When it cannot be sent now, it is sent with the next sample.
        if self._told.get(sid) is not verdict and session.participant.send_data(
            RELIABLE, verdict_packet(verdict)
        ):
            self._told[sid] = verdict


def verdict_packet(verdict: Verdict | None) -> bytes:
    """A `DataPacket`, as bytes."""
    content = {"fault": verdict and verdict.fault.value, "code": verdict and verdict.value}
    return notice(VERDICT_TOPIC, content)


def relay_hosts(settings: RtcSettings) -> frozenset[str]:
    """Hosts of the TURN servers that clients are told of (RFC 7065); a name stands for no address here."""
    urls = (url for server in settings.ice_servers for url in server.urls if url.startswith("turn"))
    hosts = (urlsplit("//" + url.partition(":")[2]).hostname for url in urls)
    return frozenset(host for host in hosts if host)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
