"""The lines that are measured."""

from dataclasses import dataclass

#: From the first media to the end, and after a change of the rate.
STEADY_S = 18.0
BEFORE_STEP_S = 12.0
AFTER_STEP_S = 15.0
RATES_KBPS = (200, 500, 1000, 2500)
ROUND_TRIPS_MS = (20, 100, 300)
LOSSES = (0.0, 0.02, 0.05, 0.10)
#: What sound alone and sound with each layer of the film take, with all headers.
LEVELS_KBPS = (140, 305, 650, 2010)


@dataclass(frozen=True)
class Cell:
    """One receiver's line. The rate is that of the downlink, round trip and loss (0 to 1, each way) of both."""

    name: str
    """Of a steady one: kbit/s, round trip, loss in percent."""
    kbps: int
    then_kbps: int | None = None
    """After a step."""
    round_trip_ms: int = 100
    loss: float = 0.0
    good_beside: int = 0
    """Receivers of the same film on lines without a limit of the rate; 0 kbit/s: they are alone."""

    @property
    def headline(self) -> str:
        if not self.kbps:
            return f"{self.good_beside} good receivers alone, round trip {self.round_trip_ms} ms"
        rate = f"{self.kbps} kbit/s" + (f", then {self.then_kbps}" if self.then_kbps else "")
        beside = f", {self.good_beside} good receivers beside it" if self.good_beside else ""
        return f"{rate}, round trip {self.round_trip_ms} ms, loss {self.loss:.0%}{beside}"

    @property
    def seconds(self) -> float:
        return BEFORE_STEP_S + AFTER_STEP_S if self.then_kbps else STEADY_S

    @property
    def judged_from_s(self) -> float:
        """Figures are those of the time after a step, else of the whole time."""
        return BEFORE_STEP_S if self.then_kbps else 0.0

    @property
    def last_kbps(self) -> int:
        return self.then_kbps or self.kbps

    @property
    def possible_kbps(self) -> int:
        """The most that fits of what the publisher sends."""
        return max(level for level in LEVELS_KBPS if level <= self.last_kbps)


def steady(kbps: int, round_trip_ms: int = 100, loss: float = 0.0) -> Cell:
    return Cell(f"{kbps}-{round_trip_ms}ms-{loss * 100:.0f}", kbps, round_trip_ms=round_trip_ms, loss=loss)


STEPS = (Cell("step-down", 2500, 500), Cell("step-up", 500, 2500))
BAD_AMONG_GOOD = (Cell("good-alone", 0, good_beside=2), Cell("bad-among-good", 200, good_beside=2))
QUICK = (steady(200), steady(500), steady(1000), steady(2500), *STEPS, *BAD_AMONG_GOOD)
#: One thing changes at a time.
STAR = (
    *(steady(kbps) for kbps in RATES_KBPS),
    *(steady(1000, trip) for trip in ROUND_TRIPS_MS if trip != 100),
    *(steady(1000, loss=loss) for loss in LOSSES if loss),
    *STEPS,
    *BAD_AMONG_GOOD,
)
EVERY = (
    *(steady(kbps, trip, loss) for kbps in RATES_KBPS for trip in ROUND_TRIPS_MS for loss in LOSSES),
    *STEPS,
    *BAD_AMONG_GOOD,
)
SETS = {"quick": QUICK, "star": STAR, "every": EVERY}
