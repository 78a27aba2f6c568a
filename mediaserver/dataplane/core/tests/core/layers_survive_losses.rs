//! Layers of real encoders over bad lines: whatever is lost and comes late, a receiver has what each of its frames needs.

use crate::harness::{Link, Network, Received, Recording, Sink, id};
use polyana_core::{SenderId, SenderTarget};
use polyana_wire::dependency::{self, Structure};
use polyana_wire::payload::Vp9Descriptor;
use std::collections::BTreeMap;

const SSRC: u32 = 7;
const PICTURE_MS: u64 = 100;
/// More than it takes to ask for what was lost and get it.
const TAIL_MS: u64 = 1500;

struct Call {
    network: Network,
    sender: SenderId,
}

/// The recording from Alice to Bob, with another target every third picture.
fn call(recording: &Recording, seed: u64, up: Link, down: Link) -> Call {
    let mut network = Network::new(seed);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let track = network.publish_recording(alice, recording, SSRC);
    let sender = network.subscribe(bob, track);
    network.sink_mut(sender).nacks = true;
    network.run_ms(20);
    for (number, picture) in recording.pictures.iter().enumerate() {
        if number == 1 {
            network.peers[alice].up = up; // nobody misses what came before the first packet
        }
        if number == 5 {
            network.peers[bob].down = down;
        }
        if network.random.below(3) == 0 {
            let target = SenderTarget {
                max_spatial: network.random.below(3) as u8,
                max_temporal: network.random.below(3) as u8,
                ..SenderTarget::default()
            };
            network.target(sender, target);
        }
        if number + 1 == recording.pictures.len() {
            network.peers[alice].up = Link::delay_ms(60); // nor what comes after the last
            network.peers[bob].down = Link::delay_ms(60);
        }
        network.send_picture(alice, SSRC, picture);
        network.run_ms(PICTURE_MS);
    }
    network.run_ms(TAIL_MS);
    Call { network, sender }
}

/// A frame as its packets tell it: its key, those it needs, and whether a packet starts or ends it.
struct Frame {
    key: u32,
    needs: Vec<u32>,
    starts: bool,
    ends: bool,
}

fn vp9(packet: &Received, _: &mut Option<Structure>) -> Frame {
    let found = Vp9Descriptor::parse(&packet.payload).unwrap();
    let (picture, spatial) = (
        u32::from(found.picture_id.unwrap()),
        u32::from(found.spatial_id.unwrap()),
    );
    let key = |picture: u32, spatial: u32| picture * 8 + spatial;
    let mut needs: Vec<u32> = found
        .references()
        .iter()
        .map(|&back| key(picture - u32::from(back), spatial))
        .collect();
    if found.inter_layer_predicted {
        needs.push(key(picture, spatial - 1));
    }
    Frame {
        key: key(picture, spatial),
        needs,
        starts: found.start_of_frame,
        ends: found.end_of_frame,
    }
}

fn described(packet: &Received, structure: &mut Option<Structure>) -> Frame {
    let (_, element) = packet
        .extensions
        .iter()
        .find(|(found, _)| *found == id::OUT_DESCRIPTOR)
        .unwrap();
    if let Some(attached) = dependency::attached_structure(element).unwrap() {
        *structure = Some(attached);
    }
    let found = dependency::read(element, structure.as_ref().unwrap()).unwrap();
    let number = u32::from(found.mandatory.frame_number);
    let distances = found.frame.references.distances();
    Frame {
        key: number,
        needs: distances.iter().map(|&back| number - u32::from(back)).collect(),
        starts: found.mandatory.start_of_frame,
        ends: found.mandatory.end_of_frame,
    }
}

/// Every frame has all its packets, and all frames that it needs are there.
fn assert_complete(
    sink: &Sink,
    read: fn(&Received, &mut Option<Structure>) -> Frame,
    context: &str,
) -> usize {
    assert!(sink.holes().is_empty(), "{context}: {:?}", sink.holes());
    let mut frames: BTreeMap<u32, (bool, bool)> = BTreeMap::new();
    let mut structure = None;
    for packet in sink.packets.values().filter(|packet| !packet.payload.is_empty()) {
        let frame = read(packet, &mut structure);
        for needed in &frame.needs {
            assert!(
                frames.contains_key(needed),
                "{context}: {} needs {needed}",
                frame.key
            );
        }
        let (started, ended) = frames.entry(frame.key).or_default();
        *started |= frame.starts;
        *ended |= frame.ends;
    }
    for (key, whole) in &frames {
        assert_eq!(*whole, (true, true), "{context}: start and end of {key}");
    }
    frames.len()
}

fn assert_survives(name: &str, read: fn(&Received, &mut Option<Structure>) -> Frame) {
    let recording = Recording::load(name);
    let bad = Link::delay_ms(40).loss(0.08);
    let (mut empty, mut frames) = (0, 0);
    for seed in 1..=25 {
        for (up, down) in [(bad, Link::delay_ms(40)), (bad.jitter_ms(20), bad)] {
            let call = call(&recording, seed, up, down);
            let sink = call.network.sink(call.sender);
            frames += assert_complete(sink, read, &format!("{name}, seed {seed}"));
            empty += sink
                .packets
                .values()
                .filter(|packet| packet.payload.is_empty())
                .count();
            assert_eq!(call.network.counters().retransmission_misses, 0);
            assert_eq!(call.network.peers[1].nonces_used_twice, 0);
        }
    }
    assert!(
        empty > 50,
        "numbers of packets that came late for nothing: {empty}"
    );
    assert!(frames > 1500, "{frames}");
}

#[test]
fn vp9_with_layers_that_need_each_other() {
    assert_survives("vp9-l3t3", vp9);
}

#[test]
fn vp9_with_layers_that_need_each_other_in_keyframes_only() {
    assert_survives("vp9-l3t3-key", vp9);
}

#[test]
fn av1_with_layers_that_need_each_other() {
    assert_survives("av1-l3t3", described);
}

#[test]
fn av1_with_layers_that_need_each_other_in_keyframes_only() {
    assert_survives("av1-l3t3-key", described);
}

#[test]
fn temporal_layers_of_h264_and_vp8_by_the_dependency_descriptor() {
    assert_survives("h264-l1t3", described);
    assert_survives("vp8-l1t3-described", described);
}
