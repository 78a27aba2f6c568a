//! Packets on their way to a peer, by their transport-wide numbers.

use crate::api::Time;

/// Few, so that they stay in the processor's cache.
const FIRST_LENGTH: usize = 64;
/// More than a second of what one peer takes.
const MAX_LENGTH: usize = 4096;
/// Feedback that comes later than this says nothing of the line as it is.
const FORGOTTEN_US: u64 = 2_000_000;

/// A packet as it left.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Departure {
    pub at: Time,
    /// What is sent again when it is lost: SSRC and number of the stream; SSRC 0: nothing.
    pub ssrc: u32,
    pub sequence: u16,
    pub bytes: u16,
    /// The probe that it is part of; 0: none.
    pub probe: u16,
    /// Transport-wide.
    pub number: u16,
    pub state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// Not on its way.
    #[default]
    Free,
    Waiting,
    /// Taken to have arrived, as nothing was told of it and of later ones something was.
    Assumed,
    /// Told to be lost; it may have been late only.
    Lost,
}

/// A ring that grows while feedback is later than it is long.
#[derive(Debug)]
pub(super) struct History {
    ring: Vec<Departure>,
}

impl Default for History {
    fn default() -> Self {
        Self {
            ring: vec![Departure::default(); FIRST_LENGTH],
        }
    }
}

impl History {
    pub fn sent(&mut self, departure: Departure) {
        let new = Departure {
            state: State::Waiting,
            ..departure
        };
        let slot = self.slot(new.number);
        let is_needed = slot.state == State::Waiting && new.at.0.saturating_sub(slot.at.0) < FORGOTTEN_US;
        *slot = if is_needed {
            return self.sent_too_many(new);
        } else {
            new
        };
    }

    #[cold]
    fn sent_too_many(&mut self, new: Departure) {
        if self.ring.len() < MAX_LENGTH {
            self.grow();
        }
        *self.slot(new.number) = new;
    }

    /// The packet with this number has arrived; None: it is known already, or forgotten.
    pub fn arrived(&mut self, number: u16) -> Option<Departure> {
        let slot = self.slot(number);
        if slot.state == State::Free || slot.number != number {
            return None;
        }
        let departure = *slot;
        slot.state = State::Free;
        Some(departure)
    }

    /// Nothing was told of the packet with this number, though of later ones; None: it is known already, or forgotten.
    pub fn assumed(&mut self, number: u16) -> Option<Departure> {
        let slot = self.slot(number);
        if slot.state != State::Waiting || slot.number != number {
            return None;
        }
        slot.state = State::Assumed;
        Some(*slot)
    }

    /// The packet with this number has not arrived; None: that is no news.
    pub fn lost(&mut self, number: u16) -> Option<Departure> {
        let slot = self.slot(number);
        if !matches!(slot.state, State::Waiting | State::Assumed) || slot.number != number {
            return None;
        }
        slot.state = State::Lost;
        Some(*slot)
    }

    fn slot(&mut self, number: u16) -> &mut Departure {
        let index = usize::from(number) & (self.ring.len() - 1); // its length is a power of two
        &mut self.ring[index]
    }

    fn grow(&mut self) {
        let longer = vec![Departure::default(); self.ring.len() * 2];
        for slot in std::mem::replace(&mut self.ring, longer) {
            if slot.state != State::Free {
                *self.slot(slot.number) = slot;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn departure(number: u16, at: u64) -> Departure {
        Departure {
            at: Time(at),
            bytes: 1000,
            number,
            ..Departure::default()
        }
    }

    fn told(departure: Option<Departure>) -> Option<(u16, u64)> {
        departure.map(|departure| (departure.number, departure.at.0))
    }

    #[test]
    fn each_packet_arrives_once_and_is_lost_once() {
        let mut history = History::default();
        history.sent(departure(65_535, 5));
        history.sent(departure(0, 6));
        assert_eq!(told(history.arrived(65_535)), Some((65_535, 5)));
        assert_eq!(told(history.arrived(65_535)), None);
        assert_eq!(told(history.lost(0)), Some((0, 6)));
        assert_eq!(told(history.lost(0)), None);
        assert_eq!(told(history.arrived(0)), Some((0, 6)), "late, not lost");
        assert_eq!(told(history.lost(1)), None, "never sent");
    }

    #[test]
    fn what_nobody_told_of_is_assumed_once_and_may_still_be_told_of() {
        let mut history = History::default();
        (0..3).for_each(|number| history.sent(departure(number, 5)));
        assert_eq!(told(history.assumed(0)), Some((0, 5)));
        assert_eq!(told(history.assumed(0)), None);
        assert_eq!(history.arrived(0).unwrap().state, State::Assumed);
        history.assumed(1);
        assert_eq!(told(history.lost(1)), Some((1, 5)));
        assert_eq!(told(history.assumed(1)), None);
        history.arrived(2);
        assert_eq!(told(history.assumed(2)), None);
    }

    #[test]
    fn grows_for_packets_that_wait_and_forgets_old_ones() {
        let mut history = History::default();
        (0..3000u16).for_each(|number| history.sent(departure(number, u64::from(number) * 100)));
        assert!((0..3000).all(|number| history.arrived(number).is_some()));
        let mut history = History::default();
        (0..3000u16).for_each(|number| history.sent(departure(number, u64::from(number) * 100_000)));
        assert_eq!(history.ring.len(), FIRST_LENGTH);
        assert_eq!(told(history.arrived(0)), None);
    }
}
