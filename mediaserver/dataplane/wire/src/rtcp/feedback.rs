//! Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1).
use super::word;
use crate::Error;

/// Unit of receive deltas.
pub(super) const DELTA_UNIT_US: i64 = 250;
/// Unit of the reference time.
pub(super) const REFERENCE_UNIT_US: i64 = 64_000;
const FIXED_LENGTH: usize = 16;

// Packet status symbols.
pub(super) const NOT_RECEIVED: u8 = 0;
pub(super) const SMALL_DELTA: u8 = 1;
pub(super) const LARGE_DELTA: u8 = 2;

/// Transport-wide congestion control feedback, not yet expanded.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct TransportFeedback<'a> {
    pub sender_ssrc: u32,
    pub media_ssrc: u32,
    pub base_sequence: u16,
    pub status_count: u16,
    /// In 64 ms units, 24-bit signed.
    pub reference_time: i32,
    pub feedback_count: u8,
    body: &'a [u8],
}

impl<'a> TransportFeedback<'a> {
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, Error> {
        let (counts, reference) = (word(body, 8)?, word(body, 12)?);
        Ok(Self {
            sender_ssrc: word(body, 0)?,
            media_ssrc: word(body, 4)?,
            base_sequence: (counts >> 16) as u16,
            status_count: counts as u16,
            reference_time: reference as i32 >> 8,
            feedback_count: reference as u8,
            body: &body[FIXED_LENGTH..],
        })
    }

    /// Calls `each` with (sequence number, arrival in microseconds since the reference epoch or None when lost).
    /// Bounded by `status_count`.
    pub fn for_each(&self, mut each: impl FnMut(u16, Option<i64>)) -> Result<(), Error> {
        let mut deltas = &self.body[self.chunks_length()?..];
        let mut arrival = i64::from(self.reference_time) * REFERENCE_UNIT_US;
        let mut sequence = self.base_sequence;
        let mut remaining = usize::from(self.status_count);
        for chunk in self
            .body
            .chunks_exact(2)
            .map(|chunk| u16::from_be_bytes([chunk[0], chunk[1]]))
        {
            if remaining == 0 {
                break;
            }
            let length = chunk_length(chunk).min(remaining);
            remaining -= length;
            for position in 0..length {
                let delta = read_delta(symbol(chunk, position), &mut deltas)?;
                arrival += delta.unwrap_or(0) * DELTA_UNIT_US;
                each(sequence, delta.map(|_| arrival));
                sequence = sequence.wrapping_add(1);
            }
        }
        Ok(())
    }

    /// Bytes of all status chunks.
    fn chunks_length(&self) -> Result<usize, Error> {
        let mut remaining = usize::from(self.status_count);
        let mut length = 0;
        while remaining > 0 {
            let chunk = self.body.get(length..length + 2).ok_or(Error::Truncated)?;
            let covered = chunk_length(u16::from_be_bytes([chunk[0], chunk[1]]));
            if covered == 0 {
                return Err(Error::Malformed);
            }
            remaining = remaining.saturating_sub(covered);
            length += 2;
        }
        Ok(length)
    }
}

/// Statuses that a chunk holds.
fn chunk_length(chunk: u16) -> usize {
    match chunk >> 14 {
        0 | 1 => usize::from(chunk & 0x1fff),
        2 => 14,
        _ => 7,
    }
}

fn symbol(chunk: u16, position: usize) -> u8 {
    match chunk >> 14 {
        0 | 1 => (chunk >> 13 & 0x03) as u8,
        2 => (chunk >> (13 - position) & 0x01) as u8,
        _ => (chunk >> (12 - 2 * position) & 0x03) as u8,
    }
}

/// The delta of one symbol in 250 us units; None: not received.
fn read_delta(symbol: u8, deltas: &mut &[u8]) -> Result<Option<i64>, Error> {
    match symbol {
        NOT_RECEIVED => Ok(None),
        SMALL_DELTA => {
            let (delta, rest) = deltas.split_first().ok_or(Error::Truncated)?;
            *deltas = rest;
            Ok(Some(i64::from(*delta)))
        }
        LARGE_DELTA => {
            let (delta, rest) = deltas.split_first_chunk::<2>().ok_or(Error::Truncated)?;
            *deltas = rest;
            Ok(Some(i64::from(i16::from_be_bytes(*delta))))
        }
        _ => Err(Error::Malformed),
    }
}
