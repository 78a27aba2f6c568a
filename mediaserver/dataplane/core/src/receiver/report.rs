//! Reception statistics of one stream for receiver reports (RFC 3550, appendix A.3 and A.8).

use crate::api::Time;
use polyana_wire::rtcp::{ReportBlock, SenderInfo};

#[derive(Clone, Debug, Default)]
pub(crate) struct Reception {
    base: Option<u64>,
    highest: u64,
    pub packets: u64,
    pub bytes: u64,
    /// Packets with the marker: ends of frames, of video.
    pub frames: u64,
    expected_prior: u64,
    received_prior: u64,
    /// In RTP units, scaled by 16.
    jitter_scaled: u32,
    transit: Option<i64>,
    last_sr: Option<(SenderInfo, Time)>,
}

impl Reception {
    /// A packet that arrived on the stream itself (not a retransmission).
    pub fn record(&mut self, sequence: u64, timestamp: u32, bytes: usize, clock_rate: u32, now: Time) {
        if self.base.is_none_or(|base| sequence < base) {
            self.base = Some(sequence);
        }
        self.highest = self.highest.max(sequence);
        self.packets += 1;
        self.bytes += bytes as u64;
        self.record_jitter(timestamp, clock_rate, now);
    }

    fn record_jitter(&mut self, timestamp: u32, clock_rate: u32, now: Time) {
        let arrival = (u128::from(now.0) * u128::from(clock_rate) / 1_000_000) as u32;
        let transit = i64::from(arrival.wrapping_sub(timestamp) as i32);
        if let Some(previous) = self.transit.replace(transit) {
            let difference = (transit - previous).unsigned_abs().min(u64::from(clock_rate)) as i64;
            let jitter = i64::from(self.jitter_scaled);
            self.jitter_scaled = (jitter + difference - ((jitter + 8) >> 4)).max(0) as u32;
        }
    }

    pub fn sender_report(&mut self, info: SenderInfo, now: Time) {
        self.last_sr = Some((info, now));
    }

    pub fn last_sr(&self) -> Option<(SenderInfo, Time)> {
        self.last_sr
    }

    pub fn expected(&self) -> u64 {
        self.base.map_or(0, |base| self.highest - base + 1)
    }

    pub fn jitter_us(&self, clock_rate: u32) -> u32 {
        (u64::from(self.jitter_scaled >> 4) * 1_000_000 / u64::from(clock_rate.max(1))) as u32
    }

    /// The block for the next report; the interval for `fraction_lost` starts anew.
    pub fn block(&mut self, ssrc: u32, now: Time) -> ReportBlock {
        let expected = self.expected();
        let expected_interval = expected - self.expected_prior.min(expected);
        let received_interval = self.packets - self.received_prior;
        let lost = expected_interval.saturating_sub(received_interval);
        self.expected_prior = expected;
        self.received_prior = self.packets;
        let (last_sr, delay_since_last_sr) = self.last_sr.map_or((0, 0), |(info, at)| {
            let delay = u128::from(now.0.saturating_sub(at.0)) * 65_536 / 1_000_000;
            ((info.ntp_time >> 16) as u32, delay as u32)
        });
        ReportBlock {
            ssrc,
            fraction_lost: (lost * 256).checked_div(expected_interval).unwrap_or(0).min(255) as u8,
            cumulative_lost: (expected as i64 - self.packets as i64).clamp(-0x80_0000, 0x7f_ffff) as i32,
            highest_sequence: self.highest as u32,
            jitter: self.jitter_scaled >> 4,
            last_sr,
            delay_since_last_sr,
        }
    }
}
