//! VP8 payload descriptor (RFC 7741).
use super::set;
use crate::Error;

/// VP8 payload descriptor (RFC 7741, section 4.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Vp8Descriptor {
    pub start_of_partition: bool,
    pub partition_index: u8,
    pub non_reference: bool,
    /// 7 or 15 bits.
    pub picture_id: Option<u16>,
    pub picture_id_is_15_bits: bool,
    pub tl0_picture_index: Option<u8>,
    pub temporal_id: Option<u8>,
    pub layer_sync: bool,
    pub key_index: Option<u8>,
    /// Bytes of the descriptor.
    pub length: usize,
}

// First octet.
const EXTENDED: u8 = 0x80;
const NON_REFERENCE: u8 = 0x20;
const START: u8 = 0x10;
// Extension octet.
const HAS_PICTURE_ID: u8 = 0x80;
const HAS_TL0: u8 = 0x40;
const HAS_TID: u8 = 0x20;
const HAS_KEY_INDEX: u8 = 0x10;
/// Top bit of the picture id: it has 15 bits.
const LONG: u8 = 0x80;

impl Vp8Descriptor {
    /// Parses the descriptor at the start of a payload.
    pub fn parse(payload: &[u8]) -> Result<Self, Error> {
        let mut octets = payload.iter().copied();
        let mut next = || octets.next().ok_or(Error::Truncated);
        let first = next()?;
        let mut found = Self {
            start_of_partition: first & START != 0,
            partition_index: first & 0x07,
            non_reference: first & NON_REFERENCE != 0,
            length: 1,
            ..Self::default()
        };
        if first & EXTENDED == 0 {
            return Ok(found);
        }
        let flags = next()?;
        found.length += 1;
        if flags & HAS_PICTURE_ID != 0 {
            let high = next()?;
            found.length += 1;
            found.picture_id_is_15_bits = high & LONG != 0;
            found.picture_id = Some(u16::from(high & !LONG));
            if found.picture_id_is_15_bits {
                found.picture_id = Some(u16::from(high & !LONG) << 8 | u16::from(next()?));
                found.length += 1;
            }
        }
        if flags & HAS_TL0 != 0 {
            found.tl0_picture_index = Some(next()?);
            found.length += 1;
        }
        if flags & (HAS_TID | HAS_KEY_INDEX) != 0 {
            let octet = next()?;
            found.length += 1;
            if flags & HAS_TID != 0 {
                found.temporal_id = Some(octet >> 6);
                found.layer_sync = octet & 0x20 != 0;
            }
            if flags & HAS_KEY_INDEX != 0 {
                found.key_index = Some(octet & 0x1f);
            }
        }
        Ok(found)
    }

    /// Overwrites picture id (same width as found) and TL0PICIDX in place, where present.
    pub fn rewrite(&self, payload: &mut [u8], picture_id: u16, tl0_picture_index: u8) {
        let mut offset = 2;
        if self.picture_id.is_some() {
            let [high, low] = picture_id.to_be_bytes();
            if self.picture_id_is_15_bits {
                set(payload, offset, high | LONG);
                set(payload, offset + 1, low);
                offset += 2;
            } else {
                set(payload, offset, low & !LONG);
                offset += 1;
            }
        }
        if self.tl0_picture_index.is_some() {
            set(payload, offset, tl0_picture_index);
        }
    }
}

/// First partition of a frame whose frame tag has the inverse key frame bit clear (RFC 6386, section 9.1).
pub(super) fn is_keyframe_start(payload: &[u8]) -> bool {
    let Ok(descriptor) = Vp8Descriptor::parse(payload) else {
        return false;
    };
    let starts = descriptor.start_of_partition && descriptor.partition_index == 0;
    starts && payload.get(descriptor.length).is_some_and(|tag| tag & 0x01 == 0)
}
