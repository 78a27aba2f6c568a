//! Transport-wide feedback to a publisher (draft-holmer-rmcat-transport-wide-cc-extensions-01): which packet arrived when.

use crate::api::Time;
use polyana_wire::Error;
use polyana_wire::rtcp::Writer;
use polyana_wire::rtp::SequenceExtender;

/// More than two seconds of a fast publisher; a longer silence starts anew.
const MAX_WINDOW: usize = 2048;

#[derive(Debug, Default)]
pub(crate) struct FeedbackRecorder {
    extender: SequenceExtender,
    /// Extended sequence number of `arrivals[0]`.
    base: u64,
    arrivals: Vec<Option<u64>>,
    count: u8,
    media_ssrc: u32,
}

impl FeedbackRecorder {
    pub fn record(&mut self, sequence: u16, ssrc: u32, now: Time) {
        let sequence = self.extender.extend(sequence);
        self.media_ssrc = ssrc;
        if self.arrivals.is_empty() && sequence >= self.base {
            // Losses before the first packet of a window count only if the window continues the one before.
            let lost = sequence - self.base;
            if self.base == 0 || lost as usize >= MAX_WINDOW {
                self.base = sequence;
            }
        }
        let Some(index) = sequence.checked_sub(self.base) else {
            return;
        }; // reported as lost already
        let index = index as usize;
        if index >= MAX_WINDOW {
            self.arrivals.clear();
            self.base = sequence;
            self.arrivals.push(Some(now.0));
            return;
        }
        if index >= self.arrivals.len() {
            self.arrivals.resize(index + 1, None);
        }
        self.arrivals[index].get_or_insert(now.0);
    }

    pub fn is_empty(&self) -> bool {
        self.arrivals.is_empty()
    }

    /// Writes one feedback packet; what did not fit stays for the next.
    pub fn write(&mut self, writer: &mut Writer<'_>, sender_ssrc: u32) -> Result<(), Error> {
        let base = self.base as u16;
        let covered =
            writer.transport_feedback(sender_ssrc, self.media_ssrc, self.count, base, &self.arrivals)?;
        self.count = self.count.wrapping_add(1);
        self.base += covered as u64;
        self.arrivals.drain(..covered);
        Ok(())
    }
}
