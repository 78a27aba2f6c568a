//! When to ask a publisher for a keyframe: many receivers want one, the publisher is asked seldom (RFC 4585, section 6.3.1).

use crate::api::Time;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KeyframeRequest {
    wanted: bool,
    last: Option<Time>,
}

impl KeyframeRequest {
    pub fn want(&mut self) {
        self.wanted = true;
    }

    /// A keyframe began to arrive.
    pub fn arrived(&mut self) {
        self.wanted = false;
    }

    /// True when a PLI is to be sent now. It repeats at the interval until a keyframe arrives.
    pub fn due(&mut self, now: Time, interval_us: u64) -> bool {
        if !self.wanted || self.next(interval_us).is_some_and(|next| next > now) {
            return false;
        }
        self.last = Some(now);
        true
    }

    /// When `due` may become true; None: not wanted.
    pub fn next(&self, interval_us: u64) -> Option<Time> {
        self.wanted
            .then(|| self.last.map_or(Time(0), |last| Time(last.0 + interval_us)))
    }
}
