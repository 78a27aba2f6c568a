//! A film whose pictures say where they are in it, viewers, and who keeps it fed.

use super::{Network, Source, receiver_parameters};
use polyana_core::{Chunk, Command, Encoding, Event, PlayerStream, ReceiverId, SenderId, TransportId};

pub const FRAME_US: u32 = 40_000;
const SOUND_US: u32 = 20_000;
pub const SECOND_US: u64 = 1_000_000;

/// H.264 (RFC 6184): a STAP-A with two sets, and headers of slices.
const PARAMETER_SETS: [u8; 7] = [0x78, 0, 1, 0x67, 0, 1, 0x68];
const IDR: u8 = 0x65;
const SLICE: u8 = 0x41;

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
pub fn second(number: u64) -> Chunk {
    made(number, false)
}

/// With the picture in H.264, too, in stream 4.
pub fn second_with_backup(number: u64) -> Chunk {
    made(number, true)
}

fn made(number: u64, backup: bool) -> Chunk {
    let mut bytes = Vec::new();
    for at_us in (0..1_000_000).step_by(SOUND_US as usize) {
        if at_us % FRAME_US == 0 {
            for stream in 1..=3u8 {
                for part in 0..stream {
                    let payload = picture(number, at_us / FRAME_US, part == 0, 1000);
                    put(&mut bytes, at_us, stream, part + 1 == stream, &payload);
                }
            }
            if backup {
                let frame = at_us / FRAME_US;
                if frame == 0 {
                    put(&mut bytes, at_us, 4, false, &PARAMETER_SETS);
                }
                let unit = if frame == 0 { IDR } else { SLICE };
                put(&mut bytes, at_us, 4, true, &[unit, number as u8, frame as u8]);
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

pub struct Show {
    pub network: Network,
    pub player: TransportId,
    sound: ReceiverId,
    pub film: ReceiverId,
    /// Its picture in H.264. Nothing of it is let in at first.
    pub backup: ReceiverId,
    queued: u64,
    /// Seconds that have been played.
    pub played: usize,
}

impl Show {
    pub fn new() -> Self {
        let mut network = Network::new(3);
        let (player, sound, film, backup) = (900, 901, 902, 903);
        network.command(Command::AddTransport {
            transport: player,
            ufrag: "film".into(),
            password: "nobody connects to it".into(),
        });
        let mut parameters = receiver_parameters(&Source::audio(5000));
        parameters.encodings = vec![told(5000)];
        network.command(Command::SetReceiver {
            transport: player,
            receiver: sound,
            parameters,
        });
        let mut parameters = receiver_parameters(&Source::video(6000));
        parameters.encodings = vec![told(6000), told(7000), told(8000)];
        network.command(Command::SetReceiver {
            transport: player,
            receiver: film,
            parameters,
        });
        let mut parameters = receiver_parameters(&Source::video(9000));
        parameters.codecs[0].mime_type = "video/H264".into();
        parameters.encodings = vec![told(9000)];
        network.command(Command::SetReceiver {
            transport: player,
            receiver: backup,
            parameters,
        });
        network.command(Command::EnableReceiver {
            receiver: backup,
            enabled: false,
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
        streams.push(PlayerStream {
            receiver: backup,
            encoding: 0,
            payload_type: 96,
            clock_rate: 90_000,
        });
        network.command(Command::SetPlayer {
            transport: player,
            streams,
        });
        Self {
            network,
            player,
            sound,
            film,
            backup,
            queued: 0,
            played: 0,
        }
    }

    /// It moves, and somebody watches.
    pub fn begun() -> (Self, SenderId, SenderId) {
        let mut show = Self::new();
        let (sound, film) = show.watch();
        show.queue(0, false);
        show.queue(1, false);
        show.playing(true);
        (show, sound, film)
    }

    /// A peer that watches; the senders of sound and picture.
    pub fn watch(&mut self) -> (SenderId, SenderId) {
        let peer = self.network.add_peer();
        let sound = self.network.subscribe(peer, self.sound);
        let film = self.network.subscribe(peer, self.film);
        (sound, film)
    }

    pub fn queue(&mut self, from: u64, restart: bool) {
        self.network.command(Command::PlayChunk {
            transport: self.player,
            chunk: second(from),
            media_us: from * SECOND_US,
            restart,
        });
        self.queued = from + 1;
    }

    /// The backup codec is let in from now on, or no longer.
    pub fn lets_backup_in(&mut self, enabled: bool) {
        let receiver = self.backup;
        self.network
            .command(Command::EnableReceiver { receiver, enabled });
    }

    /// With the backup codec.
    pub fn replace(&mut self, number: u64) {
        self.network.command(Command::ReplaceChunk {
            transport: self.player,
            chunk: second_with_backup(number),
            media_us: number * SECOND_US,
        });
    }

    pub fn playing(&mut self, playing: bool) {
        let transport = self.player;
        self.network.command(Command::SetPlaying { transport, playing });
    }

    /// Lets the time pass and keeps two chunks ahead.
    pub fn run_ms(&mut self, milliseconds: u64) {
        for _ in 0..milliseconds / 20 {
            self.network.run_ms(20);
            let played = self
                .network
                .events
                .drain(..)
                .filter(|(_, event)| is_played(event))
                .count();
            self.played += played;
            for _ in 0..played {
                self.queue(self.queued, false);
            }
        }
    }

    /// (second, frame) of the pictures that have come, by their first packets.
    pub fn pictures(&self, film: SenderId) -> Vec<(u8, u8)> {
        let packets = self.network.sink(film).packets.values();
        packets
            .filter(|packet| packet.payload[0] & 0x10 != 0)
            .map(|packet| (packet.payload[5], packet.payload[6]))
            .collect()
    }

    /// The same of those that have come in H.264, each behind its parameter sets.
    pub fn backup_pictures(&self, backup: SenderId) -> Vec<(u8, u8)> {
        let packets = self.network.sink(backup).packets.values();
        let (mut found, mut has_sets) = (Vec::new(), false);
        for packet in packets {
            if packet.payload[..] == PARAMETER_SETS {
                has_sets = true;
            } else {
                assert!(has_sets, "nothing can be decoded yet");
                found.push((packet.payload[1], packet.payload[2]));
            }
        }
        found
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
