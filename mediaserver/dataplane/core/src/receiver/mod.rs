//! Tracks that come in: what arrives is checked, stored once and listed for forwarding.

pub(crate) mod dependencies;
pub(crate) mod feedback;
pub(crate) mod keyframe;
mod layer_bytes;
pub(crate) mod level;
pub(crate) mod nack;
mod redundancy;
pub(crate) mod report;
mod store;

use crate::api::{Encoding as EncodingParameters, MediaKind, ReceiverId, ReceiverParameters, Time};
use crate::cache::Cache;
use crate::extension::Ids;
use crate::loudest::Loudness;
use crate::police::Allowance;
use dependencies::Dependencies;
use keyframe::KeyframeRequest;
use layer_bytes::LayerBytes;
use level::Level;
use nack::NackGenerator;
use polyana_wire::payload::Codec;
use polyana_wire::rtp::{self, Header, SequenceExtender};
use report::Reception;
use store::{Place, store};

/// Video encodings without a packet for this long are not live any more.
pub(crate) const LIVE_TIMEOUT_US: u64 = 1_000_000;
/// 50 packets a second: more than a second of speech.
const AUDIO_CACHE_PACKETS: usize = 64;
/// Two of the fullest seconds that are prepared.
const FILM_CACHE_FACTOR: usize = 2;
/// A packet that would come later than this is of no use to a call.
const VIDEO_NACK_AGE_US: u64 = 1_500_000;
const AUDIO_NACK_AGE_US: u64 = 500_000;

#[derive(Clone, Copy, Debug)]
pub(crate) struct PayloadType {
    pub codec: Codec,
    pub clock_rate: u32,
    /// The media payload type, when this is the type of its retransmissions.
    pub repairs: Option<u8>,
}

/// One simulcast stream of a track.
pub(crate) struct Encoding {
    pub parameters: EncodingParameters,
    pub extender: SequenceExtender,
    pub cache: Cache,
    /// Arrived since the last poll, in order of arrival.
    pub pending: Vec<u64>,
    pub nack: NackGenerator,
    /// The newest packet ended a frame or was padding.
    pub between_frames: bool,
    pub reception: Reception,
    pub keyframe: KeyframeRequest,
    /// Where the newest keyframe begins; None: what follows is not to begin there.
    pub group: Option<u64>,
    pub last_packet: Time,
    pub live: bool,
    pub clock_rate: u32,
    /// Frames by their dependency descriptors, once one has come.
    pub dependencies: Option<Box<Dependencies>>,
    pub layer_bytes: LayerBytes,
    /// Packets made again from redundancy, not yet counted by the core.
    pub recovered: u64,
}

impl Encoding {
    fn new(parameters: EncodingParameters, cache_packets: usize, clock_rate: u32, nack_age_us: u64) -> Self {
        Self {
            parameters,
            extender: SequenceExtender::default(),
            cache: Cache::new(cache_packets),
            pending: Vec::new(),
            nack: NackGenerator::new(nack_age_us),
            between_frames: false,
            reception: Reception::default(),
            keyframe: KeyframeRequest::default(),
            group: None,
            last_packet: Time::default(),
            live: false,
            clock_rate,
            dependencies: None,
            layer_bytes: LayerBytes::default(),
            recovered: 0,
        }
    }

    /// The publisher started a new RTP stream here (other SSRC): old numbers mean nothing now.
    pub fn restart(&mut self, ssrc: u32) {
        self.parameters.ssrc = Some(ssrc);
        self.extender = SequenceExtender::default();
        self.cache.clear();
        self.pending.clear();
        self.group = None;
        self.nack.clear();
        self.reception = Reception::default();
        self.dependencies = None;
    }
}

pub(crate) struct Receiver {
    pub id: ReceiverId,
    /// Slab index of the transport.
    pub transport: usize,
    pub kind: MediaKind,
    pub mid: String,
    pub ids: Ids,
    payload_types: Box<[Option<PayloadType>; 128]>,
    pub encodings: Vec<Encoding>,
    /// Slab indices of the senders that forward this track.
    pub senders: Vec<usize>,
    /// Other workers that have senders of it.
    pub relays: Vec<usize>,
    /// The worker that its publisher is on, where that is another one.
    pub origin: Option<usize>,
    pub enabled: bool,
    pub nack: bool,
    pub level: Level,
    pub loudness: Loudness,
    pub allowance: Allowance,
    /// Is in the core's list of receivers with pending packets.
    pub queued: bool,
    /// The server itself plays it.
    pub film: Option<Film>,
    cache_packets: usize,
}

/// A track that a player feeds. What has come since its last keyframe stays in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Film {
    Stands,
    Moves,
}

/// A decrypted packet on its way into a receiver.
pub(crate) struct Arrival<'a> {
    pub header: &'a Header,
    /// Header and payload, without the authentication tag.
    pub packet: &'a [u8],
    pub rtx: bool,
    pub now: Time,
}

/// What became of an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Stored,
    /// Padding of a probe: nothing to forward.
    Probe,
    UnknownPayloadType,
    Malformed,
    Duplicate,
    TooOld,
    Disabled,
}

impl Receiver {
    pub fn new(
        id: ReceiverId,
        transport: usize,
        parameters: ReceiverParameters,
        cache_packets: usize,
    ) -> Self {
        let mut receiver = Self {
            id,
            transport,
            kind: parameters.kind,
            mid: String::new(),
            ids: Ids::default(),
            payload_types: Box::new([None; 128]),
            encodings: Vec::new(),
            senders: Vec::new(),
            relays: Vec::new(),
            origin: None,
            enabled: true,
            nack: false,
            level: Level::default(),
            loudness: Loudness::default(),
            allowance: Allowance::default(),
            queued: false,
            film: None,
            cache_packets: match parameters.kind {
                MediaKind::Audio => AUDIO_CACHE_PACKETS,
                MediaKind::Video => cache_packets,
            },
        };
        receiver.configure(parameters);
        receiver
    }

    /// Takes new parameters; encodings that are told the same way keep their state.
    pub fn configure(&mut self, parameters: ReceiverParameters) {
        self.kind = parameters.kind;
        self.mid = parameters.mid;
        self.ids = Ids::new(&parameters.extensions);
        self.nack = parameters.nack;
        self.payload_types.fill(None);
        let mut clock_rate = 90_000;
        for (position, codec) in parameters.codecs.iter().enumerate() {
            let entry = PayloadType {
                codec: Codec::from_mime(&codec.mime_type),
                clock_rate: codec.clock_rate,
                repairs: None,
            };
            self.payload_types[usize::from(codec.payload_type & 0x7f)] = Some(entry);
            if let Some(rtx) = codec.rtx_payload_type {
                let repairs = Some(codec.payload_type);
                self.payload_types[usize::from(rtx & 0x7f)] = Some(PayloadType { repairs, ..entry });
            }
            if position == 0 {
                clock_rate = codec.clock_rate;
            }
        }
        let mut old = std::mem::take(&mut self.encodings);
        for wanted in parameters.encodings {
            let kept = old
                .iter()
                .position(|encoding| is_same(&encoding.parameters, &wanted));
            let encoding = match kept {
                Some(position) => old.swap_remove(position),
                None => Encoding::new(wanted, self.cache_packets, clock_rate, self.nack_age_us()),
            };
            self.encodings.push(encoding);
        }
    }

    /// A player feeds it from now on. What is in memory must stay there while it goes out to somebody.
    pub fn becomes_film(&mut self) {
        if self.film.is_none() && self.kind == MediaKind::Video {
            for encoding in &mut self.encodings {
                encoding.cache = Cache::new(self.cache_packets * FILM_CACHE_FACTOR);
            }
        }
        self.film.get_or_insert(Film::Stands);
    }

    fn nack_age_us(&self) -> u64 {
        match self.kind {
            MediaKind::Audio => AUDIO_NACK_AGE_US,
            MediaKind::Video => VIDEO_NACK_AGE_US,
        }
    }

    pub fn payload_type(&self, payload_type: u8) -> Option<PayloadType> {
        self.payload_types[usize::from(payload_type & 0x7f)]
    }

    /// The newest of the pending packets does not end its frame.
    pub fn frame_is_open(&self) -> bool {
        self.kind == MediaKind::Video
            && self
                .encodings
                .iter()
                .any(|encoding| !encoding.pending.is_empty() && !encoding.between_frames)
    }

    /// Whether what arrives is forwarded at all.
    fn passes(&self) -> bool {
        self.enabled && !self.allowance.is_over()
    }

    /// Stores an arrival. `Stored` packets are in `pending` of the encoding.
    pub fn accept(&mut self, encoding: usize, arrival: &Arrival<'_>) -> Outcome {
        let Some(payload_type) = self.payload_type(arrival.header.payload_type) else {
            return Outcome::UnknownPayloadType;
        };
        let Ok((offset, length)) = payload_range(arrival) else {
            return Outcome::Malformed;
        };
        let rtx = arrival.rtx || payload_type.repairs.is_some();
        if rtx {
            return self.accept_repair(encoding, arrival, payload_type, offset, length);
        }
        let (enabled, nack, kind) = (self.passes(), self.nack, self.kind);
        let stream = &mut self.encodings[encoding];
        stream.clock_rate = payload_type.clock_rate;
        let previous = stream.extender.highest;
        let sequence = stream.extender.extend(arrival.header.sequence_number);
        stream.last_packet = arrival.now;
        stream.reception.record(
            sequence,
            arrival.header.timestamp,
            arrival.packet.len(),
            payload_type.clock_rate,
            arrival.now,
        );
        stream.reception.frames += u64::from(arrival.header.marker);
        if !enabled {
            stream.nack.clear();
            return Outcome::Disabled;
        }
        if let Some(previous) = previous {
            if sequence <= previous {
                stream.nack.filled(sequence, arrival.now);
            } else if nack
                && stream
                    .nack
                    .advanced(previous, sequence, stream.between_frames, arrival.now)
                && kind == MediaKind::Video
            {
                stream.keyframe.want();
            }
        }
        if previous.is_none_or(|previous| sequence > previous) {
            stream.between_frames = arrival.header.marker || length == 0;
        }
        let place = Place {
            codec: payload_type.codec,
            payload_type: arrival.header.payload_type,
            sequence,
            offset,
            length,
        };
        store(stream, arrival, &place, &self.ids)
    }

    /// RFC 4588: the payload begins with the original sequence number.
    fn accept_repair(
        &mut self,
        encoding: usize,
        arrival: &Arrival<'_>,
        payload_type: PayloadType,
        offset: usize,
        length: usize,
    ) -> Outcome {
        let Some(media_type) = payload_type.repairs else {
            return Outcome::UnknownPayloadType;
        };
        let Some(original) = arrival.packet.get(offset..offset + 2).filter(|_| length > 2) else {
            return Outcome::Probe;
        };
        if !self.passes() {
            return Outcome::Disabled;
        }
        let stream = &mut self.encodings[encoding];
        let sequence = stream
            .extender
            .peek(u16::from_be_bytes([original[0], original[1]]));
        if stream.extender.highest.is_none_or(|highest| sequence > highest) {
            return Outcome::TooOld; // repairs nothing that we know to be missing
        }
        stream.nack.filled(sequence, arrival.now);
        let place = Place {
            codec: payload_type.codec,
            payload_type: media_type,
            sequence,
            offset: offset + 2,
            length: length - 2,
        };
        store(stream, arrival, &place, &self.ids)
    }
}

/// Encodings are the same when they are told by the same RID, or by the same SSRC, or are the only unnamed one.
fn is_same(a: &EncodingParameters, b: &EncodingParameters) -> bool {
    match (&a.rid, &b.rid) {
        (Some(a), Some(b)) => a == b,
        (None, None) => b.ssrc.is_none() || a.ssrc == b.ssrc,
        _ => false,
    }
}

/// Offset and length of the payload without padding.
fn payload_range(arrival: &Arrival<'_>) -> Result<(usize, usize), polyana_wire::Error> {
    let padding = if arrival.header.has_padding {
        rtp::padding_length(arrival.packet, arrival.header)?
    } else {
        0
    };
    let length = arrival.packet.len() - arrival.header.length;
    Ok((
        arrival.header.length,
        length
            .checked_sub(padding)
            .ok_or(polyana_wire::Error::Malformed)?,
    ))
}
