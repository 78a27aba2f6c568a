//! The queue that stands before a line: how much later packets come than they could. What jitter delays, others overtake;
//! what a queue delays is delayed for all.

/// The shortest delay is looked for in the newest one to two of these.
const WINDOW_US: i64 = 10_000_000;

#[derive(Debug, Default)]
pub(super) struct StandingQueue {
    /// When the window began, the shortest delay in it and in the one before.
    window: Option<(i64, i64, i64)>,
    /// The shortest delay since the last `take`.
    newest: Option<i64>,
}

impl StandingQueue {
    /// Takes when a packet left on our clock and came on the peer's, tells how long it had to wait; microseconds.
    pub fn arrived(&mut self, sent: u64, arrival: i64) -> i64 {
        let delay = arrival - sent.cast_signed();
        self.newest = Some(self.newest.map_or(delay, |newest| newest.min(delay)));
        let window = match self.window {
            None => (arrival, delay, delay),
            Some((began, shortest, _)) if !(0..WINDOW_US).contains(&(arrival - began)) => {
                (arrival, delay, shortest)
            }
            Some((began, shortest, before)) => (began, shortest.min(delay), before),
        };
        self.window = Some(window);
        delay - window.1.min(window.2)
    }

    /// What every packet since the last call had to wait, microseconds.
    pub fn take(&mut self) -> Option<i64> {
        let (_, shortest, before) = self.window?;
        Some(self.newest.take()? - shortest.min(before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_no_queue_and_a_queue_is_none_for_ever() {
        let mut queue = StandingQueue::default();
        assert_eq!(queue.take(), None);
        let mut run = |from: i64, delay: fn(i64) -> i64| {
            for number in from..from + 5 {
                queue.arrived(
                    (number * 10_000) as u64,
                    number * 10_000 - 7_000_000 + delay(number),
                );
            }
            queue.take().unwrap()
        };
        assert_eq!(run(0, |number| 50_000 + number % 2 * 40_000), 0);
        assert_eq!(run(5, |number| 150_000 + number % 2 * 40_000), 100_000);
        assert_eq!(run(1000, |_| 150_000), 100_000);
        assert_eq!(run(2000, |_| 150_000), 0, "the way is longer now");
    }
}
