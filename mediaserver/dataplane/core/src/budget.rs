//! A limit of how often something may happen: a steady rate with bursts (the generic cell rate algorithm, ITU-T I.371).

use crate::api::Time;

/// `interval_us`: between two of a steady flow; `burst`: how many may come at once.
pub(crate) struct Budget {
    interval_us: u64,
    burst: u64,
    /// When the flow would be steady again.
    at_us: u64,
}

impl Budget {
    pub const fn new(per_second: u64, burst: u64) -> Self {
        Self {
            interval_us: 1_000_000 / per_second,
            burst,
            at_us: 0,
        }
    }

    /// Whether one more may happen now.
    pub fn spend(&mut self, now: Time) -> bool {
        let at_us = self.at_us.max(now.0);
        if at_us - now.0 > (self.burst - 1) * self.interval_us {
            return false;
        }
        self.at_us = at_us + self.interval_us;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(budget: &mut Budget, at_us: u64, tries: u64) -> u64 {
        (0..tries).filter(|_| budget.spend(Time(at_us))).count() as u64
    }

    #[test]
    fn a_burst_passes_and_no_more() {
        let mut budget = Budget::new(1000, 20);
        assert_eq!(spent(&mut budget, 5_000_000, 100), 20);
        assert_eq!(spent(&mut budget, 5_000_000, 100), 0);
    }

    #[test]
    fn time_brings_it_back_up_to_a_burst() {
        let mut budget = Budget::new(1000, 20);
        spent(&mut budget, 0, 100);
        assert_eq!(spent(&mut budget, 7_000, 100), 7);
        assert_eq!(spent(&mut budget, 3_000_000, 100), 20);
    }

    #[test]
    fn the_rate_holds_over_any_length() {
        let mut budget = Budget::new(4000, 2048);
        let passed: u64 = (0..10_000).map(|ms| spent(&mut budget, ms * 1000, 50)).sum();
        assert!((40_000..=40_000 + 2048).contains(&passed), "{passed}");
    }
}
