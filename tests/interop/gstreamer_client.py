"""GStreamer's webrtcbin as a WHIP publisher or a WHEP player. For the distribution's Python, which has GObject.

Arguments: `whip` or `whep`, the endpoint, the token, the codec to publish. It runs until its standard input ends,
then deletes its session and prints the frames of each kind that it got, as JSON.
"""

import json
import sys
import threading
import urllib.parse
import urllib.request

import gi

for namespace in ("Gst", "GstSdp", "GstWebRTC"):
    gi.require_version(namespace, "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

SOUND = (
    "audiotestsrc is-live=true freq=440 ! audioconvert ! audioresample ! queue ! opusenc ! rtpopuspay "
    "! application/x-rtp,media=audio,encoding-name=OPUS,payload=100 ! webrtc."
)
PICTURE = (
    "videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=20/1 "
    "! videoconvert ! queue"
)
ENCODERS = {
    "vp8": "vp8enc deadline=1 keyframe-max-dist=40 ! rtpvp8pay ! application/x-rtp,media=video,encoding-name=VP8",
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=40 "
    "! video/x-h264,profile=constrained-baseline ! rtph264pay config-interval=-1 aggregate-mode=zero-latency "
    "! application/x-rtp,media=video,encoding-name=H264",
}
RECEIVED = (
    "application/x-rtp,media=audio,encoding-name=OPUS,payload=100,clock-rate=48000,encoding-params=(string)2",
    "application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000",
)
DECODERS = {"audio": "rtpopusdepay ! opusdec", "video": "rtpvp8depay ! vp8dec"}


class Client:
    """One session."""

    def __init__(self, role: str, url: str, token: str, codec: str) -> None:
        self.url, self.token, self.location = url, token, ""
        self.frames = {"audio": 0, "video": 0}
        self.kept: list[object] = []  # what GObject's bindings would free too early
        self.pipeline = Gst.parse_launch(
            f"webrtcbin name=webrtc bundle-policy=max-bundle {PICTURE} ! {ENCODERS[codec]},payload=96 ! webrtc. {SOUND}"
            if role == "whip"
            else "webrtcbin name=webrtc bundle-policy=max-bundle fakesrc num-buffers=0 ! fakesink"
        )
        self.webrtc = self.pipeline.get_by_name("webrtc")
        self.webrtc.connect("on-negotiation-needed", lambda _: self.offer())
        self.webrtc.connect("notify::ice-gathering-state", lambda *_: self.gathered())
        self.webrtc.connect("pad-added", lambda _, pad: self.play(pad))
        if role == "whep":
            direction = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
            for caps in RECEIVED:
                self.webrtc.emit("add-transceiver", direction, Gst.Caps.from_string(caps))

    def offer(self) -> None:
        """Makes the offer and gathers."""

        def made(promise: Gst.Promise) -> None:
            promise.wait()
            reply = promise.get_reply()
            offer = reply.get_value("offer")
            self.kept += [promise, reply, offer]
            self.webrtc.emit("set-local-description", offer, Gst.Promise.new())

        self.webrtc.emit("create-offer", None, Gst.Promise.new_with_change_func(made))

    def gathered(self) -> None:
        complete = GstWebRTC.WebRTCICEGatheringState.COMPLETE
        if self.webrtc.get_property("ice-gathering-state") == complete:
            GLib.idle_add(self.post)

    def post(self) -> None:
        offer = self.webrtc.get_property("local-description").sdp.as_text()
        with self.request("POST", self.url, offer.encode()) as response:
            self.location = urllib.parse.urljoin(self.url, response.headers["Location"])
            _, answer = GstSdp.SDPMessage.new_from_text(response.read().decode())
        described = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, answer)
        self.webrtc.emit("set-remote-description", described, Gst.Promise.new())

    def play(self, pad: Gst.Pad) -> None:
        """Decodes a track and counts its frames."""
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        kind = "video" if "media=(string)video" in pad.get_current_caps().to_string() else "audio"
        sink = "fakesink name=sink signal-handoffs=true sync=false"
        decoder = Gst.parse_bin_from_description(f"{DECODERS[kind]} ! {sink}", True)
        self.pipeline.add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad("sink"))
        decoder.get_by_name("sink").connect("handoff", lambda *_: self.count(kind))

    def count(self, kind: str) -> None:
        self.frames[kind] += 1

    def request(self, method: str, url: str, body: bytes | None = None) -> object:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/sdp"}
        return urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method))


def main() -> None:
    Gst.init(None)
    client, loop = Client(*sys.argv[1:5]), GLib.MainLoop()

    def wait_for_end() -> None:
        sys.stdin.read()
        GLib.idle_add(loop.quit)

    threading.Thread(target=wait_for_end, daemon=True).start()
    client.pipeline.set_state(Gst.State.PLAYING)
    loop.run()
    with client.request("DELETE", client.location):
        pass
    client.pipeline.set_state(Gst.State.NULL)
    print(json.dumps(client.frames))


main()
