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
    pub frame_offset: u16,
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
    newest: Numbers,
    started: bool,
}

/// The numbers of a packet besides its sequence number, in outgoing terms.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Numbers {
    pub timestamp: u32,
    pub picture_id: Option<u16>,
    pub tl0_picture_index: Option<u8>,
    /// Of the dependency descriptor.
    pub frame_number: Option<u16>,
}

impl Munger {
    /// `first_out` must leave room below 2^16, so that the peer's rollover counter starts at 0.
    pub fn new(first_out: u16) -> Self {
        Self {
            segments: VecDeque::new(),
            highest_source: 0,
            next_out: u64::from(first_out & 0x7fff),
            newest: Numbers::default(),
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

    /// The newest packet of the source that was sent or left out.
    pub fn highest_source(&self) -> u64 {
        self.highest_source
    }

    /// RTP time of the newest packet sent.
    pub fn last_timestamp(&self) -> u32 {
        self.newest.timestamp
    }

    /// Continues with another source: its first packet, with these numbers there, gets the next number, `timestamp` as its
    /// time, the next picture and frame.
    pub fn switch(&mut self, encoding: u8, sequence: u64, start: &Numbers, timestamp: u32) {
        let newest = self.newest;
        let apart = |started: Option<u16>, newest: Option<u16>| match (started, newest) {
            (Some(started), Some(newest)) => started.wrapping_sub(newest).wrapping_sub(1),
            _ => 0,
        };
        let tl0 = |numbers: &Numbers| numbers.tl0_picture_index.map(u16::from);
        self.highest_source = sequence - 1;
        self.push(Segment {
            encoding,
            first_source: sequence,
            first_out: self.next_out,
            timestamp_offset: start.timestamp.wrapping_sub(timestamp),
            picture_offset: apart(start.picture_id, newest.picture_id),
            tl0_offset: apart(tl0(start), tl0(&newest)) as u8,
            frame_offset: apart(start.frame_number, newest.frame_number),
        });
    }

    /// The segment and outgoing number of a source packet; None for one that belongs to no segment (before a switch,
    /// or left out before). A far jump of the source is closed.
    pub fn map(&mut self, encoding: u8, source: u64) -> Option<(Segment, u64)> {
        let newest = *self.segments.back()?;
        if newest.encoding == encoding && source > self.highest_source + MAX_JUMP {
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

    /// Neither lost before nor of an encoding before.
    fn advances(&self, encoding: u8, source: u64) -> bool {
        let is_newest = self
            .segments
            .back()
            .is_some_and(|newest| newest.encoding == encoding);
        is_newest && source > self.highest_source
    }

    /// A mapped packet goes out.
    pub fn sent(&mut self, encoding: u8, source: u64, out: u64, numbers: &Numbers) {
        self.started = true;
        if self.advances(encoding, source) {
            self.highest_source = source;
            self.newest = Numbers {
                timestamp: numbers.timestamp,
                picture_id: numbers.picture_id.or(self.newest.picture_id),
                tl0_picture_index: numbers.tl0_picture_index.or(self.newest.tl0_picture_index),
                frame_number: numbers.frame_number.or(self.newest.frame_number),
            };
        }
        self.next_out = self.next_out.max(out + 1);
    }

    /// A packet is left out on purpose: those behind it close the gap. `skips_picture`: a whole picture goes with it.
    /// Gives the number that was kept for a packet that comes late: something must be sent under it.
    pub fn leave_out(&mut self, encoding: u8, source: u64, skips_picture: bool) -> Option<(Segment, u64)> {
        let (segment, out) = self.map(encoding, source)?;
        if !self.advances(encoding, source) {
            return Some((segment, out));
        }
        self.highest_source = source;
        self.next_out = self.next_out.max(out);
        self.push(Segment {
            first_source: source + 1,
            first_out: out,
            picture_offset: segment.picture_offset.wrapping_add(u16::from(skips_picture)),
            ..segment
        });
        None
    }

    /// From this packet of the source on, times have another offset.
    pub fn retime(&mut self, source: u64, timestamp_offset: u32) {
        let Some(&newest) = self.segments.back() else {
            return;
        };
        if newest.timestamp_offset != timestamp_offset {
            self.push(Segment {
                first_source: source,
                first_out: newest.out(source),
                timestamp_offset,
                ..newest
            });
        }
    }

    /// An outgoing time, or the first one that is left if others were as late.
    pub fn not_before(&self, timestamp: u32) -> u32 {
        let next = self.newest.timestamp.wrapping_add(1);
        if self.started && timestamp.wrapping_sub(next).cast_signed() < 0 {
            next
        } else {
            timestamp
        }
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
