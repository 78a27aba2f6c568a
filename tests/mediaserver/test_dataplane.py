"""The data plane on real sockets, against other people's STUN, SRTP and RTP."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from aiortc.rtp import RtcpPsfbPacket, RtcpRrPacket, RtpPacket
from dataplane_peer import OUT_RTX, OUT_VIDEO, PASSWORD, POLICIES, Peer, number_of

from mediaserver._dataplane import (
    NICE,
    CodecParameters,
    CommandFailed,
    DataPlane,
    Encoding,
    PayloadTypeMapping,
)
from mediaserver.statistics import Statistics

Join = Callable[..., Peer]
#: Of whoever receives; publishers are on the first.
ON_EITHER_WORKER = pytest.mark.parametrize("worker", [0, 1], ids=["one worker", "two workers"])


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


@pytest.fixture
def plane() -> Iterator[DataPlane]:
    """Two workers on all addresses of both families."""
    made = DataPlane(udp_binds=["0.0.0.0:0", "[::]:0"], tcp_binds=["127.0.0.1:0"], workers=2, seed=7)
    with closing(made):
        yield made


@pytest.fixture
def join(plane: DataPlane) -> Iterator[Join]:
    peers: list[Peer] = []

    def make(host: str = "127.0.0.1", **options: object) -> Peer:
        tcp = bool(options.get("tcp"))
        binds = plane.tcp_addresses if tcp else plane.udp_addresses
        bind = next(found for found in binds if found.startswith("[") == (":" in host))
        peer = Peer(plane, len(peers) + 1, (host, port_of(bind)), **options)  # type: ignore[arg-type]
        peers.append(peer)
        return peer

    yield make
    for peer in peers:
        peer.close()


def counters(plane: DataPlane) -> dict[str, int]:
    total: dict[str, int] = {}
    for worker in plane.statistics():
        for name, value in worker.counters.items():
            total[name] = total.get(name, 0) + value
    return total


@pytest.mark.compatibility("media.nack_rtx", "media.ice_udp")
@pytest.mark.parametrize("profile", list(POLICIES))
@ON_EITHER_WORKER
def test_media_reports_and_resends_in_every_profile(join: Join, profile: str, worker: int) -> None:
    alice, bob = join(profile=profile), join(profile=profile, worker=worker)
    alice.check()
    bob.check()
    alice.publish(1, ssrc=7)
    bob.subscribe(1, receiver=1, ssrc=500)
    got = []
    for sequence_number in range(100, 130):
        alice.send(alice.video(sequence_number, 7))
        got.append(bob.next_video())
    assert [number_of(packet) for packet in got] == list(range(100, 130))
    assert {(packet.ssrc, packet.payload_type) for packet in got} == {(500, OUT_VIDEO)}
    numbers = [packet.sequence_number for packet in got]
    assert numbers == list(range(numbers[0], numbers[0] + 30))
    bob.nack(500, [numbers[10]])
    resent = bob.next_video()
    assert (resent.payload_type, resent.ssrc, number_of(resent)) == (OUT_RTX, 501, 110)
    assert resent.payload[:2] == struct.pack("!H", numbers[10])
    reports = [report for report in alice.next_rtcp() if isinstance(report, RtcpRrPacket)]
    assert reports
    counted = Statistics(alice.plane.statistics())
    (sent,), (came,) = (
        counted.senders.values("packets").values(),
        counted.receivers.values("packets").values(),
    )
    assert (sent, came) == (30, 30) and counted.senders.values("retransmitted") == {counted.senders.ids[0]: 1}
    assert [*counted.transports.values("bytes_in")] == [1, 2], "in order of their ids"
    assert min(counted.transports.values("wire_bytes_out").values()) > 0


@ON_EITHER_WORKER
def test_a_request_for_a_keyframe_reaches_the_publisher(join: Join, worker: int) -> None:
    alice, bob = join(), join(worker=worker)
    alice.check()
    bob.check()
    alice.publish(1, ssrc=7)
    bob.subscribe(1, receiver=1, ssrc=500)
    alice.send(alice.video(1, 7))
    bob.next_video()
    bob.pli(500)
    while True:
        feedback = [f for f in alice.next_rtcp() if isinstance(f, RtcpPsfbPacket)]
        if feedback:
            break
    assert (feedback[0].fmt, feedback[0].media_ssrc) == (1, 7)


@pytest.mark.compatibility("media.simulcast_ssrc")
@ON_EITHER_WORKER
def test_simulcast_streams_may_be_told_apart_by_ssrc(plane: DataPlane, join: Join, worker: int) -> None:
    alice, bob, clara = join(), join(worker=worker), join(worker=worker)
    for peer in (alice, bob, clara):
        peer.check()
    alice.publish(1, 7, 17)
    bob.subscribe(1, receiver=1, ssrc=500)
    clara.subscribe(2, receiver=1, ssrc=600)
    plane.set_sender_target(1, enabled=True, max_spatial=0, max_temporal=255)
    for number in range(1, 40):
        alice.send(alice.video(number, 7))
        alice.send(alice.video(1000 + number, 17))
    assert [number_of(bob.next_video()) for _ in range(39)] == list(range(1, 40)), "the lower stream alone"
    seen = []
    while seen[-1:] != [1039]:
        seen.append(number_of(clara.next_video()))
    better = [number for number in seen if number > 1000]
    assert better == list(range(better[0], 1040)) and seen[-len(better) :] == better, "from the switch on"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "127.1.2.3", "::1"])
def test_answers_leave_from_the_address_that_was_asked(join: Join, host: str) -> None:
    peer = join(host)
    answer = peer.check()  # the socket is connected: an answer from elsewhere would not arrive
    address, port = answer.attributes["XOR-MAPPED-ADDRESS"]
    assert (address, port) == peer.socket.getsockname()[:2]


def test_a_frame_costs_one_system_call_for_several_receivers() -> None:
    """The guard of the big savings: it fails as soon as packets, or what several receivers get, leaves one by one.
    They arrive one by one, and whole."""
    frames, packets, receivers = 20, 8, 10
    # A window that no busy machine misses: a frame ends it by its marker, so nothing waits.
    plane = DataPlane(udp_binds=["127.0.0.1:0"], workers=1, coalesce_us=20_000)
    address = ("127.0.0.1", port_of(plane.udp_addresses[0]))
    peers = [Peer(plane, number, address) for number in range(1, receivers + 2)]
    with closing(plane), contextlib.ExitStack() as stack:
        for peer in peers:
            stack.enter_context(closing(peer))
            peer.check()
        alice, *others = peers
        alice.publish(1, ssrc=7)
        for number, other in enumerate(others, 1):
            other.subscribe(number, receiver=1, ssrc=500)
        before = counters(plane)
        for frame in range(frames):
            numbers = range(frame * packets, (frame + 1) * packets)
            for number in numbers:
                is_last = number == numbers[-1]  # and shorter, as of encoders
                alice.send(alice.video(number, 7, 300 if is_last else 1100, marker=is_last))
            for other in others:
                assert [number_of(other.next_video()) for _ in numbers] == list(numbers)
        after = counters(plane)
    spent = {name: after[name] - before[name] for name in after}
    assert spent["rtp_packets_out"] == frames * packets * receivers
    # Two parts of 64 KiB; reports and feedback have calls of their own, a few each second.
    assert spent["send_calls"] <= frames * 3
    assert spent["receive_calls"] <= frames * packets


def test_both_workers_serve_the_same_port(plane: DataPlane, join: Join) -> None:
    for _ in range(8):
        first, second = join(worker=0), join(worker=1)
        for worker, peer in ((0, first), (1, second)):
            peer.check()
            receiver = 10 * peer.transport
            peer.publish(receiver, ssrc=7)
            viewer = join(worker=worker)
            viewer.check()
            viewer.subscribe(receiver, receiver=receiver, ssrc=500)
            for number in range(5):
                peer.send(peer.video(number, 7))
                assert number_of(viewer.next_video()) == number


def test_a_room_on_two_workers(plane: DataPlane, join: Join) -> None:
    """Who is where makes no difference to anybody, in both directions and when people go."""
    peers = [join(worker=number % 2) for number in range(6)]
    for peer in peers:
        peer.check()
        peer.publish(peer.transport, ssrc=7)
    for peer in peers:
        for other in peers:
            if other is not peer:
                pair = 10 * peer.transport + other.transport
                peer.subscribe(pair, receiver=other.transport, ssrc=1000 * other.transport)
    for number in range(30):
        for peer in peers:
            peer.send(peer.video(number, 7))
            for other in peers:
                if other is not peer:
                    packet = other.next_video()
                    assert (packet.ssrc, number_of(packet)) == (1000 * peer.transport, number)
    seen = counters(plane)
    assert seen["relayed_out"] == seen["relayed_in"] == 6 * 30, "once for each, not for each receiver"
    for peer in peers[::2]:
        plane.remove_transport(peer.transport)
    peers[1].send(peers[1].video(30, 7))
    assert [number_of(other.next_video()) for other in peers[3::2]] == [30, 30]
    plane.remove_receiver(peers[3].transport)
    peers[3].subscribe(99, receiver=peers[1].transport, ssrc=9000)
    failed = [event for event in plane.poll_events(10_000) if isinstance(event, CommandFailed)]
    assert not failed
    seen = counters(plane)
    assert (seen["relayed_out"], seen["relay_dropped"]) == (6 * 30, 0), "nobody is left on the first worker"


def test_workers_go_before_other_work_where_they_may(plane: DataPlane) -> None:
    with ThreadPoolExecutor(max_workers=1) as thread:
        refused = thread.submit(os.setpriority, os.PRIO_PROCESS, 0, NICE).exception()
    own = os.getpriority(os.PRIO_PROCESS, 0)
    plane.statistics()  # answered by threads that have begun
    names = {
        int(task.name): (task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()
    }
    workers = [
        os.getpriority(os.PRIO_PROCESS, task) for task, name in names.items() if name.startswith("dataplane-")
    ]
    assert workers == [own if refused else NICE] * 2
    assert os.getpriority(os.PRIO_PROCESS, 0) == own, "Python stays where it is"


@pytest.mark.compatibility("media.ice_tcp")
def test_ice_tcp_carries_the_same(join: Join) -> None:
    alice, bob = join(tcp=True), join(tcp=True, worker=0)
    other = join(tcp=True, worker=1)  # accepted by the first worker, then handed over
    other.check()
    alice.check()
    bob.check()
    alice.publish(1, ssrc=7)
    bob.subscribe(1, receiver=1, ssrc=500)
    for number in range(50):
        alice.send(alice.video(number, 7))
        assert number_of(bob.next_video()) == number
    assert counters(alice.plane)["tcp_connections"] >= 3


def test_a_frame_may_come_in_pieces(join: Join) -> None:
    peer = join(tcp=True)
    message = bytes(peer.request())
    for octet in struct.pack("!H", len(message)) + message:
        peer.socket.sendall(bytes([octet]))
    assert len(peer.receive()) >= 20


@pytest.mark.parametrize(
    "greeting",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\xff\xff" + bytes(100),
        b"\x00\x04abcd",
        b"\x00\x00" * 10,
    ],
    ids=["http", "too long", "garbage", "empty frames"],
)
def test_a_stranger_on_tcp_is_shown_out(join: Join, greeting: bytes) -> None:
    peer = join(tcp=True)
    peer.socket.sendall(greeting)
    assert peer.socket.recv(100) == b""


def test_a_wrong_password_draws_nothing(plane: DataPlane, join: Join) -> None:
    stranger, friend = join(), join()
    before = counters(plane)["error_stun_unauthenticated"]
    stranger.send(bytes(stranger.request("wrong")))
    friend.check()  # both sockets are read in order by their workers; this one answers
    stranger.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        stranger.receive()
    assert counters(plane)["error_stun_unauthenticated"] == before + 1


def test_nothing_is_left_open(join: Join) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    def once() -> None:
        with closing(DataPlane(udp_binds=["127.0.0.1:0"], tcp_binds=["127.0.0.1:0"], workers=2)) as made:
            peer = Peer(made, 1, ("127.0.0.1", port_of(made.tcp_addresses[0])), tcp=True)
            with closing(peer):
                peer.check()

    once()
    before = descriptors()
    for _ in range(10):
        once()
    assert descriptors() == before


def test_a_port_in_use_is_an_error() -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(OSError, match=r"(?i)in use"):
            DataPlane(udp_binds=[f"127.0.0.1:{taken.getsockname()[1]}"])


def test_arguments_out_of_range_are_refused(plane: DataPlane) -> None:
    plane.add_transport(1, 0, "ufrag1", PASSWORD)
    with pytest.raises(ValueError, match="profile"):
        plane.set_srtp_keys(1, "NULL", b"", b"", b"", b"")
    with pytest.raises(ValueError, match="length"):
        plane.set_srtp_keys(1, "SRTP_AEAD_AES_128_GCM", b"", b"", b"", b"")
    with pytest.raises((ValueError, KeyError)):
        plane.remove_transport(99)
    with pytest.raises(ValueError):
        plane.add_transport(2, 7, "ufrag2", PASSWORD)


def test_a_closed_plane_takes_no_commands() -> None:
    made = DataPlane(udp_binds=["127.0.0.1:0"])
    made.close()
    made.close()
    with pytest.raises(OSError, match="commands"):
        made.add_transport(1, 0, "ufrag1", PASSWORD)


def test_red_is_unwrapped_for_who_does_not_take_it(join: Join) -> None:
    alice, bob = join(), join()
    alice.check()
    bob.check()
    alice.plane.set_receiver(
        alice.transport,
        1,
        kind="audio",
        mid="0",
        codecs=[CodecParameters(63, "audio/red", 48_000), CodecParameters(111, "audio/opus", 48_000)],
        encodings=[Encoding(ssrc=7)],
        extensions=[],
        nack=False,
    )
    bob.plane.set_sender(
        bob.transport,
        1,
        receiver=1,
        mid="0",
        ssrc=500,
        rtx_ssrc=None,
        cname="publisher",
        payload_types=[PayloadTypeMapping(63, 96, unwrap_red=True), PayloadTypeMapping(111, 96)],
        extensions=[],
    )
    for number in (1, 2, 4):  # 3 is lost, and in the redundancy of 4
        redundant = struct.pack("!BBH", 0x80 | 111, 960 >> 6, (960 & 0x3F) << 10 | 4)
        packet = RtpPacket(63, 0, number, 960 * number, 7)
        packet.payload = redundant + bytes([111]) + struct.pack("!II", number - 1, number)
        alice.send(alice.outbound.protect(packet.serialize()))
    got = [bob.next_video() for _ in range(4)]
    assert [packet.payload for packet in got] == [struct.pack("!I", number) for number in (1, 2, 3, 4)]
    assert {packet.payload_type for packet in got} == {96}
    numbers = [packet.sequence_number for packet in got]
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    assert [packet.timestamp - got[0].timestamp for packet in got] == [0, 960, 1920, 2880]
    assert counters(alice.plane)["red_recovered"] == 1


def test_payload_types_are_checked() -> None:
    for numbers in ((128, 1, None), (1, 128, None), (1, 2, 128)):
        with pytest.raises(ValueError, match="payload types"):
            PayloadTypeMapping(*numbers)


@pytest.mark.parametrize("wrong", [{"audio_active_level": 128}, {"audio_min_percentile": 101}])
def test_levels_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        DataPlane(udp_binds=["127.0.0.1:0"], **wrong)  # type: ignore[arg-type]
