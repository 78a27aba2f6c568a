//! RTCP: every iterator of every packet ends.
#![no_main]

use libfuzzer_sys::fuzz_target;
use polyana_wire::rtcp::{Packet, packets};

fuzz_target!(|compound: &[u8]| {
    for packet in packets(compound) {
        let Ok(packet) = packet else { return };
        match packet {
            Packet::SenderReport { blocks, .. } | Packet::ReceiverReport { blocks, .. } => {
                assert!(blocks.count() <= 31);
            }
            Packet::Bye { ssrcs } => assert!(ssrcs.count() <= 31),
            Packet::Nack { lost, .. } => assert!(lost.count() <= 17 * 0x1_0000),
            Packet::Fir { targets, .. } => assert!(targets.count() <= 0x1_0000),
            Packet::TransportFeedback(feedback) => {
                let mut count = 0;
                let _ = feedback.for_each(|_, _| count += 1);
                assert!(count <= usize::from(feedback.status_count));
            }
            _ => {}
        }
    }
});
