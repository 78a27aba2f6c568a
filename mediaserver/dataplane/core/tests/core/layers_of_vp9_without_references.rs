//! VP9 in non-flexible mode (RFC 9628, section 4.2): frames do not name what they need, the descriptor marks where layers
//! may begin. Firefox and hardware encoders send it.

use crate::harness::{Link, Network, Received, Recorded, Recording};
use polyana_core::SenderTarget;
use polyana_wire::payload::Vp9Descriptor;
use std::collections::BTreeSet;

const SSRC: u32 = 7;
const PICTURE_MS: u64 = 40;
const LAYERS: u8 = 3;
/// Temporal layer of each picture of a group, and how many pictures back its reference lies.
const GROUP: [(u8, u16); 4] = [(0, 4), (2, 1), (1, 2), (2, 1)];
const KEYFRAMES: usize = 24;
const PACKETS: u8 = 2;

/// Whether spatial layers need those below in every picture (L3T3), in keyframes only (L3T3_KEY), or never (S3T3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    L3T3,
    L3T3Key,
    S3T3,
}

fn is_keyframe(picture: usize) -> bool {
    picture.is_multiple_of(KEYFRAMES)
}

impl Mode {
    fn needs_below(self, picture: usize) -> bool {
        self == Self::L3T3 || self == Self::L3T3Key && is_keyframe(picture)
    }

    fn packet(self, picture: usize, spatial: u8, number: u8) -> Recorded {
        let (temporal, _) = GROUP[picture % KEYFRAMES % GROUP.len()];
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let [high, low] = ((0x7ff0 + picture as u16) & 0x7fff).to_be_bytes();
        let first = 0xa0
            | flag(!is_keyframe(picture), 0x40)
            | flag(number == 0, 0x08)
            | flag(number + 1 == PACKETS, 0x04)
            | flag(!self.needs_below(picture + 1), 0x01);
        let layers = temporal << 5
            | flag(temporal == 0, 0x10)
            | spatial << 1
            | flag(spatial > 0 && self.needs_below(picture), 0x01);
        Recorded {
            timestamp: picture as u32 * 3600,
            marker: spatial + 1 == LAYERS && number + 1 == PACKETS,
            payload: vec![
                first,
                high | 0x80,
                low,
                layers,
                (picture / GROUP.len()) as u8,
                0x55,
                0xaa,
            ],
            descriptor: None,
        }
    }

    fn recording(self, pictures: usize) -> Recording {
        let packets = |picture| {
            (0..LAYERS).flat_map(move |spatial| {
                (0..PACKETS).map(move |number| self.packet(picture, spatial, number))
            })
        };
        Recording {
            mime_type: "video/VP9".into(),
            pictures: (0..pictures).map(|picture| packets(picture).collect()).collect(),
        }
    }

    /// (picture, spatial layer) of the frames that a frame needs.
    fn needs(self, picture: usize, spatial: u8) -> Vec<(usize, u8)> {
        let mut found = Vec::new();
        if !is_keyframe(picture) {
            let (_, back) = GROUP[picture % KEYFRAMES % GROUP.len()];
            found.push((picture - usize::from(back), spatial));
        }
        if spatial > 0 && self.needs_below(picture) {
            found.push((picture, spatial - 1));
        }
        found
    }
}

/// (picture, spatial layer) of a packet.
fn frame_of(packet: &Received) -> (usize, u8) {
    let found = Vp9Descriptor::parse(&packet.payload).unwrap();
    let picture = (found.picture_id.unwrap().wrapping_sub(0x7ff0)) & 0x7fff;
    (usize::from(picture), found.spatial_id.unwrap())
}

fn target(spatial: u8, temporal: u8) -> SenderTarget {
    SenderTarget {
        max_spatial: spatial,
        max_temporal: temporal,
        ..SenderTarget::default()
    }
}

fn assert_decodes(mode: Mode, packets: &[&Received], context: &str) {
    let frames: BTreeSet<_> = packets.iter().map(|packet| frame_of(packet)).collect();
    for &(picture, spatial) in &frames {
        let parts = packets
            .iter()
            .filter(|packet| frame_of(packet) == (picture, spatial));
        assert_eq!(
            parts.count(),
            usize::from(PACKETS),
            "{context}: {picture}/{spatial}"
        );
        for needed in mode.needs(picture, spatial) {
            assert!(
                frames.contains(&needed),
                "{context}: {picture}/{spatial} needs {needed:?}"
            );
        }
    }
    for pair in packets.windows(2) {
        let is_last = pair[0].timestamp != pair[1].timestamp;
        assert_eq!(pair[0].marker, is_last, "{context}: a picture ends with a marker");
    }
}

#[test]
fn whatever_is_lost_and_wanted_all_that_arrives_decodes() {
    for mode in [Mode::L3T3, Mode::L3T3Key, Mode::S3T3] {
        let recording = mode.recording(120);
        let mut frames = 0;
        for seed in 1..=20 {
            let mut network = Network::new(seed);
            let (alice, bob) = (network.add_peer(), network.add_peer());
            let track = network.publish_recording(alice, &recording, SSRC);
            let sender = network.subscribe(bob, track);
            network.sink_mut(sender).nacks = true;
            network.run_ms(20);
            for (number, picture) in recording.pictures.iter().enumerate() {
                if number == 1 {
                    network.peers[alice].up = Link::delay_ms(30).loss(0.05).jitter_ms(5);
                }
                // A whole group at the end: whatever the layers, something tells of the last losses.
                if number + GROUP.len() == recording.pictures.len() {
                    network.peers[alice].up = Link::delay_ms(40);
                    network.peers[bob].down = Link::delay_ms(40);
                } else if number == 5 {
                    network.peers[bob].down = Link::delay_ms(30).loss(0.05);
                }
                if network.random.below(3) == 0 {
                    let wanted = target(network.random.below(3) as u8, network.random.below(3) as u8);
                    network.target(sender, wanted);
                }
                network.send_picture(alice, SSRC, picture);
                network.run_ms(PICTURE_MS);
            }
            network.run_ms(1500);
            let sink = network.sink(sender);
            let context = format!("{mode:?}, seed {seed}");
            assert!(sink.holes().is_empty(), "{context}");
            let packets: Vec<_> = sink.packets.values().filter(|p| !p.payload.is_empty()).collect();
            assert_decodes(mode, &packets, &context);
            frames += packets.len() / usize::from(PACKETS);
        }
        assert!(frames > 1500, "{mode:?}: {frames}");
    }
}

/// The layers of each picture that arrives, on a good line, when the target changes before the given pictures.
fn layers_by_picture(mode: Mode, pictures: usize, changes: &[(usize, u8, u8)]) -> Vec<Vec<u8>> {
    let recording = mode.recording(pictures);
    let mut network = Network::new(1);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let track = network.publish_recording(alice, &recording, SSRC);
    let sender = network.subscribe(bob, track);
    network.run_ms(20);
    for (number, picture) in recording.pictures.iter().enumerate() {
        if let Some(&(_, spatial, temporal)) = changes.iter().find(|(at, ..)| *at == number) {
            network.target(sender, target(spatial, temporal));
        }
        network.send_picture(alice, SSRC, picture);
        network.run_ms(PICTURE_MS);
    }
    network.run_ms(100);
    let mut found = vec![Vec::new(); pictures];
    for packet in network.sink(sender).packets.values() {
        let (picture, spatial) = frame_of(packet);
        if !found[picture].contains(&spatial) {
            found[picture].push(spatial);
        }
    }
    found
}

#[test]
fn a_layer_ends_at_once_and_begins_with_a_keyframe() {
    let found = layers_by_picture(Mode::L3T3Key, 30, &[(6, 0, 2), (10, 2, 2)]);
    assert!(found[..6].iter().all(|layers| layers == &[0, 1, 2]));
    assert!(found[6..KEYFRAMES].iter().all(|layers| layers == &[0]));
    assert!(found[KEYFRAMES..].iter().all(|layers| layers == &[0, 1, 2]));
}

#[test]
fn temporal_layers_begin_behind_a_switching_up_point() {
    let found = layers_by_picture(Mode::L3T3, 20, &[(3, 2, 0), (9, 2, 2)]);
    let arrived: Vec<_> = (0..20).filter(|&picture| !found[picture].is_empty()).collect();
    // Up to 2 all; 4 and 8 are of the base; 12 is the next point after the wish at 9.
    assert_eq!(arrived[..7], [0, 1, 2, 4, 8, 12, 13]);
    assert_eq!(arrived[7..], [14, 15, 16, 17, 18, 19]);
}
