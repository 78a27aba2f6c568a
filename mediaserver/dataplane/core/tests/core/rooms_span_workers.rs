//! A room on two workers: tracks cross once, whoever takes them on the other side.

use crate::harness::{Codec, Link, Network, Random, Source, id, receiver_parameters, transport_of};
use polyana_core::{Command, Config, Event, LayerBitrate, SenderId};
use std::collections::BTreeSet;

/// A teacher on one worker with a picture and a voice, and viewers on the other one.
struct Lesson {
    network: Network,
    video: u64,
    audio: u64,
    videos: Vec<SenderId>,
    voices: Vec<SenderId>,
}

impl Lesson {
    fn new(seed: u64, viewers: usize) -> Self {
        let mut network = Network::spanning(seed);
        let teacher = network.add_peer();
        network.peers[teacher].up = Link::delay_ms(10);
        let video = network.publish(teacher, Source::video(7));
        let mut microphone = Source::audio(9);
        microphone.audio_level_id = Some(id::AUDIO_LEVEL);
        microphone.codec = Codec::Opus { level: 20 };
        let audio = network.publish(teacher, microphone);
        let mut lesson = Self {
            network,
            video,
            audio,
            videos: Vec::new(),
            voices: Vec::new(),
        };
        for _ in 0..viewers {
            lesson.add_viewer();
        }
        lesson
    }

    fn add_viewer(&mut self) -> usize {
        let viewer = self.network.add_peer();
        self.videos.push(self.network.subscribe(viewer, self.video));
        self.voices.push(self.network.subscribe(viewer, self.audio));
        viewer
    }

    fn relayed(&self) -> u64 {
        let counters = self.network.counters();
        assert_eq!(counters.relayed_out, counters.relayed_in);
        counters.relayed_out
    }
}

#[test]
fn a_packet_crosses_once_whatever_the_number_of_its_receivers() {
    let mut lesson = Lesson::new(1, 30);
    lesson.network.run_ms(1000);
    let before = lesson.network.counters();
    lesson.network.run_ms(5000);
    let after = lesson.network.counters();
    let came = after.rtp_packets_in - before.rtp_packets_in;
    assert!(came > 500);
    assert_eq!(after.relayed_out - before.relayed_out, came);
    assert_eq!(after.rtp_packets_out - before.rtp_packets_out, 30 * came);
    for &sender in lesson.videos.iter().chain(&lesson.voices) {
        let sink = lesson.network.sink(sender);
        assert_eq!((sink.holes(), sink.duplicates), (Vec::new(), 0));
    }
}

#[test]
fn publishers_are_asked_for_one_keyframe_and_once_for_each_loss() {
    let mut lesson = Lesson::new(2, 0);
    lesson.network.run_ms(2000);
    let before = lesson.network.counters();
    for _ in 0..20 {
        let viewer = lesson
            .network
            .add_stranger(polyana_wire::srtp::Profile::AeadAes128Gcm);
        let keys = lesson.network.peers[viewer].keys.clone();
        let transport = transport_of(&lesson.network, viewer);
        lesson.network.command(Command::SetSrtpKeys { transport, keys });
        lesson.network.peers[viewer].checks = true;
        lesson.videos.push(lesson.network.subscribe(viewer, lesson.video));
    }
    lesson.network.run_ms(400);
    assert!(lesson.network.counters().plis_out - before.plis_out <= 2);
    for &sender in &lesson.videos {
        assert!(
            lesson
                .network
                .sink(sender)
                .packets
                .values()
                .next()
                .unwrap()
                .is_keyframe_start()
        );
    }
    lesson.network.peers[0].up = Link::delay_ms(10).loss(0.03);
    lesson.network.run_ms(10_000);
    lesson.network.peers[0].up = Link::delay_ms(10);
    lesson.network.run_ms(1000);
    let counters = lesson.network.counters();
    assert!(counters.nacks_out > 20, "asked for where the publisher is");
    assert!(counters.nacks_out < 200, "{}", counters.nacks_out);
    assert!(counters.retransmitted_in > 0 && counters.retransmitted_in <= counters.nacks_out);
    for &sender in &lesson.videos {
        assert!(lesson.network.sink(sender).holes().is_empty());
    }
}

#[test]
fn nothing_crosses_for_nobody() {
    let mut lesson = Lesson::new(3, 2);
    lesson.network.run_ms(1000);
    let transport = transport_of(&lesson.network, 1);
    lesson.network.command(Command::RemoveTransport { transport });
    lesson.network.run_ms(100);
    let before = lesson.relayed();
    lesson.network.run_ms(1000);
    assert!(lesson.relayed() > before + 50, "somebody is left");
    lesson.network.command(Command::RemoveSender {
        sender: lesson.videos[1],
    });
    lesson.network.command(Command::RemoveSender {
        sender: lesson.voices[1],
    });
    lesson.network.run_ms(100);
    let before = lesson.relayed();
    lesson.network.run_ms(1000);
    assert_eq!(lesson.relayed(), before);
    // And again: as if it were the first time.
    let again = lesson.network.subscribe(2, lesson.video);
    lesson.network.run_ms(1000);
    let sink = lesson.network.sink(again);
    assert!(sink.packets.values().next().unwrap().is_keyframe_start());
    assert!(sink.holes().is_empty() && sink.packets.len() > 50);
}

#[test]
fn a_sender_that_changes_its_track_takes_the_relay_with_it() {
    let mut lesson = Lesson::new(4, 1);
    let other = lesson.network.publish(0, Source::video(70));
    lesson.network.run_ms(1000);
    let sender = lesson.videos[0];
    let sink = lesson.network.sink(sender);
    let mut parameters = crate::harness::sender_parameters(other, sink.ssrc);
    parameters.rtx_ssrc = Some(sink.ssrc + 1);
    let transport = transport_of(&lesson.network, 1);
    lesson.network.command(Command::SetSender {
        transport,
        sender,
        parameters,
    });
    lesson.network.command(Command::RemoveSender {
        sender: lesson.voices[0],
    });
    lesson.network.run_ms(1000);
    let (before, came) = (lesson.relayed(), lesson.network.counters().rtp_packets_in);
    lesson.network.run_ms(4000);
    let (crossed, came) = (
        lesson.relayed() - before,
        lesson.network.counters().rtp_packets_in - came,
    );
    assert!(
        crossed > 100 && crossed < came / 2,
        "one of two pictures and a voice: {crossed} of {came}"
    );
    let sink = lesson.network.sink(sender);
    assert!(sink.holes().is_empty(), "numbers go on");
}

#[test]
fn what_is_muted_does_not_cross_and_goes_on_with_a_keyframe() {
    let mut lesson = Lesson::new(5, 1);
    lesson.network.run_ms(1000);
    for receiver in [lesson.video, lesson.audio] {
        let enabled = false;
        lesson
            .network
            .command(Command::EnableReceiver { receiver, enabled });
    }
    let before = lesson.relayed();
    lesson.network.run_ms(2000);
    assert_eq!(lesson.relayed(), before);
    let packets = lesson.network.sink(lesson.videos[0]).packets.len();
    for receiver in [lesson.video, lesson.audio] {
        let enabled = true;
        lesson
            .network
            .command(Command::EnableReceiver { receiver, enabled });
    }
    lesson.network.run_ms(1000);
    let sink = lesson.network.sink(lesson.videos[0]);
    assert!(sink.packets.values().nth(packets).unwrap().is_keyframe_start());
    assert!(sink.holes().is_empty() && sink.packets.len() > packets + 50);
}

/// Python sees one track, whatever the number of workers that it is on.
#[test]
fn a_track_is_told_of_once() {
    let mut lesson = Lesson::new(6, 3);
    lesson.network.run_ms(5000);
    let transport = transport_of(&lesson.network, 0);
    let statistics = lesson.network.statistics();
    let mut receivers: Vec<u64> = statistics.receivers.iter().map(|found| found.receiver).collect();
    receivers.sort_unstable();
    assert_eq!(receivers, [lesson.video, lesson.audio]);
    assert_eq!(statistics.transports.len(), lesson.network.peers.len());
    let events = lesson.network.take_events();
    let started = events
        .iter()
        .filter(|event| matches!(event, Event::EncodingStarted { .. }));
    assert_eq!(started.count(), 2);
    let bitrates: Vec<&LayerBitrate> = events
        .iter()
        .filter_map(|event| match event {
            Event::LayerBitrates { layers } => Some(layers),
            _ => None,
        })
        .flatten()
        .collect();
    assert!(
        (1..=3).contains(&bitrates.len()),
        "by one of the workers: {bitrates:?}"
    );
    let told = |event: &&Event| matches!(event, Event::AudioLevels { levels } if levels.len() == 1);
    assert!(events.iter().filter(told).count() > 8);
    lesson.network.command(Command::RemoveTransport { transport });
    lesson.network.run_ms(3000);
    assert!(lesson.network.statistics().receivers.is_empty());
    assert!(
        lesson.network.statistics().senders.is_empty(),
        "they end with their tracks"
    );
}

#[test]
fn what_the_description_says_anew_holds_on_the_other_worker() {
    let mut lesson = Lesson::new(7, 1);
    lesson.network.run_ms(1000);
    let mut parameters = receiver_parameters(&Source::video(7));
    parameters.codecs[0].payload_type = 98;
    let transport = transport_of(&lesson.network, 0);
    lesson.network.command(Command::SetReceiver {
        transport,
        receiver: lesson.video,
        parameters,
    });
    lesson.network.source(7).payload_type = 98;
    let mut mapped =
        crate::harness::sender_parameters(lesson.video, lesson.network.sink(lesson.videos[0]).ssrc);
    mapped.payload_types[0].incoming = 98;
    let transport = transport_of(&lesson.network, 1);
    lesson.network.command(Command::SetSender {
        transport,
        sender: lesson.videos[0],
        parameters: mapped,
    });
    let before = lesson.network.sink(lesson.videos[0]).packets.len();
    lesson.network.run_ms(1000);
    assert!(lesson.network.sink(lesson.videos[0]).packets.len() > before + 50);
}

#[test]
fn lips_are_in_step_for_who_comes_first_to_a_worker() {
    let mut lesson = Lesson::new(8, 0);
    lesson.network.run_ms(5000);
    lesson.add_viewer();
    lesson.network.run_ms(200); // shorter than from one report of the publisher to the next
    for sender in [lesson.videos[0], lesson.voices[0]] {
        assert!(!lesson.network.sink(sender).sender_reports.is_empty());
    }
}

#[test]
fn only_the_loudest_are_heard_on_every_worker() {
    let config = Config {
        loudest_speakers: 2,
        loudest_from: 3,
        ..Config::default()
    };
    let mut network = Network::spanning_with(9, config);
    let listeners: Vec<usize> = (0..3).map(|_| network.add_peer()).collect();
    let mut senders: Vec<Vec<SenderId>> = vec![Vec::new(); 3];
    for number in 0..6 {
        let peer = if number < 3 {
            listeners[0]
        } else {
            network.add_peer()
        };
        let mut source = Source::audio(100 + number);
        source.audio_level_id = Some(id::AUDIO_LEVEL);
        source.codec = Codec::Opus {
            level: if number % 3 == 1 { 10 } else { 33 },
        };
        let microphone = network.publish(peer, source);
        for &listener in &listeners[usize::from(number < 3)..] {
            senders[listener].push(network.subscribe(listener, microphone));
        }
    }
    network.run_ms(2000);
    let count = |network: &Network, sender: SenderId| network.sink(sender).packets.len();
    let before: Vec<Vec<usize>> = senders
        .iter()
        .map(|own| own.iter().map(|&sender| count(&network, sender)).collect())
        .collect();
    network.run_ms(2000);
    for listener in 1..3 {
        let heard: BTreeSet<usize> = (0..6)
            .filter(|&number| count(&network, senders[listener][number]) > before[listener][number])
            .collect();
        assert_eq!(heard, BTreeSet::from([1, 4]), "from either worker");
    }
}

#[test]
fn garbage_from_another_worker_harms_nobody() {
    let mut known = Lesson::new(10, 1);
    known.network.crossed = Some(Vec::new());
    known.network.run_ms(500);
    let known = known.network.crossed.unwrap();
    assert!(known.len() > 10_000);
    let mut random = Random(11);
    for round in 0..300 {
        let mut lesson = Lesson::new(100 + round, 1);
        let mut bytes = known.clone();
        for _ in 0..random.next() % 30 {
            let place = (random.next() % bytes.len() as u64) as usize;
            bytes[place] = random.next() as u8;
        }
        bytes.truncate((random.next() % bytes.len() as u64) as usize);
        // Of the track that the lesson knows, too.
        for chunk in bytes.chunks_mut(8) {
            if random.below(50) == 0 && chunk.len() == 8 {
                chunk.copy_from_slice(&lesson.video.to_le_bytes());
            }
        }
        lesson.network.pass_on(&bytes);
        let other = lesson.network.publish(0, Source::audio(50));
        let sender = lesson.network.subscribe(1, other);
        lesson.network.run_ms(300);
        assert!(lesson.network.sink(sender).packets.len() > 10);
    }
}

/// Any order of coming, going, publishing and subscribing leaves both workers with the same picture of the room.
#[test]
fn people_come_and_go_in_any_order() {
    for seed in 1..=20 {
        let mut random = Random(seed);
        let mut network = Network::spanning(seed);
        let mut peers: Vec<usize> = (0..2).map(|_| network.add_peer()).collect();
        let (mut tracks, mut senders) = (Vec::<(usize, u64)>::new(), Vec::<(usize, u64, u64)>::new());
        for ssrc in 0..150 {
            let peer = peers[random.below(peers.len() as u64) as usize];
            match random.below(12) {
                0 if peers.len() < 6 => peers.push(network.add_peer()),
                1 if peers.len() > 2 => {
                    let transport = transport_of(&network, peer);
                    network.command(Command::RemoveTransport { transport });
                    network.peers[peer].sources.clear();
                    peers.retain(|&other| other != peer);
                    let gone = |track: u64| tracks.contains(&(peer, track));
                    senders.retain(|&(owner, _, track)| owner != peer && !gone(track));
                    tracks.retain(|&(owner, _)| owner != peer);
                }
                2 | 3 => tracks.push((peer, network.publish(peer, Source::audio(1000 + ssrc)))),
                4 if !tracks.is_empty() => {
                    let (_, receiver) = tracks.swap_remove(random.below(tracks.len() as u64) as usize);
                    network.command(Command::RemoveReceiver { receiver });
                    senders.retain(|&(_, _, track)| track != receiver);
                }
                5 if !senders.is_empty() => {
                    let place = random.below(senders.len() as u64) as usize;
                    let (_, sender, _) = senders.swap_remove(place);
                    network.command(Command::RemoveSender { sender });
                }
                6 if !senders.is_empty() && !tracks.is_empty() => {
                    let place = random.below(senders.len() as u64) as usize;
                    let (owner, sender, _) = senders[place];
                    let (_, track) = tracks[random.below(tracks.len() as u64) as usize];
                    let ssrc = network.sink(sender).ssrc;
                    let transport = transport_of(&network, owner);
                    let parameters = crate::harness::sender_parameters(track, ssrc);
                    network.command(Command::SetSender {
                        transport,
                        sender,
                        parameters,
                    });
                    senders[place].2 = track;
                }
                7 if !tracks.is_empty() => {
                    let (_, receiver) = tracks[random.below(tracks.len() as u64) as usize];
                    let enabled = random.chance(0.5);
                    network.command(Command::EnableReceiver { receiver, enabled });
                }
                8 => network.run_ms(random.below(200)),
                _ if !tracks.is_empty() => {
                    let (_, track) = tracks[random.below(tracks.len() as u64) as usize];
                    senders.push((peer, network.subscribe(peer, track), track));
                }
                _ => {}
            }
        }
        for &(_, receiver) in &tracks {
            let enabled = true;
            network.command(Command::EnableReceiver { receiver, enabled });
        }
        network.run_ms(500);
        let before: Vec<usize> = senders
            .iter()
            .map(|&(_, sender, _)| network.sink(sender).packets.len())
            .collect();
        let counted = network.statistics();
        assert_eq!(counted.receivers.len(), tracks.len());
        assert_eq!(counted.senders.len(), senders.len());
        network.run_ms(500);
        for (&(_, sender, track), before) in senders.iter().zip(before) {
            let came = network.sink(sender).packets.len() - before;
            assert!(came >= 20, "seed {seed}: {came} packets of track {track}");
        }
    }
}
