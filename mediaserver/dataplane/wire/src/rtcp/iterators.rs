//! Lists inside RTCP packets, read as they are iterated.
use super::{BLOCK_LENGTH, ReportBlock};

/// Iterator over report blocks.
#[derive(Clone, Debug)]
pub struct ReportBlocks<'a>(pub(super) &'a [u8]);

impl Iterator for ReportBlocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let (block, rest) = self.0.split_first_chunk::<BLOCK_LENGTH>()?;
        self.0 = rest;
        let word = |at: usize| u32::from_be_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]);
        Some(ReportBlock {
            ssrc: word(0),
            fraction_lost: block[4],
            // Sign extension of 24 bits.
            cumulative_lost: (word(4) << 8) as i32 >> 8,
            highest_sequence: word(8),
            jitter: word(12),
            last_sr: word(16),
            delay_since_last_sr: word(20),
        })
    }
}

/// Iterator over 32-bit words (SSRCs).
#[derive(Clone, Debug)]
pub struct Words<'a>(pub(super) &'a [u8]);

impl Iterator for Words<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (word, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*word))
    }
}

/// Iterator over the sequence numbers of a generic NACK, in the order written.
#[derive(Clone, Debug)]
pub struct NackIter<'a> {
    fci: &'a [u8],
    /// Next number and the bits for those behind it.
    current: Option<(u16, u16)>,
}

impl<'a> NackIter<'a> {
    pub(super) fn new(fci: &'a [u8]) -> Self {
        Self { fci, current: None }
    }
}

impl Iterator for NackIter<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        if let Some((last, bits)) = self.current
            && bits != 0
        {
            let step = bits.trailing_zeros() as u16 + 1;
            let sequence = last.wrapping_add(step);
            self.current = Some((sequence, bits.checked_shr(u32::from(step)).unwrap_or(0)));
            return Some(sequence);
        }
        let (entry, rest) = self.fci.split_first_chunk::<4>()?;
        self.fci = rest;
        let sequence = u16::from_be_bytes([entry[0], entry[1]]);
        self.current = Some((sequence, u16::from_be_bytes([entry[2], entry[3]])));
        Some(sequence)
    }
}

/// Iterator over the media SSRCs of a FIR.
#[derive(Clone, Debug)]
pub struct FirIter<'a>(pub(super) &'a [u8]);

impl Iterator for FirIter<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (entry, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u32::from_be_bytes([entry[0], entry[1], entry[2], entry[3]]))
    }
}
