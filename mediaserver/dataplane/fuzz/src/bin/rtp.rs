//! RTP: lengths that a header tells are inside the packet.
#![no_main]

use libfuzzer_sys::fuzz_target;
use polyana_wire::rtp::{Header, padding_length};

fuzz_target!(|packet: &[u8]| {
    let Ok(header) = Header::parse(packet) else { return };
    assert!(header.length <= packet.len());
    for (_, value) in header.extensions(packet) {
        assert!(value.len() < 256);
    }
    if header.has_padding
        && let Ok(padding) = padding_length(packet, &header)
    {
        assert!(padding + header.length <= packet.len());
    }
});
