//! From what was gathered to datagrams: receiver by receiver, for each of its senders all pending packets in a row.

use crate::{Core, Event, MediaKind, Time, TransmitBatch};

/// How often senders that must wait go on.
pub(crate) const PACE_US: u64 = 5_000;

/// How far what was gathered has been forwarded.
#[derive(Debug, Default)]
pub(crate) struct Forwarded {
    /// Of `Core::queued`, all of whose senders have it.
    receivers: usize,
    /// Senders of the next one.
    senders: usize,
}

impl Core {
    /// True: the batch is full, there is more.
    pub(crate) fn forward_queued(&mut self, now: Time, batch: &mut TransmitBatch) -> bool {
        let is_new = self.forwarded.receivers == 0 && self.forwarded.senders == 0;
        if is_new && !self.taps.is_empty() {
            self.copy_to_taps(now);
        }
        while let Some(&index) = self.queued.get(self.forwarded.receivers) {
            if self.forward_receiver(index, now, batch) {
                return true;
            }
            self.forwarded.receivers += 1;
            self.forwarded.senders = 0;
            let receiver = &mut self.receivers[index];
            receiver.queued = false;
            receiver
                .encodings
                .iter_mut()
                .for_each(|encoding| encoding.pending.clear());
        }
        self.queued.clear();
        self.forwarded.receivers = 0;
        false
    }

    /// True: the batch is full.
    fn forward_receiver(&mut self, index: usize, now: Time, batch: &mut TransmitBatch) -> bool {
        let mut wants_keyframes = 0u32;
        let source = &self.receivers[index];
        let limited = source.kind == MediaKind::Audio && self.config.loudest_speakers > 0;
        let mut is_full = false;
        for &number in &source.senders[self.forwarded.senders..] {
            if batch.is_full() {
                is_full = true;
                break;
            }
            self.forwarded.senders += 1;
            let transport = &mut self.transports[self.senders[number].transport];
            let places = self.config.loudest_speakers;
            if limited
                && transport.voices >= self.config.loudest_from
                && !transport
                    .places
                    .admits(number, places, &self.senders, &self.receivers, now)
            {
                self.counters.dropped_quiet += self.senders[number].leave_out_pending(source);
                continue;
            }
            let sender = &mut self.senders[number];
            let Some(mut outlet) = transport.outlet() else {
                continue;
            };
            if let Some(congestion) = &mut outlet.congestion {
                congestion.refill(now);
            }
            let sent = sender.forward(source, &mut outlet, batch, now);
            transport.count_out(sent.packets, sent.bytes);
            self.counters.rtp_packets_out += sent.packets;
            self.counters.rtp_bytes_out += sent.bytes;
            if sender.waits {
                self.timers
                    .bring_forward(transport, sender.transport, Time(now.0 + PACE_US));
            }
            if sent.packets > 0
                && let Some(congestion) = &mut transport.congestion
                && congestion.repeats.wants_ends()
                && let Some((ssrc, sequence)) = sender.ended_picture()
            {
                congestion.repeats.add_end(ssrc, sequence, now);
                self.timers.wake_for_line(transport, sender.transport, now);
            }
            if let Some(encoding) = sent.wants_keyframe {
                wants_keyframes |= 1 << encoding;
            }
            if sent.switched {
                self.timers.bring_forward(transport, sender.transport, now);
                let encoding = sender.current.map(|encoding| encoding as u8);
                self.events.push_back(Event::SenderEncodingChanged {
                    sender: sender.id,
                    encoding,
                });
            }
        }
        if wants_keyframes != 0 {
            let owner = source.transport;
            for (number, encoding) in self.receivers[index].encodings.iter_mut().enumerate() {
                if wants_keyframes & 1 << number != 0 {
                    encoding.keyframe.want();
                }
            }
            self.wake_transport(owner, now);
        }
        is_full
    }
}
