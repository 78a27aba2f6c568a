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
    /// When the newest arrivals without a gap began, and the bytes since then, without the first packet.
    run: (i64, u64),
}

impl Throughput {
    /// Microseconds.
    pub fn add(&mut self, at: i64, bytes: u16) {
        if at - self.last > GAP_US {
            self.run = (at, 0);
        } else {
            self.run.1 += u64::from(bytes);
        }
        self.last = self.last.max(at);
        self.advance(at);
        if at.div_euclid(BUCKET_US) > self.newest - BUCKETS as i64 {
            self.buckets[at.div_euclid(BUCKET_US).rem_euclid(BUCKETS as i64) as usize] += u32::from(bytes);
        }
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
    pub fn recent(&mut self, at: i64) -> Option<f64> {
        self.bits_per_second(at)?;
        let span = BUCKET_US * (RECENT - 1) + at.rem_euclid(BUCKET_US);
        let since = at - self.run.0;
        if since < span {
            return (since >= BUSY_US).then(|| self.run.1 as f64 * 8e6 / since as f64);
        }
        let newest = self.newest;
        let bytes: u32 = (newest - RECENT + 1..=newest)
            .map(|bucket| self.buckets[bucket.rem_euclid(BUCKETS as i64) as usize])
            .sum();
        Some(f64::from(bytes) * 8e6 / span as f64)
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
            throughput.add(packet * 10_000, 1250);
        }
        let rate = throughput.bits_per_second(2_000_000).unwrap();
        assert!((950_000.0..1_050_000.0).contains(&rate), "{rate}");
        let recent = throughput.recent(2_000_000).unwrap();
        assert!((900_000.0..1_100_000.0).contains(&recent), "{recent}");
        let later = throughput.bits_per_second(2_250_000).unwrap();
        assert!((450_000.0..550_000.0).contains(&later), "{later}");
        assert_eq!(throughput.recent(2_250_000), Some(0.0));
        throughput.add(2_300_000, 1250);
        assert_eq!(throughput.recent(2_300_000), None, "held up until now");
        for packet in 1..=5 {
            throughput.add(2_300_000 + packet * 10_000, 1250);
        }
        let recent = throughput.recent(2_350_000).unwrap();
        assert!((900_000.0..1_100_000.0).contains(&recent), "{recent}");
        assert_eq!(throughput.bits_per_second(3_000_000), Some(0.0));
        throughput.add(100_000_000, 1250);
        assert_eq!(
            throughput.bits_per_second(100_000_000),
            None,
            "a silence is a new beginning"
        );
    }
}
