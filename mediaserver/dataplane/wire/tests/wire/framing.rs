//! RFC 4571 framing.
use polyana_wire::Error;
use polyana_wire::framing::{LENGTH_OCTETS, MAX_FRAME, next_frame, write_frame};
use proptest::prelude::*;

proptest! {
    #![proptest_config(super::seeded())]

    /// However a stream is cut, the same datagrams come out.
    #[test]
    fn datagrams_survive_a_stream(
        datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..8),
        piece in 1usize..100,
    ) {
        let mut stream = Vec::new();
        for datagram in &datagrams {
            write_frame(&mut stream, datagram).unwrap();
        }
        let (mut received, mut found) = (Vec::new(), Vec::new());
        for bytes in stream.chunks(piece) {
            received.extend_from_slice(bytes);
            while let Some(length) = next_frame(&received).unwrap() {
                let end = LENGTH_OCTETS + length;
                found.push(received[LENGTH_OCTETS..end].to_vec());
                received.drain(..end);
            }
        }
        prop_assert_eq!(found, datagrams);
        prop_assert!(received.is_empty());
    }
}

#[test]
fn frames_have_a_limit() {
    let long = (MAX_FRAME as u16 + 1).to_be_bytes();
    assert_eq!(next_frame(&long), Err(Error::Malformed));
    assert_eq!(next_frame(&[0]), Ok(None));
    assert_eq!(next_frame(&[0, 0]), Ok(Some(0)));
    assert_eq!(write_frame(&mut Vec::new(), &[0; 65_536]), Err(Error::NoSpace));
}
