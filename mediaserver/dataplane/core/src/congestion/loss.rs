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
/// Unless less than this share of what was sent is sent, nothing can be learnt from losses that stay.
const LESS_SENT: f64 = 0.97;

#[derive(Debug)]
pub(super) struct LossRate {
    pub bits_per_second: f64,
    arrived: u32,
    lost: u32,
    since: Time,
    decreased: Time,
    /// Share of packets that the line loses at any rate.
    own: f64,
    /// Loss at which the rate was last lowered, and bit/s that were sent then; until it is seen what that did.
    before: Option<(f64, Option<f64>)>,
}

/// What has become known of packets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Losses {
    pub arrived: u32,
    pub lost: u32,
    /// Bit/s that were sent.
    pub sent: Option<f64>,
    /// What arrived had waited in a queue.
    pub is_queued: bool,
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

    /// Takes what has become known since the last call; `rate` is what is allowed now, bit/s.
    pub fn update(&mut self, losses: &Losses, rate: f64, rtt_us: u64, now: Time) {
        self.arrived += losses.arrived;
        self.lost += losses.lost;
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
        if let Some((before, sent_before)) = self.before.take_if(|_| has_settled)
            && !losses.is_queued
            && is_unhelped(before, loss, sent_before, losses.sent)
        {
            self.own = self.own.max(loss);
        }
        let excess = loss - self.own;
        if excess > HIGH {
            if has_settled {
                let share = 1.0 - 0.5 * excess;
                self.decreased = now;
                self.before = Some((loss, losses.sent));
                self.bits_per_second = rate * share;
            }
        } else if excess < LOW {
            self.bits_per_second *= INCREASE;
        }
        // Never far above what counts, so that the next loss has an effect.
        self.bits_per_second = self.bits_per_second.min(2.0 * rate);
    }
}

/// Whether there is as much loss as before though less was sent. A line that carries only so much loses
/// `1 - (1 - loss) / share` when a share of what was sent is sent.
fn is_unhelped(before: f64, loss: f64, sent_before: Option<f64>, sent: Option<f64>) -> bool {
    let (Some(sent_before), Some(sent)) = (sent_before, sent) else {
        return false;
    };
    let share = sent / sent_before.max(1.0);
    let expected = (1.0 - (1.0 - before) / share.max(0.01)).max(0.0);
    share < LESS_SENT && loss >= (before + expected) / 2.0
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
                let known = Losses {
                    arrived: 100 - lost,
                    lost,
                    sent: Some(allowed),
                    is_queued: false,
                };
                losses.update(&known, allowed, 50_000, Time(step * 250_000));
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
    fn losses_that_stay_while_as_much_is_sent_are_not_the_lines_own() {
        let mut losses = LossRate::new(Time(0));
        let mut allowed: f64 = 1e6;
        for step in 1..=60 {
            let known = Losses {
                arrived: 60,
                lost: 40,
                sent: Some(4e5),
                is_queued: true,
            };
            losses.update(&known, allowed, 50_000, Time(step * 250_000));
            allowed = allowed.min(losses.bits_per_second);
        }
        assert!(allowed < 1e5, "{allowed}");
    }

    #[test]
    fn a_line_that_loses_at_any_rate_keeps_what_it_has() {
        let rates = run(60, |_| 0.12);
        assert!(rates.iter().all(|rate| *rate > 8e5), "{rates:?}");
        assert_eq!(rates[59], 1e6);
    }
}
