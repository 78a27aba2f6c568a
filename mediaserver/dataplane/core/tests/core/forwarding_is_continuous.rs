//! A subscriber gets every packet of the publisher once, numbered without a jump, wherever the numbers start.

use crate::harness::{Network, Source};
use polyana_wire::srtp::Profile;

fn forwards_all(start: u64, profile: Profile) {
    let mut network = Network::new(start);
    let alice = network.add_peer_with(profile);
    let bob = network.add_peer_with(profile);
    let mut source = Source::video(7);
    source.index = start;
    let video = network.publish(alice, source);
    let sender = network.subscribe(bob, video);
    network.run_ms(2000);
    let sink = network.sink(sender);
    let stamps = sink.stamps();
    assert!(stamps.len() > 150, "{}", stamps.len());
    assert!(sink.packets.values().next().unwrap().is_keyframe_start());
    assert!(sink.holes().is_empty());
    assert!(stamps.windows(2).all(|pair| pair[1] == pair[0] + 1));
    assert_eq!(sink.duplicates, 0);
    let markers = sink.packets.values().filter(|packet| packet.marker).count();
    assert!(markers > 40);
    assert!(sink.packets.values().all(|packet| packet.payload_type == 120));
}

#[test]
fn wherever_the_source_starts() {
    for start in [0, 1, 32_766, 32_767, 32_768, 65_530, 65_535] {
        forwards_all(start, Profile::AeadAes128Gcm);
    }
}

#[test]
fn with_every_profile() {
    for profile in [Profile::AeadAes256Gcm, Profile::AesCm128HmacSha1_80] {
        forwards_all(100, profile);
    }
}
