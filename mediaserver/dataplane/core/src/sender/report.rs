//! Sender reports of an outgoing stream, made from the publisher's (RFC 3550, section 6.4.1).
//!
//! The NTP clock stays the publisher's, the RTP time moves into the outgoing time base. Audio and video of one
//! publisher keep their common clock, so players synchronise them exactly as the publisher meant.

use crate::api::Time;
use polyana_wire::rtcp::SenderInfo;

const INTERVAL_US: u64 = 1_000_000;
/// Reports whose echo (LSR) may still come back.
const REMEMBERED: usize = 4;

#[derive(Clone, Debug, Default)]
pub(crate) struct SenderReports {
    last: Option<Time>,
    /// (middle 32 bits of the NTP time, when it was sent).
    sent: [(u32, Time); REMEMBERED],
    next: usize,
}

impl SenderReports {
    pub fn due(&self, now: Time) -> bool {
        now >= self.next(now)
    }

    /// The next report is due at once.
    pub fn hasten(&mut self) {
        self.last = None;
    }

    pub fn next(&self, now: Time) -> Time {
        self.last.map_or(now, |last| Time(last.0 + INTERVAL_US).on_beat())
    }

    /// The report for now, from the publisher's last one.
    pub fn make(
        &mut self,
        source: (SenderInfo, Time),
        clock_rate: u32,
        timestamp_offset: u32,
        counts: (u64, u64),
        ssrc: u32,
        now: Time,
    ) -> SenderInfo {
        let (info, at) = source;
        let elapsed_us = now.0.saturating_sub(at.0);
        let ntp_time = info.ntp_time.wrapping_add(ntp_fraction(elapsed_us));
        let rtp_elapsed = (u128::from(elapsed_us) * u128::from(clock_rate) / 1_000_000) as u32;
        self.last = Some(now);
        self.sent[self.next % REMEMBERED] = ((ntp_time >> 16) as u32, now);
        self.next += 1;
        SenderInfo {
            ssrc,
            ntp_time,
            rtp_time: info
                .rtp_time
                .wrapping_add(rtp_elapsed)
                .wrapping_sub(timestamp_offset),
            packet_count: counts.0 as u32,
            octet_count: counts.1 as u32,
        }
    }

    /// Round trip from a report block's echo of one of our reports.
    pub fn round_trip_us(&self, last_sr: u32, delay_since_last_sr: u32, now: Time) -> Option<u64> {
        let (_, sent_at) = self.sent.iter().find(|(ntp, at)| *ntp == last_sr && at.0 > 0)?;
        let delay_us = u64::from(delay_since_last_sr) * 1_000_000 / 65_536;
        (now.0.saturating_sub(sent_at.0)).checked_sub(delay_us)
    }
}

/// Microseconds as 32.32 fixed point seconds.
pub(crate) fn ntp_fraction(elapsed_us: u64) -> u64 {
    ((u128::from(elapsed_us) << 32) / 1_000_000) as u64
}
