//! The dependency descriptor, an RTP header extension that says which frames a frame needs and which layers need it,
//! whatever the codec (AV1 RTP payload specification, appendix A).

mod bits;
mod structure;

use crate::Error;
use bits::{BitWriter, Bits};
pub use structure::{Indication, Indications, MAX_DECODE_TARGETS, MAX_REFERENCES, References, Structure};

/// Octets of the fields that every packet has.
const MANDATORY: usize = 3;
/// Bits of the flags behind them.
const FLAGS: usize = 5;
/// [`Frame::after_structure`] of a descriptor that brings none.
pub const WITHOUT_STRUCTURE: u16 = (MANDATORY * 8 + FLAGS) as u16;
/// Of the flag for the active decode targets in the fourth octet.
const ACTIVE_FLAG: u32 = 0x08;

/// The fields that need no structure to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mandatory {
    /// First packet of the frame.
    pub start_of_frame: bool,
    /// Last packet of the frame.
    pub end_of_frame: bool,
    /// Counts frames of all layers.
    pub frame_number: u16,
    template_id: u8,
}

impl Mandatory {
    /// From the value of the extension element.
    pub fn parse(element: &[u8]) -> Result<Self, Error> {
        let [first, high, low, ..] = *element else {
            return Err(Error::Truncated);
        };
        Ok(Self {
            start_of_frame: first & 0x80 != 0,
            end_of_frame: first & 0x40 != 0,
            template_id: first & 0x3f,
            frame_number: u16::from_be_bytes([high, low]),
        })
    }
}

/// What a descriptor says of its frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Layer of the frame.
    pub spatial_id: u8,
    /// Layer of the frame.
    pub temporal_id: u8,
    /// What it is to each decode target.
    pub indications: Indications,
    /// The frames that it needs.
    pub references: References,
    /// Bit i: decode target i goes on, where this descriptor says so.
    pub active_targets: Option<u32>,
    /// Where the bits behind the structure begin. [`rewrite`] needs it.
    pub after_structure: u16,
}

impl Frame {
    /// The structure came with this packet.
    pub fn brings_structure(&self) -> bool {
        self.after_structure > WITHOUT_STRUCTURE
    }
}

/// A descriptor that could be read.
#[derive(Clone, Debug)]
pub struct Descriptor {
    /// Readable without a structure.
    pub mandatory: Mandatory,
    /// What it says of the frame.
    pub frame: Frame,
}

/// Reads the structure that a descriptor brings; None: it brings none.
pub fn attached_structure(element: &[u8]) -> Result<Option<Structure>, Error> {
    if element.len() <= MANDATORY || element[MANDATORY] & 0x80 == 0 {
        return Ok(None);
    }
    Structure::read(&mut Bits::new(element, MANDATORY * 8 + FLAGS)).map(Some)
}

/// Reads a descriptor by the structure that is valid for it (the one it brings, where it brings one).
pub fn read(element: &[u8], structure: &Structure) -> Result<Descriptor, Error> {
    let mandatory = Mandatory::parse(element)?;
    let template = structure
        .template(mandatory.template_id)
        .ok_or(Error::Malformed)?;
    let mut frame = Frame {
        spatial_id: template.spatial_id,
        temporal_id: template.temporal_id,
        indications: template.indications,
        references: template.references,
        active_targets: None,
        after_structure: WITHOUT_STRUCTURE,
    };
    if element.len() == MANDATORY {
        return Ok(Descriptor { mandatory, frame });
    }
    let mut bits = Bits::new(element, MANDATORY * 8);
    let [
        has_structure,
        has_active,
        own_indications,
        own_references,
        own_chains,
    ] = [
        bits.flag()?,
        bits.flag()?,
        bits.flag()?,
        bits.flag()?,
        bits.flag()?,
    ];
    if has_structure {
        Structure::read(&mut bits)?;
        frame.active_targets = Some(structure.all_targets());
        frame.after_structure = bits.at as u16;
    }
    if has_active {
        frame.active_targets = Some(bits.take(usize::from(structure.decode_targets()))?);
    }
    if own_indications {
        frame.indications = Indications::read(&mut bits, structure.decode_targets())?;
    }
    if own_references {
        frame.references = read_references(&mut bits)?;
    }
    if own_chains {
        for _ in 0..structure.chains {
            bits.take(8)?;
        }
    }
    Ok(Descriptor { mandatory, frame })
}

fn read_references(bits: &mut Bits<'_>) -> Result<References, Error> {
    let mut found = References::default();
    loop {
        match bits.take(2)? {
            0 => return Ok(found),
            size => found.push(bits.take(4 * size as usize)? as u16 + 1)?,
        }
    }
}

/// Writes a descriptor with another frame number and, where `active` is given as (mask, number of decode targets), with
/// these active decode targets. `after_structure` as read. Returns the octets written.
pub fn rewrite(
    element: &[u8],
    after_structure: u16,
    frame_number: u16,
    active: Option<(u32, u8)>,
    out: &mut [u8],
) -> Result<usize, Error> {
    let copied = out.get_mut(..element.len()).ok_or(Error::NoSpace)?;
    copied.copy_from_slice(element);
    copied
        .get_mut(1..MANDATORY)
        .ok_or(Error::Truncated)?
        .copy_from_slice(&frame_number.to_be_bytes());
    let Some((mask, targets)) = active else {
        return Ok(element.len());
    };
    let flags = u32::from(element.get(MANDATORY).copied().unwrap_or(0) >> 3);
    let had_active = flags & ACTIVE_FLAG != 0;
    let after_structure = usize::from(after_structure);
    let mut writer = BitWriter::new(out.get_mut(MANDATORY..).ok_or(Error::NoSpace)?);
    writer.put(flags | ACTIVE_FLAG, FLAGS)?;
    let mut bits = Bits::new(element, MANDATORY * 8 + FLAGS);
    copy(&mut bits, after_structure, &mut writer)?;
    writer.put(mask, usize::from(targets))?;
    if had_active {
        bits.at += usize::from(targets);
    }
    copy(&mut bits, element.len() * 8, &mut writer)?;
    Ok(MANDATORY + writer.length())
}

/// Copies bits up to a place in the source; those behind its end are zero padding that nobody misses.
fn copy(bits: &mut Bits<'_>, end: usize, writer: &mut BitWriter<'_>) -> Result<(), Error> {
    while bits.at < end {
        let count = (end - bits.at).min(8);
        let Ok(value) = bits.take(count) else { break };
        writer.put(value, count)?;
    }
    Ok(())
}
