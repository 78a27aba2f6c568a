//! Short bursts that measure what a line carries beyond what is sent over it (as libwebrtc's probes): so much padding that
//! all packets of some milliseconds together make the rate in question.

use super::history::Departure;
use crate::api::Time;

/// The least that makes a measure.
const PACKETS: u32 = 8;
const LENGTH_US: u64 = 30_000;
/// An answer that has not come by then does not come.
const ANSWER_US: u64 = 1_500_000;
/// This share of a burst must be known to have arrived.
const ARRIVED: f64 = 0.8;
/// When less than this share of the rate gets through, the line was full; a twentieth below that it is not.
const FULL: f64 = 0.9;
const BELOW_FULL: f64 = 0.95;
/// From one burst to the next: longer each time that none has shown more than was known.
const PAUSE_US: u64 = 1_000_000;
const LONGEST_PAUSE_US: u64 = 4_000_000;
const NOTHING_NEW: f64 = 1.1;
/// After an answer that asks for more.
const SOON_US: u64 = 50_000;
/// More is asked for when this share of a burst's rate got through.
const ASK_ON: f64 = 0.7;
const STEP: f64 = 2.0;
/// Of the rate at the start.
const FIRST_STEP: f64 = 3.0;
/// Bursts reach this far above what is wanted, and this far in any case: encoders that begin will soon want more.
const BEYOND: f64 = 1.2;
const LEAST_BPS: f64 = 1e6;

#[derive(Debug)]
struct Burst {
    number: u16,
    bits_per_second: f64,
    began: Time,
    /// Bytes that had gone over the line beside what feedback tells of, when it began.
    beside: u64,
    sent_bytes: u64,
    sent_packets: u32,
    /// All of it has left.
    complete: bool,
    arrived_bytes: u64,
    /// When packets left, how long they took, and their bytes.
    packets: Vec<(u64, i64, u16)>,
}

#[derive(Debug)]
pub(super) struct Prober {
    burst: Option<Burst>,
    numbers: u16,
    next: Time,
    pause_us: u64,
}

impl Prober {
    pub fn new(now: Time) -> Self {
        Self {
            burst: None,
            numbers: 0,
            next: now,
            pause_us: PAUSE_US,
        }
    }

    /// Not before this long from now: the line has just been too full.
    pub fn hold_back(&mut self, now: Time) {
        self.next = self.next.max(Time(now.0 + self.pause_us));
    }

    /// When `padding` must be asked again.
    pub fn due(&self, now: Time) -> Time {
        match &self.burst {
            Some(burst) if !burst.complete => Time(now.0 + 1000),
            Some(burst) => Time(burst.began.0 + ANSWER_US),
            None => self.next,
        }
    }

    pub fn is_sending(&self) -> bool {
        self.burst.as_ref().is_some_and(|burst| !burst.complete)
    }

    /// Begins a burst when it is time, if more is wanted than the line is known to carry. Bytes of padding that should leave
    /// now.
    /// `beside`: bytes that have gone over the line beside what feedback tells of.
    pub fn padding(&mut self, estimate: f64, wanted: f64, beside: u64, now: Time) -> usize {
        if self
            .burst
            .as_ref()
            .is_some_and(|burst| now.0 > burst.began.0 + ANSWER_US)
        {
            self.burst = None;
        }
        if self.burst.is_none() && now >= self.next && wanted > estimate {
            let step = if self.numbers == 0 { FIRST_STEP } else { STEP };
            self.begin((step * estimate).min(LEAST_BPS.max(BEYOND * wanted)), beside, now);
        }
        let Some(burst) = self.burst.as_mut().filter(|burst| !burst.complete) else {
            return 0;
        };
        let elapsed = now.0 - burst.began.0;
        let due = (burst.bits_per_second * (elapsed as f64 + 1000.0) / 8e6) as u64;
        if elapsed >= LENGTH_US
            && burst.sent_packets >= PACKETS
            && burst.sent_bytes >= due.min(burst.length())
        {
            burst.complete = true;
            return 0;
        }
        due.saturating_sub(burst.sent_bytes) as usize
    }

    fn begin(&mut self, bits_per_second: f64, beside: u64, now: Time) {
        self.numbers = self.numbers % u16::MAX + 1;
        self.next = Time(now.0 + self.pause_us);
        self.burst = Some(Burst {
            number: self.numbers,
            bits_per_second,
            began: now,
            beside,
            sent_bytes: 0,
            sent_packets: 0,
            complete: false,
            arrived_bytes: 0,
            packets: Vec::new(),
        });
    }

    /// A packet leaves. The number of the burst that it is part of, or 0.
    pub fn sent(&mut self, bytes: usize) -> u16 {
        let Some(burst) = self.burst.as_mut().filter(|burst| !burst.complete) else {
            return 0;
        };
        burst.sent_bytes += bytes as u64;
        burst.sent_packets += 1;
        burst.number
    }

    /// A packet has arrived.
    pub fn arrived(&mut self, departure: &Departure, arrival: i64) {
        let Some(burst) = self
            .burst
            .as_mut()
            .filter(|burst| burst.number == departure.probe)
        else {
            return;
        };
        burst.arrived_bytes += u64::from(departure.bytes);
        let sent = departure.at.0;
        burst
            .packets
            .push((sent, arrival - sent.cast_signed(), departure.bytes));
    }

    /// What the burst has shown, bit/s, once enough of it has arrived; `estimate` is what was known, `beside` as of `padding`.
    pub fn answer(&mut self, estimate: f64, beside: u64, now: Time) -> Option<f64> {
        let burst = self.burst.as_ref().filter(|burst| burst.complete)?;
        let enough = burst.arrived_bytes as f64 >= ARRIVED * burst.sent_bytes as f64
            && burst.packets.len() as f64 >= ARRIVED * f64::from(burst.sent_packets);
        if !enough {
            return None;
        }
        let mut burst = self.burst.take()?;
        let measured = burst.measure()?;
        let found = burst.left(measured, beside, now);
        self.pause_us = if found < NOTHING_NEW * estimate {
            (self.pause_us * 3 / 2).min(LONGEST_PAUSE_US)
        } else {
            PAUSE_US
        };
        if measured >= ASK_ON * burst.bits_per_second {
            self.next = Time(now.0 + SOON_US);
        }
        Some(found)
    }
}

impl Burst {
    fn length(&self) -> u64 {
        (self.bits_per_second * LENGTH_US as f64 / 8e6) as u64
    }

    /// What the line has for good, where it took `measured` of the burst: in a full line a burst gets more than its share, as
    /// what goes beside it (sound of which no feedback tells) does not become less.
    fn left(&self, measured: f64, beside: u64, now: Time) -> f64 {
        let elapsed_us = now.0.saturating_sub(self.began.0).max(LENGTH_US);
        let other = (beside.saturating_sub(self.beside)) as f64 * 8e6 / elapsed_us as f64;
        let pressed = other * (1.0 - measured / self.bits_per_second).max(0.0);
        (measured - pressed).max(0.0)
    }

    /// What the line took for the burst: as long as it was sent for, and what its end came later than its beginning.
    /// The quickest of some packets each, so that jitter counts for little.
    fn measure(&mut self) -> Option<f64> {
        self.packets.sort_unstable();
        let part = (self.packets.len() / 4).max(1);
        let quickest = |packets: &[(u64, i64, u16)]| packets.iter().map(|(_, delay, _)| *delay).min();
        let beginning = quickest(self.packets.get(..part)?)?;
        let end = quickest(self.packets.get(self.packets.len() - part..)?)?;
        let (&(first, ..), &(last, _, last_bytes)) = (self.packets.first()?, self.packets.last()?);
        let sending_us = last - first;
        if sending_us == 0 {
            return None;
        }
        let bytes = self.arrived_bytes - u64::from(last_bytes);
        // The ends are met in their middle.
        let apart = 1.0 - part as f64 / self.packets.len() as f64;
        let later_us = (end - beginning).max(0) as f64 / apart.max(0.5);
        let rate = |microseconds: f64| bytes as f64 * 8e6 / microseconds;
        let (sent, arrived) = (rate(sending_us as f64), rate(sending_us as f64 + later_us));
        Some(if arrived < FULL * sent {
            BELOW_FULL * arrived
        } else {
            arrived
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u16 = 300;

    /// Sends one burst over a line of this rate, beside packets of sound that make `beside` bit/s; gives (rate of the burst, its
    /// answer).
    fn burst_over(line: f64, estimate: f64, beside: f64) -> (f64, Option<f64>) {
        let mut prober = Prober::new(Time(0));
        let (mut free_at, mut flights) = (0.0, Vec::new());
        let (mut now, mut sound) = (0, 0);
        while prober.burst.as_ref().is_none_or(|burst| !burst.complete) {
            if now % 20_000 == 0 {
                sound += (beside * 0.02 / 8.0) as u64;
                free_at = f64::max(free_at, now as f64) + beside * 0.02 * 1e6 / line;
            }
            let mut due = prober.padding(estimate, 100e6, sound, Time(now)) as i64;
            while due > 0 {
                let probe = prober.sent(usize::from(SIZE));
                let departure = Departure {
                    at: Time(now),
                    bytes: SIZE,
                    probe,
                    ..Departure::default()
                };
                free_at = f64::max(free_at, now as f64) + f64::from(SIZE) * 8e6 / line;
                flights.push((departure, free_at as i64));
                due -= i64::from(SIZE);
            }
            now += 1000;
            assert!(now < 1_000_000, "it ends");
        }
        let rate = prober.burst.as_ref().unwrap().bits_per_second;
        assert_eq!(
            prober.answer(estimate, sound, Time(now)),
            None,
            "nothing has arrived"
        );
        for (departure, arrival) in flights {
            prober.arrived(&departure, arrival);
        }
        now += 100_000;
        sound += (beside * 0.1 / 8.0) as u64;
        (rate, prober.answer(estimate, sound, Time(now)))
    }

    #[test]
    fn a_wide_line_is_found_to_carry_the_burst() {
        let (rate, answer) = burst_over(50e6, 300_000.0, 0.0);
        assert_eq!(rate, 900_000.0);
        let answer = answer.unwrap();
        assert!((0.85 * rate..1.25 * rate).contains(&answer), "{answer}");
    }

    #[test]
    fn a_narrow_line_is_measured() {
        let (_, answer) = burst_over(500_000.0, 300_000.0, 0.0);
        let answer = answer.unwrap();
        assert!((430_000.0..510_000.0).contains(&answer), "{answer}");
    }

    #[test]
    fn of_a_narrow_line_is_left_what_sound_does_not_take() {
        let (_, answer) = burst_over(500_000.0, 300_000.0, 124_000.0);
        let answer = answer.unwrap();
        assert!((320_000.0..390_000.0).contains(&answer), "{answer}");
        let (rate, answer) = burst_over(50e6, 300_000.0, 124_000.0);
        let answer = answer.unwrap();
        assert!((0.85 * rate..1.25 * rate).contains(&answer), "{answer}");
    }

    #[test]
    fn what_is_not_wanted_is_not_probed_for() {
        let mut prober = Prober::new(Time(0));
        assert_eq!(prober.padding(1e6, 0.9e6, 0, Time(10_000_000)), 0);
        assert_eq!(prober.sent(1000), 0);
        assert!(prober.padding(1e6, 1.5e6, 0, Time(10_000_000)) > 0);
        assert_eq!(prober.burst.unwrap().bits_per_second, BEYOND * 1.5e6);
    }
}
