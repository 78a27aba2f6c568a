//! What a peer's feedback says of its line, for those who look for faults too: rates are not made here.

/// A step longer than this is a line that stood still, or a clock that was set.
const LONGEST_STEP_US: u64 = 1_000_000;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LineReport {
    pub arrived: u64,
    pub lost: u64,
    transit: Option<i64>,
    /// Microseconds, scaled by 16.
    jitter_scaled: u64,
}

impl LineReport {
    /// When a packet left on our clock and came on the peer's, microseconds.
    pub fn arrived(&mut self, sent: u64, arrival: i64) {
        self.arrived += 1;
        let transit = arrival - sent.cast_signed();
        if let Some(previous) = self.transit.replace(transit) {
            let difference = transit.abs_diff(previous).min(LONGEST_STEP_US);
            self.jitter_scaled += difference;
            self.jitter_scaled -= self.jitter_scaled.saturating_add(8) >> 4;
        }
    }

    /// RFC 3550, appendix A.8.
    pub fn jitter_us(&self) -> u32 {
        (self.jitter_scaled >> 4) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_that_of_the_line() {
        let mut even = LineReport::default();
        let mut uneven = LineReport::default();
        for number in 0..200_u64 {
            let sent = number * 20_000 + number % 3 * 5_000; // how they leave says nothing of the line
            let arrival = sent.cast_signed() - 9_000_000;
            even.arrived(sent, arrival);
            uneven.arrived(sent, arrival + i64::from(number % 2 == 1) * 40_000);
        }
        assert_eq!(even.arrived, 200);
        assert_eq!(even.jitter_us(), 0);
        assert!((35_000..=40_000).contains(&uneven.jitter_us()));
    }
}
