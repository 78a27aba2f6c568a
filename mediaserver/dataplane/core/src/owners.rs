//! Which worker everything lives on, and with it which commands each worker gets: that a track goes from its publisher's
//! worker to those of its receivers is arranged here, and nobody above needs to know of it.

use crate::{Command, ReceiverId, ReceiverParameters, SenderId, TapId, TransportId};
use rustc_hash::FxHashMap;

/// What exists, as the commands so far will leave the cores.
#[derive(Default)]
pub struct Owners {
    transports: FxHashMap<TransportId, usize>,
    receivers: FxHashMap<ReceiverId, Receiver>,
    senders: FxHashMap<SenderId, Sender>,
    taps: FxHashMap<TapId, usize>,
}

struct Receiver {
    transport: TransportId,
    worker: usize,
    parameters: ReceiverParameters,
    film: bool,
    /// How many senders of it each other worker has.
    relays: FxHashMap<usize, usize>,
}

struct Sender {
    transport: TransportId,
    worker: usize,
    receiver: ReceiverId,
}

/// A command with the worker that does it, and what other workers must be told.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Routed {
    /// Without these the command cannot be done.
    pub before: Vec<(usize, Command)>,
    pub worker: usize,
    pub command: Command,
    /// A worker that has failed need not hear of these.
    pub after: Vec<(usize, Command)>,
}

impl Owners {
    /// A new transport lives on this worker. Errors: it exists.
    pub fn add_transport(&mut self, id: TransportId, worker: usize) -> Result<(), String> {
        if self.transports.contains_key(&id) {
            return Err(format!("transport {id} exists"));
        }
        self.transports.insert(id, worker);
        Ok(())
    }

    /// All that have been added and not removed.
    pub fn transports(&self) -> impl Iterator<Item = TransportId> + '_ {
        self.transports.keys().copied()
    }

    /// Finds the worker of a command by what it names. Errors: that does not exist; nothing has changed then.
    pub fn route(&mut self, command: Command) -> Result<Routed, String> {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let worker = match &command {
            Command::AddTransport { .. }
            | Command::SetRelayed { .. }
            | Command::AddRelay { .. }
            | Command::RemoveRelay { .. } => return Err("it is given to no worker by its name".to_owned()),
            Command::RestartIce { transport, .. }
            | Command::SetSrtpKeys { transport, .. }
            | Command::SendDtls { transport, .. }
            | Command::PlayChunk { transport, .. }
            | Command::ReplaceChunk { transport, .. }
            | Command::SetPlaying { transport, .. }
            | Command::SetWantedBitrate { transport, .. } => self.of_transport(*transport)?,
            Command::SetPlayer { transport, streams } => {
                let worker = self.of_transport(*transport)?;
                for stream in streams {
                    if let Some(receiver) = self.receivers.get_mut(&stream.receiver) {
                        receiver.film = true;
                        after.extend(receiver.relayed(stream.receiver));
                    }
                }
                worker
            }
            Command::RemoveTransport { transport } => {
                let worker = self.of_transport(*transport)?;
                self.transports.remove(transport);
                let receivers = self
                    .receivers
                    .extract_if(|_, receiver| receiver.transport == *transport);
                for (id, receiver) in receivers {
                    after.extend(receiver.relays.keys().map(|&worker| (worker, removed(id))));
                }
                let senders: Vec<_> = self
                    .senders
                    .extract_if(|_, sender| sender.transport == *transport)
                    .collect();
                for (_, sender) in senders {
                    after.extend(self.release(&sender));
                }
                worker
            }
            Command::SetReceiver {
                transport,
                receiver: id,
                parameters,
            } => {
                let (transport, worker) = (*transport, self.of_transport(*transport)?);
                let receiver = self.receivers.entry(*id).or_insert_with(|| Receiver {
                    transport,
                    worker,
                    parameters: parameters.clone(),
                    film: false,
                    relays: FxHashMap::default(),
                });
                receiver.parameters = parameters.clone();
                after.extend(receiver.relayed(*id));
                worker
            }
            Command::SetSender {
                transport,
                sender,
                parameters,
            } => {
                let worker = self.of_transport(*transport)?;
                let source = parameters.receiver;
                self.receiver(source)?;
                let made = Sender {
                    transport: *transport,
                    worker,
                    receiver: source,
                };
                let replaced = self.senders.insert(*sender, made);
                if replaced.as_ref().is_none_or(|other| other.receiver != source) {
                    before = self.relay(source, worker);
                    after.extend(replaced.into_iter().flat_map(|other| self.release(&other)));
                }
                worker
            }
            Command::EnableReceiver { receiver, .. } => {
                let receiver = self.receiver(*receiver)?;
                let relays = receiver.relays.keys();
                after.extend(relays.map(|&worker| (worker, command.clone())));
                receiver.worker
            }
            Command::RequestKeyframe { receiver } => self.receiver(*receiver)?.worker,
            Command::RemoveReceiver { receiver: id } => {
                let worker = self.receiver(*id)?.worker;
                let ended = self.receivers.remove(id);
                let relays = ended.iter().flat_map(|receiver| receiver.relays.keys());
                after.extend(relays.map(|&worker| (worker, removed(*id))));
                worker
            }
            Command::AddTap { tap, receiver } => {
                let worker = self.receiver(*receiver)?.worker;
                self.taps.insert(*tap, worker);
                worker
            }
            Command::RemoveTap { tap } => self.taps.remove(tap).ok_or_else(|| format!("no tap {tap}"))?,
            Command::SetSenderTarget { sender, .. } => self.sender(*sender)?.worker,
            Command::RemoveSender { sender: id } => {
                let worker = self.sender(*id)?.worker;
                let ended = self.senders.remove(id);
                after.extend(ended.into_iter().flat_map(|sender| self.release(&sender)));
                worker
            }
        };
        Ok(Routed {
            before,
            worker,
            command,
            after,
        })
    }

    /// One more sender of this track is on this worker; gives what must be said if it is the first.
    fn relay(&mut self, id: ReceiverId, worker: usize) -> Vec<(usize, Command)> {
        let Some(receiver) = self.receivers.get_mut(&id).filter(|found| found.worker != worker) else {
            return Vec::new();
        };
        let count = receiver.relays.entry(worker).or_default();
        *count += 1;
        if *count > 1 {
            return Vec::new();
        }
        // The receiver there is first: nothing may come to it before it exists.
        let relay = Command::AddRelay { receiver: id, worker };
        vec![receiver.relayed_to(id, worker), (receiver.worker, relay)]
    }

    /// A sender is about to end; gives what must be said if it is the last of its track on its worker.
    fn release(&mut self, sender: &Sender) -> Vec<(usize, Command)> {
        let (id, worker) = (sender.receiver, sender.worker);
        let Some(receiver) = self.receivers.get_mut(&id) else {
            return Vec::new(); // it has ended with its senders
        };
        let Some(count) = receiver.relays.get_mut(&worker) else {
            return Vec::new();
        };
        *count -= 1;
        if *count > 0 {
            return Vec::new();
        }
        receiver.relays.remove(&worker);
        let relay = Command::RemoveRelay { receiver: id, worker };
        vec![(receiver.worker, relay), (worker, removed(id))]
    }

    fn of_transport(&self, id: TransportId) -> Result<usize, String> {
        let found = self.transports.get(&id).copied();
        found.ok_or_else(|| format!("no transport {id}"))
    }

    fn receiver(&self, id: ReceiverId) -> Result<&Receiver, String> {
        self.receivers.get(&id).ok_or_else(|| format!("no receiver {id}"))
    }

    fn sender(&self, id: SenderId) -> Result<&Sender, String> {
        self.senders.get(&id).ok_or_else(|| format!("no sender {id}"))
    }
}

impl Receiver {
    /// What the workers with senders of it must know.
    fn relayed(&self, id: ReceiverId) -> impl Iterator<Item = (usize, Command)> + '_ {
        self.relays.keys().map(move |&worker| self.relayed_to(id, worker))
    }

    fn relayed_to(&self, id: ReceiverId, worker: usize) -> (usize, Command) {
        let command = Command::SetRelayed {
            receiver: id,
            worker: self.worker,
            film: self.film,
            parameters: self.parameters.clone(),
        };
        (worker, command)
    }
}

fn removed(receiver: ReceiverId) -> Command {
    Command::RemoveReceiver { receiver }
}
