//! Who has no password draws no answer; who has one draws none that is larger than the question.

use crate::harness::{Network, Source};
use polyana_core::{Disposition, Path, Protocol};
use polyana_wire::srtp::Profile;
use polyana_wire::stun;
use std::net::SocketAddr;

fn stranger() -> Path {
    Path {
        protocol: Protocol::Udp,
        local: SocketAddr::from(([192, 0, 2, 1], 7882)),
        remote: SocketAddr::from(([203, 0, 113, 66], 6666)),
    }
}

/// A network with a call, and the number of datagrams that left it before.
fn busy() -> (Network, usize) {
    let mut network = Network::new(1);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let video = network.publish(alice, Source::video(7));
    network.subscribe(bob, video);
    network.run_ms(500);
    (network, alice)
}

#[test]
fn a_wrong_password_is_met_with_silence() {
    let (mut network, alice) = busy();
    let check = network.peers[alice].check_with("wrong", true);
    assert_eq!(network.inject(stranger(), &check), Disposition::Dropped);
    assert!(network.astray.is_empty());
    assert_eq!(network.counters().error_stun_unauthenticated, 1);
}

#[test]
fn an_unknown_ufrag_belongs_to_somebody_else() {
    let (mut network, _) = busy();
    let mut other = Network::new(2);
    let index = other.add_stranger(Profile::AeadAes128Gcm);
    other.peers[index].ufrag = "nobody".into();
    let check = other.peers[index].check(true);
    assert_eq!(network.inject(stranger(), &check), Disposition::Foreign);
    assert!(network.astray.is_empty());
}

#[test]
fn media_keys_and_handshakes_of_strangers_are_not_looked_at() {
    let (mut network, _) = busy();
    for first in [0u8, 20, 22, 63, 64, 127, 128, 191, 200, 255] {
        let mut datagram = vec![first; 200];
        datagram[1] = 96;
        network.inject(stranger(), &datagram);
        datagram[1] = 200;
        network.inject(stranger(), &datagram);
    }
    network.inject(stranger(), &[]);
    assert!(network.astray.is_empty());
    assert!(network.counters().error_unclassified > 0);
}

#[test]
fn forged_media_from_a_known_address_is_counted_and_dropped() {
    let (mut network, alice) = busy();
    let path = network.peers[alice].path();
    let before = network.counters();
    for number in 0..50u8 {
        let mut packet = vec![0x80, 96, 0, number, 0, 0, 0, 1, 0, 0, 0, 7];
        packet.resize(400, number);
        network.inject(path, &packet);
        let mut report = vec![0x81, 201, 0, 7, 0, 0, 0, 1];
        report.resize(60, number);
        network.inject(path, &report);
    }
    let after = network.counters();
    // Some pretend to have numbers that have been received before.
    let refused =
        |counters: &polyana_core::Counters| counters.error_srtp_authentication + counters.error_srtp_replayed;
    assert_eq!(refused(&after) - refused(&before), 100);
    assert_eq!(after.rtp_packets_in, before.rtp_packets_in);
    network.run_ms(500);
    assert!(network.counters().rtp_packets_out > before.rtp_packets_out + 40);
}

#[test]
fn an_answer_is_not_larger_than_the_question() {
    // The shortest request that passes: a user name of the shortest allowed parts, integrity, fingerprint.
    let remote = [
        SocketAddr::from(([203, 0, 113, 66], 6666)),
        "[2001:db8::66]:6666".parse().unwrap(),
    ];
    for remote in remote {
        let mut network = Network::new(3);
        let alice = network.add_stranger(Profile::AeadAes128Gcm);
        let mut request = vec![0; 200];
        let username = format!("{}:abcd", network.peers[alice].ufrag);
        let password = network.peers[alice].password.clone();
        let length =
            stun::write_check(&mut request, &[7; 12], &username, password.as_bytes(), 1, 1, true).unwrap();
        network.inject(Path { remote, ..stranger() }, &request[..length]);
        let (_, answer) = network.astray.pop().unwrap();
        assert!(answer.len() <= length, "{} > {length}", answer.len());
    }
}

#[test]
fn a_handshake_cannot_fill_the_memory() {
    let (mut network, alice) = busy();
    let path = network.peers[alice].path();
    let mut datagram = vec![22; 1200];
    datagram[1] = 254;
    for _ in 0..10_000 {
        network.receive(path, &mut datagram.clone());
    }
    let first = network.drain_events().count();
    assert!((1000..2000).contains(&first), "{first}");
    assert_eq!(network.counters().dropped_dtls as usize, 10_000 - first);
    network.inject(path, &vec![22; 5000]);
    assert!(network.drain_events().count() == 0);
    // Many together cannot either.
    let peers: Vec<_> = (0..6).map(|_| network.add_peer()).collect();
    network.drain_events().count();
    for peer in peers {
        let path = network.peers[peer].path();
        for _ in 0..2000 {
            network.receive(path, &mut datagram.clone());
        }
    }
    assert_eq!(network.drain_events().count(), 4096);
}

#[test]
fn dtls_forged_from_a_peers_address_reaches_the_control_plane_at_a_bounded_rate() {
    let (mut network, alice) = busy();
    let path = network.peers[alice].path();
    let mut forged = vec![23; 200];
    forged[1] = 254;
    let mut passed = 0;
    for _ in 0..1000 {
        network.run_ms(1);
        for _ in 0..100 {
            network.receive(path, &mut forged.clone());
        }
        let dtls = |event: &polyana_core::Event| matches!(event, polyana_core::Event::DtlsReceived { .. });
        passed += network.drain_events().filter(dtls).count();
    }
    // Of 100,000 in a second: the steady rate and one burst.
    assert!((4000..6000).contains(&passed), "{passed}");
}
