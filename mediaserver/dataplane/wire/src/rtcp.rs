//! RTCP compound packets (RFC 3550, 4585, 5104, draft-holmer-rmcat-transport-wide-cc-extensions, REMB).
use crate::Error;

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

/// Iterator over report blocks.
#[derive(Clone, Debug)]
pub struct ReportBlocks<'a>(pub(crate) &'a [u8]);
impl Iterator for ReportBlocks<'_> {
    type Item = ReportBlock;
    fn next(&mut self) -> Option<ReportBlock> {
        todo!()
    }
}
/// Iterator over 32-bit words (SSRCs).
#[derive(Clone, Debug)]
pub struct Words<'a>(pub(crate) &'a [u8]);
impl Iterator for Words<'_> {
    type Item = u32;
    fn next(&mut self) -> Option<u32> {
        todo!()
    }
}
/// Iterator over the sequence numbers of a generic NACK, in the order written.
#[derive(Clone, Debug)]
pub struct NackIter<'a> {
    pub(crate) _fci: &'a [u8],
}
impl Iterator for NackIter<'_> {
    type Item = u16;
    fn next(&mut self) -> Option<u16> {
        todo!()
    }
}
/// Iterator over the media SSRCs of a FIR.
#[derive(Clone, Debug)]
pub struct FirIter<'a>(pub(crate) &'a [u8]);
impl Iterator for FirIter<'_> {
    type Item = u32;
    fn next(&mut self) -> Option<u32> {
        todo!()
    }
}

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
    pub(crate) body: &'a [u8],
}
impl TransportFeedback<'_> {
    /// Calls `each` with (sequence number, arrival in microseconds since the reference epoch or None when lost). Bounded by `status_count`.
    pub fn for_each(&self, _each: impl FnMut(u16, Option<i64>)) -> Result<(), Error> {
        todo!()
    }
}

/// Iterates over a decrypted compound packet; ends after the first error.
pub fn packets(_compound: &[u8]) -> impl Iterator<Item = Result<Packet<'_>, Error>> {
    std::iter::empty()
}

/// Appends RTCP packets to a caller's buffer.
pub struct Writer<'a> {
    out: &'a mut [u8],
    length: usize,
}
#[allow(missing_docs, unused_variables)]
impl<'a> Writer<'a> {
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
    pub fn sender_report(&mut self, info: &SenderInfo, blocks: &[ReportBlock]) -> Result<(), Error> {
        todo!()
    }
    pub fn receiver_report(&mut self, ssrc: u32, blocks: &[ReportBlock]) -> Result<(), Error> {
        todo!()
    }
    /// SDES with one CNAME chunk.
    pub fn source_description(&mut self, ssrc: u32, cname: &str) -> Result<(), Error> {
        todo!()
    }
    pub fn bye(&mut self, ssrcs: &[u32]) -> Result<(), Error> {
        todo!()
    }
    /// `lost` ascending modulo 2^16; packs PID/BLP pairs.
    pub fn nack(&mut self, sender_ssrc: u32, media_ssrc: u32, lost: &[u16]) -> Result<(), Error> {
        todo!()
    }
    pub fn pli(&mut self, sender_ssrc: u32, media_ssrc: u32) -> Result<(), Error> {
        todo!()
    }
    pub fn fir(&mut self, sender_ssrc: u32, media_ssrc: u32, command: u8) -> Result<(), Error> {
        todo!()
    }
    pub fn remb(&mut self, sender_ssrc: u32, bitrate_bps: u64, ssrcs: &[u32]) -> Result<(), Error> {
        todo!()
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
        todo!()
    }
}
