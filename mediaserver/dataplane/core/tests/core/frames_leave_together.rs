//! The shell may wait for the rest of a video frame, so that it leaves in one segmented send; for nothing else.

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
