//! What a calm audience says is not urgent; nothing is measured wrong when it is read late. What publishers are told
//! leaves with what they send.

use crate::harness::{Feedback, Link, Network, Source, id};
use polyana_core::SenderId;

/// Somebody with a camera, and somebody who sees it on a good line.
fn call(seed: u64) -> (Network, SenderId) {
    let mut network = Network::new(seed);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let camera = network.publish(alice, Source::video(7));
    let sender = network.subscribe(bob, camera);
    network.sink_mut(sender).nacks = true;
    network.peers[bob].gives_feedback = true;
    network.peers[bob].down = Link::delay_ms(20);
    (network, sender)
}

fn is_calm(network: &Network) -> bool {
    network.core.is_calm(network.now)
}

#[test]
fn who_misses_nothing_and_asks_for_nothing_is_calm() {
    let (mut network, sender) = call(1);
    network.run_ms(2000);
    assert!(!is_calm(&network), "they have just come");
    network.run_ms(6000);
    assert!(is_calm(&network));
    network.peers[1].down = Link::delay_ms(20).loss(0.1);
    network.run_ms(1000);
    network.peers[1].down = Link::delay_ms(20);
    assert!(!is_calm(&network), "packets are missing");
    network.run_ms(4000);
    assert!(!is_calm(&network), "a line that loses does so again soon");
    network.run_ms(3000);
    assert!(is_calm(&network));
    let ssrc = network.sink(sender).ssrc;
    let request = network.peers[1].rtcp(|writer| writer.pli(1, ssrc).unwrap());
    network.send(1, request);
    network.run_ms(100);
    assert!(!is_calm(&network), "a picture is asked for");
}

#[test]
fn who_reports_losses_without_asking_for_anything_is_not_calm() {
    let (mut network, sender) = call(2);
    network.sink_mut(sender).nacks = false;
    network.peers[1].gives_feedback = false;
    network.run_ms(8000);
    assert!(is_calm(&network));
    network.peers[1].down = Link::delay_ms(20).loss(0.2);
    network.run_ms(2500);
    assert!(!is_calm(&network));
}

#[test]
fn a_queue_before_a_line_is_urgent_before_anything_is_lost() {
    let (mut network, _) = call(3);
    network.run_ms(8000);
    assert!(is_calm(&network));
    let before = network.peers[1].wire_bytes;
    network.run_ms(1000);
    let bits_per_second = 8 * (network.peers[1].wire_bytes - before);
    network.peers[1].down = Link::delay_ms(20).rate(bits_per_second * 9 / 10);
    network.run_ms(2000);
    assert!(!is_calm(&network));
    assert_eq!(network.counters().nacks_in, 0);
}

#[test]
fn a_round_trip_does_not_count_how_long_a_report_was_not_read() {
    let rtt = |unread_us| {
        let (mut network, _) = call(4);
        network.peers[1].up = Link::delay_ms(30);
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
        (20_000, 41_000),
        (33_000, 62_500),
        (40_000, 41_000),
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
            gaps.iter().all(|gap| (37_500..=longest_us).contains(gap)),
            "{interval_us}: {gaps:?}"
        );
    }
}
