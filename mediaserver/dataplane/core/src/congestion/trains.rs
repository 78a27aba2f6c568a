//! How many bytes a line takes at once: packets that left together and came without waiting for each other show that it is
//! much faster than what has been sent over it.

use super::QUEUED_US;

/// Packets that left within this time are one train.
const TRAIN_US: u64 = 2_000;
/// One segmented send, and a keyframe of a camera.
const MOST_BYTES: f64 = 64_000.0;
/// Beyond what is known: so trains find out, and what they find is a queue of some milliseconds at most.
const BEYOND: f64 = 1.5;

#[derive(Debug, Default)]
pub(super) struct Trains {
    /// When the newest train began to leave.
    began: u64,
    /// Of it so far.
    bytes: f64,
    /// One of its packets had to wait.
    is_late: bool,
    /// A train this long came without waiting; the newest that had to wait says it anew.
    shown: f64,
}

impl Trains {
    /// A packet has arrived that left then and waited so long before the line, microseconds.
    pub fn arrived(&mut self, sent: u64, waited_us: i64, bytes: u16) {
        if sent < self.began {
            return; // out of order
        }
        if sent - self.began > TRAIN_US {
            (self.began, self.bytes, self.is_late) = (sent, 0.0, false);
        }
        if self.is_late {
            return;
        }
        if waited_us > QUEUED_US {
            self.is_late = true;
            self.shown = self.shown.min(self.bytes);
            return;
        }
        self.bytes += f64::from(bytes);
        self.shown = self.shown.max(self.bytes).min(MOST_BYTES);
    }

    /// Bytes that may leave at once.
    pub fn allowed(&self) -> f64 {
        BEYOND * self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Trains of as many packets of 1,000 bytes as are allowed, at least `least`, over a line of this many bytes a millisecond.
    fn run(trains: &mut Trains, from: u64, count: u64, least: u64, line: f64) {
        for number in 0..count {
            let packets = ((trains.allowed() / 1000.0) as u64).max(least);
            for packet in 0..packets {
                let waited_us = packet as f64 * 1_000_000.0 / line;
                trains.arrived((from + number) * 100_000, waited_us as i64, 1000);
            }
        }
    }

    #[test]
    fn trains_on_a_wide_line_grow_to_a_whole_picture() {
        let mut trains = Trains::default();
        assert_eq!(trains.allowed(), 0.0);
        run(&mut trains, 1, 1, 6, 50_000.0);
        assert_eq!(trains.allowed(), 9_000.0);
        run(&mut trains, 2, 20, 6, 50_000.0);
        assert_eq!(trains.allowed(), BEYOND * MOST_BYTES);
    }

    #[test]
    fn trains_on_a_narrow_line_stay_short_and_shrink_when_it_becomes_one() {
        let mut trains = Trains::default();
        run(&mut trains, 1, 20, 6, 300.0);
        assert_eq!(trains.allowed(), 3_000.0);
        run(&mut trains, 30, 20, 6, 50_000.0);
        assert_eq!(trains.allowed(), BEYOND * MOST_BYTES);
        run(&mut trains, 60, 1, 6, 1_000.0);
        assert_eq!(trains.allowed(), 9_000.0);
    }

    #[test]
    fn what_comes_from_an_older_train_says_nothing() {
        let mut trains = Trains::default();
        run(&mut trains, 1, 1, 6, 50_000.0);
        trains.arrived(50_000, 90_000, 1000);
        assert_eq!(trains.allowed(), 9_000.0);
    }
}
