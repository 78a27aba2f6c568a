//! SRTP and SRTCP of strangers: nothing without the key passes, whatever its form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use polyana_wire::rtp::Header;
use polyana_wire::srtp::{Profile, ReceiveStream, Receiver, Sender};

const PROFILES: [Profile; 3] = [
    Profile::AeadAes128Gcm,
    Profile::AeadAes256Gcm,
    Profile::AesCm128HmacSha1_80,
];

fuzz_target!(|input: &[u8]| {
    let Some((&choice, packet)) = input.split_first() else {
        return;
    };
    let profile = PROFILES[usize::from(choice) % PROFILES.len()];
    let (key, salt) = (vec![7; profile.key_length()], vec![9; profile.salt_length()]);
    let mut receiver = Receiver::new(profile, &key, &salt).unwrap();
    let mut copy = packet.to_vec();
    assert!(receiver.unprotect_rtcp(&mut copy).is_err());
    let Ok(header) = Header::parse(packet) else { return };
    copy.copy_from_slice(packet);
    let mut stream = ReceiveStream::default();
    assert!(receiver.unprotect_rtp(&mut stream, &header, &mut copy).is_err());
    assert_eq!(stream.highest_index(), None);
    // With the key the same bytes come back.
    let sender = Sender::new(profile, &key, &salt).unwrap();
    copy.copy_from_slice(packet);
    copy.resize(packet.len() + profile.rtp_overhead(), 0);
    let index = u64::from(header.sequence_number);
    let length = sender
        .protect_rtp(index, header.ssrc, header.length, &mut copy, packet.len())
        .unwrap();
    assert_eq!(
        receiver.unprotect_rtp(&mut stream, &header, &mut copy[..length]),
        Ok(packet.len())
    );
    assert_eq!(&copy[..packet.len()], packet);
});
