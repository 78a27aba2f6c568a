//! The bytes that go to a peer are counted as they are on the wire: data budgets are kept by them.

use crate::harness::{Link, Network, Source};
use polyana_core::{Command, SenderTarget};

/// A lesson with losses, resends, probes, reports, checks and DTLS.
#[test]
fn media_resends_padding_reports_checks_and_dtls() {
    for seed in 1..=5 {
        let mut network = Network::new(seed);
        let teacher = network.add_peer();
        let viewer = network.add_peer();
        let camera = network.publish_simulcast(teacher, &["q", "h", "f"]);
        let microphone = network.publish(teacher, Source::audio(9));
        network.peers[viewer].down = Link::delay_ms(30).loss(0.05);
        network.peers[viewer].gives_feedback = true;
        let video = network.subscribe(viewer, camera);
        let audio = network.subscribe(viewer, microphone);
        for sender in [video, audio] {
            network.sink_mut(sender).nacks = true;
        }
        let transport = network.peers[viewer].transport;
        network.command(Command::SetWantedBitrate {
            transport,
            bits_per_second: 3_000_000,
        });
        for second in 0..20u8 {
            network.command(Command::SendDtls {
                transport,
                datagram: vec![22; 300],
            });
            network.target(
                video,
                SenderTarget {
                    max_spatial: second / 4 % 3,
                    ..SenderTarget::default()
                },
            );
            network.run_ms(1000);
        }
        let counters = network.counters();
        assert!(counters.retransmitted_out > 0 && counters.padding_packets_out > 0);
        for peer in [teacher, viewer] {
            let found = network.statistics();
            let mut all = found.transports.iter();
            let counted = all.find(|one| one.transport == network.peers[peer].transport);
            assert_eq!(
                counted.unwrap().wire_bytes_out,
                network.peers[peer].wire_bytes,
                "seed {seed}, peer {peer}"
            );
        }
    }
}
