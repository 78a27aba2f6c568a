//! A track encoding as a browser sends it: frames of packets, retransmissions, keyframes on request, sender reports.

use polyana_core::Time;
use polyana_wire::rtcp::SenderInfo;
use polyana_wire::{rtp, srtp};
use std::collections::HashMap;

/// Octets of the marker in each payload: which source and which of its packets, and whether it is of a keyframe.
const STAMP: usize = 9;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// With picture ids; temporal layers 1..=3 as browsers arrange them.
    Vp8 { temporal_layers: u8 },
    /// Fragments of one slice (FU-A, RFC 6184) for each frame.
    H264,
    /// Level in -dBov.
    Opus { level: u8 },
}

/// What was sent, for comparison with what arrives elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    pub at: Time,
    pub sequence: u16,
    pub timestamp: u32,
    pub keyframe: bool,
    pub temporal_id: u8,
    pub stamp: u32,
}

#[derive(Clone, Debug)]
pub struct Source {
    pub ssrc: u32,
    pub rtx_ssrc: u32,
    pub payload_type: u8,
    pub rtx_payload_type: Option<u8>,
    /// Payload type and number of redundant blocks of RED, where the source sends that.
    pub red: Option<(u8, usize)>,
    pub codec: Codec,
    pub clock_rate: u32,
    pub interval_us: u64,
    pub packets_per_frame: usize,
    pub payload_length: usize,
    /// Elements in every packet (MID, RID, ...).
    pub extensions: Vec<(u8, Vec<u8>)>,
    /// Elements of retransmissions, where they differ.
    pub rtx_extensions: Option<Vec<(u8, Vec<u8>)>>,
    /// Id of the transport-wide sequence number.
    pub transport_sequence_id: Option<u8>,
    pub audio_level_id: Option<u8>,
    pub active: bool,
    pub next_at: Time,
    /// 48-bit index of the next packet.
    pub index: u64,
    pub rtx_index: u64,
    /// RTP time of the media clock's start.
    pub timestamp_base: u32,
    pub started_at: Option<Time>,
    pub keyframe_wanted: bool,
    /// A keyframe has so many times the packets of other frames.
    pub keyframe_factor: usize,
    pub answers_nacks: bool,
    pub picture_id: u16,
    pub tl0_picture_index: u8,
    pub frames: u32,
    pub stamp: u32,
    pub sent: Vec<Sent>,
    pub sends_reports: bool,
    pub next_report: Time,
    /// Shift of this publisher's NTP clock.
    pub ntp_shift_us: i64,
    pub plis: Vec<Time>,
    pub nacked: Vec<(Time, u16)>,
    octets: u64,
    history: HashMap<u16, Vec<u8>>,
    /// (RTP time, payload) of the newest frames, for redundancy.
    spoken: Vec<(u32, Vec<u8>)>,
}

impl Source {
    fn new(ssrc: u32, codec: Codec) -> Self {
        let video = !matches!(codec, Codec::Opus { .. });
        Self {
            ssrc,
            rtx_ssrc: ssrc + 1,
            payload_type: if video { 96 } else { 111 },
            rtx_payload_type: video.then_some(97),
            red: None,
            codec,
            clock_rate: if video { 90_000 } else { 48_000 },
            interval_us: if video { 40_000 } else { 20_000 },
            packets_per_frame: if video { 4 } else { 1 },
            payload_length: if video { 1000 } else { 80 },
            extensions: Vec::new(),
            rtx_extensions: None,
            transport_sequence_id: None,
            audio_level_id: None,
            active: true,
            next_at: Time(0),
            index: 1000,
            rtx_index: 7,
            timestamp_base: 0x1234_5678,
            started_at: None,
            keyframe_wanted: true,
            keyframe_factor: 2,
            answers_nacks: true,
            picture_id: 500,
            tl0_picture_index: 77,
            frames: 0,
            stamp: 0,
            sent: Vec::new(),
            sends_reports: true,
            next_report: Time(0),
            ntp_shift_us: 0,
            plis: Vec::new(),
            nacked: Vec::new(),
            octets: 0,
            history: HashMap::new(),
            spoken: Vec::new(),
        }
    }

    pub fn video(ssrc: u32) -> Self {
        Self::new(ssrc, Codec::Vp8 { temporal_layers: 1 })
    }

    pub fn audio(ssrc: u32) -> Self {
        Self::new(ssrc, Codec::Opus { level: 20 })
    }

    /// RTP time of an instant.
    pub fn timestamp_at(&self, at: Time) -> u32 {
        let elapsed = at.0 - self.started_at.unwrap_or(at).0;
        let ticks = u128::from(elapsed) * u128::from(self.clock_rate) / 1_000_000;
        self.timestamp_base.wrapping_add(ticks as u32)
    }

    /// One frame, as encrypted datagrams.
    pub fn frame(&mut self, now: Time, srtp: &srtp::Sender, transport_sequence: &mut u16) -> Vec<Vec<u8>> {
        self.started_at.get_or_insert(now);
        self.next_at = Time(now.0 + self.interval_us);
        let keyframe = std::mem::take(&mut self.keyframe_wanted) && self.is_video();
        let temporal_id = self.advance_picture(keyframe);
        let count = if keyframe {
            self.keyframe_factor * self.packets_per_frame
        } else {
            self.packets_per_frame
        };
        (0..count)
            .map(|part| {
                let payload = self.payload(keyframe, temporal_id, part);
                let payload = self.with_redundancy(now, payload);
                self.packet(
                    now,
                    &payload,
                    part + 1 == count,
                    (keyframe, temporal_id),
                    srtp,
                    transport_sequence,
                )
            })
            .collect()
    }

    pub fn is_video(&self) -> bool {
        !matches!(self.codec, Codec::Opus { .. })
    }

    /// Moves picture numbers to the next frame and gives its temporal layer.
    fn advance_picture(&mut self, keyframe: bool) -> u8 {
        let Codec::Vp8 { temporal_layers } = self.codec else {
            return 0;
        };
        self.picture_id = (self.picture_id + 1) & 0x7fff;
        if keyframe {
            self.frames = 0;
        }
        let position = self.frames;
        self.frames += 1;
        let temporal_id = match temporal_layers {
            3 => [0, 2, 1, 2][position as usize % 4],
            2 => [0, 1][position as usize % 2],
            _ => 0,
        };
        if temporal_id == 0 {
            self.tl0_picture_index = self.tl0_picture_index.wrapping_add(1);
        }
        temporal_id
    }

    fn payload(&mut self, keyframe: bool, temporal_id: u8, part: usize) -> Vec<u8> {
        let mut payload = Vec::with_capacity(self.payload_length);
        match self.codec {
            Codec::Vp8 { .. } => {
                let start = if part == 0 { 0x10 } else { 0 };
                let [high, low] = self.picture_id.to_be_bytes();
                payload.extend([0x80 | start, 0xe0, 0x80 | high, low, self.tl0_picture_index]);
                payload.push(temporal_id << 6 | if temporal_id > 0 { 0x20 } else { 0 });
            }
            Codec::H264 => {
                let start = if part == 0 { 0x80 } else { 0 };
                payload.extend([0x7c, start | if keyframe { 5 } else { 1 }]);
            }
            Codec::Opus { .. } => {}
        }
        payload.push(if keyframe && part == 0 { 0x00 } else { 0x01 });
        payload.extend(self.ssrc.to_be_bytes());
        payload.extend(self.stamp.to_be_bytes());
        self.stamp += 1;
        payload.resize(self.payload_length.max(payload.len()), 0xa5);
        payload
    }

    /// RFC 2198, as libwebrtc makes it: the last frames before the newest.
    fn with_redundancy(&mut self, now: Time, payload: Vec<u8>) -> Vec<u8> {
        let Some((_, count)) = self.red else {
            return payload;
        };
        let timestamp = self.timestamp_at(now);
        let mut made = Vec::new();
        let from = self.spoken.len().saturating_sub(count);
        for (at, earlier) in &self.spoken[from..] {
            let bits = timestamp.wrapping_sub(*at) << 10 | earlier.len() as u32;
            made.extend([0x80 | self.payload_type]);
            made.extend(&bits.to_be_bytes()[1..]);
        }
        made.push(self.payload_type);
        self.spoken[from..]
            .iter()
            .for_each(|(_, earlier)| made.extend(earlier));
        made.extend(&payload);
        self.spoken.push((timestamp, payload));
        made
    }

    /// One packet with the given payload.
    pub fn packet(
        &mut self,
        now: Time,
        payload: &[u8],
        marker: bool,
        (keyframe, temporal_id): (bool, u8),
        srtp: &srtp::Sender,
        transport_sequence: &mut u16,
    ) -> Vec<u8> {
        self.started_at.get_or_insert(now);
        let timestamp = self.timestamp_at(now);
        let sequence = self.index as u16;
        let mut extensions = self.extensions.clone();
        if let (Some(id), Codec::Opus { level }) = (self.audio_level_id, self.codec) {
            extensions.push((id, vec![0x80 | level]));
        }
        let plain = write(
            (
                self.red.map_or(self.payload_type, |(red, _)| red),
                sequence,
                timestamp,
                self.ssrc,
                marker,
            ),
            &extensions,
            self.transport_sequence_id
                .map(|id| (id, next(transport_sequence))),
            payload,
        );
        self.history.insert(sequence, plain.clone());
        self.sent.push(Sent {
            at: now,
            sequence,
            timestamp,
            keyframe,
            temporal_id,
            stamp: self.stamp.wrapping_sub(1),
        });
        self.octets += payload.len() as u64;
        let encrypted = protect(srtp, self.index, self.ssrc, plain);
        self.index += 1;
        encrypted
    }

    /// A packet of padding only, as bandwidth probes are.
    pub fn padding(&mut self, now: Time, srtp: &srtp::Sender, transport_sequence: &mut u16) -> Vec<u8> {
        let timestamp = self.timestamp_at(now);
        let sequence = self.index as u16;
        let mut plain = write(
            (self.payload_type, sequence, timestamp, self.ssrc, false),
            &self.extensions,
            self.transport_sequence_id
                .map(|id| (id, next(transport_sequence))),
            &[0; 255],
        );
        plain[0] |= 0x20;
        *plain.last_mut().unwrap() = 255;
        let encrypted = protect(srtp, self.index, self.ssrc, plain);
        self.index += 1;
        encrypted
    }

    /// A probe on the retransmission stream: padding without an original packet.
    pub fn rtx_padding(&mut self, srtp: &srtp::Sender, transport_sequence: &mut u16) -> Vec<u8> {
        let mut plain = write(
            (
                self.rtx_payload_type.unwrap(),
                self.rtx_index as u16,
                0,
                self.rtx_ssrc,
                false,
            ),
            self.rtx_extensions.as_ref().unwrap_or(&self.extensions),
            self.transport_sequence_id
                .map(|id| (id, next(transport_sequence))),
            &[0; 200],
        );
        plain[0] |= 0x20;
        *plain.last_mut().unwrap() = 200;
        let encrypted = protect(srtp, self.rtx_index, self.rtx_ssrc, plain);
        self.rtx_index += 1;
        encrypted
    }

    /// The answer to a NACK: RFC 4588 when negotiated, else the packet again.
    pub fn resend(
        &mut self,
        sequence: u16,
        srtp: &srtp::Sender,
        transport_sequence: &mut u16,
    ) -> Option<Vec<u8>> {
        if !self.answers_nacks {
            return None;
        }
        let plain = self.history.get(&sequence)?;
        let header = rtp::Header::parse(plain).unwrap();
        let Some(payload_type) = self.rtx_payload_type else {
            let back = u64::from((self.index as u16).wrapping_sub(sequence));
            return Some(protect(srtp, self.index - back, self.ssrc, plain.clone()));
        };
        let mut payload = sequence.to_be_bytes().to_vec();
        payload.extend(&plain[header.length..]);
        let original: Vec<_> = header
            .extensions(plain)
            .filter(|(id, _)| Some(*id) != self.transport_sequence_id)
            .map(|(id, value)| (id, value.to_vec()))
            .collect();
        let again = write(
            (
                payload_type,
                self.rtx_index as u16,
                header.timestamp,
                self.rtx_ssrc,
                header.marker,
            ),
            self.rtx_extensions.as_ref().unwrap_or(&original),
            self.transport_sequence_id
                .map(|id| (id, next(transport_sequence))),
            &payload,
        );
        let encrypted = protect(srtp, self.rtx_index, self.rtx_ssrc, again);
        self.rtx_index += 1;
        Some(encrypted)
    }

    pub fn sender_info(&self, now: Time) -> SenderInfo {
        SenderInfo {
            ssrc: self.ssrc,
            ntp_time: ntp(now, self.ntp_shift_us),
            rtp_time: self.timestamp_at(now),
            packet_count: self.sent.len() as u32,
            octet_count: self.octets as u32,
        }
    }
}

/// 64-bit NTP time (RFC 5905) of an instant on a clock that is shifted.
pub fn ntp(at: Time, shift_us: i64) -> u64 {
    let unix_us = u128::from(at.0.saturating_add_signed(shift_us));
    (((unix_us + 2_208_988_800_000_000) << 32) / 1_000_000) as u64
}

/// Which source and which of its packets a payload is of; None for other payloads.
pub fn read_stamp(payload: &[u8]) -> Option<(u32, u32)> {
    let stamp = if payload.first()? & 0x80 != 0 {
        payload.get(6..6 + STAMP)?
    } else {
        payload.get(..STAMP)?
    };
    let word = |at: usize| u32::from_be_bytes([stamp[at], stamp[at + 1], stamp[at + 2], stamp[at + 3]]);
    Some((word(1), word(5)))
}

fn next(sequence: &mut u16) -> u16 {
    let current = *sequence;
    *sequence = sequence.wrapping_add(1);
    current
}

fn write(
    (payload_type, sequence, timestamp, ssrc, marker): (u8, u16, u32, u32, bool),
    extensions: &[(u8, Vec<u8>)],
    transport_sequence: Option<(u8, u16)>,
    payload: &[u8],
) -> Vec<u8> {
    let mut elements: Vec<(u8, &[u8])> = extensions
        .iter()
        .map(|(id, value)| (*id, value.as_slice()))
        .collect();
    let number = transport_sequence.map(|(id, number)| (id, number.to_be_bytes()));
    if let Some((id, number)) = &number {
        elements.push((*id, number));
    }
    let mut packet = vec![0; 1500];
    let header = rtp::write_header(
        &mut packet,
        marker,
        payload_type,
        sequence,
        timestamp,
        ssrc,
        &elements,
    )
    .unwrap();
    packet.truncate(header);
    packet.extend(payload);
    packet
}

fn protect(srtp: &srtp::Sender, index: u64, ssrc: u32, mut plain: Vec<u8>) -> Vec<u8> {
    let header = rtp::Header::parse(&plain).unwrap();
    let length = plain.len();
    plain.resize(length + srtp.profile().rtp_overhead(), 0);
    let length = srtp
        .protect_rtp(index, ssrc, header.length, &mut plain, length)
        .unwrap();
    plain.truncate(length);
    plain
}
