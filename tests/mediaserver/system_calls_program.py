"""Frames through a data plane on real sockets, between two marks that `strace` shows: RECEIVERS, FRAMES.

Run by `test_system_calls.py`. The publisher's burst comes as one segmented send, so it is one read for the server.
"""

from __future__ import annotations

import os
import socket
import struct
import sys

from dataplane_peer import Peer

from mediaserver._dataplane import DataPlane

PACKETS = 8
SSRC = 1000
BEGIN, END = b"frames begin", b"frames end"
UDP_SEGMENT = 103  # linux/udp.h


def frame(camera: Peer, number: int) -> list[bytes]:
    """Packets of one size; the last has the marker."""
    first = number * PACKETS
    return [camera.video(first + part, SSRC, marker=int(part == PACKETS - 1)) for part in range(PACKETS)]


def send(camera: Peer, packets: list[bytes]) -> None:
    segment = [(socket.SOL_UDP, UDP_SEGMENT, struct.pack("=H", len(packets[0])))]
    camera.socket.sendmsg([b"".join(packets)], segment)


def main() -> None:
    receivers, frames = map(int, sys.argv[1:])
    plane = DataPlane(udp_binds=["127.0.0.1:0"], workers=1, seed=7)
    address = plane.udp_addresses[0].rsplit(":", 1)
    peers = [Peer(plane, number + 1, (address[0], int(address[1]))) for number in range(receivers + 1)]
    camera, viewers = peers[0], peers[1:]
    for peer in peers:
        peer.check()
    camera.publish(1, SSRC)
    for number, viewer in enumerate(viewers):
        viewer.subscribe(100 + number, 1, 5000 + 10 * number)
    made = [frame(camera, number) for number in range(frames + 1)]
    mark = os.open(os.devnull, os.O_WRONLY)
    for number, packets in enumerate(made):
        if number == 1:  # the first is the keyframe that makes streams known
            os.write(mark, BEGIN)
        send(camera, packets)
        for viewer in viewers:
            for _ in packets:
                viewer.next_video()
    os.write(mark, END)
    plane.close()


if __name__ == "__main__":
    main()
