//! Time for the core: the wall clock read once, then monotonic.

use polyana_core::Time;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Shared by all workers, so that their times compare.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
    epoch_us: u64,
}

impl Clock {
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            epoch_us: wall_us(),
        }
    }

    /// For how long something has waited that the kernel noted then on the wall clock, microseconds; at most `most_us`,
    /// as that clock may have been set meanwhile.
    pub fn waited_us(noted_us: u64, most_us: u64) -> u64 {
        wall_us().saturating_sub(noted_us).min(most_us)
    }

    pub fn now(&self) -> Time {
        Time(self.epoch_us + self.started.elapsed().as_micros() as u64)
    }
}

fn wall_us() -> u64 {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    wall.as_micros() as u64
}
