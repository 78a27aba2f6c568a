//! Attribute types and their framing (RFC 8489, section 14; RFC 8445, section 16.1).
use super::HEADER_LENGTH as MESSAGE_HEADER_LENGTH;
use crate::Error;
use crate::bytes::u16_at;

/// Octets of type and length.
pub(super) const HEADER_LENGTH: usize = 4;

pub(super) const USERNAME: u16 = 0x0006;
pub(super) const MESSAGE_INTEGRITY: u16 = 0x0008;
pub(super) const ERROR_CODE: u16 = 0x0009;
pub(super) const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
pub(super) const XOR_MAPPED_ADDRESS: u16 = 0x0020;
pub(super) const PRIORITY: u16 = 0x0024;
pub(super) const USE_CANDIDATE: u16 = 0x0025;
pub(super) const FINGERPRINT: u16 = 0x8028;
pub(super) const ICE_CONTROLLED: u16 = 0x8029;
pub(super) const ICE_CONTROLLING: u16 = 0x802a;

/// Known to STUN, without a meaning for connectivity checks: MAPPED-ADDRESS, UNKNOWN-ATTRIBUTES, REALM, NONCE,
/// MESSAGE-INTEGRITY-SHA256, PASSWORD-ALGORITHM, USERHASH.
const UNDERSTOOD_AND_UNUSED: [u16; 7] = [0x0001, UNKNOWN_ATTRIBUTES, 0x0014, 0x0015, 0x001c, 0x001d, 0x001e];

/// True for types below 0x8000 that this implementation cannot ignore (RFC 8489, section 5).
pub(super) fn is_comprehension_required(kind: u16) -> bool {
    kind < 0x8000 && !UNDERSTOOD_AND_UNUSED.contains(&kind)
}

/// The number of an ERROR-CODE, 300..=699 (RFC 8489, section 14.8).
pub(super) fn parse_error_code(value: &[u8]) -> Result<u16, Error> {
    match value {
        [_, _, class, number, ..] if (3..=6).contains(&(class & 7)) && *number < 100 => {
            Ok(u16::from(class & 7) * 100 + u16::from(*number))
        }
        [_, _, _, _, ..] => Err(Error::Malformed),
        _ => Err(Error::Truncated),
    }
}

/// Iterates as (type, offset of the attribute in the message, value without padding); ends after the first error.
pub(super) struct Attributes<'a> {
    message: &'a [u8],
    offset: usize,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self {
            message,
            offset: MESSAGE_HEADER_LENGTH,
        }
    }

    fn read(&self) -> Result<(u16, usize, &'a [u8]), Error> {
        let kind = u16_at(self.message, self.offset)?;
        let length = usize::from(u16_at(self.message, self.offset + 2)?);
        let start = self.offset + HEADER_LENGTH;
        let value = self.message.get(start..start + length).ok_or(Error::Truncated)?;
        Ok((kind, self.offset, value))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<(u16, usize, &'a [u8]), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.offset >= self.message.len() {
            return None;
        }
        let attribute = self.read();
        self.offset = match &attribute {
            Ok((_, offset, value)) => offset + HEADER_LENGTH + value.len().next_multiple_of(4),
            Err(_) => self.message.len(),
        };
        Some(attribute)
    }
}
