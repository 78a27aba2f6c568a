//! The frames of an encoding as its dependency descriptors tell them (AV1 RTP payload specification, appendix A).

use crate::meta::Described;
use polyana_wire::dependency::{self, Frame, Mandatory, Structure};

/// Frames that are remembered; senders ask only about those that are being forwarded.
const REMEMBERED: usize = 256;

pub(crate) struct Dependencies {
    structure: Structure,
    /// Number of the frame that brought the structure.
    since: u16,
    /// Frames before `since` were told by another structure.
    changed: bool,
    /// Bit i: the publisher goes on with decode target i.
    pub active_targets: u32,
    frames: [(u16, Frame); REMEMBERED],
}

impl Dependencies {
    /// A stream begins with a descriptor that brings a structure.
    fn begin(structure: Structure, since: u16) -> Box<Self> {
        Box::new(Self {
            active_targets: structure.all_targets(),
            structure,
            since,
            changed: true,
            frames: [(since.wrapping_add(1), Frame::default()); REMEMBERED],
        })
    }

    pub fn structure(&self) -> &Structure {
        &self.structure
    }

    /// The frame with this number, unless it is forgotten.
    pub fn frame(&self, number: u16) -> Option<&Frame> {
        let (known, frame) = &self.frames[usize::from(number) % REMEMBERED];
        (*known == number).then_some(frame)
    }

    /// The highest layer of a decode target up to which something is there: what is wanted, or the lowest layer that
    /// the publisher goes on with, where all are above it.
    pub fn reachable(&self, spatial: u8, temporal: u8) -> (u8, u8) {
        let active =
            (0..self.structure.decode_targets()).filter(|target| self.active_targets & 1 << target != 0);
        let lowest = active.map(|target| self.structure.layer_of(target)).min();
        let (lowest_spatial, lowest_temporal) = lowest.unwrap_or((0, 0));
        (spatial.max(lowest_spatial), temporal.max(lowest_temporal))
    }

    fn take_structure(&mut self, structure: Structure, number: u16) {
        self.changed = !self.structure.is_same(&structure);
        self.since = number;
        self.structure = structure;
    }

    fn read(&mut self, element: &[u8], mandatory: &Mandatory) -> bool {
        let before = mandatory.frame_number.wrapping_sub(self.since).cast_signed() < 0;
        if before && self.changed {
            return false;
        }
        let Ok(descriptor) = dependency::read(element, &self.structure) else {
            return false;
        };
        if let Some(active) = descriptor.frame.active_targets.filter(|_| !before) {
            self.active_targets = active;
        }
        self.frames[usize::from(mandatory.frame_number) % REMEMBERED] =
            (mandatory.frame_number, descriptor.frame);
        true
    }
}

/// Takes the descriptor of an arriving packet. The flag: the frame needs no other, and brings a structure, so that a decoder
/// can start at this packet.
pub(super) fn record(table: &mut Option<Box<Dependencies>>, element: &[u8]) -> Option<(Described, bool)> {
    let mandatory = Mandatory::parse(element).ok()?;
    let attached = dependency::attached_structure(element).ok()?;
    let has_structure = attached.is_some();
    if let Some(structure) = attached {
        match table {
            Some(table) => table.take_structure(structure, mandatory.frame_number),
            None => *table = Some(Dependencies::begin(structure, mandatory.frame_number)),
        }
    }
    let known = table
        .as_mut()
        .is_some_and(|table| table.read(element, &mandatory));
    let needs_none = |table: &Dependencies| {
        let frame = table.frame(mandatory.frame_number);
        frame.is_some_and(|frame| frame.references.distances().is_empty())
    };
    let starts =
        known && has_structure && mandatory.start_of_frame && table.as_deref().is_some_and(needs_none);
    let after_structure = match table.as_deref() {
        Some(table) if known => table.frame(mandatory.frame_number)?.after_structure,
        _ => dependency::WITHOUT_STRUCTURE,
    };
    let described = Described {
        frame_number: mandatory.frame_number,
        ends_frame: mandatory.end_of_frame,
        after_structure,
        known,
    };
    Some((described, starts))
}
