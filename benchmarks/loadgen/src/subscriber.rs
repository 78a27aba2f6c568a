//! One receiving peer: counts by sequence number, decrypts a sample, answers as a browser would (reports,
//! transport-wide feedback, consent).

use crate::feedback::{self, Feedback};
use crate::histogram::Histogram;
use crate::net::{self, Epoch, ReceiveArena};
use crate::plan::{self, PeerPlan};
use crate::publisher::STAMP_OFFSET;
use crate::stat::unhex;
use polyana_wire::{DatagramKind, rtcp, rtp, srtp, stun};
use std::time::{Duration, Instant};

/// Decrypt one packet of this many; small enough to notice corruption, large enough to cost little.
const SAMPLE: u64 = 64;
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
const CONSENT_INTERVAL: Duration = Duration::from_secs(5);
/// Authentication tag and index (RFC 3711, section 3.4; RFC 7714, section 9).
const SRTCP_OVERHEAD: usize = 20;
const CLOCK_SLACK_US: u64 = 1000;
const MAX_LATENCY_US: u64 = 60_000_000;

/// Connectivity checks that keep consent fresh (RFC 7675).
pub struct Consent {
    username: String,
    password: String,
    next: Option<Instant>,
    number: u64,
}

impl Consent {
    pub fn new(peer: &PeerPlan) -> Self {
        Self {
            username: peer.ice_username.clone(),
            password: peer.ice_password.clone(),
            next: None,
            number: 0,
        }
    }

    pub fn run(&mut self, fd: i32, now: Instant) -> Result<Instant, Box<dyn std::error::Error>> {
        let due = *self
            .next
            .get_or_insert(now + CONSENT_INTERVAL.mul_f64(plan::phase(fd as u32)));
        if now < due {
            return Ok(due);
        }
        self.number += 1;
        let mut id = [0u8; 12];
        id[..4].copy_from_slice(&fd.to_be_bytes());
        id[4..].copy_from_slice(&self.number.to_be_bytes());
        let mut packet = [0u8; 512];
        let length = stun::write_check(
            &mut packet,
            &id,
            &self.username,
            self.password.as_bytes(),
            0x7e00_00ff,
            1,
            true,
        )?;
        net::send_segments(fd, &packet[..length], length)?;
        self.next = Some(due + CONSENT_INTERVAL);
        Ok(due + CONSENT_INTERVAL)
    }
}

/// One incoming SSRC.
struct Stream {
    ssrc: u32,
    retransmission: bool,
    extender: rtp::SequenceExtender,
    crypto: srtp::ReceiveStream,
    /// First and highest extended sequence number in the window, and distinct packets between them.
    first: Option<u64>,
    distinct: u64,
    seen: Vec<u64>,
}

pub struct Subscriber {
    fd: i32,
    receiver: srtp::Receiver,
    sender: srtp::Sender,
    consent: Consent,
    next_report: Option<Instant>,
    feedback: Feedback,
    next_feedback: Option<Instant>,
    /// Of `streams`, side by side: a receiver of fifty looks one up for each packet.
    ssrcs: Vec<u32>,
    streams: Vec<Stream>,
    measuring: bool,
    count: u64,
    pub latency: Histogram,
    pub decrypted: u64,
    pub corrupt: u64,
    pub feedbacks: u64,
    rtx_payload_types: Vec<u8>,
}

impl Subscriber {
    pub fn new(peer: &PeerPlan, rtx_payload_types: &[u8]) -> Result<Self, Box<dyn std::error::Error>> {
        let profile = peer.profile()?;
        Ok(Self {
            fd: peer.fd,
            receiver: srtp::Receiver::new(profile, &unhex(&peer.receive_key)?, &unhex(&peer.receive_salt)?)?,
            sender: srtp::Sender::new(profile, &unhex(&peer.send_key)?, &unhex(&peer.send_salt)?)?,
            consent: Consent::new(peer),
            next_report: None,
            feedback: Feedback::new(peer.transport_sequence_id),
            next_feedback: None,
            ssrcs: Vec::new(),
            streams: Vec::new(),
            measuring: false,
            count: 0,
            latency: Histogram::default(),
            decrypted: 0,
            corrupt: 0,
            feedbacks: 0,
            rtx_payload_types: rtx_payload_types.to_vec(),
        })
    }

    pub fn start_measuring(&mut self) {
        self.measuring = true;
        self.feedbacks = 0;
    }

    /// Distinct packets of media in the window.
    pub fn received(&self) -> u64 {
        self.media().map(|s| s.distinct).sum()
    }

    /// Streams of media of which something came in the window.
    pub fn heard(&self) -> usize {
        self.media().filter(|s| s.distinct > 0).count()
    }

    /// Packets on retransmission payload types in the window.
    pub fn retransmitted(&self) -> u64 {
        self.streams
            .iter()
            .filter(|s| s.retransmission)
            .map(|s| s.distinct)
            .sum()
    }

    fn media(&self) -> impl Iterator<Item = &Stream> {
        self.streams.iter().filter(|s| !s.retransmission)
    }

    /// Missing between the first and the highest number of each stream.
    pub fn lost(&self) -> u64 {
        self.media().map(Stream::lost).sum()
    }

    pub fn receive(
        &mut self,
        arena: &mut ReceiveArena,
        epoch: &Epoch,
    ) -> Result<(), Box<dyn std::error::Error>> {
        loop {
            for index in 0..arena.receive(self.fd)? {
                let arrived_us = arena.arrived_us(index, epoch);
                let datagram = arena.datagram(index);
                if DatagramKind::of(datagram) == Some(DatagramKind::Rtp) {
                    self.receive_rtp(datagram, arrived_us.unwrap_or_else(|| epoch.now_us()))?;
                }
            }
            if !arena.full() {
                return Ok(());
            }
        }
    }

    fn receive_rtp(&mut self, packet: &mut [u8], arrived_us: u64) -> Result<(), Box<dyn std::error::Error>> {
        let header = rtp::Header::parse(packet)?;
        self.feedback
            .record(header.extensions(packet), header.ssrc, arrived_us);
        let position = self.stream_position(&header);
        let stream = &mut self.streams[position];
        stream.count(header.sequence_number, self.measuring);
        self.count += 1;
        // mediasoup's probing packets jump in their numbers: who decrypts few of them cannot count rollovers.
        if stream.retransmission || !self.count.is_multiple_of(SAMPLE) {
            return Ok(());
        }
        let Ok(length) = self.receiver.unprotect_rtp(&mut stream.crypto, &header, packet) else {
            self.corrupt += 1;
            return Ok(());
        };
        self.decrypted += 1;
        if !self.measuring {
            return Ok(());
        }
        let end = length - rtp::padding_length(&packet[..length], &header)?;
        // What a server sends to probe the line holds nothing but padding.
        if let Some(stamp) = packet[header.length..end].get(STAMP_OFFSET..STAMP_OFFSET + 8) {
            let sent_us = u64::from_be_bytes(stamp.try_into()?);
            // The kernel's clock and ours are read one after the other.
            let latency_us = (arrived_us + CLOCK_SLACK_US).checked_sub(sent_us);
            match latency_us.filter(|&us| us < MAX_LATENCY_US) {
                Some(us) => self.latency.record(us.saturating_sub(CLOCK_SLACK_US)),
                None => self.corrupt += 1,
            }
        }
        Ok(())
    }

    fn stream_position(&mut self, header: &rtp::Header) -> usize {
        if let Some(position) = self.ssrcs.iter().position(|&ssrc| ssrc == header.ssrc) {
            return position;
        }
        let retransmission = self.rtx_payload_types.contains(&header.payload_type);
        self.ssrcs.push(header.ssrc);
        self.streams.push(Stream::new(header, retransmission));
        self.streams.len() - 1
    }

    /// Sends reports, feedback and consent checks; returns when the next is due.
    pub fn run_timers(&mut self, now: Instant) -> Result<Instant, Box<dyn std::error::Error>> {
        let consent = self.consent.run(self.fd, now)?;
        // Receivers do these at different moments, as people join at different moments.
        let phase = plan::phase(self.fd as u32);
        let mut report = *self
            .next_report
            .get_or_insert(now + REPORT_INTERVAL.mul_f64(phase));
        if now >= report {
            self.send_report()?;
            report += REPORT_INTERVAL;
            self.next_report = Some(report);
        }
        let mut due = *self
            .next_feedback
            .get_or_insert(now + feedback::INTERVAL.mul_f64(phase));
        if now >= due {
            self.send_feedback()?;
            due += feedback::INTERVAL;
            self.next_feedback = Some(due);
        }
        Ok(consent.min(report).min(due))
    }

    fn send_feedback(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        if !self.feedback.is_due() {
            return Ok(());
        }
        let mut packet = [0u8; 1200];
        let length = self.feedback.write(&mut packet[..1200 - SRTCP_OVERHEAD])?;
        let length = self.sender.protect_rtcp(&mut packet, length)?;
        net::send_segments(self.fd, &packet[..length], length)?;
        self.feedbacks += 1;
        Ok(())
    }

    fn send_report(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        let blocks: Vec<rtcp::ReportBlock> = self
            .streams
            .iter()
            .take(31)
            .map(|s| rtcp::ReportBlock {
                ssrc: s.ssrc,
                highest_sequence: s.extender.highest.unwrap_or_default() as u32,
                ..Default::default()
            })
            .collect();
        let mut packet = [0u8; 1200];
        let mut writer = rtcp::Writer::new(&mut packet);
        writer.receiver_report(feedback::SENDER_SSRC, &blocks)?;
        let length = writer.length();
        let length = self.sender.protect_rtcp(&mut packet, length)?;
        net::send_segments(self.fd, &packet[..length], length)?;
        Ok(())
    }
}

/// Distinct sequence numbers are told by a window of this many, far above any reordering on one machine.
const WINDOW: u64 = 4096;

impl Stream {
    fn new(header: &rtp::Header, retransmission: bool) -> Self {
        Self {
            ssrc: header.ssrc,
            retransmission,
            extender: rtp::SequenceExtender::default(),
            crypto: srtp::ReceiveStream::default(),
            first: None,
            distinct: 0,
            seen: vec![0; WINDOW as usize],
        }
    }

    fn count(&mut self, sequence_number: u16, measuring: bool) {
        let extended = self.extender.extend(sequence_number);
        if !measuring {
            return;
        }
        let first = *self.first.get_or_insert(extended);
        let slot = &mut self.seen[(extended % WINDOW) as usize];
        if extended >= first && *slot != extended {
            *slot = extended;
            self.distinct += 1;
        }
    }

    fn lost(&self) -> u64 {
        match (self.first, self.extender.highest) {
            (Some(first), Some(highest)) => (highest - first + 1).saturating_sub(self.distinct),
            _ => 0,
        }
    }
}
