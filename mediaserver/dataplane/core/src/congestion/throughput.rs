//! Bytes for each second over the last half second.

const BUCKET_US: i64 = 25_000;
const BUCKETS: usize = 20;
/// Buckets that are recent.
const RECENT: i64 = 7;
/// After a gap like this something was held up; the rate at which it comes then is measured from there on,
const GAP_US: i64 = 90_000;
/// and not at once.
const BUSY_US: i64 = 40_000;
/// Less than this is no measure.
const SHORTEST_US: i64 = 200_000;

/// A sliding window of buckets, on any clock that goes forward.
#[derive(Debug, Default)]
pub(super) struct Throughput {
    buckets: [u32; BUCKETS],
    first: Option<i64>,
    newest: i64,
    last: i64,
    /// The newest arrivals without a gap.
    run: Run,
    /// The newest packets that all had to wait in a queue.
    queued: Option<Run>,
}

/// Packets that arrived one after the other.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    since: i64,
    /// When the first had left, on the sender's clock, and the newest, microseconds.
    departed: (u64, u64),
    /// Without the first packet.
    bytes: u64,
}

impl Run {
    fn beginning(at: i64, departed: u64) -> Self {
        Self {
            since: at,
            departed: (departed, departed),
            bytes: 0,
        }
    }

    fn with(self, bytes: u16, departed: u64) -> Self {
        Self {
            departed: (self.departed.0, self.departed.1.max(departed)),
            bytes: self.bytes + u64::from(bytes),
            ..self
        }
    }
}

/// What arrived in the last moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Recent {
    pub bits_per_second: f64,
    /// All of it had waited in a queue: the line carries this and no more.
    pub is_queued: bool,
    /// By how much less time its packets were sent than they arrived in, as a share of that: what went beside them meanwhile
    /// still waits for so much.
    pub held_up: f64,
}

impl Throughput {
    /// `at` in microseconds, `departed` when it was sent; `is_queued`: the packet had to wait.
    pub fn add(&mut self, at: i64, departed: u64, bytes: u16, is_queued: bool) {
        let has_gap = at - self.last > GAP_US;
        self.run = if has_gap {
            Run::beginning(at, departed)
        } else {
            self.run.with(bytes, departed)
        };
        self.queued = is_queued.then(|| match self.queued {
            Some(run) if !has_gap => run.with(bytes, departed),
            _ => Run::beginning(at, departed),
        });
        self.last = self.last.max(at);
        self.advance(at);
        if at.div_euclid(BUCKET_US) > self.newest - BUCKETS as i64 {
            self.buckets[at.div_euclid(BUCKET_US).rem_euclid(BUCKETS as i64) as usize] += u32::from(bytes);
        }
    }

    /// The newest packet had to wait.
    pub fn is_queued(&self) -> bool {
        self.queued.is_some()
    }

    /// Bit/s in the window that ends at `at`; None: measured for too short a time.
    pub fn bits_per_second(&mut self, at: i64) -> Option<f64> {
        let since = at - self.first?;
        self.advance(at);
        let whole = BUCKET_US * (BUCKETS as i64 - 1);
        let span = since.min(whole + at.rem_euclid(BUCKET_US));
        if span < SHORTEST_US {
            return None;
        }
        let bytes: u32 = self.buckets.iter().sum();
        Some(f64::from(bytes) * 8e6 / span as f64)
    }

    /// The same over the last moment alone; None: what was held up has only begun to come.
    pub fn recent(&mut self, at: i64) -> Option<Recent> {
        let span = BUCKET_US * (RECENT - 1) + at.rem_euclid(BUCKET_US);
        let over = |run: Run, is_queued| {
            let elapsed = at - run.since;
            let sent_us = (run.departed.1 - run.departed.0) as f64;
            (BUSY_US..span).contains(&elapsed).then(|| Recent {
                bits_per_second: run.bytes as f64 * 8e6 / elapsed as f64,
                is_queued,
                held_up: (1.0 - sent_us / elapsed as f64).max(0.0),
            })
        };
        if let Some(recent) = self.queued.and_then(|run| over(run, true)) {
            return Some(recent);
        }
        self.bits_per_second(at)?;
        if at - self.run.since < span {
            return over(self.run, false);
        }
        let buckets = self.newest - RECENT + 1..=self.newest;
        let bytes: u32 = buckets
            .map(|bucket| self.buckets[bucket.rem_euclid(BUCKETS as i64) as usize])
            .sum();
        Some(Recent {
            bits_per_second: f64::from(bytes) * 8e6 / span as f64,
            is_queued: self.queued.is_some_and(|run| at - run.since >= span),
            held_up: 0.0,
        })
    }

    fn advance(&mut self, at: i64) {
        let bucket = at.div_euclid(BUCKET_US);
        if self.first.is_none() || (bucket - self.newest).abs() > 40 * BUCKETS as i64 {
            *self = Self {
                first: Some(at),
                newest: bucket,
                ..Self::default()
            };
        }
        while self.newest < bucket {
            self.newest += 1;
            self.buckets[self.newest.rem_euclid(BUCKETS as i64) as usize] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_the_last_half_second() {
        let mut throughput = Throughput::default();
        assert_eq!(throughput.bits_per_second(0), None);
        for packet in 0..200 {
            throughput.add(packet * 10_000, 0, 1250, false);
        }
        let rate = throughput.bits_per_second(2_000_000).unwrap();
        assert!((950_000.0..1_050_000.0).contains(&rate), "{rate}");
        let recent = throughput.recent(2_000_000).unwrap().bits_per_second;
        assert!((900_000.0..1_100_000.0).contains(&recent), "{recent}");
        let later = throughput.bits_per_second(2_250_000).unwrap();
        assert!((450_000.0..550_000.0).contains(&later), "{later}");
        assert_eq!(throughput.recent(2_250_000).unwrap().bits_per_second, 0.0);
        throughput.add(2_300_000, 0, 1250, false);
        assert_eq!(throughput.recent(2_300_000), None, "held up until now");
        for packet in 1..=5 {
            throughput.add(2_300_000 + packet * 10_000, 0, 1250, false);
        }
        let recent = throughput.recent(2_350_000).unwrap().bits_per_second;
        assert!((900_000.0..1_100_000.0).contains(&recent), "{recent}");
        assert_eq!(throughput.bits_per_second(3_000_000), Some(0.0));
        throughput.add(100_000_000, 0, 1250, false);
        assert_eq!(
            throughput.bits_per_second(100_000_000),
            None,
            "a silence is a new beginning"
        );
    }

    #[test]
    fn a_queue_shows_what_the_line_carries_from_its_first_packets_on() {
        let mut throughput = Throughput::default();
        for packet in 0..100 {
            throughput.add(packet * 20_000, 0, 1250, false);
        }
        // A packet each millisecond, of which the line takes one every 4 ms: 2.5 Mbit/s.
        for packet in 0..=12u16 {
            let (at, departed) = (2_000_000 + i64::from(packet) * 4_000, u64::from(packet) * 1_000);
            throughput.add(at, departed, 1250, true);
        }
        let recent = throughput.recent(2_048_000).unwrap();
        assert_eq!(
            recent,
            Recent {
                bits_per_second: 2.5e6,
                is_queued: true,
                held_up: 0.75
            }
        );
        throughput.add(2_060_000, 0, 1250, false);
        assert!(
            !throughput.recent(2_060_000).unwrap().is_queued,
            "the queue is empty"
        );
    }
}
