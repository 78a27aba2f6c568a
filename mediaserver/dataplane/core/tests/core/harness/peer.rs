//! A client: checks, SRTP with keys of its own, tracks it sends and receives, reports and NACKs.

use super::id;
use super::link::Link;
use super::sink::{Received, Sink};
use super::source::Source;
use polyana_core::{Path, Protocol, SrtpKeys, Time, TransportId};
use polyana_wire::rtcp::{self, Packet, ReportBlock, Writer};
use polyana_wire::srtp::{self, Profile, ReceiveStream};
use polyana_wire::{DatagramKind, rtp, stun};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

/// Browsers check a path that works about this often.
const CHECK_INTERVAL_US: u64 = 2_500_000;
const REPORT_INTERVAL_US: u64 = 1_000_000;
const SENDER_REPORT_INTERVAL_US: u64 = 1_000_000;
const FEEDBACK_INTERVAL_US: u64 = 50_000;

/// RTCP that reached the client.
#[derive(Clone, Debug, PartialEq)]
pub enum Feedback {
    SenderReport(u32),
    ReceiverReport(Vec<ReportBlock>),
    SourceDescription,
    Bye(Vec<u32>),
    Nack(u32, Vec<u16>),
    Pli(u32),
    /// (sequence number, arrived)
    Transport(Vec<(u16, bool)>),
    /// Bit/s.
    Remb(u64),
    Other,
}

pub struct Peer {
    pub transport: TransportId,
    pub address: SocketAddr,
    pub server: SocketAddr,
    pub protocol: Protocol,
    /// Of the server's side.
    pub ufrag: String,
    pub password: String,
    pub up: Link,
    pub down: Link,
    /// When the line down is free, and how long each datagram took to get through it.
    pub free_at: u64,
    pub waits: Vec<(Time, u64)>,
    /// Tells the server which packets arrive, twenty times a second.
    pub gives_feedback: bool,
    arrivals: BTreeMap<u64, u64>,
    extender: rtp::SequenceExtender,
    told_to: u64,
    next_feedback: Time,
    feedback_count: u8,
    /// Packets of padding alone.
    pub padding: u64,
    pub keys: SrtpKeys,
    pub srtp_out: srtp::Sender,
    srtp_in: srtp::Receiver,
    streams: HashMap<u32, ReceiveStream>,
    pub sources: Vec<Source>,
    pub sinks: Vec<Sink>,
    pub checks: bool,
    next_check: Time,
    next_report: Time,
    pub transport_sequence: u16,
    /// Transaction ids answered with success, error codes.
    pub stun_answers: u32,
    pub stun_errors: Vec<u16>,
    pub mapped: Option<SocketAddr>,
    pub dtls: Vec<Vec<u8>>,
    pub feedback: Vec<(Time, Feedback)>,
    pub datagrams_in: u64,
    /// What the core sent to it, with IP and UDP headers.
    pub wire_bytes: u64,
    /// Encrypted media by SSRC and number, to find two different packets under one nonce.
    sealed: HashMap<(u32, u16), Vec<u8>>,
    pub nonces_used_twice: u32,
    transactions: u64,
}

impl Peer {
    pub fn new(transport: TransportId, address: SocketAddr, server: SocketAddr, profile: Profile) -> Self {
        let key = |number: u8| vec![number ^ transport as u8; profile.key_length()];
        let salt = |number: u8| vec![number ^ transport as u8; profile.salt_length()];
        let keys = SrtpKeys {
            profile,
            receive_key: key(0x11),
            receive_salt: salt(0x22),
            send_key: key(0x33),
            send_salt: salt(0x44),
        };
        Self {
            transport,
            address,
            server,
            protocol: Protocol::Udp,
            ufrag: format!("ufrag{transport}"),
            password: format!("password-of-transport-{transport}"),
            up: Link::delay_ms(10),
            down: Link::delay_ms(10),
            free_at: 0,
            waits: Vec::new(),
            gives_feedback: false,
            arrivals: BTreeMap::new(),
            extender: rtp::SequenceExtender::default(),
            told_to: 0,
            next_feedback: Time(0),
            feedback_count: 0,
            padding: 0,
            srtp_out: srtp::Sender::new(profile, &keys.receive_key, &keys.receive_salt).unwrap(),
            srtp_in: srtp::Receiver::new(profile, &keys.send_key, &keys.send_salt).unwrap(),
            keys,
            streams: HashMap::new(),
            sources: Vec::new(),
            sinks: Vec::new(),
            checks: true,
            next_check: Time(0),
            next_report: Time(0),
            transport_sequence: 0,
            stun_answers: 0,
            stun_errors: Vec::new(),
            mapped: None,
            dtls: Vec::new(),
            feedback: Vec::new(),
            datagrams_in: 0,
            wire_bytes: 0,
            sealed: HashMap::new(),
            nonces_used_twice: 0,
            transactions: 0,
        }
    }

    pub fn path(&self) -> Path {
        Path {
            protocol: self.protocol,
            local: self.server,
            remote: self.address,
        }
    }

    /// A connectivity check of the controlling side.
    pub fn check(&mut self, nominate: bool) -> Vec<u8> {
        self.check_with(&self.password.clone(), nominate)
    }

    pub fn check_with(&mut self, password: &str, nominate: bool) -> Vec<u8> {
        self.transactions += 1;
        let mut id = [0; 12];
        id[..8].copy_from_slice(&self.transactions.to_be_bytes());
        let mut out = vec![0; 600];
        let username = format!("{}:client{}", self.ufrag, self.transport);
        let length = stun::write_check(
            &mut out,
            &id,
            &username,
            password.as_bytes(),
            0x6e00_1eff,
            42,
            nominate,
        )
        .unwrap();
        out.truncate(length);
        out
    }

    /// What the client does by itself at `now`: datagrams to send.
    pub fn tick(&mut self, now: Time, out: &mut Vec<Vec<u8>>) {
        if self.checks && self.next_check <= now {
            self.next_check = Time(now.0 + CHECK_INTERVAL_US);
            let check = self.check(true);
            out.push(check);
        }
        for source in self.sources.iter_mut().filter(|source| source.active) {
            if source.next_at <= now {
                out.extend(source.frame(now, &self.srtp_out, &mut self.transport_sequence));
            }
            if source.sends_reports && source.next_report <= now && !source.sent.is_empty() {
                source.next_report = Time(now.0 + SENDER_REPORT_INTERVAL_US);
                let info = source.sender_info(now);
                out.push(compound(&mut self.srtp_out, |writer| {
                    writer.sender_report(&info, &[]).unwrap()
                }));
            }
        }
        self.report(now, out);
        if self.gives_feedback && self.next_feedback <= now {
            self.next_feedback = Time(now.0 + FEEDBACK_INTERVAL_US);
            out.extend(self.transport_feedback());
        }
    }

    fn transport_feedback(&mut self) -> Option<Vec<u8>> {
        let last = *self.arrivals.keys().next_back()?;
        let first = if self.told_to == 0 {
            *self.arrivals.keys().next()?
        } else {
            self.told_to
        };
        let window: Vec<Option<u64>> = (first..=last)
            .map(|number| self.arrivals.get(&number).copied())
            .collect();
        self.arrivals.clear();
        self.told_to = last + 1;
        let count = self.feedback_count;
        self.feedback_count = count.wrapping_add(1);
        Some(compound(&mut self.srtp_out, |writer| {
            let covered = writer
                .transport_feedback(1, 2, count, first as u16, &window)
                .unwrap();
            assert_eq!(covered, window.len(), "feedback fits a packet");
        }))
    }

    /// The transport-wide number of the first packet of which the server has not been told.
    pub fn next_untold(&self) -> u64 {
        self.told_to
    }

    fn report(&mut self, now: Time, out: &mut Vec<Vec<u8>>) {
        if self.next_report <= now {
            self.next_report = Time(now.0 + REPORT_INTERVAL_US);
            let blocks: Vec<ReportBlock> = self
                .sinks
                .iter_mut()
                .filter(|sink| sink.reports)
                .filter_map(|sink| sink.report_block(now))
                .collect();
            if !blocks.is_empty() {
                out.push(compound(&mut self.srtp_out, |writer| {
                    writer.receiver_report(1, &blocks).unwrap()
                }));
            }
        }
        for sink in &mut self.sinks {
            let lost = sink.due_nacks(now);
            let ssrc = sink.ssrc;
            if !lost.is_empty() {
                out.push(compound(&mut self.srtp_out, |writer| {
                    writer.nack(1, ssrc, &lost).unwrap()
                }));
            }
        }
    }

    pub fn next_due(&self) -> Option<Time> {
        let checks = self.checks.then_some(self.next_check);
        let frames = self
            .sources
            .iter()
            .filter(|source| source.active)
            .map(|source| source.next_at);
        let nacks = self.sinks.iter().filter_map(Sink::next_nack);
        checks
            .into_iter()
            .chain(frames)
            .chain(nacks)
            .chain([self.next_report])
            .chain(self.gives_feedback.then_some(self.next_feedback))
            .min()
    }

    /// A compound with what `write` adds after an empty receiver report.
    pub fn rtcp(&mut self, write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        compound(&mut self.srtp_out, write)
    }

    /// Any bytes as an encrypted compound; None for what is too short to be one.
    pub fn rtcp_bytes(&mut self, plain: &[u8]) -> Option<Vec<u8>> {
        let mut packet = plain.to_vec();
        packet.resize(plain.len() + self.keys.profile.rtcp_overhead(), 0);
        self.srtp_out.protect_rtcp(&mut packet, plain.len()).ok()?;
        Some(packet)
    }

    pub fn receive(&mut self, now: Time, datagram: &mut [u8], out: &mut Vec<Vec<u8>>) {
        self.datagrams_in += 1;
        match DatagramKind::of(datagram).expect("the server sends nothing else") {
            DatagramKind::Stun => self.receive_stun(datagram),
            DatagramKind::Dtls => self.dtls.push(datagram.to_vec()),
            DatagramKind::Rtp => self.receive_rtp(now, datagram),
            DatagramKind::Rtcp => self.receive_rtcp(now, datagram, out),
        }
    }

    fn receive_stun(&mut self, datagram: &[u8]) {
        let message = stun::Message::parse(datagram).unwrap();
        assert!(
            message.verify_integrity(self.password.as_bytes()),
            "answers carry MESSAGE-INTEGRITY"
        );
        match message.class {
            stun::Class::Success => {
                self.stun_answers += 1;
                self.mapped = message.mapped_address;
            }
            stun::Class::Error => self.stun_errors.extend(message.error_code),
            other => panic!("the server sent a STUN {other:?}"),
        }
    }

    fn receive_rtp(&mut self, now: Time, datagram: &mut [u8]) {
        assert!(datagram.len() <= 1500);
        let header = rtp::Header::parse(datagram).unwrap();
        let known = self.sealed.entry((header.ssrc, header.sequence_number));
        let first = known.or_insert_with(|| datagram.to_vec());
        self.nonces_used_twice += u32::from(*first != datagram);
        let stream = self.streams.entry(header.ssrc).or_default();
        let length = match self.srtp_in.unprotect_rtp(stream, &header, datagram) {
            Err(polyana_wire::Error::Replayed) => return, // copied by the network, or resent without RTX
            other => other.expect("what the server sends is authentic"),
        };
        let packet = &datagram[..length];
        if let Some((_, number)) = header.extensions(packet).find(|(id, _)| *id == id::OUT_TRANSPORT) {
            let number = self.extender.extend(u16::from_be_bytes([number[0], number[1]]));
            if number >= self.told_to {
                self.arrivals.insert(number, now.0);
            }
        }
        let padding = rtp::padding_length(packet, &header).unwrap();
        let mut payload = packet[header.length..length - padding].to_vec();
        let sink = self
            .sinks
            .iter_mut()
            .find(|sink| sink.ssrc == header.ssrc || sink.rtx_ssrc == Some(header.ssrc))
            .expect("the server sends only announced SSRCs");
        let resent = sink.ssrc != header.ssrc;
        if payload.is_empty() && resent {
            self.padding += 1;
            return;
        }
        let mut sequence = header.sequence_number;
        if resent {
            sink.rtx_numbers.push(sequence);
            sequence = u16::from_be_bytes([payload[0], payload[1]]);
            payload.drain(..2);
        }
        let received = Received {
            at: now,
            timestamp: header.timestamp,
            payload_type: header.payload_type,
            marker: header.marker,
            extensions: header
                .extensions(packet)
                .map(|(id, value)| (id, value.to_vec()))
                .collect(),
            two_byte_extensions: header
                .extension
                .is_some_and(|(profile, ..)| profile & 0xfff0 == 0x1000),
            payload,
            resent,
        };
        sink.receive(sequence, received);
    }

    fn receive_rtcp(&mut self, now: Time, datagram: &mut [u8], out: &mut Vec<Vec<u8>>) {
        assert!(datagram.len() <= 1250, "compounds stay below any path's MTU");
        let length = match self.srtp_in.unprotect_rtcp(datagram) {
            Err(polyana_wire::Error::Replayed) => return,
            other => other.expect("what the server sends is authentic"),
        };
        let first = rtcp::packets(&datagram[..length]).next().unwrap().unwrap();
        assert!(
            matches!(first, Packet::SenderReport { .. } | Packet::ReceiverReport { .. }),
            "compounds begin with a report"
        );
        for packet in rtcp::packets(&datagram[..length]) {
            let feedback = self.take_feedback(now, packet.unwrap(), out);
            self.feedback.push((now, feedback));
        }
    }

    fn take_feedback(&mut self, now: Time, packet: Packet<'_>, out: &mut Vec<Vec<u8>>) -> Feedback {
        match packet {
            Packet::SenderReport { info, .. } => {
                if let Some(sink) = self.sinks.iter_mut().find(|sink| sink.ssrc == info.ssrc) {
                    sink.sender_reports.push((now, info));
                }
                Feedback::SenderReport(info.ssrc)
            }
            Packet::ReceiverReport { blocks, .. } => Feedback::ReceiverReport(blocks.collect()),
            Packet::SourceDescription => Feedback::SourceDescription,
            Packet::Bye { ssrcs } => {
                let ended: Vec<u32> = ssrcs.collect();
                self.sinks
                    .iter_mut()
                    .filter(|sink| ended.contains(&sink.ssrc))
                    .for_each(|sink| sink.byes += 1);
                Feedback::Bye(ended)
            }
            Packet::Nack { media_ssrc, lost, .. } => {
                let lost: Vec<u16> = lost.collect();
                self.answer_nack(now, media_ssrc, &lost, out);
                Feedback::Nack(media_ssrc, lost)
            }
            Packet::Pli { media_ssrc, .. } => {
                if let Some(source) = self.sources.iter_mut().find(|source| source.ssrc == media_ssrc) {
                    source.keyframe_wanted = true;
                    source.plis.push(now);
                }
                Feedback::Pli(media_ssrc)
            }
            Packet::TransportFeedback(feedback) => {
                let mut packets = Vec::new();
                feedback
                    .for_each(|sequence, at| packets.push((sequence, at.is_some())))
                    .unwrap();
                Feedback::Transport(packets)
            }
            Packet::Remb { bitrate_bps, .. } => Feedback::Remb(bitrate_bps),
            _ => Feedback::Other,
        }
    }

    fn answer_nack(&mut self, now: Time, ssrc: u32, lost: &[u16], out: &mut Vec<Vec<u8>>) {
        let Some(source) = self.sources.iter_mut().find(|source| source.ssrc == ssrc) else {
            return;
        };
        for &sequence in lost {
            source.nacked.push((now, sequence));
            out.extend(source.resend(sequence, &self.srtp_out, &mut self.transport_sequence));
        }
    }

    pub fn sink(&self, ssrc: u32) -> &Sink {
        self.sinks.iter().find(|sink| sink.ssrc == ssrc).unwrap()
    }

    pub fn plis(&self) -> usize {
        self.feedback
            .iter()
            .filter(|(_, feedback)| matches!(feedback, Feedback::Pli(_)))
            .count()
    }
}

fn compound(srtp: &mut srtp::Sender, write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut plain = vec![0; 1400];
    let mut writer = Writer::new(&mut plain);
    writer.receiver_report(1, &[]).unwrap();
    write(&mut writer);
    let length = writer.length();
    let length = srtp.protect_rtcp(&mut plain, length).unwrap();
    plain.truncate(length);
    plain
}
