//! RTP headers, header extensions and sequence numbers (RFC 3550, RFC 8285).
use crate::Error;

/// The fixed header and where the parts of the packet lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Header {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence_number: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    /// Bytes before the payload: fixed header, CSRCs and extension block.
    pub length: usize,
    /// The P bit; how many octets is known only after decryption: [`padding_length`].
    pub has_padding: bool,
    /// The 16-bit profile of the extension block and the offset and length of its data.
    pub extension: Option<(u16, usize, usize)>,
}

impl Header {
    /// Parses the header of a whole packet (encrypted or not).
    pub fn parse(_packet: &[u8]) -> Result<Self, Error> {
        todo!()
    }
    /// The elements of the extension block, one-byte and two-byte forms alike, as (id, value).
    pub fn extensions<'a>(&self, _packet: &'a [u8]) -> ExtensionIter<'a> {
        todo!()
    }
}

/// Octets of padding at the end of a decrypted packet with the P bit.
pub fn padding_length(_packet: &[u8], _header: &Header) -> Result<usize, Error> {
    todo!()
}

/// Iterator over header extension elements; ends at the first malformed one.
#[derive(Clone, Debug)]
pub struct ExtensionIter<'a> {
    _data: &'a [u8],
    _two_byte: bool,
}
impl<'a> Iterator for ExtensionIter<'a> {
    type Item = (u8, &'a [u8]);
    fn next(&mut self) -> Option<Self::Item> {
        todo!()
    }
}

/// Writes RTP packets into a caller's buffer.
/// Chooses the one-byte form where all elements fit it (id 1..=14, length 1..=16), the two-byte form otherwise.
pub fn write_header(
    _out: &mut [u8],
    _marker: bool,
    _payload_type: u8,
    _sequence_number: u16,
    _timestamp: u32,
    _ssrc: u32,
    _extensions: &[(u8, &[u8])],
) -> Result<usize, Error> {
    todo!()
}

/// Extends 16-bit sequence numbers to 64 bits by the nearest value (RFC 3550, appendix A.1; start at 2^16 so that early reordering never underflows).
#[derive(Clone, Copy, Debug, Default)]
pub struct SequenceExtender {
    /// Highest extended number seen.
    pub highest: Option<u64>,
}
impl SequenceExtender {
    /// The extended value; moves `highest` forward where the value is newer.
    pub fn extend(&mut self, _sequence_number: u16) -> u64 {
        todo!()
    }
    /// The extended value without moving.
    pub fn peek(&self, _sequence_number: u16) -> u64 {
        todo!()
    }
}
