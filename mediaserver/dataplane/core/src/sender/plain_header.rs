//! RTP headers of outgoing packets.

use super::stamp::Stamp;
use crate::extension::{Ids, Kind};
use polyana_wire::rtp::{self, Header};
use std::ops::Range;

/// The fixed part (RFC 3550, section 5.1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixed {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
}

impl Fixed {
    /// Writes a header with these extension elements; gives its length.
    pub fn write(&self, elements: &[(u8, &[u8])], buffer: &mut [u8]) -> Option<usize> {
        rtp::write_header(
            buffer,
            self.marker,
            self.payload_type,
            self.sequence,
            self.timestamp,
            self.ssrc,
            elements,
        )
        .ok()
    }
}

/// Octets before the first extension element.
const ELEMENTS_AT: usize = 16;

/// A header with what every packet of a sender has, made once, copied and filled in for each packet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PlainHeader {
    bytes: Box<[u8]>,
    /// The same with an extension block that has no padding yet, where elements have the one-byte form.
    open: Option<Box<[u8]>>,
    /// Where the elements of a stamp are.
    send_time: Option<Range<usize>>,
    transport_sequence: Option<Range<usize>>,
}

impl PlainHeader {
    /// `mid`: goes into its element where `ids` has one.
    pub fn new(mid: &[u8], ids: &Ids) -> Self {
        let stamp = Stamp::default();
        let elements: Vec<(u8, &[u8])> = [
            (Kind::Mid, mid),
            (Kind::AbsSendTime, &stamp.send_time),
            (Kind::TransportSequence, &stamp.transport_sequence),
        ]
        .into_iter()
        .filter_map(|(kind, value)| Some((ids.id(kind)?, value)))
        .collect();
        let fixed = Fixed {
            marker: false,
            payload_type: 0,
            sequence: 0,
            timestamp: 0,
            ssrc: 0,
        };
        let mut bytes = vec![0; 600];
        // An element that cannot be written (id 0, or too long) is refused by the description before it comes here.
        let length = fixed.write(&elements, &mut bytes).unwrap_or(0);
        bytes.truncate(length);
        let place = |kind| {
            let id = ids.id(kind)?;
            let header = Header::parse(&bytes).ok()?;
            let (_, value) = header.extensions(&bytes).find(|(found, _)| *found == id)?;
            let start = value.as_ptr() as usize - bytes.as_ptr() as usize;
            Some(start..start + value.len())
        };
        let elements: usize = elements.iter().map(|(_, value)| 1 + value.len()).sum();
        let mut open = bytes.clone();
        open.resize(ELEMENTS_AT + elements, 0);
        let has_one_byte_form = length == 12 || bytes.get(12..14) == Some(&[0xbe, 0xde]);
        open[0] |= 0x10;
        open[12..14].copy_from_slice(&[0xbe, 0xde]);
        Self {
            open: has_one_byte_form.then(|| open.into_boxed_slice()),
            send_time: place(Kind::AbsSendTime),
            transport_sequence: place(Kind::TransportSequence),
            bytes: bytes.into_boxed_slice(),
        }
    }

    /// Writes the header of one packet; gives its length.
    pub fn write(&self, fixed: &Fixed, stamp: &Stamp, buffer: &mut [u8]) -> Option<usize> {
        self.fill(&self.bytes, fixed, stamp, buffer)
    }

    /// The same with elements of the incoming packet behind ours; None: one of them needs the two-byte form.
    pub fn write_with<'a>(
        &self,
        elements: impl Iterator<Item = (u8, &'a [u8])>,
        fixed: &Fixed,
        stamp: &Stamp,
        buffer: &mut [u8],
    ) -> Option<usize> {
        let mut end = self.fill(self.open.as_ref()?, fixed, stamp, buffer)?;
        for (id, value) in elements {
            if !(1..=14).contains(&id) || !(1..=16).contains(&value.len()) {
                return None;
            }
            let (first, rest) = buffer.get_mut(end..=end + value.len())?.split_first_mut()?;
            *first = id << 4 | (value.len() - 1) as u8;
            rest.copy_from_slice(value);
            end += 1 + value.len();
        }
        let padded = end.next_multiple_of(4);
        buffer.get_mut(end..padded)?.fill(0);
        let words = ((padded - ELEMENTS_AT) / 4) as u16;
        buffer[ELEMENTS_AT - 2..ELEMENTS_AT].copy_from_slice(&words.to_be_bytes());
        Some(padded)
    }

    fn fill(&self, bytes: &[u8], fixed: &Fixed, stamp: &Stamp, buffer: &mut [u8]) -> Option<usize> {
        let header = buffer.get_mut(..bytes.len())?;
        header.copy_from_slice(bytes);
        let first: &mut [u8; 12] = header.first_chunk_mut()?;
        first[1] = fixed.payload_type | u8::from(fixed.marker) << 7;
        first[2..4].copy_from_slice(&fixed.sequence.to_be_bytes());
        first[4..8].copy_from_slice(&fixed.timestamp.to_be_bytes());
        first[8..12].copy_from_slice(&fixed.ssrc.to_be_bytes());
        if let Some(at) = &self.send_time {
            header.get_mut(at.clone())?.copy_from_slice(&stamp.send_time);
        }
        if let Some(at) = &self.transport_sequence {
            header
                .get_mut(at.clone())?
                .copy_from_slice(&stamp.transport_sequence);
        }
        Some(header.len())
    }
}
