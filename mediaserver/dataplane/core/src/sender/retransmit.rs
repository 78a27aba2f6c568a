//! Limits on resending: a packet once for each round trip, and not more than a share of what is sent.

use crate::api::Time;

/// Recently resent numbers that are remembered.
const REMEMBERED: usize = 256;
/// A second request sooner than this asks for what is on its way.
const MIN_INTERVAL_US: u64 = 10_000;
/// Resends a second: half of a fast video stream.
const PER_SECOND: f64 = 500.0;

#[derive(Debug)]
pub(crate) struct ResendLimit {
    /// Allocated with the first NACK: most peers never send one.
    recent: Vec<(u64, Time)>,
    budget: f64,
    refilled: Time,
}

impl Default for ResendLimit {
    fn default() -> Self {
        Self {
            recent: Vec::new(),
            budget: PER_SECOND,
            refilled: Time::default(),
        }
    }
}

impl ResendLimit {
    /// True when the packet may be resent now, and remembers it.
    pub fn allow(&mut self, out: u64, rtt_us: Option<u64>, now: Time) -> bool {
        if self.recent.is_empty() {
            self.recent = vec![(u64::MAX, Time(0)); REMEMBERED];
        }
        let slot = &mut self.recent[(out % REMEMBERED as u64) as usize];
        let interval = (rtt_us.unwrap_or(0) / 2).max(MIN_INTERVAL_US);
        if slot.0 == out && now.0.saturating_sub(slot.1.0) < interval {
            return false;
        }
        let elapsed = now.0.saturating_sub(self.refilled.0) as f64 / 1e6;
        self.budget = (self.budget + elapsed * PER_SECOND).min(PER_SECOND);
        self.refilled = now;
        if self.budget < 1.0 {
            return false;
        }
        self.budget -= 1.0;
        *slot = (out, now);
        true
    }
}
