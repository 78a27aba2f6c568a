//! A film that the server plays: prepared packets come in by chunks and enter receivers as if a peer had sent them, each
//! when it is due. What is forwarded to whom, at which layer, is decided as for any other track.
//!
//! Each chunk begins with a keyframe of every layer. Pausing goes back to the begin of the chunk that was playing: everybody sees
//! its first picture while the film stands, at the cost of a keyframe for who comes.

use crate::chunk::Chunk;
use crate::receiver::{Arrival, Film};
use crate::sender::report::ntp_fraction;
use crate::transport::Route;
use crate::{Core, Event, MediaKind, PlayerStream, Time, TransportId};
use polyana_wire::rtcp::SenderInfo;
use polyana_wire::rtp::Header;
use std::collections::VecDeque;

const HEADER: usize = 12;
/// Chunks that may wait: some seconds are enough.
const MAX_QUEUED: usize = 64;
/// The next chunk of a film begins no later than this after the one before; any other comes at once after it.
const LONGEST_CHUNK_US: u64 = 10_000_000;
/// How often a picture that stands is fed for those who have nothing in memory to begin with.
const STILL_INTERVAL_US: u64 = 200_000;
const LONGEST_FILM_US: u64 = 1 << 48;
/// From 1900, the begin of NTP's time, to 1970, seconds.
const NTP_EPOCH_S: u64 = 2_208_988_800;

struct Queued {
    chunk: Chunk,
    media_us: u64,
}

struct Stream {
    parameters: PlayerStream,
    ssrc: u32,
    sequence: u16,
    /// RTP time at the begin of time: it goes on with the clock, whatever is played.
    base: u32,
}

impl Stream {
    fn timestamp(&self, at: Time) -> u32 {
        let ticks = u128::from(at.0) * u128::from(self.parameters.clock_rate) / 1_000_000;
        self.base.wrapping_add(ticks as u32)
    }

    /// The next packet, with its header.
    fn write(&mut self, buffer: &mut Vec<u8>, marker: bool, timestamp: u32, payload: &[u8]) {
        buffer.clear();
        buffer.extend([0x80, self.parameters.payload_type | u8::from(marker) << 7]);
        buffer.extend(self.sequence.to_be_bytes());
        buffer.extend(timestamp.to_be_bytes());
        buffer.extend(self.ssrc.to_be_bytes());
        buffer.extend(payload);
        self.sequence = self.sequence.wrapping_add(1);
    }
}

pub(crate) struct Player {
    streams: Vec<Stream>,
    /// The first one is playing.
    queue: VecDeque<Queued>,
    /// Of the next record in it.
    offset: usize,
    /// Media time `.1` is due at `.0`; None: the film stands.
    clock: Option<(Time, u64)>,
    packet: Vec<u8>,
}

impl Player {
    /// When the next packet is due.
    pub fn due(&self) -> Option<Time> {
        let (at, media_us) = self.clock?;
        let playing = self.queue.front()?;
        let record = playing.chunk.record(self.offset)?;
        Some(Time(at.0 + playing.media_us + u64::from(record.at_us) - media_us))
    }

    fn begin(&mut self, now: Time) {
        self.offset = 0;
        if self.clock.is_some() {
            self.clock = self
                .queue
                .front()
                .map(|front| (now, front.media_us))
                .or(Some((now, 0)));
        }
    }
}

impl Core {
    pub(crate) fn set_player(&mut self, id: TransportId, streams: &[PlayerStream]) -> Result<(), String> {
        let index = self.transport_index(id)?;
        let mut made = Vec::new();
        for parameters in streams {
            let receiver = self.receiver_index(parameters.receiver)?;
            let encoding = self.receivers[receiver]
                .encodings
                .get(usize::from(parameters.encoding));
            let (Some(encoding), true) = (encoding, self.receivers[receiver].transport == index) else {
                return Err(format!(
                    "receiver {} is not the player's, or has no such encoding",
                    parameters.receiver
                ));
            };
            let ssrc = encoding
                .parameters
                .ssrc
                .ok_or("an encoding of a player needs its SSRC")?;
            let random = self.random.next();
            made.push(Stream {
                parameters: *parameters,
                ssrc,
                sequence: random as u16,
                base: (random >> 16) as u32,
            });
        }
        for parameters in streams {
            let receiver = self.receiver_index(parameters.receiver)?;
            self.receivers[receiver].becomes_film();
        }
        self.transports[index].player = Some(Box::new(Player {
            streams: made,
            queue: VecDeque::new(),
            offset: 0,
            clock: None,
            packet: Vec::with_capacity(HEADER + crate::chunk::MAX_PAYLOAD),
        }));
        Ok(())
    }

    /// `restart`: at once, instead of what is playing and queued.
    pub(crate) fn play_chunk(
        &mut self,
        id: TransportId,
        chunk: Chunk,
        media_us: u64,
        restart: bool,
        now: Time,
    ) -> Result<(), String> {
        let index = self.transport_index(id)?;
        let player = self.transports[index].player.as_mut().ok_or("no player")?;
        if media_us > LONGEST_FILM_US {
            return Err("no film is so long".to_owned());
        }
        if restart {
            player.queue.clear();
        }
        if player.queue.len() >= MAX_QUEUED {
            return Err(format!("more than {MAX_QUEUED} chunks wait"));
        }
        // Played to the end of the queue: what comes next begins when it comes.
        let begins = player.queue.is_empty();
        player.queue.push_back(Queued { chunk, media_us });
        if begins {
            player.begin(now);
        }
        if restart {
            self.begin_streams_anew(index, now);
            self.show_still(index, now);
        }
        self.wake_transport(index, now);
        Ok(())
    }

    /// Where it waits no longer, it is left as it was: what has begun goes on, what has ended does not come again.
    pub(crate) fn replace_chunk(
        &mut self,
        id: TransportId,
        chunk: Chunk,
        media_us: u64,
    ) -> Result<(), String> {
        let index = self.transport_index(id)?;
        let player = self.transports[index].player.as_mut().ok_or("no player")?;
        let mut waiting = player.queue.iter_mut().skip(1);
        if let Some(queued) = waiting.find(|queued| queued.media_us == media_us) {
            queued.chunk = chunk;
        }
        Ok(())
    }

    pub(crate) fn set_playing(&mut self, id: TransportId, playing: bool, now: Time) -> Result<(), String> {
        let index = self.transport_index(id)?;
        let player = self.transports[index].player.as_mut().ok_or("no player")?;
        if playing == player.clock.is_some() {
            return Ok(());
        }
        player.clock = playing.then_some((now, 0));
        player.begin(now);
        let is_empty = player.queue.is_empty();
        let state = if playing { Film::Moves } else { Film::Stands };
        for position in 0..self.transports[index].receivers.len() {
            let receiver = self.transports[index].receivers[position];
            self.receivers[receiver].film = Some(state);
            self.relay_film(receiver, state, now);
        }
        if playing || !is_empty {
            self.begin_streams_anew(index, now);
        }
        self.show_still(index, now);
        self.wake_transport(index, now);
        Ok(())
    }

    /// Sends what is due, and the first picture while the film stands and is not in memory.
    pub(crate) fn play(&mut self, index: usize, now: Time) {
        let Some(mut player) = self.transports[index].player.take() else {
            return;
        };
        while player.due().is_some_and(|due| due <= now) {
            self.play_next(&mut player, index, now);
        }
        let wanted = self.keyframes_are_wanted(index, now);
        let stands = player.clock.is_none();
        self.transports[index].player = Some(player);
        if wanted && stands {
            self.show_still(index, now);
        }
    }

    fn play_next(&mut self, player: &mut Player, index: usize, now: Time) {
        let due = player.due().unwrap_or(now);
        let Some(playing) = player.queue.front() else {
            return;
        };
        if player.offset == 0 {
            for stream in &player.streams {
                self.tell_clock(stream, now);
            }
        }
        let Some(record) = playing.chunk.record(player.offset) else {
            return;
        };
        if let Some(stream) = player.streams.get_mut(usize::from(record.stream)) {
            let timestamp = stream.timestamp(due);
            stream.write(&mut player.packet, record.marker, timestamp, record.payload);
            self.feed(stream.parameters, &player.packet, now);
        }
        player.offset = record.end;
        if playing.chunk.record(record.end).is_some() {
            return;
        }
        let ended = playing.media_us;
        player.queue.pop_front();
        player.offset = 0;
        // Chunks that do not follow each other in the film do so in time.
        if let (Some(next), Some(clock)) = (player.queue.front(), player.clock.as_mut())
            && !(ended..=ended + LONGEST_CHUNK_US).contains(&next.media_us)
        {
            *clock = (now, next.media_us);
        }
        let transport = self.transports[index].id;
        self.events.push_back(Event::ChunkPlayed {
            transport,
            media_us: ended,
        });
    }

    /// The first pictures of the chunk that stands.
    fn show_still(&mut self, index: usize, now: Time) {
        let Some(mut player) = self.transports[index].player.take() else {
            return;
        };
        if player.clock.is_none()
            && let Some(standing) = player.queue.front()
        {
            let mut offset = 0;
            while let Some(record) = standing.chunk.record(offset).filter(|record| record.at_us == 0) {
                offset = record.end;
                let Some(stream) = player.streams.get_mut(usize::from(record.stream)) else {
                    continue;
                };
                if self.kind_of(stream.parameters) == Some(MediaKind::Video) {
                    self.tell_clock(stream, now);
                    let timestamp = stream.timestamp(now);
                    stream.write(&mut player.packet, record.marker, timestamp, record.payload);
                    self.feed(stream.parameters, &player.packet, now);
                }
            }
        }
        self.transports[index].player = Some(player);
    }

    fn kind_of(&self, stream: PlayerStream) -> Option<MediaKind> {
        let index = self.receiver_ids.get(&stream.receiver)?;
        Some(self.receivers[*index].kind)
    }

    /// A packet of a player comes in.
    fn feed(&mut self, stream: PlayerStream, packet: &[u8], now: Time) {
        let (Some(&receiver), Ok(header)) = (self.receiver_ids.get(&stream.receiver), Header::parse(packet))
        else {
            return; // the track has ended
        };
        let route = Route {
            receiver,
            encoding: usize::from(stream.encoding),
            rtx: false,
        };
        self.counters.rtp_packets_in += 1;
        self.counters.rtp_bytes_in += packet.len() as u64;
        let arrival = Arrival {
            header: &header,
            packet,
            rtx: false,
            now,
        };
        self.take_in(&route, &arrival);
    }

    /// What a sender report would say: which RTP time it is now.
    fn tell_clock(&mut self, stream: &Stream, now: Time) {
        let Some(&receiver) = self.receiver_ids.get(&stream.parameters.receiver) else {
            return;
        };
        let info = SenderInfo {
            ssrc: stream.ssrc,
            ntp_time: (NTP_EPOCH_S << 32) + ntp_fraction(now.0),
            rtp_time: stream.timestamp(now),
            packet_count: 0,
            octet_count: 0,
        };
        let encoding = usize::from(stream.parameters.encoding);
        self.receivers[receiver].encodings[encoding]
            .reception
            .sender_report(info, now);
        self.relay_clock(receiver, encoding, &info, now);
    }

    fn begin_streams_anew(&mut self, index: usize, now: Time) {
        for position in 0..self.transports[index].receivers.len() {
            let receiver = self.transports[index].receivers[position];
            if self.receivers[receiver].kind == MediaKind::Video {
                self.begin_anew(receiver, now);
            }
        }
    }

    /// When the player must look again: the next packet, or somebody who needs the picture that stands.
    pub(crate) fn player_due(&self, index: usize) -> Option<Time> {
        let player = self.transports[index].player.as_ref()?;
        if player.clock.is_some() {
            return player.due();
        }
        let receivers = self.transports[index].receivers.iter();
        receivers
            .map(|&receiver| &self.receivers[receiver])
            .filter(|receiver| receiver.enabled)
            .flat_map(|receiver| &receiver.encodings)
            .filter_map(|encoding| encoding.keyframe.next(STILL_INTERVAL_US))
            .min()
    }

    /// Of what is let in: chunks may lack a codec that nobody takes.
    fn keyframes_are_wanted(&mut self, index: usize, now: Time) -> bool {
        let mut wanted = false;
        for &receiver in &self.transports[index].receivers {
            let receiver = &mut self.receivers[receiver];
            for encoding in receiver.encodings.iter_mut().filter(|_| receiver.enabled) {
                wanted |= encoding.keyframe.due(now, STILL_INTERVAL_US);
            }
        }
        wanted
    }
}
