//! Lines that give feedback: what waits goes on, probes are sent, estimates are told.

use crate::{Core, Event, MediaKind, Time, TransmitBatch};

impl Core {
    /// Sends what the line of a transport allows now: video that waits, and padding of a probe.
    pub(crate) fn pace(&mut self, index: usize, now: Time, batch: &mut TransmitBatch) {
        let Some(congestion) = &mut self.transports[index].congestion else {
            return;
        };
        congestion.refill(now);
        self.repeat(now, index);
        let mut padder = None;
        for position in 0..self.transports[index].senders.len() {
            let number = self.transports[index].senders[position];
            let sender = &self.senders[number];
            if padder.is_none() && sender.kind == MediaKind::Video && sender.can_pad() {
                padder = Some(number);
            }
            if sender.waits {
                self.forward_waiting(index, number, now, batch);
            }
        }
        let owner = &mut self.transports[index];
        let padder = padder.filter(|_| owner.outlet().is_some());
        let line_bytes = owner.bytes_out;
        let mut due = owner
            .congestion
            .as_mut()
            .map_or(0, |congestion| congestion.poll(padder.is_some(), line_bytes, now));
        while due > 0
            && let Some(number) = padder
            && let Some(mut outlet) = owner.outlet()
        {
            let bytes = self.senders[number].pad(&mut outlet, batch, now);
            if bytes == 0 {
                break;
            }
            owner.count_out(1, bytes as u64);
            self.counters.padding_packets_out += 1;
            due = due.saturating_sub(bytes);
        }
        self.tell_estimate(index, now);
    }

    pub(crate) fn forward_waiting(
        &mut self,
        index: usize,
        number: usize,
        now: Time,
        batch: &mut TransmitBatch,
    ) {
        let owner = &mut self.transports[index];
        let sender = &mut self.senders[number];
        let receiver = sender.receiver;
        if self.receivers[receiver].queued {
            return; // what has just come in takes what waits with it, at once
        }
        let Some(mut outlet) = owner.outlet() else {
            return;
        };
        let sent = sender.forward_waiting(&self.receivers[receiver], &mut outlet, batch, now);
        owner.count_out(sent.packets, sent.bytes);
        self.counters.rtp_packets_out += sent.packets;
        self.counters.rtp_bytes_out += sent.bytes;
        if let Some(encoding) = sent.wants_keyframe {
            let source = &mut self.receivers[receiver];
            source.encodings[encoding].keyframe.want();
            let publisher = source.transport;
            self.wake_transport(publisher, now);
        }
    }

    /// Tells the control plane what the line of a transport carries, where that is news.
    pub(crate) fn tell_estimate(&mut self, index: usize, now: Time) {
        let owner = &mut self.transports[index];
        let Some(congestion) = &mut owner.congestion else {
            return;
        };
        if let Some(bits_per_second) = congestion.news() {
            self.events.push_back(Event::BandwidthEstimated {
                transport: owner.id,
                bits_per_second,
            });
        }
        self.timers.wake_for_line(owner, index, now);
    }
}
