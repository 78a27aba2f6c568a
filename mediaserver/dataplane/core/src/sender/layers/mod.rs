//! Which packets of an encoding a sender forwards: spatial and temporal layers, so that a decoder never misses what it
//! needs. Each scheme decides for whole frames, and only from what packets say of themselves.

mod described;
mod vp8;
mod vp9;

use crate::meta::{Content, Meta};
use crate::receiver::Encoding;
use described::Frames;
use vp8::Temporal;
use vp9::Pictures;

/// The highest layers wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub spatial: u8,
    pub temporal: u8,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub forward: bool,
    /// Nothing of the same picture follows on this sender, whatever the packet's own marker says.
    pub ends_picture: bool,
    /// With this packet another whole picture is left out, and those behind it are counted on.
    pub skips_picture: bool,
    /// A layer that is wanted can only begin with a keyframe.
    pub wants_keyframe: bool,
}

impl Verdict {
    const FORWARD: Self = Self {
        forward: true,
        ends_picture: false,
        skips_picture: false,
        wants_keyframe: false,
    };
    const LEAVE_OUT: Self = Self {
        forward: false,
        ..Self::FORWARD
    };
}

/// The state of one sender for the encoding that it forwards.
#[derive(Default)]
pub(crate) enum Layers {
    /// All packets are forwarded: no layers, or nothing that tells them.
    #[default]
    Single,
    Vp8(Box<Temporal>),
    Vp9(Box<Pictures>),
    Described(Box<Frames>),
}

impl Layers {
    /// A new beginning with a packet that a decoder can start from.
    pub fn restart(&mut self, start: &Meta) {
        *self = match (&start.content, &start.described) {
            (Content::Vp8(vp8), _) if vp8.temporal_id.is_some() => Self::Vp8(Box::default()),
            (Content::Vp9(vp9), _) if vp9.spatial_id.is_some() && vp9.picture_id.is_some() => {
                Self::Vp9(Box::default())
            }
            (_, Some(described)) if described.known => {
                Self::Described(Box::new(Frames::new(described.frame_number)))
            }
            _ => Self::Single,
        };
    }

    /// Decides for a packet of the encoding.
    pub fn judge(&mut self, meta: &Meta, encoding: &Encoding, limit: Limit) -> Verdict {
        match (self, &meta.content) {
            (Self::Vp8(temporal), Content::Vp8(vp8)) => temporal.judge(meta, vp8, limit.temporal),
            (Self::Vp9(pictures), Content::Vp9(vp9)) => pictures.judge(vp9, limit),
            (Self::Described(frames), _) => frames.judge(meta, encoding, limit),
            _ => Verdict::FORWARD,
        }
    }

    /// Bit mask and number of the decode targets that are complete on this sender, where that is not all of them.
    pub fn active_targets(&self) -> Option<(u32, u8)> {
        match self {
            Self::Described(frames) => frames.active_targets(),
            _ => None,
        }
    }
}
