//! Is a queue growing on the way to the peer? The delay-based detector of Google Congestion Control
//! (draft-ietf-rmcat-gcc-02, section 5.2 to 5.4), with the slope of the delay by linear regression as libwebrtc has it.

/// Packets that left within this count as one group: their distances say nothing of the line.
const GROUP_US: u64 = 5_000;
/// A group that arrives at once after something held it up is one group, up to this length.
const MAX_BURST_US: i64 = 100_000;
/// After a silence like this the measure begins anew.
const SILENCE_US: i64 = 3_000_000;
/// Groups in the regression.
const WINDOW: usize = 20;
const SMOOTHING: f64 = 0.9;
const GAIN: f64 = 4.0;
/// More of them make a slope no surer.
const MAX_GROUPS: u32 = 60;
/// The threshold begins here and stays in these bounds, ms.
const FIRST_THRESHOLD: f64 = 12.5;
const THRESHOLDS: std::ops::RangeInclusive<f64> = 6.0..=600.0;
/// How quickly the threshold follows upwards and downwards, 1/ms.
const FOLLOW_UP: f64 = 0.0087;
const FOLLOW_DOWN: f64 = 0.039;
/// The threshold does not follow peaks that are this far above it, ms.
const PEAK: f64 = 15.0;
/// A slope above the threshold counts when it has lasted this long, ms.
const OVERUSE_MS: f64 = 10.0;

/// What the line does with what it gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Usage {
    #[default]
    Normal,
    /// A queue grows.
    Over,
    /// A queue drains.
    Under,
}

#[derive(Clone, Copy, Debug)]
struct Group {
    first_sent: u64,
    last_sent: u64,
    first_arrival: i64,
    last_arrival: i64,
}

#[derive(Debug)]
pub(super) struct DelayDetector {
    current: Option<Group>,
    previous: Option<Group>,
    /// (arrival, smoothed delay) of the newest groups, ms, in any order once there are so many.
    window: [(f64, f64); WINDOW],
    accumulated: f64,
    smoothed: f64,
    groups: u32,
    first_arrival: i64,
    threshold: f64,
    threshold_at: Option<f64>,
    over_for: Option<f64>,
    over_count: u32,
    slope: f64,
    usage: Usage,
    /// `usage` is of packets that came since it was last taken.
    is_news: bool,
}

impl Default for DelayDetector {
    fn default() -> Self {
        Self {
            current: None,
            previous: None,
            window: [(0.0, 0.0); WINDOW],
            accumulated: 0.0,
            smoothed: 0.0,
            groups: 0,
            first_arrival: 0,
            threshold: FIRST_THRESHOLD,
            threshold_at: None,
            over_for: None,
            over_count: 0,
            slope: 0.0,
            usage: Usage::Normal,
            is_news: false,
        }
    }
}

impl DelayDetector {
    #[cfg(test)]
    fn usage(&self) -> Usage {
        self.usage
    }

    /// What the packets since the last call have shown. A queue that grew then may have drained since.
    pub fn take_usage(&mut self) -> Usage {
        let is_news = std::mem::take(&mut self.is_news);
        match self.usage {
            Usage::Over if !is_news => Usage::Under,
            usage => usage,
        }
    }

    /// Takes a packet that has arrived: when it left on our clock and when it came on the peer's, microseconds.
    pub fn arrived(&mut self, sent: u64, arrival: i64) {
        let Some(group) = &mut self.current else {
            self.current = Some(Group::new(sent, arrival));
            return;
        };
        if sent < group.first_sent {
            return; // out of order
        }
        if group.takes(sent, arrival) {
            group.last_sent = group.last_sent.max(sent);
            group.last_arrival = group.last_arrival.max(arrival);
            return;
        }
        let (ended, before) = (*group, self.previous);
        self.previous = Some(ended);
        self.current = Some(Group::new(sent, arrival));
        let Some(before) = before else { return };
        let arrival_delta = ended.last_arrival - before.last_arrival;
        if !(0..SILENCE_US).contains(&arrival_delta) {
            let (threshold, threshold_at) = (self.threshold, None);
            *self = Self {
                threshold,
                threshold_at,
                ..Self::default()
            };
            return;
        }
        let send_delta = ended.last_sent.saturating_sub(before.last_sent);
        self.group_ended(
            send_delta as f64 / 1000.0,
            arrival_delta as f64 / 1000.0,
            ended.last_arrival,
        );
    }

    fn group_ended(&mut self, send_ms: f64, arrival_ms: f64, arrival: i64) {
        if self.groups == 0 {
            self.first_arrival = arrival;
        }
        self.accumulated += arrival_ms - send_ms;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.accumulated;
        let at = (arrival - self.first_arrival) as f64 / 1000.0;
        self.window[self.groups as usize % WINDOW] = (at, self.smoothed);
        self.groups += 1;
        let slope = if self.groups as usize >= WINDOW {
            slope(&self.window).unwrap_or(self.slope)
        } else {
            self.slope
        };
        self.is_news = true;
        self.judge(slope, send_ms, at);
        self.slope = slope;
    }

    fn judge(&mut self, slope: f64, send_ms: f64, at: f64) {
        let excess = f64::from(self.groups.min(MAX_GROUPS)) * slope * GAIN;
        if excess > self.threshold {
            let lasted = self.over_for.map_or(send_ms / 2.0, |lasted| lasted + send_ms);
            self.over_for = Some(lasted);
            self.over_count += 1;
            if lasted > OVERUSE_MS && self.over_count > 1 && slope >= self.slope {
                (self.over_for, self.over_count) = (Some(0.0), 0);
                self.usage = Usage::Over;
            }
        } else {
            (self.over_for, self.over_count) = (None, 0);
            self.usage = if excess < -self.threshold {
                Usage::Under
            } else {
                Usage::Normal
            };
        }
        self.follow(excess.abs(), at);
    }

    /// The threshold follows what the line does, so that one's own queue is told from that of other traffic.
    fn follow(&mut self, excess: f64, at: f64) {
        let since = self.threshold_at.replace(at).map_or(0.0, |before| at - before);
        if excess > self.threshold + PEAK {
            return;
        }
        let speed = if excess < self.threshold {
            FOLLOW_DOWN
        } else {
            FOLLOW_UP
        };
        self.threshold += speed * (excess - self.threshold) * since.clamp(0.0, 100.0);
        self.threshold = self.threshold.clamp(*THRESHOLDS.start(), *THRESHOLDS.end());
    }
}

impl Group {
    fn new(sent: u64, arrival: i64) -> Self {
        Self {
            first_sent: sent,
            last_sent: sent,
            first_arrival: arrival,
            last_arrival: arrival,
        }
    }

    fn takes(&self, sent: u64, arrival: i64) -> bool {
        if sent - self.first_sent <= GROUP_US {
            return true;
        }
        let since_last = arrival - self.last_arrival;
        let catches_up = since_last < sent.saturating_sub(self.last_sent) as i64;
        catches_up && since_last <= GROUP_US as i64 && arrival - self.first_arrival < MAX_BURST_US
    }
}

/// Of the regression line through the points; None: they are all of one moment.
fn slope(points: &[(f64, f64); WINDOW]) -> Option<f64> {
    // From one of them on, so that the sums of squares stay small.
    let (first_x, first_y) = points[0];
    let (mut sum_x, mut sum_y, mut sum_xy, mut sum_xx) = (0.0, 0.0, 0.0, 0.0);
    for (x, y) in points {
        let (x, y) = (x - first_x, y - first_y);
        sum_x += x;
        sum_y += y;
        sum_xy += x * y;
        sum_xx += x * x;
    }
    let count = WINDOW as f64;
    let below = count * sum_xx - sum_x * sum_x;
    (below > 0.0).then(|| (count * sum_xy - sum_x * sum_y) / below)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet every 10 ms; `queue` tells the delay of each, in microseconds.
    fn run(packets: u64, queue: impl Fn(u64) -> i64) -> Vec<Usage> {
        let mut detector = DelayDetector::default();
        (0..packets)
            .map(|number| {
                detector.arrived(number * 10_000, (number * 10_000) as i64 + queue(number));
                detector.usage()
            })
            .collect()
    }

    #[test]
    fn a_steady_line_is_normal_whatever_its_delay() {
        assert!(run(500, |_| 250_000).iter().all(|usage| *usage == Usage::Normal));
    }

    #[test]
    fn a_growing_queue_is_found_within_half_a_second_and_a_draining_one_too() {
        let usages = run(300, |number| match number {
            0..100 => 0,
            100..200 => (number as i64 - 100) * 2_000,
            _ => (200_000 - (number as i64 - 200) * 5_000).max(0),
        });
        assert!(usages[..100].iter().all(|usage| *usage == Usage::Normal));
        assert!(usages[100..150].contains(&Usage::Over));
        assert!(usages[210..250].contains(&Usage::Under));
    }

    #[test]
    fn jitter_without_a_trend_is_no_overuse() {
        let mut random = crate::Random(7);
        let noise: Vec<i64> = (0..2000).map(|_| (random.next() % 8_000) as i64).collect();
        let usages = run(2000, |number| noise[number as usize]);
        let over = usages.iter().filter(|usage| **usage == Usage::Over).count();
        assert!(over * 50 < usages.len(), "{over} of {}", usages.len());
    }

    #[test]
    fn packets_of_one_burst_are_one_group() {
        let mut detector = DelayDetector::default();
        for frame in 0..200u64 {
            for part in 0..8 {
                // The line takes 3 ms for each packet of a frame: that is its rate, not a queue that grows.
                detector.arrived(frame * 40_000, (frame * 40_000 + part * 3_000) as i64);
                assert_eq!(detector.usage(), Usage::Normal);
            }
        }
    }
}
