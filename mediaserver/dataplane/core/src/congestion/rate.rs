//! The rate that the detector of queues allows: additive increase, multiplicative decrease
//! (draft-ietf-rmcat-gcc-02, section 5.5).

use super::delay::Usage;
use super::throughput::Recent;
use crate::api::Time;

/// What remains after an overuse, of what got through.
const DECREASE: f64 = 0.85;
/// Of the rate itself, when much less than it was sent: then what got through says little of the line.
const LIMITED_DECREASE: f64 = 0.7;
/// Below this share of the rate the sender is limited by what there is to send.
const LIMITED: f64 = 0.7;
/// Of what gets through at the moment, a line keeps so much: less would empty its queue hardly sooner.
const DRAINING: f64 = 0.6;
/// For each second, far from where the line was full before: the logarithm of 1.08.
const INCREASE: f64 = 0.077;
/// The rate grows no further than this above what gets through.
const AHEAD: f64 = 1.5;
const AHEAD_BPS: f64 = 10_000.0;
/// One packet for each round trip, near to where the line was full; round trips count as this much longer.
const RESPONSE_US: f64 = 100_000.0;
const PACKET_BITS: f64 = 1200.0 * 8.0;
const SLOWEST_INCREASE_BPS: f64 = 4_000.0;
/// Decreases are as far apart as the round trip, within these bounds.
const SHORTEST_US: u64 = 100_000;
const LONGEST_US: u64 = 300_000;
/// A line on which nothing can be measured for this long is a slow one.
const UNKNOWN_US: u64 = 300_000;
/// Smoothing of what got through when the line was full.
const CAPACITY_SHARE: f64 = 0.05;

#[derive(Debug)]
pub(super) struct DelayRate {
    pub bits_per_second: f64,
    increasing: bool,
    updated: Time,
    decreased: Time,
    unknown_since: Option<Time>,
    /// What got through when the line was full: mean and its normalised variance, bit/s.
    capacity: Option<(f64, f64)>,
}

/// What is known when feedback has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observed {
    pub usage: Usage,
    /// Bit/s that arrived, and that were sent.
    pub arrived: Option<f64>,
    pub sent: Option<f64>,
    /// Bit/s of what arrived that the line has room for, beside what else goes over it,
    pub carried: Option<f64>,
    /// and the same of the last moment.
    pub recent: Option<Recent>,
    /// A long queue stands.
    pub is_full: bool,
    pub rtt_us: u64,
}

impl DelayRate {
    pub fn new(bits_per_second: f64, now: Time) -> Self {
        Self {
            bits_per_second,
            increasing: true,
            updated: now,
            decreased: Time(0),
            unknown_since: None,
            capacity: None,
        }
    }

    /// The line was measured to carry this.
    pub fn measured(&mut self, bits_per_second: f64) {
        self.bits_per_second = bits_per_second;
        if self.capacity.is_some_and(|(mean, _)| bits_per_second > mean) {
            self.capacity = None;
        }
    }

    pub fn update(&mut self, observed: &Observed, now: Time) {
        let since_us = now.0.saturating_sub(self.updated.0).min(1_000_000) as f64;
        self.updated = now;
        match observed.usage {
            Usage::Over => self.decrease(observed, now),
            Usage::Under => self.increasing = false, // the queue drains first
            Usage::Normal if !self.increasing => self.increasing = true,
            Usage::Normal => self.increase(observed, since_us),
        }
    }

    fn decrease(&mut self, observed: &Observed, now: Time) {
        self.increasing = false;
        // Something was held up, and nothing is known yet of what comes through.
        let is_unknown = observed.is_full && observed.recent.is_none();
        let since = is_unknown.then(|| self.unknown_since.unwrap_or(now));
        self.unknown_since = since;
        if since.is_some_and(|since| now.0 - since.0 < UNKNOWN_US) {
            return;
        }
        let apart = observed.rtt_us.clamp(SHORTEST_US, LONGEST_US);
        if now.0.saturating_sub(self.decreased.0) < apart {
            return;
        }
        self.decreased = now;
        let is_limited = !observed.is_full
            && observed
                .sent
                .is_some_and(|sent| sent < LIMITED * self.bits_per_second);
        let lately = observed.carried.filter(|_| !observed.is_full);
        let recent = observed.recent.map(|recent| recent.bits_per_second);
        let arrived = [lately, recent].into_iter().flatten();
        let mut arrived = arrived.reduce(f64::max).unwrap_or(self.bits_per_second);
        // What came through a queue is what the line carries: less and less would be no better answer to the same queue.
        if !observed.recent.is_some_and(|recent| recent.is_queued) {
            arrived = arrived.min(self.bits_per_second);
        }
        let mut rate = DECREASE * arrived;
        if is_limited {
            rate = rate.max(LIMITED_DECREASE * self.bits_per_second);
        } else {
            self.line_was_full(arrived);
        }
        rate = rate.max(DRAINING * recent.unwrap_or(0.0));
        self.bits_per_second = rate.min(self.bits_per_second);
    }

    fn increase(&mut self, observed: &Observed, since_us: f64) {
        let limit = observed
            .arrived
            .map_or(f64::MAX, |arrived| AHEAD * arrived + AHEAD_BPS);
        // A picture may cost more for a while than was planned: a line that carries it is at least so wide.
        let proven = observed.arrived.unwrap_or(0.0);
        self.bits_per_second = self.bits_per_second.max(proven);
        if self.bits_per_second >= limit {
            return;
        }
        if let (Some((mean, variance)), Some(arrived)) = (self.capacity, observed.arrived)
            && arrived > mean + 3.0 * (variance * mean).sqrt()
        {
            self.capacity = None; // the line has become wider
        }
        let added = if self.capacity.is_some() {
            let response_us = observed.rtt_us as f64 + RESPONSE_US;
            (PACKET_BITS * 1e6 / response_us).max(SLOWEST_INCREASE_BPS) * since_us / 1e6
        } else {
            // The exponential function of less than a twelfth.
            let exponent = INCREASE * since_us / 1e6;
            self.bits_per_second * exponent * (1.0 + exponent / 2.0)
        };
        self.bits_per_second = (self.bits_per_second + added).min(limit);
    }

    fn line_was_full(&mut self, arrived: f64) {
        let (mean, variance) = self.capacity.unwrap_or((arrived, 0.4 * 1000.0));
        let mean = (1.0 - CAPACITY_SHARE) * mean + CAPACITY_SHARE * arrived;
        let deviation = (arrived - mean) * (arrived - mean) / mean.max(1.0);
        let variance = (1.0 - CAPACITY_SHARE) * variance + CAPACITY_SHARE * deviation;
        self.capacity = Some((mean, variance.clamp(0.4 * 1000.0, 2.5 * 1000.0)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(usage: Usage, arrived: f64, sent: f64) -> Observed {
        Observed {
            usage,
            arrived: Some(arrived),
            sent: Some(sent),
            recent: None,
            carried: Some(arrived),
            is_full: false,
            rtt_us: 50_000,
        }
    }

    #[test]
    fn a_full_line_costs_a_seventh_of_what_got_through() {
        let mut rate = DelayRate::new(2e6, Time(0));
        rate.update(&observed(Usage::Over, 1e6, 2e6), Time(1_000_000));
        assert_eq!(rate.bits_per_second, 0.85e6);
        rate.update(&observed(Usage::Over, 0.5e6, 2e6), Time(1_050_000));
        assert_eq!(
            rate.bits_per_second, 0.85e6,
            "not before the first decrease can be seen"
        );
    }

    #[test]
    fn little_traffic_does_not_make_a_line_narrow_at_once() {
        let mut rate = DelayRate::new(2e6, Time(0));
        rate.update(&observed(Usage::Over, 0.2e6, 0.2e6), Time(1_000_000));
        assert_eq!(rate.bits_per_second, 1.4e6);
    }

    #[test]
    fn what_is_not_known_of_a_full_line_is_waited_for_and_not_for_ever() {
        let mut rate = DelayRate::new(2e6, Time(0));
        let unknown = Observed {
            is_full: true,
            ..observed(Usage::Over, 0.1e6, 1e6)
        };
        for at in [1_000_000, 1_100_000, 1_250_000] {
            rate.update(&unknown, Time(at));
            assert_eq!(rate.bits_per_second, 2e6);
        }
        rate.update(&unknown, Time(1_300_000));
        assert_eq!(rate.bits_per_second, 1.7e6);
    }

    #[test]
    fn what_arrives_without_a_queue_is_no_more_than_the_line_carries() {
        let mut rate = DelayRate::new(1e6, Time(0));
        rate.update(&observed(Usage::Normal, 1.7e6, 1.7e6), Time(50_000));
        assert!((1.7e6..1.72e6).contains(&rate.bits_per_second), "{rate:?}");
        rate.update(&observed(Usage::Under, 1.9e6, 1.9e6), Time(100_000));
        assert!(
            rate.bits_per_second < 1.72e6,
            "what waited on the way says nothing"
        );
    }

    #[test]
    fn grows_by_a_twelfth_a_second_but_not_far_ahead_of_what_arrives() {
        let mut rate = DelayRate::new(1e6, Time(0));
        for step in 1..=100u64 {
            rate.update(&observed(Usage::Normal, 1e6, 1e6), Time(step * 50_000));
        }
        assert!((1.44e6..1.48e6).contains(&rate.bits_per_second), "{rate:?}");
        for step in 101..=400u64 {
            rate.update(&observed(Usage::Normal, 1e6, 1e6), Time(step * 50_000));
        }
        assert_eq!(rate.bits_per_second, 1.51e6);
    }

    #[test]
    fn a_queue_that_stays_does_not_lower_what_it_shows_of_the_line() {
        let mut rate = DelayRate::new(3e6, Time(0));
        let queued = Observed {
            recent: Some(Recent {
                bits_per_second: 2e6,
                is_queued: true,
                held_up: 0.0,
            }),
            ..observed(Usage::Over, 0.5e6, 2.5e6)
        };
        for at in 1..=5 {
            rate.update(&queued, Time(at * 1_000_000));
            assert_eq!(rate.bits_per_second, 1.7e6);
        }
    }
}
