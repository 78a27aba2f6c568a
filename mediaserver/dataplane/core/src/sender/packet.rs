//! A cached packet on its way out: its numbers, and what of it is written.

use super::munger::{Numbers, Segment};
use super::stamp::Stamp;
use crate::meta::{Content, Meta, Red};
use polyana_wire::dependency;
use polyana_wire::rtp::{ExtensionIter, Header};

/// One packet on its way out.
pub(super) struct Packet<'a> {
    pub meta: &'a Meta,
    pub slot: &'a [u8],
    /// As they go out.
    pub numbers: Numbers,
    /// Its number in the stream.
    pub out: u64,
    /// Its number on the retransmission stream, where it goes out there.
    pub rtx: Option<u64>,
    pub stamp: Stamp,
    pub form: Form,
    /// Bit mask and number of the decode targets that are complete here, where that is not all of them.
    pub active_targets: Option<(u32, u8)>,
}

/// What of a packet goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Whole {
        marker: bool,
    },
    /// Its number alone.
    Empty,
}

impl Packet<'_> {
    /// Frame numbers or decode targets of the dependency descriptor are not the publisher's.
    pub fn changes_descriptor(&self) -> bool {
        self.meta.described.is_some_and(|described| {
            self.active_targets.is_some() || self.numbers.frame_number != Some(described.frame_number)
        })
    }

    pub fn rewrite_descriptor(&self, element: &[u8], out: &mut [u8]) -> Option<usize> {
        let described = self.meta.described?;
        let number = self.numbers.frame_number?;
        dependency::rewrite(
            element,
            described.after_structure,
            number,
            self.active_targets,
            out,
        )
        .ok()
    }
}

/// The primary block of a RED packet, as if it had come alone. What stood in for the packet before it arrived had
/// neither marker nor extensions.
pub(super) fn unwrapped(meta: &Meta) -> Meta {
    Meta {
        payload_offset: meta.payload_offset + meta.red.primary,
        payload_length: meta.payload_length - meta.red.primary,
        marker: meta.marker && !meta.red.recovered,
        extension: meta.extension.filter(|_| !meta.red.recovered),
        red: Red::default(),
        ..*meta
    }
}

/// The numbers of a packet at its publisher.
pub(super) fn numbers(meta: &Meta) -> Numbers {
    Numbers {
        timestamp: meta.timestamp,
        picture_id: meta.picture_id(),
        tl0_picture_index: meta.tl0_picture_index(),
        frame_number: meta.described.map(|described| described.frame_number),
    }
}

/// The numbers of a packet after a segment's offsets.
pub(super) fn rewritten(meta: &Meta, segment: &Segment) -> Numbers {
    let width = match &meta.content {
        Content::Vp8(vp8) if !vp8.picture_id_is_15_bits => 0x7f,
        Content::Vp9(vp9) if !vp9.picture_id_is_15_bits => 0x7f,
        _ => 0x7fff,
    };
    let found = numbers(meta);
    Numbers {
        timestamp: found.timestamp.wrapping_sub(segment.timestamp_offset),
        picture_id: found
            .picture_id
            .map(|id| id.wrapping_sub(segment.picture_offset) & width),
        tl0_picture_index: found
            .tl0_picture_index
            .map(|index| index.wrapping_sub(segment.tl0_offset)),
        frame_number: found
            .frame_number
            .map(|number| number.wrapping_sub(segment.frame_offset)),
    }
}

/// The extension elements of a cached packet.
pub(crate) fn incoming_elements<'a>(meta: &Meta, slot: &'a [u8]) -> ExtensionIter<'a> {
    let header = Header {
        marker: false,
        payload_type: 0,
        sequence_number: 0,
        timestamp: 0,
        ssrc: 0,
        length: 0,
        has_padding: false,
        extension: meta
            .extension
            .map(|(profile, at, size)| (profile, usize::from(at), usize::from(size))),
    };
    header.extensions(slot)
}
