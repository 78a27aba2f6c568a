//! The template dependency structure: how the layers of a stream hang together, told with keyframes.
use super::bits::Bits;
use crate::Error;

pub(super) const MAX_TEMPLATES: usize = 64;
/// Decode targets of a stream (five bits).
pub const MAX_DECODE_TARGETS: usize = 32;
/// Frames that one frame may refer to. Codecs have at most eight reference buffers.
pub const MAX_REFERENCES: usize = 8;
const MAX_SPATIAL_ID: u8 = 3;
const MAX_TEMPORAL_ID: u8 = 7;

/// What a frame is to a decode target (section A.2 of the AV1 RTP specification).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indication {
    /// The target does not hold the frame.
    NotPresent,
    /// Held, and no other frame of the target needs it.
    Discardable,
    /// Held, and whoever decodes it can decode all that follows of the target.
    Switch,
    /// Held and needed.
    Required,
}

/// Indications of one frame or template for all decode targets, two bits each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Indications(u64);

impl Indications {
    /// For one decode target.
    pub fn of(self, target: u8) -> Indication {
        match self.0 >> (2 * u64::from(target & 31)) & 3 {
            0 => Indication::NotPresent,
            1 => Indication::Discardable,
            2 => Indication::Switch,
            _ => Indication::Required,
        }
    }

    pub(super) fn read(bits: &mut Bits<'_>, targets: u8) -> Result<Self, Error> {
        let mut found = 0;
        for target in 0..targets {
            found |= u64::from(bits.take(2)?) << (2 * target);
        }
        Ok(Self(found))
    }

    /// Bit i: decode target i holds the frame.
    fn present(self) -> u32 {
        (0..MAX_DECODE_TARGETS as u8)
            .filter(|&target| self.of(target) != Indication::NotPresent)
            .fold(0, |mask, target| mask | 1 << target)
    }
}

/// How many frames back each reference lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct References {
    distances: [u16; MAX_REFERENCES],
    count: u8,
}

impl References {
    pub(super) fn push(&mut self, distance: u16) -> Result<(), Error> {
        let place = self
            .distances
            .get_mut(usize::from(self.count))
            .ok_or(Error::Malformed)?;
        *place = distance;
        self.count += 1;
        Ok(())
    }

    /// Frame number differences, each at least 1.
    pub fn distances(&self) -> &[u16] {
        &self.distances[..usize::from(self.count)]
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Template {
    pub spatial_id: u8,
    pub temporal_id: u8,
    pub indications: Indications,
    pub references: References,
}

/// Of fixed size, so that a keyframe allocates nothing.
#[derive(Clone, Debug)]
pub struct Structure {
    pub(super) template_id_offset: u8,
    templates: [Template; MAX_TEMPLATES],
    template_count: u8,
    decode_targets: u8,
    pub(super) chains: u8,
    /// (spatial, temporal) layer of each decode target.
    layers: [(u8, u8); MAX_DECODE_TARGETS],
    /// Bit j of entry i: all frames of target j are frames of target i.
    contained: [u32; MAX_DECODE_TARGETS],
    /// Highest spatial id, and the picture sizes by spatial id where they are told.
    max_spatial_id: u8,
    sizes: Option<[(u16, u16); MAX_SPATIAL_ID as usize + 1]>,
}

impl Default for Structure {
    fn default() -> Self {
        Self {
            template_id_offset: 0,
            templates: [Template::default(); MAX_TEMPLATES],
            template_count: 0,
            decode_targets: 0,
            chains: 0,
            layers: [(0, 0); MAX_DECODE_TARGETS],
            contained: [0; MAX_DECODE_TARGETS],
            max_spatial_id: 0,
            sizes: None,
        }
    }
}

impl Structure {
    pub(super) fn read(bits: &mut Bits<'_>) -> Result<Self, Error> {
        let mut found = Self {
            template_id_offset: bits.take(6)? as u8,
            decode_targets: bits.take(5)? as u8 + 1,
            ..Self::default()
        };
        found.read_layers(bits)?;
        for number in 0..usize::from(found.template_count) {
            found.templates[number].indications = Indications::read(bits, found.decode_targets)?;
        }
        for number in 0..usize::from(found.template_count) {
            while bits.flag()? {
                let distance = bits.take(4)? as u16 + 1;
                found.templates[number].references.push(distance)?;
            }
        }
        found.skip_chains(bits)?;
        found.derive_targets();
        if bits.flag()? {
            let mut sizes = [(0, 0); MAX_SPATIAL_ID as usize + 1];
            for size in &mut sizes[..=usize::from(found.max_spatial_id)] {
                // One less than the size: 65,536 does not fit, and no encoder makes it.
                let width = bits.take(16)? as u16;
                *size = (width.saturating_add(1), (bits.take(16)? as u16).saturating_add(1));
            }
            found.sizes = Some(sizes);
        }
        Ok(found)
    }

    fn read_layers(&mut self, bits: &mut Bits<'_>) -> Result<(), Error> {
        let (mut spatial_id, mut temporal_id) = (0, 0);
        loop {
            let place = self.templates.get_mut(usize::from(self.template_count));
            let template = place.ok_or(Error::Malformed)?;
            (template.spatial_id, template.temporal_id) = (spatial_id, temporal_id);
            self.template_count += 1;
            match bits.take(2)? {
                0 => {}
                1 => temporal_id += 1,
                2 => (spatial_id, temporal_id) = (spatial_id + 1, 0),
                _ => break,
            }
            if spatial_id > MAX_SPATIAL_ID || temporal_id > MAX_TEMPORAL_ID {
                return Err(Error::Malformed);
            }
        }
        self.max_spatial_id = spatial_id;
        Ok(())
    }

    /// Chains tell a receiver early of losses; a forwarder keeps account of frames instead.
    fn skip_chains(&mut self, bits: &mut Bits<'_>) -> Result<(), Error> {
        self.chains = bits.non_symmetric(u32::from(self.decode_targets) + 1)? as u8;
        if self.chains > 0 {
            for _ in 0..self.decode_targets {
                bits.non_symmetric(u32::from(self.chains))?;
            }
            for _ in 0..u16::from(self.template_count) * u16::from(self.chains) {
                bits.take(4)?;
            }
        }
        Ok(())
    }

    fn derive_targets(&mut self) {
        let mut held = [0u64; MAX_DECODE_TARGETS];
        for (number, template) in self.templates[..usize::from(self.template_count)]
            .iter()
            .enumerate()
        {
            let present = template.indications.present();
            for target in (0..usize::from(self.decode_targets)).filter(|&target| present & 1 << target != 0) {
                held[target] |= 1 << number;
                let layer = &mut self.layers[target];
                *layer = (
                    layer.0.max(template.spatial_id),
                    layer.1.max(template.temporal_id),
                );
            }
        }
        for outer in 0..usize::from(self.decode_targets) {
            self.contained[outer] = (0..usize::from(self.decode_targets))
                .filter(|&inner| held[inner] & !held[outer] == 0)
                .fold(0, |mask, inner| mask | 1 << inner);
        }
    }

    pub(super) fn template(&self, id: u8) -> Option<&Template> {
        let index = usize::from((id + 64 - self.template_id_offset) % 64);
        self.templates[..usize::from(self.template_count)].get(index)
    }

    /// How many decode targets there are, 1..=32.
    pub fn decode_targets(&self) -> u8 {
        self.decode_targets
    }

    /// (spatial, temporal) layer of a decode target.
    pub fn layer_of(&self, target: u8) -> (u8, u8) {
        self.layers[usize::from(target & 31)]
    }

    /// Bit i: who gets all frames of this decode target has all of target i too.
    pub fn contained_in(&self, target: u8) -> u32 {
        self.contained[usize::from(target & 31)]
    }

    /// All decode targets.
    pub fn all_targets(&self) -> u32 {
        u32::MAX >> (32 - u32::from(self.decode_targets))
    }

    /// Highest spatial layer.
    pub fn max_spatial_id(&self) -> u8 {
        self.max_spatial_id
    }

    /// Width and height of a spatial layer, where the publisher tells.
    pub fn size_of(&self, spatial_id: u8) -> Option<(u16, u16)> {
        self.sizes?.get(usize::from(spatial_id)).copied()
    }

    /// True when frames of one are read the same way with the other.
    pub fn is_same(&self, other: &Self) -> bool {
        let known = |structure: &Self| {
            (
                structure.template_id_offset,
                structure.template_count,
                structure.chains,
            )
        };
        known(self) == known(other)
            && self.decode_targets == other.decode_targets
            && (0..self.template_count).all(|number| {
                let (mine, theirs) = (
                    self.templates[usize::from(number)],
                    other.templates[usize::from(number)],
                );
                (mine.spatial_id, mine.temporal_id) == (theirs.spatial_id, theirs.temporal_id)
                    && mine.indications == theirs.indications
                    && mine.references == theirs.references
            })
    }
}
