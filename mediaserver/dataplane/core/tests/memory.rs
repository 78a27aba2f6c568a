//! What a viewer takes of memory in the core: its connection, and one picture that it gets.

#![allow(unsafe_code)] // a global allocator is the only way to count

#[allow(dead_code, unused_imports)]
#[path = "core/harness/mod.rs"]
mod harness;

use harness::{Network, Source, sender_parameters, uri};
use polyana_core::{Config, Core};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    /// Of this thread. Constant and without a destructor: its own use takes no memory.
    static FREED: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        FREED.with(|freed| freed.set(freed.get() + layout.size()));
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What all a core holds comes back when it is gone. aws-lc takes its keys from the C library, which is not counted.
fn held_with(viewers: usize) -> usize {
    let mut network = Network::new(1);
    let publisher = network.add_peer();
    let track = network.publish(publisher, Source::video(7));
    for _ in 0..viewers {
        let peer = network.add_peer();
        // As peers of ours negotiate: without the time of sending, of which stamps are kept.
        let mut parameters = sender_parameters(track, 0);
        parameters.extensions.retain(|(name, _)| name != uri::SEND_TIME);
        network.peers[peer].gives_feedback = true;
        network.subscribe_as(peer, parameters);
    }
    network.run_ms(3000);
    let empty = Core::new(Config::default(), network.now);
    let core = std::mem::replace(&mut network.core, empty);
    let before = FREED.get();
    drop(core);
    FREED.get() - before
}

/// A little more than it is: whoever makes it more should know why.
const MOST: usize = 12_500;

#[test]
fn a_viewer_takes_little_memory() {
    // With the publisher these fill tables whose capacity doubles.
    let viewer = (held_with(63) - held_with(31)) / 32;
    assert!((1_000..MOST).contains(&viewer), "{viewer} bytes");
}
