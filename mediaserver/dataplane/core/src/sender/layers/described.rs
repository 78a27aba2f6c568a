//! Layers of any codec by the dependency descriptor (AV1 RTP payload specification, appendix A).
//!
//! A sender stands on one decode target. It goes to a better one, or to a worse one, at a frame that the descriptor marks as
//! a switch for that target, when all that the frame refers to was forwarded. Frames of the target it stands on may refer to
//! what is lost and still to come; that is decided then by the target of its time.

use super::{Limit, Verdict};
use crate::meta::Meta;
use crate::receiver::Encoding;
use crate::receiver::dependencies::Dependencies;
use polyana_wire::dependency::{Frame, Indication};

/// Frames whose fate is remembered; older ones count as left out.
const REMEMBERED: u16 = 256;

#[derive(Debug)]
pub(crate) struct Frames {
    target: Option<u8>,
    /// (spatial, temporal) layer of `target`.
    layer: (u8, u8),
    /// Bit mask and number of the decode targets, once some were not complete here.
    active: Option<(u32, u8)>,
    decided: Bitmap,
    left_out: Bitmap,
    newest: u16,
    /// The target at the time of each frame.
    targets: [Option<u8>; REMEMBERED as usize],
}

#[derive(Debug)]
struct Bitmap([u64; 4]);

impl Bitmap {
    fn get(&self, number: u16) -> bool {
        self.0[usize::from(number % REMEMBERED) / 64] & 1 << (number % 64) != 0
    }

    fn set(&mut self, number: u16, value: bool) {
        let word = &mut self.0[usize::from(number % REMEMBERED) / 64];
        *word = *word & !(1 << (number % 64)) | u64::from(value) << (number % 64);
    }
}

impl Frames {
    /// Nothing before this frame was forwarded.
    pub fn new(first: u16) -> Self {
        Self {
            target: None,
            layer: (0, 0),
            active: None,
            decided: Bitmap([u64::MAX; 4]),
            left_out: Bitmap([u64::MAX; 4]),
            newest: first.wrapping_sub(1),
            targets: [None; REMEMBERED as usize],
        }
    }

    pub fn active_targets(&self) -> Option<(u32, u8)> {
        self.active
    }

    pub fn judge(&mut self, meta: &Meta, encoding: &Encoding, limit: Limit) -> Verdict {
        let found = meta.described.and_then(|described| {
            let table = encoding.dependencies.as_deref().filter(|_| described.known)?;
            Some((described, table, table.frame(described.frame_number)?))
        });
        let Some((described, table, frame)) = found else {
            return Verdict {
                wants_keyframe: true,
                ..Verdict::LEAVE_OUT
            };
        };
        let number = described.frame_number;
        let mut verdict = Verdict::FORWARD;
        if self.enter(number) && !self.decided.get(number) {
            if number == self.newest {
                verdict.wants_keyframe = self.follow(table, frame, limit);
                self.targets[usize::from(number % REMEMBERED)] = self.target;
            }
            let held = self.targets[usize::from(number % REMEMBERED)]
                .is_some_and(|target| frame.indications.of(target) != Indication::NotPresent);
            let forwarded = held && self.has_references(number, frame, true);
            self.decided.set(number, true);
            self.left_out.set(number, !forwarded);
        }
        verdict.forward = !self.is_left_out(number);
        verdict.ends_picture = verdict.forward && described.ends_frame && frame.spatial_id == self.layer.0;
        verdict
    }

    /// Makes room for a frame; false when it is too old.
    fn enter(&mut self, number: u16) -> bool {
        let ahead = number.wrapping_sub(self.newest);
        if ahead == 0 || ahead.cast_signed() < 0 {
            return self.newest.wrapping_sub(number) < REMEMBERED;
        }
        for step in 0..ahead.min(REMEMBERED) {
            let entered = number.wrapping_sub(step);
            self.decided.set(entered, false);
            self.left_out.set(entered, false);
            self.targets[usize::from(entered % REMEMBERED)] = self.target;
        }
        self.newest = number;
        true
    }

    fn is_left_out(&self, number: u16) -> bool {
        self.newest.wrapping_sub(number) >= REMEMBERED || self.left_out.get(number)
    }

    /// All that the frame refers to was forwarded; `or_missing`: or is still to come.
    fn has_references(&self, number: u16, frame: &Frame, or_missing: bool) -> bool {
        frame.references.distances().iter().all(|&distance| {
            let referred = number.wrapping_sub(distance);
            !self.is_left_out(referred) && (or_missing || self.decided.get(referred))
        })
    }

    /// Goes to the best target that can be switched to at this newest frame. True: a wanted one could be if the stream
    /// began anew.
    fn follow(&mut self, table: &Dependencies, frame: &Frame, limit: Limit) -> bool {
        let structure = table.structure();
        let complete = self.has_references(self.newest, frame, false);
        if frame.brings_structure() && frame.references.distances().is_empty() {
            self.target = None; // targets may have other numbers now
        }
        let goes_on =
            |target: u8| target < structure.decode_targets() && table.active_targets & 1 << target != 0;
        let limit = table.reachable(limit.spatial, limit.temporal);
        let wanted = |layer: (u8, u8)| layer.0 <= limit.0 && layer.1 <= limit.1;
        let stands = self.target.is_some_and(goes_on) && wanted(self.layer);
        let mut best: Option<(u8, (u8, u8))> = None;
        let mut missing = false;
        for target in (0..structure.decode_targets()).filter(|&target| goes_on(target)) {
            let layer = structure.layer_of(target);
            let has_better = best.map_or(stands && layer <= self.layer, |(_, other)| layer <= other);
            if has_better || !wanted(layer) || frame.indications.of(target) != Indication::Switch {
                continue;
            }
            if complete {
                best = Some((target, layer));
            } else {
                missing |= self.target.is_none() || layer.0 != self.layer.0;
            }
        }
        if let Some((target, layer)) = best {
            (self.target, self.layer) = (Some(target), layer);
        }
        self.tell_active(table);
        missing
    }

    /// What was cut once is told from then on: a receiver goes by the last word that it had.
    fn tell_active(&mut self, table: &Dependencies) {
        let Some(target) = self.target else { return };
        let complete = table.structure().contained_in(target) & table.active_targets;
        if complete != table.active_targets || self.active.is_some() {
            self.active = Some((complete, table.structure().decode_targets()));
        }
    }
}
