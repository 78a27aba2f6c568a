use polyana_wire::rtp::{Header, SequenceExtender, padding_length, write_header};
use polyana_wire::{DatagramKind, Error};
use proptest::prelude::*;

/// Where sequence numbers go wrong.
const CORNERS: [u16; 8] = [0, 1, 2, 32766, 32767, 32768, 65534, 65535];

/// Version 2, one CSRC, one-byte extensions with a padding octet in the middle, then two octets of payload.
const WITH_EVERYTHING: [u8; 34] = [
    0x91, 0xe0, 0xff, 0xff, 0x01, 0x02, 0x03, 0x04, 0xde, 0xad, 0xbe, 0xef, // fixed
    0, 0, 0, 7, // CSRC
    0xbe, 0xde, 0, 3, // 12 octets of extensions
    0x10, 0xaa, 0, 0, 0x52, 1, 2, 3, 0xf3, 9, 9, 9, // ids 1 and 5, then the reserved 15
    0xca, 0xfe,
];

fn elements(packet: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let header = Header::parse(packet).unwrap();
    header
        .extensions(packet)
        .map(|(id, value)| (id, value.to_vec()))
        .collect()
}

#[test]
fn parses_csrcs_and_extensions() {
    let header = Header::parse(&WITH_EVERYTHING).unwrap();
    assert!(header.marker);
    assert_eq!(header.payload_type, 96);
    assert_eq!(header.sequence_number, 65535);
    assert_eq!(header.timestamp, 0x0102_0304);
    assert_eq!(header.ssrc, 0xdead_beef);
    assert_eq!(header.length, 32);
    assert_eq!(header.extension, Some((0xbede, 20, 12)));
    assert!(!header.has_padding);
}

#[test]
fn id_15_ends_the_one_byte_form() {
    assert_eq!(elements(&WITH_EVERYTHING), [(1, vec![0xaa]), (5, vec![1, 2, 3])]);
}

#[test]
fn every_cut_of_the_header_is_truncated() {
    for length in 0..32 {
        assert_eq!(
            Header::parse(&WITH_EVERYTHING[..length]),
            Err(Error::Truncated),
            "{length} octets"
        );
    }
}

#[test]
fn other_versions_are_malformed() {
    for version in [0, 1, 3] {
        let mut packet = WITH_EVERYTHING;
        packet[0] = packet[0] & 0x3f | version << 6;
        assert_eq!(Header::parse(&packet), Err(Error::Malformed));
    }
}

#[test]
fn a_foreign_extension_profile_has_no_elements() {
    let mut packet = WITH_EVERYTHING;
    packet[16..18].copy_from_slice(&[0x12, 0x34]);
    assert!(elements(&packet).is_empty());
}

#[test]
fn an_element_longer_than_the_block_ends_the_iteration() {
    let mut packet = WITH_EVERYTHING;
    packet[24] = 0x5f; // 16 octets, where 7 are left
    assert_eq!(elements(&packet), [(1, vec![0xaa])]);
}

#[test]
fn the_two_byte_form_has_empty_values_and_appbits() {
    let mut packet = WITH_EVERYTHING;
    packet[16..32].copy_from_slice(&[0x10, 0x0f, 0, 3, 15, 0, 0, 200, 2, 7, 8, 0, 0, 3, 1, 9]);
    assert_eq!(elements(&packet), [(15, vec![]), (200, vec![7, 8]), (3, vec![9])]);
    packet[30] = 2; // one octet more than there is
    assert_eq!(elements(&packet), [(15, vec![]), (200, vec![7, 8])]);
}

#[test]
fn padding_counts_itself_and_stays_in_the_payload() {
    let mut packet = [&WITH_EVERYTHING[..], &[0, 0, 3]].concat();
    packet[0] |= 0x20;
    let header = Header::parse(&packet).unwrap();
    assert_eq!(padding_length(&packet, &header), Ok(3));
    for (last, expected) in [(0, Err(Error::Malformed)), (5, Ok(5)), (6, Err(Error::Malformed))] {
        *packet.last_mut().unwrap() = last;
        assert_eq!(padding_length(&packet, &header), expected);
    }
    assert_eq!(padding_length(&packet[..32], &header), Err(Error::Truncated));
    assert_eq!(
        padding_length(
            &packet,
            &Header {
                has_padding: false,
                ..header
            }
        ),
        Ok(0)
    );
}

#[test]
fn the_writer_prefers_the_one_byte_form() {
    let mut out = [0; 64];
    let length = write_header(&mut out, false, 111, 1, 2, 3, &[(1, &[5]), (14, &[6; 16])]).unwrap();
    assert_eq!(out[12..14], [0xbe, 0xde]);
    assert_eq!(length, 12 + 4 + 20);
    for element in [(15, &[1][..]), (1, &[0; 17]), (1, &[])] {
        let length = write_header(&mut out, false, 111, 1, 2, 3, &[element]).unwrap();
        assert_eq!(out[12..14], [0x10, 0x00]);
        assert_eq!(elements(&out[..length]), [(element.0, element.1.to_vec())]);
    }
}

#[test]
fn the_writer_refuses_what_no_header_can_hold() {
    let mut out = [0; 512];
    assert_eq!(
        write_header(&mut out, false, 128, 1, 2, 3, &[]),
        Err(Error::Malformed)
    );
    assert_eq!(
        write_header(&mut out, false, 0, 1, 2, 3, &[(0, &[1])]),
        Err(Error::Malformed)
    );
    assert_eq!(
        write_header(&mut out, false, 0, 1, 2, 3, &[(1, &[0; 256])]),
        Err(Error::Malformed)
    );
    assert_eq!(
        write_header(&mut out[..19], false, 0, 1, 2, 3, &[(1, &[1])]),
        Err(Error::NoSpace)
    );
    assert_eq!(
        write_header(&mut out[..20], false, 0, 1, 2, 3, &[(1, &[1])]),
        Ok(20)
    );
}

#[test]
fn the_extender_follows_wraps_in_both_directions() {
    for start in CORNERS {
        let mut extender = SequenceExtender::default();
        let first = extender.extend(start);
        assert_eq!(first, 0x1_0000 + u64::from(start));
        for step in [1_i64, -1, 2, -3, 100, -100, 32767, -32768] {
            let expected = first.checked_add_signed(step).unwrap();
            assert_eq!(extender.peek(expected as u16), expected, "{step} from {start}");
        }
        assert_eq!(extender.extend(start.wrapping_add(5)), first + 5);
        assert_eq!(extender.extend(start.wrapping_add(3)), first + 3);
        assert_eq!(extender.highest, Some(first + 5));
    }
}

#[test]
fn the_extender_never_underflows() {
    let extender = SequenceExtender { highest: Some(0) };
    assert_eq!(extender.peek(65535), 0);
}

#[test]
fn datagrams_are_told_apart_by_their_first_octets() {
    let kind = |first, second| DatagramKind::of(&[first, second]);
    assert_eq!(kind(0, 1), Some(DatagramKind::Stun));
    assert_eq!(kind(3, 1), Some(DatagramKind::Stun));
    assert_eq!(kind(20, 0), Some(DatagramKind::Dtls));
    assert_eq!(kind(63, 0), Some(DatagramKind::Dtls));
    for second in [0, 63, 96, 127, 128 + 63, 128 + 96] {
        assert_eq!(kind(128, second), Some(DatagramKind::Rtp), "{second}");
    }
    for second in [192, 200, 206, 223, 64, 95] {
        assert_eq!(kind(191, second), Some(DatagramKind::Rtcp), "{second}");
    }
    for first in [4, 19, 64, 127, 192, 255] {
        assert_eq!(kind(first, 0), None);
    }
    assert_eq!(DatagramKind::of(&[]), None);
    assert_eq!(DatagramKind::of(&[128]), None);
}

prop_compose! {
    fn element()(id in 1..=255_u8, value in prop::collection::vec(any::<u8>(), 0..40)) -> (u8, Vec<u8>) {
        (id, value)
    }
}

proptest! {
    #![proptest_config(crate::seeded())]

    #[test]
    fn what_is_written_is_parsed(
        marker: bool,
        payload_type in 0..128_u8,
        sequence_number: u16,
        timestamp: u32,
        ssrc: u32,
        wanted in prop::collection::vec(element(), 0..6),
        payload in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut packet = vec![0; 1500];
        let borrowed: Vec<_> = wanted.iter().map(|(id, value)| (*id, &value[..])).collect();
        let length =
            write_header(&mut packet, marker, payload_type, sequence_number, timestamp, ssrc, &borrowed).unwrap();
        packet.truncate(length);
        packet.extend_from_slice(&payload);
        let header = Header::parse(&packet).unwrap();
        prop_assert_eq!(
            (header.marker, header.payload_type, header.sequence_number, header.timestamp, header.ssrc),
            (marker, payload_type, sequence_number, timestamp, ssrc)
        );
        prop_assert_eq!(header.length, length);
        prop_assert_eq!(elements(&packet), wanted);
    }

    #[test]
    fn any_order_within_half_the_space_extends_to_the_true_number(
        start in 0x1_0000..0x2_0000_u64,
        steps in prop::collection::vec(-1000..2000_i64, 1..100),
    ) {
        let mut extender = SequenceExtender::default();
        let mut truth = extender.extend(start as u16);
        for step in steps {
            truth = truth.saturating_add_signed(step).max(0x1_0000);
            // The next number is judged from the highest: stay within half the number space of it.
            truth = truth.max(extender.highest.unwrap().saturating_sub(32768));
            prop_assert_eq!(extender.extend(truth as u16), truth);
        }
    }

    #[test]
    fn no_header_panics(packet in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(header) = Header::parse(&packet) {
            prop_assert!(header.length <= packet.len());
            prop_assert!(header.extensions(&packet).count() <= packet.len());
            let _ = padding_length(&packet, &header);
            let _ = header.extensions(&[]).count();
        }
    }
}
