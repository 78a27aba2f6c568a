//! One worker thread: waits, gathers, lets the core work, sends.

use crate::clock::Clock;
use crate::control::{ControlPace, MAX_CONTROL};
use crate::shared::{Message, Shared, ShellEvent, Strays, Wake};
use crate::statistics::{LatencyHistogram, ShellCounters, WorkerStatistics};
use crate::tcp::{Connections, Moved, Verdict};
use crate::udp::{GROUPS, ReceiveArena, Sent, UdpSocket};
use crossbeam_channel::Receiver;
use polyana_core::{
    BEAT_US, Command, Core, Disposition, Event, Path, Protocol, Time, Transmit, TransmitBatch, TransportId,
};
use polyana_wire::{DatagramKind, stun};
use rustc_hash::FxHashMap;
use rustix::event::{Timespec, epoll};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Datagrams that are taken in before the core forwards them, so that a flood cannot hold back what came first.
const MAX_GATHERED: usize = 512;
/// A full socket buffer is waited for this long before the rest of a group is dropped.
const SEND_WAIT: Duration = Duration::from_millis(1);

/// RTCP is not left waiting for longer, unless the worker is late.
const LONGEST_WAIT_US: u64 = 2 * BEAT_US;

// epoll tokens: 0 mailbox, 1.. UDP sockets, CONTROL sockets for RTCP, LISTENERS.. listeners, CONNECTIONS.. connections.
const MAILBOX: u64 = 0;
const CONTROL: u64 = 1 << 15;
/// Tells once, then waits to be asked again.
const ONCE: epoll::EventFlags = epoll::EventFlags::IN.union(epoll::EventFlags::ONESHOT);
const LISTENERS: u64 = 1 << 16;
const CONNECTIONS: u64 = 1 << 32;

/// UDP sockets of one worker, one of each kind for each address.
#[derive(Default)]
pub(crate) struct Sockets {
    pub media: Vec<UdpSocket>,
    /// For RTCP. Empty where the kernel cannot tell it apart: it comes with the media then.
    pub control: Vec<UdpSocket>,
}

pub(crate) struct Worker {
    index: usize,
    core: Core,
    clock: Clock,
    sockets: Sockets,
    control_pace: ControlPace,
    listeners: Vec<TcpListener>,
    connections: Connections,
    tcp_of_transport: FxHashMap<TransportId, Vec<SocketAddr>>,
    poll: OwnedFd,
    messages: Receiver<Message>,
    shared: Arc<Shared>,
    arena: ReceiveArena,
    /// For each worker, what this one's sockets received of its peers.
    strays: Vec<Strays>,
    batch: TransmitBatch,
    counters: ShellCounters,
    latency: LatencyHistogram,
    coalesce: Duration,
    stopped: bool,
}

/// Everything that a worker is made of before its thread starts.
pub(crate) struct Parts {
    pub index: usize,
    pub core: Core,
    pub clock: Clock,
    pub sockets: Sockets,
    pub listeners: Vec<TcpListener>,
    pub messages: Receiver<Message>,
    pub shared: Arc<Shared>,
    pub coalesce: Duration,
}

impl Worker {
    pub fn new(parts: Parts) -> io::Result<Self> {
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let watch = |fd: &dyn AsFdDyn, token: u64| {
            epoll::add(
                &poll,
                fd.fd(),
                epoll::EventData::new_u64(token),
                epoll::EventFlags::IN,
            )
        };
        watch(parts.shared.mailboxes[parts.index].wake(), MAILBOX)?;
        for (number, socket) in parts.sockets.media.iter().enumerate() {
            watch(socket, 1 + number as u64)?;
        }
        for socket in &parts.sockets.control {
            epoll::add(&poll, socket, epoll::EventData::new_u64(CONTROL), ONCE)?;
        }
        for (number, listener) in parts.listeners.iter().enumerate() {
            listener.set_nonblocking(true)?;
            watch(listener, LISTENERS + number as u64)?;
        }
        let strays = parts.shared.mailboxes.iter().map(|_| Strays::default()).collect();
        Ok(Self {
            index: parts.index,
            core: parts.core,
            clock: parts.clock,
            sockets: parts.sockets,
            control_pace: ControlPace::default(),
            listeners: parts.listeners,
            connections: Connections::default(),
            tcp_of_transport: FxHashMap::default(),
            poll,
            messages: parts.messages,
            shared: parts.shared,
            arena: ReceiveArena::new(),
            strays,
            batch: TransmitBatch::default(),
            counters: ShellCounters::default(),
            latency: LatencyHistogram::default(),
            coalesce: parts.coalesce,
            stopped: false,
        })
    }

    /// Runs until told to stop.
    pub fn run(&mut self) -> io::Result<()> {
        let mut ready: Vec<u64> = Vec::with_capacity(256);
        loop {
            self.wait(&mut ready)?;
            let woken = Instant::now();
            let mut gathered = 0;
            if self.control_pace.is_due(self.clock.now()) || ready.contains(&CONTROL) {
                self.read_control()?;
            }
            for &token in &ready {
                match token {
                    MAILBOX => gathered += self.read_mailbox(),
                    CONTROL => {}
                    token if token >= CONNECTIONS => self.read_connection((token - CONNECTIONS) as usize),
                    token if token >= LISTENERS => self.accept((token - LISTENERS) as usize),
                    token => gathered += self.read_media(token as usize - 1),
                }
            }
            if gathered > 0 {
                self.gather_more(woken, gathered);
            }
            self.work();
            if self.stopped {
                return Ok(());
            }
            self.connections.sweep(woken);
        }
    }

    fn wait(&self, ready: &mut Vec<u64>) -> io::Result<()> {
        let due = self
            .core
            .next_wake()
            .into_iter()
            .chain(self.control_pace.due())
            .min();
        let timeout = due.map(|at| Duration::from_micros(at.0.saturating_sub(self.clock.now().0)));
        // Connections that have to show a check are looked at once a second.
        let sweep = (self.connections.len() > 0).then_some(Duration::from_secs(1));
        let timeout = [timeout, sweep].into_iter().flatten().min();
        let timeout = timeout.map(|timeout| Timespec {
            tv_sec: timeout.as_secs() as i64,
            tv_nsec: i64::from(timeout.subsec_nanos()),
        });
        let mut events = [std::mem::MaybeUninit::uninit(); 128];
        ready.clear();
        match epoll::wait(&self.poll, &mut events, timeout.as_ref()) {
            Ok((events, _)) => ready.extend(events.iter().map(|event| event.data.u64())),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// The rest of a frame arrives within a fraction of a millisecond: what is gathered leaves in one segmented send
    /// for each receiver instead of one send for each packet.
    fn gather_more(&mut self, woken: Instant, mut gathered: usize) {
        if self.coalesce.is_zero() || gathered >= MAX_GATHERED || !self.core.frame_is_open() {
            return;
        }
        let rest = self.coalesce.saturating_sub(woken.elapsed());
        if !rest.is_zero() {
            std::thread::sleep(rest);
        }
        if !self.messages.is_empty() {
            gathered += self.read_mailbox();
        }
        for number in 0..self.sockets.media.len() {
            if gathered < MAX_GATHERED {
                gathered += self.read_media(number);
            }
        }
    }

    /// Reads RTCP, and says when next: on the next beat while much of it comes in, else when epoll tells.
    fn read_control(&mut self) -> io::Result<()> {
        let (now, mut most) = (self.clock.now(), 0);
        for number in 0..self.sockets.control.len() {
            most = most.max(self.read_socket(MAX_CONTROL, |sockets| &sockets.control[number]));
        }
        self.control_pace.read(most, now);
        if self.control_pace.due().is_none() {
            for socket in &self.sockets.control {
                epoll::modify(&self.poll, socket, epoll::EventData::new_u64(CONTROL), ONCE)?;
            }
        }
        Ok(())
    }

    fn read_media(&mut self, number: usize) -> usize {
        self.read_socket(MAX_GATHERED, |sockets| &sockets.media[number])
    }

    /// Takes in what waits at a socket, up to a limit; returns how many datagrams.
    fn read_socket(&mut self, limit: usize, socket: impl Fn(&Sockets) -> &UdpSocket) -> usize {
        let now = self.clock.now();
        let mut total = 0;
        loop {
            self.counters.receive_calls += 1;
            let Ok(more) = self.arena.receive(socket(&self.sockets)) else {
                self.counters.receive_errors += 1;
                return total;
            };
            // What was commanded before a datagram was sent must hold for it.
            if !self.messages.is_empty() {
                self.read_mailbox();
            }
            let (core, shared, strays) = (&mut self.core, &self.shared, &mut self.strays);
            let unknown = &mut self.counters.error_unknown_peer;
            total += self.arena.take(|path, came_us, datagram| {
                let waited_us = came_us.map_or(0, |came_us| Clock::waited_us(came_us, LONGEST_WAIT_US));
                if core.receive_late(now, waited_us, path, datagram) == Disposition::Foreign {
                    // Strangers' garbage costs one look-up.
                    match owner_of(shared, &path, datagram) {
                        Some(worker) => strays[worker].add(path, Time(now.0 - waited_us), datagram),
                        None => *unknown += 1,
                    }
                }
            });
            self.hand_over();
            if !more || total >= limit {
                return total;
            }
        }
    }

    /// Gives datagrams to the workers that know their peers.
    fn hand_over(&mut self) {
        for (worker, strays) in self.strays.iter_mut().enumerate() {
            let count = strays.len() as u64;
            if count == 0 {
                continue;
            }
            // To itself too: a peer may be quicker than the command that adds it, which waits in the mailbox before this.
            let posted = self.shared.mailboxes[worker].post(Message::Datagrams(std::mem::take(strays)));
            if posted && worker != self.index {
                self.counters.handed_over += count;
            }
        }
    }

    /// Does what waits in the mailbox; returns how many datagrams there were.
    fn read_mailbox(&mut self) -> usize {
        self.shared.mailboxes[self.index].wake().clear();
        let mut datagrams = 0;
        while let Ok(message) = self.messages.try_recv() {
            let now = self.clock.now();
            match message {
                Message::Command(command) => self.command(now, command),
                Message::Datagrams(mut strays) => {
                    datagrams += strays.len();
                    strays.take(|path, came, datagram| {
                        let waited_us = now.0.saturating_sub(came.0);
                        if self.core.receive_late(now, waited_us, path, datagram) == Disposition::Foreign {
                            self.counters.error_unknown_peer += 1;
                        }
                    });
                }
                Message::Relayed(records) => {
                    datagrams += 1;
                    self.core.receive_relayed(now, &records);
                }
                Message::Tcp {
                    stream,
                    remote,
                    bytes,
                } => self.adopt(stream, remote, bytes),
                Message::Statistics(reply) => {
                    let _ = reply.try_send(self.statistics()); // nobody waits any more: nothing to do
                }
                Message::TellStatistics => {
                    let found = ShellEvent::Statistics(Box::new(self.statistics()));
                    self.shared.add_events(std::iter::once(found));
                }
                Message::Stop => self.stopped = true,
            }
        }
        datagrams
    }

    fn command(&mut self, now: Time, command: Command) {
        if let Command::RemoveTransport { transport } = &command {
            self.shared.forget(*transport);
            let remotes = self.tcp_of_transport.remove(transport).unwrap_or_default();
            self.core.command(now, command);
            self.work(); // BYE leaves before its connection closes
            self.connections.close(&remotes);
            return;
        }
        self.core.command(now, command);
    }

    fn accept(&mut self, number: usize) {
        while let Ok((stream, remote)) = self.listeners[number].accept() {
            self.adopt(stream, remote, Vec::new());
        }
    }

    fn adopt(&mut self, stream: std::net::TcpStream, remote: SocketAddr, bytes: Vec<u8>) {
        let token = |key: usize| CONNECTIONS + key as u64;
        match self.connections.add(stream, remote, bytes, &self.poll, token) {
            Some(key) => {
                self.counters.tcp_connections += 1;
                let (core, clock) = (&mut self.core, &self.clock);
                self.connections
                    .replay(key, |path, frame| match core.receive(clock.now(), path, frame) {
                        Disposition::Done => Verdict::Accepted,
                        Disposition::Foreign | Disposition::Dropped => Verdict::Stranger,
                    });
            }
            None => self.counters.tcp_refused += 1,
        }
    }

    fn read_connection(&mut self, key: usize) {
        let (core, clock, shared) = (&mut self.core, &self.clock, &self.shared);
        let moved = self
            .connections
            .ready(key, |path, frame| match core.receive(clock.now(), path, frame) {
                Disposition::Done => Verdict::Accepted,
                Disposition::Dropped => Verdict::Stranger,
                Disposition::Foreign => match owner_of(shared, &path, frame) {
                    Some(worker) => Verdict::Move(worker),
                    None => Verdict::Stranger,
                },
            });
        if let Some(Moved {
            worker,
            stream,
            remote,
            bytes,
        }) = moved
        {
            self.counters.handed_over += 1;
            self.shared.mailboxes[worker].post(Message::Tcp {
                stream,
                remote,
                bytes,
            });
        }
    }

    fn work(&mut self) {
        let mut batch = std::mem::take(&mut self.batch);
        loop {
            self.pass_relayed(); // before anything is sent here: the others can work at the same time
            // Each part with its own time: what leaves is remembered with it, and feedback is compared with that.
            let has_more = self.core.poll(self.clock.now(), &mut batch);
            // Before the answer to a check leaves: the peer's next datagram may come to another worker, which must know
            // whose it is.
            self.pass_events();
            let mut rest = batch.transmits();
            while !rest.is_empty() {
                rest = &rest[self.send(rest, &batch)..];
            }
            batch.clear();
            if !has_more {
                break;
            }
        }
        self.pass_relayed();
        self.batch = batch;
    }

    /// Gives other workers what is for them of rooms that are on several.
    fn pass_relayed(&mut self) {
        let (shared, dropped) = (&self.shared, &mut self.counters.relay_dropped);
        self.core.drain_relayed(|worker, records| {
            let spare = Vec::with_capacity(records.len());
            let records = std::mem::replace(records, spare);
            let posted = shared
                .mailboxes
                .get(worker)
                .is_some_and(|mailbox| mailbox.post(Message::Relayed(records)));
            *dropped += u64::from(!posted);
        });
    }

    /// Sends the first of these groups, and those after it that can leave in the same call; returns how many.
    fn send(&mut self, transmits: &[Transmit], batch: &TransmitBatch) -> usize {
        let left = match transmits[0].path.protocol {
            Protocol::Udp => self.send_udp(transmits, batch),
            Protocol::Tcp => {
                self.send_tcp(&transmits[0], batch.bytes(&transmits[0]));
                1
            }
        };
        let now = self.clock.now();
        for transmit in &transmits[..left] {
            if let Some(received_at) = transmit.received_at {
                let latency = now.0.saturating_sub(received_at.0);
                self.latency.record(latency, transmit.datagrams());
            }
        }
        left
    }

    fn send_udp(&mut self, transmits: &[Transmit], batch: &TransmitBatch) -> usize {
        let first = &transmits[0];
        let mut sockets = self.sockets.media.iter();
        let Some(socket) = sockets.find(|one| one.serves(&first.path.local)) else {
            self.counters.send_errors += first.datagrams();
            return 1;
        };
        let from_there = |other: &&Transmit| {
            (other.path.protocol, other.path.local) == (first.path.protocol, first.path.local)
        };
        let together = transmits.iter().take(GROUPS).take_while(from_there).count();
        self.counters.send_calls += 1;
        let left = socket.send_many(&transmits[..together], batch);
        if left > 0 {
            self.counters.datagrams_out += transmits[..left].iter().map(Transmit::datagrams).sum::<u64>();
            return left;
        }
        self.counters.send_calls += 1;
        match send_patiently(socket, first, batch.bytes(first)) {
            Sent::Done => self.counters.datagrams_out += first.datagrams(),
            Sent::Full => self.counters.send_dropped += first.datagrams(),
            Sent::Failed => self.counters.send_errors += first.datagrams(),
        }
        1
    }

    fn send_tcp(&mut self, transmit: &Transmit, bytes: &[u8]) {
        self.counters.send_calls += 1;
        for datagram in bytes.chunks(transmit.segment) {
            if self.connections.send(&transmit.path.remote, datagram) {
                self.counters.datagrams_out += 1;
            } else {
                self.counters.tcp_dropped += 1;
            }
        }
    }

    fn pass_events(&mut self) {
        let (shared, index, tcp) = (&self.shared, self.index, &mut self.tcp_of_transport);
        let events = self.core.drain_events().map(|event| {
            if let Event::IceSelected { transport, path } = &event {
                shared.route_address(*transport, path, index);
                if path.protocol == Protocol::Tcp {
                    tcp.entry(*transport).or_default().push(path.remote);
                }
            }
            ShellEvent::Core(index, event)
        });
        self.counters.dropped_dtls_events += shared.add_events(events);
    }

    fn statistics(&self) -> WorkerStatistics {
        let mut found = WorkerStatistics {
            worker: self.index,
            shell: self.counters,
            forward_latency: self.latency.clone(),
            ..Default::default()
        };
        let cpu = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        found.cpu_us = cpu.tv_sec as u64 * 1_000_000 + cpu.tv_nsec as u64 / 1000;
        self.core.statistics(&mut found.core);
        found
    }
}

/// A full socket buffer is waited for.
fn send_patiently(socket: &UdpSocket, transmit: &Transmit, bytes: &[u8]) -> Sent {
    match socket.send(transmit, bytes) {
        Sent::Full => {
            let timeout = Timespec {
                tv_sec: 0,
                tv_nsec: i64::from(SEND_WAIT.subsec_nanos()),
            };
            let mut wanted = [rustix::event::PollFd::new(socket, rustix::event::PollFlags::OUT)];
            match rustix::event::poll(&mut wanted, Some(&timeout)) {
                Ok(1..) => socket.send(transmit, bytes),
                _ => Sent::Full,
            }
        }
        sent => sent,
    }
}

fn owner_of(shared: &Shared, path: &Path, datagram: &[u8]) -> Option<usize> {
    if DatagramKind::of(datagram) == Some(DatagramKind::Stun) {
        let message = stun::Message::parse(datagram).ok()?;
        return shared.worker_of_ufrag(message.receiver_ufrag()?);
    }
    shared.worker_of_address(path)
}

/// `AsFd` as an object, for the one loop that registers different kinds.
trait AsFdDyn {
    fn fd(&self) -> std::os::fd::BorrowedFd<'_>;
}

impl<T: std::os::fd::AsFd> AsFdDyn for T {
    fn fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.as_fd()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Whoever waits for events learns at once that no more will come.
        let wake: &Wake = &self.shared.events_wake;
        wake.set();
    }
}
