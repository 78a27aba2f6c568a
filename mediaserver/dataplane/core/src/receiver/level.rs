//! Speech level of one audio track from RFC 6464 levels.

/// Weight of the newest interval.
const SMOOTHING: f32 = 0.5;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Level {
    frames: u32,
    active: u32,
    /// Sum of linear levels of active frames.
    sum: f32,
    smoothed: f32,
}

/// -dBov -> linear amplitude, 0..=1.
pub(crate) fn linear(dbov: u8) -> f32 {
    10f32.powf(-f32::from(dbov) / 20.0)
}

impl Level {
    /// One packet's level in -dBov (0 loudest, 127 silence).
    pub fn record(&mut self, dbov: u8, threshold_dbov: u8) {
        self.frames += 1;
        if dbov <= threshold_dbov {
            self.active += 1;
            self.sum += linear(dbov);
        }
    }

    /// Ends the interval; the smoothed level when it is above the threshold. So many percent of the interval must be
    /// above it to count as speech.
    pub fn finish(&mut self, threshold_dbov: u8, min_percentile: u8) -> Option<f32> {
        let needed = self.frames as f32 * f32::from(min_percentile) / 100.0;
        let speaks = self.active > 0 && self.active as f32 >= needed;
        let level = if speaks {
            self.sum / self.active as f32
        } else {
            0.0
        };
        self.smoothed += (level - self.smoothed) * SMOOTHING;
        (self.frames, self.active, self.sum) = (0, 0, 0.0);
        (self.smoothed > linear(threshold_dbov)).then_some(self.smoothed.min(1.0))
    }
}
