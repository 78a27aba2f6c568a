//! The packets of one incoming stream, kept to be forwarded and resent. Fan-out passes indices into it.

use crate::api::Time;
use polyana_wire::payload::Vp8Descriptor;

/// A decrypted packet; longer ones are not forwarded.
pub(crate) const SLOT: usize = 1500;

/// What the forwarder needs of a packet, read once when it arrives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meta {
    /// Extended sequence number; slots that were never written hold 0, which no stream reaches.
    pub sequence: u64,
    pub timestamp: u32,
    pub arrival: Time,
    pub payload_type: u8,
    pub marker: bool,
    pub keyframe_start: bool,
    /// Profile, offset and length of the extension block inside the slot.
    pub extension: Option<(u16, u16, u16)>,
    pub payload_offset: u16,
    /// 0 for a packet of padding only.
    pub payload_length: u16,
    pub vp8: Option<Vp8Descriptor>,
    pub red: Red,
}

/// What a cached packet has to do with redundant audio (RFC 2198).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Red {
    /// Where the primary block begins in the payload; 0: the payload is not RED.
    pub primary: u16,
    /// The packet was lost at first and made again from a later one. What was sent of it had neither marker nor
    /// extensions, and must stay so: a changed packet under the same number would use an SRTP nonce twice.
    pub recovered: bool,
}

impl Red {
    /// Stands for a packet that never arrived.
    pub fn is_stand_in(self) -> bool {
        self.recovered && self.primary == 0
    }
}

/// A ring addressed by sequence number.
pub(crate) struct Cache {
    bytes: Box<[u8]>,
    metas: Box<[Option<Meta>]>,
    mask: u64,
}

/// Why a packet was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Duplicate,
    TooOld,
}

impl Cache {
    /// `packets` is rounded up to a power of two.
    pub fn new(packets: usize) -> Self {
        let packets = packets.next_power_of_two();
        Self {
            bytes: vec![0; packets * SLOT].into_boxed_slice(),
            metas: vec![None; packets].into_boxed_slice(),
            mask: packets as u64 - 1,
        }
    }

    /// Copies a packet in; the one copy of the incoming side.
    pub fn insert(&mut self, mut meta: Meta, packet: &[u8]) -> Result<(), Refused> {
        let index = (meta.sequence & self.mask) as usize;
        match &self.metas[index] {
            // The publisher's own packet replaces what was made from redundancy.
            Some(old) if old.sequence == meta.sequence && old.red.is_stand_in() && meta.red.primary > 0 => {
                meta.red.recovered = true;
            }
            Some(old) if old.sequence == meta.sequence => return Err(Refused::Duplicate),
            Some(old) if old.sequence > meta.sequence => return Err(Refused::TooOld),
            _ => {}
        }
        self.bytes[index * SLOT..][..packet.len()].copy_from_slice(packet);
        self.metas[index] = Some(meta);
        Ok(())
    }

    /// The packet with this sequence number, if it is still here.
    pub fn get(&self, sequence: u64) -> Option<(&Meta, &[u8])> {
        let index = (sequence & self.mask) as usize;
        let meta = self.metas[index]
            .as_ref()
            .filter(|meta| meta.sequence == sequence)?;
        Some((meta, &self.bytes[index * SLOT..][..SLOT]))
    }

    /// Forgets all packets: the publisher started a new stream.
    pub fn clear(&mut self) {
        self.metas.fill(None);
    }
}
