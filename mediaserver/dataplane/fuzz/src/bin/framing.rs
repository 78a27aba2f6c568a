//! RFC 4571: a stream of any bytes gives frames inside it, or ends.
#![no_main]

use libfuzzer_sys::fuzz_target;
use polyana_wire::framing::{LENGTH_OCTETS, next_frame};

fuzz_target!(|stream: &[u8]| {
    let mut rest = stream;
    while let Ok(Some(length)) = next_frame(rest) {
        rest = &rest[LENGTH_OCTETS + length..];
    }
});
