//! The path of a packet takes no memory from the allocator once it is warm.

#![allow(unsafe_code)] // a global allocator is the only way to count

#[allow(dead_code, unused_imports)]
#[path = "core/harness/mod.rs"]
mod harness;

use harness::{Network, Source};
use polyana_core::TransmitBatch;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn media_is_received_and_forwarded_without_allocating() {
    let mut network = Network::new(1);
    let alice = network.add_peer();
    let mut camera = Source::video(7);
    camera.packets_per_frame = 8;
    camera.transport_sequence_id = Some(harness::id::TRANSPORT);
    let camera = network.publish(alice, camera);
    for _ in 0..30 {
        let peer = network.add_peer();
        network.subscribe(peer, camera);
    }
    network.run_ms(3000);
    let path = network.peers[alice].path();
    let mut batch = TransmitBatch::default();
    let (mut forwarded, mut media_polls) = (0, 0);
    for frame in 0..100 {
        let now = polyana_core::Time(network.now.0 + frame * 40_000);
        let peer = &mut network.peers[alice];
        let mut datagrams = peer.sources[0].frame(now, &peer.srtp_out, &mut peer.transport_sequence);
        batch.clear();
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        for datagram in &mut datagrams {
            network.core.receive(now, path, datagram);
        }
        network.core.poll(now, &mut batch);
        let allocated = ALLOCATIONS.load(Ordering::Relaxed) - before;
        let packets: usize = batch
            .transmits()
            .iter()
            .map(|transmit| transmit.length.div_ceil(transmit.segment))
            .sum();
        forwarded += packets;
        // Reports are made once a second for each peer, and may allocate.
        if frame > 0
            && batch
                .transmits()
                .iter()
                .all(|transmit| transmit.received_at.is_some())
        {
            media_polls += 1;
            assert_eq!(allocated, 0, "frame {frame}");
        } else if frame > 0 {
            assert!(allocated < 64, "frame {frame}: {allocated}");
        }
    }
    assert!(forwarded >= 100 * 8 * 30);
    assert!(media_polls > 20, "{media_polls}");
}
