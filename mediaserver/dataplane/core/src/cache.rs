//! The packets of one incoming encoding, kept to be forwarded and resent. Fan-out passes sequence numbers, not packets.

use crate::api::Time;
use crate::extension::Elements;
use polyana_wire::payload::Vp8Descriptor;

/// A decrypted packet; longer ones are not forwarded.
pub(crate) const SLOT: usize = 1500;
/// Slots at first. Most streams (speech, low layers) never need more, and memory is what limits many small rooms.
const FIRST_SLOTS: usize = 64;
/// The ring grows while what it overwrites is younger than this: NACKs of a slow path still find it.
const HISTORY_US: u64 = 1_000_000;

/// What the forwarder needs of a packet, read once when it arrives.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Meta {
    /// Extended sequence number; 0 in slots that were never written, which no stream reaches.
    pub sequence: u64,
    pub arrival: Time,
    pub timestamp: u32,
    pub payload_offset: u16,
    /// 0 for a packet of padding only.
    pub payload_length: u16,
    pub payload_type: u8,
    pub marker: bool,
    pub keyframe_start: bool,
    pub vp8: Option<Vp8Descriptor>,
    pub elements: Elements,
}

impl Meta {
    pub fn payload<'a>(&self, packet: &'a [u8]) -> &'a [u8] {
        let offset = usize::from(self.payload_offset);
        packet
            .get(offset..offset + usize::from(self.payload_length))
            .unwrap_or_default()
    }
}

/// Why a packet was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Duplicate,
    TooOld,
    TooLong,
}

/// A ring addressed by sequence number.
pub(crate) struct Cache {
    bytes: Box<[u8]>,
    metas: Box<[Meta]>,
    max_slots: usize,
}

impl Cache {
    /// `max_slots` is rounded up to a power of two.
    pub fn new(max_slots: usize) -> Self {
        let max_slots = max_slots.max(1).next_power_of_two();
        let mut cache = Self {
            bytes: Box::default(),
            metas: Box::default(),
            max_slots,
        };
        cache.resize(FIRST_SLOTS.min(max_slots));
        cache
    }

    pub fn max_slots(&self) -> u64 {
        self.max_slots as u64
    }

    /// Copies a packet in: the one copy of the incoming side.
    pub fn insert(&mut self, meta: &Meta, packet: &[u8]) -> Result<(), Refused> {
        if packet.len() > SLOT {
            return Err(Refused::TooLong);
        }
        while self.overwrites_recent(meta) {
            self.resize(self.metas.len() * 2);
        }
        let index = self.index(meta.sequence);
        let old = self.metas[index].sequence;
        if old >= meta.sequence {
            return Err(if old == meta.sequence { Refused::Duplicate } else { Refused::TooOld });
        }
        self.bytes[index * SLOT..][..packet.len()].copy_from_slice(packet);
        self.metas[index] = *meta;
        Ok(())
    }

    /// The packet with this sequence number, if it is still here.
    pub fn get(&self, sequence: u64) -> Option<(&Meta, &[u8])> {
        let index = self.index(sequence);
        let meta = &self.metas[index];
        (meta.sequence == sequence).then(|| (meta, &self.bytes[index * SLOT..][..SLOT]))
    }

    fn index(&self, sequence: u64) -> usize {
        sequence as usize & (self.metas.len() - 1)
    }

    fn overwrites_recent(&self, meta: &Meta) -> bool {
        if self.metas.len() >= self.max_slots {
            return false;
        }
        let old = &self.metas[self.index(meta.sequence)];
        old.sequence != 0
            && old.sequence != meta.sequence
            && meta.arrival.0.saturating_sub(old.arrival.0) < HISTORY_US
    }

    fn resize(&mut self, slots: usize) {
        let metas = std::mem::replace(&mut self.metas, vec![Meta::default(); slots].into());
        let bytes = std::mem::replace(&mut self.bytes, vec![0; slots * SLOT].into());
        for (old, meta) in metas.iter().enumerate().filter(|(_, meta)| meta.sequence != 0) {
            let new = self.index(meta.sequence);
            self.bytes[new * SLOT..][..SLOT].copy_from_slice(&bytes[old * SLOT..][..SLOT]);
            self.metas[new] = *meta;
        }
    }
}
