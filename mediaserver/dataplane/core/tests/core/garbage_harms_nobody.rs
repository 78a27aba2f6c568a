//! Any bytes at all, from strangers and from peers with keys: nothing panics, and the call of others goes on.

use crate::harness::{Network, Random, Source};
use polyana_core::{Path, Protocol};
use polyana_wire::srtp::Profile;
use std::net::SocketAddr;

fn mutate(random: &mut Random, datagram: &mut Vec<u8>) {
    for _ in 0..=random.below(4) {
        match random.below(4) {
            0 => datagram.truncate(random.below(datagram.len() as u64 + 1) as usize),
            1 => datagram.extend(random.bytes::<7>()),
            _ if datagram.is_empty() => {}
            _ => {
                let at = random.below(datagram.len().min(40) as u64) as usize;
                datagram[at] = random.next() as u8;
            }
        }
    }
}

/// Plain packets with random headers, encrypted with a peer's true keys: what a hostile browser could send.
fn authentic_garbage(network: &mut Network, peer: usize, random: &mut Random) -> Vec<u8> {
    if random.chance(0.5) {
        let mut plain: Vec<u8> = (0..random.below(300)).map(|_| random.next() as u8).collect();
        if plain.len() >= 8 {
            plain[0] = 0x80 | (plain[0] & 0x3f);
            plain[1] = 192 + plain[1] % 32;
        }
        return network.peers[peer].rtcp_bytes(&plain).unwrap_or(plain);
    }
    let mut plain = vec![0; 1200];
    let extension_ids = 1 + random.below(14) as u8;
    let values: Vec<Vec<u8>> = (0..3).map(|_| random.bytes::<5>().to_vec()).collect();
    let elements: Vec<(u8, &[u8])> = (0..3u8)
        .map(|number| {
            (
                (extension_ids + number) % 14 + 1,
                values[usize::from(number)].as_slice(),
            )
        })
        .collect();
    let ssrc = [7, 8, random.next() as u32][random.below(3) as usize];
    let index = random.below(1 << 15);
    let header = polyana_wire::rtp::write_header(
        &mut plain,
        random.chance(0.5),
        [96, 97, 111, random.next() as u8 & 0x7f][random.below(4) as usize],
        index as u16,
        random.next() as u32,
        ssrc,
        &elements,
    )
    .unwrap();
    let length = header + random.below(400) as usize;
    for octet in &mut plain[header..length] {
        *octet = random.next() as u8;
    }
    if random.chance(0.3) {
        plain[0] |= 0x20; // padding of any length
    }
    let protected = network.peers[peer]
        .srtp_out
        .protect_rtp(index, ssrc, header, &mut plain, length);
    plain.truncate(protected.unwrap());
    plain
}

fn storm(seed: u64, profile: Profile) {
    let mut network = Network::new(seed);
    let (alice, bob) = (network.add_peer_with(profile), network.add_peer_with(profile));
    let mallory = network.add_peer_with(profile);
    let camera = network.publish(alice, Source::video(7));
    let sender = network.subscribe(bob, camera);
    let hostile = network.publish(mallory, Source::video(7));
    network.subscribe(bob, hostile);
    network.subscribe(mallory, camera);
    let mut random = Random(seed);
    let stranger = Path {
        protocol: Protocol::Udp,
        local: SocketAddr::from(([192, 0, 2, 1], 7882)),
        remote: SocketAddr::from(([203, 0, 113, 66], 6666)),
    };
    for _ in 0..400 {
        let mut datagram: Vec<u8> = (0..random.below(200)).map(|_| random.next() as u8).collect();
        network.inject(stranger, &datagram);
        let path = network.peers[mallory].path();
        network.inject(path, &datagram);
        datagram = network.peers[mallory].check(true);
        mutate(&mut random, &mut datagram);
        network.inject(stranger, &datagram);
        for _ in 0..5 {
            datagram = authentic_garbage(&mut network, mallory, &mut random);
            network.inject(path, &datagram);
        }
        network.run_ms(10);
    }
    network.run_ms(2000);
    let sink = network.sink(sender);
    assert!(sink.holes().is_empty());
    assert!(sink.stamps().len() > 550, "{}", sink.stamps().len());
    let counters = network.counters();
    assert!(counters.error_unclassified > 0 && counters.error_srtp_authentication > 0);
    assert!(counters.error_rtcp_malformed > 0, "{counters:?}");
    assert!(counters.error_rtp_unknown_stream > 0, "{counters:?}");
}

#[test]
fn with_every_profile() {
    for (seed, profile) in [
        Profile::AeadAes128Gcm,
        Profile::AeadAes256Gcm,
        Profile::AesCm128HmacSha1_80,
    ]
    .into_iter()
    .enumerate()
    {
        storm(seed as u64 + 1, profile);
    }
}
