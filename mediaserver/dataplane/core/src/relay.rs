//! Rooms on several workers: what comes in of a track is passed on once to each worker that has senders of it, and goes on
//! from there as if it had come in there. Back come only requests for keyframes; losses are made good where the publisher is.
//!
//! What is passed on are records of bytes, not objects: the shell carries them from thread to thread, and could from machine
//! to machine.

use crate::ice::Ice;
use crate::receiver::{Arrival, Film, Receiver};
use crate::transport::{Route, Transport};
use crate::{Core, MediaKind, ReceiverId, ReceiverParameters, Time, TransportId};
use polyana_wire::rtcp::SenderInfo;
use polyana_wire::rtp::Header;

/// Before each payload, little endian: receiver (u64), arrival at the publisher's worker (u64, microseconds), length of the
/// payload (u16), encoding, kind (u8 each).
const HEADER: usize = 20;
/// A decrypted RTP packet.
const PACKET: u8 = 0;
/// The same, a retransmission (RFC 4588).
const REPAIR: u8 = 1;
/// What the publisher's sender report says: NTP time (u64), RTP time and SSRC (u32 each).
const CLOCK: u8 = 2;
/// The film that this track is of stands, or moves.
const FILM_STANDS: u8 = 3;
const FILM_MOVES: u8 = 4;
/// Something of the stream is missing: it goes on as after a switch.
const ANEW: u8 = 5;
/// Of a film: what came in before.
const MEMORY: u8 = 6;
/// The other way: decoders there need a keyframe.
const KEYFRAME_WANTED: u8 = 7;

/// Of the transport that owns what comes from other workers. It has no peer and is told to nobody.
const NOBODY: TransportId = TransportId::MAX;

/// What goes to other workers, and what comes from them.
#[derive(Default)]
pub(crate) struct Relays {
    /// Records for each worker that there ever were some for.
    outgoing: Vec<(usize, Vec<u8>)>,
    /// Slab index of the transport that owns what comes in.
    pub transport: Option<usize>,
}

struct Record<'a> {
    receiver: ReceiverId,
    at: Time,
    encoding: usize,
    kind: u8,
    payload: &'a [u8],
}

impl<'a> Record<'a> {
    /// The first record, and those after it. None: there is no whole one.
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (receiver, rest) = bytes.split_first_chunk()?;
        let (at, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (&[encoding, kind], rest) = rest.split_first_chunk()?;
        let (payload, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        let record = Self {
            receiver: u64::from_le_bytes(*receiver),
            at: Time(u64::from_le_bytes(*at)),
            encoding: usize::from(encoding),
            kind,
            payload,
        };
        Some((record, rest))
    }

    fn write(&self, into: &mut Vec<u8>) {
        let Ok(length) = u16::try_from(self.payload.len()) else {
            return; // no datagram is so long
        };
        into.reserve(HEADER + self.payload.len());
        into.extend(self.receiver.to_le_bytes());
        into.extend(self.at.0.to_le_bytes());
        into.extend(length.to_le_bytes());
        into.extend([self.encoding as u8, self.kind]);
        into.extend(self.payload);
    }
}

impl Relays {
    fn pass_on(&mut self, worker: usize, record: &Record<'_>) {
        let known = self.outgoing.iter().position(|(known, _)| *known == worker);
        let place = known.unwrap_or_else(|| {
            self.outgoing.push((worker, Vec::new()));
            self.outgoing.len() - 1
        });
        record.write(&mut self.outgoing[place].1);
    }
}

impl Receiver {
    /// Whether somebody may take what comes in.
    pub fn has_takers(&self) -> bool {
        !self.senders.is_empty() || !self.relays.is_empty()
    }
}

impl Core {
    /// What is for other workers, worker by worker: `pass` takes the records, or the next ones follow them.
    pub fn drain_relayed(&mut self, mut pass: impl FnMut(usize, &mut Vec<u8>)) {
        for (worker, records) in &mut self.relays.outgoing {
            if !records.is_empty() {
                pass(*worker, records);
            }
        }
    }

    /// Takes what another worker has passed on. What it names may have ended meanwhile.
    pub fn receive_relayed(&mut self, now: Time, mut records: &[u8]) {
        while let Some((record, rest)) = Record::split(records) {
            records = rest;
            self.take_record(now, &record);
        }
    }

    pub(crate) fn add_relay(&mut self, id: ReceiverId, worker: usize, now: Time) -> Result<(), String> {
        let index = self.receiver_index(id)?;
        let source = &mut self.receivers[index];
        if source.relays.contains(&worker) {
            return Err(format!("receiver {id} is relayed to worker {worker} already"));
        }
        source.relays.push(worker);
        for number in 0..self.receivers[index].encodings.len() {
            if let Some((info, at)) = self.receivers[index].encodings[number].reception.last_sr() {
                self.relay_clock(index, number, &info, at);
            }
        }
        match self.receivers[index].film {
            Some(film) => {
                self.relay_film(index, film, now);
                self.relay_memory(index, worker);
            }
            None => self.want_keyframes(index, now),
        }
        Ok(())
    }

    pub(crate) fn remove_relay(&mut self, id: ReceiverId, worker: usize) -> Result<(), String> {
        let index = self.receiver_index(id)?;
        self.receivers[index].relays.retain(|&other| other != worker);
        Ok(())
    }

    /// A track whose publisher is on another worker, or what its description says now.
    pub(crate) fn set_relayed(
        &mut self,
        id: ReceiverId,
        worker: usize,
        film: bool,
        parameters: ReceiverParameters,
        now: Time,
    ) -> Result<(), String> {
        let owner = self.relays.transport.unwrap_or_else(|| {
            let random = self.random.next();
            let nobody = Ice::new(String::new(), String::new(), now);
            self.transports
                .insert(Transport::new(NOBODY, nobody, random, now))
        });
        self.relays.transport = Some(owner);
        let index = self.put_receiver(owner, id, parameters)?;
        self.receivers[index].origin = Some(worker);
        if film {
            self.receivers[index].becomes_film();
        }
        self.wake_transport(owner, now);
        Ok(())
    }

    pub(crate) fn relay_packet(&mut self, route: &Route, arrival: &Arrival<'_>) {
        let kind = if arrival.rtx { REPAIR } else { PACKET };
        let passed = self.relay(route.receiver, route.encoding, arrival.now, kind, arrival.packet);
        self.counters.relayed_out += passed as u64;
    }

    pub(crate) fn relay_clock(&mut self, receiver: usize, encoding: usize, info: &SenderInfo, at: Time) {
        self.relay(receiver, encoding, at, CLOCK, &clock(info));
    }

    pub(crate) fn relay_film(&mut self, receiver: usize, film: Film, now: Time) {
        let kind = match film {
            Film::Stands => FILM_STANDS,
            Film::Moves => FILM_MOVES,
        };
        self.relay(receiver, 0, now, kind, &[]);
    }

    pub(crate) fn relay_anew(&mut self, receiver: usize, now: Time) {
        self.relay(receiver, 0, now, ANEW, &[]);
    }

    /// What a film has in memory since its last keyframe: nobody there waits for the next one.
    fn relay_memory(&mut self, receiver: usize, worker: usize) {
        let source = &self.receivers[receiver];
        for (number, encoding) in source.encodings.iter().enumerate() {
            let Some((first, last)) = encoding.group.zip(encoding.extender.highest) else {
                continue;
            };
            for (meta, slot) in (first..=last).filter_map(|sequence| encoding.cache.get(sequence)) {
                let length = usize::from(meta.payload_offset) + usize::from(meta.payload_length);
                let record = Record {
                    receiver: source.id,
                    at: meta.arrival,
                    encoding: number,
                    kind: MEMORY,
                    payload: &slot[..length],
                };
                self.relays.pass_on(worker, &record);
                self.counters.relayed_out += 1;
            }
        }
    }

    /// To each worker that has senders of the track; gives how many those are.
    fn relay(&mut self, receiver: usize, encoding: usize, at: Time, kind: u8, payload: &[u8]) -> usize {
        let source = &self.receivers[receiver];
        let record = Record {
            receiver: source.id,
            at,
            encoding,
            kind,
            payload,
        };
        for &worker in &source.relays {
            self.relays.pass_on(worker, &record);
        }
        source.relays.len()
    }

    fn take_record(&mut self, now: Time, record: &Record<'_>) {
        let Some(&index) = self.receiver_ids.get(&record.receiver) else {
            return;
        };
        let receiver = &mut self.receivers[index];
        let Some(encoding) = receiver.encodings.get_mut(record.encoding) else {
            return;
        };
        let is_relayed = receiver.origin.is_some();
        match record.kind {
            KEYFRAME_WANTED if !is_relayed && receiver.kind == MediaKind::Video => {
                encoding.keyframe.want();
                let owner = receiver.transport;
                self.wake_transport(owner, now);
            }
            PACKET | REPAIR | MEMORY if is_relayed => self.take_relayed_packet(index, record, now),
            CLOCK if is_relayed => {
                if let Some(info) = read_clock(record.payload) {
                    self.learn_clock(index, record.encoding, info, record.at, now);
                }
            }
            FILM_STANDS if is_relayed => receiver.film = Some(Film::Stands),
            FILM_MOVES if is_relayed => receiver.film = Some(Film::Moves),
            ANEW if is_relayed => self.begin_anew(index, now),
            _ => {}
        }
    }

    fn take_relayed_packet(&mut self, receiver: usize, record: &Record<'_>, now: Time) {
        let Ok(header) = Header::parse(record.payload) else {
            return;
        };
        let route = Route {
            receiver,
            encoding: record.encoding,
            rtx: record.kind == REPAIR,
        };
        self.counters.relayed_in += 1;
        let source = &self.receivers[receiver];
        let owner = source.transport;
        if !route.rtx && source.encodings[route.encoding].parameters.ssrc != Some(header.ssrc) {
            self.begin_stream(receiver, route.encoding, header.ssrc);
        }
        self.read_extensions(record.at, owner, &route, &header, record.payload);
        let arrival = Arrival {
            header: &header,
            packet: record.payload,
            rtx: route.rtx,
            now: record.at,
        };
        if record.kind == MEMORY {
            self.remember(receiver, route.encoding, &arrival, now);
        } else {
            self.take_in(&route, &arrival);
        }
    }

    /// It is there for who begins with it, and goes to nobody else.
    fn remember(&mut self, receiver: usize, encoding: usize, arrival: &Arrival<'_>, now: Time) {
        self.receivers[receiver].accept(encoding, arrival);
        let stream = &mut self.receivers[receiver].encodings[encoding];
        stream.pending.clear();
        stream.live = true;
        for position in 0..self.receivers[receiver].senders.len() {
            let sender = self.receivers[receiver].senders[position];
            self.wake_transport(self.senders[sender].transport, now);
        }
    }

    /// Asks the workers of the publishers for the keyframes that are wanted here. Lost packets are asked for there; here it
    /// is only known that they may come.
    pub(crate) fn ask_origins(&mut self, index: usize, now: Time) {
        if self.relays.transport != Some(index) {
            return;
        }
        let mut asked = std::mem::take(&mut self.scratch);
        for &receiver in &self.transports[index].receivers {
            let receiver = &mut self.receivers[receiver];
            let Some(worker) = receiver.origin else { continue };
            for (number, encoding) in receiver.encodings.iter_mut().enumerate() {
                asked.clear();
                encoding.nack.due(now, &mut asked);
                let is_there = encoding.live || receiver.film.is_some();
                if is_there && encoding.keyframe.due(now, self.config.keyframe_interval_us) {
                    let record = Record {
                        receiver: receiver.id,
                        at: now,
                        encoding: number,
                        kind: KEYFRAME_WANTED,
                        payload: &[],
                    };
                    self.relays.pass_on(worker, &record);
                }
            }
        }
        self.scratch = asked;
    }

    /// When an origin must be asked, at first or again.
    pub(crate) fn origins_due(&self, index: usize) -> Option<Time> {
        let receivers = self.transports[index].receivers.iter();
        receivers
            .map(|&receiver| &self.receivers[receiver])
            .flat_map(|receiver| {
                let film = receiver.film.is_some();
                receiver
                    .encodings
                    .iter()
                    .filter(move |encoding| encoding.live || film)
            })
            .filter_map(|encoding| encoding.keyframe.next(self.config.keyframe_interval_us))
            .min()
    }
}

fn clock(info: &SenderInfo) -> [u8; 16] {
    let mut written = [0; 16];
    written[..8].copy_from_slice(&info.ntp_time.to_le_bytes());
    written[8..12].copy_from_slice(&info.rtp_time.to_le_bytes());
    written[12..].copy_from_slice(&info.ssrc.to_le_bytes());
    written
}

fn read_clock(written: &[u8]) -> Option<SenderInfo> {
    let (ntp_time, rest) = written.split_first_chunk()?;
    let (rtp_time, rest) = rest.split_first_chunk()?;
    let (ssrc, _) = rest.split_first_chunk()?;
    Some(SenderInfo {
        ssrc: u32::from_le_bytes(*ssrc),
        ntp_time: u64::from_le_bytes(*ntp_time),
        rtp_time: u32::from_le_bytes(*rtp_time),
        packet_count: 0,
        octet_count: 0,
    })
}
