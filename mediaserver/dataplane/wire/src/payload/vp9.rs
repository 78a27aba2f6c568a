//! VP9 payload descriptor (RFC 9628, section 4.2).
use super::set;
use crate::Error;

/// The parts of the descriptor that layer selection needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Vp9Descriptor {
    /// 7 or 15 bits.
    pub picture_id: Option<u16>,
    pub picture_id_is_15_bits: bool,
    /// P: predicted from an earlier picture.
    pub inter_picture_predicted: bool,
    /// F: flexible mode, references are listed.
    pub flexible: bool,
    /// B and E of a layer frame.
    pub start_of_frame: bool,
    pub end_of_frame: bool,
    /// Z: not a reference for upper spatial layers.
    pub not_reference_for_upper: bool,
    pub temporal_id: Option<u8>,
    /// U: from here on upper temporal layers do not refer to what came before.
    pub switching_up_point: bool,
    pub spatial_id: Option<u8>,
    /// D: depends on the spatial layer below in the same picture.
    pub inter_layer_predicted: bool,
    pub tl0_picture_index: Option<u8>,
    /// How many pictures back each reference lies (flexible mode), each in 1..=127.
    references: [u8; MAX_REFERENCES],
    reference_count: u8,
    /// V: a scalability structure is present.
    pub has_scalability_structure: bool,
    /// Spatial layers that the structure announces.
    pub spatial_layers: Option<u8>,
    /// Width and height of the highest of them, where the structure tells.
    pub size: Option<(u16, u16)>,
    /// Bytes of the descriptor.
    pub length: usize,
}

const MAX_REFERENCES: usize = 3;

/// Reads octets and remembers how many.
struct Cursor<'a> {
    payload: &'a [u8],
    offset: usize,
}

impl Cursor<'_> {
    fn next(&mut self) -> Result<u8, Error> {
        let octet = *self.payload.get(self.offset).ok_or(Error::Truncated)?;
        self.offset += 1;
        Ok(octet)
    }

    fn skip(&mut self, count: usize) -> Result<(), Error> {
        self.offset += count;
        if self.offset > self.payload.len() {
            Err(Error::Truncated)
        } else {
            Ok(())
        }
    }
}

impl Vp9Descriptor {
    /// Parses the descriptor at the start of a payload.
    pub fn parse(payload: &[u8]) -> Result<Self, Error> {
        let mut cursor = Cursor { payload, offset: 0 };
        let first = cursor.next()?;
        let mut found = Self {
            inter_picture_predicted: first & 0x40 != 0,
            flexible: first & 0x10 != 0,
            start_of_frame: first & 0x08 != 0,
            end_of_frame: first & 0x04 != 0,
            has_scalability_structure: first & 0x02 != 0,
            not_reference_for_upper: first & 0x01 != 0,
            ..Self::default()
        };
        if first & 0x80 != 0 {
            found.read_picture_id(&mut cursor)?;
        }
        if first & 0x20 != 0 {
            found.read_layers(&mut cursor)?;
        }
        if found.flexible && found.inter_picture_predicted {
            found.read_references(&mut cursor)?;
        }
        if found.has_scalability_structure {
            found.read_structure(&mut cursor)?;
        }
        found.length = cursor.offset;
        Ok(found)
    }

    fn read_picture_id(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Error> {
        let high = cursor.next()?;
        self.picture_id_is_15_bits = high & 0x80 != 0;
        let mut id = u16::from(high & 0x7f);
        if self.picture_id_is_15_bits {
            id = id << 8 | u16::from(cursor.next()?);
        }
        self.picture_id = Some(id);
        Ok(())
    }

    fn read_layers(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Error> {
        let octet = cursor.next()?;
        self.temporal_id = Some(octet >> 5);
        self.switching_up_point = octet & 0x10 != 0;
        self.spatial_id = Some(octet >> 1 & 0x07);
        self.inter_layer_predicted = octet & 0x01 != 0;
        if !self.flexible {
            self.tl0_picture_index = Some(cursor.next()?);
        }
        Ok(())
    }

    fn read_structure(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Error> {
        let octet = cursor.next()?;
        let layers = usize::from(octet >> 5) + 1;
        self.spatial_layers = Some(layers as u8);
        if octet & 0x10 != 0 {
            cursor.skip(4 * (layers - 1))?;
            let [a, b, c, d] = [cursor.next()?, cursor.next()?, cursor.next()?, cursor.next()?];
            self.size = Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])));
        }
        if octet & 0x08 != 0 {
            for _ in 0..cursor.next()? {
                let picture = cursor.next()?;
                cursor.skip(usize::from(picture >> 2 & 0x03))?;
            }
        }
        Ok(())
    }

    fn read_references(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Error> {
        for reference in &mut self.references {
            let octet = cursor.next()?;
            *reference = octet >> 1;
            self.reference_count += 1;
            if octet & 0x01 == 0 {
                return Ok(());
            }
        }
        Err(Error::Malformed)
    }

    /// How many pictures back each reference of the layer frame lies (flexible mode).
    pub fn references(&self) -> &[u8] {
        &self.references[..usize::from(self.reference_count)]
    }

    /// Overwrites picture id (same width as found) and TL0PICIDX in place, where present.
    pub fn rewrite(&self, payload: &mut [u8], picture_id: u16, tl0_picture_index: u8) {
        let mut offset = 1;
        if self.picture_id.is_some() {
            let [high, low] = picture_id.to_be_bytes();
            if self.picture_id_is_15_bits {
                set(payload, offset, high | 0x80);
                set(payload, offset + 1, low);
                offset += 2;
            } else {
                set(payload, offset, low & 0x7f);
                offset += 1;
            }
        }
        if self.tl0_picture_index.is_some() {
            set(payload, offset + 1, tl0_picture_index); // behind the octet of layer ids
        }
    }
}

/// Start of a picture that is predicted from nothing: base spatial layer, not inter-picture predicted.
pub(super) fn is_keyframe_start(payload: &[u8]) -> bool {
    Vp9Descriptor::parse(payload).is_ok_and(|descriptor| {
        descriptor.start_of_frame
            && !descriptor.inter_picture_predicted
            && descriptor.spatial_id.unwrap_or(0) == 0
            && !descriptor.inter_layer_predicted
            && payload.len() > descriptor.length
    })
}
