//! A film from prepared packets: on time, in step, at each viewer's layer; stopped, moved and joined late.

use crate::harness::{self, Network};
use polyana_core::{
    Chunk, Command, Encoding, Event, PlayerStream, ReceiverId, SenderId, SenderTarget, Time, TransportId,
};

const FRAME_US: u32 = 40_000;
const SOUND_US: u32 = 20_000;
const SECOND_US: u64 = 1_000_000;

/// A VP8 payload that says which second and which frame it is of.
fn picture(second: u64, frame: u32, first: bool, length: usize) -> Vec<u8> {
    let id = (second as u32 * 25 + frame) as u16 & 0x7fff;
    let descriptor = [
        0x80 | u8::from(first) << 4,
        0x80,
        0x80 | (id >> 8) as u8,
        id as u8,
    ];
    let mut payload = descriptor.to_vec();
    payload.extend([u8::from(frame > 0), second as u8, frame as u8]); // the first bit: no keyframe
    payload.resize(length, 0xab);
    payload
}

fn put(bytes: &mut Vec<u8>, at_us: u32, stream: u8, marker: bool, payload: &[u8]) {
    bytes.extend(at_us.to_be_bytes());
    bytes.extend([stream, u8::from(marker)]);
    bytes.extend((payload.len() as u16).to_be_bytes());
    bytes.extend(payload);
}

/// One second: sound in stream 0, three layers of 1, 2 and 3 packets a frame in the others.
fn second(number: u64) -> Chunk {
    let mut bytes = Vec::new();
    for at_us in (0..1_000_000).step_by(SOUND_US as usize) {
        if at_us % FRAME_US == 0 {
            for stream in 1..=3u8 {
                for part in 0..stream {
                    let payload = picture(number, at_us / FRAME_US, part == 0, 1000);
                    put(&mut bytes, at_us, stream, part + 1 == stream, &payload);
                }
            }
        }
        put(
            &mut bytes,
            at_us,
            0,
            false,
            &[number as u8, (at_us / SOUND_US) as u8, 1, 2],
        );
    }
    Chunk::new(&bytes).unwrap()
}

struct Show {
    network: Network,
    player: TransportId,
    sound: ReceiverId,
    film: ReceiverId,
    queued: u64,
}

impl Show {
    fn new() -> Self {
        let mut network = Network::new(3);
        let (player, sound, film) = (900, 901, 902);
        network.command(Command::AddTransport {
            transport: player,
            ufrag: "film".into(),
            password: "nobody connects to it".into(),
        });
        let mut parameters = harness::receiver_parameters(&harness::Source::audio(5000));
        parameters.encodings = vec![told(5000)];
        network.command(Command::SetReceiver {
            transport: player,
            receiver: sound,
            parameters,
        });
        let mut parameters = harness::receiver_parameters(&harness::Source::video(6000));
        parameters.encodings = vec![told(6000), told(7000), told(8000)];
        network.command(Command::SetReceiver {
            transport: player,
            receiver: film,
            parameters,
        });
        let mut streams = vec![PlayerStream {
            receiver: sound,
            encoding: 0,
            payload_type: 111,
            clock_rate: 48_000,
        }];
        streams.extend((0..3).map(|encoding| PlayerStream {
            receiver: film,
            encoding,
            payload_type: 96,
            clock_rate: 90_000,
        }));
        network.command(Command::SetPlayer {
            transport: player,
            streams,
        });
        Self {
            network,
            player,
            sound,
            film,
            queued: 0,
        }
    }

    /// A peer that watches; the senders of sound and picture.
    fn watch(&mut self) -> (SenderId, SenderId) {
        let peer = self.network.add_peer();
        let sound = self.network.subscribe(peer, self.sound);
        let film = self.network.subscribe(peer, self.film);
        (sound, film)
    }

    fn queue(&mut self, from: u64, restart: bool) {
        self.network.command(Command::PlayChunk {
            transport: self.player,
            chunk: second(from),
            media_us: from * SECOND_US,
            restart,
        });
        self.queued = from + 1;
    }

    fn playing(&mut self, playing: bool) {
        let transport = self.player;
        self.network.command(Command::SetPlaying { transport, playing });
    }

    /// Lets the time pass and keeps two chunks ahead.
    fn run_ms(&mut self, milliseconds: u64) {
        for _ in 0..milliseconds / 20 {
            self.network.run_ms(20);
            let played = self
                .network
                .events
                .drain(..)
                .filter(|(_, event)| is_played(event))
                .count();
            for _ in 0..played {
                self.queue(self.queued, false);
            }
        }
    }

    /// (second, frame) of the pictures that have come, by their first packets.
    fn pictures(&self, film: SenderId) -> Vec<(u8, u8)> {
        let packets = self.network.sink(film).packets.values();
        packets
            .filter(|packet| packet.payload[0] & 0x10 != 0)
            .map(|packet| (packet.payload[5], packet.payload[6]))
            .collect()
    }
}

fn told(ssrc: u32) -> Encoding {
    Encoding {
        ssrc: Some(ssrc),
        ..Encoding::default()
    }
}

fn is_played(event: &Event) -> bool {
    matches!(event, Event::ChunkPlayed { .. })
}

fn begun() -> (Show, SenderId, SenderId) {
    let mut show = Show::new();
    let (sound, film) = show.watch();
    show.queue(0, false);
    show.queue(1, false);
    show.playing(true);
    (show, sound, film)
}

#[test]
fn everything_comes_once_on_time_and_at_the_best_layer() {
    let (mut show, sound, film) = begun();
    let start = show.network.now;
    show.run_ms(5000);
    let pictures = show.pictures(film);
    assert!((124..=126).contains(&pictures.len()), "{}", pictures.len());
    let expected: Vec<(u8, u8)> = (0..5).flat_map(|s| (0..25).map(move |f| (s, f))).collect();
    assert_eq!(pictures[..124], expected[..124]);
    for sender in [sound, film] {
        let sink = show.network.sink(sender);
        assert_eq!(sink.holes(), Vec::<u64>::new());
        let first = sink.packets.values().next().unwrap();
        let rate = if sender == film { 90_000 } else { 48_000 };
        for packet in sink.packets.values() {
            let since_us = packet.at.0 - start.0;
            let media_us = u64::from(packet.timestamp.wrapping_sub(first.timestamp)) * SECOND_US / rate;
            assert!(since_us.abs_diff(media_us) < 25_000, "{since_us} {media_us}");
        }
    }
    let layers = show
        .network
        .sink(film)
        .packets
        .values()
        .filter(|packet| packet.marker)
        .count();
    assert_eq!(
        show.network.sink(film).packets.len() / layers,
        3,
        "three packets a frame: the best layer"
    );
    assert!(show.network.sink(sound).packets.len() >= 248);
}

#[test]
fn sound_and_picture_have_one_clock() {
    let (mut show, sound, film) = begun();
    show.run_ms(4000);
    let at_zero = |sender: SenderId, rate: f64| {
        let sink = show.network.sink(sender);
        let (_, report) = sink.sender_reports.last().expect("a sender report");
        let first = sink.packets.values().next().unwrap().timestamp;
        let ntp = report.ntp_time as f64 / 4_294_967_296.0;
        ntp - f64::from(report.rtp_time.wrapping_sub(first)) / rate
    };
    let apart = (at_zero(sound, 48_000.0) - at_zero(film, 90_000.0)).abs();
    assert!(apart < 0.005, "{apart} s");
}

#[test]
fn each_viewer_has_a_layer_of_its_own_and_switches_at_a_keyframe() {
    let (mut show, _, film) = begun();
    show.run_ms(1500);
    let low = SenderTarget {
        max_spatial: 0,
        ..SenderTarget::default()
    };
    show.network.target(film, low);
    show.run_ms(3500);
    let sink = show.network.sink(film);
    assert_eq!(sink.holes(), Vec::<u64>::new());
    let last = sink.packets.values().next_back().unwrap();
    assert!(last.marker && last.payload[0] & 0x10 != 0, "one packet a frame");
    let pictures = show.pictures(film);
    let mut in_order = pictures.clone();
    in_order.sort_unstable();
    in_order.dedup();
    assert_eq!(pictures, in_order, "no picture twice, none back");
    assert!(pictures.len() >= 123, "{}", pictures.len());
}

#[test]
fn who_comes_late_sees_the_next_keyframe() {
    let (mut show, ..) = begun();
    show.run_ms(2300);
    let (_, late) = show.watch();
    let came = show.network.now;
    show.run_ms(1500);
    let first = show.network.sink(late).packets.values().next().unwrap();
    assert!(first.is_keyframe_start());
    assert!(first.at.0 - came.0 <= 1_000_000);
}

#[test]
fn a_film_that_stands_is_seen_by_who_comes_and_goes_on_where_it_stood() {
    let (mut show, sound, film) = begun();
    show.run_ms(2500);
    show.playing(false);
    show.run_ms(200);
    let (seen, heard) = (show.pictures(film).len(), show.network.sink(sound).packets.len());
    show.run_ms(2000);
    assert_eq!(show.network.sink(sound).packets.len(), heard, "silence");
    assert_eq!(show.pictures(film).len(), seen);
    let (_, late) = show.watch();
    let came = show.network.now;
    show.run_ms(1000);
    let first = show
        .network
        .sink(late)
        .packets
        .values()
        .next()
        .expect("a picture");
    assert!(first.is_keyframe_start() && first.at.0 - came.0 < 250_000);
    assert_eq!(show.pictures(late)[0], (2, 0));
    show.playing(true);
    show.run_ms(1500);
    let pictures = show.pictures(film);
    assert_eq!(pictures.last().unwrap().0, 3);
    assert_eq!(show.network.sink(film).holes(), Vec::<u64>::new());
    let stamps: Vec<u32> = show
        .network
        .sink(film)
        .packets
        .values()
        .map(|packet| packet.timestamp)
        .collect();
    assert!(
        stamps.windows(2).all(|two| two[1].wrapping_sub(two[0]) < 1 << 31),
        "time never goes back"
    );
}

#[test]
fn another_place_of_the_film_is_there_at_once() {
    let (mut show, sound, film) = begun();
    show.run_ms(1700);
    let moved = show.network.now;
    show.queue(60, true);
    show.queue(61, false);
    show.run_ms(1000);
    let pictures = show.pictures(film);
    let there = pictures
        .iter()
        .position(|(second, _)| *second == 60)
        .expect("the new place");
    assert!(pictures[there..].iter().all(|(second, _)| *second >= 60));
    assert_eq!(pictures[there], (60, 0));
    let sink = show.network.sink(film);
    let first = sink
        .packets
        .values()
        .find(|packet| packet.at >= moved && packet.payload[5] == 60)
        .unwrap();
    assert!(first.at.0 - moved.0 < 100_000);
    for sender in [sound, film] {
        assert_eq!(show.network.sink(sender).holes(), Vec::<u64>::new());
    }
}

#[test]
fn a_film_whose_chunks_come_late_waits_and_loses_nothing() {
    let mut show = Show::new();
    let (_, film) = show.watch();
    show.queue(0, false);
    show.playing(true);
    show.network.run_ms(3000); // nobody keeps it fed
    assert_eq!(show.pictures(film).len(), 25);
    show.queue(1, false);
    let at = show.network.now;
    show.network.run_ms(900);
    assert!(show.pictures(film).len() < 49, "not all at once");
    show.network.run_ms(300);
    assert_eq!(show.pictures(film).len(), 50);
    let second: Vec<Time> = show
        .network
        .sink(film)
        .packets
        .values()
        .filter(|packet| packet.payload[5] == 1)
        .map(|packet| packet.at)
        .collect();
    assert!(second[0].0 - at.0 < 50_000);
}

#[test]
fn what_a_player_cannot_do_is_refused() {
    let mut show = Show::new();
    let stray = PlayerStream {
        receiver: show.film,
        encoding: 3,
        payload_type: 96,
        clock_rate: 90_000,
    };
    let peer = show.network.add_peer();
    let other = show.network.peers[peer].transport;
    for command in [
        Command::SetPlayer {
            transport: show.player,
            streams: vec![stray],
        },
        Command::SetPlaying {
            transport: other,
            playing: true,
        },
        Command::PlayChunk {
            transport: other,
            chunk: second(0),
            media_us: 0,
            restart: false,
        },
    ] {
        let core = &mut show.network.core;
        core.command(show.network.now, command);
        let failed = core
            .drain_events()
            .filter(|event| matches!(event, Event::CommandFailed { .. }));
        assert_eq!(failed.count(), 1);
    }
}
