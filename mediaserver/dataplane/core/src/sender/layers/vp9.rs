//! Spatial and temporal layers of VP9 (RFC 9628, section 4.2).
//!
//! In flexible mode each layer frame names the pictures it refers to, so it is forwarded when it is wanted and all of them
//! were. Otherwise layers begin at the points that the descriptor marks: a spatial layer at a frame without inter-picture
//! prediction (P), temporal layers behind a switching-up point (U).
//!
//! Frames of layers that are being forwarded may refer to what is lost and still to come; it is decided then by what held
//! at its time. Layers that begin may not.

use super::{Limit, Verdict};
use polyana_wire::payload::Vp9Descriptor;

/// References reach at most 127 pictures back.
const REMEMBERED: usize = 128;
const BASE: Limit = Limit {
    spatial: 0,
    temporal: 0,
};

/// Bit i: layer frame i. Layers as of the time of the picture.
#[derive(Clone, Copy, Debug)]
struct Picture {
    decided: u8,
    left_out: u8,
    wanted: Limit,
    current: Limit,
}

/// Pictures before the first: nothing of them was forwarded, and nothing will be.
const BEFORE: Picture = Picture {
    decided: u8::MAX,
    left_out: u8::MAX,
    wanted: BASE,
    current: BASE,
};

#[derive(Debug)]
pub(crate) struct Pictures {
    pictures: [Picture; REMEMBERED],
    newest: Option<u16>,
    /// Layers wanted, as of the beginning of the newest picture.
    wanted: Limit,
    /// Layers forwarded.
    current: Limit,
    /// Temporal layers that may be forwarded from the next picture on.
    next_temporal: u8,
}

impl Default for Pictures {
    fn default() -> Self {
        Self {
            pictures: [BEFORE; REMEMBERED],
            newest: None,
            wanted: BASE,
            current: BASE,
            next_temporal: 0,
        }
    }
}

/// A layer frame and its place.
#[derive(Clone, Copy)]
struct Frame<'a> {
    vp9: &'a Vp9Descriptor,
    index: usize,
    layer: Limit,
}

impl Frame<'_> {
    fn bit(self) -> u8 {
        1 << (self.layer.spatial & 7)
    }
}

impl Limit {
    fn allows(self, layer: Self) -> bool {
        layer.spatial <= self.spatial && layer.temporal <= self.temporal
    }
}

impl Pictures {
    pub fn judge(&mut self, vp9: &Vp9Descriptor, limit: Limit) -> Verdict {
        let (Some(picture_id), Some(spatial), Some(temporal)) =
            (vp9.picture_id, vp9.spatial_id, vp9.temporal_id)
        else {
            return Verdict::FORWARD;
        };
        let width = if vp9.picture_id_is_15_bits { 0x7fff } else { 0x7f };
        let Some(is_newest) = self.enter(picture_id, width, limit) else {
            return Verdict::LEAVE_OUT; // too late for everybody
        };
        let frame = Frame {
            vp9,
            index: usize::from(picture_id) % REMEMBERED,
            layer: Limit { spatial, temporal },
        };
        let mut verdict = Verdict::FORWARD;
        if self.pictures[frame.index].decided & frame.bit() == 0 {
            let decodes = if is_newest {
                self.decide(frame, &mut verdict)
            } else {
                self.decide_late(frame)
            };
            let picture = &mut self.pictures[frame.index];
            picture.decided |= frame.bit();
            picture.left_out |= if decodes { 0 } else { frame.bit() };
        }
        verdict.forward = self.pictures[frame.index].left_out & frame.bit() == 0;
        verdict.ends_picture = verdict.forward && vp9.end_of_frame && !self.expects_above(frame);
        verdict
    }

    /// Makes room for a picture. True: it is the newest; None: it is forgotten.
    fn enter(&mut self, picture_id: u16, width: u16, limit: Limit) -> Option<bool> {
        let Some(newest) = self.newest else {
            self.begin(picture_id, limit);
            return Some(true);
        };
        let ahead = picture_id.wrapping_sub(newest) & width;
        if ahead > width / 2 {
            return (usize::from(width - ahead) + 1 < REMEMBERED).then_some(false);
        }
        if ahead > 0 {
            let skipped = Picture {
                decided: 0,
                left_out: 0,
                wanted: self.wanted,
                current: self.current,
            };
            for back in 1..ahead.min(REMEMBERED as u16) {
                self.pictures[usize::from(picture_id.wrapping_sub(back)) % REMEMBERED] = skipped;
            }
            self.begin(picture_id, limit);
        }
        Some(true)
    }

    fn begin(&mut self, picture_id: u16, limit: Limit) {
        self.newest = Some(picture_id);
        self.wanted = limit;
        self.current.spatial = self.current.spatial.min(limit.spatial);
        self.current.temporal = self.current.temporal.max(self.next_temporal).min(limit.temporal);
        self.next_temporal = self.current.temporal;
        self.pictures[usize::from(picture_id) % REMEMBERED] = Picture {
            decided: 0,
            left_out: 0,
            wanted: self.wanted,
            current: self.current,
        };
    }

    fn set_current(&mut self, index: usize, current: Limit) {
        self.current = current;
        self.pictures[index].current = current;
    }

    /// For a layer frame of the newest picture.
    fn decide(&mut self, frame: Frame<'_>, verdict: &mut Verdict) -> bool {
        let Frame { vp9, index, layer } = frame;
        if layer.spatial == 0 && !vp9.inter_picture_predicted {
            self.set_current(index, self.wanted); // a keyframe: all layers begin here
            self.next_temporal = self.wanted.temporal;
        }
        if !self.wanted.allows(layer) {
            return false;
        }
        let goes_on = self.current.allows(layer);
        let decodes = self.has_layer_below(frame)
            && if !vp9.inter_picture_predicted {
                true
            } else if vp9.flexible {
                self.has_references(index, vp9, layer.spatial, goes_on)
            } else {
                goes_on
            };
        if decodes {
            if !goes_on && (vp9.flexible || !vp9.inter_picture_predicted) {
                let spatial = layer.spatial.max(self.current.spatial);
                let temporal = if vp9.flexible {
                    layer.temporal.max(self.current.temporal)
                } else {
                    self.current.temporal
                };
                self.set_current(index, Limit { spatial, temporal });
            }
            if vp9.switching_up_point && !vp9.flexible {
                self.next_temporal = self.wanted.temporal;
            }
        } else if layer.temporal == 0 {
            // Frames of upper temporal layers are decodable soon, those of the base only after a keyframe.
            verdict.wants_keyframe = true;
            let spatial = self.current.spatial.min(layer.spatial.saturating_sub(1));
            self.set_current(
                index,
                Limit {
                    spatial,
                    ..self.current
                },
            );
        }
        decodes
    }

    /// For a layer frame that was lost and comes now: others that refer to it may have been forwarded.
    fn decide_late(&self, frame: Frame<'_>) -> bool {
        let picture = &self.pictures[frame.index];
        if !self.has_layer_below(frame) {
            return false;
        }
        if !frame.vp9.inter_picture_predicted {
            return picture.wanted.allows(frame.layer);
        }
        picture.current.allows(frame.layer)
            && self.has_references(frame.index, frame.vp9, frame.layer.spatial, true)
    }

    /// The layer frame below was forwarded, or is still to come, or is not needed.
    fn has_layer_below(&self, frame: Frame<'_>) -> bool {
        let below = frame.bit() >> 1;
        !frame.vp9.inter_layer_predicted || self.pictures[frame.index].left_out & below == 0
    }

    /// The layer frames of the pictures that a frame names were forwarded; `or_missing`: or are still to come.
    fn has_references(&self, index: usize, vp9: &Vp9Descriptor, spatial: u8, or_missing: bool) -> bool {
        let bit = 1 << (spatial & 7);
        vp9.references().iter().all(|&back| {
            let referred = &self.pictures[(index + REMEMBERED - usize::from(back)) % REMEMBERED];
            referred.left_out & bit == 0 && (or_missing || referred.decided & bit != 0)
        })
    }

    /// The next spatial layer of the picture will be forwarded too, if it refers to the same pictures as this one.
    fn expects_above(&self, frame: Frame<'_>) -> bool {
        let Frame { vp9, index, layer } = frame;
        let picture = &self.pictures[index];
        let above = Limit {
            spatial: layer.spatial + 1,
            ..layer
        };
        let goes_on = picture.current.allows(above);
        if !picture.wanted.allows(above) {
            return false;
        }
        if !vp9.inter_picture_predicted {
            return true;
        }
        if vp9.flexible {
            self.has_references(index, vp9, above.spatial, goes_on)
        } else {
            goes_on
        }
    }
}
