//! Packets on their way to a peer, by their transport-wide numbers.

use crate::api::Time;

const FIRST_LENGTH: usize = 256;
/// More than a second of what one peer takes.
const MAX_LENGTH: usize = 4096;
/// Feedback that comes later than this says nothing of the line as it is.
const FORGOTTEN_US: u64 = 2_000_000;

/// A packet as it left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Departure {
    pub at: Time,
    pub bytes: u16,
    /// The probe that it is part of; 0: none.
    pub probe: u16,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    departure: Departure,
    sequence: u16,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Free,
    Waiting,
    /// Told to be lost; it may have been late only.
    Lost,
}

/// A ring that grows while feedback is later than it is long.
#[derive(Debug)]
pub(super) struct History {
    ring: Vec<Slot>,
}

impl Default for History {
    fn default() -> Self {
        Self {
            ring: vec![Slot::default(); FIRST_LENGTH],
        }
    }
}

impl History {
    pub fn sent(&mut self, sequence: u16, departure: Departure) {
        let new = Slot {
            departure,
            sequence,
            state: State::Waiting,
        };
        let slot = self.slot(sequence);
        let is_needed =
            slot.state == State::Waiting && departure.at.0.saturating_sub(slot.departure.at.0) < FORGOTTEN_US;
        *slot = if is_needed {
            return self.sent_too_many(new);
        } else {
            new
        };
    }

    #[cold]
    fn sent_too_many(&mut self, new: Slot) {
        if self.ring.len() < MAX_LENGTH {
            self.grow();
        }
        *self.slot(new.sequence) = new;
    }

    /// The packet with this number has arrived; None: it is known already, or forgotten.
    pub fn arrived(&mut self, sequence: u16) -> Option<Departure> {
        let slot = self.slot(sequence);
        if slot.state == State::Free || slot.sequence != sequence {
            return None;
        }
        slot.state = State::Free;
        Some(slot.departure)
    }

    /// The packet with this number has not arrived; None: that is no news.
    pub fn lost(&mut self, sequence: u16) -> Option<Departure> {
        let slot = self.slot(sequence);
        if slot.state != State::Waiting || slot.sequence != sequence {
            return None;
        }
        slot.state = State::Lost;
        Some(slot.departure)
    }

    fn slot(&mut self, sequence: u16) -> &mut Slot {
        let index = usize::from(sequence) & (self.ring.len() - 1); // its length is a power of two
        &mut self.ring[index]
    }

    fn grow(&mut self) {
        let longer = vec![Slot::default(); self.ring.len() * 2];
        for slot in std::mem::replace(&mut self.ring, longer) {
            if slot.state != State::Free {
                *self.slot(slot.sequence) = slot;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn departure(at: u64) -> Departure {
        Departure {
            at: Time(at),
            bytes: 1000,
            probe: 0,
        }
    }

    #[test]
    fn each_packet_arrives_once_and_is_lost_once() {
        let mut history = History::default();
        history.sent(65_535, departure(5));
        history.sent(0, departure(6));
        assert_eq!(history.arrived(65_535), Some(departure(5)));
        assert_eq!(history.arrived(65_535), None);
        assert_eq!(history.lost(0), Some(departure(6)));
        assert_eq!(history.lost(0), None);
        assert_eq!(history.arrived(0), Some(departure(6)), "late, not lost");
        assert_eq!(history.lost(1), None, "never sent");
    }

    #[test]
    fn grows_for_packets_that_wait_and_forgets_old_ones() {
        let mut history = History::default();
        (0..3000u16).for_each(|sequence| history.sent(sequence, departure(u64::from(sequence) * 100)));
        assert!((0..3000).all(|sequence| history.arrived(sequence).is_some()));
        let mut history = History::default();
        (0..3000u16).for_each(|sequence| history.sent(sequence, departure(u64::from(sequence) * 100_000)));
        assert_eq!(history.ring.len(), FIRST_LENGTH);
        assert_eq!(history.arrived(0), None);
    }
}
