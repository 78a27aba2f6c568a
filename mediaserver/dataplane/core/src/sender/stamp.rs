//! What a packet says of the moment it is sent: send time and transport-wide number.

use crate::api::Time;

/// Packets that may be resent without a retransmission stream.
const REMEMBERED: usize = 256;

/// Values of the extension elements that differ from one sending to the next.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stamp {
    /// abs-send-time: 24-bit 6.18 fixed point seconds.
    pub send_time: [u8; 3],
    pub transport_sequence: [u8; 2],
}

/// The time in abs-send-time's format, which wraps every 64 seconds.
pub(crate) fn send_time(now: Time) -> [u8; 3] {
    let fixed = ((now.0 % 64_000_000) << 18) / 1_000_000;
    [(fixed >> 16) as u8, (fixed >> 8) as u8, fixed as u8]
}

/// Stamps of packets that have to be resent as they were: without a retransmission stream the answer to a NACK has the
/// number of the original, and anything else under it would use an AES-GCM nonce twice (RFC 7714, section 8.4).
#[derive(Debug)]
pub(crate) struct Stamps {
    /// Takes memory only where packets are stamped and have no retransmission stream.
    ring: Vec<(u64, Stamp)>,
    /// Packets before this number looked different.
    since: u64,
}

impl Stamps {
    pub fn new(needed: bool, since: u64) -> Self {
        let length = if needed { REMEMBERED } else { 0 };
        Self {
            ring: vec![(u64::MAX, Stamp::default()); length],
            since,
        }
    }

    /// Packets before this number do not look as they did.
    pub fn forget_before(&mut self, out: u64) {
        self.since = out;
    }

    pub fn remember(&mut self, out: u64, stamp: Stamp) {
        if !self.ring.is_empty() {
            self.ring[(out % REMEMBERED as u64) as usize] = (out, stamp);
        }
    }

    /// The stamp of a packet; None: it cannot be sent as it was.
    pub fn recall(&self, out: u64) -> Option<Stamp> {
        if out < self.since {
            return None;
        }
        if self.ring.is_empty() {
            return Some(Stamp::default()); // nothing is written of it
        }
        let (known, stamp) = self.ring[(out % REMEMBERED as u64) as usize];
        (known == out).then_some(stamp)
    }
}
