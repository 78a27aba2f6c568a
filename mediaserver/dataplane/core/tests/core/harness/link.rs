//! One direction of a peer's network.

use super::Random;

#[derive(Clone, Copy, Debug, Default)]
pub struct Link {
    pub delay_us: u64,
    /// Added to the delay, uniform in 0..jitter: more than the distance of two packets reorders them.
    pub jitter_us: u64,
    /// Probabilities.
    pub loss: f64,
    pub duplicate: f64,
    /// Nothing gets through.
    pub cut: bool,
}

impl Link {
    pub fn delay_ms(delay: u64) -> Self {
        Self {
            delay_us: delay * 1000,
            ..Self::default()
        }
    }

    pub fn loss(self, loss: f64) -> Self {
        Self { loss, ..self }
    }

    pub fn jitter_ms(self, jitter: u64) -> Self {
        Self {
            jitter_us: jitter * 1000,
            ..self
        }
    }

    pub fn duplicate(self, duplicate: f64) -> Self {
        Self { duplicate, ..self }
    }

    /// Delays of the copies that arrive.
    pub fn copies(&self, random: &mut Random) -> Vec<u64> {
        if self.cut || random.chance(self.loss) {
            return Vec::new();
        }
        let copies = if random.chance(self.duplicate) { 2 } else { 1 };
        (0..copies)
            .map(|_| self.delay_us + random.below(self.jitter_us))
            .collect()
    }
}
