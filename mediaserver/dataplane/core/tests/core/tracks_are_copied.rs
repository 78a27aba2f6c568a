//! Taps: what comes in of a track is copied for whoever records it.

use crate::harness::{Link, Network, Source, transport_of};
use polyana_core::{Command, Event, ReceiverId};

const TAP: u64 = 900;
const MARKER: u8 = 1;
const BEGINS: u8 = 2;
const CLOCK: u8 = 4;
const ORIENTED: u8 = 8;
const RED: u8 = 63;

#[derive(Clone, Debug, PartialEq)]
struct Record {
    arrival: u64,
    sequence: u64,
    timestamp: u32,
    flags: u8,
    encoding: u8,
    payload_type: u8,
    payload: Vec<u8>,
}

impl Record {
    fn begins(&self) -> bool {
        self.flags & BEGINS != 0
    }

    /// SSRC and number of the packet at the publisher.
    fn stamp(&self) -> (u32, u32) {
        let from = if self.payload_type == 96 { 7 } else { 1 }; // VP8 has a descriptor of six octets
        let number = |at: usize| u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap());
        (number(from), number(from + 4))
    }
}

#[derive(Default)]
struct Copy {
    records: Vec<Record>,
    packets: u64,
    lost: u64,
    ended: u32,
    chunks: Vec<usize>,
}

impl Copy {
    fn packets(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.flags & CLOCK == 0)
    }
}

fn read(mut bytes: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    while let Some((header, rest)) = bytes.split_first_chunk::<25>() {
        let length = usize::from(u16::from_le_bytes([header[20], header[21]]));
        records.push(Record {
            arrival: u64::from_le_bytes(header[..8].try_into().unwrap()),
            sequence: u64::from_le_bytes(header[8..16].try_into().unwrap()),
            timestamp: u32::from_le_bytes(header[16..20].try_into().unwrap()),
            flags: header[22],
            encoding: header[23],
            payload_type: header[24],
            payload: rest[..length].to_vec(),
        });
        bytes = &rest[length..];
    }
    assert!(bytes.is_empty(), "whole records");
    records
}

fn copied(network: &mut Network) -> Copy {
    let mut copy = Copy::default();
    for event in network.take_events() {
        if let Event::Tapped {
            tap,
            records,
            packets,
            lost,
            dropped,
            ended,
        } = event
        {
            assert_eq!((tap, dropped, copy.ended), (TAP, 0, 0));
            copy.chunks.push(records.len());
            let records = read(&records);
            let count = records.iter().filter(|record| record.flags & CLOCK == 0).count();
            assert_eq!(count, packets as usize);
            copy.records.extend(records);
            copy.packets += u64::from(packets);
            copy.lost = lost;
            copy.ended += u32::from(ended);
        }
    }
    copy
}

fn tap(network: &mut Network, receiver: ReceiverId) {
    network.command(Command::AddTap { tap: TAP, receiver });
}

fn end(network: &mut Network) -> Copy {
    network.command(Command::RemoveTap { tap: TAP });
    network.poll();
    copied(network)
}

#[test]
fn every_packet_is_copied_once_as_it_came() {
    let mut network = Network::new(1);
    let alice = network.add_peer();
    let microphone = network.publish(alice, Source::audio(9));
    tap(&mut network, microphone);
    network.run_ms(3000);
    network.source(9).active = false;
    network.run_ms(100);
    let copy = end(&mut network);
    let packets: Vec<_> = copy.packets().collect();
    let sent = network.source(9).sent.clone();
    assert_eq!(packets.len(), sent.len());
    assert_eq!((copy.packets, copy.lost, copy.ended), (sent.len() as u64, 0, 1));
    for (record, sent) in packets.iter().zip(&sent) {
        assert_eq!(
            (record.sequence as u16, record.timestamp),
            (sent.sequence, sent.timestamp)
        );
        assert_eq!(
            (record.payload_type, record.encoding, record.payload.len()),
            (111, 0, 80)
        );
        assert_eq!(record.stamp(), (9, sent.stamp));
        assert!(record.arrival >= sent.at.0 && record.arrival < sent.at.0 + 100_000);
    }
    assert!(packets[0].begins() && !packets[1].begins());
    // Nobody waits long for them.
    assert!((4..=6).contains(&copy.chunks.len()), "{:?}", copy.chunks);
    network.run_ms(1000);
    assert_eq!(copied(&mut network).packets, 0, "nothing after the end");
}

#[test]
fn what_sender_reports_say_is_copied_with_it() {
    let mut network = Network::new(2);
    let alice = network.add_peer();
    let microphone = network.publish(alice, Source::audio(9));
    tap(&mut network, microphone);
    network.run_ms(3500);
    let copy = end(&mut network);
    let clocks: Vec<_> = copy
        .records
        .iter()
        .filter(|record| record.flags == CLOCK)
        .collect();
    assert!((3..=4).contains(&clocks.len()));
    for pair in clocks.windows(2) {
        let ntp = |record: &Record| u64::from_le_bytes(record.payload[..].try_into().unwrap());
        let seconds = (ntp(pair[1]) - ntp(pair[0])) as f64 / (1u64 << 32) as f64;
        let ticks = f64::from(pair[1].timestamp.wrapping_sub(pair[0].timestamp));
        assert!((seconds - ticks / 48_000.0).abs() < 0.001);
    }
}

#[test]
fn a_picture_begins_with_a_keyframe_that_the_publisher_is_asked_for() {
    let mut network = Network::new(3);
    let alice = network.add_peer();
    let camera = network.publish(alice, Source::video(7));
    network.run_ms(2000);
    let keyframes =
        |network: &mut Network| network.source(7).sent.iter().filter(|sent| sent.keyframe).count();
    let before = keyframes(&mut network);
    tap(&mut network, camera);
    network.run_ms(1000);
    let asked = network.now;
    let copy = end(&mut network);
    let first = copy.packets().next().unwrap();
    let start = network
        .source(7)
        .sent
        .iter()
        .rfind(|sent| sent.keyframe)
        .unwrap()
        .timestamp;
    assert!(first.begins());
    assert_eq!(first.timestamp, start);
    assert!(first.arrival < asked.0 - 700_000, "at once");
    assert!(keyframes(&mut network) > before);
    assert_eq!(copy.packets().filter(|record| record.begins()).count(), 1);
    assert!(copy.packets().any(|record| record.flags & MARKER != 0));
}

#[test]
fn losses_are_repaired_before_they_count() {
    let mut network = Network::new(4);
    let alice = network.add_peer();
    network.peers[alice].up = Link {
        loss: 0.1,
        duplicate: 0.1,
        ..Link::delay_ms(20)
    };
    let camera = network.publish(alice, Source::video(7));
    tap(&mut network, camera);
    network.run_ms(10_000);
    let copy = end(&mut network);
    let mut numbers: Vec<u64> = copy.packets().map(|record| record.sequence).collect();
    let count = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), count, "none twice");
    let missing = numbers.last().unwrap() - numbers[0] + 1 - count as u64;
    assert_eq!(copy.lost, missing);
    assert!(count > 900 && missing < 20, "{missing} of {count}");
}

#[test]
fn the_best_encoding_that_flows_is_copied_from_a_keyframe_on() {
    let mut network = Network::new(5);
    let alice = network.add_peer();
    let camera = network.publish_simulcast(alice, &["q", "h", "f"]);
    tap(&mut network, camera);
    network.run_ms(2000);
    network.source(3000).active = false;
    network.run_ms(3000);
    network.source(3000).active = true;
    network.run_ms(2000);
    let copy = end(&mut network);
    let mut stretches: Vec<&Record> = copy.packets().filter(|record| record.begins()).collect();
    let from = stretches.iter().rposition(|record| record.encoding == 2).unwrap();
    assert_eq!(stretches[from - 1].encoding, 1, "the next best meanwhile");
    assert_eq!(stretches[from - 2].encoding, 2, "the best at first");
    let mut current = 0;
    for record in copy.packets() {
        if record.begins() {
            let start = record.payload.get(6).is_some_and(|octet| octet & 1 == 0);
            assert!(start, "a keyframe");
            current = stretches.remove(0).encoding;
        }
        assert_eq!(record.encoding, current);
        assert_eq!(record.stamp().0, 1000 * (u32::from(current) + 1));
    }
}

#[test]
fn of_redundant_speech_the_newest_block_is_copied_and_what_was_lost_once() {
    let mut network = Network::new(6);
    let alice = network.add_peer();
    let mut source = Source::audio(9);
    source.red = Some((RED, 2));
    source.answers_nacks = false;
    let microphone = network.publish(alice, source);
    tap(&mut network, microphone);
    network.run_ms(500);
    network.peers[alice].up = Link {
        loss: 0.2,
        duplicate: 0.1,
        jitter_us: 50_000,
        ..Link::delay_ms(20)
    };
    network.run_ms(6000);
    let copy = end(&mut network);
    let mut stamps: Vec<u32> = Vec::new();
    for record in copy.packets() {
        assert_eq!(record.payload.len(), 80, "one block");
        stamps.push(record.stamp().1);
    }
    let count = stamps.len();
    stamps.sort_unstable();
    stamps.dedup();
    assert_eq!(stamps.len(), count, "none twice");
    let sent = network.source(9).sent.len();
    assert!(count * 100 > sent * 95, "{count} of {sent}");
}

#[test]
fn a_stream_that_begins_anew_is_marked() {
    let mut network = Network::new(7);
    let alice = network.add_peer();
    let mut source = Source::video(7);
    source.extensions = vec![(crate::harness::id::MID, b"v".to_vec())];
    let camera = network.publish(alice, source);
    tap(&mut network, camera);
    network.run_ms(1000);
    let old = network.source(7);
    (old.ssrc, old.rtx_ssrc, old.index, old.keyframe_wanted) = (17, 18, 50_000, true);
    network.run_ms(1000);
    let copy = end(&mut network);
    let begins: Vec<u32> = copy
        .packets()
        .filter(|record| record.begins())
        .map(|record| record.stamp().0)
        .collect();
    assert_eq!(begins, [7, 17]);
    assert_eq!(copy.lost, 0);
}

#[test]
fn muted_tracks_are_not_copied_and_ended_ones_end_their_taps() {
    let mut network = Network::new(8);
    let alice = network.add_peer();
    let camera = network.publish(alice, Source::video(7));
    tap(&mut network, camera);
    network.run_ms(1000);
    network.command(Command::EnableReceiver {
        receiver: camera,
        enabled: false,
    });
    network.run_ms(1000);
    let before = copied(&mut network);
    network.run_ms(1000);
    assert!(before.packets > 0);
    assert_eq!(copied(&mut network).packets, 0);
    network.command(Command::EnableReceiver {
        receiver: camera,
        enabled: true,
    });
    network.run_ms(400);
    let transport = transport_of(&network, alice);
    network.command(Command::RemoveTransport { transport });
    network.poll();
    let after = copied(&mut network);
    assert!(after.packets > 0);
    assert_eq!(after.ended, 1);
    assert_eq!(end(&mut network).ended, 0, "told once");
}

#[test]
fn how_the_picture_is_turned_is_copied_with_it() {
    let mut network = Network::new(10);
    let alice = network.add_peer();
    let mut source = Source::video(7);
    source.extensions = vec![(crate::harness::id::ORIENTATION, vec![3])];
    let camera = network.publish(alice, source);
    tap(&mut network, camera);
    network.run_ms(500);
    network.source(7).extensions.clear();
    network.run_ms(500);
    let copy = end(&mut network);
    let turned: Vec<u8> = copy.packets().map(|record| record.flags >> 3).collect();
    assert_eq!((turned[0], *turned.last().unwrap()), (ORIENTED >> 3 | 3 << 1, 0));
}

#[test]
fn padding_is_copied_as_nothing_so_that_no_number_is_missing() {
    let mut network = Network::new(11);
    let alice = network.add_peer();
    let camera = network.publish(alice, Source::video(7));
    tap(&mut network, camera);
    network.run_ms(500);
    let now = network.now;
    let peer = &mut network.peers[alice];
    let padding = peer.sources[0].padding(now, &peer.srtp_out, &mut peer.transport_sequence);
    network.send(alice, padding);
    network.run_ms(500);
    let copy = end(&mut network);
    assert_eq!(
        copy.packets().filter(|record| record.payload.is_empty()).count(),
        1
    );
    let numbers: Vec<u64> = copy.packets().map(|record| record.sequence).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1));
    assert_eq!(copy.lost, 0);
}

#[test]
fn a_picture_in_high_quality_comes_in_bounded_chunks() {
    let mut network = Network::new(9);
    let alice = network.add_peer();
    let mut source = Source::video(7);
    source.packets_per_frame = 20;
    let camera = network.publish(alice, source);
    tap(&mut network, camera);
    network.run_ms(3000);
    let copy = end(&mut network);
    assert!(copy.chunks.iter().all(|bytes| *bytes <= 64 * 1024));
    assert!(copy.packets > 1400);
    assert_eq!(copy.lost, 0);
}
