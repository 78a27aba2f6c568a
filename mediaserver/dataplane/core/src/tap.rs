//! Tracks copied to whoever records them: every packet as it came in, decrypted, each once, in order of arrival.
//!
//! Of simulcast a tap takes the best encoding that flows, and goes over to another one at a keyframe, as a sender does.
//! Nothing waits for who reads: records are handed over in chunks, and what finds no place is counted.

use crate::api::{MediaKind, ReceiverId, SenderTarget, TapId, Time};
use crate::extension::ORIENTATION;
use crate::meta::Meta;
use crate::receiver::{Encoding, Receiver};
use crate::sender::packet::incoming_elements;
use crate::sender::selector::desired;
use crate::{Core, Event};
use polyana_wire::rtcp::SenderInfo;
use polyana_wire::srtp::Window;

/// Before each payload, little endian: arrival (u64, us since the epoch), extended sequence number (u64), RTP time (u32),
/// length of the payload (u16), flags, encoding, payload type (u8 each).
const HEADER: usize = 25;
/// The last packet of a frame.
const MARKER: u8 = 1;
/// A stream begins here: another encoding, or another SSRC. Numbers and times have nothing to do with those before.
const BEGINS: u8 = 2;
/// No packet but what the publisher's sender report said: the payload is its NTP time (u64), the RTP time that of the report.
const CLOCK: u8 = 4;
/// The packet says how the picture is to be turned: by as many quarters, clockwise, as the two bits above say.
const ORIENTED: u8 = 8;
const QUARTERS_SHIFT: u8 = 4;
/// A chunk is handed over when the next record might not fit.
const CHUNK: usize = 64 * 1024;
/// And at this age.
const CHUNK_AGE_US: u64 = 500_000;
const MAX_TAPS: usize = 4096;

/// Which numbers of the stream have been copied: none twice, though a stand-in's own packet may still come.
#[derive(Default)]
struct Copied {
    first: u64,
    highest: u64,
    packets: u64,
    numbers: Window<8>,
}

impl Copied {
    fn add(&mut self, sequence: u64) -> bool {
        if !self.numbers.is_new(sequence) {
            return false;
        }
        self.numbers.insert(sequence);
        let begins = self.packets == 0;
        self.first = if begins {
            sequence
        } else {
            self.first.min(sequence)
        };
        self.highest = self.highest.max(sequence);
        self.packets += 1;
        true
    }

    fn lost(&self) -> u64 {
        match self.packets {
            0 => 0,
            packets => self.highest - self.first + 1 - packets,
        }
    }
}

pub(crate) struct Tap {
    id: TapId,
    /// Slab index.
    pub receiver: usize,
    /// What is copied now: index and SSRC of the encoding.
    current: Option<(usize, Option<u32>)>,
    copied: Copied,
    /// Of streams before.
    lost: u64,
    begins: bool,
    /// Id of the extension that tells how the picture is turned.
    orientation: Option<u8>,
    /// NTP time of the report that was written last.
    clock: Option<u64>,
    records: Vec<u8>,
    packets: u32,
    handed_over: Time,
}

impl Tap {
    fn new(id: TapId, receiver: usize, now: Time) -> Self {
        Self {
            id,
            receiver,
            current: None,
            copied: Copied::default(),
            lost: 0,
            begins: false,
            orientation: None,
            clock: None,
            records: Vec::new(),
            packets: 0,
            handed_over: now,
        }
    }

    /// Copies what is pending; gives the encoding of which a keyframe is needed.
    fn take(&mut self, source: &Receiver, now: Time, out: &mut impl Extend<Event>) -> Option<usize> {
        let best = desired(&SenderTarget::default(), &source.encodings)?;
        let wanted = (best, source.encodings[best].parameters.ssrc);
        let begins_at = match self.current {
            Some(current) if current == wanted => None,
            _ => begin(&source.encodings[best], source.kind),
        };
        if let Some(sequence) = begins_at {
            self.begin(wanted);
            self.orientation = source.ids.id(ORIENTATION);
            let encoding = &source.encodings[best];
            // What came before its keyframe's first packet, out of order, is copied as well.
            for number in sequence..=encoding.extender.highest.unwrap_or(sequence) {
                self.copy(best, encoding, number, now, out);
            }
        }
        if let Some((index, ssrc)) = self.current
            && let Some(encoding) = source.encodings.get(index)
            && encoding.parameters.ssrc == ssrc
        {
            for &number in &encoding.pending {
                self.copy(index, encoding, number, now, out);
            }
        }
        let waits = self.current != Some(wanted) && !source.encodings[best].pending.is_empty();
        waits.then_some(best)
    }

    fn begin(&mut self, at: (usize, Option<u32>)) {
        self.lost += self.copied.lost();
        self.copied = Copied::default();
        self.current = Some(at);
        self.begins = true;
        self.clock = None;
    }

    fn copy(
        &mut self,
        index: usize,
        encoding: &Encoding,
        number: u64,
        now: Time,
        out: &mut impl Extend<Event>,
    ) {
        let Some((meta, slot)) = encoding.cache.get(number) else {
            return;
        };
        let Some(payload) = payload(meta, slot) else {
            return;
        };
        if !self.copied.add(number) {
            return;
        }
        if let Some((info, at)) = encoding.reception.last_sr()
            && self.clock != Some(info.ntp_time)
        {
            self.clock = Some(info.ntp_time);
            self.write_clock(index, &info, at, meta.payload_type);
        }
        let begins = if std::mem::take(&mut self.begins) {
            BEGINS
        } else {
            0
        };
        let marker = if meta.marker { MARKER } else { 0 };
        let turned = self.orientation.map_or(0, |id| turned(meta, slot, id));
        self.write(meta, index, marker | begins | turned, payload);
        self.packets += 1;
        if self.records.len() + 2 * HEADER + crate::cache::SLOT > CHUNK {
            out.extend([self.hand_over(now, false)]);
        }
    }

    fn write_clock(&mut self, index: usize, info: &SenderInfo, at: Time, payload_type: u8) {
        self.write_header(at, 0, info.rtp_time, 8, CLOCK, index, payload_type);
        self.records.extend(info.ntp_time.to_le_bytes());
    }

    fn write(&mut self, meta: &Meta, index: usize, flags: u8, payload: &[u8]) {
        self.write_header(
            meta.arrival,
            meta.sequence,
            meta.timestamp,
            payload.len() as u16,
            flags,
            index,
            meta.payload_type,
        );
        self.records.extend(payload);
    }

    #[allow(clippy::too_many_arguments)] // the fields of the header, in their order
    fn write_header(
        &mut self,
        arrival: Time,
        sequence: u64,
        timestamp: u32,
        length: u16,
        flags: u8,
        index: usize,
        payload_type: u8,
    ) {
        self.records.extend(arrival.0.to_le_bytes());
        self.records.extend(sequence.to_le_bytes());
        self.records.extend(timestamp.to_le_bytes());
        self.records.extend(length.to_le_bytes());
        self.records.extend([flags, index as u8, payload_type]);
    }

    fn hand_over(&mut self, now: Time, ended: bool) -> Event {
        self.handed_over = now;
        Event::Tapped {
            tap: self.id,
            records: std::mem::take(&mut self.records),
            packets: std::mem::take(&mut self.packets),
            lost: self.lost + self.copied.lost(),
            dropped: 0,
            ended,
        }
    }
}

/// The number that a decoder can begin at, if it is among what is pending.
fn begin(encoding: &Encoding, kind: MediaKind) -> Option<u64> {
    let starts = |number: &u64| {
        let found = encoding.cache.get(*number);
        found.is_some_and(|(meta, _)| kind == MediaKind::Audio || meta.keyframe_start)
    };
    encoding.pending.iter().copied().find(starts)
}

/// What a decoder takes of a packet: of RED only the primary block. Nothing, if it is padding alone.
fn payload<'a>(meta: &Meta, slot: &'a [u8]) -> Option<&'a [u8]> {
    let begin = usize::from(meta.payload_offset);
    let payload = slot.get(begin..begin + usize::from(meta.payload_length))?;
    payload.get(usize::from(meta.red.primary)..)
}

fn turned(meta: &Meta, slot: &[u8], id: u8) -> u8 {
    match incoming_elements(meta, slot).find(|(found, _)| *found == id) {
        Some((_, &[value, ..])) => ORIENTED | (value & 3) << QUARTERS_SHIFT,
        _ => 0,
    }
}

impl Core {
    pub(crate) fn add_tap(&mut self, id: TapId, receiver: ReceiverId, now: Time) -> Result<(), String> {
        let index = self.receiver_index(receiver)?;
        if self.taps.len() >= MAX_TAPS || self.taps.iter().any(|tap| tap.id == id) {
            return Err(format!("tap {id} exists, or there are {MAX_TAPS}"));
        }
        self.taps.push(Tap::new(id, index, now));
        self.want_keyframes(index, now);
        Ok(())
    }

    pub(crate) fn remove_tap(&mut self, id: TapId, now: Time) -> Result<(), String> {
        // With its receiver it may have ended just before.
        if let Some(position) = self.taps.iter().position(|tap| tap.id == id) {
            let ended = self.taps.swap_remove(position).hand_over(now, true);
            self.events.push_back(ended);
        }
        Ok(())
    }

    /// Its receiver is about to go.
    pub(crate) fn end_taps(&mut self, receiver: usize) {
        let events = &mut self.events;
        self.taps.retain_mut(|tap| {
            if tap.receiver == receiver {
                events.push_back(tap.hand_over(Time::default(), true));
            }
            tap.receiver != receiver
        });
    }

    /// Copies what the next round of forwarding takes.
    pub(crate) fn copy_to_taps(&mut self, now: Time) {
        for tap in &mut self.taps {
            let source = &mut self.receivers[tap.receiver];
            if !source.queued {
                continue;
            }
            if let Some(encoding) = tap.take(source, now, &mut self.events) {
                source.encodings[encoding].keyframe.want();
                let owner = source.transport;
                self.timers.bring_forward(&mut self.transports[owner], owner, now);
            }
        }
    }

    /// Hands over what has waited long enough.
    pub(crate) fn hand_over_taps(&mut self, now: Time) {
        for tap in &mut self.taps {
            let age = now.0.saturating_sub(tap.handed_over.0);
            if !tap.records.is_empty() && age >= CHUNK_AGE_US {
                self.events.push_back(tap.hand_over(now, false));
            }
        }
    }
}
