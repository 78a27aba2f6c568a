//! Payload descriptors of the video codecs, and the rewriting of VP8's.
#![no_main]

use libfuzzer_sys::fuzz_target;
use polyana_wire::payload::{Codec, Vp8Descriptor, Vp9Descriptor, is_keyframe_start};

fuzz_target!(|payload: &[u8]| {
    for mime in [
        "video/VP8",
        "video/VP9",
        "video/H264",
        "video/H265",
        "video/AV1",
        "audio/opus",
        "x",
    ] {
        let _ = is_keyframe_start(Codec::from_mime(mime), payload);
    }
    let _ = Vp9Descriptor::parse(payload);
    if let Ok(found) = Vp8Descriptor::parse(payload) {
        let mut copy = payload.to_vec();
        found.rewrite(&mut copy, 0x1234, 0x56);
        let again = Vp8Descriptor::parse(&copy).expect("what was rewritten parses");
        let mask = if found.picture_id_is_15_bits { 0x7fff } else { 0x7f };
        assert_eq!(again.picture_id, found.picture_id.map(|_| 0x1234 & mask));
        assert_eq!(again.tl0_picture_index, found.tl0_picture_index.map(|_| 0x56));
        assert_eq!(again.temporal_id, found.temporal_id);
    }
});
