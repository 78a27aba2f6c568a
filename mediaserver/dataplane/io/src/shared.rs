//! What the workers and the control plane share: who owns a peer, the events, the counters of the shell.

use crossbeam_channel::Sender;
use polyana_core::{Command, Event, Path, Protocol, TransportId};
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

/// An event with where it came from.
#[derive(Debug)]
pub enum ShellEvent {
    /// From a core.
    Core(Event),
    /// A worker thread panicked and is gone with its transports.
    WorkerFailed {
        /// Its index.
        worker: usize,
        /// The panic's message.
        reason: String,
    },
}

/// What a worker is told.
pub(crate) enum Message {
    Command(Command),
    /// A datagram that another worker's socket received.
    Datagram {
        path: Path,
        bytes: Vec<u8>,
    },
    /// An ICE-TCP connection with the bytes read so far.
    Tcp {
        stream: TcpStream,
        remote: SocketAddr,
        bytes: Vec<u8>,
    },
    Statistics(Sender<crate::WorkerStatistics>),
    Stop,
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

pub(crate) struct Shared {
    pub mailboxes: Vec<Mailbox>,
    routes: RwLock<Routes>,
    events: Mutex<VecDeque<ShellEvent>>,
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

    fn events(&self) -> MutexGuard<'_, VecDeque<ShellEvent>> {
        unpoisoned(self.events.lock())
    }

    /// Adds events for the control plane; returns how many DTLS datagrams were dropped.
    pub fn add_events(&self, events: impl Iterator<Item = ShellEvent>) -> u64 {
        let mut waiting = self.events();
        let (before, mut dropped) = (waiting.len(), 0);
        for event in events {
            let expendable = matches!(event, ShellEvent::Core(Event::DtlsReceived { .. }));
            if expendable && waiting.len() >= MAX_WAITING_EVENTS {
                dropped += 1;
            } else {
                waiting.push_back(event);
            }
        }
        if waiting.len() > before {
            self.events_wake.set();
        }
        dropped
    }

    /// Takes at most `limit` events; the eventfd stays set while some are left.
    pub fn take_events(&self, limit: usize) -> Vec<ShellEvent> {
        let mut waiting = self.events();
        let taken = waiting.len().min(limit);
        let events = waiting.drain(..taken).collect();
        self.events_wake.clear();
        if !waiting.is_empty() {
            self.events_wake.set();
        }
        events
    }
}
