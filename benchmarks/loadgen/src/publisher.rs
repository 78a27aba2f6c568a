//! One sending peer: bursts of equal packets at a fixed rate, like the frames of an encoder.

use crate::net::{self, Epoch, ReceiveArena};
use crate::plan::{self, PublisherPlan};
use crate::stat::unhex;
use polyana_wire::{rtp, srtp};
use std::time::{Duration, Instant};

/// Where a packet's payload holds the send time (us since the start) and its running number.
pub const STAMP_OFFSET: usize = 16;

pub struct Publisher {
    fd: i32,
    sender: srtp::Sender,
    plan: Settings,
    index: u64,
    frame: u64,
    next: Option<Instant>,
    measuring: bool,
    stopped: bool,
    /// None for somebody who also receives: the subscriber on the same socket keeps consent fresh.
    consent: Option<crate::subscriber::Consent>,
    buffer: Vec<u8>,
    /// Packets sent since measuring began.
    pub sent: u64,
}

struct Settings {
    ssrc: u32,
    payload_type: u8,
    mid: Option<(u8, String)>,
    transport_sequence_id: Option<u8>,
    audio_level_id: Option<u8>,
    interval: Duration,
    frames_per_second: f64,
    burst: usize,
    packet_bytes: usize,
    frames: Vec<Vec<usize>>,
    clock_rate: u32,
    video: bool,
}

impl Settings {
    /// Bytes of each packet of a frame.
    fn sizes(&self, frame: u64) -> Vec<usize> {
        match self.frames.len() {
            0 => vec![self.packet_bytes; self.burst],
            count => self.frames[frame as usize % count].clone(),
        }
    }
}

/// Where a packet stands in its frame.
struct Place {
    first: bool,
    last: bool,
    key: bool,
}

impl Publisher {
    /// `is_alone`: no subscriber has the same socket.
    pub fn new(plan: &PublisherPlan, is_alone: bool) -> Result<Self, Box<dyn std::error::Error>> {
        let peer = &plan.peer;
        let sender = srtp::Sender::new(peer.profile()?, &unhex(&peer.send_key)?, &unhex(&peer.send_salt)?)?;
        Ok(Self {
            fd: peer.fd,
            sender,
            plan: Settings {
                ssrc: plan.ssrc,
                payload_type: plan.payload_type,
                mid: plan.mid.clone(),
                transport_sequence_id: peer.transport_sequence_id,
                audio_level_id: plan.audio_level_id,
                interval: Duration::from_secs_f64(1.0 / plan.frames_per_second),
                frames_per_second: plan.frames_per_second,
                burst: plan.burst,
                packet_bytes: plan.packet_bytes,
                frames: plan.frames.clone(),
                clock_rate: plan.clock_rate,
                video: plan.video,
            },
            index: 1000,
            frame: 0,
            next: None,
            measuring: false,
            stopped: false,
            consent: is_alone.then(|| crate::subscriber::Consent::new(peer)),
            buffer: Vec::new(),
            sent: 0,
        })
    }

    pub fn start_measuring(&mut self) {
        self.measuring = true;
    }

    /// Sends no more media.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Sends what is due; returns when it is due again.
    pub fn run(&mut self, now: Instant, epoch: &Epoch) -> Result<Instant, Box<dyn std::error::Error>> {
        // Publishers start at different moments of the frame interval, as cameras do.
        let offset = self.plan.interval.mul_f64(plan::phase(self.plan.ssrc));
        let mut due = *self.next.get_or_insert(now + offset);
        if now >= due {
            if !self.stopped {
                self.send_frame(epoch)?;
            }
            due += self.plan.interval;
            self.next = Some(due);
        }
        match &mut self.consent {
            Some(consent) => Ok(consent.run(self.fd, now)?.min(due)),
            None => Ok(due),
        }
    }

    /// Throws away what the server sends to a publisher (feedback, consent answers).
    pub fn drain(&mut self, arena: &mut ReceiveArena) -> std::io::Result<()> {
        while arena.receive(self.fd)? > 0 && arena.full() {}
        Ok(())
    }

    fn send_frame(&mut self, epoch: &Epoch) -> Result<(), Box<dyn std::error::Error>> {
        let elapsed = self.frame as f64 * f64::from(self.plan.clock_rate) / self.plan.frames_per_second;
        let timestamp = elapsed as u64 as u32;
        // A keyframe each second serves every server's wish for one.
        let key = self
            .frame
            .is_multiple_of(self.plan.frames_per_second.ceil() as u64);
        let overhead = self.sender.profile().rtp_overhead();
        let sizes = self.plan.sizes(self.frame);
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut number = 0;
        // Packets of the same size leave in one call.
        for run in sizes.chunk_by(|a, b| a == b) {
            let slot = run[0] + overhead;
            buffer.resize(slot * run.len(), 0);
            for packet in buffer.chunks_exact_mut(slot) {
                let place = Place {
                    first: number == 0,
                    last: number + 1 == sizes.len(),
                    key,
                };
                self.write_packet(packet, run[0], &place, timestamp, epoch)?;
                number += 1;
            }
            // The kernel takes at most 64 KiB in one call.
            for part in buffer.chunks(slot * (65_000 / slot)) {
                net::send_segments(self.fd, part, slot)?;
            }
        }
        self.buffer = buffer;
        self.frame += 1;
        if self.measuring {
            self.sent += sizes.len() as u64;
        }
        Ok(())
    }

    fn write_packet(
        &mut self,
        packet: &mut [u8],
        length: usize,
        place: &Place,
        timestamp: u32,
        epoch: &Epoch,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let plan = &self.plan;
        let sequence = (self.index as u16).to_be_bytes();
        let level = [20u8];
        let mut extensions: [(u8, &[u8]); 3] = [(0, &[]); 3];
        let mut count = 0;
        if let Some((id, mid)) = &plan.mid {
            extensions[count] = (*id, mid.as_bytes());
            count += 1;
        }
        if let Some(id) = plan.transport_sequence_id {
            extensions[count] = (id, &sequence);
            count += 1;
        }
        if let Some(id) = plan.audio_level_id {
            extensions[count] = (id, &level);
            count += 1;
        }
        let header = rtp::write_header(
            packet,
            place.last && plan.video,
            plan.payload_type,
            self.index as u16,
            timestamp,
            plan.ssrc,
            &extensions[..count],
        )?;
        let payload = &mut packet[header..length];
        payload.fill(0x5a);
        if plan.video {
            write_vp8(payload, place.first, place.key);
        }
        let sent_at = epoch.now_us();
        payload[STAMP_OFFSET..][..8].copy_from_slice(&sent_at.to_be_bytes());
        payload[STAMP_OFFSET + 8..][..8].copy_from_slice(&self.index.to_be_bytes());
        self.sender
            .protect_rtp(self.index, plan.ssrc, header, packet, length)?;
        self.index += 1;
        Ok(())
    }
}

/// RFC 7741: a one-octet descriptor, then in the first packet the frame tag (and start code of a keyframe).
fn write_vp8(payload: &mut [u8], first: bool, key: bool) {
    payload[0] = if first { 0x10 } else { 0x00 };
    if first && key {
        payload[1..11].copy_from_slice(&[0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01]);
    } else if first {
        payload[1..4].copy_from_slice(&[0x11, 0, 0]);
    }
}
