//! How an outgoing packet is written: header, extensions, rewritten payload, encryption.

use super::munger::Segment;
use super::stamp::{Stamp, send_time};
use crate::api::{SenderParameters, Time};
use crate::batch::MAX_DATAGRAM;
use crate::cache::{Meta, Red};
use crate::extension::{Ids, Kind, Remap};
use crate::receiver::Receiver;
use crate::transport::Outlet;
use polyana_wire::payload::{Codec, red};
use polyana_wire::rtp::{self, ExtensionIter, Header};
use polyana_wire::srtp;

/// Elements that one outgoing packet may carry.
const MAX_EXTENSIONS: usize = 16;
/// No outgoing payload type.
pub(super) const NONE: u8 = 0xff;

/// How a packet of one sender looks, apart from its numbers.
#[derive(PartialEq)]
pub(super) struct Shape {
    pub ssrc: u32,
    rtx_ssrc: u32,
    mid: Vec<u8>,
    mid_id: Option<u8>,
    transport_sequence_id: Option<u8>,
    abs_send_time_id: Option<u8>,
    remap: Remap,
    payload_types: Box<[Outgoing; 128]>,
    /// RED of the source goes out as RED.
    pub forwards_red: bool,
    /// Packets differ from one sending to the next, and some are resent under their own numbers.
    pub needs_stamps: bool,
}

/// What becomes of one payload type of the source.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Outgoing {
    pub payload_type: u8,
    pub rtx: u8,
    unwrap_red: bool,
}

/// One packet on its way out.
pub(super) struct Packet<'a> {
    pub meta: &'a Meta,
    pub slot: &'a [u8],
    pub segment: Segment,
    /// Its number in the stream.
    pub out: u64,
    /// Its number on the retransmission stream, where it goes out there.
    pub rtx: Option<u64>,
    pub stamp: Stamp,
}

impl Shape {
    pub fn new(parameters: &SenderParameters, source: &Receiver) -> Self {
        let ids = Ids::new(&parameters.extensions);
        let none = Outgoing {
            payload_type: NONE,
            rtx: NONE,
            unwrap_red: false,
        };
        let mut payload_types = Box::new([none; 128]);
        let mut forwards_red = false;
        for mapping in &parameters.payload_types {
            let rtx = mapping.outgoing_rtx.filter(|_| parameters.rtx_ssrc.is_some());
            payload_types[usize::from(mapping.incoming & 0x7f)] = Outgoing {
                payload_type: mapping.outgoing & 0x7f,
                rtx: rtx.map_or(NONE, |rtx| rtx & 0x7f),
                unwrap_red: mapping.unwrap_red,
            };
            let codec = source.payload_type(mapping.incoming).map(|known| known.codec);
            forwards_red |= codec == Some(Codec::Red) && !mapping.unwrap_red;
        }
        let stamps = ids
            .id(Kind::AbsSendTime)
            .or(ids.id(Kind::TransportSequence))
            .is_some();
        Self {
            ssrc: parameters.ssrc,
            rtx_ssrc: parameters.rtx_ssrc.unwrap_or_default(),
            mid: parameters.mid.as_bytes().to_vec(),
            mid_id: ids.id(Kind::Mid),
            transport_sequence_id: ids.id(Kind::TransportSequence),
            abs_send_time_id: ids.id(Kind::AbsSendTime),
            remap: Remap::new(&source.ids, &ids),
            needs_stamps: stamps
                && payload_types
                    .iter()
                    .any(|known| known.payload_type != NONE && known.rtx == NONE),
            payload_types,
            forwards_red,
        }
    }

    pub fn outgoing(&self, meta: &Meta) -> Outgoing {
        self.payload_types[usize::from(meta.payload_type)]
    }

    /// Octets of a packet's payload as it goes out.
    pub fn payload_length(&self, meta: &Meta) -> u16 {
        let wrapping = if self.outgoing(meta).unwrap_red {
            meta.red.primary
        } else {
            0
        };
        meta.payload_length - wrapping
    }

    /// The payload type of a block inside RED, as the peer knows it.
    fn mapped(&self, inner: u8) -> u8 {
        let mapped = self.payload_types[usize::from(inner)].payload_type;
        if mapped == NONE { inner } else { mapped }
    }

    /// The peer finds this packet's speech in another one: in the redundancy that it gets, or in what was made of that.
    pub fn has_otherwise(&self, meta: &Meta) -> bool {
        meta.red.recovered && self.forwards_red == meta.red.is_stand_in()
    }

    /// The stamp of a packet that is sent now.
    pub fn stamp(&self, outlet: &mut Outlet<'_>, now: Time) -> Stamp {
        let mut stamp = Stamp::default();
        if self.abs_send_time_id.is_some() {
            stamp.send_time = send_time(now);
        }
        if self.transport_sequence_id.is_some() {
            stamp.transport_sequence = outlet.transport_sequence.to_be_bytes();
            *outlet.transport_sequence = outlet.transport_sequence.wrapping_add(1);
        }
        stamp
    }

    /// Writes and encrypts one packet.
    pub fn write(&self, packet: &Packet<'_>, srtp: &srtp::Sender, buffer: &mut [u8]) -> Option<usize> {
        let Packet { meta, segment, .. } = packet;
        let (timestamp, picture, tl0) = rewritten(meta, segment);
        let outgoing = self.outgoing(meta);
        let (ssrc, index, payload_type) = match packet.rtx {
            Some(index) => (self.rtx_ssrc, index, outgoing.rtx),
            None => (self.ssrc, packet.out, outgoing.payload_type),
        };
        let plain;
        let meta = if outgoing.unwrap_red {
            plain = unwrapped(meta);
            &plain
        } else {
            meta
        };
        let numbers = (payload_type, index as u16, timestamp, ssrc);
        let header = self.write_header(meta, packet.slot, numbers, &packet.stamp, buffer)?;
        let mut start = header;
        if packet.rtx.is_some() {
            let original = (packet.out as u16).to_be_bytes();
            buffer.get_mut(start..start + 2)?.copy_from_slice(&original);
            start += 2;
        }
        let from = usize::from(meta.payload_offset);
        let end = start + usize::from(meta.payload_length);
        if end + srtp.profile().rtp_overhead() > MAX_DATAGRAM {
            return None;
        }
        // The one copy of the outgoing side; encryption happens in place.
        buffer[start..end].copy_from_slice(&packet.slot[from..from + usize::from(meta.payload_length)]);
        if let Some(vp8) = &meta.vp8 {
            vp8.rewrite(&mut buffer[start..end], picture.unwrap_or(0), tl0.unwrap_or(0));
        }
        if meta.red.primary > 0 {
            red::map_payload_types(&mut buffer[start..end], |inner| self.mapped(inner));
        }
        srtp.protect_rtp(index, ssrc, header, buffer, end).ok()
    }

    fn write_header(
        &self,
        meta: &Meta,
        slot: &[u8],
        (payload_type, sequence, timestamp, ssrc): (u8, u16, u32, u32),
        stamp: &Stamp,
        buffer: &mut [u8],
    ) -> Option<usize> {
        let mut elements: [(u8, &[u8]); MAX_EXTENSIONS] = [(0, &[]); MAX_EXTENSIONS];
        let mut count = 0;
        let mut add = |id: u8, value| {
            if count < MAX_EXTENSIONS {
                elements[count] = (id, value);
                count += 1;
            }
        };
        if let Some(id) = self.mid_id {
            add(id, self.mid.as_slice());
        }
        for (id, value) in incoming_elements(meta, slot) {
            let id = self.remap.outgoing(id);
            if id != 0 {
                add(id, value);
            }
        }
        if let Some(id) = self.abs_send_time_id {
            add(id, &stamp.send_time);
        }
        if let Some(id) = self.transport_sequence_id {
            add(id, &stamp.transport_sequence);
        }
        rtp::write_header(
            buffer,
            meta.marker,
            payload_type,
            sequence,
            timestamp,
            ssrc,
            &elements[..count],
        )
        .ok()
    }
}

/// The primary block of a RED packet, as if it had come alone. What stood in for the packet before it arrived had
/// neither marker nor extensions.
fn unwrapped(meta: &Meta) -> Meta {
    Meta {
        payload_offset: meta.payload_offset + meta.red.primary,
        payload_length: meta.payload_length - meta.red.primary,
        marker: meta.marker && !meta.red.recovered,
        extension: meta.extension.filter(|_| !meta.red.recovered),
        red: Red::default(),
        ..*meta
    }
}

/// Timestamp, picture id and TL0PICIDX after a segment's offsets.
pub(super) fn rewritten(meta: &Meta, segment: &Segment) -> (u32, Option<u16>, Option<u8>) {
    let picture = meta.vp8.and_then(|vp8| {
        let mask = if vp8.picture_id_is_15_bits { 0x7fff } else { 0x7f };
        vp8.picture_id
            .map(|id| id.wrapping_sub(segment.picture_offset) & mask)
    });
    let tl0 = meta
        .vp8
        .and_then(|vp8| vp8.tl0_picture_index)
        .map(|index| index.wrapping_sub(segment.tl0_offset));
    (
        meta.timestamp.wrapping_sub(segment.timestamp_offset),
        picture,
        tl0,
    )
}

/// The extension elements of a cached packet.
fn incoming_elements<'a>(meta: &Meta, slot: &'a [u8]) -> ExtensionIter<'a> {
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
