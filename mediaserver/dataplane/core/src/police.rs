//! What a publisher may send: video above the operator's limit is dropped as a whole for a moment, as while it is
//! disabled, so that decoders see a picture that stands and no broken one.

use crate::receiver::Receiver;
use crate::{Config, Core, MediaKind, Time};
use slab::Slab;

/// Encoders aim at the limit, and waver.
const TOLERANCE: f64 = 1.1;
/// A keyframe, and what an encoder needs to follow a new limit.
const BURST_S: f64 = 1.0;
const REST_US: u64 = 1_000_000;
/// Of a voice: with redundancy it takes more, of which pictures give.
const SOUND_BPS: u64 = 32_000;

/// A bucket of bits that fills at the limit. Whoever empties it rests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Allowance {
    spent_bits: f64,
    at: Time,
    rests_until: Option<Time>,
}

impl Allowance {
    pub fn is_over(&self) -> bool {
        self.rests_until.is_some()
    }

    fn spend(&mut self, bytes: usize, max_bps: u64, now: Time) {
        let elapsed_s = now.0.saturating_sub(self.at.0) as f64 / 1e6;
        let allowed = max_bps as f64 * TOLERANCE;
        self.at = now;
        self.spent_bits = (self.spent_bits - elapsed_s * allowed).max(0.0);
        if self.rests_until.is_some_and(|until| now < until) {
            return;
        }
        self.rests_until = None;
        self.spent_bits += (bytes * 8) as f64;
        if self.spent_bits > allowed * BURST_S {
            self.rests_until = Some(Time(now.0 + REST_US));
        }
    }
}

/// What the peer may send of everything together: encoders of browsers take it for their line (REMB), also where they
/// pay no heed to the description.
pub(crate) fn limit_of(config: &Config, numbers: &[usize], receivers: &Slab<Receiver>) -> Option<u64> {
    let of = |kind: MediaKind| {
        let live = |receiver: &Receiver| receiver.encodings.iter().any(|encoding| encoding.live);
        let found = numbers.iter().map(|&number| &receivers[number]);
        found.filter(|&one| one.kind == kind && live(one)).count() as u64
    };
    let pictures = of(MediaKind::Video) * config.max_video_bps;
    (pictures > 0).then(|| pictures + of(MediaKind::Audio) * SOUND_BPS)
}

impl Core {
    /// A packet of this size has come in for a track of video.
    pub(crate) fn police(&mut self, receiver: usize, bytes: usize, now: Time) {
        let owner = &mut self.receivers[receiver];
        if owner.kind == MediaKind::Audio {
            return;
        }
        let was_over = owner.allowance.is_over();
        owner.allowance.spend(bytes, self.config.max_video_bps, now);
        if was_over && !owner.allowance.is_over() {
            self.begin_anew(receiver, now);
        }
    }
}
