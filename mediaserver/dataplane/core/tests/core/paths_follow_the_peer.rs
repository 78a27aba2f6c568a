//! ICE: rebinding, restart, nomination, consent (RFC 8445, RFC 7675).

use crate::harness::{Network, Source, transport_of};
use polyana_core::{Command, Event, Path};
use std::net::SocketAddr;

fn selected(events: &[Event], transport: u64) -> Vec<Path> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::IceSelected { transport: at, path } if *at == transport => Some(*path),
            _ => None,
        })
        .collect()
}

fn disconnections(events: &[Event], transport: u64) -> usize {
    let lost = Event::IceDisconnected { transport };
    events.iter().filter(|event| **event == lost).count()
}

#[test]
fn media_goes_on_from_and_to_a_new_address() {
    let mut network = Network::new(1);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let video = network.publish(alice, Source::video(7));
    let sender = network.subscribe(bob, video);
    network.run_ms(1000);
    network.take_events();
    // A NAT gives both another port, without a word.
    for peer in [alice, bob] {
        network.peers[peer].address.set_port(50_000 + peer as u16);
    }
    network.run_ms(6000);
    let events = network.take_events();
    for peer in [alice, bob] {
        let paths = selected(&events, transport_of(&network, peer));
        assert_eq!(paths, [network.peers[peer].path()]);
    }
    let sink = network.sink(sender);
    assert!(sink.packets.values().next_back().unwrap().at.0 + 200_000 > network.now.0);
    assert_eq!(network.counters().error_unknown_peer, 0); // the shell counts those
}

#[test]
fn a_check_that_does_not_nominate_moves_nothing_until_media_does() {
    let mut network = Network::new(2);
    let alice = network.add_peer();
    let audio = network.publish(alice, Source::audio(9));
    network.run_ms(500);
    network.take_events();
    network.peers[alice].checks = false;
    network.peers[alice].sources[0].active = false;
    let old = network.peers[alice].path();
    network.peers[alice].address.set_port(50_001);
    let check = network.peers[alice].check(false);
    network.send(alice, check);
    network.run_ms(100);
    let transport = transport_of(&network, alice);
    assert!(selected(&network.take_events(), transport).is_empty());
    network.peers[alice].sources[0].active = true;
    network.run_ms(100);
    let moved = selected(&network.take_events(), transport);
    assert_eq!(
        moved,
        [Path {
            remote: network.peers[alice].address,
            ..old
        }]
    );
    assert!(
        network
            .statistics()
            .receivers
            .iter()
            .any(|found| found.receiver == audio)
    );
}

#[test]
fn consent_ends_and_comes_back() {
    let mut network = Network::new(3);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let video = network.publish(alice, Source::video(7));
    let sender = network.subscribe(bob, video);
    network.run_ms(1000);
    network.peers[bob].up.cut = true;
    network.take_events();
    network.run_ms(14_000);
    assert_eq!(
        disconnections(&network.take_events(), transport_of(&network, bob)),
        0
    );
    network.run_ms(3000);
    assert_eq!(
        disconnections(&network.take_events(), transport_of(&network, bob)),
        1
    );
    // Without consent nothing is sent (RFC 7675, section 5.1).
    let before = network.peers[bob].datagrams_in;
    network.run_ms(1000);
    assert_eq!(network.peers[bob].datagrams_in, before);
    network.peers[bob].up.cut = false;
    network.run_ms(3000);
    assert_eq!(
        selected(&network.take_events(), transport_of(&network, bob)).len(),
        1
    );
    assert!(network.peers[bob].datagrams_in > before + 100);
    assert!(network.sink(sender).packets.len() > 100);
}

#[test]
fn a_path_that_only_reports_revive_is_told() {
    let mut network = Network::new(4);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let video = network.publish(alice, Source::video(7));
    network.subscribe(bob, video);
    network.run_ms(1000);
    network.peers[bob].up.cut = true;
    network.run_ms(17_000);
    network.take_events();
    network.peers[bob].checks = false;
    network.peers[bob].up.cut = false;
    network.run_ms(2000);
    assert_eq!(
        selected(&network.take_events(), transport_of(&network, bob)).len(),
        1
    );
}

#[test]
fn a_restart_takes_new_credentials_and_retires_the_old() {
    let mut network = Network::new(5);
    let alice = network.add_peer();
    let transport = transport_of(&network, alice);
    let old = (
        network.peers[alice].ufrag.clone(),
        network.peers[alice].password.clone(),
    );
    network.command(Command::RestartIce {
        transport,
        ufrag: "restarted".into(),
        password: "another-password-of-24-bits".into(),
    });
    let answers = |network: &mut Network, ufrag: &str, password: &str| {
        network.peers[alice].ufrag = ufrag.into();
        network.peers[alice].password = password.into();
        let before = network.peers[alice].stun_answers;
        let check = network.peers[alice].check(true);
        network.send(alice, check);
        network.run_ms(100);
        network.peers[alice].stun_answers - before
    };
    network.peers[alice].checks = false;
    assert_eq!(
        answers(&mut network, &old.0, &old.1),
        1,
        "old ones until the new are used"
    );
    assert_eq!(
        answers(&mut network, "restarted", "another-password-of-24-bits"),
        1
    );
    assert_eq!(answers(&mut network, &old.0, &old.1), 0, "retired");
}

#[test]
fn addresses_of_one_peer_are_bounded() {
    let mut network = Network::new(6);
    let alice = network.add_peer();
    network.peers[alice].checks = false;
    for port in 0..500 {
        network.peers[alice].address.set_port(10_000 + port);
        let check = network.peers[alice].check(true);
        let path = network.peers[alice].path();
        network.inject(path, &check);
    }
    // Of 500 addresses the last few are known: media from the first is a stranger's.
    let first = Path {
        remote: SocketAddr::from(([198, 51, 100, 1], 10_000)),
        ..network.peers[alice].path()
    };
    let mut rtp = vec![0x80, 96];
    rtp.resize(40, 1);
    assert_eq!(network.inject(first, &rtp), polyana_core::Disposition::Foreign);
    let last = network.peers[alice].path();
    assert_eq!(network.inject(last, &rtp), polyana_core::Disposition::Done);
}
