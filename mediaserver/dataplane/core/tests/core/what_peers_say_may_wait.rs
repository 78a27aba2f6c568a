//! RTCP is read on a beat, by which nothing is measured wrong; feedback leaves with what a publisher sends.

use crate::harness::{Feedback, Link, Network, Source, id};

#[test]
fn a_round_trip_does_not_count_how_long_a_report_was_not_read() {
    let rtt = |unread_us| {
        let mut network = Network::new(4);
        let (alice, bob) = (network.add_peer(), network.add_peer());
        let camera = network.publish(alice, Source::video(7));
        network.subscribe(bob, camera);
        network.peers[bob].down = Link::delay_ms(20);
        network.peers[bob].up = Link::delay_ms(30);
        network.unread_us = unread_us;
        network.run_ms(8000);
        let bob = network.peers[1].transport;
        let found = network.statistics().transports;
        found
            .iter()
            .find(|found| found.transport == bob)
            .unwrap()
            .rtt_us
            .unwrap()
    };
    assert!(rtt(0).abs_diff(50_000) < 2000);
    assert!(rtt(60_000).abs_diff(rtt(0)) < 2000);
}

#[test]
fn publishers_are_told_with_what_they_send_or_on_a_beat() {
    for (interval_us, longest_us) in [
        (20_000, 81_000),
        (33_000, 67_000),
        (40_000, 81_000),
        (55_000, 112_500),
        (100_000, 101_000),
    ] {
        let mut network = Network::new(5);
        let alice = network.add_peer();
        let mut source = Source::video(7);
        source.interval_us = interval_us;
        source.transport_sequence_id = Some(id::TRANSPORT);
        network.publish(alice, source);
        network.run_ms(5000);
        let feedback = &network.peers[alice].feedback;
        let told: Vec<_> = feedback
            .iter()
            .filter(|(_, feedback)| matches!(feedback, Feedback::Transport(_)))
            .map(|(at, _)| at.0)
            .collect();
        let gaps: Vec<_> = told.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            gaps.len() as u64 >= 4_500_000 / longest_us,
            "{interval_us}: {gaps:?}"
        );
        assert!(
            gaps.iter().all(|gap| (62_500..=longest_us).contains(gap)),
            "{interval_us}: {gaps:?}"
        );
    }
}
