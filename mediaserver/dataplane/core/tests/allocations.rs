//! The path of a packet takes no memory from the allocator once it is warm.

#![allow(unsafe_code)] // a global allocator is the only way to count

#[allow(dead_code, unused_imports)]
#[path = "core/harness/mod.rs"]
mod harness;

use harness::{Codec, Network, Source, mapping, sender_parameters};
use polyana_core::{Core, PayloadTypeMapping, SenderParameters, SenderTarget, Time, TransmitBatch};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    /// Of this thread, so that tests beside each other do not count for each other. Constant and without a
    /// destructor: its own use takes no memory.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count_one() {
    ALLOCATIONS.with(|count| count.set(count.get() + 1));
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_one();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count_one();
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What `work` takes from the allocator.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

const RECEIVERS: usize = 30;
const FRAMES: u64 = 100;
/// Before them: the first comes at another distance from those of the network, and what is kept until feedback leaves
/// may grow once more.
const WARM: u64 = 10;
/// Room for what a report may take: they are made once a second for each peer.
const MOST_FOR_REPORTS: u64 = 64;
const RED: u8 = 63;
const OPUS: u8 = 111;

/// A room that is warm: caches filled, streams known.
struct Room {
    network: Network,
    batch: TransmitBatch,
    publisher: usize,
    interval_us: u64,
    /// Something else than media left with the last frame.
    reported: bool,
}

impl Room {
    fn new(source: Source, parameters: impl Fn(u64) -> SenderParameters) -> Self {
        Self::of(Network::new(1), source, parameters)
    }

    fn of(mut network: Network, source: Source, parameters: impl Fn(u64) -> SenderParameters) -> Self {
        let publisher = network.add_peer();
        let interval_us = source.interval_us;
        let track = network.publish(publisher, source);
        for _ in 0..RECEIVERS {
            let peer = network.add_peer();
            network.subscribe_as(peer, parameters(track));
        }
        network.run_ms(3000);
        Self {
            network,
            batch: TransmitBatch::default(),
            publisher,
            interval_us,
            reported: false,
        }
    }

    /// One frame through all workers; gives what it took and how many packets left.
    fn forward(&mut self, now: Time) -> (u64, usize) {
        let peer = &mut self.network.peers[self.publisher];
        let path = peer.path();
        let mut datagrams = peer.sources[0].frame(now, &peer.srtp_out, &mut peer.transport_sequence);
        let (network, batch) = (&mut self.network, &mut self.batch);
        let (mut forwarded, mut reported) = (0, false);
        let taken = allocations(|| {
            for datagram in &mut datagrams {
                network.core.receive(now, path, datagram);
            }
            network.relay();
            for core in network.workers() {
                forwarded += work(core, now, batch);
                let mut transmits = batch.transmits().iter();
                reported |= transmits.any(|transmit| transmit.received_at.is_none());
            }
        });
        self.reported = reported;
        (taken, forwarded)
    }

    /// Frames after frames: those that nothing else joins take no memory at all.
    fn assert_media_takes_nothing(&mut self, packets_per_frame: usize) {
        let (mut forwarded, mut of_media_alone) = (0, 0);
        for frame in 0..WARM + FRAMES {
            let now = Time(self.network.now.0 + frame * self.interval_us);
            let (taken, packets) = self.forward(now);
            let media_alone = !self.reported && self.network.drain_events().next().is_none();
            if frame < WARM {
                continue;
            }
            forwarded += packets;
            if media_alone && packets > 0 {
                of_media_alone += 1;
                assert_eq!(taken, 0, "frame {frame}");
            } else {
                assert!(taken < MOST_FOR_REPORTS, "frame {frame}: {taken}");
            }
        }
        assert!(forwarded >= FRAMES as usize * packets_per_frame * RECEIVERS);
        assert!(of_media_alone > 20, "{of_media_alone}");
    }
}

/// Lets the core work; gives how many datagrams left.
fn work(core: &mut Core, now: Time, batch: &mut TransmitBatch) -> usize {
    let mut left = 0;
    loop {
        batch.clear();
        let has_more = core.poll(now, batch);
        let transmits = batch.transmits().iter();
        left += transmits
            .map(|transmit| transmit.datagrams() as usize)
            .sum::<usize>();
        if !has_more {
            return left;
        }
    }
}

fn camera(codec: Codec) -> Source {
    let mut source = Source::video(7);
    source.codec = codec;
    source.packets_per_frame = 8;
    source.transport_sequence_id = Some(harness::id::TRANSPORT);
    source.interval_us = 20_000; // feedback to the publisher leaves with every fourth frame
    source
}

fn microphone() -> Source {
    let mut source = Source::audio(7);
    source.audio_level_id = Some(harness::id::AUDIO_LEVEL);
    source.transport_sequence_id = Some(harness::id::TRANSPORT);
    source
}

fn red(unwrap_red: bool) -> impl Fn(u64) -> SenderParameters {
    move |track| SenderParameters {
        payload_types: vec![
            PayloadTypeMapping {
                unwrap_red,
                ..mapping(RED, 98, None)
            },
            mapping(OPUS, 97, None),
        ],
        rtx_ssrc: None,
        ..sender_parameters(track, 0)
    }
}

fn plain(track: u64) -> SenderParameters {
    sender_parameters(track, 0)
}

#[test]
fn an_allocation_is_seen() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(7)))), 1);
    assert_eq!(allocations(|| {}), 0);
}

#[test]
fn vp8_is_forwarded_without_allocating() {
    Room::new(camera(Codec::Vp8 { temporal_layers: 1 }), plain).assert_media_takes_nothing(8);
}

#[test]
fn what_crosses_to_another_worker_takes_nothing() {
    let network = Network::spanning(1);
    Room::of(network, camera(Codec::Vp8 { temporal_layers: 1 }), plain).assert_media_takes_nothing(8);
}

#[test]
fn h264_is_forwarded_without_allocating() {
    Room::new(camera(Codec::H264), plain).assert_media_takes_nothing(8);
}

#[test]
fn temporal_layers_are_dropped_without_allocating() {
    let mut source = camera(Codec::Vp8 { temporal_layers: 3 });
    source.transport_sequence_id = None; // else each frame that is kept would meet feedback for the publisher
    let mut room = Room::new(source, plain);
    let senders: Vec<_> = room
        .network
        .statistics()
        .senders
        .iter()
        .map(|s| s.sender)
        .collect();
    for sender in senders {
        let target = SenderTarget {
            max_temporal: 1,
            ..SenderTarget::default()
        };
        room.network.target(sender, target);
    }
    room.network.run_ms(12_000); // until the list of what was left out is as long as it gets
    room.assert_media_takes_nothing(4); // every second frame
}

#[test]
fn opus_is_forwarded_without_allocating() {
    Room::new(microphone(), plain).assert_media_takes_nothing(1);
}

#[test]
fn red_is_forwarded_and_unwrapped_without_allocating() {
    for unwrap_red in [false, true] {
        let mut source = microphone();
        source.red = Some((RED, 2));
        Room::new(source, red(unwrap_red)).assert_media_takes_nothing(1);
    }
}

#[test]
fn lost_packets_are_sent_again_without_allocating() {
    let mut room = Room::new(camera(Codec::Vp8 { temporal_layers: 1 }), plain);
    let mut resent = 0;
    for round in 0..10 {
        let now = Time(room.network.now.0 + round * room.interval_us);
        room.forward(now);
        // What has just gone out is asked for again by everybody.
        let asked: Vec<_> = room.network.peers[1..]
            .iter_mut()
            .map(|peer| {
                let (ssrc, highest) = (peer.sinks[0].ssrc, peer.sinks[0].packets.keys().last());
                let newest = *highest.unwrap() as u16;
                let lost: Vec<u16> = (0..5).map(|back| newest.wrapping_sub(back)).collect();
                (
                    peer.path(),
                    peer.rtcp(|writer| writer.nack(1, ssrc, &lost).unwrap()),
                )
            })
            .collect();
        let later = Time(now.0 + 20_000);
        let (core, batch) = (&mut room.network.core, &mut room.batch);
        work(core, later, batch); // reports that are due
        for (path, mut datagram) in asked {
            let taken = allocations(|| {
                core.receive(later, path, &mut datagram);
                resent += work(core, later, batch);
            });
            if round > 0 {
                assert_eq!(taken, 0, "round {round}");
            }
        }
    }
    assert!(resent >= 5 * RECEIVERS, "{resent}");
}
