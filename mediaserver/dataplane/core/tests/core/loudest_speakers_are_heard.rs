//! In a big room a peer gets the voices of the loudest speakers: as many as there are places, each from its first word
//! and without seams. Who is about as loud as who speaks does not take the place.

use crate::harness::{Codec, Network, Source, id};
use polyana_core::{Command, Config, SenderId};

const PLACES: usize = 3;
const SPEECH: u8 = 20;
/// Of a microphone in a quiet room: -dBov, below what counts as speech.
const QUIET: u8 = 70;

struct Room {
    network: Network,
    speakers: usize,
    senders: Vec<SenderId>,
}

impl Room {
    fn new(speakers: usize) -> Self {
        let config = Config {
            loudest_speakers: PLACES,
            loudest_from: 10,
            ..Config::default()
        };
        let mut network = Network::with_config(speakers as u64, config);
        let listener = network.add_peer();
        let mut senders = Vec::new();
        for number in 0..speakers {
            let peer = network.add_peer();
            let mut source = Source::audio(number as u32 + 1);
            source.audio_level_id = Some(id::AUDIO_LEVEL);
            source.codec = Codec::Opus { level: QUIET };
            let microphone = network.publish(peer, source);
            let sender = network.subscribe(listener, microphone);
            network.sink_mut(sender).nacks = true;
            senders.push(sender);
        }
        let mut room = Self {
            network,
            speakers,
            senders,
        };
        room.network.run_ms(500);
        room
    }

    fn level(&mut self, speaker: usize, level: u8) {
        self.network.source(speaker as u32 + 1).codec = Codec::Opus { level };
    }

    /// How many packets of each came to the listener.
    fn heard(&self) -> Vec<usize> {
        let sinks = self.senders.iter().map(|&sender| self.network.sink(sender));
        sinks.map(|sink| sink.packets.len()).collect()
    }

    /// Who is heard in the next milliseconds.
    fn heard_in_ms(&mut self, duration: u64) -> Vec<usize> {
        let before = self.heard();
        self.network.run_ms(duration);
        let after = self.heard();
        (0..self.speakers)
            .filter(|&one| after[one] > before[one])
            .collect()
    }

    fn assert_seamless(&self) {
        for &sender in &self.senders {
            let sink = self.network.sink(sender);
            assert!(sink.holes().is_empty() && sink.nacks_sent == 0);
            let times: Vec<u32> = sink.packets.values().map(|packet| packet.timestamp).collect();
            assert!(times.is_sorted());
        }
    }
}

#[test]
fn of_thirty_who_speak_the_loudest_are_forwarded() {
    let mut room = Room::new(30);
    for speaker in 0..30 {
        room.level(speaker, if speaker % 10 == 7 { 12 } else { 30 });
    }
    room.network.run_ms(1000);
    assert_eq!(room.heard_in_ms(5000), [7, 17, 27]);
    room.assert_seamless();
    let counters = room.network.counters();
    assert!(counters.dropped_quiet > 27 * 200);
}

#[test]
fn every_turn_is_heard_from_its_first_packet_to_its_last() {
    let mut room = Room::new(30);
    for turn in 0..40 {
        let speaker = turn * 7 % 30;
        let before = room.heard()[speaker];
        room.level(speaker, SPEECH);
        room.network.run_ms(2000);
        room.level(speaker, QUIET);
        room.network.run_ms(40);
        let after = room.heard()[speaker];
        assert!(
            after - before >= 100,
            "turn {turn}: {} of 100 packets",
            after - before
        );
    }
    room.assert_seamless();
}

#[test]
fn ends_of_words_and_short_pauses_are_not_cut() {
    let mut room = Room::new(12);
    for speaker in 0..PLACES {
        room.level(speaker, SPEECH);
    }
    room.network.run_ms(1000);
    let before = room.heard()[0];
    for _ in 0..5 {
        room.level(0, QUIET);
        room.level(9, SPEECH + 3);
        room.network.run_ms(1000);
        room.level(0, SPEECH);
        room.network.run_ms(1000);
    }
    assert!(room.heard()[0] - before >= 500);
    room.assert_seamless();
}

#[test]
fn who_is_about_as_loud_does_not_take_a_place_and_who_is_louder_does_soon() {
    let mut room = Room::new(20);
    for speaker in 0..PLACES {
        room.level(speaker, SPEECH);
    }
    room.network.run_ms(1000);
    for round in 0..100u8 {
        for speaker in 0..8 {
            room.level(speaker, SPEECH + round.wrapping_mul(7 + speaker as u8) % 5);
        }
        assert_eq!(room.heard_in_ms(60), [0, 1, 2]);
    }
    room.level(15, 5);
    room.network.run_ms(100);
    let heard = room.heard_in_ms(200);
    assert!(heard.len() == PLACES && heard.contains(&15), "{heard:?}");
    room.assert_seamless();
}

#[test]
fn in_a_small_room_everybody_is_heard() {
    let mut room = Room::new(9);
    room.level(0, SPEECH);
    assert_eq!(room.heard_in_ms(500).len(), 9);
    assert_eq!(room.network.counters().dropped_quiet, 0);
}

#[test]
fn the_place_of_who_has_left_is_free() {
    let mut room = Room::new(12);
    for speaker in 0..PLACES {
        room.level(speaker, 5);
    }
    room.network.run_ms(1000);
    let sender = room.senders[1];
    room.network.command(Command::RemoveSender { sender });
    room.level(9, 33);
    room.network.run_ms(40);
    assert_eq!(room.heard_in_ms(500), [0, 2, 9]);
}

#[test]
fn a_source_that_tells_no_levels_is_always_heard() {
    let mut room = Room::new(12);
    let mut silent = Source::audio(99);
    silent.audio_level_id = None;
    let peer = room.network.add_peer();
    let microphone = room.network.publish(peer, silent);
    let sender = room.network.subscribe(0, microphone);
    for speaker in 0..12 {
        room.level(speaker, 5);
    }
    room.network.run_ms(1000);
    assert!(room.network.sink(sender).packets.len() >= 49);
}
