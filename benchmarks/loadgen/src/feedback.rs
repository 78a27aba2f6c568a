//! Transport-wide feedback on what a peer receives (draft-holmer-rmcat-transport-wide-cc-extensions-01), as a browser
//! gives it. Every packet between the first and the newest is told once: when it came, or that it did not.

use polyana_wire::rtcp::Writer;
use polyana_wire::rtp::{ExtensionIter, SequenceExtender};
use std::time::Duration;

/// libwebrtc spends 5 % of the bitrate on feedback, every 50 to 250 ms: 50 ms from 220 kbit/s on.
pub const INTERVAL: Duration = Duration::from_millis(50);
/// A longer gap than this many packets is another stream, not loss.
const MAX_GAP: usize = 4096;
/// As in a subscriber's reports.
pub const SENDER_SSRC: u32 = 1;

/// `id`: of the header extension, when it was agreed on.
pub struct Feedback {
    id: Option<u8>,
    extender: SequenceExtender,
    /// Of `arrivals[0]`: the first that has not been told.
    base: Option<u64>,
    /// Microseconds, or None while it has not come.
    arrivals: Vec<Option<u64>>,
    media_ssrc: u32,
    count: u8,
}

impl Feedback {
    pub fn new(id: Option<u8>) -> Self {
        Self {
            id,
            extender: SequenceExtender::default(),
            base: None,
            arrivals: Vec::new(),
            media_ssrc: 0,
            count: 0,
        }
    }

    /// Notes a packet that came at `arrived_us`.
    pub fn record(&mut self, mut extensions: ExtensionIter<'_>, ssrc: u32, arrived_us: u64) {
        let Some(id) = self.id else { return };
        let Some((_, &[high, low])) = extensions.find(|(found, _)| *found == id) else {
            return;
        };
        let sequence = self.extender.extend(u16::from_be_bytes([high, low]));
        self.media_ssrc = ssrc;
        let base = *self.base.get_or_insert(sequence);
        let Some(index) = sequence.checked_sub(base) else {
            return; // it was told as lost
        };
        let index = index as usize;
        if index >= MAX_GAP {
            self.base = Some(sequence);
            self.arrivals.clear();
            self.arrivals.push(Some(arrived_us));
            return;
        }
        if index >= self.arrivals.len() {
            self.arrivals.resize(index + 1, None);
        }
        self.arrivals[index].get_or_insert(arrived_us);
    }

    /// Whether there is something to tell.
    pub fn is_due(&self) -> bool {
        !self.arrivals.is_empty()
    }

    /// Writes one packet into `out` and returns its length; what does not fit stays.
    pub fn write(&mut self, out: &mut [u8]) -> Result<usize, polyana_wire::Error> {
        let base = self.base.unwrap_or_default();
        let mut writer = Writer::new(out);
        let covered = writer.transport_feedback(
            SENDER_SSRC,
            self.media_ssrc,
            self.count,
            base as u16,
            &self.arrivals,
        )?;
        self.count = self.count.wrapping_add(1);
        self.base = Some(base + covered as u64);
        self.arrivals.drain(..covered);
        Ok(writer.length())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polyana_wire::{rtcp, rtp};

    const ID: u8 = 5;

    fn receive(feedback: &mut Feedback, sequence: u16, arrived_us: u64) {
        let mut packet = [0u8; 64];
        let value = sequence.to_be_bytes();
        rtp::write_header(&mut packet, false, 96, 1, 2, 77, &[(3, b"0"), (ID, &value)]).unwrap();
        let header = rtp::Header::parse(&packet).unwrap();
        feedback.record(header.extensions(&packet), header.ssrc, arrived_us);
    }

    /// (sequence number, arrival) of one packet, and the number of the packet.
    fn told(feedback: &mut Feedback) -> (Vec<(u16, Option<i64>)>, u8) {
        let mut out = [0u8; 1200];
        let length = feedback.write(&mut out).unwrap();
        let Some(Ok(rtcp::Packet::TransportFeedback(packet))) = rtcp::packets(&out[..length]).next() else {
            panic!("no transport-wide feedback");
        };
        assert_eq!((packet.sender_ssrc, packet.media_ssrc), (SENDER_SSRC, 77));
        let mut found = Vec::new();
        packet
            .for_each(|sequence, arrival| found.push((sequence, arrival)))
            .unwrap();
        (found, packet.feedback_count)
    }

    #[test]
    fn arrivals_are_told_in_quarters_of_a_millisecond_and_losses_as_such() {
        for first in [0, 32767, 65534, 65535] {
            let mut feedback = Feedback::new(Some(ID));
            receive(&mut feedback, first, 1_000_300);
            receive(&mut feedback, first.wrapping_add(2), 1_001_000);
            receive(&mut feedback, first.wrapping_add(3), 1_100_499);
            let expected = vec![
                (first, Some(1_000_250)),
                (first.wrapping_add(1), None),
                (first.wrapping_add(2), Some(1_001_000)),
                (first.wrapping_add(3), Some(1_100_250)),
            ];
            assert_eq!(told(&mut feedback), (expected, 0));
            assert!(!feedback.is_due());
        }
    }

    #[test]
    fn what_was_lost_between_two_feedbacks_is_told_by_the_second_and_nothing_twice() {
        let mut feedback = Feedback::new(Some(ID));
        receive(&mut feedback, 10, 64_000);
        told(&mut feedback);
        receive(&mut feedback, 12, 128_000);
        receive(&mut feedback, 12, 129_000); // a duplicate
        receive(&mut feedback, 10, 129_000);
        assert_eq!(told(&mut feedback), (vec![(11, None), (12, Some(128_000))], 1));
        assert!(!feedback.is_due());
    }

    #[test]
    fn a_late_packet_that_has_not_been_told_as_lost_is_told_as_received() {
        let mut feedback = Feedback::new(Some(ID));
        receive(&mut feedback, 10, 64_000);
        receive(&mut feedback, 12, 65_000);
        receive(&mut feedback, 11, 66_000);
        let (found, _) = told(&mut feedback);
        assert_eq!(found[1], (11, Some(66_000)));
    }

    #[test]
    fn nothing_is_told_of_what_was_not_agreed_on() {
        let mut feedback = Feedback::new(None);
        receive(&mut feedback, 10, 64_000);
        assert!(!feedback.is_due());
        let mut other = Feedback::new(Some(ID + 1));
        receive(&mut other, 10, 64_000);
        assert!(!other.is_due());
    }
}
