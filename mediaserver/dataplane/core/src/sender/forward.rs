//! The path of a packet through a sender.

use super::layers::Limit;
use super::munger::Segment;
use super::packet::{Form, Packet, rewritten};
use super::shape::NONE;
use super::{Sender, Sent, selector};
use crate::api::Time;
use crate::batch::TransmitBatch;
use crate::congestion::Congestion;
use crate::meta::Meta;
use crate::receiver::{Encoding, Receiver};
use crate::transport::Outlet;

/// Video that has waited for its turn this long goes out whatever the pace.
const LONGEST_WAIT_US: u64 = 200_000;
/// More numbers than a cache has need not be looked at.
const MAX_WAITING: u64 = 2048;

/// Where packets go, and what came of it.
struct Way<'a, 'b> {
    outlet: &'a mut Outlet<'b>,
    batch: &'a mut TransmitBatch,
    now: Time,
    sent: Sent,
}

impl<'a, 'b> Way<'a, 'b> {
    fn new(outlet: &'a mut Outlet<'b>, batch: &'a mut TransmitBatch, now: Time) -> Self {
        Self {
            outlet,
            batch,
            now,
            sent: Sent::default(),
        }
    }

    fn must_wait(&self) -> bool {
        self.outlet
            .congestion
            .as_deref()
            .is_some_and(Congestion::must_wait)
    }
}

impl Sender {
    /// Forwards what is pending at the source.
    pub fn forward(
        &mut self,
        source: &Receiver,
        outlet: &mut Outlet<'_>,
        batch: &mut TransmitBatch,
        now: Time,
    ) -> Sent {
        let mut way = Way::new(outlet, batch, now);
        let Some(desired) = selector::desired(&self.target, &source.encodings) else {
            return way.sent;
        };
        if self.current != Some(desired) {
            self.try_switch(desired, source, now, &mut way.sent);
        }
        let Some(current) = self.current else {
            return way.sent;
        };
        let encoding = &source.encodings[current];
        let limit = selector::limit(&self.target, &source.encodings);
        match way.sent.started_at.take() {
            Some(start) => self.forward_from(start, current, encoding, limit, &mut way),
            None => {
                for &sequence in &encoding.pending {
                    if (self.waits || way.must_wait()) && sequence > self.munger.highest_source() {
                        self.waits = true;
                        continue;
                    }
                    self.forward_one(current, encoding, sequence, limit, &mut way);
                }
                if self.waits {
                    let start = self.munger.highest_source() + 1;
                    self.forward_from(start, current, encoding, limit, &mut way);
                }
            }
        }
        if self.before.is_some() {
            self.forward_late(source, limit, &mut way);
        }
        way.sent
    }

    /// Forwards more of what waits for the line to be free.
    pub fn forward_waiting(
        &mut self,
        source: &Receiver,
        outlet: &mut Outlet<'_>,
        batch: &mut TransmitBatch,
        now: Time,
    ) -> Sent {
        let mut way = Way::new(outlet, batch, now);
        let current = self.current.filter(|_| self.waits);
        if let Some((current, encoding)) =
            current.and_then(|current| Some((current, source.encodings.get(current)?)))
        {
            let limit = selector::limit(&self.target, &source.encodings);
            let start = self.munger.highest_source() + 1;
            self.forward_from(start, current, encoding, limit, &mut way);
        }
        way.sent
    }

    /// From a packet on as far as the pace allows. After a switch its first packet may have come last, and the rest waits in
    /// the cache.
    #[inline(never)]
    fn forward_from(
        &mut self,
        start: u64,
        current: usize,
        encoding: &Encoding,
        limit: Limit,
        way: &mut Way<'_, '_>,
    ) {
        let highest = encoding.extender.highest.unwrap_or(start);
        self.waits = false;
        for sequence in start.max(highest.saturating_sub(MAX_WAITING))..=highest {
            if way.must_wait() && (has_time(encoding, sequence, way.now) || self.memory_may_wait(way.now)) {
                self.waits = true;
                return;
            }
            if self.place_in_time(encoding, sequence, way.now).is_none() {
                self.current = None;
                return;
            }
            self.forward_one(current, encoding, sequence, limit, way);
        }
        self.caught_up(highest + 1);
    }

    /// Packets that were lost before a switch to another encoding.
    #[inline(never)]
    fn forward_late(&mut self, source: &Receiver, limit: Limit, way: &mut Way<'_, '_>) {
        let Some(mut before) = self.before.take_if(|before| before.until > way.now) else {
            self.before = None;
            return;
        };
        if let Some(encoding) = source.encodings.get(before.encoding) {
            std::mem::swap(&mut self.layers, &mut before.layers);
            let late = encoding.pending.iter().filter(|&&sequence| sequence < before.end);
            for &sequence in late {
                self.forward_one(before.encoding, encoding, sequence, limit, way);
            }
            std::mem::swap(&mut self.layers, &mut before.layers);
        }
        self.before = Some(before);
    }

    #[inline(always)] // the loop over pending packets is the path of all media
    fn forward_one(
        &mut self,
        current: usize,
        encoding: &Encoding,
        sequence: u64,
        limit: Limit,
        way: &mut Way<'_, '_>,
    ) {
        let Some((meta, slot)) = encoding.cache.get(sequence) else {
            return;
        };
        if self.shape.has_otherwise(meta) {
            return;
        }
        if meta.payload_length == 0 || self.shape.outgoing(meta).payload_type == NONE {
            return self.leave_out(current, (meta, slot), false, way);
        }
        let verdict = self.layers.judge(meta, encoding, limit);
        if verdict.wants_keyframe {
            way.sent.wants_keyframe = Some(current);
        }
        if !verdict.forward {
            self.leave_out(current, (meta, slot), verdict.skips_picture, way);
        } else if let Some(place) = self.munger.map(current as u8, sequence) {
            let marker = self.shape.marker(meta) || verdict.ends_picture;
            self.send((meta, slot), place, Form::Whole { marker }, way);
        }
    }

    #[inline(never)]
    fn leave_out(
        &mut self,
        current: usize,
        found: (&Meta, &[u8]),
        skips_picture: bool,
        way: &mut Way<'_, '_>,
    ) {
        let kept = self
            .munger
            .leave_out(current as u8, found.0.sequence, skips_picture);
        // Late: the peer has seen the gap and asks for what is in it. An empty packet ends that.
        if let Some(place) = kept
            && self.shape.outgoing(found.0).payload_type != NONE
        {
            self.send(found, place, Form::Empty, way);
        }
    }

    #[inline(always)]
    fn send(
        &mut self,
        (meta, slot): (&Meta, &[u8]),
        (segment, out): (Segment, u64),
        form: Form,
        way: &mut Way<'_, '_>,
    ) {
        let active_targets = self.layers.active_targets();
        if active_targets != self.active_targets {
            self.active_targets = active_targets;
            self.stamps.forget_before(out);
        }
        let numbers = rewritten(meta, &segment);
        let packet = Packet {
            meta,
            slot,
            numbers,
            out,
            rtx: None,
            stamp: self.shape.stamp(way.outlet, way.now),
            form,
            active_targets,
        };
        let length = way.batch.push(&way.outlet.path, Some(meta.arrival), |buffer| {
            self.shape.write(&packet, way.outlet.srtp, buffer)
        });
        let Some(length) = length else { return };
        self.shape
            .stamped(&packet.stamp, Some(out), length, way.outlet, way.now);
        self.stamps.remember(out, packet.stamp);
        self.sent.remember(out, form);
        self.munger.sent(segment.encoding, meta.sequence, out, &numbers);
        self.last_sent = way.now;
        self.packets += 1;
        self.bytes += length as u64;
        self.payload_bytes += u64::from(self.shape.payload_length(meta));
        way.sent.packets += 1;
        way.sent.bytes += length as u64;
    }
}

/// A packet may wait; one that is missing says nothing.
fn has_time(encoding: &Encoding, sequence: u64, now: Time) -> bool {
    let found = encoding.cache.get(sequence);
    found.is_some_and(|(meta, _)| now.0.saturating_sub(meta.arrival.0) < LONGEST_WAIT_US)
}
