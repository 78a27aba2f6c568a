//! The sans-IO core of the data plane: one [`Core`] for each worker thread.
//!
//! Datagrams, commands and the time go in; datagrams ([`TransmitBatch`]) and [`Event`]s come out. There is no socket,
//! clock, thread or lock in here, so every rule is tested with a seeded network and a made clock.
//!
//! Order of work in the shell: `receive` for each datagram that has arrived, then one `poll`, then send the batch.
//! `poll` forwards what was gathered receiver by receiver, so that the packets of one frame leave for one peer in
//! one segmented send.

mod api;

pub use api::*;

/// One worker's share of the media server.
pub struct Core {
    _config: Config,
}

#[allow(unused_variables)]
impl Core {
    /// A core without peers.
    pub fn new(config: Config, now: Time) -> Self {
        Self { _config: config }
    }
    /// Applies one command. A command that does not fit gives [`Event::CommandFailed`], nothing else changes.
    pub fn command(&mut self, now: Time, command: Command) {
        todo!()
    }
    /// Takes one datagram; the buffer is scratch afterwards.
    pub fn receive(&mut self, now: Time, path: Path, datagram: &mut [u8]) -> Disposition {
        todo!()
    }
    /// Forwards what was gathered and runs what is due; appends to `batch` (the shell clears it).
    pub fn poll(&mut self, now: Time, batch: &mut TransmitBatch) {
        todo!()
    }
    /// When `poll` must run again though nothing arrives.
    pub fn next_wake(&self) -> Option<Time> {
        todo!()
    }
    /// Events since the last call, in order.
    pub fn drain_events(&mut self) -> impl Iterator<Item = Event> + '_ {
        std::iter::empty()
    }
    /// A snapshot; clears and fills `into`, so that the caller's vectors are reused.
    pub fn statistics(&self, into: &mut Statistics) {
        todo!()
    }
}
