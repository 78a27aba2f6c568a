//! The sans-IO core of the data plane: one [`Core`] for each worker thread.
//!
//! Datagrams, commands and the time go in; datagrams ([`TransmitBatch`]) and [`Event`]s come out. There is no socket,
//! clock, thread or lock in here, so every rule is tested with a seeded network and a made clock.
//!
//! Order of work in the shell: `receive` for each datagram that has arrived, then one `poll`, then send the batch.
//! `poll` forwards what was gathered receiver by receiver, so that the packets of one frame leave for one peer in
//! one segmented send.

#[macro_use]
mod counters;

mod api;
mod batch;
mod beginning;
mod budget;
mod cache;
mod chunk;
mod commands;
mod congestion;
mod extension;
mod forward;
mod ice;
mod loudest;
mod meta;
mod owners;
mod pace;
mod player;
mod police;
mod receive;
mod receiver;
mod relay;
mod reports;
mod rtcp_in;
mod sender;
mod statistics;
mod tap;
mod timers;
mod transport;

pub use api::*;
pub use batch::{MAX_DATAGRAM, TransmitBatch};
pub use chunk::{Chunk, ChunkError};
pub use owners::{Owners, Routed};

use receiver::Receiver;
use relay::Relays;
use rustc_hash::FxHashMap;
use sender::Sender;
use slab::Slab;
use std::collections::VecDeque;
use tap::Tap;
use timers::Timers;
use transport::Transport;

/// One worker's share of the media server.
///
/// Objects live in slabs and name each other by index, so that the path of a packet has no look-up by id.
pub struct Core {
    config: Config,
    transports: Slab<Transport>,
    receivers: Slab<Receiver>,
    senders: Slab<Sender>,
    transport_ids: FxHashMap<TransportId, usize>,
    receiver_ids: FxHashMap<ReceiverId, usize>,
    sender_ids: FxHashMap<SenderId, usize>,
    /// Few, and most cores have none.
    taps: Vec<Tap>,
    relays: Relays,
    by_ufrag: FxHashMap<String, usize>,
    /// Only addresses with an authenticated check are in here, so strangers cannot make it grow.
    by_address: FxHashMap<(Protocol, std::net::SocketAddr), usize>,
    /// Receivers with packets that the next poll forwards.
    queued: Vec<usize>,
    /// Where it goes on, when the batch before was full.
    forwarded: forward::Forwarded,
    /// Answers made while receiving: STUN, DTLS, resends.
    control: TransmitBatch,
    timers: Timers,
    audio_due: Time,
    audio_active: bool,
    /// Since when the bytes of layers are counted.
    layers_since: Time,
    events: VecDeque<Event>,
    counters: Counters,
    random: Random,
    scratch: Vec<u16>,
    missed: Vec<congestion::Departure>,
    /// How long the datagram that is taken in has waited to be read, microseconds.
    waited_us: u64,
}

impl Core {
    /// A core without peers.
    pub fn new(config: Config, now: Time) -> Self {
        Self {
            random: Random(config.seed | 1),
            audio_due: Time(now.0 + config.audio_interval_us),
            layers_since: now,
            config,
            transports: Slab::new(),
            receivers: Slab::new(),
            senders: Slab::new(),
            transport_ids: FxHashMap::default(),
            receiver_ids: FxHashMap::default(),
            sender_ids: FxHashMap::default(),
            taps: Vec::new(),
            relays: Relays::default(),
            by_ufrag: FxHashMap::default(),
            by_address: FxHashMap::default(),
            queued: Vec::new(),
            forwarded: forward::Forwarded::default(),
            control: TransmitBatch::default(),
            timers: Timers::default(),
            audio_active: false,
            events: VecDeque::new(),
            counters: Counters::default(),
            scratch: Vec::new(),
            missed: Vec::new(),
            waited_us: 0,
        }
    }

    /// Forwards what was gathered and runs what is due; appends to `batch`, which the shell empties. True: the batch is
    /// full, there is more, and the shell sends it and calls again before it takes in anything else.
    #[must_use]
    pub fn poll(&mut self, now: Time, batch: &mut TransmitBatch) -> bool {
        batch.append(&mut self.control);
        let is_full = self.forward_queued(now, batch);
        if !is_full {
            self.run_timers(now, batch);
        }
        is_full
    }

    /// True while a video frame has come in only in part: its rest is on the way, and leaves in the same segmented send
    /// if the shell waits for it. Speech never waits.
    pub fn frame_is_open(&self) -> bool {
        self.queued
            .iter()
            .any(|&receiver| self.receivers[receiver].frame_is_open())
    }

    /// When `poll` must run again though nothing arrives.
    pub fn next_wake(&self) -> Option<Time> {
        if !self.queued.is_empty() || !self.control.is_empty() {
            return Some(Time(0));
        }
        let audio = (!self.receivers.is_empty()).then_some(self.audio_due);
        [self.timers.next(), audio].into_iter().flatten().min()
    }

    /// Events since the last call, in order.
    pub fn drain_events(&mut self) -> impl Iterator<Item = Event> + '_ {
        self.events.drain(..)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): numbers that must differ, not be secret. SRTP keys come from DTLS.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}
