//! The shell may wait for the rest of a video frame, so that it leaves in one segmented send; for nothing else. A frame leaves
//! for a few peers before it is encrypted for the next.

use crate::harness::{Link, Network, Source};

fn polls_of_open_frames(source: Source, up: Link) -> (u64, usize) {
    let mut network = Network::new(3);
    let alice = network.add_peer();
    let bob = network.add_peer();
    network.peers[alice].up = up;
    let ssrc = source.ssrc;
    let track = network.publish(alice, source);
    network.subscribe(bob, track);
    network.run_ms(2000);
    let frames = network
        .source(ssrc)
        .sent
        .iter()
        .map(|sent| sent.timestamp)
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    (network.polls_of_open_frames, frames)
}

#[test]
fn a_frame_that_comes_whole_is_not_waited_for() {
    let (open, frames) = polls_of_open_frames(Source::video(7), Link::default());
    assert!(frames > 40);
    assert_eq!(open, 0);
}

#[test]
fn a_frame_that_comes_in_pieces_is_open_until_its_marker() {
    let (open, frames) = polls_of_open_frames(Source::video(7), Link::delay_ms(5).jitter_ms(3));
    assert!(
        open as usize > frames,
        "{open} of {frames} frames of four packets"
    );
}

#[test]
fn speech_is_never_waited_for() {
    let (open, frames) = polls_of_open_frames(Source::audio(7), Link::delay_ms(5).jitter_ms(3));
    assert!(frames > 90);
    assert_eq!(open, 0);
}

#[test]
fn a_frame_leaves_for_many_in_parts_that_a_cache_holds_and_for_each_in_one_send() {
    let mut network = Network::new(5);
    let alice = network.add_peer();
    let mut source = Source::video(7);
    (source.packets_per_frame, source.payload_length) = (8, 1100);
    let track = network.publish(alice, source);
    let viewers: Vec<_> = (0..40)
        .map(|_| {
            let peer = network.add_peer();
            network.subscribe(peer, track)
        })
        .collect();
    network.run_ms(1000);
    let (sends, frames) = (network.sends, network.source(7).sent.len() as u64 / 8);
    network.run_ms(2000);
    let frames = network.source(7).sent.len() as u64 / 8 - frames;
    let of_media = network.sends - sends;
    assert!(frames > 40);
    assert!(
        (frames * 40..frames * 40 + 500).contains(&of_media),
        "{of_media} sends for {frames} frames, reports and answers among them"
    );
    let bytes_of_a_frame = 8 * 1200;
    assert!(network.largest_batch > bytes_of_a_frame);
    assert!(
        network.largest_batch < 66_000 + bytes_of_a_frame,
        "{}",
        network.largest_batch
    );
    for viewer in viewers {
        assert_eq!(network.sink(viewer).holes(), []);
    }
}

/// Pictures of 8 packets, ten a second, over this line to somebody who tells when they come: how long after its first packet
/// the last one of each left, after some seconds; some have a report among them.
fn stretches_us(line: Link) -> Vec<u64> {
    let mut network = Network::new(9);
    let alice = network.add_peer();
    let mut source = Source::video(7);
    (source.packets_per_frame, source.payload_length) = (8, 1100);
    (source.interval_us, source.keyframe_factor) = (100_000, 1);
    let track = network.publish(alice, source);
    let bob = network.add_peer();
    network.peers[bob].down = line;
    network.peers[bob].gives_feedback = true;
    network.subscribe(bob, track);
    network.command(polyana_core::Command::SetWantedBitrate {
        transport: network.peers[bob].transport,
        bits_per_second: 800_000,
    });
    network.run_ms(5000);
    network.peers[bob].waits.clear();
    network.run_ms(5000);
    let left: Vec<u64> = network.peers[bob].waits.iter().map(|(at, _)| at.0).collect();
    let pictures = left.chunk_by(|before, after| after - before < 30_000);
    pictures
        .filter(|packets| packets.len() >= 8)
        .map(|packets| packets[packets.len() - 1] - packets[0])
        .collect()
}

#[test]
fn a_large_picture_leaves_whole_where_the_line_takes_it_at_once() {
    let stretches = stretches_us(Link::delay_ms(10));
    assert!(stretches.len() > 40);
    let whole = stretches.iter().filter(|stretch| **stretch == 0);
    assert!(whole.count() * 5 > stretches.len() * 4, "{stretches:?}");
}

#[test]
fn a_large_picture_is_stretched_where_the_line_takes_long_for_it() {
    let stretches = stretches_us(Link::delay_ms(10).rate(1_500_000));
    assert!(stretches.len() > 40);
    let stretched = stretches.iter().filter(|stretch| **stretch >= 5_000);
    assert!(stretched.count() * 5 > stretches.len() * 4, "{stretches:?}");
}
