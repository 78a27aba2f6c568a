//! RTP headers, header extensions and sequence numbers (RFC 3550, RFC 8285).
use crate::Error;
use crate::bytes::{Cursor, u16_at};

/// Octets of the header before CSRCs and extensions.
const FIXED_HEADER_LENGTH: usize = 12;
/// Profile of the one-byte form (RFC 8285, section 4.2).
const ONE_BYTE_PROFILE: u16 = 0xbede;
/// Profile of the two-byte form without its four "appbits" (RFC 8285, section 4.3).
const TWO_BYTE_PROFILE: u16 = 0x1000;

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
    pub fn parse(packet: &[u8]) -> Result<Self, Error> {
        let fixed: &[u8; FIXED_HEADER_LENGTH] = packet.first_chunk().ok_or(Error::Truncated)?;
        let [first, second, s0, s1, t0, t1, t2, t3, ssrc @ ..] = *fixed;
        if first >> 6 != 2 {
            return Err(Error::Malformed);
        }
        let mut length = FIXED_HEADER_LENGTH + 4 * usize::from(first & 0x0f);
        let mut extension = None;
        if first & 0x10 != 0 {
            let data_length = 4 * usize::from(u16_at(packet, length + 2)?);
            extension = Some((u16_at(packet, length)?, length + 4, data_length));
            length += 4 + data_length;
        }
        if packet.len() < length {
            return Err(Error::Truncated);
        }
        Ok(Self {
            marker: second & 0x80 != 0,
            payload_type: second & 0x7f,
            sequence_number: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes(ssrc),
            length,
            has_padding: first & 0x20 != 0,
            extension,
        })
    }

    /// The elements of the extension block, one-byte and two-byte forms alike, as (id, value).
    /// A block of another profile has none.
    pub fn extensions<'a>(&self, packet: &'a [u8]) -> ExtensionIter<'a> {
        let (profile, offset, length) = self.extension.unwrap_or((ONE_BYTE_PROFILE, 0, 0));
        let two_byte = profile & 0xfff0 == TWO_BYTE_PROFILE;
        let data = match packet.get(offset..offset.saturating_add(length)) {
            Some(data) if two_byte || profile == ONE_BYTE_PROFILE => data,
            _ => &[],
        };
        ExtensionIter { data, two_byte }
    }
}

/// Octets of padding at the end of a decrypted packet with the P bit, 0 without it. The count includes itself
/// (RFC 3550, section 5.1) and never reaches into the header.
pub fn padding_length(packet: &[u8], header: &Header) -> Result<usize, Error> {
    if !header.has_padding {
        return Ok(0);
    }
    let payload = packet.get(header.length..).ok_or(Error::Truncated)?;
    match payload.last() {
        None => Err(Error::Truncated),
        Some(0) => Err(Error::Malformed),
        Some(&count) if usize::from(count) > payload.len() => Err(Error::Malformed),
        Some(&count) => Ok(usize::from(count)),
    }
}

/// Iterator over header extension elements; ends at the first malformed one.
#[derive(Clone, Debug)]
pub struct ExtensionIter<'a> {
    data: &'a [u8],
    two_byte: bool,
}

impl<'a> ExtensionIter<'a> {
    /// (id, octets of the element's own header, octets of the value); `None` ends the iteration.
    fn element(&self, first: u8) -> Option<(u8, usize, usize)> {
        if self.two_byte {
            return Some((first, 2, usize::from(*self.data.get(1)?)));
        }
        // Id 15 is reserved, and 0 with a length is neither padding nor an element: both end the block.
        let id = first >> 4;
        (1..=14)
            .contains(&id)
            .then_some((id, 1, usize::from(first & 0x0f) + 1))
    }
}

impl<'a> Iterator for ExtensionIter<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (&first, rest) = self.data.split_first()?;
            if first == 0 {
                self.data = rest; // padding
                continue;
            }
            let found = self.element(first).and_then(|(id, header, length)| {
                let value = self.data.get(header..header + length)?;
                self.data = &self.data[header + length..];
                Some((id, value))
            });
            if found.is_none() {
                self.data = &[];
            }
            return found;
        }
    }
}

/// Writes an RTP header (without CSRCs) into a caller's buffer and returns its length.
/// Chooses the one-byte form where all elements fit it (id 1..=14, length 1..=16), the two-byte form otherwise
/// (which a peer understands only after `a=extmap-allow-mixed`).
/// `Malformed` for a payload type above 127, an id 0 or a value above 255 octets.
pub fn write_header(
    out: &mut [u8],
    marker: bool,
    payload_type: u8,
    sequence_number: u16,
    timestamp: u32,
    ssrc: u32,
    extensions: &[(u8, &[u8])],
) -> Result<usize, Error> {
    if payload_type > 127 {
        return Err(Error::Malformed);
    }
    let mut fixed = [0; FIXED_HEADER_LENGTH];
    fixed[0] = 0x80 | if extensions.is_empty() { 0 } else { 0x10 };
    fixed[1] = payload_type | if marker { 0x80 } else { 0 };
    fixed[2..4].copy_from_slice(&sequence_number.to_be_bytes());
    fixed[4..8].copy_from_slice(&timestamp.to_be_bytes());
    fixed[8..12].copy_from_slice(&ssrc.to_be_bytes());
    let mut cursor = Cursor::new(out);
    cursor.put(&fixed)?;
    if !extensions.is_empty() {
        write_extensions(&mut cursor, extensions)?;
    }
    Ok(cursor.length())
}

fn write_extensions(cursor: &mut Cursor<'_>, extensions: &[(u8, &[u8])]) -> Result<(), Error> {
    let one_byte = extensions
        .iter()
        .all(|(id, value)| *id <= 14 && (1..=16).contains(&value.len()));
    let profile = if one_byte {
        ONE_BYTE_PROFILE
    } else {
        TWO_BYTE_PROFILE
    };
    cursor.put(&profile.to_be_bytes())?;
    let length_at = cursor.length();
    cursor.put(&[0, 0])?;
    for &(id, value) in extensions {
        let length = u8::try_from(value.len()).map_err(|_| Error::Malformed)?;
        match id {
            0 => return Err(Error::Malformed),
            _ if one_byte => cursor.put(&[id << 4 | (length - 1)])?,
            _ => cursor.put(&[id, length])?,
        }
        cursor.put(value)?;
    }
    cursor.pad_to_word()?;
    let words = (cursor.length() - length_at - 2) / 4;
    cursor.patch_u16(length_at, u16::try_from(words).map_err(|_| Error::Malformed)?);
    Ok(())
}

/// Extends 16-bit sequence numbers to 64 bits by the nearest value (RFC 3550, appendix A.1; start at 2^16 so that
/// early reordering never underflows).
#[derive(Clone, Copy, Debug, Default)]
pub struct SequenceExtender {
    /// Highest extended number seen.
    pub highest: Option<u64>,
}

impl SequenceExtender {
    /// The extended value; moves `highest` forward where the value is newer.
    pub fn extend(&mut self, sequence_number: u16) -> u64 {
        let extended = self.peek(sequence_number);
        self.highest = self.highest.max(Some(extended));
        extended
    }

    /// The extended value without moving.
    pub fn peek(&self, sequence_number: u16) -> u64 {
        let Some(highest) = self.highest else {
            return (1 << 16) | u64::from(sequence_number);
        };
        let distance = sequence_number.wrapping_sub(highest as u16) as i16;
        highest.saturating_add_signed(i64::from(distance))
    }
}
