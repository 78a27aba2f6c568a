//! Continuity of one outgoing stream: numbers of the source become numbers without jumps (RFC 7667, section 3.7).
//!
//! The mapping is a list of segments. Within a segment, source and outgoing numbers advance together; a new segment
//! begins where the source changes or a packet is left out on purpose. The list answers both "which number does this
//! packet get" and, for a NACK, "which packet was this number".

use std::collections::VecDeque;

/// Enough for the NACKs of several seconds, also when every second frame is left out.
const MAX_SEGMENTS: usize = 128;
/// A jump of the source beyond this is a new beginning, not a loss.
const MAX_JUMP: u64 = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub encoding: u8,
    first_source: u64,
    first_out: u64,
    /// Subtracted from the source's values.
    pub timestamp_offset: u32,
    pub picture_offset: u16,
    pub tl0_offset: u8,
}

impl Segment {
    fn out(&self, source: u64) -> u64 {
        self.first_out + (source - self.first_source)
    }
}

#[derive(Debug)]
pub(crate) struct Munger {
    segments: VecDeque<Segment>,
    highest_source: u64,
    /// Next number that was never used. It is the SRTP index too, so it never goes back.
    next_out: u64,
    /// Of the newest packet sent.
    pub last_timestamp: u32,
    last_picture: u16,
    last_tl0: u8,
    started: bool,
}

/// Values at the start of a segment, in the source's terms.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Start {
    pub sequence: u64,
    pub timestamp: u32,
    pub picture_id: Option<u16>,
    pub tl0_picture_index: Option<u8>,
}

impl Munger {
    /// `first_out` must leave room below 2^16, so that the peer's rollover counter starts at 0.
    pub fn new(first_out: u16) -> Self {
        Self {
            segments: VecDeque::new(),
            highest_source: 0,
            next_out: u64::from(first_out & 0x7fff),
            last_timestamp: 0,
            last_picture: 0,
            last_tl0: 0,
            started: false,
        }
    }

    /// True once a packet was sent.
    pub fn started(&self) -> bool {
        self.started
    }

    pub fn next_out(&self) -> u64 {
        self.next_out
    }

    /// Continues with another source: its first packet gets the next number, `timestamp` as its time, the next picture.
    pub fn switch(&mut self, encoding: u8, start: Start, timestamp: u32) {
        let (picture_offset, tl0_offset) = if self.started {
            (
                start
                    .picture_id
                    .map_or(0, |id| id.wrapping_sub(self.last_picture.wrapping_add(1))),
                start
                    .tl0_picture_index
                    .map_or(0, |index| index.wrapping_sub(self.last_tl0.wrapping_add(1))),
            )
        } else {
            (0, 0)
        };
        self.highest_source = start.sequence - 1;
        self.push(Segment {
            encoding,
            first_source: start.sequence,
            first_out: self.next_out,
            timestamp_offset: start.timestamp.wrapping_sub(timestamp),
            picture_offset,
            tl0_offset,
        });
    }

    /// The segment and outgoing number of a source packet; None for one that belongs to no segment (before a switch,
    /// or left out before). A far jump of the source is closed.
    pub fn map(&mut self, encoding: u8, source: u64) -> Option<(Segment, u64)> {
        if source > self.highest_source + MAX_JUMP {
            let newest = *self
                .segments
                .back()
                .filter(|newest| newest.encoding == encoding)?;
            self.push(Segment {
                first_source: source,
                first_out: self.next_out,
                ..newest
            });
        }
        let mut later: Option<&Segment> = None;
        for segment in self.segments.iter().rev() {
            if segment.encoding == encoding && source >= segment.first_source {
                let out = segment.out(source);
                // The packet just before a later segment is the one that was left out.
                return (later.is_none_or(|later| out < later.first_out)).then_some((*segment, out));
            }
            later = Some(segment);
        }
        None
    }

    /// A mapped packet goes out.
    pub fn sent(&mut self, source: u64, out: u64, timestamp: u32, picture: Option<u16>, tl0: Option<u8>) {
        self.started = true;
        if source > self.highest_source {
            self.highest_source = source;
            self.last_timestamp = timestamp;
            self.last_picture = picture.unwrap_or(self.last_picture);
            self.last_tl0 = tl0.unwrap_or(self.last_tl0);
        }
        self.next_out = self.next_out.max(out + 1);
    }

    /// A packet is left out on purpose: those behind it close the gap. `new_frame`: a whole picture goes with it.
    pub fn leave_out(&mut self, encoding: u8, source: u64, new_frame: bool) {
        if source <= self.highest_source {
            return; // late: its number was skipped when it was missing, so the gap stays
        }
        let Some((segment, out)) = self.map(encoding, source) else {
            return;
        };
        self.highest_source = source;
        self.next_out = self.next_out.max(out);
        self.push(Segment {
            first_source: source + 1,
            first_out: out,
            picture_offset: segment.picture_offset.wrapping_add(u16::from(new_frame)),
            ..segment
        });
    }

    /// Which source packet carried an outgoing number.
    pub fn source_of(&self, out: u64) -> Option<(Segment, u64)> {
        let segment = self
            .segments
            .iter()
            .rev()
            .find(|segment| segment.first_out <= out)?;
        Some((*segment, segment.first_source + (out - segment.first_out)))
    }

    /// The newest full number with these low 16 bits that was sent.
    pub fn extend_sent(&self, sequence: u16) -> Option<u64> {
        let newest = self.next_out.checked_sub(1)?;
        let back = u64::from((newest as u16).wrapping_sub(sequence));
        newest.checked_sub(back)
    }

    pub fn newest(&self) -> Option<Segment> {
        self.segments.back().copied()
    }

    /// Forgets the sources (the track was replaced); numbering goes on.
    pub fn forget(&mut self) {
        self.segments.clear();
    }

    fn push(&mut self, segment: Segment) {
        // A segment without a packet is superseded, not kept.
        if self
            .segments
            .back()
            .is_some_and(|last| last.first_out == segment.first_out)
        {
            self.segments.pop_back();
        } else if self.segments.len() == MAX_SEGMENTS {
            self.segments.pop_front();
        }
        self.segments.push_back(segment);
    }
}
