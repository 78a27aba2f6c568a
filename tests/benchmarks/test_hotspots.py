"""Where the time of a packet goes: what perf prints, and how it is counted."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.fanout.run import Outcome
from benchmarks.fanout.shape import Shape
from benchmarks.hotspots import KERNEL, OTHER, PYTHON, Sample, group, report, samples

PRINTED = """\
dataplane-0  1234
\tffffffff813a88b0 udp_sendmsg
\tffffffff8143ed5a __sys_sendmmsg
\tffffffff82142e3d entry_SYSCALL_64_after_hwframe
\t           9b514 sendmmsg

python 15314
\t          1c70a6 _PyType_Lookup
\t    7f49eb05ea00 [unknown]

polyana job 7
\t          1c70a6 <alloc::vec::Vec<T> as core::fmt::Debug>::fmt
"""


def test_what_perf_prints() -> None:
    sending, python, named = samples(PRINTED.splitlines())
    assert sending.thread == "dataplane-0"
    assert sending.frames[0] == (0xFFFFFFFF813A88B0, "udp_sendmsg") and len(sending.frames) == 4
    assert (python.thread, python.frames[-1]) == ("python", (0x7F49EB05EA00, "[unknown]"))
    assert named == Sample("polyana job", ((0x1C70A6, "<alloc::vec::Vec<T> as core::fmt::Debug>::fmt"),))


@given(st.lists(st.text()))
def test_anything_that_is_printed_is_read(lines: list[str]) -> None:
    assert all(sample.thread and sample.frames for sample in samples(lines))


def sample(*functions: str, thread: str = "dataplane-0", kernel: bool = False) -> Sample:
    return Sample(thread, tuple(((KERNEL if kernel else 0) + 1, function) for function in functions))


def test_each_sample_counts_once_for_what_it_is_of() -> None:
    assert group(sample("udp_sendmsg", "__sys_sendmmsg", kernel=True)) == "kernel: sending"
    delivered = sample("udp_queue_rcv_skb", "process_backlog", "__sys_sendmmsg", kernel=True)
    assert group(delivered) == "kernel: the receivers' side of the loopback"
    assert group(sample("do_epoll_wait", kernel=True)) == "kernel: sleeping and waking"
    assert group(sample("aes_gcm_enc_update_vaes_avx2")) == "encrypting and decrypting"
    assert group(sample("<polyana_core::Core>::poll")) == "forwarding"
    assert (
        group(sample("polyana_core::congestion::Congestion::feedback"))
        == "what comes of feedback and reports"
    )
    assert group(sample("something")) == OTHER
    assert group(sample("aes_gcm_enc", thread="python")) == PYTHON
    assert group(sample("page_fault", kernel=True)) == OTHER, "the kernel's own is not taken for ours"


def test_the_report_gives_nanoseconds() -> None:
    outcome = Outcome(us_per_packet=2.0, loss=0.0)
    counted = Counter({"forwarding": 30, "kernel: sending": 70})
    text = report([(Shape.named("video", 50), outcome, counted)], {"date": "2026-11-30"})
    assert text.index("| kernel: sending | 1400 (70.0%) |") < text.index("| forwarding | 600 (30.0%) |")
    assert "| all | 2000 |" in text and "video, 1 -> 50" in text
