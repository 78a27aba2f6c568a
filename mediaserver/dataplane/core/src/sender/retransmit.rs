//! Limits on resending: a packet once for each round trip, and not more than a share of what is sent.

use crate::api::Time;

/// Recently resent numbers that are remembered.
const REMEMBERED: usize = 256;
/// The least patience.
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

/// Why a packet should go out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The peer asks for it (NACK).
    Asked,
    /// The copy that left then did not arrive, as feedback on the line tells.
    Missed { left: Time },
    /// Once more after a resend.
    Repeat,
}

impl ResendLimit {
    /// True when the packet may be resent now, and remembers it. A peer that asks sooner than `patience_us` after a resend asks
    /// for what is on its way.
    pub fn allow(&mut self, out: u64, wish: Wish, patience_us: u64, now: Time) -> bool {
        if wish == Wish::Repeat {
            return true;
        }
        if self.recent.is_empty() {
            self.recent = vec![(u64::MAX, Time(0)); REMEMBERED];
        }
        let slot = &mut self.recent[(out % REMEMBERED as u64) as usize];
        let is_on_its_way = slot.0 == out
            && match wish {
                Wish::Missed { left } => slot.1 > left,
                Wish::Asked | Wish::Repeat => {
                    now.0.saturating_sub(slot.1.0) < patience_us.max(MIN_INTERVAL_US)
                }
            };
        if is_on_its_way {
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
