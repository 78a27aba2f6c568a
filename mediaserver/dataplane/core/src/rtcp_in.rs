//! RTCP from peers: reports, requests to resend, requests for keyframes.

use crate::sender::{Resend, Wish};
use crate::{Core, Event, Path, Time};
use polyana_wire::rtcp::{self, NackIter, Packet, ReportBlock, SenderInfo, TransportFeedback};

/// Numbers of one NACK that are looked at; a longer one is an attack or a broken line.
const MAX_NACKED: usize = 512;

impl Core {
    pub(crate) fn receive_rtcp(&mut self, now: Time, transport: usize, path: Path, datagram: &mut [u8]) {
        let owner = &mut self.transports[transport];
        let Some(keys) = owner.keys.as_mut() else {
            self.counters.error_no_keys += 1;
            return;
        };
        let length = match keys.receiver.unprotect_rtcp(datagram) {
            Ok(length) => length,
            Err(polyana_wire::Error::Replayed) => {
                self.counters.error_srtp_replayed += 1;
                return;
            }
            Err(_) => {
                self.counters.error_srtp_authentication += 1;
                return;
            }
        };
        self.authentic_from(now, transport, &path);
        for packet in rtcp::packets(&datagram[..length]) {
            let Ok(packet) = packet else {
                self.counters.error_rtcp_malformed += 1;
                return;
            };
            self.counters.rtcp_packets_in += 1;
            self.handle_rtcp(now, transport, packet);
        }
    }

    fn handle_rtcp(&mut self, now: Time, transport: usize, packet: Packet<'_>) {
        match packet {
            Packet::SenderReport { info, blocks } => {
                self.receive_sender_report(now, transport, info);
                blocks.for_each(|block| self.receive_report_block(now, transport, &block));
            }
            Packet::ReceiverReport { blocks, .. } => {
                blocks.for_each(|block| self.receive_report_block(now, transport, &block));
            }
            Packet::Nack { media_ssrc, lost, .. } => self.receive_nack(now, transport, media_ssrc, lost),
            Packet::Pli { media_ssrc, .. } => self.receive_keyframe_request(now, transport, media_ssrc),
            Packet::Fir { targets, .. } => {
                targets.for_each(|ssrc| self.receive_keyframe_request(now, transport, ssrc));
            }
            Packet::Bye { ssrcs } => ssrcs.for_each(|ssrc| self.receive_bye(transport, ssrc)),
            Packet::TransportFeedback(feedback) => self.receive_feedback(now, transport, &feedback),
            Packet::Remb { bitrate_bps, .. } => self.receive_remb(transport, bitrate_bps),
            Packet::SourceDescription | Packet::Other { .. } => {}
        }
    }

    fn receive_sender_report(&mut self, now: Time, transport: usize, info: SenderInfo) {
        let Some(stream) = self.transports[transport]
            .streams
            .get(&info.ssrc)
            .filter(|stream| !stream.route.rtx)
        else {
            return;
        };
        let (route, came) = (stream.route, self.came_at(now));
        self.learn_clock(route.receiver, route.encoding, info, came, now);
    }

    /// The publisher's clock, as it stood when its report came.
    pub(crate) fn learn_clock(
        &mut self,
        receiver: usize,
        encoding: usize,
        info: SenderInfo,
        came: Time,
        now: Time,
    ) {
        let reception = &mut self.receivers[receiver].encodings[encoding].reception;
        let first = reception.last_sr().is_none();
        reception.sender_report(info, came);
        self.relay_clock(receiver, encoding, &info, came);
        if first {
            // Receivers can synchronise as soon as they have a report: do not let them wait for the next second.
            for position in 0..self.receivers[receiver].senders.len() {
                let sender = self.receivers[receiver].senders[position];
                self.wake_transport(self.senders[sender].transport, now);
            }
        }
    }

    fn sender_with_ssrc(&self, transport: usize, ssrc: u32) -> Option<usize> {
        self.transports[transport]
            .senders
            .iter()
            .copied()
            .find(|&sender| self.senders[sender].ssrc() == ssrc)
    }

    fn receive_report_block(&mut self, now: Time, transport: usize, block: &ReportBlock) {
        let Some(index) = self.sender_with_ssrc(transport, block.ssrc) else {
            return;
        };
        if let Some(congestion) = &mut self.transports[transport].congestion {
            congestion.reported(now);
        }
        let came = self.came_at(now);
        let sender = &mut self.senders[index];
        sender.fraction_lost = f32::from(block.fraction_lost) / 256.0;
        if block.last_sr != 0
            && let Some(rtt) = sender
                .reports
                .round_trip_us(block.last_sr, block.delay_since_last_sr, came)
        {
            self.transports[transport].measured_rtt(rtt);
        }
    }

    fn receive_nack(&mut self, now: Time, transport: usize, ssrc: u32, lost: NackIter<'_>) {
        let Some(index) = self.sender_with_ssrc(transport, ssrc) else {
            return;
        };
        if let Some(congestion) = &mut self.transports[transport].congestion {
            congestion.refill(now);
        }
        for sequence in lost.take(MAX_NACKED) {
            self.counters.nacks_in += 1;
            match self.send_again(now, index, sequence, Wish::Asked) {
                Resend::Awaited => self.counters.retransmissions_awaited += 1,
                Resend::Missing | Resend::Unknown => self.counters.retransmission_misses += 1,
                Resend::Sent { .. } | Resend::Needless => {}
            }
        }
        self.timers
            .wake_for_line(&mut self.transports[transport], transport, now);
    }

    fn send_again(&mut self, now: Time, sender: usize, sequence: u16, wish: Wish) -> Resend {
        let sender = &mut self.senders[sender];
        let owner = &mut self.transports[sender.transport];
        let rtt_us = owner.rtt_us;
        let Some(mut outlet) = owner.outlet() else {
            return Resend::Needless;
        };
        let source = &self.receivers[sender.receiver];
        let resend = sender.resend(
            sequence,
            wish,
            source,
            &mut outlet,
            &mut self.control,
            rtt_us,
            now,
        );
        if let Resend::Sent { bytes } = resend {
            owner.count_out(1, bytes);
            self.counters.retransmitted_out += 1;
        }
        resend
    }

    /// Sends what is due to go out once more.
    pub(crate) fn repeat(&mut self, now: Time, transport: usize) {
        while let Some(congestion) = &mut self.transports[transport].congestion
            && let Some((ssrc, sequence)) = congestion.repeats.take(now)
        {
            if let Some(index) = self.sender_with_ssrc(transport, ssrc) {
                self.send_again(now, index, sequence, Wish::Repeat);
            }
        }
    }

    fn receive_feedback(&mut self, now: Time, transport: usize, feedback: &TransportFeedback<'_>) {
        let owner = &mut self.transports[transport];
        let (rtt_us, line_bytes) = (owner.rtt_us, owner.bytes_out);
        let Some(congestion) = &mut owner.congestion else {
            return;
        };
        let mut missed = std::mem::take(&mut self.missed);
        congestion.refill(now);
        congestion.feedback(feedback, line_bytes, rtt_us, &mut missed, now);
        for missed in missed.drain(..) {
            if let Some(index) = self.sender_with_ssrc(transport, missed.ssrc) {
                self.send_again(now, index, missed.sequence, Wish::Missed { left: missed.at });
            }
        }
        self.missed = missed;
        self.tell_estimate(transport, now);
    }

    /// An estimate that the peer makes itself (draft-alvestrand-rmcat-remb-03) counts where it gives no feedback on packets.
    fn receive_remb(&mut self, transport: usize, bits_per_second: u64) {
        let owner = &mut self.transports[transport];
        let told = owner.remb.unwrap_or(0);
        if owner.congestion.is_none() && told.abs_diff(bits_per_second) * 20 >= told {
            owner.remb = Some(bits_per_second);
            self.events.push_back(Event::BandwidthEstimated {
                transport: owner.id,
                bits_per_second,
            });
        }
    }

    fn receive_keyframe_request(&mut self, now: Time, transport: usize, ssrc: u32) {
        self.counters.plis_in += 1;
        self.transports[transport].keyframe_requests += 1;
        let Some(index) = self.sender_with_ssrc(transport, ssrc) else {
            return;
        };
        let sender = &mut self.senders[index];
        if let Some(memory) = &mut sender.memory {
            memory.asked.want(); // nobody else has to see the keyframe
            return self.wake_transport(transport, now);
        }
        let (receiver, current) = (sender.receiver, sender.current);
        let owner = self.receivers[receiver].transport;
        let encodings = &mut self.receivers[receiver].encodings;
        if let Some(encoding) = current.and_then(|current| encodings.get_mut(current)) {
            encoding.keyframe.want();
            self.wake_transport(owner, now);
        }
    }

    fn receive_bye(&mut self, transport: usize, ssrc: u32) {
        let Some(stream) = self.transports[transport]
            .streams
            .get(&ssrc)
            .filter(|stream| !stream.route.rtx)
        else {
            return;
        };
        let route = stream.route;
        self.stop_encoding(route.receiver, route.encoding);
    }

    /// An encoding has ended or gone quiet.
    pub(crate) fn stop_encoding(&mut self, receiver: usize, encoding: usize) {
        let owner = &mut self.receivers[receiver];
        if !std::mem::replace(&mut owner.encodings[encoding].live, false) {
            return;
        }
        if owner.origin.is_none() {
            self.events.push_back(Event::EncodingStopped {
                receiver: owner.id,
                encoding: encoding as u8,
            });
        }
        if !owner.encodings.iter().any(|other| other.live) {
            self.tell_senders(receiver, encoding, None);
        }
    }

    /// Tells of the senders that stand at this encoding what they forward now. They keep their place in it: a decoder
    /// goes on where the stream goes on.
    pub(crate) fn tell_senders(&mut self, receiver: usize, encoding: usize, now_forwarded: Option<u8>) {
        let senders = self.receivers[receiver].senders.iter();
        let standing = senders
            .map(|&sender| &self.senders[sender])
            .filter(|sender| sender.current == Some(encoding));
        self.events
            .extend(standing.map(|sender| Event::SenderEncodingChanged {
                sender: sender.id,
                encoding: now_forwarded,
            }));
    }
}
