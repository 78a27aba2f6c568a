//! When RTCP is read: as it comes while there is little, else on a beat, which wakes a worker once for many datagrams.

use polyana_core::{BEAT_US, Time};

/// Datagrams that are taken in before media is looked at again: all of a beat may be a thousand, 3 ms of work.
pub(crate) const MAX_CONTROL: usize = 32;
/// It is read beat by beat while so many come together,
const BUSY: usize = 2;
/// or so many one by one within the time of a beat.
const BUSY_BEAT: usize = 4;

#[derive(Debug, Default)]
pub(crate) struct ControlPace {
    due: Option<Time>,
    /// When a beat began, and what has come since.
    began: Time,
    came: usize,
}

impl ControlPace {
    /// When it is read next; None: when epoll tells.
    pub fn due(&self) -> Option<Time> {
        self.due
    }

    /// Now, or so soon that it need not wake the worker another time.
    pub fn is_due(&self, now: Time) -> bool {
        self.due.is_some_and(|due| now.0 + BEAT_US / 2 >= due.0)
    }

    /// So many datagrams were read from the busiest socket.
    pub fn read(&mut self, count: usize, now: Time) {
        if now.0 >= self.began.0 + BEAT_US {
            (self.began, self.came) = (now, 0);
        }
        self.came += count;
        self.due = if count >= MAX_CONTROL {
            Some(now)
        } else if count >= BUSY || self.came >= BUSY_BEAT {
            Some(Time(now.0 + BEAT_US + BEAT_US / 2).on_beat())
        } else {
            None
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts with the milliseconds in which they are read; whether epoll is waited for after each.
    fn waits(reads: &[(u64, usize)]) -> Vec<bool> {
        let mut pace = ControlPace::default();
        reads
            .iter()
            .map(|&(ms, count)| {
                pace.read(count, Time(1_000_000 + ms * 1000));
                pace.due().is_none()
            })
            .collect()
    }

    #[test]
    fn little_is_read_as_it_comes() {
        assert_eq!(waits(&[(0, 1), (10, 1), (20, 1), (30, 1), (40, 1)]), [true; 5]);
    }

    #[test]
    fn much_is_read_on_the_beat_whether_it_comes_together_or_one_by_one() {
        assert_eq!(waits(&[(0, 1), (30, 2), (60, 1)]), [true, false, true]);
        assert_eq!(
            waits(&[(0, 1), (1, 1), (2, 1), (3, 1), (40, 0)]),
            [true, true, true, false, true]
        );
    }

    #[test]
    fn the_rest_of_very_much_is_read_at_once_after_media() {
        let mut pace = ControlPace::default();
        let now = Time(1_000_000);
        pace.read(MAX_CONTROL, now);
        assert_eq!(pace.due(), Some(now));
        pace.read(MAX_CONTROL - 1, now);
        assert!(!pace.is_due(now) && pace.is_due(Time(now.0 + BEAT_US)));
    }
}
