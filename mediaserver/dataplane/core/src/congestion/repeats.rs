//! On a line that loses packets at any rate a resend may be lost as well, and to learn that takes another round trip. What
//! is sent again there goes out once more a moment later. So does the end of a picture: that it is missing shows only with
//! the next picture.

use crate::api::Time;
use std::collections::VecDeque;

/// Losses come in bursts: the second copy leaves after one.
const APART_US: u64 = 15_000;
/// Shares of packets lost from which on it is done once, and twice. Then it is worth a copy of each picture's end, too.
const LOSSY: f64 = 0.01;
const VERY_LOSSY: f64 = 0.07;
/// Of one packet in the mean.
const WEIGHT: f64 = 0.005;
const MOST: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Repeats {
    loss: f64,
    is_queued: bool,
    /// SSRC and number, in the order of time.
    waiting: VecDeque<(Time, u32, u16)>,
}

impl Repeats {
    /// What has become known of packets. `is_queued`: they had to wait, so that the line may lose what is too much for it.
    pub fn observe(&mut self, arrived: u32, lost: u32, is_queued: bool) {
        self.is_queued = is_queued;
        let all = arrived + lost;
        if all > 0 {
            let share = f64::from(lost) / f64::from(all);
            self.loss += (share - self.loss) * (1.0 - (1.0 - WEIGHT).powi(all.cast_signed()));
        }
    }

    /// After a resend: in a moment once more, if the line loses so much that it may be lost as well.
    pub fn add(&mut self, ssrc: u32, sequence: u16, now: Time) {
        let copies = u64::from(self.loss >= LOSSY) + u64::from(self.loss >= VERY_LOSSY);
        self.add_copies(copies, ssrc, sequence, now);
    }

    /// The line loses so much that ends of pictures should go out once more, too.
    pub fn wants_ends(&self) -> bool {
        self.loss >= VERY_LOSSY
    }

    /// After the last packet of a picture.
    pub fn add_end(&mut self, ssrc: u32, sequence: u16, now: Time) {
        self.add_copies(u64::from(self.wants_ends()), ssrc, sequence, now);
    }

    fn add_copies(&mut self, copies: u64, ssrc: u32, sequence: u16, now: Time) {
        if self.is_queued || self.waiting.len() >= MOST {
            return;
        }
        for copy in 1..=copies {
            let at = Time(now.0 + copy * APART_US);
            let place = self.waiting.partition_point(|&(other, ..)| other <= at);
            self.waiting.insert(place, (at, ssrc, sequence));
        }
    }

    /// SSRC and number of what is due to go out once more.
    pub fn take(&mut self, now: Time) -> Option<(u32, u16)> {
        self.due().filter(|&due| due <= now)?;
        let (_, ssrc, sequence) = self.waiting.pop_front()?;
        Some((ssrc, sequence))
    }

    pub fn due(&self) -> Option<Time> {
        self.waiting.front().map(|&(due, ..)| due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_that_loses_without_a_queue_gets_copies() {
        let mut repeats = Repeats::default();
        let mut copies = |lost, is_queued| {
            (0..20).for_each(|_| repeats.observe(100 - lost, lost, is_queued));
            repeats.add(1, 2, Time(0));
            repeats.take(Time(APART_US))
        };
        assert_eq!(copies(0, false), None);
        assert_eq!(copies(5, true), None);
        assert_eq!(copies(5, false), Some((1, 2)));
        assert_eq!(copies(0, false), None);
    }

    #[test]
    fn ends_of_pictures_get_copies_where_more_is_lost() {
        let mut repeats = Repeats::default();
        repeats.observe(950, 50, false);
        repeats.add_end(1, 2, Time(0));
        assert_eq!(repeats.due(), None);
        repeats.observe(900, 100, false);
        repeats.add_end(1, 2, Time(0));
        assert_eq!(repeats.due(), Some(Time(APART_US)));
    }

    #[test]
    fn a_copy_leaves_a_moment_later() {
        let mut repeats = Repeats::default();
        repeats.observe(95, 5, false);
        repeats.add(1, 2, Time(7));
        assert_eq!(repeats.take(Time(APART_US)), None);
        assert_eq!(repeats.take(Time(APART_US + 7)), Some((1, 2)));
        assert_eq!(repeats.due(), None);
        repeats.observe(300, 100, false);
        repeats.add(3, 4, Time(APART_US));
        repeats.add(5, 6, Time(APART_US + 7));
        let due = [2 * APART_US, 2 * APART_US + 7, 3 * APART_US, 3 * APART_US + 7].map(Time);
        let ssrcs = due.map(|at| repeats.take(at).map(|(ssrc, _)| ssrc));
        assert_eq!(ssrcs, [Some(3), Some(5), Some(3), Some(5)]);
    }
}
