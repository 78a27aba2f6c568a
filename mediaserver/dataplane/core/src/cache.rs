//! The packets of one incoming stream, kept to be forwarded and resent. Fan-out passes indices into it.

use crate::meta::Meta;

/// A decrypted packet; longer ones are not forwarded.
pub(crate) const SLOT: usize = 1500;

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

    /// Whether there is a place for a packet: not twice, and not where a newer one is.
    pub fn admits(&self, meta: &Meta) -> Result<(), Refused> {
        match &self.metas[(meta.sequence & self.mask) as usize] {
            // The publisher's own packet replaces what was made from redundancy.
            Some(old) if old.sequence == meta.sequence && !old.red.is_stand_in() => Err(Refused::Duplicate),
            Some(old) if old.sequence > meta.sequence => Err(Refused::TooOld),
            _ => Ok(()),
        }
    }

    /// Copies a packet that is admitted in; the one copy of the incoming side.
    pub fn insert(&mut self, mut meta: Meta, packet: &[u8]) {
        let index = (meta.sequence & self.mask) as usize;
        let replaced = self.metas[index].as_ref();
        meta.red.recovered |= replaced.is_some_and(|old| old.sequence == meta.sequence);
        self.bytes[index * SLOT..][..packet.len()].copy_from_slice(packet);
        self.metas[index] = Some(meta);
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
