//! Lost speech made again from the redundancy of what came later (RFC 2198).

use super::Encoding;
use crate::meta::{Meta, Red};
use polyana_wire::Error;
use polyana_wire::payload::red::{Block, Redundancy};

/// Publishers send one or two; more are not looked at.
const MAX_REDUNDANT: usize = 4;
/// How far back a packet may be that shows that a recovered one belongs to the same stream.
const MAX_DISTANCE: u64 = 8;

/// Puts the redundant blocks of an arriving RED packet in the place of packets that never arrived, and gives where its
/// primary block begins.
///
/// The k-th block before the primary is the packet k numbers before: a publisher repeats what it sent last, and numbers
/// only what it sends.
pub(super) fn recover(stream: &mut Encoding, meta: &Meta, packet: &[u8]) -> Result<u16, Error> {
    let from = usize::from(meta.payload_offset);
    let found = Redundancy::parse(&packet[from..from + usize::from(meta.payload_length)])?;
    let count = found.redundant_count();
    for (position, block) in found.redundant().enumerate() {
        if count - position <= MAX_REDUNDANT {
            stand_in(stream, meta, packet, (count - position) as u64, &block);
        }
    }
    Ok(found.primary.offset as u16)
}

fn stand_in(stream: &mut Encoding, meta: &Meta, packet: &[u8], back: u64, block: &Block<'_>) {
    let sequence = meta.sequence - back;
    if block.data.is_empty() || stream.cache.get(sequence).is_some() {
        return;
    }
    let timestamp = meta.timestamp.wrapping_sub(u32::from(block.timestamp_offset));
    let before = (1..=MAX_DISTANCE).find_map(|distance| stream.cache.get(sequence - distance));
    if before.is_none_or(|(before, _)| timestamp.wrapping_sub(before.timestamp).cast_signed() <= 0) {
        return; // nothing was sent before, or the numbers do not fit
    }
    let found = Meta {
        sequence,
        timestamp,
        payload_type: block.payload_type,
        marker: false,
        extension: None,
        payload_offset: meta.payload_offset + block.offset as u16,
        payload_length: block.data.len() as u16,
        red: Red {
            primary: 0,
            recovered: true,
        },
        ..*meta
    };
    if stream.cache.admits(&found).is_ok() {
        stream.cache.insert(found, packet);
        stream.pending.push(sequence);
        stream.nack.forget(sequence);
        stream.recovered += 1;
    }
}
