//! Which packets of an incoming stream are missing, and when to ask for them again (RFC 4585, section 6.2.1).

use crate::api::Time;

/// Reordering is waited for this long before the first request, unless later packets make a loss certain.
const REORDER_US: u64 = 10_000;
/// This many packets after a gap make a loss certain (as in TCP's fast retransmit).
const CERTAIN_AFTER: u64 = 3;
const MAX_TRIES: u8 = 10;
/// What is missing between two frames may be a whole frame, or padding, which libwebrtc sends in the media stream where
/// RTX is not negotiated and keeps no copy of.
const MAX_TRIES_BETWEEN_FRAMES: u8 = 6;
/// More missing than this is a break of the line: a keyframe helps, requests do not.
const MAX_MISSING: usize = 256;
const MIN_RETRY_US: u64 = 20_000;
const DEFAULT_RTT_US: u64 = 100_000;

#[derive(Clone, Copy, Debug)]
struct Missing {
    sequence: u64,
    since: Time,
    asked: Option<Time>,
    tries: u8,
    between_frames: bool,
}

/// What `due` found besides requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Packets from the middle of frames given up: a decoder needs a keyframe. (Where a whole frame is missing, those
    /// decoders that mind ask for themselves.)
    pub abandoned: u32,
}

#[derive(Debug)]
pub(crate) struct NackGenerator {
    missing: Vec<Missing>,
    highest: u64,
    /// Smoothed time from a request to its packet.
    rtt_us: Option<u64>,
    max_age_us: u64,
}

impl NackGenerator {
    /// Packets that are missing for longer than `max_age_us` are given up.
    pub fn new(max_age_us: u64) -> Self {
        Self {
            missing: Vec::new(),
            highest: 0,
            rtt_us: None,
            max_age_us,
        }
    }

    /// A packet that advanced the stream from `previous`, `between_frames` if that ended one, to `sequence`. True: too much
    /// is missing, a keyframe is needed.
    pub fn advanced(&mut self, previous: u64, sequence: u64, between_frames: bool, now: Time) -> bool {
        self.highest = sequence;
        let gap = sequence - previous - 1;
        if gap as usize > MAX_MISSING {
            self.missing.clear();
            return true;
        }
        for sequence in previous + 1..sequence {
            self.missing.push(Missing {
                sequence,
                since: now,
                asked: None,
                tries: 0,
                between_frames,
            });
        }
        let surplus = self.missing.len().saturating_sub(MAX_MISSING);
        self.missing.drain(..surplus);
        surplus > 0
    }

    /// A packet that fills a gap.
    pub fn filled(&mut self, sequence: u64, now: Time) {
        let Some(position) = self
            .missing
            .iter()
            .position(|missing| missing.sequence == sequence)
        else {
            return;
        };
        let found = self.missing.remove(position);
        if let (Some(asked), 1) = (found.asked, found.tries) {
            let sample = now.0.saturating_sub(asked.0);
            self.rtt_us = Some(self.rtt_us.map_or(sample, |rtt| (rtt * 7 + sample) / 8));
        }
    }

    /// The publisher is being asked for this packet.
    pub fn waits_for(&self, sequence: u64) -> bool {
        self.missing.iter().any(|missing| missing.sequence == sequence)
    }

    /// A packet that is not needed any more, though it did not arrive.
    pub fn forget(&mut self, sequence: u64) {
        self.missing.retain(|missing| missing.sequence != sequence);
    }

    pub fn clear(&mut self) {
        self.missing.clear();
    }

    pub fn rtt_us(&self) -> Option<u64> {
        self.rtt_us
    }

    /// Writes the sequence numbers to ask for now into `ask` (ascending) and forgets hopeless ones.
    pub fn due(&mut self, now: Time, ask: &mut Vec<u16>) -> Outcome {
        let retry_us = self.retry_us();
        let mut outcome = Outcome::default();
        let (highest, max_age_us) = (self.highest, self.max_age_us);
        self.missing.retain_mut(|missing| {
            if now.0.saturating_sub(missing.since.0) > max_age_us || missing.tries >= missing.max_tries() {
                outcome.abandoned += u32::from(!missing.between_frames);
                return false;
            }
            if missing.ask_at(highest, retry_us) <= now {
                missing.asked = Some(now);
                missing.tries += 1;
                ask.push(missing.sequence as u16);
            }
            true
        });
        outcome
    }

    /// When `due` has something to do next.
    pub fn next_due(&self) -> Option<Time> {
        let retry_us = self.retry_us();
        self.missing
            .iter()
            .map(|missing| missing.ask_at(self.highest, retry_us))
            .min()
    }

    /// A retry before the first answer could be here would only double the load.
    fn retry_us(&self) -> u64 {
        let rtt = self.rtt_us.unwrap_or(DEFAULT_RTT_US);
        (rtt + rtt / 4).clamp(MIN_RETRY_US, self.max_age_us / 3)
    }
}

impl Missing {
    fn max_tries(&self) -> u8 {
        if self.between_frames {
            MAX_TRIES_BETWEEN_FRAMES
        } else {
            MAX_TRIES
        }
    }

    fn ask_at(&self, highest: u64, retry_us: u64) -> Time {
        match self.asked {
            Some(asked) => Time(asked.0 + retry_us),
            None if highest >= self.sequence + CERTAIN_AFTER => self.since,
            None => Time(self.since.0 + REORDER_US),
        }
    }
}
