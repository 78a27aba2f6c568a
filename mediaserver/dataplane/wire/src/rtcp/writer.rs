//! Writes RTCP packets one after another into a caller's buffer. A packet that does not fit changes nothing.
use super::feedback::{DELTA_UNIT_US, LARGE_DELTA, NOT_RECEIVED, REFERENCE_UNIT_US, SMALL_DELTA};
use super::{
    FMT_APPLICATION, FMT_FIR, FMT_NACK, FMT_PLI, FMT_TRANSPORT_CC, GOODBYE, HEADER_LENGTH,
    PAYLOAD_SPECIFIC_FEEDBACK, RECEIVER_REPORT, REMB_IDENTIFIER, ReportBlock, SENDER_REPORT,
    SOURCE_DESCRIPTION, SenderInfo, TRANSPORT_LAYER_FEEDBACK,
};
use crate::Error;

/// Five bits of the header.
const MAX_COUNT: usize = 31;
const VERSION: u8 = 0x80;
/// Statuses of one feedback packet that are looked at: half a second of a fast publisher.
const MAX_STATUSES: usize = 512;

/// Appends RTCP packets to a caller's buffer.
pub struct Writer<'a> {
    out: &'a mut [u8],
    length: usize,
}

/// One packet being written behind what the writer holds.
struct Draft<'w> {
    out: &'w mut [u8],
    at: usize,
}

impl Draft<'_> {
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let end = self.at + bytes.len();
        self.out
            .get_mut(self.at..end)
            .ok_or(Error::NoSpace)?
            .copy_from_slice(bytes);
        self.at = end;
        Ok(())
    }

    fn word(&mut self, word: u32) -> Result<(), Error> {
        self.bytes(&word.to_be_bytes())
    }

    fn block(&mut self, block: &ReportBlock) -> Result<(), Error> {
        self.word(block.ssrc)?;
        self.word(u32::from(block.fraction_lost) << 24 | block.cumulative_lost as u32 & 0xff_ffff)?;
        self.word(block.highest_sequence)?;
        self.word(block.jitter)?;
        self.word(block.last_sr)?;
        self.word(block.delay_since_last_sr)
    }
}

impl<'a> Writer<'a> {
    /// Writes from the start of `out`.
    pub fn new(out: &'a mut [u8]) -> Self {
        Self { out, length: 0 }
    }

    /// Bytes written so far.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Bytes still free.
    pub fn remaining(&self) -> usize {
        self.out.len() - self.length
    }

    /// SR with at most 31 blocks.
    pub fn sender_report(&mut self, info: &SenderInfo, blocks: &[ReportBlock]) -> Result<(), Error> {
        self.packet(count(blocks.len())?, SENDER_REPORT, |draft| {
            draft.word(info.ssrc)?;
            draft.bytes(&info.ntp_time.to_be_bytes())?;
            draft.word(info.rtp_time)?;
            draft.word(info.packet_count)?;
            draft.word(info.octet_count)?;
            blocks.iter().try_for_each(|block| draft.block(block))
        })
    }

    /// RR with at most 31 blocks.
    pub fn receiver_report(&mut self, ssrc: u32, blocks: &[ReportBlock]) -> Result<(), Error> {
        self.packet(count(blocks.len())?, RECEIVER_REPORT, |draft| {
            draft.word(ssrc)?;
            blocks.iter().try_for_each(|block| draft.block(block))
        })
    }

    /// SDES with one CNAME chunk; at most 255 octets.
    pub fn source_description(&mut self, ssrc: u32, cname: &str) -> Result<(), Error> {
        const CNAME: u8 = 1;
        let length = u8::try_from(cname.len()).map_err(|_| Error::Malformed)?;
        self.packet(1, SOURCE_DESCRIPTION, |draft| {
            draft.word(ssrc)?;
            draft.bytes(&[CNAME, length])?;
            draft.bytes(cname.as_bytes())?;
            // A chunk ends with at least one zero octet, on a word boundary.
            let padding = 4 - (2 + cname.len()) % 4;
            draft.bytes(&[0; 4][..padding])
        })
    }

    /// BYE for at most 31 streams.
    pub fn bye(&mut self, ssrcs: &[u32]) -> Result<(), Error> {
        self.packet(count(ssrcs.len())?, GOODBYE, |draft| {
            ssrcs.iter().try_for_each(|&ssrc| draft.word(ssrc))
        })
    }

    /// `lost` ascending modulo 2^16; packs PID/BLP pairs.
    pub fn nack(&mut self, sender_ssrc: u32, media_ssrc: u32, lost: &[u16]) -> Result<(), Error> {
        self.feedback(
            FMT_NACK,
            TRANSPORT_LAYER_FEEDBACK,
            sender_ssrc,
            media_ssrc,
            |draft| {
                let mut rest = lost;
                while let Some((&first, mut tail)) = rest.split_first() {
                    let mut bits = 0u16;
                    while let Some((&next, after)) = tail.split_first() {
                        let distance = next.wrapping_sub(first);
                        if !(1..=16).contains(&distance) {
                            break;
                        }
                        bits |= 1 << (distance - 1);
                        tail = after;
                    }
                    draft.word(u32::from(first) << 16 | u32::from(bits))?;
                    rest = tail;
                }
                Ok(())
            },
        )
    }

    /// Picture loss indication.
    pub fn pli(&mut self, sender_ssrc: u32, media_ssrc: u32) -> Result<(), Error> {
        self.feedback(
            FMT_PLI,
            PAYLOAD_SPECIFIC_FEEDBACK,
            sender_ssrc,
            media_ssrc,
            |_| Ok(()),
        )
    }

    /// Full intra request with its command number.
    pub fn fir(&mut self, sender_ssrc: u32, media_ssrc: u32, command: u8) -> Result<(), Error> {
        self.feedback(FMT_FIR, PAYLOAD_SPECIFIC_FEEDBACK, sender_ssrc, 0, |draft| {
            draft.word(media_ssrc)?;
            draft.word(u32::from(command) << 24)
        })
    }

    /// Receiver estimated maximum bitrate; the mantissa keeps 18 bits.
    pub fn remb(&mut self, sender_ssrc: u32, bitrate_bps: u64, ssrcs: &[u32]) -> Result<(), Error> {
        let number = u8::try_from(ssrcs.len()).map_err(|_| Error::Malformed)?;
        let exponent = (64 - bitrate_bps.leading_zeros()).saturating_sub(18);
        let mantissa = (bitrate_bps >> exponent) as u32;
        self.feedback(
            FMT_APPLICATION,
            PAYLOAD_SPECIFIC_FEEDBACK,
            sender_ssrc,
            0,
            |draft| {
                draft.bytes(REMB_IDENTIFIER)?;
                draft.word(u32::from(number) << 24 | exponent << 18 | mantissa)?;
                ssrcs.iter().try_for_each(|&ssrc| draft.word(ssrc))
            },
        )
    }

    /// One feedback packet from `arrivals[i]` = arrival in microseconds of sequence `base_sequence + i`, or None.
    /// Writes as many as fit the delta range and the space, and returns how many entries it covered.
    pub fn transport_feedback(
        &mut self,
        sender_ssrc: u32,
        media_ssrc: u32,
        feedback_count: u8,
        base_sequence: u16,
        arrivals: &[Option<u64>],
    ) -> Result<usize, Error> {
        const FIXED: usize = HEADER_LENGTH + 16;
        let space = self.remaining().checked_sub(FIXED).ok_or(Error::NoSpace)?;
        let statuses = Statuses::gather(arrivals, space);
        if statuses.count == 0 {
            return Err(Error::NoSpace);
        }
        self.feedback(
            FMT_TRANSPORT_CC,
            TRANSPORT_LAYER_FEEDBACK,
            sender_ssrc,
            media_ssrc,
            |draft| {
                draft.word(u32::from(base_sequence) << 16 | statuses.count as u32)?;
                draft.word((statuses.reference as u32) << 8 | u32::from(feedback_count))?;
                statuses.write_chunks(draft)?;
                statuses.write_deltas(draft)?;
                let padding = draft.at.wrapping_neg() % 4;
                draft.bytes(&[0; 4][..padding])
            },
        )?;
        Ok(statuses.count)
    }

    fn feedback(
        &mut self,
        format: u8,
        packet_type: u8,
        sender_ssrc: u32,
        media_ssrc: u32,
        write: impl FnOnce(&mut Draft<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.packet(format, packet_type, |draft| {
            draft.word(sender_ssrc)?;
            draft.word(media_ssrc)?;
            write(draft)
        })
    }

    /// Header, body, then the length in words minus one.
    fn packet(
        &mut self,
        count: u8,
        packet_type: u8,
        write: impl FnOnce(&mut Draft<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut draft = Draft {
            out: &mut self.out[self.length..],
            at: 0,
        };
        draft.bytes(&[VERSION | count, packet_type, 0, 0])?;
        write(&mut draft)?;
        let length = draft.at;
        debug_assert!(length.is_multiple_of(4));
        let words = u16::try_from(length / 4 - 1).map_err(|_| Error::NoSpace)?;
        draft.out[2..4].copy_from_slice(&words.to_be_bytes());
        self.length += length;
        Ok(())
    }
}

fn count(number: usize) -> Result<u8, Error> {
    if number <= MAX_COUNT {
        Ok(number as u8)
    } else {
        Err(Error::Malformed)
    }
}

/// Symbols and deltas of one feedback packet.
struct Statuses {
    /// 24-bit, 64 ms units.
    reference: i32,
    count: usize,
    symbols: [u8; MAX_STATUSES],
    deltas: [i16; MAX_STATUSES],
}

impl Statuses {
    /// Takes arrivals while their deltas fit 16 bits and the worst case of their chunks and deltas fits `space`.
    fn gather(arrivals: &[Option<u64>], space: usize) -> Self {
        let first = arrivals.iter().flatten().next().copied().unwrap_or(0) as i64;
        let reference = first / REFERENCE_UNIT_US;
        let mut found = Self {
            reference: (reference & 0xff_ffff) as i32,
            count: 0,
            symbols: [NOT_RECEIVED; MAX_STATUSES],
            deltas: [0; MAX_STATUSES],
        };
        let mut previous = reference * (REFERENCE_UNIT_US / DELTA_UNIT_US);
        let mut delta_bytes = 0;
        for arrival in arrivals.iter().take(MAX_STATUSES) {
            if let Some(arrival) = arrival {
                let now = *arrival as i64 / DELTA_UNIT_US;
                let Ok(delta) = i16::try_from(now - previous) else {
                    break;
                };
                let small = (0..=255).contains(&delta);
                delta_bytes += if small { 1 } else { 2 };
                found.symbols[found.count] = if small { SMALL_DELTA } else { LARGE_DELTA };
                found.deltas[found.count] = delta;
                previous = now;
            }
            let chunk_bytes = 2 * (found.count + 1).div_ceil(7);
            if chunk_bytes + delta_bytes + 3 > space {
                break;
            }
            found.count += 1;
        }
        found
    }

    /// Run length chunks for long runs, 1-bit vectors where there are no large deltas, 2-bit vectors otherwise.
    fn write_chunks(&self, draft: &mut Draft<'_>) -> Result<(), Error> {
        let mut rest = &self.symbols[..self.count];
        while let Some(&first) = rest.first() {
            let run = rest.iter().take_while(|&&symbol| symbol == first).count();
            let near = &rest[..rest.len().min(14)];
            let (chunk, covered) = if run >= near.len() || run > 14 {
                (u16::from(first) << 13 | run as u16, run)
            } else if near.iter().all(|&symbol| symbol != LARGE_DELTA) {
                let bits = near
                    .iter()
                    .enumerate()
                    .fold(0, |bits, (i, &symbol)| bits | u16::from(symbol) << (13 - i));
                (0x8000 | bits, near.len())
            } else {
                let near = &near[..near.len().min(7)];
                let bits = near
                    .iter()
                    .enumerate()
                    .fold(0, |bits, (i, &symbol)| bits | u16::from(symbol) << (12 - 2 * i));
                (0xc000 | bits, near.len())
            };
            draft.bytes(&chunk.to_be_bytes())?;
            rest = &rest[covered..];
        }
        Ok(())
    }

    fn write_deltas(&self, draft: &mut Draft<'_>) -> Result<(), Error> {
        for (symbol, delta) in self.symbols[..self.count].iter().zip(&self.deltas) {
            match *symbol {
                SMALL_DELTA => draft.bytes(&[*delta as u8])?,
                LARGE_DELTA => draft.bytes(&delta.to_be_bytes())?,
                _ => {}
            }
        }
        Ok(())
    }
}
