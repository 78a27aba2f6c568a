//! What the forwarder knows of a packet, read once when it arrives.

use crate::api::Time;
use polyana_wire::payload::{Vp8Descriptor, Vp9Descriptor};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Meta {
    /// Extended sequence number; slots that were never written hold 0, which no stream reaches.
    pub sequence: u64,
    pub timestamp: u32,
    pub arrival: Time,
    pub payload_type: u8,
    pub marker: bool,
    pub keyframe_start: bool,
    /// Profile, offset and length of the extension block inside the slot; None: nothing in it is forwarded.
    pub extension: Option<(u16, u16, u16)>,
    pub payload_offset: u16,
    /// 0 for a packet of padding only.
    pub payload_length: u16,
    pub content: Content,
    /// From the dependency descriptor, where the packet has one.
    pub described: Option<Described>,
    pub red: Red,
}

/// The payload descriptors that are rewritten and tell layers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content {
    Vp8(Vp8Descriptor),
    Vp9(Vp9Descriptor),
    Other,
}

/// The frame of a packet, as the dependency descriptor names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Described {
    pub frame_number: u16,
    pub ends_frame: bool,
    /// Bits of the element before the active decode targets.
    pub after_structure: u16,
    /// The structure that explains the frame was here when it arrived: it is in the table of the encoding.
    pub known: bool,
}

/// What a packet has to do with redundant audio (RFC 2198).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Red {
    /// Where the primary block begins in the payload; 0: the payload is not RED.
    pub primary: u16,
    /// The packet was lost at first and made again from a later one. What was sent of it had neither marker nor
    /// extensions, and must stay so: a changed packet under the same number would use an SRTP nonce twice.
    pub recovered: bool,
}

impl Meta {
    pub fn picture_id(&self) -> Option<u16> {
        match &self.content {
            Content::Vp8(vp8) => vp8.picture_id,
            Content::Vp9(vp9) => vp9.picture_id,
            Content::Other => None,
        }
    }

    pub fn tl0_picture_index(&self) -> Option<u8> {
        match &self.content {
            Content::Vp8(vp8) => vp8.tl0_picture_index,
            Content::Vp9(vp9) => vp9.tl0_picture_index,
            Content::Other => None,
        }
    }
}

impl Red {
    /// Stands for a packet that never arrived.
    pub fn is_stand_in(self) -> bool {
        self.recovered && self.primary == 0
    }
}
