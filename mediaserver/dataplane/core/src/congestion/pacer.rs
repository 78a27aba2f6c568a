//! Bursts of video are stretched to what the line can take soon, so that a keyframe does not fill the queue before it.

use crate::api::Time;

/// Packets of a frame leave somewhat faster than the line carries them: what is known of it may be too little. Much faster
/// (2.5 in draft-ietf-rmcat-gcc-02, section 4), and a keyframe fills the queue before it, where sound would wait too.
const FACTOR: f64 = 1.5;
/// While a long queue stands, so much of it: the queue drains, and what waits here can still be overtaken by sound.
const DRAINING: f64 = 0.75;
const SLOWEST_BPS: f64 = 120_000.0;
/// What may leave at once: so much of what the line carries that a picture of a steady stream leaves whole,
const BURST_US: f64 = 40_000.0;
/// and no less than this, nor than what has been seen to come through at once.
const BURST_BYTES: f64 = 6_000.0;

/// What is sent again takes no more than this share of the line: when it is full, that is why packets are lost.
const REPAIR_SHARE: f64 = 0.4;
const REPAIR_BYTES: f64 = 20_000.0;

/// Two token buckets in bytes: for all that is sent, and for what is sent again.
#[derive(Debug)]
pub(super) struct Pacer {
    tokens: f64,
    repair_tokens: f64,
    /// Bytes a microsecond that the line carries, and that leave at most.
    line: f64,
    pace: f64,
    /// Bytes that may leave at once.
    burst: f64,
    at: Time,
}

impl Pacer {
    pub fn new(now: Time) -> Self {
        Self {
            tokens: BURST_BYTES,
            repair_tokens: REPAIR_BYTES,
            line: SLOWEST_BPS / FACTOR / 8e6,
            pace: SLOWEST_BPS / 8e6,
            burst: BURST_BYTES,
            at: now,
        }
    }

    /// `bits_per_second`: what the line carries. `is_full`: a long queue stands before it, nothing is added to that in a hurry.
    /// `at_once`: bytes that come through at once.
    pub fn set_rate(&mut self, bits_per_second: f64, is_full: bool, at_once: f64) {
        self.line = bits_per_second.max(SLOWEST_BPS / FACTOR) / 8e6;
        self.burst = BURST_BYTES.max(self.line * BURST_US).max(at_once);
        self.pace = self.line * if is_full { DRAINING } else { FACTOR };
    }

    pub fn refill(&mut self, now: Time) {
        let elapsed = now.0.saturating_sub(self.at.0) as f64;
        self.at = now;
        self.tokens = (self.tokens + elapsed * self.pace).min(self.burst);
        self.repair_tokens = (self.repair_tokens + elapsed * self.line * REPAIR_SHARE).min(REPAIR_BYTES);
    }

    pub fn spend(&mut self, bytes: usize) {
        self.tokens = (self.tokens - bytes as f64).max(-self.burst);
    }

    pub fn spend_repair(&mut self, bytes: usize) {
        self.repair_tokens -= bytes as f64;
    }

    pub fn may_repair(&self) -> bool {
        self.repair_tokens > 0.0
    }

    pub fn is_exhausted(&self) -> bool {
        self.tokens <= 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_leaves_somewhat_faster_than_the_rate() {
        let mut pacer = Pacer::new(Time(0));
        pacer.set_rate(1e6, false, 0.0);
        let mut sent = 0;
        for millisecond in 1..=1000 {
            pacer.refill(Time(millisecond * 1000));
            while !pacer.is_exhausted() {
                pacer.spend(1000);
                sent += 1000;
            }
        }
        assert!((186_000..200_000).contains(&sent), "{sent}");
    }

    #[test]
    fn what_is_sent_again_leaves_room_for_the_rest() {
        let mut pacer = Pacer::new(Time(0));
        pacer.set_rate(1e6, false, 0.0);
        let mut sent = 0;
        for millisecond in 1..=1000 {
            pacer.refill(Time(millisecond * 1000));
            while pacer.may_repair() {
                pacer.spend_repair(1000);
                sent += 1000;
            }
        }
        assert!((68_000..72_000).contains(&sent), "{sent}");
    }
}
