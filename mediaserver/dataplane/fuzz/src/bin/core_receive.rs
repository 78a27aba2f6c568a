//! The core with a call, a peer with keys, and a script of any datagrams, plain and encrypted, over time. A second core has
//! a receiver of the track, too: what crosses is made of the script, and parts of the script cross as they are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use polyana_core::{
    CodecParameters, Command, Config, Core, Encoding, MediaKind, Path, PayloadTypeMapping,
    Protocol, ReceiverParameters,
    SenderParameters, SenderTarget, SrtpKeys, Time, TransmitBatch,
};
use polyana_wire::rtp::Header;
use polyana_wire::srtp::{Profile, Sender};
use polyana_wire::stun;
use std::net::SocketAddr;

const START: Time = Time(1_700_000_000_000_000);
const PROFILE: Profile = Profile::AeadAes128Gcm;
const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

fn path(port: u16) -> Path {
    Path {
        protocol: Protocol::Udp,
        local: SocketAddr::from(([192, 0, 2, 1], 7882)),
        remote: SocketAddr::from(([198, 51, 100, 1], port)),
    }
}

fn peer(core: &mut Core, transport: u64) {
    let (ufrag, password) = (format!("ufrag{transport}"), "password-of-24-characters");
    core.command(
        START,
        Command::AddTransport {
            transport,
            ufrag: ufrag.clone(),
            password: password.into(),
        },
    );
    let keys = SrtpKeys {
        profile: PROFILE,
        receive_key: vec![1; 16],
        receive_salt: vec![2; 12],
        send_key: vec![3; 16],
        send_salt: vec![4; 12],
    };
    core.command(START, Command::SetSrtpKeys { transport, keys });
    let mut check = [0; 200];
    let username = format!("{ufrag}:client");
    let length = stun::write_check(&mut check, &[7; 12], &username, password.as_bytes(), 1, 1, true).unwrap();
    core.receive(START, path(transport as u16), &mut check[..length]);
}

fn call(core: &mut Core, far: &mut Core) {
    (1..=2).for_each(|transport| peer(core, transport));
    peer(far, 3);
    let parameters = ReceiverParameters {
        kind: MediaKind::Video,
        mid: "0".into(),
        codecs: vec![CodecParameters {
            payload_type: 96,
            mime_type: "video/VP8".into(),
            clock_rate: 90_000,
            rtx_payload_type: Some(97),
        }],
        encodings: vec![
            Encoding {
                ssrc: Some(7),
                rtx_ssrc: Some(8),
                ..Encoding::default()
            },
            Encoding {
                ssrc: Some(9),
                ..Encoding::default()
            },
        ],
        extensions: vec![
            (TRANSPORT_CC.into(), 1),
            ("urn:ietf:params:rtp-hdrext:sdes:mid".into(), 2),
        ],
        nack: true,
    };
    core.command(
        START,
        Command::SetReceiver {
            transport: 1,
            receiver: 1,
            parameters: parameters.clone(),
        },
    );
    let relayed = Command::SetRelayed {
        receiver: 1,
        worker: 0,
        film: false,
        parameters,
    };
    far.command(START, relayed);
    core.command(START, Command::AddRelay { receiver: 1, worker: 1 });
    core.command(START, Command::AddTap { tap: 1, receiver: 1 });
    let parameters = SenderParameters {
        receiver: 1,
        mid: "1".into(),
        ssrc: 100,
        rtx_ssrc: Some(101),
        cname: "alice".into(),
        payload_types: vec![PayloadTypeMapping {
            incoming: 96,
            outgoing: 120,
            outgoing_rtx: Some(121),
            unwrap_red: false,
        }],
        extensions: vec![(TRANSPORT_CC.into(), 3)],
    };
    for (core, transport) in [(core, 2), (far, 3)] {
        core.command(
            START,
            Command::SetSender {
                transport,
                sender: 1,
                parameters: parameters.clone(),
            },
        );
    }
}

/// One step of the script: an operation, a number, a length, and that many bytes.
fn step<'a>(input: &mut &'a [u8]) -> Option<(u8, u8, &'a [u8])> {
    let [operation, number, length, rest @ ..] = *input else {
        return None;
    };
    let length = usize::from(*length).min(rest.len());
    *input = &rest[length..];
    Some((*operation, *number, &rest[..length]))
}

fuzz_target!(|input: &[u8]| {
    let config = Config {
        cache_packets: 64,
        ..Config::default()
    };
    let (mut core, mut far) = (Core::new(config.clone(), START), Core::new(config, START));
    call(&mut core, &mut far);
    let mut keys = Sender::new(PROFILE, &[1; 16], &[2; 12]).unwrap();
    let (mut now, mut index) = (START, [0u64; 256]);
    let mut batch = TransmitBatch::default();
    let mut input = input;
    while let Some((operation, number, bytes)) = step(&mut input) {
        let from = path(1 + u16::from(number & 1));
        match operation % 8 {
            0 => drop(core.receive(now, path(u16::from(number)), &mut bytes.to_vec())),
            1 => {
                let mut packet = [
                    &[0x80, 96 + (number >> 6), 0, number, 0, 0, number, 0, 0, 0, 0, 7],
                    bytes,
                ]
                .concat();
                if number & 2 != 0 {
                    packet[11] = 9;
                }
                if number & 4 != 0 {
                    packet[0] |= 0x30;
                }
                let Ok(header) = Header::parse(&packet) else {
                    continue;
                };
                let counter = &mut index[usize::from(packet[11])];
                *counter += u64::from(number >> 3 & 7);
                packet[2..4].copy_from_slice(&(*counter as u16).to_be_bytes());
                let length = packet.len();
                packet.resize(length + PROFILE.rtp_overhead(), 0);
                keys.protect_rtp(*counter, header.ssrc, header.length, &mut packet, length)
                    .unwrap();
                core.receive(now, from, &mut packet);
            }
            2 => {
                let mut packet = [
                    &[
                        0x80 | number & 0x1f,
                        200 + (number >> 5),
                        0,
                        (bytes.len() / 4) as u8 + 1,
                        0,
                        0,
                        0,
                        1,
                    ],
                    bytes,
                ]
                .concat();
                let length = packet.len();
                packet.resize(length + PROFILE.rtcp_overhead(), 0);
                if keys.protect_rtcp(&mut packet, length).is_ok() {
                    core.receive(now, from, &mut packet);
                }
            }
            3 => now = Time(now.0 + 1 + (u64::from(number) << (bytes.len().min(16)))),
            4 => {
                let target = SenderTarget {
                    enabled: number & 1 == 0,
                    max_spatial: number >> 1 & 3,
                    max_temporal: number >> 3 & 3,
                };
                core.command(now, Command::SetSenderTarget { sender: 1, target });
            }
            5 => core.command(
                now,
                Command::SetWantedBitrate {
                    transport: 2,
                    bits_per_second: u64::from(number) * 50_000,
                },
            ),
            6 => {
                let mut record = [&[1, 0, 0, 0, 0, 0, 0, 0][..], &now.0.to_le_bytes()].concat();
                record.extend((bytes.len() as u16).to_le_bytes());
                record.extend([number >> 4, number & 0xf]);
                record.extend(bytes);
                let target = if operation & 0x80 == 0 { &mut far } else { &mut core };
                target.receive_relayed(now, &record);
                target.receive_relayed(now, bytes);
            }
            _ => core.command(
                now,
                Command::EnableReceiver {
                    receiver: 1,
                    enabled: number & 1 == 0,
                },
            ),
        }
        core.drain_relayed(|_, records| far.receive_relayed(now, &std::mem::take(records)));
        far.drain_relayed(|_, records| core.receive_relayed(now, &std::mem::take(records)));
        for core in [&mut core, &mut far] {
            batch.clear();
            let _ = core.poll(now, &mut batch); // a full batch goes on at the next step
            for transmit in batch.transmits() {
                assert!(transmit.segment <= 1500 && transmit.datagrams() <= 64);
            }
        }
    }
    for core in [&mut core, &mut far] {
        assert!(core.drain_events().count() < 10_000);
    }
});
