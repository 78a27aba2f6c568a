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
    /// What it carries; 0: anything.
    pub bits_per_second: u64,
    /// What would wait longer than this is lost.
    pub queue_us: u64,
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

    /// A line that carries so much, with a queue of 300 ms.
    pub fn rate(self, bits_per_second: u64) -> Self {
        Self {
            bits_per_second,
            queue_us: 300_000,
            ..self
        }
    }

    /// When a datagram that waits for those before it has got through, microseconds from now; None: no room in the queue.
    /// `free_at` is when the line is free.
    pub fn queue(&self, now: u64, free_at: &mut u64, bytes: usize) -> Option<u64> {
        if self.bits_per_second == 0 {
            return Some(0);
        }
        let begins = now.max(*free_at);
        if begins - now > self.queue_us {
            return None;
        }
        *free_at = begins + bytes as u64 * 8_000_000 / self.bits_per_second;
        Some(*free_at - now)
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
