//! STUN: any bytes parse or are refused; what parses can be checked with any password.
#![no_main]

use libfuzzer_sys::fuzz_target;
use polyana_wire::DatagramKind;
use polyana_wire::stun::Message;

fuzz_target!(|datagram: &[u8]| {
    let _ = DatagramKind::of(datagram);
    let Ok(message) = Message::parse(datagram) else {
        return;
    };
    assert!(datagram.len() >= 20);
    let _ = message.receiver_ufrag();
    let _ = message.verify_integrity(b"password");
});
