//! Video above the operator's limit stops for a moment and goes on with a keyframe; sound never stops.

use crate::harness::{Feedback, Network, Source};
use polyana_core::{Config, SenderId};

const LIMIT_BPS: u64 = 500_000;

/// A camera of so many packets of 1000 bytes in each of 25 frames a second, and a microphone.
fn call(packets_per_frame: usize) -> (Network, SenderId, SenderId) {
    let config = Config {
        max_video_bps: LIMIT_BPS,
        ..Config::default()
    };
    let mut network = Network::with_config(3, config);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let mut camera = Source::video(7);
    camera.packets_per_frame = packets_per_frame;
    let camera = network.publish(alice, camera);
    let microphone = network.publish(alice, Source::audio(9));
    let senders = (network.subscribe(bob, camera), network.subscribe(bob, microphone));
    for sender in [senders.0, senders.1] {
        network.sink_mut(sender).nacks = true;
    }
    network.run_ms(30_000);
    (network, senders.0, senders.1)
}

#[test]
fn who_sends_twice_the_limit_is_forwarded_at_the_limit() {
    let (network, video, audio) = call(5);
    let sink = network.sink(video);
    let bits: usize = sink.packets.values().map(|packet| packet.payload.len() * 8).sum();
    let rate = bits as u64 / 30;
    assert!(
        (LIMIT_BPS * 7 / 10..LIMIT_BPS * 12 / 10).contains(&rate),
        "{rate}"
    );
    let counters = network.counters();
    assert!(counters.dropped_over_limit > 1000 && counters.dropped_disabled == 0);
    assert!(counters.nacks_out == 0 && sink.holes().is_empty() && sink.nacks_sent == 0);
    let packets: Vec<_> = sink.packets.values().collect();
    let resumed = packets
        .windows(2)
        .filter(|pair| pair[1].at.0 - pair[0].at.0 > 500_000);
    assert!(resumed.clone().count() > 5);
    assert!(resumed.into_iter().all(|pair| pair[1].is_keyframe_start()));
    assert!(network.sink(audio).packets.len() > 1490);
}

#[test]
fn who_keeps_to_it_loses_nothing() {
    let (network, video, _) = call(2);
    assert_eq!(network.counters().dropped_over_limit, 0);
    assert!(network.sink(video).packets.len() > 1490);
}

#[test]
fn publishers_of_video_are_told_once_a_second_and_nobody_else() {
    let (network, _, _) = call(2);
    let told = |peer: usize| -> Vec<u64> {
        let feedback = network.peers[peer].feedback.iter();
        feedback
            .filter_map(|(_, one)| match one {
                Feedback::Remb(rate) => Some(*rate),
                _ => None,
            })
            .collect()
    };
    assert!((28..=31).contains(&told(0).len()) && told(1).is_empty());
    assert!(
        told(0)
            .iter()
            .all(|&rate| (LIMIT_BPS..LIMIT_BPS * 11 / 10).contains(&rate))
    );
}
