//! RTCP: what is written is read back, fields are where the RFCs put them, and no input breaks the parser.
use super::seeded;
use polyana_wire::Error;
use polyana_wire::rtcp::{Packet, ReportBlock, SenderInfo, Writer, packets};
use proptest::prelude::*;

fn written(write: impl FnOnce(&mut Writer<'_>) -> Result<(), Error>) -> Vec<u8> {
    let mut buffer = [0xee; 1500];
    let mut writer = Writer::new(&mut buffer);
    write(&mut writer).unwrap();
    let length = writer.length();
    buffer[..length].to_vec()
}

fn only(bytes: &[u8]) -> Packet<'_> {
    let mut found = packets(bytes);
    let packet = found.next().unwrap().unwrap();
    assert!(found.next().is_none());
    packet
}

const BLOCK: ReportBlock = ReportBlock {
    ssrc: 0x1111_1111,
    fraction_lost: 64,
    cumulative_lost: -5,
    highest_sequence: 0x0001_fffe,
    jitter: 900,
    last_sr: 0xabcd_ef01,
    delay_since_last_sr: 65_536,
};

#[test]
fn reports_come_back() {
    let info = SenderInfo {
        ssrc: 7,
        ntp_time: 0xe1e2_e3e4_8000_0000,
        rtp_time: 90_000,
        packet_count: 3,
        octet_count: 99,
    };
    let bytes = written(|writer| {
        writer.sender_report(&info, &[BLOCK, BLOCK])?;
        writer.source_description(7, "family")
    });
    let mut found = packets(&bytes);
    let Some(Ok(Packet::SenderReport { info: read, blocks })) = found.next() else {
        panic!("no SR")
    };
    assert_eq!(read, info);
    assert_eq!(blocks.collect::<Vec<_>>(), [BLOCK, BLOCK]);
    assert!(matches!(found.next(), Some(Ok(Packet::SourceDescription))));
    assert!(found.next().is_none());
}

#[test]
fn source_description_ends_with_a_zero_on_a_word_boundary() {
    for cname in ["", "a", "ab", "abc", "abcd"] {
        let bytes = written(|writer| writer.source_description(7, cname));
        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(bytes.last(), Some(&0));
        assert_eq!(&bytes[..2], &[0x81, 202]);
    }
}

#[test]
fn nack_packs_neighbours_and_wraps() {
    let lost = [65_530, 65_535, 0, 10, 11, 300];
    let bytes = written(|writer| writer.nack(1, 2, &lost));
    assert_eq!(bytes.len(), 12 + 3 * 4); // 65530 with 65535, 0 and 10 behind it; 11; 300
    let Packet::Nack {
        sender_ssrc,
        media_ssrc,
        lost: read,
    } = only(&bytes)
    else {
        panic!("no NACK")
    };
    assert_eq!((sender_ssrc, media_ssrc), (1, 2));
    assert_eq!(read.collect::<Vec<_>>(), lost);
}

#[test]
fn nack_with_every_bit() {
    let bytes = [0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 100, 0xff, 0xff];
    let Packet::Nack { lost, .. } = only(&bytes) else {
        panic!("no NACK")
    };
    assert_eq!(lost.collect::<Vec<_>>(), (100..=116).collect::<Vec<u16>>());
}

#[test]
fn requests_for_pictures() {
    let bytes = written(|writer| {
        writer.pli(1, 2)?;
        writer.fir(1, 3, 9)
    });
    let mut found = packets(&bytes);
    assert!(matches!(
        found.next(),
        Some(Ok(Packet::Pli {
            sender_ssrc: 1,
            media_ssrc: 2
        }))
    ));
    let Some(Ok(Packet::Fir { targets, .. })) = found.next() else {
        panic!("no FIR")
    };
    assert_eq!(targets.collect::<Vec<_>>(), [3]);
}

#[test]
fn remb_keeps_eighteen_bits() {
    for (bitrate, kept) in [
        (0, 0),
        (1, 1),
        (262_143, 262_143),
        (1_000_001, 1_000_000),
        (u64::MAX, 0x3_ffff << 46),
    ] {
        let bytes = written(|writer| writer.remb(1, bitrate, &[5, 6]));
        let Packet::Remb {
            bitrate_bps, ssrcs, ..
        } = only(&bytes)
        else {
            panic!("no REMB")
        };
        assert_eq!(bitrate_bps, kept);
        assert_eq!(ssrcs.collect::<Vec<_>>(), [5, 6]);
    }
}

#[test]
fn bye_lists_streams() {
    let Packet::Bye { ssrcs } = only(&[0x82, 203, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]) else {
        panic!("no BYE")
    };
    assert_eq!(ssrcs.collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn padding_is_taken_off() {
    let bytes = [0xa1, 203, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4];
    assert!(matches!(only(&bytes), Packet::Bye { .. }));
    let too_much = [0xa1, 203, 0, 2, 0, 0, 0, 1, 0, 0, 0, 200];
    assert_eq!(packets(&too_much).next().unwrap().unwrap_err(), Error::Malformed);
}

#[test]
fn lengths_that_lie_are_refused() {
    assert!(packets(&[0x81, 201, 0, 9, 0, 0, 0, 1]).next().unwrap().is_err());
    assert!(packets(&[0x9f, 201, 0, 1, 0, 0, 0, 1]).next().unwrap().is_err());
    assert!(packets(&[0x01, 201, 0, 1, 0, 0, 0, 1]).next().unwrap().is_err());
}

#[test]
fn a_packet_that_does_not_fit_changes_nothing() {
    let mut buffer = [0; 40];
    let mut writer = Writer::new(&mut buffer);
    writer.pli(1, 2).unwrap();
    assert_eq!(writer.receiver_report(1, &[BLOCK]), Err(Error::NoSpace));
    assert_eq!(writer.length(), 12);
    writer.pli(1, 2).unwrap();
}

#[test]
fn a_long_burst_of_feedback_is_compact() {
    let arrivals: Vec<_> = (0..100).map(|i| Some(10_000_000 + i * 500)).collect();
    let bytes = written(|writer| {
        writer
            .transport_feedback(1, 2, 3, 65_500, &arrivals)
            .map(|covered| assert_eq!(covered, 100))
    });
    assert!(bytes.len() <= 20 + 2 + 100 + 3, "{}", bytes.len()); // one run, one octet for each delta
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn feedback_comes_back(
        base in any::<u16>(),
        start in 0u64..1_000_000_000_000,
        steps in proptest::collection::vec(proptest::option::of(-20_000i64..200_000), 1..300),
        space in 64usize..1200,
    ) {
        let mut now = start as i64 + 20_000_000;
        let arrivals: Vec<Option<u64>> = steps.iter().map(|step| step.map(|step| { now += step; now as u64 })).collect();
        let mut buffer = vec![0; space];
        let mut writer = Writer::new(&mut buffer);
        let covered = writer.transport_feedback(1, 2, 3, base, &arrivals).unwrap();
        prop_assert!(covered > 0);
        let length = writer.length();
        let Packet::TransportFeedback(feedback) = only(&buffer[..length]) else { panic!("no feedback") };
        let mut read = Vec::new();
        feedback.for_each(|sequence, arrival| read.push((sequence, arrival))).unwrap();
        prop_assert_eq!(read.len(), covered);
        let wrap = (1i64 << 24) * 64_000; // the reference time has 24 bits
        for (index, (sequence, arrival)) in read.into_iter().enumerate() {
            prop_assert_eq!(sequence, base.wrapping_add(index as u16));
            let sent = arrivals[index].map(|us| us as i64 / 250 * 250);
            prop_assert_eq!(arrival.map(|us| us.rem_euclid(wrap)), sent.map(|us| us.rem_euclid(wrap)));
        }
    }

    #[test]
    fn no_input_breaks_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 198u8..210) {
        let mut bytes = bytes;
        if bytes.len() > 4 {
            bytes[0] = bytes[0] & 0x3f | 0x80;
            bytes[1] = kind;
            let words = (bytes.len() / 4 - 1) as u16;
            bytes[2..4].copy_from_slice(&words.to_be_bytes());
        }
        for packet in packets(&bytes).flatten() {
            match packet {
                Packet::SenderReport { blocks, .. } | Packet::ReceiverReport { blocks, .. } => { blocks.count(); }
                Packet::Bye { ssrcs } | Packet::Remb { ssrcs, .. } => { ssrcs.count(); }
                Packet::Nack { lost, .. } => { lost.count(); }
                Packet::Fir { targets, .. } => { targets.count(); }
                Packet::TransportFeedback(feedback) => { let _ = feedback.for_each(|_, _| {}); }
                Packet::Pli { .. } | Packet::SourceDescription | Packet::Other { .. } => {}
            }
        }
    }
}
