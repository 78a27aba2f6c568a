//! A fixed number of frames through the core, for counting instructions: `packet_path SHAPE FRAMES`.
//!
//! All frames are made and encrypted beforehand, always the same number, so the difference of two runs of different
//! lengths is what the core does for the frames between. `python -m benchmarks.instructions` does the arithmetic.

#[allow(dead_code, unused_imports)]
#[path = "../tests/core/harness/mod.rs"]
mod harness;

use harness::{Codec, Network, Peer, Source, id};
use polyana_core::{Command, Config, Time, TransmitBatch};

const RECEIVERS: usize = 50;
const MAX_FRAMES: usize = 600;
/// From the core to a receiver.
const LINE_US: u64 = 10_000;
/// More than what is sent: no line is too narrow for it.
const WANTED_BPS: u64 = 4_000_000;
/// Lines are known to carry it after the longer one.
const WARM_UP_MS: u64 = 500;
const WARM_UP_OF_LINES_MS: u64 = 3000;
/// Nobody reports or checks here.
const CONSENT_TIMEOUT_US: u64 = 3_600_000_000;

fn source(shape: &str) -> Source {
    let mut source = match shape {
        "opus" => Source::audio(7),
        "vp8" | "vp8-temporal" | "vp8-feedback" => Source::video(7),
        other => panic!("no shape {other}"),
    };
    match shape {
        "opus" => source.audio_level_id = Some(id::AUDIO_LEVEL),
        "vp8-temporal" => source.codec = Codec::Vp8 { temporal_layers: 3 },
        _ => {}
    }
    if source.is_video() {
        source.packets_per_frame = 8;
        source.payload_length = 1160;
    }
    source.transport_sequence_id = Some(id::TRANSPORT);
    source
}

/// What a receiver tells of each frame but the first: that all its packets came after the line's delay.
fn feedbacks(peer: &mut Peer, packets: usize, at: impl Fn(usize) -> Time) -> Vec<Vec<u8>> {
    let first = peer.next_untold() as usize;
    (0..MAX_FRAMES)
        .map(|frame| {
            let arrived = vec![Some(at(frame).0 + LINE_US); packets];
            let number = (first + frame * packets) as u16;
            peer.rtcp(|writer| {
                writer
                    .transport_feedback(1, 2, frame as u8, number, &arrived)
                    .expect("it fits a packet");
            })
        })
        .collect()
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(shape), Some(frames)) = (arguments.next(), arguments.next()) else {
        return println!("packet_path SHAPE FRAMES"); // `cargo bench` without a word
    };
    let frames: usize = frames.parse().expect("a number of frames");
    assert!(frames <= MAX_FRAMES);
    let config = Config {
        consent_timeout_us: CONSENT_TIMEOUT_US,
        ..Config::default()
    };
    let mut network = Network::with_config(1, config);
    let alice = network.add_peer();
    let track = network.publish(alice, source(&shape));
    let gives_feedback = shape == "vp8-feedback";
    for _ in 0..RECEIVERS {
        let peer = network.add_peer();
        network.subscribe(peer, track);
        if gives_feedback {
            network.peers[peer].gives_feedback = true;
            network.command(Command::SetWantedBitrate {
                transport: network.peers[peer].transport,
                bits_per_second: WANTED_BPS,
            });
        }
    }
    network.run_ms(if gives_feedback {
        WARM_UP_OF_LINES_MS
    } else {
        WARM_UP_MS
    });
    network.peers[alice].sources[0].active = false;
    network.run_ms(200); // all is told of
    let peer = &mut network.peers[alice];
    let (path, first, interval) = (peer.path(), network.now, peer.sources[0].interval_us);
    let at = |frame: usize| Time(first.0 + frame as u64 * interval);
    let mut made: Vec<_> = (0..MAX_FRAMES)
        .map(|frame| peer.sources[0].frame(at(frame), &peer.srtp_out, &mut peer.transport_sequence))
        .collect();
    let packets = made[0].len();
    let mut told: Vec<_> = network
        .peers
        .iter_mut()
        .filter(|peer| peer.gives_feedback)
        .map(|peer| (peer.path(), feedbacks(peer, packets, at)))
        .collect();
    let before = network.counters().rtp_packets_out;
    let mut batch = TransmitBatch::default();
    for (frame, datagrams) in made.iter_mut().take(frames).enumerate() {
        for (path, feedbacks) in &mut told {
            if let Some(last) = frame.checked_sub(1) {
                network.core.receive(at(frame), *path, &mut feedbacks[last]);
            }
        }
        for datagram in datagrams {
            network.core.receive(at(frame), path, datagram);
        }
        batch.clear();
        while network.core.poll(at(frame), &mut batch) {
            batch.clear();
        }
    }
    println!("{}", network.counters().rtp_packets_out - before);
}
