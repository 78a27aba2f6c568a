//! Redundant audio (RFC 2198).
use crate::Error;

/// One block of a RED payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// Payload type of the data.
    pub payload_type: u8,
    /// How much earlier than the packet's timestamp, in RTP clock units; 0 for the primary.
    pub timestamp_offset: u16,
    /// Encoded audio.
    pub data: &'a [u8],
}

const FOLLOWS: u8 = 0x80;
const LONG_HEADER: usize = 4;

/// Calls `each` for every block, oldest first, the primary last.
pub fn for_each_block<'a>(payload: &'a [u8], mut each: impl FnMut(Block<'a>)) -> Result<(), Error> {
    let headers = header_length(payload)?;
    let mut data = &payload[headers..];
    for header in payload[..headers - 1].chunks_exact(LONG_HEADER) {
        let bits = u32::from_be_bytes([header[0], header[1], header[2], header[3]]);
        let (block, rest) = data
            .split_at_checked((bits & 0x3ff) as usize)
            .ok_or(Error::Truncated)?;
        let timestamp_offset = (bits >> 10 & 0x3fff) as u16;
        each(Block {
            payload_type: header[0] & !FOLLOWS,
            timestamp_offset,
            data: block,
        });
        data = rest;
    }
    each(Block {
        payload_type: payload[headers - 1] & !FOLLOWS,
        timestamp_offset: 0,
        data,
    });
    Ok(())
}

/// Bytes of all headers: four for each redundant block, one for the primary.
fn header_length(payload: &[u8]) -> Result<usize, Error> {
    let mut offset = 0;
    while payload.get(offset).ok_or(Error::Truncated)? & FOLLOWS != 0 {
        offset += LONG_HEADER;
    }
    Ok(offset + 1)
}
