"""Ratings of connections from what was delivered, and who is told of them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.connection_quality import (
    LOSS_WEIGHT,
    SILENT_SAMPLES,
    ConnectionQuality,
    QualityMonitor,
    Rated,
    level,
    rate,
)
from mediaserver.participant import Participant
from mediaserver.peer_connection import ConnectionState
from mediaserver.room import Room
from mediaserver.statistics import Statistics
from tests.mediaserver import made_statistics
from tests.mediaserver.room_fakes import fake, make_participant, make_room, publish, told

EXCELLENT, GOOD, POOR, LOST = (
    ConnectionQuality.EXCELLENT,
    ConnectionQuality.GOOD,
    ConnectionQuality.POOR,
    ConnectionQuality.LOST,
)


def rated(kind: str, loss: float, *, rtt_us: int = 0, jitter_us: int = 0) -> float:
    """One stream."""
    numbers: list[Any] = [np.array([one]) for one in (loss, LOSS_WEIGHT[kind], jitter_us, rtt_us)]
    return float(rate(*numbers)[0])


@pytest.mark.parametrize(
    ("rating", "quality"),
    [
        (rated("audio", 0.0), EXCELLENT),
        (rated("audio", 0.05, rtt_us=80_000), EXCELLENT),
        (rated("audio", 0.15), GOOD),
        (rated("audio", 0.30), POOR),
        (rated("video", 0.03), EXCELLENT),
        (rated("video", 0.06), GOOD),
        (rated("video", 0.15), POOR),
        (rated("audio", 0.0, rtt_us=300_000), EXCELLENT),
        (rated("audio", 0.0, rtt_us=800_000), GOOD),
        (rated("audio", 0.0, rtt_us=2_000_000), LOST),
        (rated("audio", 0.0, jitter_us=200_000), GOOD),
    ],
)
def test_levels_by_loss_and_delay(rating: float, quality: ConnectionQuality) -> None:
    assert level(rating) is quality


@given(
    st.sampled_from(["audio", "video"]),
    st.tuples(st.floats(0, 1), st.integers(0, 5_000_000), st.integers(0, 1_000_000)),
    st.tuples(st.floats(0, 1), st.integers(0, 5_000_000), st.integers(0, 1_000_000)),
)
def test_a_worse_line_is_never_rated_better(kind: str, one: Any, other: Any) -> None:
    worse = tuple(map(max, one, other))
    line, worse_line = (rated(kind, loss, rtt_us=rtt, jitter_us=jitter) for loss, rtt, jitter in (one, worse))
    assert 0 <= worse_line <= line <= 100
    assert 1 <= Rated(EXCELLENT, line).mean_opinion_score <= 4.51


async def a_call() -> tuple[Room, Participant, Participant]:
    """Anna's voice goes to Boris; both are connected."""
    room = make_room()
    anna, boris = make_participant(room, "anna"), make_participant(room, "boris")
    await publish(anna, "audio")
    for number, participant in enumerate((anna, boris), 1):
        fake(participant.publisher_connection).id = number
        fake(participant.publisher_connection).become(ConnectionState.CONNECTED)
    return room, anna, boris


def sample(
    anna: Participant, boris: Participant, number: int, *, loss: float = 0.0, still: bool = False
) -> Statistics:
    """The `number`-th interval of 100 packets; `loss` on the way to Boris, who may say nothing at all."""
    track = next(iter(anna.publisher.tracks.values()))
    subscription = next(iter(boris.subscriber.subscriptions.values()))
    assert track.receiver is not None
    bytes_in = {1: 1000 * number, 2: 0 if still else 100 * number}
    return made_statistics.statistics(
        receivers=[{"receiver": track.receiver.id, "packets": 100 * number}],
        senders=[{"sender": subscription.sender.id, "packets": 100 * number, "fraction_lost": loss}],
        transports=[
            {"transport": transport, "bytes_in": size, "rtt_us": 40_000}
            for transport, size in bytes_in.items()
        ],
    )


async def test_bad_news_is_told_soon_and_good_news_when_it_lasts() -> None:
    _, anna, boris = await a_call()
    monitor = QualityMonitor()
    levels = []
    for number, loss in enumerate([0.0, 0.0, 0.4, 0.4, 0.0, 0.0, 0.0, 0.0], 1):
        rated = made_statistics.ratings(monitor, [anna, boris], sample(anna, boris, number, loss=loss))
        levels.append(rated[boris.sid].quality)
        assert rated[anna.sid].quality is EXCELLENT, "the listener's bad line is not the speaker's fault"
    assert levels == [EXCELLENT, EXCELLENT, GOOD, POOR, GOOD, GOOD, EXCELLENT, EXCELLENT]


async def test_a_peer_that_says_nothing_is_lost_and_comes_back() -> None:
    _, anna, boris = await a_call()
    monitor = QualityMonitor()
    levels = [
        made_statistics.ratings(monitor, [anna, boris], sample(anna, boris, number, still=True))[
            boris.sid
        ].quality
        for number in range(1, SILENT_SAMPLES + 2)
    ]
    assert levels == [EXCELLENT] * SILENT_SAMPLES + [LOST]
    back = made_statistics.ratings(monitor, [anna, boris], sample(anna, boris, SILENT_SAMPLES + 2))
    assert back[boris.sid].quality is GOOD
    fake(boris.publisher_connection).become(ConnectionState.DISCONNECTED)
    gone = made_statistics.ratings(monitor, [anna, boris], sample(anna, boris, SILENT_SAMPLES + 3))
    assert gone[boris.sid].quality is LOST


async def test_a_line_without_place_for_a_picture_is_poor_at_once_and_good_again_when_it_has() -> None:
    room, anna, boris = await a_call()
    await publish(anna, "video")
    monitor = QualityMonitor()
    levels = []
    for number, estimate in enumerate([5_000_000, 1, 1, 5_000_000, 5_000_000, 5_000_000, 5_000_000], 1):
        fake(boris.subscriber_connection).estimate(estimate)
        room.update_allocations(number * 10.0)
        rated = made_statistics.ratings(monitor, [anna, boris], sample(anna, boris, number))
        levels.append(rated[boris.sid].quality)
        assert rated[anna.sid].quality is EXCELLENT
    assert levels == [EXCELLENT, POOR, POOR, GOOD, GOOD, EXCELLENT, EXCELLENT]


async def test_each_hears_of_itself_and_of_those_it_receives_when_it_changes() -> None:
    room, anna, boris = await a_call()
    best = {p.sid: Rated(EXCELLENT, 100.0) for p in (anna, boris)}
    room.tell_quality(best, best.keys())
    assert told(boris, "connection_quality_changed") == [(best,)]
    assert told(anna, "connection_quality_changed") == [({anna.sid: best[anna.sid]},)]
    room.tell_quality(best, ())
    poor = {anna.sid: Rated(POOR, 35.0), boris.sid: Rated(EXCELLENT, 90.0)}
    room.tell_quality(poor, {anna.sid})
    assert told(boris, "connection_quality_changed")[1:] == [({anna.sid: poor[anna.sid]},)]
    assert len(told(anna, "connection_quality_changed")) == 2


async def test_who_begins_to_receive_somebody_hears_how_that_one_is() -> None:
    room, anna, boris = await a_call()
    (track,) = anna.publisher.tracks
    boris.subscriber.request(track, False)
    rated = {p.sid: Rated(EXCELLENT, 100.0) for p in (anna, boris)}
    room.tell_quality(rated, rated.keys())
    assert told(boris, "connection_quality_changed") == [({boris.sid: rated[boris.sid]},)]
    room.tell_quality(rated, ())
    boris.subscriber.request(track, True)
    room.tell_quality(rated, ())
    assert told(boris, "connection_quality_changed")[1:] == [({anna.sid: rated[anna.sid]},)]


async def test_the_monitor_says_of_whom_something_else_is_said() -> None:
    _, anna, boris = await a_call()
    monitor = QualityMonitor()
    changed = []
    for number, loss in enumerate([0.0, 0.0, 0.4, 0.4, 0.4], 1):
        made_statistics.ratings(monitor, [anna, boris], sample(anna, boris, number, loss=loss))
        changed.append(monitor.changed)
    assert changed == [{anna.sid, boris.sid}, set(), {boris.sid}, {boris.sid}, set()]
    made_statistics.ratings(monitor, [anna], sample(anna, boris, 6))
    assert monitor.changed == {boris.sid}
