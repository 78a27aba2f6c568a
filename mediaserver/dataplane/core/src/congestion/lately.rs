//! What went out over about the last half second, and how much of it came.

use super::line_report::LineReport;
use crate::api::Time;
use std::collections::VecDeque;

const WINDOW_US: u64 = 500_000;
/// Less than this is no measure.
const SHORTEST_US: u64 = 150_000;

/// What had gone out and was told of until a moment.
#[derive(Clone, Copy, Debug)]
struct Moment {
    at: Time,
    /// Bytes with transport-wide numbers, and those of all else on the same line.
    sent: u64,
    beside: u64,
    /// When the newest packet had left that is known to have arrived.
    departed: Time,
    /// Packets with transport-wide numbers.
    arrived: u64,
    lost: u64,
}

/// Bit/s.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rates {
    /// With transport-wide numbers.
    pub sent: f64,
    /// With none.
    pub beside: f64,
    /// As in `Recent`.
    pub held_up: f64,
    /// Share of packets that were lost.
    pub lost: f64,
}

impl Rates {
    /// What of these bit/s, of packets that were `held_up`, the line has room for beside what else goes over it: a growing
    /// queue holds up sound as well as pictures, one that `is_full` drops both.
    pub fn room(&self, bits_per_second: f64, held_up: f64, is_full: bool) -> f64 {
        let lost = if is_full { self.lost } else { 0.0 };
        let displaced = self.beside * (1.0 - (1.0 - held_up) * (1.0 - lost));
        (bits_per_second - displaced).max(0.0)
    }
}

#[derive(Debug, Default)]
pub(super) struct Lately {
    /// When the newest packet had left that arrived.
    departed: Time,
    moments: VecDeque<Moment>,
}

impl Lately {
    /// A packet that left then has arrived.
    pub fn arrived(&mut self, departed: Time) {
        self.departed = self.departed.max(departed);
    }

    /// The rates until now, when so many bytes have been sent with transport-wide numbers and without, and `line` says what
    /// came of the packets; None: measured for too short a time.
    pub fn until(&mut self, now: Time, sent: u64, beside: u64, line: &LineReport) -> Option<Rates> {
        let moment = Moment {
            at: now,
            sent,
            beside,
            departed: self.departed,
            arrived: line.arrived,
            lost: line.lost,
        };
        self.moments.push_back(moment);
        while self
            .moments
            .get(1)
            .is_some_and(|next| moment.at.0 - next.at.0 >= WINDOW_US)
        {
            self.moments.pop_front();
        }
        let first = self.moments.front()?;
        let elapsed_us = moment.at.0 - first.at.0;
        let lost = moment.lost - first.lost;
        let told = lost + moment.arrived - first.arrived;
        let through_us = moment.departed.0.saturating_sub(first.departed.0);
        let rate = |bytes: u64| bytes as f64 * 8e6 / elapsed_us as f64;
        (elapsed_us >= SHORTEST_US).then(|| Rates {
            sent: rate(moment.sent - first.sent),
            beside: rate(moment.beside.saturating_sub(first.beside)),
            held_up: (1.0 - through_us as f64 / elapsed_us as f64).max(0.0),
            lost: lost as f64 / told.max(1) as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every 50 ms 6 kB with numbers and 1 kB beside them, a packet of five is lost, and each waits 10 ms longer than the one
    /// before.
    fn step(lately: &mut Lately, line: &mut LineReport, number: u64) -> Option<Rates> {
        lately.arrived(Time(number * 40_000));
        line.arrived += 4;
        line.lost += 1;
        lately.until(Time(number * 50_000), number * 6_000, number * 1_000, line)
    }

    #[test]
    fn measures_the_last_half_second() {
        let (mut lately, mut line) = (Lately::default(), LineReport::default());
        for number in 0..3 {
            assert_eq!(step(&mut lately, &mut line, number), None);
        }
        let close = |one: f64, other: f64| (one - other).abs() < 1e-6 * other;
        for number in 3..100 {
            let rates = step(&mut lately, &mut line, number).unwrap();
            assert!(
                close(rates.sent, 960e3) && close(rates.beside, 160e3),
                "{rates:?}"
            );
            assert!(close(rates.held_up, 0.2) && close(rates.lost, 0.2), "{rates:?}");
        }
        let rates = lately
            .until(Time(5_500_000), 99 * 6_000, 99 * 1_000, &line)
            .unwrap();
        assert!(rates.sent < 100e3, "{rates:?}");
    }

    #[test]
    fn sound_that_waits_or_is_lost_needs_its_room() {
        let rates = Rates {
            sent: 300e3,
            beside: 100e3,
            held_up: 0.5,
            lost: 0.2,
        };
        assert_eq!(rates.room(200e3, 0.0, false), 200e3);
        assert_eq!(rates.room(200e3, 0.5, false), 150e3);
        assert_eq!(rates.room(200e3, 0.5, true), 140e3);
        assert_eq!(rates.room(50e3, 1.0, true), 0.0);
    }
}
