//! The plain values that cross the border of the core.

use crate::chunk::Chunk;
use polyana_wire::srtp::Profile;
use std::net::SocketAddr;

/// Microseconds since the Unix epoch on a clock that never steps back: the shell reads the wall clock once and adds
/// monotonic time. Serves timers and, shifted to 1900, the NTP time of sender reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

/// What can wait a moment is done on this beat, so that it wakes a worker once for many peers: reports, reading RTCP.
pub const BEAT_US: u64 = 25_000;

impl Time {
    /// The beat at this time or before.
    #[must_use]
    pub fn on_beat(self) -> Self {
        Self(self.0 - self.0 % BEAT_US)
    }
}

/// Given by the control plane; unique while the process lives.
pub type TransportId = u64;
/// A track that comes in from a peer (`RTCRtpReceiver` in W3C words).
pub type ReceiverId = u64;
/// A track that goes out to a peer (`RTCRtpSender`).
pub type SenderId = u64;
/// Of the copies of one track.
pub type TapId = u64;

/// How a datagram travels. TCP carries RFC 4571 frames; the shell does the framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Protocol {
    Udp,
    Tcp,
}

/// Where a datagram came from and which of our addresses it reached; answers leave from the same address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub struct Path {
    pub protocol: Protocol,
    pub local: SocketAddr,
    pub remote: SocketAddr,
}

impl Path {
    /// Bytes that are in front of each datagram on the wire: IP, and UDP, or TCP with timestamps and the length
    /// (RFC 4571). Where TCP packs several in one segment it is less.
    pub fn overhead(&self) -> u64 {
        let ip = if self.remote.is_ipv4() { 20 } else { 40 };
        let transport = match self.protocol {
            Protocol::Udp => 8,
            Protocol::Tcp => 20 + 12 + 2,
        };
        ip + transport
    }
}

/// Settings of a core, all with units.
#[derive(Clone, Debug)]
pub struct Config {
    /// Packets kept for each incoming stream to answer NACKs; a power of two.
    pub cache_packets: usize,
    /// No authenticated check or media for this long means the path is lost (consent, RFC 7675).
    pub consent_timeout_us: u64,
    /// A PLI goes to one publisher stream at most this often.
    pub keyframe_interval_us: u64,
    /// Interval of audio level events.
    pub audio_interval_us: u64,
    /// Levels above this (-dBov, RFC 6464) count as silence: 35 as in LiveKit.
    pub audio_threshold_dbov: u8,
    /// Percentage of an interval that must be above the threshold to count as speech: 40 as in LiveKit.
    pub audio_min_percentile: u8,
    /// Voices that a peer gets at most at the same time, the loudest; 0: all.
    pub loudest_speakers: usize,
    /// Only peers that receive sound of so many tracks are sent fewer.
    pub loudest_from: usize,
    /// What one track of video may bring, bit/s; 0: anything. More is dropped, as while it is disabled.
    pub max_video_bps: u64,
    /// Interval of transport-wide feedback to publishers, about: of pictures at 25 or 30 a second every second one takes it
    /// along. Others send it every 100 ms.
    pub feedback_interval_us: u64,
    /// Seeds SSRCs of our own, first sequence numbers, and all else that must look random.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cache_packets: 512,
            consent_timeout_us: 15_000_000,
            keyframe_interval_us: 500_000,
            audio_interval_us: 300_000,
            audio_threshold_dbov: 35,
            audio_min_percentile: 40,
            loudest_speakers: 0,
            loudest_from: 0,
            max_video_bps: 0,
            feedback_interval_us: 75_000,
            seed: 0,
        }
    }
}

/// One negotiated payload type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecParameters {
    /// 0..=127
    pub payload_type: u8,
    /// "video/VP8"
    pub mime_type: String,
    /// Hz
    pub clock_rate: u32,
    /// Payload type of its RFC 4588 retransmissions.
    pub rtx_payload_type: Option<u8>,
}

/// One stream of a receiver: a simulcast layer, or the only one. Lowest quality first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoding {
    /// RID of the layer, when simulcast is told by RID.
    pub rid: Option<String>,
    /// SSRC, when the description tells it.
    pub ssrc: Option<u32>,
    /// SSRC of its retransmissions.
    pub rtx_ssrc: Option<u32>,
}

/// Header extension as negotiated: URI and id.
pub type Extension = (String, u8);

/// Audio or video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum MediaKind {
    Audio,
    Video,
}

/// How a track comes in.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct ReceiverParameters {
    pub kind: MediaKind,
    /// Media section id, found in the `sdes:mid` extension of packets whose SSRC is not known yet.
    pub mid: String,
    pub codecs: Vec<CodecParameters>,
    pub encodings: Vec<Encoding>,
    pub extensions: Vec<Extension>,
    /// The publisher answers generic NACKs (RFC 4585).
    pub nack: bool,
}

/// What becomes of one payload type of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct PayloadTypeMapping {
    pub incoming: u8,
    pub outgoing: u8,
    /// Payload type of its RFC 4588 retransmissions.
    pub outgoing_rtx: Option<u8>,
    /// `incoming` is RED (RFC 2198) and the peer takes only what it wraps: the primary block goes out alone, and lost
    /// packets are made again from the redundant ones.
    pub unwrap_red: bool,
}

/// How a track goes out.
#[derive(Clone, Debug)]
pub struct SenderParameters {
    /// The incoming track that is forwarded: of the same worker, or relayed to it.
    pub receiver: ReceiverId,
    /// Written into the `sdes:mid` extension when negotiated.
    pub mid: String,
    /// SSRC as announced to the peer.
    pub ssrc: u32,
    /// SSRC of retransmissions as announced.
    pub rtx_ssrc: Option<u32>,
    /// Canonical name in SDES: equal for the audio and video of one publisher, so that players synchronise them.
    pub cname: String,
    /// A packet whose payload type is not here is not forwarded.
    pub payload_types: Vec<PayloadTypeMapping>,
    /// Negotiated with this peer.
    pub extensions: Vec<Extension>,
}

/// What should be forwarded on a sender; the core chooses when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderTarget {
    /// False: nothing is sent (unsubscribed, muted by policy, paused).
    pub enabled: bool,
    /// Highest simulcast encoding index wanted; the best live one at or below it is sent.
    pub max_spatial: u8,
    /// Highest temporal layer wanted.
    pub max_temporal: u8,
}

impl Default for SenderTarget {
    fn default() -> Self {
        Self {
            enabled: true,
            max_spatial: u8::MAX,
            max_temporal: u8::MAX,
        }
    }
}

/// Where the packets of one stream of a film go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct PlayerStream {
    /// Of the player's transport.
    pub receiver: ReceiverId,
    pub encoding: u8,
    pub payload_type: u8,
    /// Hz
    pub clock_rate: u32,
}

/// SRTP master keys of one direction pair, as DTLS exported them.
#[derive(Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct SrtpKeys {
    pub profile: Profile,
    pub receive_key: Vec<u8>,
    pub receive_salt: Vec<u8>,
    pub send_key: Vec<u8>,
    pub send_salt: Vec<u8>,
}

impl std::fmt::Debug for SrtpKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SrtpKeys({:?}, ..)", self.profile) // key material stays out of logs
    }
}

/// The desired state, told by the control plane.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Command {
    /// A peer may now connect with these ICE-lite credentials.
    AddTransport {
        transport: TransportId,
        ufrag: String,
        password: String,
    },
    /// ICE restart: new credentials are valid at once, the old ones until the new ones are used.
    RestartIce {
        transport: TransportId,
        ufrag: String,
        password: String,
    },
    /// Ends a transport with its receivers and senders; BYE is sent where keys exist.
    RemoveTransport {
        transport: TransportId,
    },
    SetSrtpKeys {
        transport: TransportId,
        keys: SrtpKeys,
    },
    /// A DTLS flight of ours on the selected path.
    SendDtls {
        transport: TransportId,
        datagram: Vec<u8>,
    },
    /// Creates a receiver or replaces its parameters, keeping stream state where encodings are the same.
    SetReceiver {
        transport: TransportId,
        receiver: ReceiverId,
        parameters: ReceiverParameters,
    },
    /// False: everything that arrives for the receiver is dropped after decryption (server mute).
    EnableReceiver {
        receiver: ReceiverId,
        enabled: bool,
    },
    RemoveReceiver {
        receiver: ReceiverId,
    },
    /// Creates a sender or replaces its parameters, keeping continuity where the SSRC is the same.
    SetSender {
        transport: TransportId,
        sender: SenderId,
        parameters: SenderParameters,
    },
    SetSenderTarget {
        sender: SenderId,
        target: SenderTarget,
    },
    RemoveSender {
        sender: SenderId,
    },
    /// What the senders of a transport would take if its line allowed, bit/s of video. The line is probed up to this and
    /// no further; 0: not at all.
    SetWantedBitrate {
        transport: TransportId,
        bits_per_second: u64,
    },
    /// The transport has no peer: what it sends comes from chunks. Stream numbers of their packets are places in
    /// `streams`.
    SetPlayer {
        transport: TransportId,
        streams: Vec<PlayerStream>,
    },
    /// Queues a chunk that begins at this time of the film; `restart`: it is played at once, instead of all before.
    PlayChunk {
        transport: TransportId,
        chunk: Chunk,
        media_us: u64,
        restart: bool,
    },
    /// Takes the place of the chunk that begins then, with other streams, where that waits behind the one that plays.
    ReplaceChunk {
        transport: TransportId,
        chunk: Chunk,
        media_us: u64,
    },
    /// A film that is stopped goes on from the begin of the chunk that was playing.
    SetPlaying {
        transport: TransportId,
        playing: bool,
    },
    /// A track whose publisher is on another worker, which gives what comes in of it by [`Core::receive_relayed`]. Creates
    /// the receiver here or replaces its parameters; of a film it keeps what has come since the last keyframe.
    SetRelayed {
        receiver: ReceiverId,
        worker: usize,
        film: bool,
        parameters: ReceiverParameters,
    },
    /// What comes in of the receiver is for this worker, too: [`Core::drain_relayed`].
    AddRelay {
        receiver: ReceiverId,
        worker: usize,
    },
    RemoveRelay {
        receiver: ReceiverId,
        worker: usize,
    },
    /// Asks the publisher for a keyframe on all live encodings (throttled).
    RequestKeyframe {
        receiver: ReceiverId,
    },
    /// Every packet of a receiver that comes in is copied from now on, until the tap is removed or the receiver ends.
    AddTap {
        tap: TapId,
        receiver: ReceiverId,
    },
    RemoveTap {
        tap: TapId,
    },
}

/// What comes in of one layer, without those below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct LayerBitrate {
    pub receiver: ReceiverId,
    /// Index of the encoding, or of the spatial layer where one encoding carries all.
    pub spatial: u8,
    pub temporal: u8,
    pub bits_per_second: u64,
}

/// What happened, told to the control plane.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Event {
    /// A path was chosen for the first time, or changed (NAT rebinding, ICE restart, nomination).
    IceSelected { transport: TransportId, path: Path },
    /// All packets of the chunk that began at this time of the film have been played.
    ChunkPlayed { transport: TransportId, media_us: u64 },
    /// Consent was lost; the transport stays and can come back.
    IceDisconnected { transport: TransportId },
    /// A DTLS datagram for the control plane's handshake or data channels.
    DtlsReceived {
        transport: TransportId,
        datagram: Vec<u8>,
    },
    /// First packet of an encoding, or the encoding is live again after `EncodingStopped`.
    EncodingStarted {
        receiver: ReceiverId,
        encoding: u8,
        ssrc: u32,
    },
    /// No packet of a video encoding for a second.
    EncodingStopped { receiver: ReceiverId, encoding: u8 },
    /// (receiver, linear level 0..=1) of every receiver whose smoothed level is above the threshold, loudest first.
    /// Sent at each audio interval in which the set is not empty, and once when it becomes empty.
    AudioLevels { levels: Vec<(ReceiverId, f32)> },
    /// The sender now forwards this encoding (None: nothing live).
    SenderEncodingChanged { sender: SenderId, encoding: Option<u8> },
    /// What the line to a peer that gives feedback can carry of video, bit/s; told first when its first video sender
    /// is set, then when it changes by a twentieth, unless it was and is well above what is wanted.
    BandwidthEstimated {
        transport: TransportId,
        bits_per_second: u64,
    },
    /// Once a second: what comes in of those layers of tracks with senders that differ by a twentieth from what was told
    /// of them, or whose receiver has been enabled since. Nothing is listed that stands still.
    LayerBitrates { layers: Vec<LayerBitrate> },
    /// What a tap has copied since the last time, as records of `tap.rs`.
    Tapped {
        tap: TapId,
        records: Vec<u8>,
        /// In these records.
        packets: u32,
        /// Since the begin: numbers that never came, between others that did.
        lost: u64,
        /// Packets that found no place before these.
        dropped: u64,
        /// Nothing comes after this.
        ended: bool,
    },
    /// A command named something that does not exist, or parameters that are not valid.
    CommandFailed { reason: String },
}

/// Whether a datagram belonged to this core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Of a peer of this core.
    Done,
    /// Nobody's, or not authentic; dropped and counted.
    Dropped,
    /// From an address that this core does not know (and, if STUN, for a ufrag that it does not know):
    /// the shell offers it to the worker that does.
    Foreign,
}

/// One or several datagrams for one peer: `length / segment` (rounded up) datagrams of `segment` bytes each, the
/// last may be shorter. Fits one UDP GSO send: at most 64 segments and 65,000 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Transmit {
    pub path: Path,
    pub offset: usize,
    pub length: usize,
    pub segment: usize,
    /// Arrival of the oldest packet in it, for the forward latency histogram; None for what we made ourselves.
    pub received_at: Option<Time>,
}

impl Transmit {
    /// How many datagrams it is.
    #[must_use]
    pub fn datagrams(&self) -> u64 {
        self.length.div_ceil(self.segment) as u64
    }
}

counters! {
    /// Counters since the start.
    Counters {
        datagrams_in,
        rtp_packets_in,
        rtp_bytes_in,
        rtp_packets_out,
        rtp_bytes_out,
        rtcp_packets_in,
        rtcp_packets_out,
        nacks_in,
        nacks_out,
        plis_in,
        plis_out,
        retransmitted_in,
        retransmitted_out,
        /// Asked for by a peer before the publisher's answer to our own request is here; sent when it is.
        retransmissions_awaited,
        retransmission_misses,
        /// Packets passed on to other workers, of rooms that are on several.
        relayed_out,
        relayed_in,
        /// Of probes of what a line carries.
        padding_packets_out,
        duplicates_in,
        /// Lost packets made again from the redundancy of later ones (RFC 2198).
        red_recovered,
        dropped_disabled,
        /// Packets of sound times peers that did not get them, as others were louder.
        dropped_quiet,
        /// Packets of video above what the operator allows a publisher.
        dropped_over_limit,
        dropped_dtls,
        stun_requests,
        error_stun_malformed,
        error_stun_unauthenticated,
        error_unknown_peer,
        error_unclassified,
        error_rtp_malformed,
        error_rtp_unknown_stream,
        error_rtcp_malformed,
        error_srtp_authentication,
        error_srtp_replayed,
        error_no_keys,
    }
}

/// What one transport saw; gathered on request.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct TransportStatistics {
    pub transport: TransportId,
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// With what IP and UDP or TCP add to each datagram.
    pub wire_bytes_out: u64,
    pub rtt_us: Option<u64>,
    /// Packets that the peer's transport-wide feedback said to have come, and to be lost: on this line alone.
    pub feedback_arrived: u64,
    pub feedback_lost: u64,
    /// How unevenly packets came that left evenly, by the same feedback (RFC 3550, section 6.4.1).
    pub jitter_us: u32,
    /// PLI and FIR of the peer.
    pub keyframe_requests: u64,
}

/// What one receiver saw, all encodings together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct ReceiverStatistics {
    pub receiver: ReceiverId,
    pub packets: u64,
    pub bytes: u64,
    /// Expected but never arrived, resends included.
    pub lost: u64,
    pub jitter_us: u32,
    /// Ends of frames that came, of all encodings.
    pub frames: u64,
    /// Bit i: encoding i is live.
    pub live_encodings: u8,
}

/// What one sender sent and what its peer reports.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct SenderStatistics {
    pub sender: SenderId,
    pub packets: u64,
    pub bytes: u64,
    pub retransmitted: u64,
    /// From the peer's receiver reports, 0..=1.
    pub fraction_lost: f32,
    pub encoding: Option<u8>,
}

/// A snapshot of a core.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Statistics {
    pub counters: Counters,
    pub transports: Vec<TransportStatistics>,
    pub receivers: Vec<ReceiverStatistics>,
    pub senders: Vec<SenderStatistics>,
}
