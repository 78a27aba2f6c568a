//! What a subscriber reads in headers is its own: ids, MID, send time, transport-wide numbers (RFC 8285).

use crate::harness::{Network, Source, id};

fn element(extensions: &[(u8, Vec<u8>)], wanted: u8) -> Option<&[u8]> {
    extensions
        .iter()
        .find(|(id, _)| *id == wanted)
        .map(|(_, value)| value.as_slice())
}

#[test]
fn ids_are_the_subscribers_and_the_publishers_own_stay_here() {
    let mut network = Network::new(1);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let mut camera = Source::video(7);
    camera.extensions = vec![
        (id::MID, b"v".to_vec()),
        (id::ORIENTATION, vec![2]),
        (id::SEND_TIME, vec![1, 2, 3]),
        (13, b"unknown".to_vec()),
    ];
    camera.transport_sequence_id = Some(id::TRANSPORT);
    let mut microphone = Source::audio(9);
    microphone.audio_level_id = Some(id::AUDIO_LEVEL);
    let camera = network.publish(alice, camera);
    let microphone = network.publish(alice, microphone);
    let video = network.subscribe(bob, camera);
    let audio = network.subscribe(bob, microphone);
    network.run_ms(1000);
    for packet in network.sink(video).packets.values() {
        let extensions = &packet.extensions;
        assert_eq!(element(extensions, id::OUT_MID), Some(&b"7"[..]));
        assert_eq!(element(extensions, id::OUT_ORIENTATION), Some(&[2][..]));
        let time = element(extensions, id::OUT_SEND_TIME).unwrap();
        assert!(time.len() == 3 && time != [1, 2, 3]);
        assert_eq!(extensions.len(), 4, "{extensions:?}");
    }
    for packet in network.sink(audio).packets.values() {
        assert_eq!(
            element(&packet.extensions, id::OUT_AUDIO_LEVEL),
            Some(&[0x94][..])
        );
    }
    // One count for all that goes to a peer.
    let mut numbers: Vec<u16> = [video, audio]
        .iter()
        .flat_map(|&sender| network.sink(sender).packets.values())
        .map(|packet| {
            let value = element(&packet.extensions, id::OUT_TRANSPORT).unwrap();
            u16::from_be_bytes([value[0], value[1]])
        })
        .collect();
    numbers.sort_unstable();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1));
}

#[test]
fn publishers_learn_what_arrived() {
    use crate::harness::{Feedback, Link};
    let mut network = Network::new(2);
    let alice = network.add_peer();
    let mut camera = Source::video(7);
    camera.transport_sequence_id = Some(id::TRANSPORT);
    network.publish(alice, camera);
    network.peers[alice].up = Link::delay_ms(20).loss(0.1);
    network.run_ms(5000);
    let mut told: Vec<(u16, bool)> = Vec::new();
    for (_, feedback) in &network.peers[alice].feedback {
        if let Feedback::Transport(packets) = feedback {
            told.extend(packets);
        }
    }
    assert!(
        told.windows(2).all(|pair| pair[1].0 == pair[0].0.wrapping_add(1)),
        "each packet once, in order"
    );
    let lost = told.iter().filter(|(_, arrived)| !arrived).count() as f64 / told.len() as f64;
    assert!(told.len() > 400 && (0.05..0.15).contains(&lost), "{lost}");
}

#[test]
fn equal_packets_of_a_frame_leave_in_one_send() {
    let mut network = Network::new(3);
    let alice = network.add_peer();
    let mut camera = Source::video(7);
    camera.packets_per_frame = 8;
    let camera = network.publish(alice, camera);
    for _ in 0..5 {
        let peer = network.add_peer();
        network.subscribe(peer, camera);
    }
    network.run_ms(500);
    let (sends, datagrams) = (network.sends, network.datagrams_out);
    network.run_ms(2000);
    let (sends, datagrams) = (network.sends - sends, network.datagrams_out - datagrams);
    assert!(
        datagrams > 1900 && datagrams > sends * 5,
        "{datagrams} datagrams in {sends} sends"
    );
}
