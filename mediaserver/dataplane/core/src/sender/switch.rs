//! Going to another encoding, or beginning: at a packet that a decoder can start from.

use super::packet::numbers;
use super::{Before, Sender, Sent};
use crate::api::{MediaKind, Time};
use crate::receiver::{Encoding, Receiver};

/// A lost packet that comes later than this after a switch is of no use any more.
const LATE_US: u64 = 1_500_000;

impl Sender {
    /// Switches at a packet that a decoder can start from, if one is pending, or in memory where nothing goes out.
    pub(super) fn try_switch(&mut self, desired: usize, source: &Receiver, now: Time, sent: &mut Sent) {
        let encodings = &source.encodings;
        let encoding = &encodings[desired];
        let start = encoding
            .pending
            .iter()
            .filter_map(|&sequence| encoding.cache.get(sequence))
            .find(|(meta, _)| {
                meta.payload_length > 0 && (self.kind == MediaKind::Audio || meta.keyframe_start)
            });
        let Some((meta, _)) = start else {
            if self.current.is_none() && self.begin_from_memory(source, now) {
                sent.switched = true;
                return;
            }
            sent.wants_keyframe = (self.kind == MediaKind::Video).then_some(desired);
            return;
        };
        let timestamp = self.time_after_switch(encodings, desired, meta.timestamp, now);
        self.before = self.current.map(|encoding| Before {
            encoding,
            layers: std::mem::take(&mut self.layers),
            end: self.munger.highest_source() + 1,
            until: Time(now.0 + LATE_US),
        });
        self.munger
            .switch(desired as u8, meta.sequence, &numbers(meta), timestamp);
        self.layers.restart(meta);
        self.reports.hasten(); // the old report says nothing of the new time base
        self.current = Some(desired);
        self.waits = false;
        sent.switched = true;
        sent.started_at = Some(meta.sequence);
        self.caught_up(meta.sequence);
        self.began(now);
    }

    /// The outgoing time of the first packet after a switch, whose time at the source is `time`: the source's own at the very first; else by the sender
    /// reports of both encodings, which share the publisher's clock; else what has passed since the last packet.
    /// Always later than the last packet.
    pub(super) fn time_after_switch(
        &self,
        encodings: &[Encoding],
        desired: usize,
        time: u32,
        now: Time,
    ) -> u32 {
        if !self.munger.started() {
            return time;
        }
        let clock_rate = encodings[desired].clock_rate;
        let elapsed_us = u128::from(now.0.saturating_sub(self.last_sent.0));
        let elapsed = (elapsed_us * u128::from(clock_rate) / 1_000_000) as u32;
        let last = self.munger.last_timestamp();
        let by_clock = last.wrapping_add(elapsed);
        let chosen = self
            .aligned_time(encodings, desired, time)
            .filter(|aligned| aligned.wrapping_sub(by_clock).cast_signed().unsigned_abs() <= clock_rate)
            .unwrap_or(by_clock);
        self.munger.not_before(chosen)
    }

    /// A time in the base of the encoding before, by the sender reports of both.
    fn aligned_time(&self, encodings: &[Encoding], desired: usize, time: u32) -> Option<u32> {
        let before = self.munger.newest()?;
        let encoding = &encodings[desired];
        let (old, _) = encodings.get(usize::from(before.encoding))?.reception.last_sr()?;
        let (new, _) = encoding.reception.last_sr()?;
        let apart = i128::from(new.ntp_time.wrapping_sub(old.ntp_time).cast_signed());
        let ticks = (apart * i128::from(encoding.clock_rate)) >> 32;
        let since_report = time.wrapping_sub(new.rtp_time);
        Some(
            old.rtp_time
                .wrapping_add(ticks as u32)
                .wrapping_add(since_report)
                .wrapping_sub(before.timestamp_offset),
        )
    }
}
