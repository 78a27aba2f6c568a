//! What the workers and the control plane share: who owns a peer, the events, the counters of the shell.

use crate::WorkerStatistics;
use crossbeam_channel::Sender;
use polyana_core::{Command, Event, Path, Protocol, TapId, Time, TransportId};
use rustc_hash::FxHashMap;
use rustix::event::{EventfdFlags, eventfd};
use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

/// Events of the whole data plane that may wait for the control plane before DTLS datagrams are dropped: a peer
/// repeats those, nothing repeats the others.
const MAX_WAITING_EVENTS: usize = 16_384;
/// Bytes of recorded packets that may wait: about ten seconds of a big room. What comes above is dropped and counted.
const MAX_WAITING_RECORDS: usize = 32 << 20;

/// Events that can wait for the next that cannot, before the control plane is woken for them.
const MAX_LEISURELY_EVENTS: usize = 256;

/// An event with where it came from.
#[derive(Debug)]
pub enum ShellEvent {
    /// From the core of a worker.
    Core(usize, Event),
    /// A worker thread panicked and is gone with its transports.
    WorkerFailed {
        /// Its index.
        worker: usize,
        /// The panic's message.
        reason: String,
    },
    /// What `DataPlane::ask_statistics` asked for.
    Statistics(Box<WorkerStatistics>),
}

impl ShellEvent {
    /// Nobody does anything at once because of it: waking the control plane, whose memory is out of the cache by then, would
    /// cost many times what it does then.
    fn can_wait(&self) -> bool {
        matches!(
            self,
            Self::Core(
                _,
                Event::LayerBitrates { .. }
                    | Event::EncodingStopped { .. }
                    | Event::SenderEncodingChanged { .. }
            )
        )
    }
}

/// What a worker is told.
pub(crate) enum Message {
    Command(Command),
    /// Datagrams that another worker's socket received.
    Datagrams(Strays),
    /// An ICE-TCP connection with the bytes read so far.
    Tcp {
        stream: TcpStream,
        remote: SocketAddr,
        bytes: Vec<u8>,
    },
    /// What another worker passes on of tracks.
    Relayed(Vec<u8>),
    Statistics(Sender<WorkerStatistics>),
    /// The same, to be told as an event.
    TellStatistics,
    Stop,
}

/// Datagrams of peers of another worker, those of one reading together.
#[derive(Default)]
pub(crate) struct Strays {
    /// Where each came from, and when, and its length.
    datagrams: Vec<(Path, Time, usize)>,
    bytes: Vec<u8>,
}

impl Strays {
    pub fn add(&mut self, path: Path, came: Time, datagram: &[u8]) {
        self.datagrams.push((path, came, datagram.len()));
        self.bytes.extend(datagram);
    }

    pub fn len(&self) -> usize {
        self.datagrams.len()
    }

    /// Gives each to `take`, which may write over it.
    pub fn take(&mut self, mut take: impl FnMut(Path, Time, &mut [u8])) {
        let mut rest = &mut self.bytes[..];
        for &(path, came, length) in &self.datagrams {
            let (datagram, others) = rest.split_at_mut(length);
            take(path, came, datagram);
            rest = others;
        }
    }
}

/// A worker's mailbox: a channel and the eventfd that its epoll watches.
pub(crate) struct Mailbox {
    sender: Sender<Message>,
    wake: Wake,
}

impl Mailbox {
    pub fn new(sender: Sender<Message>, wake: Wake) -> Self {
        Self { sender, wake }
    }

    /// False when the worker is gone or its mailbox is full.
    pub fn post(&self, message: Message) -> bool {
        let posted = self.sender.try_send(message).is_ok();
        self.wake.set();
        posted
    }

    pub fn wake(&self) -> &Wake {
        &self.wake
    }
}

/// An eventfd.
pub(crate) struct Wake(OwnedFd);

impl Wake {
    pub fn new() -> io::Result<Self> {
        Ok(Self(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?))
    }

    pub fn set(&self) {
        // Fails only when the counter is at its maximum, and then it is set anyway.
        let _ = rustix::io::write(&self.0, &1u64.to_ne_bytes());
    }

    pub fn clear(&self) {
        let _ = rustix::io::read(&self.0, &mut [0u8; 8]);
    }

    pub fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

type RoutesOfTransport = (Vec<String>, Vec<(Protocol, SocketAddr)>);

#[derive(Default)]
struct Routes {
    by_ufrag: FxHashMap<String, usize>,
    by_address: FxHashMap<(Protocol, SocketAddr), usize>,
    /// What to forget with a transport.
    of_transport: FxHashMap<TransportId, RoutesOfTransport>,
}

/// Events that nobody has taken yet.
#[derive(Default)]
struct Waiting {
    events: VecDeque<ShellEvent>,
    /// Bytes of records in them.
    records: usize,
    /// Packets of taps that found no place, not told yet.
    dropped: FxHashMap<TapId, u64>,
}

impl Waiting {
    /// Adds records, or counts them where too many wait. That a tap has ended is always told.
    fn add_records(&mut self, worker: usize, mut event: Event) {
        if let Event::Tapped {
            tap,
            records,
            packets,
            dropped,
            ended,
            ..
        } = &mut event
        {
            *dropped += self.dropped.remove(tap).unwrap_or(0);
            if self.records + records.len() > MAX_WAITING_RECORDS {
                *dropped += u64::from(std::mem::take(packets));
                records.clear();
                if !*ended {
                    self.dropped.insert(*tap, *dropped);
                    return;
                }
            }
            self.records += records.len();
        }
        self.events.push_back(ShellEvent::Core(worker, event));
    }
}

pub(crate) struct Shared {
    pub mailboxes: Vec<Mailbox>,
    routes: RwLock<Routes>,
    events: Mutex<Waiting>,
    pub events_wake: Wake,
}

/// A poisoned lock means that a thread panicked between two statements that keep the data whole.
fn unpoisoned<T>(result: Result<T, PoisonError<T>>) -> T {
    result.unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub fn new(mailboxes: Vec<Mailbox>) -> io::Result<Self> {
        Ok(Self {
            mailboxes,
            routes: RwLock::default(),
            events: Mutex::default(),
            events_wake: Wake::new()?,
        })
    }

    /// A transport's credentials lead to its worker.
    pub fn route_ufrag(&self, transport: TransportId, ufrag: &str, worker: usize) {
        let mut routes = unpoisoned(self.routes.write());
        routes.by_ufrag.insert(ufrag.to_owned(), worker);
        routes
            .of_transport
            .entry(transport)
            .or_default()
            .0
            .push(ufrag.to_owned());
    }

    /// So does an address that passed a check there.
    pub fn route_address(&self, transport: TransportId, path: &Path, worker: usize) {
        let key = (path.protocol, path.remote);
        let mut routes = unpoisoned(self.routes.write());
        if let Some((_, addresses)) = routes.of_transport.get_mut(&transport) {
            addresses.push(key);
            routes.by_address.insert(key, worker);
        }
    }

    pub fn forget(&self, transport: TransportId) {
        let mut routes = unpoisoned(self.routes.write());
        let Some((ufrags, addresses)) = routes.of_transport.remove(&transport) else {
            return;
        };
        for ufrag in &ufrags {
            routes.by_ufrag.remove(ufrag);
        }
        for address in &addresses {
            routes.by_address.remove(address);
        }
    }

    pub fn worker_of_ufrag(&self, ufrag: &str) -> Option<usize> {
        unpoisoned(self.routes.read()).by_ufrag.get(ufrag).copied()
    }

    pub fn worker_of_address(&self, path: &Path) -> Option<usize> {
        unpoisoned(self.routes.read())
            .by_address
            .get(&(path.protocol, path.remote))
            .copied()
    }

    fn events(&self) -> MutexGuard<'_, Waiting> {
        unpoisoned(self.events.lock())
    }

    /// Adds events for the control plane; returns how many DTLS datagrams were dropped.
    pub fn add_events(&self, events: impl Iterator<Item = ShellEvent>) -> u64 {
        let mut waiting = self.events();
        let (mut dropped, mut is_urgent) = (0, false);
        for event in events {
            is_urgent |= !event.can_wait();
            match event {
                ShellEvent::Core(_, Event::DtlsReceived { .. })
                    if waiting.events.len() >= MAX_WAITING_EVENTS =>
                {
                    dropped += 1;
                }
                ShellEvent::Core(worker, event @ Event::Tapped { .. }) => waiting.add_records(worker, event),
                event => waiting.events.push_back(event),
            }
        }
        if is_urgent || waiting.events.len() >= MAX_LEISURELY_EVENTS {
            self.events_wake.set();
        }
        dropped
    }

    /// Takes at most `limit` events; the eventfd stays set while some are left.
    pub fn take_events(&self, limit: usize) -> Vec<ShellEvent> {
        let mut waiting = self.events();
        let taken = waiting.events.len().min(limit);
        let events: Vec<ShellEvent> = waiting.events.drain(..taken).collect();
        for event in &events {
            if let ShellEvent::Core(_, Event::Tapped { records, .. }) = event {
                waiting.records -= records.len();
            }
        }
        self.events_wake.clear();
        if !waiting.events.is_empty() {
            self.events_wake.set();
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::Timespec;

    fn tapped(tap: TapId, bytes: usize, packets: u32, ended: bool) -> ShellEvent {
        let event = Event::Tapped {
            tap,
            records: vec![0; bytes],
            packets,
            lost: 0,
            dropped: 0,
            ended,
        };
        ShellEvent::Core(0, event)
    }

    fn add(shared: &Shared, event: ShellEvent) {
        shared.add_events(std::iter::once(event));
    }

    /// (tap, bytes, packets, dropped, ended)
    fn take(shared: &Shared, limit: usize) -> Vec<(TapId, usize, u32, u64, bool)> {
        let taken = shared.take_events(limit);
        taken
            .into_iter()
            .map(|event| match event {
                ShellEvent::Core(
                    _,
                    Event::Tapped {
                        tap,
                        records,
                        packets,
                        dropped,
                        ended,
                        ..
                    },
                ) => (tap, records.len(), packets, dropped, ended),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn nobody_is_woken_for_what_can_wait_until_it_is_much() {
        let shared = Shared::new(Vec::new()).unwrap();
        let is_woken = || {
            let mut wake = [rustix::event::PollFd::new(
                &shared.events_wake,
                rustix::event::PollFlags::IN,
            )];
            rustix::event::poll(&mut wake, Some(&Timespec::default())).unwrap() > 0
        };
        let leisurely = || ShellEvent::Core(0, Event::LayerBitrates { layers: Vec::new() });
        add(&shared, leisurely());
        assert!(!is_woken());
        add(&shared, tapped(1, 1, 1, false));
        assert!(is_woken());
        assert_eq!(shared.take_events(9).len(), 2);
        assert!(!is_woken());
        (1..MAX_LEISURELY_EVENTS).for_each(|_| add(&shared, leisurely()));
        assert!(!is_woken());
        add(&shared, leisurely());
        assert!(is_woken());
    }

    #[test]
    fn records_that_find_no_place_are_counted_and_told_with_the_next() {
        let shared = Shared::new(Vec::new()).unwrap();
        add(&shared, tapped(1, MAX_WAITING_RECORDS - 100, 9, false));
        add(&shared, tapped(1, 101, 3, false));
        add(&shared, tapped(2, 101, 4, false));
        add(&shared, tapped(2, 101, 5, true));
        add(&shared, tapped(1, 100, 1, false));
        assert_eq!(
            take(&shared, 9),
            [
                (1, MAX_WAITING_RECORDS - 100, 9, 0, false),
                (2, 0, 0, 9, true),
                (1, 100, 1, 3, false),
            ]
        );
        add(&shared, tapped(1, MAX_WAITING_RECORDS, 2, false));
        assert_eq!(
            take(&shared, 1),
            [(1, MAX_WAITING_RECORDS, 2, 0, false)],
            "there is place again"
        );
    }
}
