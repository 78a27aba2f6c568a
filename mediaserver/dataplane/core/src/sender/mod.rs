//! Tracks that go out: each packet of the source is written once into the batch, renumbered and encrypted there.

pub(crate) mod munger;
pub(crate) mod report;
pub(crate) mod retransmit;
pub(crate) mod selector;
mod shape;
mod stamp;

use crate::api::{MediaKind, SenderId, SenderParameters, SenderTarget, Time};
use crate::batch::TransmitBatch;
use crate::cache::Meta;
use crate::receiver::{Encoding, Receiver};
use crate::transport::Outlet;
use munger::{Munger, Segment, Start};
use report::SenderReports;
use retransmit::ResendLimit;
use shape::{NONE, Packet, Shape, rewritten};
use stamp::Stamps;

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
    stamps: Stamps,
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
        let shape = Shape::new(parameters, source);
        Self {
            id,
            transport,
            receiver,
            kind: source.kind,
            cname: parameters.cname.clone(),
            target: SenderTarget::default(),
            current: None,
            stamps: Stamps::new(shape.needs_stamps, 0),
            shape,
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
        let shape = Shape::new(parameters, source);
        if self.shape != shape {
            self.stamps = Stamps::new(shape.needs_stamps, self.munger.next_out());
            self.shape = shape;
        }
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
        if self.shape.has_otherwise(meta) {
            return;
        }
        if meta.payload_length == 0 || self.shape.outgoing(meta).payload_type == NONE {
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
        let packet = Packet {
            meta,
            slot,
            segment,
            out,
            rtx: None,
            stamp: self.shape.stamp(outlet, now),
        };
        let length = batch.push(&outlet.path, Some(meta.arrival), |buffer| {
            self.shape.write(&packet, outlet.srtp, buffer)
        });
        let Some(length) = length else { return };
        self.stamps.remember(out, packet.stamp);
        let (timestamp, picture, tl0) = rewritten(meta, &segment);
        self.munger.sent(sequence, out, timestamp, picture, tl0);
        self.last_sent = now;
        self.packets += 1;
        self.bytes += length as u64;
        self.payload_bytes += u64::from(self.shape.payload_length(meta));
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
            let awaited = encoding.nack.waits_for(number);
            return if awaited { Resend::Awaited } else { Resend::Missing };
        };
        if self.shape.forwards_red && meta.red.is_stand_in() {
            return Resend::Needless;
        }
        if !self.resend.allow(out, rtt_us, now) {
            return Resend::Needless;
        }
        let has_rtx = self.shape.outgoing(meta).rtx != NONE;
        let rtx = has_rtx.then_some(self.next_rtx);
        let stamp = match rtx {
            Some(_) => self.shape.stamp(outlet, now),
            None => match self.stamps.recall(out) {
                Some(stamp) => stamp,
                None => return Resend::Missing,
            },
        };
        let packet = Packet {
            meta,
            slot,
            segment,
            out,
            rtx,
            stamp,
        };
        let length = batch.push(&outlet.path, None, |buffer| {
            self.shape.write(&packet, outlet.srtp, buffer)
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
    /// Lost on the way to us too. The publisher has been asked, and what it resends is forwarded at once in its place.
    Awaited,
    /// Neither here nor on its way.
    Missing,
    Unknown,
    /// Resent a moment ago, or in the redundancy of the next packet.
    Needless,
}
