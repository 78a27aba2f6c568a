//! Temporal layers of VP8 (RFC 7741, section 4.2).

use super::Verdict;
use crate::meta::Meta;
use polyana_wire::payload::Vp8Descriptor;

/// Changes of the layers that lost packets may come from before.
const REMEMBERED: usize = 16;

/// A layer opens at a keyframe, or at a frame that depends on the base layer only (Y). A frame is forwarded when its layer
/// and all below are open. A layer closes when a frame of it is left out.
#[derive(Debug, Default)]
pub(crate) struct Temporal {
    /// (source sequence number, bit mask of the layers that are open from there on), in a ring.
    changes: [(u64, u8); REMEMBERED],
    newest_change: usize,
    highest: u64,
    left_out_picture: Option<u16>,
}

/// Bits of all layers up to one.
fn up_to(layer: u8) -> u8 {
    u8::MAX >> 7u8.saturating_sub(layer)
}

impl Temporal {
    #[inline]
    pub fn judge(&mut self, meta: &Meta, vp8: &Vp8Descriptor, limit: u8) -> Verdict {
        // What most packets are: of the base layer, with no layer to open or to close.
        let goes_on = meta.sequence >= self.highest && self.open() & !up_to(limit) == 0;
        if goes_on && vp8.temporal_id == Some(0) && !meta.keyframe_start && self.open() & 1 == 1 {
            self.highest = meta.sequence;
            return Verdict::FORWARD;
        }
        self.judge_layer(meta, vp8, limit)
    }

    fn judge_layer(&mut self, meta: &Meta, vp8: &Vp8Descriptor, limit: u8) -> Verdict {
        let Some(layer) = vp8.temporal_id else {
            return Verdict::FORWARD;
        };
        if meta.sequence < self.highest {
            // Lost, and here now: frames that need it were forwarded if its layer was open then.
            return Self::verdict(self.open_at(meta.sequence) & up_to(layer) == up_to(layer));
        }
        self.highest = meta.sequence;
        // What is decided at the first packet of a frame holds for all of it.
        if vp8.start_of_partition && vp8.partition_index == 0 {
            self.begin_frame(meta, vp8, layer, limit);
        }
        let is_sync = vp8.layer_sync && self.open() & 1 << layer != 0;
        let mut verdict = Self::verdict(is_sync || self.open() & up_to(layer) == up_to(layer));
        if !verdict.forward {
            verdict.skips_picture = self.left_out_picture != vp8.picture_id;
            self.left_out_picture = vp8.picture_id;
        }
        verdict
    }

    fn begin_frame(&mut self, meta: &Meta, vp8: &Vp8Descriptor, layer: u8, limit: u8) {
        let mut open = self.open() & up_to(limit) | 1;
        if meta.keyframe_start {
            open = up_to(limit);
        } else if vp8.layer_sync && layer <= limit {
            open |= 1 << layer;
        } else if open & up_to(layer) != up_to(layer) {
            open &= !(1 << layer);
        }
        if open != self.open() {
            self.newest_change = (self.newest_change + 1) % REMEMBERED;
            self.changes[self.newest_change] = (meta.sequence, open);
        }
    }

    fn open(&self) -> u8 {
        self.changes[self.newest_change].1
    }

    fn open_at(&self, sequence: u64) -> u8 {
        let mut newest_first =
            (0..REMEMBERED).map(|back| self.changes[(self.newest_change + REMEMBERED - back) % REMEMBERED]);
        newest_first
            .find(|&(since, _)| since <= sequence)
            .map_or(1, |(_, open)| open)
    }

    fn verdict(forward: bool) -> Verdict {
        if forward {
            Verdict::FORWARD
        } else {
            Verdict::LEAVE_OUT
        }
    }
}
