//! The desired state, applied. What does not fit becomes an event and changes nothing.

use crate::congestion::Congestion;
use crate::ice::Ice;
use crate::loudest::voices;
use crate::receiver::Receiver;
use crate::sender::Sender;
use crate::transport::{MAX_STREAMS, Route, Stream, Transport};
use crate::{
    Command, Core, Event, MediaKind, Path, ReceiverId, ReceiverParameters, SenderId, SenderParameters, Time,
    TransmitBatch, TransportId,
};
use polyana_wire::rtcp::Writer;
use polyana_wire::srtp::ReceiveStream;

/// Encodings of one receiver: three simulcast layers, and room for more.
const MAX_ENCODINGS: usize = 8;

impl Core {
    /// Applies one command. A command that does not fit gives [`Event::CommandFailed`], nothing else changes.
    pub fn command(&mut self, now: Time, command: Command) {
        if let Err(reason) = self.apply(now, command) {
            self.events.push_back(Event::CommandFailed { reason });
        }
    }

    fn apply(&mut self, now: Time, command: Command) -> Result<(), String> {
        match command {
            Command::AddTransport {
                transport,
                ufrag,
                password,
            } => self.add_transport(transport, ufrag, password, now),
            Command::RestartIce {
                transport,
                ufrag,
                password,
            } => self.restart_ice(transport, ufrag, password),
            Command::RemoveTransport { transport } => self.remove_transport(transport),
            Command::SetSrtpKeys { transport, keys } => {
                let index = self.transport_index(transport)?;
                self.transports[index]
                    .set_keys(&keys)
                    .map_err(|error| format!("keys of transport {transport}: {error}"))?;
                self.wake_for_films(index, now);
                Ok(())
            }
            Command::SendDtls { transport, datagram } => self.send_dtls(transport, datagram),
            Command::SetReceiver {
                transport,
                receiver,
                parameters,
            } => self.set_receiver(transport, receiver, parameters),
            Command::EnableReceiver { receiver, enabled } => self.enable_receiver(receiver, enabled, now),
            Command::RemoveReceiver { receiver } => self.remove_receiver(receiver),
            Command::SetSender {
                transport,
                sender,
                parameters,
            } => self.set_sender(transport, sender, &parameters, now),
            Command::SetSenderTarget { sender, target } => {
                let index = self.sender_index(sender)?;
                if self.senders[index].set_target(target) {
                    self.events.push_back(Event::SenderEncodingChanged {
                        sender,
                        encoding: None,
                    });
                }
                self.wake_for_films(self.senders[index].transport, now);
                Ok(())
            }
            Command::RemoveSender { sender } => self.remove_sender(sender),
            Command::SetWantedBitrate {
                transport,
                bits_per_second,
            } => {
                let index = self.transport_index(transport)?;
                if let Some(congestion) = &mut self.transports[index].congestion {
                    congestion.set_wanted(bits_per_second);
                    self.tell_estimate(index, now);
                }
                Ok(())
            }
            Command::SetPlayer { transport, streams } => self.set_player(transport, &streams),
            Command::PlayChunk {
                transport,
                chunk,
                media_us,
                restart,
            } => self.play_chunk(transport, chunk, media_us, restart, now),
            Command::ReplaceChunk {
                transport,
                chunk,
                media_us,
            } => self.replace_chunk(transport, chunk, media_us),
            Command::SetPlaying { transport, playing } => self.set_playing(transport, playing, now),
            Command::SetRelayed {
                receiver,
                worker,
                film,
                parameters,
            } => self.set_relayed(receiver, worker, film, parameters, now),
            Command::AddRelay { receiver, worker } => self.add_relay(receiver, worker, now),
            Command::RemoveRelay { receiver, worker } => self.remove_relay(receiver, worker),
            Command::AddTap { tap, receiver } => self.add_tap(tap, receiver, now),
            Command::RemoveTap { tap } => self.remove_tap(tap, now),
            Command::RequestKeyframe { receiver } => {
                let index = self.receiver_index(receiver)?;
                self.want_keyframes(index, now);
                Ok(())
            }
        }
    }

    pub(crate) fn transport_index(&self, id: TransportId) -> Result<usize, String> {
        self.transport_ids
            .get(&id)
            .copied()
            .ok_or_else(|| format!("no transport {id}"))
    }

    pub(crate) fn receiver_index(&self, id: ReceiverId) -> Result<usize, String> {
        self.receiver_ids
            .get(&id)
            .copied()
            .ok_or_else(|| format!("no receiver {id}"))
    }

    fn sender_index(&self, id: SenderId) -> Result<usize, String> {
        self.sender_ids
            .get(&id)
            .copied()
            .ok_or_else(|| format!("no sender {id}"))
    }

    fn add_transport(
        &mut self,
        id: TransportId,
        ufrag: String,
        password: String,
        now: Time,
    ) -> Result<(), String> {
        if self.transport_ids.contains_key(&id) || self.by_ufrag.contains_key(&ufrag) {
            return Err(format!("transport {id} or its ufrag exists"));
        }
        let random = self.random.next();
        let index = self.transports.insert(Transport::new(
            id,
            Ice::new(ufrag.clone(), password, now),
            random,
            now,
        ));
        self.transport_ids.insert(id, index);
        self.by_ufrag.insert(ufrag, index);
        self.wake_transport(index, Time(now.0 + 1_000_000));
        Ok(())
    }

    fn restart_ice(&mut self, id: TransportId, ufrag: String, password: String) -> Result<(), String> {
        let index = self.transport_index(id)?;
        if self.by_ufrag.contains_key(&ufrag) {
            return Err(format!("ufrag of transport {id} exists"));
        }
        if let Some(ended) = self.transports[index].ice.restart(ufrag.clone(), password) {
            self.by_ufrag.remove(&ended);
        }
        self.by_ufrag.insert(ufrag, index);
        Ok(())
    }

    fn remove_transport(&mut self, id: TransportId) -> Result<(), String> {
        let index = self.transport_index(id)?;
        self.send_bye(index);
        for sender in std::mem::take(&mut self.transports[index].senders) {
            self.drop_sender(sender);
        }
        for receiver in std::mem::take(&mut self.transports[index].receivers) {
            self.drop_receiver(receiver);
        }
        let transport = self.transports.remove(index);
        self.transport_ids.remove(&id);
        self.by_ufrag.retain(|_, owner| *owner != index);
        for path in transport.ice.paths() {
            self.forget_path(path, index);
        }
        Ok(())
    }

    pub(crate) fn forget_path(&mut self, path: &Path, transport: usize) {
        let key = (path.protocol, path.remote);
        if self.by_address.get(&key) == Some(&transport) {
            self.by_address.remove(&key);
        }
    }

    fn send_bye(&mut self, index: usize) {
        let transport = &mut self.transports[index];
        let ssrcs: Vec<u32> = transport
            .senders
            .iter()
            .map(|&sender| self.senders[sender].ssrc())
            .collect();
        let (Some(path), Some(keys)) = (transport.ice.live_path(), transport.keys.as_mut()) else {
            return;
        };
        for chunk in ssrcs.chunks(31) {
            self.control.push(&path, None, |buffer| {
                let mut writer = Writer::new(buffer);
                writer
                    .receiver_report(transport.ssrc, &[])
                    .and_then(|()| writer.bye(chunk))
                    .ok()?;
                let length = writer.length();
                keys.sender.protect_rtcp(buffer, length).ok()
            });
        }
    }

    fn send_dtls(&mut self, id: TransportId, datagram: Vec<u8>) -> Result<(), String> {
        let index = self.transport_index(id)?;
        let owner = &mut self.transports[index];
        match owner.ice.live_path() {
            Some(path) => {
                owner.count_out(1, datagram.len() as u64);
                push_bytes(&mut self.control, &path, &datagram);
            }
            None => owner.wait_dtls(datagram),
        }
        Ok(())
    }

    fn set_receiver(
        &mut self,
        transport: TransportId,
        id: ReceiverId,
        parameters: ReceiverParameters,
    ) -> Result<(), String> {
        let owner = self.transport_index(transport)?;
        let index = self.put_receiver(owner, id, parameters)?;
        self.route_declared(owner, index);
        Ok(())
    }

    /// Creates a receiver of this transport or replaces its parameters.
    pub(crate) fn put_receiver(
        &mut self,
        owner: usize,
        id: ReceiverId,
        parameters: ReceiverParameters,
    ) -> Result<usize, String> {
        if parameters.encodings.is_empty() || parameters.encodings.len() > MAX_ENCODINGS {
            return Err(format!(
                "receiver {id} has {} encodings",
                parameters.encodings.len()
            ));
        }
        match self.receiver_ids.get(&id) {
            Some(&index) if self.receivers[index].transport != owner => {
                Err(format!("receiver {id} belongs to another transport"))
            }
            Some(&index) => {
                self.receivers[index].configure(parameters);
                Ok(index)
            }
            None => {
                let receiver = Receiver::new(id, owner, parameters, self.config.cache_packets);
                let index = self.receivers.insert(receiver);
                self.receiver_ids.insert(id, index);
                self.transports[owner].receivers.push(index);
                Ok(index)
            }
        }
    }

    /// SSRCs that the description tells are known before their first packet.
    fn route_declared(&mut self, owner: usize, receiver: usize) {
        let transport = &mut self.transports[owner];
        transport.forget_streams(receiver, self.receivers[receiver].encodings.len());
        for (encoding, stream) in self.receivers[receiver].encodings.iter().enumerate() {
            let declared = [
                (stream.parameters.ssrc, false),
                (stream.parameters.rtx_ssrc, true),
            ];
            for (ssrc, rtx) in declared.into_iter().filter_map(|(ssrc, rtx)| Some((ssrc?, rtx))) {
                let route = Route {
                    receiver,
                    encoding,
                    rtx,
                };
                if let Some(known) = transport.streams.get_mut(&ssrc) {
                    known.route = route;
                } else if transport.streams.len() < MAX_STREAMS {
                    transport.streams.insert(
                        ssrc,
                        Stream {
                            route,
                            srtp: ReceiveStream::default(),
                        },
                    );
                }
            }
        }
    }

    fn enable_receiver(&mut self, id: ReceiverId, enabled: bool, now: Time) -> Result<(), String> {
        let index = self.receiver_index(id)?;
        let was = std::mem::replace(&mut self.receivers[index].enabled, enabled);
        if enabled && !was {
            for encoding in &mut self.receivers[index].encodings {
                encoding.layer_bytes.tell_anew();
            }
            self.begin_anew(index, now);
        }
        Ok(())
    }

    /// What was dropped meanwhile is missing for decoders: each stream goes on as after a switch.
    pub(crate) fn begin_anew(&mut self, receiver: usize, now: Time) {
        self.relay_anew(receiver, now);
        for position in 0..self.receivers[receiver].senders.len() {
            let sender = self.receivers[receiver].senders[position];
            self.senders[sender].current = None;
        }
        for encoding in &mut self.receivers[receiver].encodings {
            encoding.group = None;
        }
        self.want_keyframes(receiver, now);
    }

    pub(crate) fn want_keyframes(&mut self, receiver: usize, now: Time) {
        if self.receivers[receiver].kind == MediaKind::Audio {
            return;
        }
        let owner = self.receivers[receiver].transport;
        let is_film = self.receivers[receiver].film.is_some(); // one that stands has a picture to show
        for encoding in self.receivers[receiver]
            .encodings
            .iter_mut()
            .filter(|encoding| encoding.live || is_film)
        {
            encoding.keyframe.want();
        }
        self.wake_transport(owner, now);
    }

    fn remove_receiver(&mut self, id: ReceiverId) -> Result<(), String> {
        let index = self.receiver_index(id)?;
        let owner = self.receivers[index].transport;
        self.transports[owner]
            .receivers
            .retain(|&receiver| receiver != index);
        self.transports[owner].forget_streams(index, 0);
        self.drop_receiver(index);
        Ok(())
    }

    /// Removes a receiver that its transport no longer lists, and the senders that forwarded it.
    fn drop_receiver(&mut self, index: usize) {
        for sender in std::mem::take(&mut self.receivers[index].senders) {
            let owner = self.senders[sender].transport;
            if let Some(transport) = self.transports.get_mut(owner) {
                transport.senders.retain(|&other| other != sender);
                transport.voices = voices(&transport.senders, &self.senders);
            }
            let ended = self.senders.remove(sender);
            self.sender_ids.remove(&ended.id);
        }
        self.end_taps(index);
        self.queued.retain(|&queued| queued != index);
        let ended = self.receivers.remove(index);
        self.receiver_ids.remove(&ended.id);
    }

    fn set_sender(
        &mut self,
        transport: TransportId,
        id: SenderId,
        parameters: &SenderParameters,
        now: Time,
    ) -> Result<(), String> {
        let owner = self.transport_index(transport)?;
        let source = self.receiver_index(parameters.receiver)?;
        let existing = self.sender_ids.get(&id).copied();
        if let Some(index) = existing {
            if self.senders[index].transport != owner {
                return Err(format!("sender {id} belongs to another transport"));
            }
            if self.senders[index].ssrc() == parameters.ssrc {
                let before = self.senders[index].receiver;
                self.receivers[before].senders.retain(|&sender| sender != index);
                self.senders[index].configure(source, &self.receivers[source], parameters);
                self.receivers[source].senders.push(index);
                self.expect_feedback(index, now);
                self.wake_for_films(owner, now);
                return Ok(());
            }
            self.remove_sender(id)?;
        }
        let random = self.random.next();
        let sender = Sender::new(id, owner, source, &self.receivers[source], parameters, random);
        let index = self.senders.insert(sender);
        self.sender_ids.insert(id, index);
        let transport = &mut self.transports[owner];
        transport.senders.push(index);
        transport.voices = voices(&transport.senders, &self.senders);
        self.receivers[source].senders.push(index);
        self.expect_feedback(index, now);
        if self.senders[index].memory.is_some() {
            self.wake_transport(owner, now);
        } else {
            self.want_keyframes(source, now);
        }
        Ok(())
    }

    /// Where the peer gives feedback on a sender of video, its line is watched from then on.
    fn expect_feedback(&mut self, sender: usize, now: Time) {
        let sender = &self.senders[sender];
        let index = sender.transport;
        let owner = &mut self.transports[index];
        if sender.kind == MediaKind::Video && sender.gets_feedback() && owner.congestion.is_none() {
            owner.congestion = Some(Box::new(Congestion::new(now)));
            self.tell_estimate(index, now);
        }
    }

    fn remove_sender(&mut self, id: SenderId) -> Result<(), String> {
        let index = self.sender_index(id)?;
        let owner = self.senders[index].transport;
        let transport = &mut self.transports[owner];
        transport.senders.retain(|&sender| sender != index);
        transport.voices = voices(&transport.senders, &self.senders);
        self.drop_sender(index);
        Ok(())
    }

    /// Removes a sender that its transport no longer lists.
    fn drop_sender(&mut self, index: usize) {
        let ended = self.senders.remove(index);
        self.sender_ids.remove(&ended.id);
        if let Some(receiver) = self.receivers.get_mut(ended.receiver) {
            receiver.senders.retain(|&sender| sender != index);
        }
    }
}

/// Appends a ready datagram; one that is longer than a network carries is dropped.
pub(crate) fn push_bytes(batch: &mut TransmitBatch, path: &Path, datagram: &[u8]) {
    batch.push(path, None, |buffer| {
        buffer.get_mut(..datagram.len())?.copy_from_slice(datagram);
        Some(datagram.len())
    });
}
