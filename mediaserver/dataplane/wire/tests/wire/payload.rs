//! Codec payload headers: what they say, what is rewritten, and that no input breaks them.
use super::seeded;
use polyana_wire::Error;
use polyana_wire::payload::red::{self, Redundancy};
use polyana_wire::payload::{Codec, Vp8Descriptor, Vp9Descriptor, is_keyframe_start};
use proptest::prelude::*;

const CODECS: [Codec; 8] = [
    Codec::Vp8,
    Codec::Vp9,
    Codec::H264,
    Codec::H265,
    Codec::Av1,
    Codec::Opus,
    Codec::Red,
    Codec::Other,
];

#[test]
fn mime_types_are_known_without_regard_to_case() {
    assert_eq!(Codec::from_mime("video/vp8"), Codec::Vp8);
    assert_eq!(Codec::from_mime("VIDEO/AV1"), Codec::Av1);
    assert_eq!(Codec::from_mime("audio/PCMU"), Codec::Other);
}

#[test]
fn vp8_descriptor_with_every_field() {
    // X S | I L T K | M PID(15) | TL0 | TID=2 Y KEYIDX=3 | frame tag of a keyframe
    let payload = [0x90, 0xf0, 0x92, 0x34, 0x56, 0xa3, 0x10];
    let descriptor = Vp8Descriptor::parse(&payload).unwrap();
    assert_eq!(descriptor.picture_id, Some(0x1234));
    assert!(descriptor.picture_id_is_15_bits && descriptor.layer_sync && descriptor.start_of_partition);
    assert_eq!(descriptor.tl0_picture_index, Some(0x56));
    assert_eq!(descriptor.temporal_id, Some(2));
    assert_eq!(descriptor.key_index, Some(3));
    assert_eq!(descriptor.length, 6);
    assert!(is_keyframe_start(Codec::Vp8, &payload));
}

#[test]
fn vp8_delta_frames_and_continuations_start_nothing() {
    assert!(!is_keyframe_start(Codec::Vp8, &[0x10, 0x11])); // inter frame
    assert!(!is_keyframe_start(Codec::Vp8, &[0x00, 0x10])); // not the start of a partition
    assert!(!is_keyframe_start(Codec::Vp8, &[0x11, 0x10])); // second partition
}

#[test]
fn vp8_rewrite_keeps_the_width_of_the_picture_id() {
    let mut long = [0x90, 0xe0, 0x92, 0x34, 0x56, 0x80, 0x11];
    Vp8Descriptor::parse(&long).unwrap().rewrite(&mut long, 0x7fff, 9);
    let descriptor = Vp8Descriptor::parse(&long).unwrap();
    assert_eq!(
        (descriptor.picture_id, descriptor.tl0_picture_index),
        (Some(0x7fff), Some(9))
    );
    assert_eq!(descriptor.temporal_id, Some(2));

    let mut short = [0x90, 0x80, 0x12, 0x11];
    Vp8Descriptor::parse(&short)
        .unwrap()
        .rewrite(&mut short, 0x1ff, 9);
    assert_eq!(short, [0x90, 0x80, 0x7f, 0x11]);
}

#[test]
fn vp9_descriptor_of_a_layered_keyframe() {
    // I L B V | PID(7) | TID=1 U SID=0 | TL0 | SS: 2 layers with sizes | frame
    let payload = [0xaa, 0x05, 0x30, 0x07, 0x30, 1, 64, 0, 180, 2, 128, 1, 104, 0xff];
    let descriptor = Vp9Descriptor::parse(&payload).unwrap();
    assert_eq!(descriptor.picture_id, Some(5));
    assert_eq!(
        (descriptor.temporal_id, descriptor.spatial_id),
        (Some(1), Some(0))
    );
    assert!(descriptor.switching_up_point && descriptor.has_scalability_structure);
    assert_eq!(descriptor.spatial_layers, Some(2));
    assert_eq!(descriptor.length, payload.len() - 1);
    assert!(is_keyframe_start(Codec::Vp9, &payload));
}

#[test]
fn vp9_flexible_references_and_sizes() {
    // I P L F B | PID(15) | TID=2 U SID=1 | two references
    let payload = [0xf8, 0x81, 0x02, 0x52, 0x03, 0x08, 0xff];
    let descriptor = Vp9Descriptor::parse(&payload).unwrap();
    assert_eq!(descriptor.references(), [1, 4]);
    assert_eq!(
        (descriptor.picture_id, descriptor.tl0_picture_index),
        (Some(0x102), None)
    );
    // The size of the highest layer is the picture's.
    let payload = [0xaa, 0x05, 0x30, 0x07, 0x30, 1, 64, 0, 180, 2, 128, 1, 104, 0xff];
    assert_eq!(Vp9Descriptor::parse(&payload).unwrap().size, Some((640, 360)));
}

#[test]
fn vp9_rewrite_keeps_the_width_of_the_picture_id() {
    let mut long = [0xa0, 0x92, 0x34, 0x30, 0x07, 0x11];
    Vp9Descriptor::parse(&long).unwrap().rewrite(&mut long, 0x7ffe, 9);
    assert_eq!(long, [0xa0, 0xff, 0xfe, 0x30, 9, 0x11]);
    let mut short = [0xb0, 0x12, 0x30, 0x11];
    Vp9Descriptor::parse(&short)
        .unwrap()
        .rewrite(&mut short, 0x1ff, 9);
    assert_eq!(short, [0xb0, 0x7f, 0x30, 0x11]);
}

#[test]
fn vp9_inter_pictures_and_upper_layers_start_nothing() {
    assert!(!is_keyframe_start(Codec::Vp9, &[0xc8, 0x05, 0xff])); // P
    assert!(!is_keyframe_start(Codec::Vp9, &[0xa8, 0x05, 0x02, 0x00, 0xff])); // spatial layer 1
    assert_eq!(Vp9Descriptor::parse(&[0xd8, 5, 3, 3, 3]), Err(Error::Malformed)); // endless references
}

#[test]
fn h264_keyframes_in_each_packetisation() {
    assert!(is_keyframe_start(Codec::H264, &[0x67, 1])); // SPS
    assert!(is_keyframe_start(Codec::H264, &[0x65, 1])); // IDR
    assert!(is_keyframe_start(Codec::H264, &[0x78, 0, 2, 0x67, 1, 0, 1, 0x68])); // STAP-A with SPS
    assert!(is_keyframe_start(Codec::H264, &[0x7c, 0x85, 1])); // FU-A, first fragment of an IDR
    assert!(!is_keyframe_start(Codec::H264, &[0x7c, 0x05, 1])); // later fragment
    assert!(!is_keyframe_start(Codec::H264, &[0x61, 1])); // other slice
    assert!(!is_keyframe_start(Codec::H264, &[0x78, 0, 9, 0x67])); // size lies
}

#[test]
fn h265_keyframes_in_each_packetisation() {
    assert!(is_keyframe_start(Codec::H265, &[0x40, 1, 0])); // VPS
    assert!(is_keyframe_start(Codec::H265, &[0x26, 1, 0])); // IDR_W_RADL
    assert!(is_keyframe_start(Codec::H265, &[0x62, 1, 0x93])); // FU, first fragment of an IDR
    assert!(!is_keyframe_start(Codec::H265, &[0x62, 1, 0x13]));
    assert!(!is_keyframe_start(Codec::H265, &[0x02, 1, 0])); // trailing picture
}

#[test]
fn av1_sequences_start_by_the_n_bit() {
    assert!(is_keyframe_start(Codec::Av1, &[0x18, 0x0a]));
    assert!(!is_keyframe_start(Codec::Av1, &[0x98, 0x0a]));
    assert!(!is_keyframe_start(Codec::Av1, &[0x10, 0x0a]));
}

#[test]
fn red_blocks_come_oldest_first() {
    let payload = [0x80 | 111, 0x0f, 0x00, 2, 111, 1, 2, 3, 4, 5]; // offset 960, two octets, then the primary
    let found = Redundancy::parse(&payload).unwrap();
    let redundant: Vec<_> = found.redundant().collect();
    assert_eq!((redundant.len(), found.redundant_count()), (1, 1));
    assert_eq!(
        (redundant[0].payload_type, redundant[0].timestamp_offset),
        (111, 960)
    );
    assert_eq!((redundant[0].offset, redundant[0].data), (5, &[1u8, 2][..]));
    assert_eq!(
        (found.primary.payload_type, found.primary.timestamp_offset),
        (111, 0)
    );
    assert_eq!((found.primary.offset, found.primary.data), (7, &[3u8, 4, 5][..]));
    assert_eq!(Redundancy::parse(&[0x80, 0, 0, 200, 0]), Err(Error::Truncated));
    assert_eq!(Redundancy::parse(&[]), Err(Error::Truncated));
}

#[test]
fn red_blocks_take_other_payload_types() {
    let mut payload = [0x80 | 111, 0x0f, 0x00, 2, 111, 1, 2, 3, 4, 5];
    red::map_payload_types(&mut payload, |inner| inner - 15);
    assert_eq!(payload, [0x80 | 96, 0x0f, 0x00, 2, 96, 1, 2, 3, 4, 5]);
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn no_payload_breaks_a_parser(mut payload in proptest::collection::vec(any::<u8>(), 0..64)) {
        for codec in CODECS {
            is_keyframe_start(codec, &payload);
        }
        if let Ok(descriptor) = Vp9Descriptor::parse(&payload) {
            prop_assert!(descriptor.length <= payload.len());
            let mut copy = payload.clone();
            descriptor.rewrite(&mut copy, 77, 5);
            let again = Vp9Descriptor::parse(&copy).unwrap();
            prop_assert_eq!(again.picture_id, descriptor.picture_id.map(|_| 77));
            prop_assert_eq!(again.tl0_picture_index, descriptor.tl0_picture_index.map(|_| 5));
            prop_assert_eq!(again.length, descriptor.length);
        }
        if let Ok(found) = Redundancy::parse(&payload) {
            let redundant: usize = found.redundant().map(|block| block.data.len()).sum();
            prop_assert_eq!(found.primary.offset + found.primary.data.len(), payload.len());
            prop_assert_eq!(4 * found.redundant_count() + 1 + redundant, found.primary.offset);
        }
        red::map_payload_types(&mut payload.clone(), |inner| inner ^ 1);
        if let Ok(descriptor) = Vp8Descriptor::parse(&payload) {
            prop_assert!(descriptor.length <= payload.len());
            descriptor.rewrite(&mut payload, 77, 5);
            let again = Vp8Descriptor::parse(&payload).unwrap();
            prop_assert_eq!(again.picture_id, descriptor.picture_id.map(|_| 77));
            prop_assert_eq!(again.tl0_picture_index, descriptor.tl0_picture_index.map(|_| 5));
            prop_assert_eq!(again.length, descriptor.length);
        }
    }
}
