//! Redundant audio: blocks lie inside the payload, and other payload types change nothing else.
#![no_main]

use libfuzzer_sys::fuzz_target;
use polyana_wire::payload::red::{Redundancy, map_payload_types};

fuzz_target!(|payload: &[u8]| {
    let mut copy = payload.to_vec();
    map_payload_types(&mut copy, |inner| inner ^ 0x15);
    let Ok(found) = Redundancy::parse(payload) else {
        return;
    };
    let end = found.primary.offset + found.primary.data.len();
    assert_eq!(end, payload.len());
    let again = Redundancy::parse(&copy).expect("lengths are as before");
    assert_eq!(again.primary.payload_type, found.primary.payload_type ^ 0x15);
    for (before, after) in found.redundant().zip(again.redundant()) {
        assert_eq!(after.payload_type, before.payload_type ^ 0x15);
        assert_eq!((after.timestamp_offset, after.data), (before.timestamp_offset, before.data));
        assert!(before.offset + before.data.len() <= found.primary.offset);
    }
});
