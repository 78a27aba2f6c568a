//! Latencies in microseconds, exact below 1 ms, within 1 % above.

/// Counts in steps of 1 us below 1,024 us, then 128 steps for each doubling.
pub struct Histogram {
    buckets: Vec<u64>,
}

const LINEAR: u64 = 1024;
const STEPS: u64 = 128;

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: vec![0; (LINEAR + STEPS * 22) as usize],
        }
    }
}

impl Histogram {
    pub fn record(&mut self, value_us: u64) {
        let bucket = bucket_of(value_us).min(self.buckets.len() - 1);
        self.buckets[bucket] += 1;
    }

    pub fn merge(&mut self, other: &Self) {
        self.buckets
            .iter_mut()
            .zip(&other.buckets)
            .for_each(|(mine, theirs)| *mine += theirs);
    }

    pub fn quantile(&self, q: f64) -> u64 {
        let wanted = (self.buckets.iter().sum::<u64>() as f64 * q).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= wanted && seen > 0 {
                return value_of(bucket as u64);
            }
        }
        0
    }
}

fn bucket_of(value: u64) -> usize {
    if value < LINEAR {
        return value as usize;
    }
    let doublings = u64::from(value.ilog2()) - 10;
    (LINEAR + doublings * STEPS + ((value >> (doublings + 3)) - STEPS)) as usize
}

fn value_of(bucket: u64) -> u64 {
    if bucket < LINEAR {
        return bucket;
    }
    let (doublings, step) = ((bucket - LINEAR) / STEPS, (bucket - LINEAR) % STEPS);
    (step + STEPS) << (doublings + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_within_one_percent() {
        for value in [0, 1, 1023, 1024, 1025, 2047, 2048, 5000, 123_456, 1_000_000] {
            let back = value_of(bucket_of(value) as u64);
            assert!(back <= value && value - back <= value / 100, "{value} -> {back}");
        }
    }
}
