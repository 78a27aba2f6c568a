//! Tracks that go out: each packet of the source is written once into the batch, renumbered and encrypted there.

pub(crate) mod munger;
pub(crate) mod report;
pub(crate) mod retransmit;
pub(crate) mod selector;

use crate::api::{MediaKind, SenderId, SenderParameters, SenderTarget, Time};
use crate::batch::{MAX_DATAGRAM, TransmitBatch};
use crate::cache::Meta;
use crate::extension::{Ids, Kind, Remap};
use crate::receiver::{Encoding, Receiver};
use crate::transport::Outlet;
use munger::{Munger, Segment, Start};
use polyana_wire::rtp::{self, ExtensionIter, Header};
use report::SenderReports;
use retransmit::ResendLimit;

/// Elements that one outgoing packet may carry.
const MAX_EXTENSIONS: usize = 16;
/// No outgoing payload type.
const NONE: u8 = 0xff;

/// How a packet of one sender looks, apart from its numbers.
struct Shape {
    ssrc: u32,
    rtx_ssrc: u32,
    mid: Vec<u8>,
    mid_id: Option<u8>,
    transport_sequence_id: Option<u8>,
    abs_send_time_id: Option<u8>,
    remap: Remap,
    payload_types: Box<[u8; 128]>,
    rtx_payload_types: Box<[u8; 128]>,
}

pub(crate) struct Sender {
    pub id: SenderId,
    /// Slab indices.
    pub transport: usize,
    pub receiver: usize,
    pub kind: MediaKind,
    pub cname: String,
    pub target: SenderTarget,
    /// The encoding that is forwarded now.
    pub current: Option<usize>,
    shape: Shape,
    munger: Munger,
    /// When the newest packet went out, for timestamps across a switch without reports.
    last_sent: Time,
    next_rtx: u64,
    resend: ResendLimit,
    pub reports: SenderReports,
    pub packets: u64,
    pub bytes: u64,
    pub payload_bytes: u64,
    pub retransmitted: u64,
    pub fraction_lost: f32,
    /// Picture that is being left out (VP8 temporal layers).
    left_out_picture: Option<u16>,
}

/// Counts of one call, added to the core's counters by the caller.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent {
    pub packets: u64,
    pub bytes: u64,
    /// The encoding changed.
    pub switched: bool,
    /// A keyframe of this encoding is needed.
    pub wants_keyframe: Option<usize>,
}

impl Sender {
    pub fn new(
        id: SenderId,
        transport: usize,
        receiver: usize,
        source: &Receiver,
        parameters: &SenderParameters,
        random: u64,
    ) -> Self {
        Self {
            id,
            transport,
            receiver,
            kind: source.kind,
            cname: parameters.cname.clone(),
            target: SenderTarget::default(),
            current: None,
            shape: Shape::new(parameters, source),
            munger: Munger::new(random as u16),
            last_sent: Time::default(),
            next_rtx: random >> 16 & 0x7fff,
            resend: ResendLimit::default(),
            reports: SenderReports::default(),
            packets: 0,
            bytes: 0,
            payload_bytes: 0,
            retransmitted: 0,
            fraction_lost: 0.0,
            left_out_picture: None,
        }
    }

    pub fn ssrc(&self) -> u32 {
        self.shape.ssrc
    }

    /// Takes new parameters of the same SSRC; numbering goes on.
    pub fn configure(&mut self, receiver: usize, source: &Receiver, parameters: &SenderParameters) {
        self.shape = Shape::new(parameters, source);
        self.cname.clone_from(&parameters.cname);
        if self.receiver != receiver {
            self.receiver = receiver;
            self.current = None;
            self.munger.forget();
        }
    }

    /// The publisher's stream began anew: what was mapped is gone.
    pub fn source_restarted(&mut self, encoding: usize) {
        if self.current == Some(encoding) {
            self.current = None;
            self.munger.forget();
        }
    }

    /// True when this ends what was being sent.
    pub fn set_target(&mut self, target: SenderTarget) -> bool {
        self.target = target;
        !target.enabled && self.current.take().is_some()
    }

    /// Forwards what is pending at the source.
    pub fn forward(
        &mut self,
        source: &Receiver,
        outlet: &mut Outlet<'_>,
        batch: &mut TransmitBatch,
        now: Time,
    ) -> Sent {
        let mut sent = Sent::default();
        let Some(desired) = selector::desired(&self.target, &source.encodings) else {
            return sent;
        };
        if self.current != Some(desired) {
            self.try_switch(desired, &source.encodings, now, &mut sent);
        }
        let Some(current) = self.current else { return sent };
        let encoding = &source.encodings[current];
        for &sequence in &encoding.pending {
            self.forward_one(current, encoding, sequence, outlet, batch, now, &mut sent);
        }
        sent
    }

    /// Switches at a packet that a decoder can start from, if one is pending.
    fn try_switch(&mut self, desired: usize, encodings: &[Encoding], now: Time, sent: &mut Sent) {
        let encoding = &encodings[desired];
        let start = encoding
            .pending
            .iter()
            .filter_map(|&sequence| encoding.cache.get(sequence))
            .find(|(meta, _)| {
                meta.payload_length > 0 && (self.kind == MediaKind::Audio || meta.keyframe_start)
            });
        let Some((meta, _)) = start else {
            sent.wants_keyframe = (self.kind == MediaKind::Video).then_some(desired);
            return;
        };
        let timestamp = self.timestamp_after_switch(encodings, desired, meta, now);
        let start = Start {
            sequence: meta.sequence,
            timestamp: meta.timestamp,
            picture_id: meta.vp8.and_then(|vp8| vp8.picture_id),
            tl0_picture_index: meta.vp8.and_then(|vp8| vp8.tl0_picture_index),
        };
        self.munger.switch(desired as u8, start, timestamp);
        self.reports.hasten(); // the old report says nothing of the new time base
        self.current = Some(desired);
        self.left_out_picture = None;
        sent.switched = true;
    }

    /// The outgoing time of the first packet after a switch: the source's own at the very first; else by the sender
    /// reports of both encodings, which share the publisher's clock; else what has passed since the last packet.
    /// Always later than the last packet.
    fn timestamp_after_switch(&self, encodings: &[Encoding], desired: usize, meta: &Meta, now: Time) -> u32 {
        if !self.munger.started() {
            return meta.timestamp;
        }
        let clock_rate = encodings[desired].clock_rate;
        let elapsed_us = u128::from(now.0.saturating_sub(self.last_sent.0));
        let elapsed = (elapsed_us * u128::from(clock_rate) / 1_000_000) as u32;
        let last = self.munger.last_timestamp;
        let by_clock = last.wrapping_add(elapsed);
        let chosen = self
            .aligned_timestamp(encodings, desired, meta)
            .filter(|aligned| aligned.wrapping_sub(by_clock).cast_signed().unsigned_abs() <= clock_rate)
            .unwrap_or(by_clock);
        if chosen.wrapping_sub(last).cast_signed() > 0 {
            chosen
        } else {
            last.wrapping_add(1)
        }
    }

    /// The packet's time in the base of the encoding before, by the sender reports of both.
    fn aligned_timestamp(&self, encodings: &[Encoding], desired: usize, meta: &Meta) -> Option<u32> {
        let before = self.munger.newest()?;
        let encoding = &encodings[desired];
        let (old, _) = encodings.get(usize::from(before.encoding))?.reception.last_sr()?;
        let (new, _) = encoding.reception.last_sr()?;
        let apart = i128::from(new.ntp_time.wrapping_sub(old.ntp_time).cast_signed());
        let ticks = (apart * i128::from(encoding.clock_rate)) >> 32;
        let since_report = meta.timestamp.wrapping_sub(new.rtp_time);
        Some(
            old.rtp_time
                .wrapping_add(ticks as u32)
                .wrapping_add(since_report)
                .wrapping_sub(before.timestamp_offset),
        )
    }

    #[allow(clippy::too_many_arguments)] // one packet's whole context; bundling it would only rename it
    fn forward_one(
        &mut self,
        current: usize,
        encoding: &Encoding,
        sequence: u64,
        outlet: &mut Outlet<'_>,
        batch: &mut TransmitBatch,
        now: Time,
        sent: &mut Sent,
    ) {
        let Some((meta, slot)) = encoding.cache.get(sequence) else {
            return;
        };
        if meta.payload_length == 0 || self.shape.payload_types[usize::from(meta.payload_type)] == NONE {
            self.munger.leave_out(current as u8, sequence, false);
            return;
        }
        if self.leaves_out_temporal(meta) {
            let new_frame = self.left_out_picture != meta.vp8.and_then(|vp8| vp8.picture_id);
            self.left_out_picture = meta.vp8.and_then(|vp8| vp8.picture_id);
            self.munger.leave_out(current as u8, sequence, new_frame);
            return;
        }
        let Some((segment, out)) = self.munger.map(current as u8, sequence) else {
            return;
        };
        let shape = &self.shape;
        let path = outlet.path;
        let length = batch.push(&path, Some(meta.arrival), |buffer| {
            shape.write(meta, slot, &segment, out, None, outlet, buffer, now)
        });
        let Some(length) = length else { return };
        let (timestamp, picture, tl0) = rewritten(meta, &segment);
        self.munger.sent(sequence, out, timestamp, picture, tl0);
        self.last_sent = now;
        self.packets += 1;
        self.bytes += length as u64;
        self.payload_bytes += u64::from(meta.payload_length);
        sent.packets += 1;
        sent.bytes += length as u64;
    }

    fn leaves_out_temporal(&self, meta: &Meta) -> bool {
        !selector::keeps_temporal(&self.target, meta.vp8.and_then(|vp8| vp8.temporal_id))
    }

    /// Answers one number of a NACK; None: not sent (unknown, gone, or resent a moment ago).
    #[allow(clippy::too_many_arguments)] // as above
    pub fn resend(
        &mut self,
        sequence: u16,
        source: &Receiver,
        outlet: &mut Outlet<'_>,
        batch: &mut TransmitBatch,
        rtt_us: Option<u64>,
        now: Time,
    ) -> Resend {
        let Some(out) = self.munger.extend_sent(sequence) else {
            return Resend::Unknown;
        };
        let Some((segment, number)) = self.munger.source_of(out) else {
            return Resend::Unknown;
        };
        let Some(encoding) = source.encodings.get(usize::from(segment.encoding)) else {
            return Resend::Unknown;
        };
        let Some((meta, slot)) = encoding.cache.get(number) else {
            return Resend::Missing;
        };
        if !self.resend.allow(out, rtt_us, now) {
            return Resend::Recent;
        }
        let rtx = self
            .shape
            .rtx_payload_type(meta.payload_type)
            .map(|_| self.next_rtx);
        let shape = &self.shape;
        let path = outlet.path;
        let length = batch.push(&path, None, |buffer| {
            shape.write(meta, slot, &segment, out, rtx, outlet, buffer, now)
        });
        let Some(length) = length else {
            return Resend::Unknown;
        };
        self.next_rtx += u64::from(rtx.is_some());
        self.retransmitted += 1;
        Resend::Sent { bytes: length as u64 }
    }

    /// RTP timestamp offset and encoding for sender reports.
    pub fn report_source(&self) -> Option<Segment> {
        self.current?;
        self.munger.newest().filter(|_| self.munger.started())
    }
}

/// What became of a request to resend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resend {
    Sent {
        bytes: u64,
    },
    /// Lost on the way to us too; it is forwarded when the publisher resends it.
    Missing,
    Unknown,
    Recent,
}

/// Timestamp, picture id and TL0PICIDX after a segment's offsets.
fn rewritten(meta: &Meta, segment: &Segment) -> (u32, Option<u16>, Option<u8>) {
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

impl Shape {
    fn new(parameters: &SenderParameters, source: &Receiver) -> Self {
        let ids = Ids::new(&parameters.extensions);
        let mut payload_types = Box::new([NONE; 128]);
        let mut rtx_payload_types = Box::new([NONE; 128]);
        for &(incoming, outgoing, rtx) in &parameters.payload_types {
            let incoming = usize::from(incoming & 0x7f);
            payload_types[incoming] = outgoing & 0x7f;
            if parameters.rtx_ssrc.is_some() {
                rtx_payload_types[incoming] = rtx.map_or(NONE, |rtx| rtx & 0x7f);
            }
        }
        Self {
            ssrc: parameters.ssrc,
            rtx_ssrc: parameters.rtx_ssrc.unwrap_or_default(),
            mid: parameters.mid.as_bytes().to_vec(),
            mid_id: ids.id(Kind::Mid),
            transport_sequence_id: ids.id(Kind::TransportSequence),
            abs_send_time_id: ids.id(Kind::AbsSendTime),
            remap: Remap::new(&source.ids, &ids),
            payload_types,
            rtx_payload_types,
        }
    }

    fn rtx_payload_type(&self, incoming: u8) -> Option<u8> {
        Some(self.rtx_payload_types[usize::from(incoming)]).filter(|&rtx| rtx != NONE)
    }

    /// Writes and encrypts one packet; `rtx` holds the number on the retransmission stream.
    #[allow(clippy::too_many_arguments)] // the inner loop: a struct of references would be built for each packet
    fn write(
        &self,
        meta: &Meta,
        slot: &[u8],
        segment: &Segment,
        out: u64,
        rtx: Option<u64>,
        outlet: &mut Outlet<'_>,
        buffer: &mut [u8],
        now: Time,
    ) -> Option<usize> {
        let (timestamp, picture, tl0) = rewritten(meta, segment);
        let (ssrc, index, payload_type) = match rtx {
            Some(index) => (self.rtx_ssrc, index, self.rtx_payload_type(meta.payload_type)?),
            None => (self.ssrc, out, self.payload_types[usize::from(meta.payload_type)]),
        };
        let header = self.write_header(
            meta,
            slot,
            payload_type,
            index as u16,
            timestamp,
            ssrc,
            outlet,
            buffer,
            now,
        )?;
        let mut start = header;
        if rtx.is_some() {
            buffer
                .get_mut(start..start + 2)?
                .copy_from_slice(&(out as u16).to_be_bytes());
            start += 2;
        }
        let from = usize::from(meta.payload_offset);
        let end = start + usize::from(meta.payload_length);
        if end + outlet.srtp.profile().rtp_overhead() > MAX_DATAGRAM {
            return None;
        }
        // The one copy of the outgoing side; encryption happens in place.
        buffer[start..end].copy_from_slice(&slot[from..from + usize::from(meta.payload_length)]);
        if let Some(vp8) = &meta.vp8 {
            vp8.rewrite(&mut buffer[start..end], picture.unwrap_or(0), tl0.unwrap_or(0));
        }
        outlet.srtp.protect_rtp(index, ssrc, header, buffer, end).ok()
    }

    #[allow(clippy::too_many_arguments)] // as above
    fn write_header(
        &self,
        meta: &Meta,
        slot: &[u8],
        payload_type: u8,
        sequence: u16,
        timestamp: u32,
        ssrc: u32,
        outlet: &mut Outlet<'_>,
        buffer: &mut [u8],
        now: Time,
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
        let send_time = abs_send_time(now);
        if let Some(id) = self.abs_send_time_id {
            add(id, &send_time);
        }
        let transport_sequence = outlet.transport_sequence.to_be_bytes();
        if let Some(id) = self.transport_sequence_id {
            *outlet.transport_sequence = outlet.transport_sequence.wrapping_add(1);
            add(id, &transport_sequence);
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

/// 24-bit 6.18 fixed point seconds.
fn abs_send_time(now: Time) -> [u8; 3] {
    let fixed = ((u128::from(now.0) << 18) / 1_000_000) as u32;
    [(fixed >> 16) as u8, (fixed >> 8) as u8, fixed as u8]
}
