//! Chunks of a film: any bytes are a chunk or an error, and what is a chunk is played to its end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use polyana_core::{
    Chunk, CodecParameters, Command, Config, Core, Encoding, Event, MediaKind, PlayerStream,
    ReceiverParameters, Time, TransmitBatch,
};

const START: Time = Time(1_700_000_000_000_000);
const FILM: u64 = 1;

fn player() -> Core {
    let mut core = Core::new(Config::default(), START);
    core.command(
        START,
        Command::AddTransport {
            transport: FILM,
            ufrag: "film".into(),
            password: "password-of-24-characters".into(),
        },
    );
    let parameters = ReceiverParameters {
        kind: MediaKind::Video,
        mid: String::new(),
        codecs: vec![CodecParameters {
            payload_type: 96,
            mime_type: "video/VP8".into(),
            clock_rate: 90_000,
            rtx_payload_type: None,
        }],
        encodings: [7, 8]
            .map(|ssrc| Encoding {
                ssrc: Some(ssrc),
                ..Encoding::default()
            })
            .to_vec(),
        extensions: Vec::new(),
        nack: false,
    };
    core.command(
        START,
        Command::SetReceiver {
            transport: FILM,
            receiver: 1,
            parameters,
        },
    );
    let streams = [0, 1].map(|encoding| PlayerStream {
        receiver: 1,
        encoding,
        payload_type: 96,
        clock_rate: 90_000,
    });
    core.command(
        START,
        Command::SetPlayer {
            transport: FILM,
            streams: streams.to_vec(),
        },
    );
    core.command(
        START,
        Command::SetPlaying {
            transport: FILM,
            playing: true,
        },
    );
    core
}

fuzz_target!(|input: &[u8]| {
    let [script, bytes @ ..] = input else { return };
    let Ok(chunk) = Chunk::new(bytes) else { return };
    let mut core = player();
    let (mut now, mut batch) = (START, TransmitBatch::default());
    let chunks = 1 + u64::from(script & 3);
    for number in 0..chunks {
        core.command(
            now,
            Command::PlayChunk {
                transport: FILM,
                chunk: chunk.clone(),
                media_us: number * 1_000_000,
                restart: script >> 2 & 1 == 1,
            },
        );
    }
    for number in 0..u64::from(script >> 4) {
        core.command(
            now,
            Command::ReplaceChunk {
                transport: FILM,
                chunk: chunk.clone(),
                media_us: number * 500_000,
            },
        );
    }
    if script & 8 != 0 {
        for playing in [false, true] {
            core.command(
                now,
                Command::SetPlaying {
                    transport: FILM,
                    playing,
                },
            );
        }
    }
    // The longest chunk there is takes 72 minutes.
    for _ in 0..20 {
        now = Time(now.0 + 1_000_000_000);
        let _ = core.poll(now, &mut batch); // a full batch goes on at the next step
    }
    let played = core
        .drain_events()
        .filter(|event| matches!(event, Event::ChunkPlayed { .. }))
        .count() as u64;
    let expected = if script >> 2 & 1 == 1 { 1 } else { chunks };
    assert_eq!(played, expected);
});
