//! A subscribed track as a browser receives it: what arrived, in which order, with NACKs where that is wanted.

use super::source::read_stamp;
use polyana_core::{SenderId, Time};
use polyana_wire::payload::Vp8Descriptor;
use polyana_wire::rtcp::{ReportBlock, SenderInfo};
use polyana_wire::rtp::SequenceExtender;
use std::collections::BTreeMap;

/// Retry interval and number of tries of a browser-like NACK generator.
const NACK_TRIES: u32 = 10;

#[derive(Clone, Debug)]
pub struct Received {
    pub at: Time,
    pub timestamp: u32,
    pub payload_type: u8,
    pub marker: bool,
    pub extensions: Vec<(u8, Vec<u8>)>,
    pub two_byte_extensions: bool,
    pub payload: Vec<u8>,
    /// Came on the retransmission stream.
    pub resent: bool,
}

impl Received {
    /// (SSRC at the publisher, number of the packet there).
    pub fn stamp(&self) -> Option<(u32, u32)> {
        read_stamp(&self.payload)
    }

    pub fn vp8(&self) -> Vp8Descriptor {
        Vp8Descriptor::parse(&self.payload).unwrap()
    }

    pub fn is_keyframe_start(&self) -> bool {
        polyana_wire::payload::is_keyframe_start(polyana_wire::payload::Codec::Vp8, &self.payload)
    }
}

#[derive(Debug)]
pub struct Sink {
    pub sender: SenderId,
    pub ssrc: u32,
    pub rtx_ssrc: Option<u32>,
    pub cname: String,
    pub nacks: bool,
    pub nack_retry_us: u64,
    pub reports: bool,
    extender: SequenceExtender,
    /// By extended sequence number.
    pub packets: BTreeMap<u64, Received>,
    /// In order of first arrival.
    pub order: Vec<u64>,
    pub duplicates: u32,
    pub rtx_numbers: Vec<u16>,
    missing: BTreeMap<u64, (Time, u32)>,
    pub nacks_sent: u32,
    pub sender_reports: Vec<(Time, SenderInfo)>,
    pub byes: u32,
    base: Option<u64>,
    prior: (u64, u64),
}

impl Sink {
    pub fn new(sender: SenderId, ssrc: u32, rtx_ssrc: Option<u32>, cname: &str) -> Self {
        Self {
            sender,
            ssrc,
            rtx_ssrc,
            cname: cname.into(),
            nacks: false,
            nack_retry_us: 100_000,
            reports: true,
            extender: SequenceExtender::default(),
            packets: BTreeMap::new(),
            order: Vec::new(),
            duplicates: 0,
            rtx_numbers: Vec::new(),
            missing: BTreeMap::new(),
            nacks_sent: 0,
            sender_reports: Vec::new(),
            byes: 0,
            base: None,
            prior: (0, 0),
        }
    }

    pub fn receive(&mut self, sequence: u16, received: Received) {
        let previous = self.extender.highest;
        let extended = self.extender.extend(sequence);
        self.base.get_or_insert(extended);
        if let Some(previous) = previous {
            for lost in previous + 1..extended.max(previous + 1) {
                self.missing.insert(lost, (received.at, 0));
            }
        }
        self.missing.remove(&extended);
        if self.packets.contains_key(&extended) {
            self.duplicates += 1;
        } else {
            self.order.push(extended);
            self.packets.insert(extended, received);
        }
    }

    /// Sequence numbers to ask for now.
    pub fn due_nacks(&mut self, now: Time) -> Vec<u16> {
        if !self.nacks {
            return Vec::new();
        }
        let mut due = Vec::new();
        let retry = self.nack_retry_us;
        self.missing.retain(|_, (_, tries)| *tries < NACK_TRIES);
        for (sequence, (next, tries)) in &mut self.missing {
            if *next <= now {
                *next = Time(now.0 + retry);
                *tries += 1;
                due.push(*sequence as u16);
            }
        }
        self.nacks_sent += due.len() as u32;
        due
    }

    pub fn next_nack(&self) -> Option<Time> {
        self.missing
            .values()
            .map(|(next, _)| *next)
            .min()
            .filter(|_| self.nacks)
    }

    pub fn report_block(&mut self, now: Time) -> Option<ReportBlock> {
        let highest = self.extender.highest?;
        let expected = highest - self.base? + 1;
        let received = self.packets.len() as u64;
        let (expected_prior, received_prior) = std::mem::replace(&mut self.prior, (expected, received));
        let interval = expected - expected_prior;
        let lost = interval.saturating_sub(received - received_prior);
        let (last_sr, delay) = self.sender_reports.last().map_or((0, 0), |(at, info)| {
            (
                (info.ntp_time >> 16) as u32,
                ((now.0 - at.0) as u128 * 65_536 / 1_000_000) as u32,
            )
        });
        Some(ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: (lost * 256).checked_div(interval).unwrap_or(0).min(255) as u8,
            cumulative_lost: (expected as i64 - received as i64) as i32,
            highest_sequence: highest as u32,
            jitter: 0,
            last_sr,
            delay_since_last_sr: delay,
        })
    }

    /// Numbers between the first and the last that never arrived.
    pub fn holes(&self) -> Vec<u64> {
        let (Some(first), Some(last)) = (self.packets.keys().next(), self.packets.keys().last()) else {
            return Vec::new();
        };
        (*first..=*last)
            .filter(|sequence| !self.packets.contains_key(sequence))
            .collect()
    }

    /// Publisher's numbers of the packets, in the order of the outgoing sequence.
    pub fn stamps(&self) -> Vec<u32> {
        self.packets
            .values()
            .filter_map(Received::stamp)
            .map(|(_, number)| number)
            .collect()
    }
}
