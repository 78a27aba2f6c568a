//! Many want a keyframe, the publisher is asked once (RFC 4585, section 6.3.1; RFC 5104, section 4.3.1).

use crate::harness::{Link, Network, Source};

fn asked(network: &mut Network) -> usize {
    network.source(7).plis.len()
}

#[test]
fn a_storm_of_requests_becomes_one() {
    let mut network = Network::new(1);
    let alice = network.add_peer();
    let camera = network.publish(alice, Source::video(7));
    let viewers: Vec<_> = (0..20)
        .map(|_| {
            let peer = network.add_peer();
            (peer, network.subscribe(peer, camera))
        })
        .collect();
    network.run_ms(3000);
    let before = asked(&mut network);
    for (number, &(peer, sender)) in viewers.iter().enumerate() {
        let ssrc = network.sink(sender).ssrc;
        let request = network.peers[peer].rtcp(|writer| {
            if number % 2 == 0 {
                writer.pli(1, ssrc).unwrap();
            } else {
                writer.fir(1, ssrc, number as u8).unwrap();
            }
        });
        network.send(peer, request);
        network.run_ms(5);
    }
    network.run_ms(400);
    assert_eq!(asked(&mut network) - before, 1);
    assert_eq!(network.counters().plis_in, 20);
}

#[test]
fn a_request_that_is_lost_is_repeated_until_the_keyframe_comes() {
    let mut network = Network::new(2);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let camera = network.publish(alice, Source::video(7));
    network.run_ms(1000);
    network.peers[alice].down = Link {
        cut: true,
        ..Link::delay_ms(10)
    };
    let sender = network.subscribe(bob, camera);
    network.run_ms(2000);
    assert!(network.sink(sender).packets.is_empty());
    network.peers[alice].down = Link::delay_ms(10);
    network.run_ms(700);
    let sink = network.sink(sender);
    assert!(sink.packets.values().next().unwrap().is_keyframe_start());
    let before = asked(&mut network);
    network.run_ms(3000);
    assert_eq!(asked(&mut network), before, "none after it has come");
}

#[test]
fn a_new_subscriber_does_not_wait() {
    let mut network = Network::new(3);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let camera = network.publish(alice, Source::video(7));
    network.run_ms(3000);
    let from = network.now;
    let sender = network.subscribe(bob, camera);
    network.run_ms(300);
    let first = network.sink(sender).packets.values().next().unwrap();
    assert!(first.is_keyframe_start() && first.at.0 - from.0 < 120_000);
}

#[test]
fn a_request_for_a_strange_stream_asks_nobody() {
    let mut network = Network::new(4);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let camera = network.publish(alice, Source::video(7));
    network.subscribe(bob, camera);
    network.run_ms(3000);
    let before = asked(&mut network);
    let request = network.peers[bob].rtcp(|writer| writer.pli(1, 0xdead_beef).unwrap());
    network.send(bob, request);
    network.run_ms(500);
    assert_eq!(asked(&mut network), before);
}

/// Loses a packet of Alice that nobody can send again: the padding of a probe, or the middle of a frame.
fn asked_after_losing(probe: bool) -> usize {
    let mut network = Network::new(4);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let mut source = Source::video(7);
    source.rtx_payload_type = None;
    source.answers_nacks = false;
    let camera = network.publish(alice, source);
    network.subscribe(bob, camera);
    network.run_ms(3000);
    let before = asked(&mut network);
    for _ in 0..20 {
        let peer = &mut network.peers[alice];
        let source = &mut peer.sources[0];
        if probe {
            source.padding(network.now, &peer.srtp_out, &mut peer.transport_sequence);
        } else {
            let frame = source.frame(network.now, &peer.srtp_out, &mut peer.transport_sequence);
            assert!(frame.len() > 2);
            for (number, packet) in frame.into_iter().enumerate() {
                if number != 1 {
                    network.send(alice, packet);
                }
            }
        }
        network.run_ms(40);
    }
    network.run_ms(3000);
    asked(&mut network) - before
}

#[test]
fn padding_that_is_lost_costs_no_keyframe() {
    assert_eq!(asked_after_losing(true), 0);
}

#[test]
fn the_middle_of_a_frame_that_is_lost_for_good_does() {
    assert!(asked_after_losing(false) > 0);
}
