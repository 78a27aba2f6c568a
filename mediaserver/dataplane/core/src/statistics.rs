//! Snapshots for the control plane.

use crate::congestion::LineReport;
use crate::{Core, ReceiverStatistics, SenderStatistics, Statistics, TransportStatistics};

impl Core {
    /// A snapshot; clears and fills `into`, so that the caller's vectors are reused.
    pub fn statistics(&self, into: &mut Statistics) {
        into.counters = self.counters;
        into.transports.clear();
        let peers = self
            .transports
            .iter()
            .filter(|(index, _)| self.relays.transport != Some(*index));
        into.transports.extend(peers.map(|(_, transport)| {
            let line = transport
                .congestion
                .as_ref()
                .map_or_else(LineReport::default, |congestion| congestion.line);
            TransportStatistics {
                transport: transport.id,
                bytes_in: transport.bytes_in,
                bytes_out: transport.bytes_out,
                wire_bytes_out: transport.wire_bytes_out(),
                rtt_us: transport
                    .rtt_us
                    .or_else(|| self.upstream_rtt(&transport.receivers)),
                feedback_arrived: line.arrived,
                feedback_lost: line.lost,
                jitter_us: line.jitter_us(),
                keyframe_requests: transport.keyframe_requests,
            }
        }));
        into.receivers.clear();
        // What comes from another worker is counted there.
        let own = self
            .receivers
            .iter()
            .filter(|(_, receiver)| receiver.origin.is_none());
        into.receivers.extend(own.map(|(_, receiver)| {
            let mut found = ReceiverStatistics {
                receiver: receiver.id,
                ..Default::default()
            };
            for (number, encoding) in receiver.encodings.iter().enumerate() {
                let reception = &encoding.reception;
                found.packets += reception.packets;
                found.bytes += reception.bytes;
                found.frames += reception.frames;
                found.lost += reception.expected().saturating_sub(reception.packets);
                found.jitter_us = found.jitter_us.max(reception.jitter_us(encoding.clock_rate));
                found.live_encodings |= u8::from(encoding.live) << number;
            }
            found
        }));
        into.senders.clear();
        into.senders
            .extend(self.senders.iter().map(|(_, sender)| SenderStatistics {
                sender: sender.id,
                packets: sender.packets,
                bytes: sender.bytes,
                retransmitted: sender.retransmitted,
                fraction_lost: sender.fraction_lost,
                encoding: sender.current.map(|encoding| encoding as u8),
            }));
    }

    /// Publishers get no sender reports from us; the answers to our NACKs tell their round trip.
    fn upstream_rtt(&self, receivers: &[usize]) -> Option<u64> {
        let encodings = receivers
            .iter()
            .flat_map(|&receiver| &self.receivers[receiver].encodings);
        encodings.filter_map(|encoding| encoding.nack.rtt_us()).min()
    }
}
