use polyana_wire::Error;
use polyana_wire::stun::{Class, Message, write_check, write_error, write_success, write_unknown_attribute};
use proptest::prelude::*;
use std::net::{IpAddr, SocketAddr};

const TRANSACTION: [u8; 12] = [
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
];
/// Password of the vectors in RFC 5769.
const PASSWORD: &[u8] = b"VOkJxbRl1RmTxUk/WvJxBt";

/// RFC 5769, section 2.1: USERNAME is padded with blanks.
const REQUEST: [u8; 108] = [
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa,
    0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73, 0x74, 0x20,
    0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, 0x80, 0x29, 0x00,
    0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a,
    0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf,
    0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28,
    0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf,
];

/// RFC 5769, section 2.2.
const RESPONSE_IPV4: [u8; 80] = [
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa,
    0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f,
    0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43, 0x00, 0x08, 0x00,
    0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9, 0x2a, 0xf9, 0xba, 0x53,
    0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96,
];

/// RFC 5769, section 2.3.
const RESPONSE_IPV6: [u8; 92] = [
    0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa,
    0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f,
    0x72, 0x20, 0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1,
    0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9, 0x00, 0x08, 0x00, 0x14, 0xa3, 0x82, 0x95, 0x4e,
    0x4b, 0xe6, 0x7b, 0xf1, 0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2, 0x75, 0xbf, 0xe3, 0xed, 0x41, 0x80,
    0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c,
];

/// A message without FINGERPRINT from (type, value) pairs; values are padded with zeros.
fn message(kind: u16, attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    bytes.extend_from_slice(&TRANSACTION);
    for (attribute, value) in attributes {
        bytes.extend_from_slice(&attribute.to_be_bytes());
        bytes.extend_from_slice(&(value.len() as u16).to_be_bytes());
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    let length = (bytes.len() - 20) as u16;
    bytes[..2].copy_from_slice(&kind.to_be_bytes());
    bytes[2..4].copy_from_slice(&length.to_be_bytes());
    bytes
}

#[test]
fn the_request_of_rfc_5769() {
    let request = Message::parse(&REQUEST).unwrap();
    assert_eq!(request.class, Class::Request);
    assert_eq!(request.transaction_id, TRANSACTION);
    assert_eq!(request.username, Some("evtj:h6vY"));
    assert_eq!(request.receiver_ufrag(), Some("evtj"));
    assert_eq!(request.priority, Some(0x6e00_01ff));
    assert_eq!(request.ice_controlled, Some(0x932f_f9b1_5126_3b36));
    assert_eq!(request.ice_controlling, None);
    assert_eq!(request.unknown_attribute, None);
    assert!(!request.use_candidate);
    assert!(request.verify_integrity(PASSWORD));
    assert!(!request.verify_integrity(b"VOkJxbRl1RmTxUk/WvJxBT"));
    assert!(!request.verify_integrity(b""));
}

#[test]
fn the_responses_of_rfc_5769() {
    for (bytes, mapped) in [
        (&RESPONSE_IPV4[..], "192.0.2.1:32853"),
        (&RESPONSE_IPV6[..], "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
    ] {
        let response = Message::parse(bytes).unwrap();
        assert_eq!(response.class, Class::Success);
        assert_eq!(response.mapped_address, Some(mapped.parse().unwrap()));
        assert!(response.verify_integrity(PASSWORD));
    }
}

#[test]
fn any_changed_bit_is_noticed() {
    const FINGERPRINT_TYPE: std::ops::Range<usize> = 100..102; // without it the message is one without FINGERPRINT
    for bit in (0..REQUEST.len() * 8).filter(|bit| !FINGERPRINT_TYPE.contains(&(bit / 8))) {
        let mut bytes = REQUEST;
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(Message::parse(&bytes).is_err(), "bit {bit}");
    }
}

#[test]
fn every_cut_is_refused() {
    for length in 0..REQUEST.len() {
        assert_eq!(
            Message::parse(&REQUEST[..length]).unwrap_err(),
            Error::Truncated,
            "{length} octets"
        );
    }
    assert_eq!(
        Message::parse(&[&REQUEST[..], &[0; 4]].concat()).unwrap_err(),
        Error::Malformed
    );
}

#[test]
fn integrity_is_false_where_it_is_missing() {
    let bytes = message(1, &[(0x0006, b"a:b")]);
    assert!(!Message::parse(&bytes).unwrap().verify_integrity(PASSWORD));
    assert!(!Message::parse(&bytes).unwrap().verify_integrity(b""));
}

#[test]
fn what_follows_the_integrity_is_ignored() {
    let bytes = message(
        1,
        &[
            (0x0006, b"a:b"),
            (0x0008, &[0; 20]),
            (0x0025, &[]),
            (0x0006, b"c:d"),
            (0x7777, &[]),
        ],
    );
    let request = Message::parse(&bytes).unwrap();
    assert_eq!(request.username, Some("a:b"));
    assert!(!request.use_candidate);
    assert_eq!(request.unknown_attribute, None);
}

#[test]
fn the_first_unknown_required_attribute_is_told() {
    // 0x001c (MESSAGE-INTEGRITY-SHA256) is known, 0xc057 (network cost) may be ignored.
    let bytes = message(
        1,
        &[
            (0x001c, &[0; 32]),
            (0xc057, &[0; 4]),
            (0x7ffe, &[1]),
            (0x7fff, &[]),
        ],
    );
    assert_eq!(Message::parse(&bytes).unwrap().unknown_attribute, Some(0x7ffe));
}

#[test]
fn odd_values_are_refused() {
    let refused: [(u16, &[u8], Error); 8] = [
        (0x0006, &[0xff, 0xfe], Error::Malformed),
        (0x0008, &[0; 19], Error::Malformed),
        (0x0009, &[0, 0, 4], Error::Truncated),
        (0x0009, &[0, 0, 4, 100], Error::Malformed),
        (0x0009, &[0, 0, 1, 0], Error::Malformed),
        (0x0020, &[0, 1, 0, 0, 1, 2, 3], Error::Truncated),
        (0x0020, &[0, 3, 0, 0, 1, 2, 3, 4], Error::Malformed),
        (0x0024, &[0; 3], Error::Truncated),
    ];
    for (kind, value, error) in refused {
        assert_eq!(
            Message::parse(&message(1, &[(kind, value)])).unwrap_err(),
            error,
            "{kind:#06x}"
        );
    }
}

#[test]
fn a_fingerprint_must_be_last() {
    let fingerprinted = message(1, &[(0x8028, &[0; 4]), (0x0025, &[])]);
    assert_eq!(Message::parse(&fingerprinted).unwrap_err(), Error::Malformed);
    assert_eq!(
        Message::parse(&message(1, &[(0x8028, &[0; 4])])).unwrap_err(),
        Error::Unauthenticated
    );
}

#[test]
fn other_methods_and_cookies_are_refused() {
    for kind in [0x0000, 0x0003, 0x0103, 0x4001, 0x0002] {
        assert_eq!(
            Message::parse(&message(kind, &[])).unwrap_err(),
            Error::Malformed,
            "{kind:#06x}"
        );
    }
    let mut bytes = message(1, &[]);
    bytes[7] ^= 1;
    assert_eq!(Message::parse(&bytes).unwrap_err(), Error::Malformed);
}

#[test]
fn the_three_other_classes_are_told() {
    for (kind, class) in [
        (0x0011, Class::Indication),
        (0x0101, Class::Success),
        (0x0111, Class::Error),
    ] {
        assert_eq!(Message::parse(&message(kind, &[])).unwrap().class, class);
    }
}

#[test]
fn errors_carry_code_and_integrity() {
    let mut out = [0; 200];
    let length = write_error(&mut out, &TRANSACTION, 487, "Role Conflict", Some(PASSWORD)).unwrap();
    let response = Message::parse(&out[..length]).unwrap();
    assert_eq!((response.class, response.error_code), (Class::Error, Some(487)));
    assert!(response.verify_integrity(PASSWORD));
    let length = write_error(&mut out, &TRANSACTION, 401, "", None).unwrap();
    let response = Message::parse(&out[..length]).unwrap();
    assert_eq!(response.error_code, Some(401));
    assert!(!response.verify_integrity(PASSWORD));
    for code in [0, 299, 700] {
        assert_eq!(
            write_error(&mut out, &TRANSACTION, code, "", None),
            Err(Error::Malformed)
        );
    }
}

#[test]
fn the_420_response_names_the_attribute() {
    let mut out = [0; 200];
    let length = write_unknown_attribute(&mut out, &TRANSACTION, 0x7ffe, Some(PASSWORD)).unwrap();
    let response = Message::parse(&out[..length]).unwrap();
    assert_eq!(response.error_code, Some(420));
    assert!(response.verify_integrity(PASSWORD));
    assert!(
        out[..length]
            .windows(8)
            .any(|w| w == [0x00, 0x0a, 0, 2, 0x7f, 0xfe, 0, 0])
    );
}

#[test]
fn a_mapped_ipv4_address_is_told_as_ipv4() {
    let mut out = [0; 200];
    let mapped = "[::ffff:192.0.2.1]:32853".parse().unwrap();
    let length = write_success(&mut out, &TRANSACTION, mapped, PASSWORD).unwrap();
    let response = Message::parse(&out[..length]).unwrap();
    assert_eq!(response.mapped_address, Some("192.0.2.1:32853".parse().unwrap()));
}

#[test]
fn writers_need_room_for_all() {
    let mapped = "192.0.2.1:1".parse().unwrap();
    let mut out = [0; 64];
    assert_eq!(write_success(&mut out, &TRANSACTION, mapped, PASSWORD), Ok(64));
    for room in 0..64 {
        assert_eq!(
            write_success(&mut out[..room], &TRANSACTION, mapped, PASSWORD),
            Err(Error::NoSpace)
        );
    }
}

proptest! {
    #![proptest_config(crate::seeded())]

    #[test]
    fn a_check_is_read_back(
        transaction: [u8; 12],
        username in "[a-zA-Z0-9+/]{4,32}:[a-zA-Z0-9+/]{4,32}",
        password in prop::collection::vec(any::<u8>(), 0..100),
        priority: u32,
        tie_breaker: u64,
        nominate: bool,
    ) {
        let mut out = [0; 400];
        let length =
            write_check(&mut out, &transaction, &username, &password, priority, tie_breaker, nominate).unwrap();
        let check = Message::parse(&out[..length]).unwrap();
        prop_assert_eq!(check.class, Class::Request);
        prop_assert_eq!(check.transaction_id, transaction);
        prop_assert_eq!(check.username, Some(&username[..]));
        prop_assert_eq!(check.receiver_ufrag(), username.split(':').next());
        prop_assert_eq!((check.priority, check.ice_controlling), (Some(priority), Some(tie_breaker)));
        prop_assert_eq!(check.use_candidate, nominate);
        prop_assert!(check.verify_integrity(&password));
        prop_assert!(!check.verify_integrity(b"another password"));
    }

    #[test]
    fn a_success_is_read_back(transaction: [u8; 12], ip: IpAddr, port: u16) {
        let mut out = [0; 100];
        let mapped = SocketAddr::new(ip.to_canonical(), port);
        let length = write_success(&mut out, &transaction, mapped, PASSWORD).unwrap();
        let response = Message::parse(&out[..length]).unwrap();
        prop_assert_eq!(response.mapped_address, Some(mapped));
        prop_assert!(response.verify_integrity(PASSWORD));
    }

    #[test]
    fn no_message_panics(body in prop::collection::vec(any::<u8>(), 0..120), kind: u16, length: u16) {
        let mut bytes = message(kind & 0x0111, &[]);
        bytes.extend_from_slice(&body);
        bytes[2..4].copy_from_slice(&if length < 1000 { length } else { body.len() as u16 }.to_be_bytes());
        if let Ok(message) = Message::parse(&bytes) {
            let _ = (message.verify_integrity(PASSWORD), message.receiver_ufrag());
        }
    }
}
