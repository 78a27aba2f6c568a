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
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            started: Instant::now(),
            epoch_us: wall.as_micros() as u64,
        }
    }

    pub fn now(&self) -> Time {
        Time(self.epoch_us + self.started.elapsed().as_micros() as u64)
    }
}
