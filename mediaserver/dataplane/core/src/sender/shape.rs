//! How an outgoing packet is written: header, extensions, rewritten payload, encryption.

use super::munger::Numbers;
use super::packet::{Form, Packet, incoming_elements, unwrapped};
use super::plain_header::{Fixed, PlainHeader};
use super::stamp::{Stamp, send_time};
use crate::api::{SenderParameters, Time};
use crate::batch::MAX_DATAGRAM;
use crate::extension::{Ids, Kind, Remap};
use crate::meta::{Content, Meta};
use crate::receiver::Receiver;
use crate::transport::Outlet;
use polyana_wire::payload::{Codec, red};
use polyana_wire::srtp;

/// Elements that one outgoing packet may carry.
const MAX_EXTENSIONS: usize = 16;
/// An element's value has at most 255 octets; new decode targets add five.
const MAX_DESCRIPTOR: usize = 260;
/// No outgoing payload type.
pub(super) const NONE: u8 = 0xff;

/// How a packet of one sender looks, apart from its numbers.
#[derive(PartialEq)]
pub(super) struct Shape {
    pub ssrc: u32,
    rtx_ssrc: u32,
    /// The SSRC where there is a retransmission stream, else 0.
    pub resent_ssrc: u32,
    mid: Vec<u8>,
    mid_id: Option<u8>,
    transport_sequence_id: Option<u8>,
    abs_send_time_id: Option<u8>,
    descriptor_id: Option<u8>,
    plain: PlainHeader,
    remap: Remap,
    payload_types: Box<[Outgoing; 128]>,
    /// Of padding on the retransmission stream, where there is one.
    pub padding_type: Option<u8>,
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
        let mid = parameters.mid.as_bytes();
        let padding_type = payload_types
            .iter()
            .map(|known| known.rtx)
            .find(|rtx| *rtx != NONE);
        Self {
            plain: PlainHeader::new(mid, &ids),
            ssrc: parameters.ssrc,
            rtx_ssrc: parameters.rtx_ssrc.unwrap_or_default(),
            mid: mid.to_vec(),
            mid_id: ids.id(Kind::Mid),
            transport_sequence_id: ids.id(Kind::TransportSequence),
            abs_send_time_id: ids.id(Kind::AbsSendTime),
            descriptor_id: ids.id(Kind::DependencyDescriptor),
            remap: Remap::new(&source.ids, &ids),
            needs_stamps: stamps
                && payload_types
                    .iter()
                    .any(|known| known.payload_type != NONE && known.rtx == NONE),
            padding_type,
            resent_ssrc: padding_type.map_or(0, |_| parameters.ssrc),
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

    /// A packet has left with this stamp: its number is waited for in the peer's feedback. `media`: of the stream, where it is
    /// to be sent again if it is lost and can be.
    #[inline]
    pub fn stamped(
        &self,
        stamp: &Stamp,
        media: Option<u64>,
        bytes: usize,
        outlet: &mut Outlet<'_>,
        now: Time,
    ) {
        if let Some(congestion) = &mut outlet.congestion
            && self.has_feedback()
        {
            let number = u16::from_be_bytes(stamp.transport_sequence);
            let media = media.map_or((0, 0), |out| (self.resent_ssrc, out as u16));
            congestion.sent(number, media, bytes, now);
        }
    }

    /// The peer tells which packets arrive.
    pub fn has_feedback(&self) -> bool {
        self.transport_sequence_id.is_some()
    }

    /// Writes and encrypts a packet of the retransmission stream that holds nothing but padding.
    pub fn write_padding(
        &self,
        (payload_type, index, timestamp): (u8, u64, u32),
        stamp: &Stamp,
        srtp: &srtp::Sender,
        buffer: &mut [u8],
    ) -> Option<usize> {
        const PADDING: usize = 255;
        let fixed = Fixed {
            marker: false,
            payload_type,
            sequence: index as u16,
            timestamp,
            ssrc: self.rtx_ssrc,
        };
        let header = self.plain.write(&fixed, stamp, buffer)?;
        buffer[0] |= 0x20;
        let end = header + PADDING;
        buffer.get_mut(header..end)?.fill(0);
        buffer[end - 1] = PADDING as u8;
        srtp.protect_rtp(index, self.rtx_ssrc, header, buffer, end).ok()
    }

    /// The marker of a packet as it goes out, apart from what is added for layers.
    pub fn marker(&self, meta: &Meta) -> bool {
        meta.marker && !(meta.red.recovered && self.outgoing(meta).unwrap_red)
    }

    /// Writes and encrypts one packet.
    pub fn write(&self, packet: &Packet<'_>, srtp: &srtp::Sender, buffer: &mut [u8]) -> Option<usize> {
        let outgoing = self.outgoing(packet.meta);
        let (ssrc, index, payload_type) = match packet.rtx {
            Some(index) => (self.rtx_ssrc, index, outgoing.rtx),
            None => (self.ssrc, packet.out, outgoing.payload_type),
        };
        let plain;
        let meta = if outgoing.unwrap_red {
            plain = unwrapped(packet.meta);
            &plain
        } else {
            packet.meta
        };
        let header = self.write_header(packet, meta, (payload_type, index as u16, ssrc), buffer)?;
        let mut start = header;
        if packet.rtx.is_some() {
            let original = (packet.out as u16).to_be_bytes();
            buffer.get_mut(start..start + 2)?.copy_from_slice(&original);
            start += 2;
        }
        let end = match packet.form {
            Form::Whole { .. } => {
                let end = start + usize::from(meta.payload_length);
                if end + srtp.profile().rtp_overhead() > MAX_DATAGRAM {
                    return None;
                }
                self.write_payload(meta, packet.slot, &packet.numbers, &mut buffer[start..end]);
                end
            }
            Form::Empty if packet.rtx.is_some() => start,
            Form::Empty => {
                // One octet of padding (RFC 3550, section 5.1).
                buffer[0] |= 0x20;
                buffer[start] = 1;
                start + 1
            }
        };
        srtp.protect_rtp(index, ssrc, header, buffer, end).ok()
    }

    /// The one copy of the outgoing side; encryption happens in place.
    fn write_payload(&self, meta: &Meta, slot: &[u8], numbers: &Numbers, payload: &mut [u8]) {
        payload.copy_from_slice(&slot[usize::from(meta.payload_offset)..][..payload.len()]);
        let picture_id = numbers.picture_id.unwrap_or(0);
        let tl0_picture_index = numbers.tl0_picture_index.unwrap_or(0);
        match &meta.content {
            Content::Vp8(vp8) => vp8.rewrite(payload, picture_id, tl0_picture_index),
            Content::Vp9(vp9) => vp9.rewrite(payload, picture_id, tl0_picture_index),
            Content::Other if meta.red.primary > 0 => {
                red::map_payload_types(payload, |inner| self.mapped(inner));
            }
            Content::Other => {}
        }
    }

    fn write_header(
        &self,
        packet: &Packet<'_>,
        meta: &Meta,
        (payload_type, sequence, ssrc): (u8, u16, u32),
        buffer: &mut [u8],
    ) -> Option<usize> {
        let marker = packet.form == Form::Whole { marker: true };
        let fixed = Fixed {
            marker,
            payload_type,
            sequence,
            timestamp: packet.numbers.timestamp,
            ssrc,
        };
        if meta.extension.is_none() || packet.form == Form::Empty {
            return self.plain.write(&fixed, &packet.stamp, buffer);
        }
        let remapped = |(id, value)| Some((self.remap.outgoing(id), value)).filter(|(id, _)| *id != 0);
        let written = (!packet.changes_descriptor())
            .then(|| {
                let elements = incoming_elements(meta, packet.slot).filter_map(remapped);
                self.plain.write_with(elements, &fixed, &packet.stamp, buffer)
            })
            .flatten();
        written.or_else(|| self.write_with_forwarded(packet, meta, &fixed, buffer))
    }

    /// A header with elements of the incoming packet that are changed, or long.
    #[inline(never)]
    fn write_with_forwarded(
        &self,
        packet: &Packet<'_>,
        meta: &Meta,
        fixed: &Fixed,
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
        let mut descriptor: [u8; MAX_DESCRIPTOR];
        let mut rewritten: Option<&[u8]> = None;
        if packet.changes_descriptor()
            && let Some(element) = self.incoming_descriptor(meta, packet.slot)
        {
            descriptor = [0; MAX_DESCRIPTOR];
            let length = packet.rewrite_descriptor(element, &mut descriptor)?;
            rewritten = Some(&descriptor[..length]);
        }
        for (id, value) in incoming_elements(meta, packet.slot) {
            match (self.remap.outgoing(id), rewritten) {
                (0, _) => {}
                (id, Some(changed)) if Some(id) == self.descriptor_id => add(id, changed),
                (id, _) => add(id, value),
            }
        }
        if let Some(id) = self.abs_send_time_id {
            add(id, &packet.stamp.send_time);
        }
        if let Some(id) = self.transport_sequence_id {
            add(id, &packet.stamp.transport_sequence);
        }
        fixed.write(&elements[..count], buffer)
    }

    /// The dependency descriptor of a packet, where the peer gets it.
    fn incoming_descriptor<'a>(&self, meta: &Meta, slot: &'a [u8]) -> Option<&'a [u8]> {
        let wanted = self.descriptor_id?;
        incoming_elements(meta, slot)
            .find(|(id, _)| self.remap.outgoing(*id) == wanted)
            .map(|(_, element)| element)
    }
}
