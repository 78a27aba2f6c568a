//! The rate that losses allow (draft-ietf-rmcat-gcc-02, section 6), without blaming the sender for a line that loses
//! packets at any rate: what a lower rate did not help against is the line's own loss.

use crate::api::Time;

/// Packets and time that make a measure.
const ENOUGH_PACKETS: u32 = 20;
const ENOUGH_US: u64 = 200_000;
/// A measure is made from fewer packets after this long.
const LONG_US: u64 = 1_000_000;
const FEW_PACKETS: u32 = 5;
/// Shares of loss beyond the line's own: below, the rate grows; above, it falls.
const LOW: f64 = 0.02;
const HIGH: f64 = 0.10;
const INCREASE: f64 = 1.05;
/// How quickly the line's own loss is forgotten when there is less of it.
const FORGET: f64 = 0.2;
const SHORTEST_US: u64 = 300_000;

#[derive(Debug)]
pub(super) struct LossRate {
    pub bits_per_second: f64,
    arrived: u32,
    lost: u32,
    since: Time,
    decreased: Time,
    /// Share of packets that the line loses at any rate.
    own: f64,
    /// Loss at which the rate was last lowered, and what it should be then if the rate was its cause; until it is seen what
    /// that did.
    before: Option<(f64, f64)>,
}

impl LossRate {
    pub fn new(now: Time) -> Self {
        Self {
            bits_per_second: f64::MAX,
            arrived: 0,
            lost: 0,
            since: now,
            decreased: Time(0),
            own: 0.0,
            before: None,
        }
    }

    /// The line was measured to carry this.
    pub fn measured(&mut self, bits_per_second: f64) {
        self.bits_per_second = self.bits_per_second.max(bits_per_second);
    }

    /// Packets that arrived and that were lost since the last call; `rate` is what is allowed now, bit/s.
    pub fn update(&mut self, (arrived, lost): (u32, u32), rate: f64, rtt_us: u64, now: Time) {
        self.arrived += arrived;
        self.lost += lost;
        let total = self.arrived + self.lost;
        let elapsed = now.0.saturating_sub(self.since.0);
        let is_enough = total >= ENOUGH_PACKETS && elapsed >= ENOUGH_US;
        if !(is_enough || total >= FEW_PACKETS && elapsed >= LONG_US) {
            return;
        }
        let loss = f64::from(self.lost) / f64::from(total);
        (self.arrived, self.lost, self.since) = (0, 0, now);
        if loss < self.own {
            self.own += FORGET * (loss - self.own);
        }
        let has_settled = now.0.saturating_sub(self.decreased.0) >= SHORTEST_US + 2 * rtt_us;
        if let Some((before, expected)) = self.before.take_if(|_| has_settled)
            && loss >= (before + expected) / 2.0
        {
            self.own = self.own.max(loss);
        }
        let excess = loss - self.own;
        if excess > HIGH {
            if has_settled {
                let share = 1.0 - 0.5 * excess;
                self.decreased = now;
                self.before = Some((loss, (1.0 - (1.0 - loss) / share).max(0.0)));
                self.bits_per_second = rate * share;
            }
        } else if excess < LOW {
            self.bits_per_second *= INCREASE;
        }
        // Never far above what counts, so that the next loss has an effect.
        self.bits_per_second = self.bits_per_second.min(2.0 * rate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs for so many intervals of 250 ms; `loss` tells the share that a rate loses. Gives the rates.
    fn run(intervals: u64, loss: impl Fn(f64) -> f64) -> Vec<f64> {
        let mut losses = LossRate::new(Time(0));
        let mut allowed = 1e6;
        (1..=intervals)
            .map(|step| {
                let lost = (100.0 * loss(allowed)).round() as u32;
                losses.update((100 - lost, lost), allowed, 50_000, Time(step * 250_000));
                allowed = losses.bits_per_second.min(1e6);
                allowed
            })
            .collect()
    }

    #[test]
    fn a_line_that_loses_what_is_too_much_gets_less() {
        let rates = run(60, |rate| ((rate - 5e5) / rate).max(0.0));
        let last = rates[40..].iter().sum::<f64>() / 20.0;
        assert!((4.2e5..6.3e5).contains(&last), "{last}");
    }

    #[test]
    fn a_line_that_loses_at_any_rate_keeps_what_it_has() {
        let rates = run(60, |_| 0.12);
        assert!(rates.iter().all(|rate| *rate > 8e5), "{rates:?}");
        assert_eq!(rates[59], 1e6);
    }
}
