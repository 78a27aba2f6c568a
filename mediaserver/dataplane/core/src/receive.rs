//! What arrives: STUN, DTLS and SRTP, told apart and taken in.

use crate::commands::push_bytes;
use crate::extension::Kind;
use crate::ice::Check;
use crate::receiver::{Arrival, Outcome};
use crate::transport::{MAX_STREAMS, Route, Stream};
use crate::{Core, Disposition, Event, Path, Time};
use polyana_wire::rtp::Header;
use polyana_wire::{DatagramKind, Error, srtp, stun};

/// A STUN check with everything that browsers put in is below this.
const MAX_STUN: usize = 548;
const MAX_DTLS: usize = 4096;
/// DTLS datagrams of all peers that may wait for the control plane.
const MAX_WAITING_EVENTS: usize = 4096;

impl Core {
    /// Takes one datagram that has waited to be read for so many microseconds, as `receive` does.
    pub fn receive_late(
        &mut self,
        now: Time,
        waited_us: u64,
        path: Path,
        datagram: &mut [u8],
    ) -> Disposition {
        self.waited_us = waited_us;
        let disposition = self.receive(now, path, datagram);
        self.waited_us = 0;
        disposition
    }

    /// When the datagram that is taken in came.
    pub(crate) fn came_at(&self, now: Time) -> Time {
        Time(now.0.saturating_sub(self.waited_us))
    }

    /// Takes one datagram; the buffer is scratch afterwards.
    pub fn receive(&mut self, now: Time, path: Path, datagram: &mut [u8]) -> Disposition {
        self.counters.datagrams_in += 1;
        let Some(kind) = DatagramKind::of(datagram) else {
            self.counters.error_unclassified += 1;
            return Disposition::Dropped;
        };
        if kind == DatagramKind::Stun {
            return self.receive_stun(now, path, datagram);
        }
        let Some(&transport) = self.by_address.get(&(path.protocol, path.remote)) else {
            return Disposition::Foreign;
        };
        self.transports[transport].bytes_in += datagram.len() as u64;
        match kind {
            DatagramKind::Dtls => self.receive_dtls(now, transport, datagram),
            DatagramKind::Rtp => self.receive_rtp(now, transport, path, datagram),
            DatagramKind::Rtcp => self.receive_rtcp(now, transport, path, datagram),
            DatagramKind::Stun => {}
        }
        Disposition::Done
    }

    fn receive_stun(&mut self, now: Time, path: Path, datagram: &[u8]) -> Disposition {
        if datagram.len() > MAX_STUN {
            self.counters.error_stun_malformed += 1;
            return Disposition::Dropped;
        }
        let Ok(message) = stun::Message::parse(datagram) else {
            self.counters.error_stun_malformed += 1;
            return Disposition::Dropped;
        };
        if message.class != stun::Class::Request {
            return Disposition::Dropped; // we send no checks, so nobody has anything to answer
        }
        let Some(ufrag) = message.receiver_ufrag() else {
            self.counters.error_stun_unauthenticated += 1;
            return Disposition::Dropped;
        };
        let Some(&transport) = self.by_ufrag.get(ufrag) else {
            return Disposition::Foreign;
        };
        let Some(password) = self.transports[transport].ice.password(ufrag) else {
            return Disposition::Dropped;
        };
        if !message.verify_integrity(password.as_bytes()) {
            // Silence: an answer to somebody without the password would serve only reflection.
            self.counters.error_stun_unauthenticated += 1;
            return Disposition::Dropped;
        }
        self.counters.stun_requests += 1;
        let answer = self.control.push(&path, None, |buffer| {
            stun::write_success(buffer, &message.transaction_id, path.remote, password.as_bytes()).ok()
        });
        self.transports[transport].count_out(1, answer.unwrap_or(0) as u64);
        self.path_checked(now, transport, path, message.use_candidate, ufrag);
        self.transports[transport].bytes_in += datagram.len() as u64;
        Disposition::Done
    }

    fn path_checked(&mut self, now: Time, transport: usize, path: Path, nominated: bool, ufrag: &str) {
        let ice = &mut self.transports[transport].ice;
        if let Some(retired) = ice.retire_previous(ufrag) {
            self.by_ufrag.remove(&retired);
        }
        let (check, forgotten) = self.transports[transport].ice.checked(path, nominated, now);
        if let Some(forgotten) = forgotten {
            self.forget_path(&forgotten, transport);
        }
        self.by_address.insert((path.protocol, path.remote), transport);
        self.after_check(now, transport, check);
    }

    /// Authentic SRTP or SRTCP has come over this path.
    pub(crate) fn authentic_from(&mut self, now: Time, transport: usize, path: &Path) {
        let check = self.transports[transport].ice.media_from(path, now);
        self.after_check(now, transport, check);
    }

    fn after_check(&mut self, now: Time, transport: usize, check: Check) {
        let owner = &mut self.transports[transport];
        let (Check::Selected, Some(path)) = (check, owner.ice.selected) else {
            return;
        };
        self.events.push_back(Event::IceSelected {
            transport: owner.id,
            path,
        });
        for datagram in owner.take_waiting_dtls() {
            owner.count_out(1, datagram.len() as u64);
            push_bytes(&mut self.control, &path, &datagram);
        }
        self.wake_for_films(transport, now);
    }

    fn receive_dtls(&mut self, now: Time, transport: usize, datagram: &[u8]) {
        let owner = &mut self.transports[transport];
        let fits = datagram.len() <= MAX_DTLS && self.events.len() < MAX_WAITING_EVENTS;
        if !fits || !owner.dtls_budget.spend(now) {
            self.counters.dropped_dtls += 1;
            return;
        }
        let transport = owner.id;
        self.events.push_back(Event::DtlsReceived {
            transport,
            datagram: datagram.to_vec(),
        });
    }

    fn receive_rtp(&mut self, now: Time, transport: usize, path: Path, datagram: &mut [u8]) {
        let Ok(header) = Header::parse(datagram) else {
            self.counters.error_rtp_malformed += 1;
            return;
        };
        let Some((route, length)) = self.unprotect(transport, &header, datagram) else {
            return;
        };
        let packet = &datagram[..length];
        self.counters.rtp_packets_in += 1;
        self.counters.rtp_bytes_in += length as u64;
        self.authentic_from(now, transport, &path);
        self.read_extensions(now, transport, &route, &header, packet);
        if self.config.max_video_bps > 0 {
            self.police(route.receiver, length, now);
        }
        let arrival = Arrival {
            header: &header,
            packet,
            rtx: route.rtx,
            now,
        };
        self.take_in(&route, &arrival);
    }

    /// A packet of a peer, of a film or of another worker enters its track.
    pub(crate) fn take_in(&mut self, route: &Route, arrival: &Arrival<'_>) {
        let outcome = self.receivers[route.receiver].accept(route.encoding, arrival);
        if self.receivers[route.receiver].origin.is_none() {
            self.count(outcome, route);
        }
        if outcome == Outcome::Stored {
            self.relay_packet(route, arrival);
        }
        self.after_arrival(arrival.now, route, arrival.header.ssrc, outcome);
    }

    /// Decrypts in place; gives where the packet goes and its plain length.
    fn unprotect(
        &mut self,
        transport: usize,
        header: &Header,
        datagram: &mut [u8],
    ) -> Option<(Route, usize)> {
        let owner = &mut self.transports[transport];
        let Some(keys) = owner.keys.as_mut() else {
            self.counters.error_no_keys += 1;
            return None;
        };
        if let Some(stream) = owner.streams.get_mut(&header.ssrc) {
            return match keys.receiver.unprotect_rtp(&mut stream.srtp, header, datagram) {
                Ok(length) => Some((stream.route, length)),
                Err(Error::Replayed) => {
                    self.counters.error_srtp_replayed += 1;
                    None
                }
                Err(_) => {
                    self.counters.error_srtp_authentication += 1;
                    None
                }
            };
        }
        // Unknown SSRC: only an authentic packet may add to the table.
        let mut state = srtp::ReceiveStream::default();
        let Ok(length) = keys.receiver.unprotect_rtp(&mut state, header, datagram) else {
            self.counters.error_srtp_authentication += 1;
            return None;
        };
        let Some(route) = self.resolve(transport, header, &datagram[..length]) else {
            self.counters.error_rtp_unknown_stream += 1;
            return None;
        };
        self.learn(transport, header.ssrc, Stream { route, srtp: state });
        Some((route, length))
    }

    /// Finds the track of an unknown SSRC by MID and RID (RFC 8843, section 9.2; RFC 8852), else by payload type where
    /// only one receiver has it.
    fn resolve(&self, transport: usize, header: &Header, packet: &[u8]) -> Option<Route> {
        let candidates = || self.transports[transport].receivers.iter().copied();
        let element = |receiver: usize, kind: Kind| {
            let id = self.receivers[receiver].ids.id(kind)?;
            let (_, value) = header.extensions(packet).find(|(found, _)| *found == id)?;
            std::str::from_utf8(value).ok()
        };
        let by_mid =
            candidates().find(|&index| element(index, Kind::Mid) == Some(self.receivers[index].mid.as_str()));
        let mut with_type = candidates().filter(|&index| {
            let has_mid = element(index, Kind::Mid).is_some();
            !has_mid && self.receivers[index].payload_type(header.payload_type).is_some()
        });
        let receiver = by_mid.or_else(|| with_type.next().filter(|_| with_type.next().is_none()))?;
        let repairs = self.receivers[receiver]
            .payload_type(header.payload_type)?
            .repairs
            .is_some();
        let rid = element(receiver, if repairs { Kind::RepairedRid } else { Kind::Rid })
            .or_else(|| element(receiver, Kind::Rid));
        let encodings = &self.receivers[receiver].encodings;
        let encoding = match rid {
            Some(rid) => encodings
                .iter()
                .position(|encoding| encoding.parameters.rid.as_deref() == Some(rid))?,
            None if encodings.len() == 1 => 0,
            None => return None,
        };
        Some(Route {
            receiver,
            encoding,
            rtx: repairs,
        })
    }

    fn learn(&mut self, transport: usize, ssrc: u32, stream: Stream) {
        let Route {
            receiver,
            encoding,
            rtx,
        } = stream.route;
        let streams = &mut self.transports[transport].streams;
        if streams.len() >= MAX_STREAMS {
            // Old SSRCs of the same encoding ended when this one began.
            streams.retain(|_, known| known.route != stream.route);
        }
        if streams.len() < MAX_STREAMS {
            streams.insert(ssrc, stream);
        }
        if rtx {
            self.receivers[receiver].encodings[encoding].parameters.rtx_ssrc = Some(ssrc);
        } else {
            self.begin_stream(receiver, encoding, ssrc);
        }
    }

    /// What comes in of an encoding has this SSRC from now on.
    pub(crate) fn begin_stream(&mut self, receiver: usize, encoding: usize, ssrc: u32) {
        let known = &mut self.receivers[receiver].encodings[encoding];
        if known.extender.highest.is_some() {
            known.restart(ssrc);
            for &sender in &self.receivers[receiver].senders {
                self.senders[sender].source_restarted(encoding);
            }
        } else {
            known.parameters.ssrc = Some(ssrc);
        }
    }

    pub(crate) fn read_extensions(
        &mut self,
        now: Time,
        transport: usize,
        route: &Route,
        header: &Header,
        packet: &[u8],
    ) {
        let receiver = &mut self.receivers[route.receiver];
        let is_own = receiver.origin.is_none();
        for (id, value) in header.extensions(packet) {
            match (receiver.ids.kind(id), value) {
                (Some(Kind::TransportSequence), &[high, low, ..]) if is_own => {
                    let owner = &mut self.transports[transport];
                    owner
                        .feedback
                        .record(u16::from_be_bytes([high, low]), header.ssrc, now);
                    let at = owner.feedback_at(self.config.feedback_interval_us, now);
                    self.timers.bring_forward(owner, transport, at);
                }
                (Some(Kind::AudioLevel), &[level, ..]) if receiver.enabled => {
                    let (level, threshold) = (level & 0x7f, self.config.audio_threshold_dbov);
                    if is_own {
                        receiver.level.record(level, threshold);
                    }
                    if self.config.loudest_speakers > 0 {
                        receiver.loudness.record(level, threshold, now);
                    }
                }
                _ => {}
            }
        }
    }

    fn count(&mut self, outcome: Outcome, route: &Route) {
        let counters = &mut self.counters;
        match outcome {
            Outcome::Stored if route.rtx => counters.retransmitted_in += 1,
            Outcome::Stored | Outcome::Probe => {}
            Outcome::UnknownPayloadType => counters.error_rtp_unknown_stream += 1,
            Outcome::Malformed => counters.error_rtp_malformed += 1,
            Outcome::Duplicate | Outcome::TooOld => counters.duplicates_in += 1,
            Outcome::Disabled if self.receivers[route.receiver].allowance.is_over() => {
                counters.dropped_over_limit += 1;
            }
            Outcome::Disabled => counters.dropped_disabled += 1,
        }
    }

    fn after_arrival(&mut self, now: Time, route: &Route, ssrc: u32, outcome: Outcome) {
        let receiver = &mut self.receivers[route.receiver];
        // Decoders that wait for this track are served at once; nobody waits for a first keyframe to pass by.
        let waits = receiver.has_takers() && receiver.film.is_none();
        let encoding = &mut receiver.encodings[route.encoding];
        if !route.rtx && !encoding.live && matches!(outcome, Outcome::Stored | Outcome::Disabled) {
            encoding.live = true;
            if receiver.kind == crate::MediaKind::Video && waits {
                encoding.keyframe.want();
            }
            let number = route.encoding as u8;
            if receiver.origin.is_none() {
                self.events.push_back(Event::EncodingStarted {
                    receiver: receiver.id,
                    encoding: number,
                    ssrc,
                });
            }
            self.tell_senders(route.receiver, route.encoding, Some(number));
        }
        let receiver = &mut self.receivers[route.receiver];
        let recovered = std::mem::take(&mut receiver.encodings[route.encoding].recovered);
        if receiver.origin.is_none() {
            self.counters.red_recovered += recovered;
        }
        if outcome == Outcome::Stored && !receiver.queued {
            receiver.queued = true;
            self.queued.push(route.receiver);
        }
        let owner = receiver.transport;
        let encoding = &receiver.encodings[route.encoding];
        let keyframe = encoding.keyframe.next(self.config.keyframe_interval_us);
        let nack = if receiver.origin.is_none() {
            encoding.nack.next_due()
        } else {
            None
        };
        if let Some(due) = [nack, keyframe].into_iter().flatten().min() {
            self.wake_transport(owner, Time(due.0.max(now.0)));
        }
    }

    /// Runs the timers of a transport at `at` or before.
    pub(crate) fn wake_transport(&mut self, transport: usize, at: Time) {
        self.timers
            .bring_forward(&mut self.transports[transport], transport, at);
    }
}
