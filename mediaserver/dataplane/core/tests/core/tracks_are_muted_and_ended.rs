//! Server mute, levels of speakers, goodbyes, publishers that begin anew.

use crate::harness::{Network, Source, id, spans, transport_of};
use polyana_core::{Command, Config, Event};

#[test]
fn a_muted_track_is_not_forwarded_and_comes_back_with_a_keyframe() {
    let mut network = Network::new(1);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let receiver = network.publish(alice, Source::video(7));
    let sender = network.subscribe(bob, receiver);
    network.run_ms(1000);
    network.command(Command::EnableReceiver {
        receiver,
        enabled: false,
    });
    network.run_ms(50);
    let before = network.sink(sender).packets.len();
    network.run_ms(2000);
    assert_eq!(network.sink(sender).packets.len(), before);
    let counters = network.counters();
    assert!(counters.dropped_disabled > 150 && counters.nacks_out == 0);
    network.command(Command::EnableReceiver {
        receiver,
        enabled: true,
    });
    network.run_ms(1000);
    let sink = network.sink(sender);
    let after: Vec<_> = sink.packets.values().skip(before).collect();
    assert!(after.len() > 80 && after[0].is_keyframe_start());
    assert!(sink.holes().is_empty());
}

fn levels(network: &mut Network) -> Vec<Vec<(u64, f32)>> {
    let events = network.take_events().into_iter();
    events
        .filter_map(|event| match event {
            Event::AudioLevels { levels } => Some(levels),
            _ => None,
        })
        .collect()
}

#[test]
fn who_speaks_is_told_loudest_first_and_once_when_all_are_silent() {
    let mut network = Network::new(2);
    let mut microphones = Vec::new();
    if spans() {
        network.add_peer(); // each worker tells of its own publishers, so those are on one
    }
    for (ssrc, level) in [(10, 30), (20, 10), (30, 90)] {
        let peer = network.add_peer();
        let mut source = Source::audio(ssrc);
        source.codec = crate::harness::Codec::Opus { level };
        source.audio_level_id = Some(id::AUDIO_LEVEL);
        microphones.push(network.publish(peer, source));
    }
    network.run_ms(3000);
    let told = levels(&mut network);
    assert!(told.len() >= 8);
    let latest: Vec<u64> = told
        .last()
        .unwrap()
        .iter()
        .map(|(receiver, _)| *receiver)
        .collect();
    assert_eq!(latest, [microphones[1], microphones[0]]);
    for ssrc in [10, 20, 30] {
        network.source(ssrc).codec = crate::harness::Codec::Opus { level: 127 };
    }
    network.run_ms(5000);
    let told = levels(&mut network);
    assert!(told.last().unwrap().is_empty());
    assert_eq!(told.iter().filter(|levels| levels.is_empty()).count(), 1);
}

/// Whether a microphone is told of that is louder than -35 dBov for one packet in `of`.
fn is_told(config: Config, level: u8, of: u32) -> bool {
    let mut network = Network::with_config(4, config);
    let peer = network.add_peer();
    let mut source = Source::audio(10);
    source.audio_level_id = Some(id::AUDIO_LEVEL);
    network.publish(peer, source);
    for packet in 0..100 {
        let level = if packet % of == 0 { level } else { 90 };
        network.source(10).codec = crate::harness::Codec::Opus { level };
        network.run_ms(20);
    }
    levels(&mut network).iter().any(|levels| !levels.is_empty())
}

#[test]
fn how_loud_and_how_long_speech_must_be_is_a_setting() {
    let usual = |level, of| is_told(Config::default(), level, of);
    assert!(usual(30, 1) && usual(30, 2) && !usual(30, 4));
    let patient = |of| {
        let config = Config {
            audio_min_percentile: 20,
            ..Config::default()
        };
        is_told(config, 30, of)
    };
    assert!(patient(4) && !patient(10));
    let deaf = |level| {
        let config = Config {
            audio_threshold_dbov: 20,
            ..Config::default()
        };
        is_told(config, level, 1)
    };
    assert!(!deaf(30) && deaf(10));
}

#[test]
fn a_muted_speaker_is_silent() {
    let mut network = Network::new(3);
    let peer = network.add_peer();
    let mut source = Source::audio(10);
    source.audio_level_id = Some(id::AUDIO_LEVEL);
    let receiver = network.publish(peer, source);
    network.run_ms(2000);
    assert!(!levels(&mut network).last().unwrap().is_empty());
    network.command(Command::EnableReceiver {
        receiver,
        enabled: false,
    });
    network.run_ms(3000);
    assert!(levels(&mut network).last().unwrap().is_empty());
}

#[test]
fn a_peer_that_is_removed_is_told_goodbye() {
    let mut network = Network::new(4);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let receiver = network.publish(alice, Source::video(7));
    let sender = network.subscribe(bob, receiver);
    network.run_ms(500);
    let transport = transport_of(&network, bob);
    network.command(Command::RemoveTransport { transport });
    network.run_ms(100);
    assert_eq!(network.sink(sender).byes, 1);
    // Alice goes on; nothing of Bob is left behind.
    network.peers[bob].checks = false;
    let before = network.peers[bob].datagrams_in;
    network.run_ms(1000);
    assert_eq!(network.peers[bob].datagrams_in, before);
    assert!(network.statistics().senders.is_empty());
    let transport = transport_of(&network, alice);
    network.command(Command::RemoveTransport { transport });
    network.run_ms(100);
    let statistics = network.statistics();
    assert!(statistics.receivers.is_empty() && statistics.transports.is_empty());
}

#[test]
fn a_publisher_that_says_goodbye_stops_at_once() {
    let mut network = Network::new(5);
    let alice = network.add_peer();
    let receiver = network.publish(alice, Source::video(7));
    network.run_ms(500);
    network.source(7).active = false;
    network.take_events();
    let bye = network.peers[alice].rtcp(|writer| writer.bye(&[7]).unwrap());
    network.send(alice, bye);
    network.run_ms(30);
    let stopped = Event::EncodingStopped {
        receiver,
        encoding: 0,
    };
    assert!(network.take_events().contains(&stopped));
}

#[test]
fn a_publisher_that_changes_its_ssrc_goes_on_for_subscribers() {
    let mut network = Network::new(6);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let mut source = Source::video(7);
    source.extensions = vec![(id::MID, b"v".to_vec())];
    let receiver = network.publish(alice, source);
    let sender = network.subscribe(bob, receiver);
    network.run_ms(1000);
    network.source(7).active = false;
    let mut again = Source::video(70);
    again.extensions = vec![(id::MID, b"v".to_vec())];
    again.index = 60_000;
    again.timestamp_base = 99;
    again.next_at = network.now;
    network.peers[alice].sources.push(again);
    network.run_ms(1500);
    let sink = network.sink(sender);
    assert!(sink.holes().is_empty());
    let fresh = sink
        .packets
        .values()
        .filter(|packet| packet.stamp().unwrap().0 == 70);
    assert!(fresh.count() > 80);
    let times: Vec<u32> = sink.packets.values().map(|packet| packet.timestamp).collect();
    assert!(
        times
            .windows(2)
            .all(|pair| pair[1].wrapping_sub(pair[0]) < 90_000)
    );
}

#[test]
fn probes_are_not_forwarded_and_leave_no_hole() {
    let mut network = Network::new(7);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let receiver = network.publish(alice, Source::video(7));
    let sender = network.subscribe(bob, receiver);
    network.run_ms(1000);
    for _ in 0..20 {
        let peer = &mut network.peers[alice];
        let now = network.now;
        let source = &mut peer.sources[0];
        let probes = [
            source.padding(now, &peer.srtp_out, &mut peer.transport_sequence),
            source.rtx_padding(&peer.srtp_out, &mut peer.transport_sequence),
        ];
        for probe in probes {
            network.send(alice, probe);
        }
        network.run_ms(40);
    }
    let sink = network.sink(sender);
    assert!(sink.holes().is_empty());
    assert!(sink.packets.values().all(|packet| packet.stamp().is_some()));
}
