"""What the benchmark needs of its peers."""

import pytest

from benchmarks.fanout.__main__ import available
from benchmarks.fanout.servers import Mediasoup
from benchmarks.peers.description import LEVEL_URI, TRANSPORT_CC_URI
from benchmarks.peers.mediasoup import extension_id, sent_parameters


def test_a_peer_that_is_not_installed_is_skipped_with_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Mediasoup, "program", "no-such-worker")
    assert [server.name for server in available(["mediasoup", "polyana"])] == ["polyana"]
    assert "skipped mediasoup: no-such-worker" in capsys.readouterr().err


def test_video_for_mediasoup_has_retransmissions_and_transport_wide_feedback() -> None:
    parameters = sent_parameters("video", 7)
    vp8, rtx = parameters["codecs"]
    assert (vp8["mimeType"], vp8["payloadType"]) == ("video/VP8", 96)
    assert (rtx["mimeType"], rtx["parameters"]) == ("video/rtx", {"apt": 96})
    assert {"type": "transport-cc"} in vp8["rtcpFeedback"]
    assert parameters["encodings"] == [{"ssrc": 7, "rtx": {"ssrc": 8}}]
    assert extension_id(parameters, TRANSPORT_CC_URI) == 2 and extension_id(parameters, LEVEL_URI) is None


def test_sound_for_mediasoup_is_stereo_opus_with_its_level() -> None:
    parameters = sent_parameters("audio", 7)
    (opus,) = parameters["codecs"]
    assert (opus["mimeType"], opus["clockRate"], opus["channels"]) == ("audio/opus", 48_000, 2)
    assert parameters["encodings"] == [{"ssrc": 7}]
    assert len(parameters["headerExtensions"]) == 3
