"""Lines that show nothing are not looked at: never one in which the full rule would find something."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver import diagnosis
from mediaserver.diagnosis import ClientReport, Diagnosis, LineSample, Passed, Route, ServerSample, Verdict

# Values on both sides of every limit. The first ones are those of a good line, and come most often.
PASSED = [(200, 0), (200, 0), (200, 0), (200, 3), (200, 5), (100, 9), (30, 30), (0, 0), (0, 40)]
passed = st.sampled_from([Passed(*counts) for counts in PASSED])
reports = st.builds(
    ClientReport,
    cpu_limited=st.booleans(),
    bandwidth_limited=st.booleans(),
    frames_decoded=st.sampled_from([30, 0]),
    frames_dropped=st.sampled_from([0, 0, 3, 9]),
    decode_ms=st.sampled_from([0.0, 690.0, 710.0]),
    lag_ms=st.sampled_from([0.0, 99.0, 150.0, 499.0, 510.0]),
    relayed=st.booleans(),
)
wild = st.builds(
    LineSample,
    network=st.sampled_from("abcd"),
    route=st.sampled_from([Route.UDP, Route.UDP, Route.UDP, Route.TCP, Route.RELAY, Route.NONE]),
    remote=st.sampled_from(["here", "here", "here", "there"]),
    waiting_s=st.sampled_from([0.0, 9.0]),
    down=passed,
    up=passed,
    rtt_ms=st.sampled_from([20.0, None, 290.0, 310.0, 399.0, 401.0, 900.0]),
    down_jitter_ms=st.sampled_from([3.0, 29.9, 31.0]),
    up_jitter_ms=st.sampled_from([3.0, 29.9, 31.0]),
    is_narrow=st.booleans(),
    camera_fps=st.sampled_from([None, 30.0, 13.0, 11.0, 9.1, 8.0]),
    keyframe_requests=st.sampled_from([0, 0, 1, 3]),
    tracks=st.sampled_from([1, 1, 2]),
    takes_pictures=st.booleans(),
    report=st.none() | reports,
)
good = st.builds(
    LineSample,
    network=st.sampled_from("abcd"),
    remote=st.just("here"),
    down=passed.filter(lambda one: one.lost < 5),
    up=passed.filter(lambda one: one.lost < 5),
    rtt_ms=st.sampled_from([20.0, 310.0, 399.0]),
    down_jitter_ms=st.sampled_from([3.0, 29.9]),
    camera_fps=st.sampled_from([None, 30.0, 9.1]),
    tracks=st.just(1),
    takes_pictures=st.booleans(),
    report=st.none(),
)
# Little is wrong with most bad lines.
odd = st.builds(
    lambda base, other, names: base._replace(**{name: getattr(other, name) for name in names}),
    good,
    wild,
    st.sets(st.sampled_from(LineSample._fields), min_size=1, max_size=2),
)
# A line is good or odd for some time, as faults count when they last.
spells = st.lists(
    st.tuples(good | odd | wild, st.integers(1, 14)).map(lambda spell: [spell[0]] * spell[1])
    | st.lists(good, min_size=1, max_size=9),
    min_size=1,
    max_size=4,
).map(lambda runs: [sample for run in runs for sample in run])


def said(lines: Sequence[Sequence[LineSample]]) -> list[dict[str, object]]:
    """What is said in each second; a line ends when its samples do."""
    judge, found = Diagnosis(), []
    for second in range(max(map(len, lines))):
        samples = {str(n): line[second] for n, line in enumerate(lines) if second < len(line)}
        found.append(dict(judge.update(float(second), ServerSample(), samples)))
    return found


@given(st.lists(spells, min_size=1, max_size=5))
def test_no_line_is_passed_over_in_which_something_would_be_found(lines: list[list[LineSample]]) -> None:
    with pytest.MonkeyPatch.context() as everywhere:
        everywhere.setattr(diagnosis._Line, "needs_a_look", property(lambda line: bool(line.samples)))
        looked_at = said(lines)
    assert said(lines) == looked_at


GOOD = LineSample(
    network="a",
    remote="here",
    down=Passed(200, 0),
    up=Passed(200, 0),
    rtt_ms=20.0,
    camera_fps=30.0,
    takes_pictures=True,
)
FAULTS = {
    "narrow": (GOOD._replace(is_narrow=True), Verdict.HOME_DOWNLINK),
    "loss down": (GOOD._replace(down=Passed(100, 9)), Verdict.HOME_LOSS),
    "loss up": (GOOD._replace(up=Passed(100, 9)), Verdict.HOME_LOSS),
    "delay": (GOOD._replace(rtt_ms=401.0), Verdict.HOME_DELAY),
    "jitter down": (GOOD._replace(down_jitter_ms=31.0), Verdict.HOME_JITTER),
    "jitter up": (GOOD._replace(up_jitter_ms=31.0), Verdict.HOME_JITTER),
    "keyframes": (GOOD._replace(keyframe_requests=1), Verdict.DEVICE_DECODING),
    "frames": (GOOD._replace(camera_fps=8.0), Verdict.DEVICE_ENCODING),
    "TCP": (GOOD._replace(route=Route.TCP), Verdict.FIREWALL_TCP),
    "relay": (GOOD._replace(route=Route.RELAY), Verdict.FIREWALL_RELAY),
    "no path": (LineSample(route=Route.NONE, waiting_s=9.0), Verdict.FIREWALL_BLOCKED),
    "processor": (GOOD._replace(report=ClientReport(cpu_limited=True)), Verdict.DEVICE_ENCODING),
    "limited": (GOOD._replace(report=ClientReport(bandwidth_limited=True)), Verdict.HOME_UPLINK),
    "late": (GOOD._replace(report=ClientReport(lag_ms=510.0)), Verdict.DEVICE_BUSY),
    "decoding": (
        GOOD._replace(report=ClientReport(frames_decoded=30, decode_ms=710.0)),
        Verdict.DEVICE_DECODING,
    ),
    "dropped": (
        GOOD._replace(report=ClientReport(frames_decoded=30, frames_dropped=9)),
        Verdict.DEVICE_DECODING,
    ),
}
LONG = 40
"""Samples: every fault is told by then."""


@pytest.mark.parametrize(("fault", "verdict"), FAULTS.values(), ids=FAULTS)
def test_a_line_with_one_fault_is_looked_at(fault: LineSample, verdict: Verdict) -> None:
    told = said([[GOOD] * 2 * diagnosis.WINDOW + [fault] * LONG])
    assert [change["0"] for change in told if change] == [verdict]
