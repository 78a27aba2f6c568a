//! The reusable buffer of outgoing datagrams.

use crate::api::{Path, Time, Transmit};

/// A datagram with SRTP overhead never exceeds this; longer ones are refused.
pub const MAX_DATAGRAM: usize = 1500;
/// Limits of one UDP GSO send on Linux (UDP_MAX_SEGMENTS, and an IPv4 packet's length).
const MAX_SEGMENTS: usize = 64;
const MAX_GROUP_BYTES: usize = 65_000;

/// What is sent before more is made: few enough bytes that they are still in the processor's cache when the kernel copies
/// them, and that who comes last in a big room does not wait until all is encrypted.
const FULL_BYTES: usize = 64 << 10;

/// Datagrams to send, in one buffer. Reused between polls, so that steady state allocates nothing.
#[derive(Debug, Default)]
pub struct TransmitBatch {
    buffer: Vec<u8>,
    used: usize,
    transmits: Vec<Transmit>,
}

impl TransmitBatch {
    /// Forgets the datagrams, keeps the memory.
    pub fn clear(&mut self) {
        self.used = 0;
        self.transmits.clear();
    }

    /// In order of sending.
    pub fn transmits(&self) -> &[Transmit] {
        &self.transmits
    }

    /// The bytes of one entry of [`Self::transmits`].
    pub fn bytes(&self, transmit: &Transmit) -> &[u8] {
        &self.buffer[transmit.offset..transmit.offset + transmit.length]
    }

    /// True when there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.transmits.is_empty()
    }

    /// It should be sent before more is added; whoever adds something all the same may.
    pub(crate) fn is_full(&self) -> bool {
        self.used >= FULL_BYTES
    }

    /// Appends one datagram that `write` makes; nothing is appended when it gives `None`.
    /// A datagram for the same path as the one before, and not longer than its segments, joins its group.
    pub fn push(
        &mut self,
        path: &Path,
        received_at: Option<Time>,
        write: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Option<usize> {
        // Zeroing happens only while the buffer still grows, not for each packet.
        if self.buffer.len() < self.used + MAX_DATAGRAM {
            self.buffer
                .resize((self.buffer.len() * 2).max(64 * MAX_DATAGRAM), 0);
        }
        let length = write(&mut self.buffer[self.used..self.used + MAX_DATAGRAM])?;
        let offset = self.used;
        self.used += length;
        if !self.join_last(path, length, received_at) {
            self.transmits.push(Transmit {
                path: *path,
                offset,
                length,
                segment: length,
                received_at,
            });
        }
        Some(length)
    }

    fn join_last(&mut self, path: &Path, length: usize, received_at: Option<Time>) -> bool {
        let Some(last) = self.transmits.last_mut() else {
            return false;
        };
        // A shorter datagram was the last of its group.
        let closed = !last.length.is_multiple_of(last.segment);
        let full = last.length / last.segment >= MAX_SEGMENTS || last.length + length > MAX_GROUP_BYTES;
        if closed || full || length > last.segment || last.path != *path {
            return false;
        }
        last.length += length;
        last.received_at = last.received_at.or(received_at);
        true
    }

    /// Moves the datagrams of another batch to the end of this one.
    pub fn append(&mut self, other: &mut Self) {
        for transmit in &other.transmits {
            let offset = self.used;
            let end = offset + transmit.length;
            if self.buffer.len() < end {
                self.buffer.resize(end.max(64 * MAX_DATAGRAM), 0);
            }
            self.buffer[offset..end].copy_from_slice(other.bytes(transmit));
            self.used = end;
            self.transmits.push(Transmit { offset, ..*transmit });
        }
        other.clear();
    }
}
