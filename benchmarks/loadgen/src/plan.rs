//! What the driver asks for and what it gets back.

use crate::histogram::Histogram;
use crate::publisher::Publisher;
use crate::subscriber::Subscriber;
use polyana_wire::srtp::Profile;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub struct Plan {
    /// The server and its children.
    pub server_pids: Vec<u32>,
    pub warmup_s: f64,
    pub duration_s: f64,
    /// Payload types that count as retransmissions, not as media.
    pub rtx_payload_types: Vec<u8>,
    pub publishers: Vec<PublisherPlan>,
    pub subscribers: Vec<PeerPlan>,
}

/// A connected socket with its SRTP master keys (hexadecimal) and ICE credentials for consent checks.
#[derive(Deserialize)]
pub struct PeerPlan {
    pub fd: i32,
    pub profile: String,
    pub send_key: String,
    pub send_salt: String,
    pub receive_key: String,
    pub receive_salt: String,
    pub ice_username: String,
    pub ice_password: String,
    /// Of the header extension, where it was agreed on: publishers write it, subscribers give feedback on it.
    pub transport_sequence_id: Option<u8>,
}

#[derive(Deserialize)]
pub struct PublisherPlan {
    #[serde(flatten)]
    pub peer: PeerPlan,
    pub ssrc: u32,
    pub payload_type: u8,
    pub mid: Option<(u8, String)>,
    pub audio_level_id: Option<u8>,
    /// Bursts (frames) a second and equal packets in each.
    pub frames_per_second: f64,
    pub burst: usize,
    /// Bytes of an RTP packet before SRTP.
    pub packet_bytes: usize,
    /// Sizes of the packets of each frame, sent in turn; empty: `burst` packets of `packet_bytes`.
    pub frames: Vec<Vec<usize>>,
    pub clock_rate: u32,
    pub video: bool,
}

impl PeerPlan {
    pub fn profile(&self) -> Result<Profile, String> {
        match self.profile.as_str() {
            "SRTP_AEAD_AES_128_GCM" => Ok(Profile::AeadAes128Gcm),
            "SRTP_AEAD_AES_256_GCM" => Ok(Profile::AeadAes256Gcm),
            "SRTP_AES128_CM_SHA1_80" => Ok(Profile::AesCm128HmacSha1_80),
            other => Err(format!("unknown SRTP profile {other}")),
        }
    }
}

/// What was charged between the start and the end of measuring.
pub struct Window {
    pub seconds: f64,
    pub server_cpu_s: f64,
    pub own_cpu_s: f64,
}

#[derive(Serialize)]
pub struct Report {
    /// Sent by all publishers inside the window.
    pub sent: u64,
    /// Arrived at all receivers, by distinct sequence numbers, among those sent inside the window.
    pub received: u64,
    /// Missing between the first and the last sequence number of each stream.
    pub lost: u64,
    pub retransmitted: u64,
    pub decrypted: u64,
    pub corrupt: u64,
    /// Streams of media of which something came, over all receivers.
    pub streams: usize,
    /// Transport-wide feedback packets that were given.
    pub feedbacks: u64,
    /// From the publisher's write to the arrival at the receiver's socket.
    pub latency_us: Vec<(f64, u64)>,
    /// CPU time of the server's processes and of this program in the window.
    pub server_cpu_s: f64,
    pub own_cpu_s: f64,
    pub window_s: f64,
}

impl Report {
    pub fn new(publishers: &[Publisher], subscribers: &[Subscriber], window: &Window) -> Self {
        let mut latency = Histogram::default();
        subscribers.iter().for_each(|s| latency.merge(&s.latency));
        Self {
            sent: publishers.iter().map(|p| p.sent).sum(),
            received: subscribers.iter().map(Subscriber::received).sum(),
            lost: subscribers.iter().map(Subscriber::lost).sum(),
            retransmitted: subscribers.iter().map(Subscriber::retransmitted).sum(),
            decrypted: subscribers.iter().map(|s| s.decrypted).sum(),
            corrupt: subscribers.iter().map(|s| s.corrupt).sum(),
            streams: subscribers.iter().map(Subscriber::heard).sum(),
            feedbacks: subscribers.iter().map(|s| s.feedbacks).sum(),
            latency_us: [0.5, 0.9, 0.99, 0.999, 1.0]
                .iter()
                .map(|&q| (q, latency.quantile(q)))
                .collect(),
            server_cpu_s: window.server_cpu_s,
            own_cpu_s: window.own_cpu_s,
            window_s: window.seconds,
        }
    }
}

/// Where in its interval somebody begins, 0 to 1: as if by chance, and in each run the same.
pub fn phase(number: u32) -> f64 {
    // The mixing steps of SplitMix64 (Steele, Lea and Flood, 2014).
    let mut mixed = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}
