//! One peer connection: its path, keys, the table of its incoming streams, and its reports.

use crate::api::{BEAT_US, Path, SrtpKeys, Time, TransportId};
use crate::budget::Budget;
use crate::congestion::Congestion;
use crate::ice::Ice;
use crate::loudest::Places;
use crate::player::Player;
use crate::receiver::feedback::FeedbackRecorder;
use polyana_wire::{Error, srtp};
use rustc_hash::FxHashMap;

/// Incoming SSRCs remembered for each peer: layers, retransmissions, and some that a restart left behind.
pub(crate) const MAX_STREAMS: usize = 256;
/// DTLS datagrams that wait for a path.
const MAX_WAITING_DTLS: usize = 16;
/// DTLS of one peer for the control plane, datagrams a second and at once. Python takes in about 2,000 a second of a data
/// channel; more than this only costs time, and anybody may send it who knows an address of a peer and forges it.
const DTLS_PER_SECOND: u64 = 4000;
const DTLS_BURST: u64 = 1024;

/// Where the packets of an SSRC go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub receiver: usize,
    pub encoding: usize,
    pub rtx: bool,
}

pub(crate) struct Stream {
    pub route: Route,
    pub srtp: srtp::ReceiveStream,
}

pub(crate) struct Keys {
    pub receiver: srtp::Receiver,
    pub sender: srtp::Sender,
}

pub(crate) struct Transport {
    pub id: TransportId,
    pub ice: Ice,
    pub keys: Option<Keys>,
    pub streams: FxHashMap<u32, Stream>,
    /// Slab indices.
    pub receivers: Vec<usize>,
    pub senders: Vec<usize>,
    pub feedback: FeedbackRecorder,
    pub feedback_sent: Time,
    pub report_due: Time,
    /// Next wake in the timer heap; entries that are later than this are stale.
    pub due: Time,
    /// Of the next outgoing packet with the transport-wide extension.
    pub transport_sequence: u16,
    /// SSRC of our own reports.
    pub ssrc: u32,
    pub rtt_us: Option<u64>,
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// PLI and FIR of the peer.
    pub keyframe_requests: u64,
    pub datagrams_out: u64,
    pub dtls_budget: Budget,
    /// Senders of sound, and which of them the peer hears in a big room.
    pub voices: usize,
    pub places: Places,
    /// Where the peer gives transport-wide feedback on what we send.
    pub congestion: Option<Box<Congestion>>,
    /// The newest estimate of a peer that makes its own (REMB), bit/s.
    pub remb: Option<u64>,
    /// A film in place of a peer.
    pub player: Option<Box<Player>>,
    waiting_dtls: Vec<Vec<u8>>,
}

/// What a sender needs of its transport to write a packet.
pub(crate) struct Outlet<'a> {
    pub path: Path,
    pub srtp: &'a srtp::Sender,
    pub transport_sequence: &'a mut u16,
    pub congestion: Option<&'a mut Congestion>,
}

impl Transport {
    pub fn new(id: TransportId, ice: Ice, random: u64, now: Time) -> Self {
        Self {
            id,
            ice,
            keys: None,
            streams: FxHashMap::default(),
            receivers: Vec::new(),
            senders: Vec::new(),
            feedback: FeedbackRecorder::default(),
            feedback_sent: Time(0),
            // Reports of many peers spread over the second.
            report_due: Time(now.0 + 200_000 + random % 800_000).on_beat(),
            due: Time(u64::MAX),
            transport_sequence: 1,
            ssrc: (random >> 32) as u32 | 1,
            rtt_us: None,
            bytes_in: 0,
            bytes_out: 0,
            keyframe_requests: 0,
            datagrams_out: 0,
            voices: 0,
            places: Places::default(),
            dtls_budget: Budget::new(DTLS_PER_SECOND, DTLS_BURST),
            congestion: None,
            remb: None,
            player: None,
            waiting_dtls: Vec::new(),
        }
    }

    /// The way out, once there are a path and keys.
    pub fn outlet(&mut self) -> Option<Outlet<'_>> {
        Some(Outlet {
            path: self.ice.live_path()?,
            srtp: &self.keys.as_ref()?.sender,
            transport_sequence: &mut self.transport_sequence,
            congestion: self.congestion.as_deref_mut(),
        })
    }

    /// Datagrams have left for the peer.
    pub fn count_out(&mut self, datagrams: u64, bytes: u64) {
        self.datagrams_out += datagrams;
        self.bytes_out += bytes;
    }

    /// As if all had taken the path of now: one that changes between IPv4 and IPv6 is seldom.
    pub fn wire_bytes_out(&self) -> u64 {
        let overhead = self.ice.selected.map_or(0, |path| path.overhead());
        self.bytes_out + self.datagrams_out * overhead
    }

    pub fn set_keys(&mut self, keys: &SrtpKeys) -> Result<(), Error> {
        self.keys = Some(Keys {
            receiver: srtp::Receiver::new(keys.profile, &keys.receive_key, &keys.receive_salt)?,
            sender: srtp::Sender::new(keys.profile, &keys.send_key, &keys.send_salt)?,
        });
        Ok(())
    }

    /// Keeps a DTLS datagram until there is a path; the oldest go first when there are too many.
    pub fn wait_dtls(&mut self, datagram: Vec<u8>) {
        if self.waiting_dtls.len() == MAX_WAITING_DTLS {
            self.waiting_dtls.remove(0);
        }
        self.waiting_dtls.push(datagram);
    }

    pub fn take_waiting_dtls(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.waiting_dtls)
    }

    /// When feedback to the peer should leave: with what it has sent, where the interval is nearly over, else on a beat
    /// somewhat after it, so that the next picture can come first.
    pub fn feedback_at(&self, interval_us: u64, now: Time) -> Time {
        if self.may_give_feedback(interval_us, now) {
            return now;
        }
        Time(self.feedback_sent.0 + interval_us + BEAT_US + BEAT_US / 2).on_beat()
    }

    pub fn may_give_feedback(&self, interval_us: u64, now: Time) -> bool {
        now.0 + BEAT_US / 2 >= self.feedback_sent.0 + interval_us
    }

    pub fn measured_rtt(&mut self, sample_us: u64) {
        self.rtt_us = Some(self.rtt_us.map_or(sample_us, |rtt| (rtt * 7 + sample_us) / 8));
    }

    /// Drops the streams of a receiver, or only those of encodings that it no longer has.
    pub fn forget_streams(&mut self, receiver: usize, from_encoding: usize) {
        self.streams
            .retain(|_, stream| stream.route.receiver != receiver || stream.route.encoding < from_encoding);
    }
}
