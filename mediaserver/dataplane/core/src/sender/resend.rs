//! Answers to NACKs (RFC 4585, section 6.2.1; RFC 4588).

use super::Sender;
use super::packet::{Form, Packet, rewritten};
use super::retransmit::Wish;
use super::shape::NONE;
use crate::api::Time;
use crate::batch::TransmitBatch;
use crate::congestion::Congestion;
use crate::receiver::Receiver;
use crate::transport::Outlet;

impl Sender {
    /// Sends one number of this stream again, if that may be and helps.
    #[allow(clippy::too_many_arguments)] // as above
    pub fn resend(
        &mut self,
        sequence: u16,
        wish: Wish,
        source: &Receiver,
        outlet: &mut Outlet<'_>,
        batch: &mut TransmitBatch,
        rtt_us: Option<u64>,
        now: Time,
    ) -> Resend {
        if !self.target.enabled {
            return Resend::Needless;
        }
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
        let Some(form) = self.sent.form(out) else {
            // It has just come and goes out in a moment, or it is not for this peer.
            let comes = encoding.pending.contains(&number);
            return if comes { Resend::Awaited } else { Resend::Missing };
        };
        if self.shape.forwards_red && meta.red.is_stand_in() {
            return Resend::Needless;
        }
        let congestion = outlet.congestion.as_deref();
        let may_repair = congestion.is_none_or(Congestion::may_repair);
        // Peers ask again before a resend can have come. Feedback on the line tells sooner if that was lost; without it the
        // half of a round trip is a guess between what is needless and what is late.
        let tenths = if congestion.is_some_and(Congestion::is_heard) {
            9
        } else {
            5
        };
        let patience_us = rtt_us.unwrap_or(0) * tenths / 10;
        if !may_repair || !self.resend.allow(out, wish, patience_us, now) {
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
            numbers: rewritten(meta, &segment),
            out,
            rtx,
            stamp,
            form,
            active_targets: self.active_targets,
        };
        let length = batch.push(&outlet.path, None, |buffer| {
            self.shape.write(&packet, outlet.srtp, buffer)
        });
        let Some(length) = length else {
            return Resend::Unknown;
        };
        if rtx.is_some() {
            let missed_if_lost = (wish != Wish::Repeat).then_some(out);
            self.shape
                .stamped(&packet.stamp, missed_if_lost, length, outlet, now);
        }
        if let Some(congestion) = &mut outlet.congestion {
            congestion.repaired(length);
            if rtx.is_some() && wish != Wish::Repeat {
                congestion.repeats.add(self.shape.ssrc, sequence, now);
            }
        }
        self.next_rtx += u64::from(rtx.is_some());
        self.retransmitted += 1;
        Resend::Sent { bytes: length as u64 }
    }
}

impl Sender {
    /// Sends padding for a probe of the line; gives its bytes, 0: this sender cannot.
    pub fn pad(&mut self, outlet: &mut Outlet<'_>, batch: &mut TransmitBatch, now: Time) -> usize {
        let Some(payload_type) = self.shape.padding_type else {
            return 0;
        };
        let stamp = self.shape.stamp(outlet, now);
        let numbers = (payload_type, self.next_rtx, self.munger.last_timestamp());
        let length = batch.push(&outlet.path, None, |buffer| {
            self.shape.write_padding(numbers, &stamp, outlet.srtp, buffer)
        });
        let Some(length) = length else { return 0 };
        self.next_rtx += 1;
        self.shape.stamped(&stamp, None, length, outlet, now);
        length
    }

    /// Probes of the line can be made with this sender.
    pub fn can_pad(&self) -> bool {
        self.shape.padding_type.is_some()
    }

    /// SSRC and number of the newest packet, where it ends a picture and can be sent again.
    pub fn ended_picture(&self) -> Option<(u32, u16)> {
        let newest = self.munger.next_out().checked_sub(1)?;
        let ends = self.sent.form(newest) == Some(Form::Whole { marker: true });
        (ends && self.shape.resent_ssrc != 0).then_some((self.shape.resent_ssrc, newest as u16))
    }

    /// The peer tells which packets of this sender arrive.
    pub fn gets_feedback(&self) -> bool {
        self.shape.has_feedback()
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
    /// Resent a moment ago, or in the redundancy of the next packet; the line is full of what is sent again; or the
    /// track has stopped here, and goes on with a picture that needs no other.
    Needless,
}
