"""The report of a measurement as Markdown: a table and a picture for each cell."""

from collections.abc import Mapping, Sequence

from .. import machine
from ..fanout.report import NOTHING, table
from .cells import Cell
from .figures import Figures
from .results import Run

METHOD = """\
One publisher (Python SDK, libwebrtc) shows a film of 1280 x 720 at 25 pictures a second as VP8 in three layers (about
1,700, 450 and 160 kbit/s) with its sound (Opus with redundancy). A receiver of the same SDK asks for the best layer;
its media takes an emulated line of its own (`tests/interop/link.py`): the rate holds downwards, with a drop-tail queue
of 300 ms, delay and loss hold both ways; signalling takes no line. Figures are of the time from the subscription on,
after a step of the rate of the time from the step on.

* **converged**: until the rate (mean of 2 s) is 85 % of what is finally used (mean of the last 5 s); **used**: of the
  line.
* **congested**: time in which something waited for more than 200 ms in the queue or found it full.
* **first**: until the first picture. **freezes**: pictures that stood for more than 200 ms while the server had not
  told that the track is paused. **fps, height**: of the decoded pictures, without the pauses; **finally**:
  height and fps of the last 5 s.
* **gaps**: runs of sound of more than 60 ms that the receiver made up; **made up**: share of all its sound.
* **late**: what the machine added to the line's delay; **source fps**: of the publisher's top layer in that time. Above
  20 ms, or below 23 pictures, the machine did not carry the test, and the line of the table says little.\
"""
HEAD = (
    "server", "receiver", "converged s", "used", "kbit/s", "congested s", "first s", "freezes/min", "frozen",
    "longest s", "fps", "height", "finally", "gaps", "made up", "queue p50/p95 ms", "dropped", "paused s",
    "late p95 ms", "source fps", "load",
)  # fmt: skip


def report(facts: Mapping[str, str], cells: Sequence[Cell], runs: Sequence[Run], pictures: str) -> str:
    """`facts`: of the machine and the programs; `pictures`: folder of the charts beside the report."""
    head = machine.listed(facts)
    parts = ["# Quality on weak lines", head, METHOD]
    parts += summary(cells, runs)
    for cell in cells:
        rows = [row for run in runs if run.cell == cell.name for row in rows_of(run)]
        if rows:
            parts += [f"## {cell.headline}", table(HEAD, rows), f"![course]({pictures}/{cell.name}.svg)"]
    return "\n\n".join(parts) + "\n"


SUMMARY = """\
**Of what fits**: the rate that is finally used by the most that fits the line of what the publisher sends: sound alone
(140 kbit/s), or with one of the layers (305, 650, 2,010). Of pictures: height at pictures a second, share of the time
frozen.\
"""
SUMMARY_HEAD = (
    "line", "server", "used", "of what fits", "queue p95 ms", "dropped", "picture", "frozen", "gaps of sound",
)  # fmt: skip


def summary(cells: Sequence[Cell], runs: Sequence[Run]) -> list[str]:
    """What counts, of all cells with one receiver."""
    rows = []
    for cell in cells:
        for run in runs:
            if run.cell != cell.name or run.outcome is None or cell.good_beside:
                continue
            (found,) = run.outcome.receivers.values()
            picture = f"{found.height:.0f} at {found.fps:.0f}"
            rows.append(
                [
                    cell.headline,
                    run.server,
                    f"{found.used_kbps:.0f} kbit/s",
                    f"{found.used_kbps / cell.possible_kbps:.0%}",
                    f"{found.queue_p95_ms:.0f}",
                    f"{found.dropped:.1%}",
                    picture,
                    f"{found.frozen:.0%}",
                    str(found.gaps),
                ]
            )
    return ["## In short", SUMMARY, table(SUMMARY_HEAD, rows)] if rows else []


def rows_of(run: Run) -> list[list[str]]:
    """One for each receiver."""
    if run.outcome is None:
        return [[run.server, f"failed: {run.failure}", *[NOTHING] * (len(HEAD) - 2)]]
    told = [f"{run.outcome.publisher_fps:.1f}", f"{run.load_before:.1f}"]
    return [[run.server, name, *figures_row(found), *told] for name, found in run.outcome.receivers.items()]


def figures_row(found: Figures) -> list[str]:
    return [
        seconds(found.converged_s),
        f"{found.share:.0%}" if found.share is not None else NOTHING,
        f"{found.used_kbps:.0f}",
        seconds(found.congested_s),
        seconds(found.first_picture_s),
        f"{found.freezes_per_minute:.0f}",
        f"{found.frozen:.0%}",
        seconds(found.longest_freeze_s),
        f"{found.fps:.1f}",
        f"{found.height:.0f}",
        f"{found.final_height:.0f} at {found.final_fps:.0f}",
        str(found.gaps),
        f"{found.concealed:.1%}",
        f"{found.queue_p50_ms:.0f}/{found.queue_p95_ms:.0f}",
        f"{found.dropped:.1%}",
        seconds(found.paused_s),
        f"{found.late_p95_ms:.0f}",
    ]


def seconds(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.1f}"
