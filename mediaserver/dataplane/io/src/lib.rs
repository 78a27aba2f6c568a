//! Sockets, threads and time around the sans-IO core.
//!
//! [`DataPlane`] starts worker threads, each with a core and its own sockets on the common ports. Commands go to the
//! worker that owns a transport; events of all workers wait in one queue with an eventfd.

mod clock;
mod control;
mod shared;
mod statistics;
mod steering;
mod tcp;
mod udp;
mod worker;

pub use shared::ShellEvent;
pub use statistics::{FORWARD_LATENCY_BOUNDS_US, LatencyHistogram, ShellCounters, WorkerStatistics};

use clock::Clock;
use polyana_core::{Command, Config, Core, Owners, Protocol, Time, TransportId};
use shared::{Mailbox, Message, Shared, Wake};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::RawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use udp::UdpSocket;
use worker::{Parts, Sockets, Worker};

/// Commands and handed-over datagrams that may wait for a worker.
const MAILBOX_LENGTH: usize = 65_536;
/// Priority of workers (`setpriority`): where Python shares a core with one, its work of a second at once would hold back
/// packets for as long. It keeps a quarter of such a core.
pub const NICE: i32 = -5;
const STATISTICS_TIMEOUT: Duration = Duration::from_millis(200);
pub use polyana_core as core;

/// What to open and how to run it.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Settings {
    pub udp_binds: Vec<SocketAddr>,
    pub tcp_binds: Vec<SocketAddr>,
    pub workers: usize,
    /// How long the rest of a burst is waited for before it is forwarded; 0: not at all.
    pub coalesce: Duration,
    pub core: Config,
}

/// Why a command was refused at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It names a transport, receiver or sender that does not exist.
    Invalid(String),
    /// The worker does not keep up or has ended.
    Busy,
}

/// Worker threads with their sockets.
pub struct DataPlane {
    shared: Arc<Shared>,
    owners: Mutex<Owners>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    udp_addresses: Vec<SocketAddr>,
    tcp_addresses: Vec<SocketAddr>,
    workers: usize,
    clock: Clock,
}

impl DataPlane {
    /// Binds all sockets and starts the threads.
    pub fn start(settings: &Settings) -> io::Result<Self> {
        let clock = Clock::new();
        let (mut sockets, udp_addresses) = bind_udp(&settings.udp_binds, settings.workers)?;
        let listeners = settings
            .tcp_binds
            .iter()
            .map(|bind| listen(*bind))
            .collect::<io::Result<Vec<_>>>()?;
        let tcp_addresses = listeners
            .iter()
            .map(TcpListener::local_addr)
            .collect::<io::Result<Vec<_>>>()?;
        let mut mailboxes = Vec::new();
        let mut receivers = Vec::new();
        for _ in 0..settings.workers {
            let (sender, receiver) = crossbeam_channel::bounded(MAILBOX_LENGTH);
            mailboxes.push(Mailbox::new(sender, Wake::new()?));
            receivers.push(receiver);
        }
        let shared = Arc::new(Shared::new(mailboxes)?);
        let mut listeners = Some(listeners);
        let mut threads = Vec::new();
        for (index, messages) in receivers.into_iter().enumerate() {
            let seed = settings
                .core
                .seed
                .wrapping_add(index as u64)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let worker = Worker::new(Parts {
                index,
                core: Core::new(
                    Config {
                        seed,
                        ..settings.core.clone()
                    },
                    clock.now(),
                ),
                clock,
                sockets: std::mem::take(&mut sockets[index]),
                listeners: listeners.take().unwrap_or_default(),
                messages,
                shared: shared.clone(),
                coalesce: settings.coalesce,
            })?;
            threads.push(spawn(index, worker, shared.clone())?);
        }
        Ok(Self {
            shared,
            owners: Mutex::default(),
            threads: Mutex::new(threads),
            udp_addresses,
            tcp_addresses,
            workers: settings.workers,
            clock,
        })
    }

    /// Number of worker threads.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// The time of the workers' clock, on which packets arrive.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Bound UDP addresses, with real ports.
    pub fn udp_addresses(&self) -> &[SocketAddr] {
        &self.udp_addresses
    }

    /// Bound ICE-TCP addresses, with real ports.
    pub fn tcp_addresses(&self) -> &[SocketAddr] {
        &self.tcp_addresses
    }

    /// An eventfd that is readable while events wait.
    pub fn event_fd(&self) -> RawFd {
        self.shared.events_wake.as_raw_fd()
    }

    /// Takes waiting events, oldest first.
    pub fn take_events(&self, limit: usize) -> Vec<ShellEvent> {
        self.shared.take_events(limit)
    }

    /// Snapshots of all workers that answer in time.
    pub fn statistics(&self) -> Vec<WorkerStatistics> {
        let (sender, receiver) = crossbeam_channel::bounded(self.workers);
        let asked = self
            .shared
            .mailboxes
            .iter()
            .filter(|mailbox| mailbox.post(Message::Statistics(sender.clone())))
            .count();
        drop(sender);
        let mut found: Vec<WorkerStatistics> = (0..asked)
            .map_while(|_| receiver.recv_timeout(STATISTICS_TIMEOUT).ok())
            .collect();
        found.sort_by_key(|statistics| statistics.worker);
        found
    }

    /// The same without waiting: each worker that is asked, which are returned, tells its own as an event.
    pub fn ask_statistics(&self) -> Vec<usize> {
        let mailboxes = self.shared.mailboxes.iter().enumerate();
        let asked = mailboxes.filter(|(_, mailbox)| mailbox.post(Message::TellStatistics));
        asked.map(|(worker, _)| worker).collect()
    }

    /// A new transport lives on this worker.
    pub fn add_transport(
        &self,
        transport: TransportId,
        worker: usize,
        ufrag: String,
        password: String,
    ) -> Result<(), Refused> {
        if worker >= self.workers {
            return Err(Refused::Invalid(format!("no worker {worker}")));
        }
        let mut owners = self.owners();
        owners
            .add_transport(transport, worker)
            .map_err(Refused::Invalid)?;
        self.post(
            worker,
            Command::AddTransport {
                transport,
                ufrag: ufrag.clone(),
                password,
            },
        )?;
        // After the command, so that no datagram can come to the worker before it.
        self.shared.route_ufrag(transport, &ufrag, worker);
        Ok(())
    }

    /// Any other command; the worker is found by what it names.
    pub fn command(&self, command: Command) -> Result<(), Refused> {
        let restarted = match &command {
            Command::RestartIce { transport, ufrag, .. } => Some((*transport, ufrag.clone())),
            _ => None,
        };
        let mut owners = self.owners(); // until all is posted: in the same order to every worker
        let routed = owners.route(command).map_err(Refused::Invalid)?;
        let worker = routed.worker;
        for (worker, command) in routed.before {
            self.post(worker, command)?;
        }
        let done = self.post(worker, routed.command);
        for (worker, command) in routed.after {
            let _ = self.post(worker, command); // a worker that has failed has nothing to change
        }
        drop(owners);
        done?;
        if let Some((transport, ufrag)) = restarted {
            self.shared.route_ufrag(transport, &ufrag, worker);
        }
        Ok(())
    }

    /// Ends the threads and closes the sockets; peers are told with BYE. Idempotent.
    pub fn close(&self) {
        let transports: Vec<TransportId> = self.owners().transports().collect();
        for transport in transports {
            let _ = self.command(Command::RemoveTransport { transport }); // a dead worker has nothing to remove
        }
        for mailbox in &self.shared.mailboxes {
            mailbox.post(Message::Stop);
        }
        let threads = std::mem::take(&mut *lock(&self.threads));
        for thread in threads {
            let _ = thread.join(); // a panic was reported as an event
        }
    }

    fn owners(&self) -> std::sync::MutexGuard<'_, Owners> {
        lock(&self.owners)
    }

    fn post(&self, worker: usize, command: Command) -> Result<(), Refused> {
        if self.shared.mailboxes[worker].post(Message::Command(command)) {
            Ok(())
        } else {
            Err(Refused::Busy)
        }
    }
}

impl Drop for DataPlane {
    fn drop(&mut self) {
        self.close();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Sockets on each address for each worker; a port 0 becomes the same real port for all.
fn bind_udp(binds: &[SocketAddr], workers: usize) -> io::Result<(Vec<Sockets>, Vec<SocketAddr>)> {
    let mut sockets: Vec<Sockets> = (0..workers).map(|_| Sockets::default()).collect();
    let mut addresses = Vec::new();
    for bind in binds {
        // Without SO_REUSEPORT first: another program's port is an error, not shared.
        drop(UdpSocket::bind_alone(*bind)?);
        let mut address = *bind;
        let mut steered = true;
        for (index, worker) in sockets.iter_mut().enumerate() {
            let socket = UdpSocket::bind(address)?;
            address = socket.local();
            if index == 0 {
                steered = steering::steer(&socket, workers).is_ok();
            }
            worker.media.push(socket);
            if steered {
                let control = UdpSocket::bind(address)?;
                control.note_times()?; // it waits for its beat
                worker.control.push(control);
            }
        }
        addresses.push(address);
    }
    Ok((sockets, addresses))
}

fn listen(bind: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(
        socket2::Domain::for_address(bind),
        socket2::Type::STREAM.cloexec(),
        None,
    )?;
    socket.set_reuse_address(true)?;
    if bind.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&bind.into())?;
    socket.listen(512)?;
    Ok(socket.into())
}

fn spawn(index: usize, mut worker: Worker, shared: Arc<Shared>) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name(format!("dataplane-{index}"))
        .spawn(move || {
            // On Linux of this thread alone. Without the right to it (LimitNICE=) all goes on as it is.
            let _ = rustix::process::setpriority_process(None, NICE);
            let reason = match catch_unwind(AssertUnwindSafe(|| worker.run())) {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error.to_string(),
                Err(panic) => panic_text(panic.as_ref()),
            };
            shared.add_events(std::iter::once(ShellEvent::WorkerFailed {
                worker: index,
                reason,
            }));
        })
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("panic").to_owned()
}

/// Text form of a path's protocol.
pub fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Udp => "udp",
        Protocol::Tcp => "tcp",
    }
}
