//! Redundant audio (RFC 2198).
use crate::Error;

/// One block of a RED payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block<'a> {
    /// Payload type of the data.
    pub payload_type: u8,
    /// How much earlier than the packet's timestamp, in RTP clock units; 0 for the primary.
    pub timestamp_offset: u16,
    /// Where the data begins in the payload.
    pub offset: usize,
    /// Encoded audio.
    pub data: &'a [u8],
}

/// A RED payload whose lengths are true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redundancy<'a> {
    payload: &'a [u8],
    /// Bytes of all headers.
    headers: usize,
    /// The primary block, which comes last.
    pub primary: Block<'a>,
}

const FOLLOWS: u8 = 0x80;
const LONG_HEADER: usize = 4;

impl<'a> Redundancy<'a> {
    /// Reads all headers: four octets for each redundant block, one for the primary.
    pub fn parse(payload: &'a [u8]) -> Result<Self, Error> {
        let (mut headers, mut offset) = (0, 0);
        while payload.get(headers).ok_or(Error::Truncated)? & FOLLOWS != 0 {
            let header = payload
                .get(headers..headers + LONG_HEADER)
                .ok_or(Error::Truncated)?;
            offset += block_length(header);
            headers += LONG_HEADER;
        }
        let payload_type = payload[headers];
        headers += 1;
        offset += headers;
        let primary = Block {
            payload_type,
            timestamp_offset: 0,
            offset,
            data: payload.get(offset..).ok_or(Error::Truncated)?,
        };
        Ok(Self {
            payload,
            headers,
            primary,
        })
    }

    /// How many blocks come before the primary.
    pub fn redundant_count(&self) -> usize {
        self.headers / LONG_HEADER
    }

    /// The blocks before the primary, oldest first.
    pub fn redundant(&self) -> impl Iterator<Item = Block<'a>> {
        let (payload, mut offset) = (self.payload, self.headers);
        payload[..self.headers - 1]
            .chunks_exact(LONG_HEADER)
            .map(move |header| {
                let start = offset;
                offset += block_length(header);
                Block {
                    payload_type: header[0] & !FOLLOWS,
                    timestamp_offset: u16::from_be_bytes([header[1], header[2]]) >> 2,
                    offset: start,
                    data: &payload[start..offset],
                }
            })
    }
}

/// Overwrites the payload type of every block by `map`; stops where the headers end too early.
pub fn map_payload_types(payload: &mut [u8], map: impl Fn(u8) -> u8) {
    let mut offset = 0;
    while let Some(octet) = payload.get_mut(offset) {
        let follows = *octet & FOLLOWS;
        *octet = follows | map(*octet & !FOLLOWS) & !FOLLOWS;
        if follows == 0 {
            return;
        }
        offset += LONG_HEADER;
    }
}

/// Ten bits of a redundant block's header.
fn block_length(header: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([header[2], header[3]]) & 0x3ff)
}
