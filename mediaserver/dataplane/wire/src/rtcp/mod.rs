//! RTCP compound packets (RFC 3550, 4585, 5104, draft-holmer-rmcat-transport-wide-cc-extensions, REMB).
//! Reduced-size packets (RFC 5506) are accepted: a compound need not begin with a report.

mod feedback;
mod iterators;
mod writer;

use crate::Error;
use crate::bytes::u32_at as word;
pub use feedback::TransportFeedback;
pub use iterators::{FirIter, NackIter, ReportBlocks, Words};
pub use writer::Writer;

// Packet types and feedback formats (IANA "RTCP Control Packet Types", "FMT Values").
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const TRANSPORT_LAYER_FEEDBACK: u8 = 205;
const PAYLOAD_SPECIFIC_FEEDBACK: u8 = 206;
const FMT_NACK: u8 = 1;
const FMT_TRANSPORT_CC: u8 = 15;
const FMT_PLI: u8 = 1;
const FMT_FIR: u8 = 4;
const FMT_APPLICATION: u8 = 15;
const REMB_IDENTIFIER: &[u8; 4] = b"REMB";
const HEADER_LENGTH: usize = 4;
const BLOCK_LENGTH: usize = 24;
const SENDER_INFO_LENGTH: usize = 20;

/// One report block of SR or RR.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ReportBlock {
    pub ssrc: u32,
    pub fraction_lost: u8,
    /// 24-bit signed.
    pub cumulative_lost: i32,
    pub highest_sequence: u32,
    /// In units of the RTP clock.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last SR.
    pub last_sr: u32,
    /// In 1/65536 s.
    pub delay_since_last_sr: u32,
}

/// Sender information of an SR.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct SenderInfo {
    pub ssrc: u32,
    /// 64-bit NTP time.
    pub ntp_time: u64,
    pub rtp_time: u32,
    pub packet_count: u32,
    pub octet_count: u32,
}

/// One packet of a compound, borrowing its bytes.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Packet<'a> {
    SenderReport {
        info: SenderInfo,
        blocks: ReportBlocks<'a>,
    },
    ReceiverReport {
        ssrc: u32,
        blocks: ReportBlocks<'a>,
    },
    SourceDescription,
    Bye {
        ssrcs: Words<'a>,
    },
    /// Generic NACK: iterate for the lost sequence numbers.
    Nack {
        sender_ssrc: u32,
        media_ssrc: u32,
        lost: NackIter<'a>,
    },
    TransportFeedback(TransportFeedback<'a>),
    Pli {
        sender_ssrc: u32,
        media_ssrc: u32,
    },
    /// FCI entries are (ssrc, command sequence number) pairs; only the SSRCs are given.
    Fir {
        sender_ssrc: u32,
        targets: FirIter<'a>,
    },
    Remb {
        sender_ssrc: u32,
        bitrate_bps: u64,
        ssrcs: Words<'a>,
    },
    /// Well-formed but not used here.
    Other {
        packet_type: u8,
    },
}

/// Iterates over a decrypted compound packet; ends after the first error.
pub fn packets(compound: &[u8]) -> impl Iterator<Item = Result<Packet<'_>, Error>> {
    let mut rest = compound;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let parsed = split(rest);
        rest = match &parsed {
            Ok((_, tail)) => tail,
            Err(_) => &[],
        };
        Some(parsed.and_then(|(packet, _)| parse(packet)))
    })
}

/// The first packet, padding included, and what follows it.
fn split(compound: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let header = compound.get(..HEADER_LENGTH).ok_or(Error::Truncated)?;
    if header[0] >> 6 != 2 {
        return Err(Error::Malformed);
    }
    let length = (usize::from(u16::from_be_bytes([header[2], header[3]])) + 1) * 4;
    compound.split_at_checked(length).ok_or(Error::Truncated)
}

fn parse(packet: &[u8]) -> Result<Packet<'_>, Error> {
    let (count, packet_type) = (packet[0] & 0x1f, packet[1]);
    let body = without_padding(packet)?;
    match (packet_type, count) {
        (SENDER_REPORT, _) => sender_report(body, count),
        (RECEIVER_REPORT, _) => Ok(Packet::ReceiverReport {
            ssrc: word(body, 0)?,
            blocks: report_blocks(body, 4, count)?,
        }),
        (SOURCE_DESCRIPTION, _) => Ok(Packet::SourceDescription),
        (GOODBYE, _) => {
            let ssrcs = body.get(..4 * usize::from(count)).ok_or(Error::Truncated)?;
            Ok(Packet::Bye { ssrcs: Words(ssrcs) })
        }
        (TRANSPORT_LAYER_FEEDBACK, FMT_NACK) => {
            let (sender_ssrc, media_ssrc) = (word(body, 0)?, word(body, 4)?);
            Ok(Packet::Nack {
                sender_ssrc,
                media_ssrc,
                lost: NackIter::new(&body[8..]),
            })
        }
        (TRANSPORT_LAYER_FEEDBACK, FMT_TRANSPORT_CC) => {
            Ok(Packet::TransportFeedback(TransportFeedback::parse(body)?))
        }
        (PAYLOAD_SPECIFIC_FEEDBACK, FMT_PLI) => Ok(Packet::Pli {
            sender_ssrc: word(body, 0)?,
            media_ssrc: word(body, 4)?,
        }),
        (PAYLOAD_SPECIFIC_FEEDBACK, FMT_FIR) => {
            word(body, 4)?; // media SSRC, unused (RFC 5104, section 4.3.1.2)
            Ok(Packet::Fir {
                sender_ssrc: word(body, 0)?,
                targets: FirIter(&body[8..]),
            })
        }
        (PAYLOAD_SPECIFIC_FEEDBACK, FMT_APPLICATION) if body.get(8..12) == Some(REMB_IDENTIFIER) => {
            remb(body)
        }
        _ => Ok(Packet::Other { packet_type }),
    }
}

/// The packet after its header, without the octets that the P bit announces.
fn without_padding(packet: &[u8]) -> Result<&[u8], Error> {
    const PADDING: u8 = 0x20;
    let body = &packet[HEADER_LENGTH..];
    if packet[0] & PADDING == 0 {
        return Ok(body);
    }
    let padding = usize::from(*body.last().ok_or(Error::Malformed)?);
    if padding == 0 {
        return Err(Error::Malformed);
    }
    body.len()
        .checked_sub(padding)
        .map(|length| &body[..length])
        .ok_or(Error::Malformed)
}

fn report_blocks(body: &[u8], offset: usize, count: u8) -> Result<ReportBlocks<'_>, Error> {
    let end = offset + BLOCK_LENGTH * usize::from(count);
    body.get(offset..end).map(ReportBlocks).ok_or(Error::Truncated)
}

fn sender_report(body: &[u8], count: u8) -> Result<Packet<'_>, Error> {
    let info = SenderInfo {
        ssrc: word(body, 0)?,
        ntp_time: u64::from(word(body, 4)?) << 32 | u64::from(word(body, 8)?),
        rtp_time: word(body, 12)?,
        packet_count: word(body, 16)?,
        octet_count: word(body, 20)?,
    };
    Ok(Packet::SenderReport {
        info,
        blocks: report_blocks(body, 4 + SENDER_INFO_LENGTH, count)?,
    })
}

/// draft-alvestrand-rmcat-remb-03, section 2.2: count, 6-bit exponent, 18-bit mantissa, SSRCs.
fn remb(body: &[u8]) -> Result<Packet<'_>, Error> {
    let packed = word(body, 12)?;
    let (count, exponent, mantissa) = (packed >> 24, packed >> 18 & 0x3f, u64::from(packed & 0x3_ffff));
    let ssrcs = body.get(16..16 + 4 * count as usize).ok_or(Error::Truncated)?;
    let bitrate_bps = if exponent > 64 - 18 {
        u64::MAX
    } else {
        mantissa << exponent
    };
    Ok(Packet::Remb {
        sender_ssrc: word(body, 0)?,
        bitrate_bps,
        ssrcs: Words(ssrcs),
    })
}
