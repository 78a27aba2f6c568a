//! Sender reports: a player finds the same clock behind audio and video that the publisher had (RFC 3550, section 6.4.1).

use crate::harness::{Network, Source};
use polyana_core::{SenderId, SenderTarget, Time};

/// Half a millisecond: the rounding of both sides.
const TOLERANCE_US: i64 = 500;

/// For each packet after the first report: capture time by the newest report before it minus the publisher's own
/// clock, microseconds.
fn clock_errors(network: &Network, sender: SenderId, clock_rate: i64) -> Vec<i64> {
    let sink = network.sink(sender);
    let mut errors = Vec::new();
    for packet in sink.packets.values() {
        let Some((_, report)) = sink.sender_reports.iter().rfind(|(at, _)| *at <= packet.at) else {
            continue;
        };
        let (ssrc, stamp) = packet.stamp().unwrap();
        let source = network
            .peers
            .iter()
            .flat_map(|peer| &peer.sources)
            .find(|source| source.ssrc == ssrc)
            .unwrap();
        let sent = source.sent.iter().find(|sent| sent.stamp == stamp).unwrap();
        let ticks = i64::from(packet.timestamp.wrapping_sub(report.rtp_time).cast_signed());
        let ntp_us = ((u128::from(report.ntp_time) * 1_000_000) >> 32) as i64 - 2_208_988_800_000_000;
        let told = ntp_us + ticks * 1_000_000 / clock_rate;
        errors.push(told - (sent.at.0 as i64 + source.ntp_shift_us));
    }
    errors
}

fn assert_in_sync(errors: &[i64]) {
    assert!(errors.len() > 40, "{}", errors.len());
    let worst = errors.iter().map(|error| error.abs()).max().unwrap();
    assert!(worst <= TOLERANCE_US, "{worst} us");
}

#[test]
fn with_a_publishers_clock_that_is_wrong_by_minutes() {
    let mut network = Network::new(1);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let mut camera = Source::video(7);
    let mut microphone = Source::audio(9);
    camera.ntp_shift_us = -300_000_000;
    microphone.ntp_shift_us = -300_000_000;
    let camera = network.publish(alice, camera);
    let microphone = network.publish(alice, microphone);
    let video = network.subscribe(bob, camera);
    let audio = network.subscribe(bob, microphone);
    network.run_ms(5000);
    assert_in_sync(&clock_errors(&network, video, 90_000));
    assert_in_sync(&clock_errors(&network, audio, 48_000));
    assert_eq!(network.sink(video).cname, network.sink(audio).cname);
}

#[test]
fn across_layers_with_other_time_bases() {
    let mut network = Network::new(2);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let camera = network.publish_simulcast(alice, &["q", "h", "f"]);
    let sender = network.subscribe(bob, camera);
    network.run_ms(3000);
    for max_spatial in [0, 2, 1, 0, 2] {
        network.target(
            sender,
            SenderTarget {
                max_spatial,
                ..SenderTarget::default()
            },
        );
        network.run_ms(2000);
    }
    let errors = clock_errors(&network, sender, 90_000);
    // The first packets after a switch come before the report of the new time base, which is the same within a tick.
    assert_in_sync(&errors);
}

#[test]
fn publishers_are_told_of_losses_and_peers_measure_the_way() {
    use crate::harness::{Feedback, Link};
    let mut network = Network::new(3);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    network.peers[alice].up = Link::delay_ms(30).loss(0.2);
    network.peers[bob].up = Link::delay_ms(30);
    network.peers[bob].down = Link::delay_ms(50);
    let mut source = Source::video(7);
    source.answers_nacks = false;
    let camera = network.publish(alice, source);
    network.subscribe(bob, camera);
    network.run_ms(10_000);
    let blocks: Vec<_> = network.peers[alice]
        .feedback
        .iter()
        .filter_map(|(_, feedback)| match feedback {
            Feedback::ReceiverReport(blocks) => blocks.first().copied(),
            _ => None,
        })
        .collect();
    let mean = blocks
        .iter()
        .map(|block| f64::from(block.fraction_lost))
        .sum::<f64>()
        / 256.0
        / blocks.len() as f64;
    assert!(
        blocks.len() >= 8 && (0.12..0.28).contains(&mean),
        "{} {mean}",
        blocks.len()
    );
    assert!(blocks.iter().all(|block| block.ssrc == 7));
    assert!(blocks.last().unwrap().last_sr != 0);
    let bob = network.peers[bob].transport;
    let statistics = network.statistics();
    let found = statistics
        .transports
        .iter()
        .find(|found| found.transport == bob)
        .unwrap();
    let rtt = found.rtt_us.unwrap();
    assert!((79_000..83_000).contains(&rtt), "{rtt}");
}

#[test]
fn reports_of_all_streams_to_a_peer_leave_together() {
    let mut network = Network::new(5);
    let viewer = network.add_peer();
    let mut senders = Vec::new();
    for ssrc in 100..106 {
        let teacher = network.add_peer();
        let microphone = network.publish(teacher, Source::audio(ssrc));
        senders.push(network.subscribe(viewer, microphone));
        network.run_ms(137);
    }
    network.run_ms(2000);
    let since = network.now;
    network.run_ms(3000);
    let moments_of = |sender: SenderId| -> Vec<Time> {
        let reports = network.sink(sender).sender_reports.iter();
        reports.map(|(at, _)| *at).filter(|at| *at >= since).collect()
    };
    let moments = moments_of(senders[0]);
    assert!((3..=4).contains(&moments.len()), "once a second: {moments:?}");
    for &sender in &senders {
        assert_eq!(moments_of(sender), moments);
    }
}
