//! How much video the line to a peer carries, from the transport-wide feedback that the peer gives
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01): the smaller of what queues and what losses allow, raised by
//! probes, and the pace of sending that follows from it.

mod delay;
mod history;
mod lately;
mod line_report;
mod loss;
mod pacer;
mod probe;
mod rate;
mod repeats;
mod standing;
mod throughput;
mod trains;

use crate::api::Time;
use delay::{DelayDetector, Usage};
pub(crate) use history::Departure;
use history::{History, State};
use lately::Lately;
pub(crate) use line_report::LineReport;
use loss::{LossRate, Losses};
use pacer::Pacer;
use polyana_wire::rtcp::TransportFeedback;
use probe::Prober;
use rate::{DelayRate, Observed};
pub(crate) use repeats::Repeats;
use standing::StandingQueue;
use throughput::{Recent, Throughput};
use trains::Trains;

/// Before anything is known: a small picture.
const FIRST_BPS: f64 = 300_000.0;
const LOWEST_BPS: f64 = 30_000.0;
const HIGHEST_BPS: f64 = 100e6;
const ASSUMED_RTT_US: u64 = 100_000;
/// Without an answer for this long the line has stopped, or nearly.
const SILENCE_US: u64 = 1_000_000;
/// What is left then, for each interval of silence.
const SILENCE_FACTOR: f64 = 0.7;
/// A growing delay counts as a queue from here on: less is jitter.
const SHORT_QUEUE_US: i64 = 15_000;
/// A packet that came so much later than it could had to wait behind others.
const QUEUED_US: i64 = 5_000;
/// Feedback that did not come told of no more packets than this, and of no longer a time.
const MAX_HOLE: u16 = 512;
const MAX_HOLE_US: i64 = 500_000;
const HALF: u16 = 1 << 15;
/// Before a queue as long as this nothing is sent that may be needless; a large picture alone makes a shorter one.
const CROWDED_QUEUE_US: i64 = 60_000;
/// A queue as long as this is too long, whether or not it grows.
const LONG_QUEUE_US: i64 = 100_000;
/// Growth for each second of a line that cannot be probed and over which nothing is sent.
const BLIND_INCREASE: f64 = 1.5;
/// How often such a line is looked at.
const UNPROBED_US: u64 = 100_000;
/// Who reports on streams and says nothing of packets, after so many of them for this long, gives no feedback, whatever was
/// negotiated. Who says nothing at all may still be without the end of the handshake.
const DEAF_US: u64 = 2_000_000;
const DEAF_PACKETS: u32 = 20;
/// A change by this share is news.
const NEWS: f64 = 0.05;
/// What is this many times the wanted bitrate is no news.
const PLENTY: f64 = 2.0;

/// An estimate is lower below this share of the one before.
const LOWERED: f64 = 0.95;

/// Packets of which something has become known.
#[derive(Debug, Default)]
struct Known {
    all: u32,
    /// Of those, what left since the estimate was lowered.
    since: u32,
}

impl Known {
    fn add(&mut self, is_since: bool) {
        self.all += 1;
        self.since += u32::from(is_since);
    }
}

#[derive(Debug)]
pub(crate) struct Congestion {
    history: History,
    delay: DelayDetector,
    standing: StandingQueue,
    trains: Trains,
    delay_rate: DelayRate,
    loss_rate: LossRate,
    prober: Prober,
    pacer: Pacer,
    /// Media that goes out once more.
    pub repeats: Repeats,
    /// Bytes that were sent.
    sent: u64,
    lately: Lately,
    arrived: Throughput,
    /// The newest arrival, on the peer's clock.
    newest_arrival: i64,
    /// The transport-wide number before which everything was told of.
    told_until: Option<u16>,
    wanted: f64,
    told: Option<f64>,
    /// There was feedback; before that the pace is not limited.
    is_heard: bool,
    unheard_packets: u32,
    first_sent: Time,
    /// Since when the peer reports on streams.
    reported: Option<Time>,
    last_sent: Time,
    /// When the first packet left after the newest feedback, or when it was last found that none comes.
    unanswered_since: Option<Time>,
    updated: Time,
    /// When the estimate last became lower. What was lost of what had left before says nothing against what it is now.
    lowered: Time,
    /// There was a stream for padding when it was last looked.
    can_pad: bool,
    pub line: LineReport,
}

impl Congestion {
    pub fn new(now: Time) -> Self {
        Self {
            history: History::default(),
            delay: DelayDetector::default(),
            standing: StandingQueue::default(),
            trains: Trains::default(),
            delay_rate: DelayRate::new(FIRST_BPS, now),
            loss_rate: LossRate::new(now),
            prober: Prober::new(now),
            pacer: Pacer::new(now),
            repeats: Repeats::default(),
            sent: 0,
            lately: Lately::default(),
            arrived: Throughput::default(),
            newest_arrival: 0,
            told_until: None,
            wanted: 0.0,
            told: None,
            is_heard: false,
            unheard_packets: 0,
            first_sent: Time(0),
            reported: None,
            last_sent: Time(0),
            unanswered_since: None,
            updated: now,
            lowered: Time(0),
            can_pad: false,
            line: LineReport::default(),
        }
    }

    fn estimate(&self) -> f64 {
        if self.is_deaf() {
            return HIGHEST_BPS;
        }
        let allowed = self
            .delay_rate
            .bits_per_second
            .min(self.loss_rate.bits_per_second);
        allowed.clamp(LOWEST_BPS, HIGHEST_BPS)
    }

    /// The peer gives no feedback.
    fn is_deaf(&self) -> bool {
        !self.is_heard
            && self.unheard_packets >= DEAF_PACKETS
            && self
                .reported
                .is_some_and(|since| self.last_sent.0.saturating_sub(since.max(self.first_sent).0) > DEAF_US)
    }

    /// The peer reports on a stream.
    pub fn reported(&mut self, now: Time) {
        self.reported.get_or_insert(now);
    }

    pub fn set_wanted(&mut self, bits_per_second: u64) {
        self.wanted = bits_per_second as f64;
    }

    /// The estimate, bit/s, where it is news.
    pub fn news(&mut self) -> Option<u64> {
        let estimate = self.estimate();
        let is_news = self.told.is_none_or(|told| {
            let is_plenty = told.min(estimate) >= PLENTY * self.wanted && self.wanted > 0.0;
            (estimate - told).abs() >= NEWS * told && !is_plenty
        });
        is_news.then(|| {
            self.told = Some(estimate);
            estimate as u64
        })
    }

    /// A packet with this transport-wide number leaves. `media`: what is to be sent again if it is lost, SSRC and number;
    /// SSRC 0: nothing.
    pub fn sent(&mut self, number: u16, media: (u32, u16), bytes: usize, now: Time) {
        let departure = Departure {
            at: now,
            ssrc: media.0,
            sequence: media.1,
            bytes: bytes as u16,
            probe: self.prober.sent(bytes),
            number,
            ..Departure::default()
        };
        self.history.sent(departure);
        self.sent += bytes as u64;
        self.pacer.spend(bytes);
        if !self.is_heard {
            if self.unheard_packets == 0 {
                self.first_sent = now;
            }
            self.unheard_packets = self.unheard_packets.saturating_add(1);
        }
        self.unanswered_since.get_or_insert(now);
        self.last_sent = now;
    }

    /// Lets the time pass for `must_wait`.
    pub fn refill(&mut self, now: Time) {
        self.pacer.refill(now);
    }

    /// Video should leave later.
    pub fn must_wait(&self) -> bool {
        self.is_heard && self.pacer.is_exhausted()
    }

    /// A packet may be sent again.
    pub fn may_repair(&self) -> bool {
        !self.is_heard || self.pacer.may_repair()
    }

    /// The peer tells which packets arrive.
    pub fn is_heard(&self) -> bool {
        self.is_heard
    }

    /// So much was sent again.
    pub fn repaired(&mut self, bytes: usize) {
        self.pacer.spend_repair(bytes);
    }

    /// `missed` takes media that did not arrive; `line_bytes`: of all that has gone over the line.
    pub fn feedback(
        &mut self,
        feedback: &TransportFeedback<'_>,
        line_bytes: u64,
        rtt_us: Option<u64>,
        missed: &mut Vec<Departure>,
        now: Time,
    ) {
        let (mut arrived, mut lost) = (Known::default(), Known::default());
        let mut hole = self.hole_before(feedback);
        // What is malformed ends early; what came before it counts.
        let _ = feedback.for_each(|sequence, arrival| match arrival {
            Some(arrival) => {
                if let Some(departure) = self.history.arrived(sequence) {
                    arrived.add(departure.at > self.lowered);
                    if let Some(numbers) = hole.take() {
                        self.fill(numbers, arrival);
                    }
                    let waited_us = self.standing.arrived(departure.at.0, arrival);
                    self.trains.arrived(departure.at.0, waited_us, departure.bytes);
                    if departure.state != State::Assumed {
                        let is_queued = waited_us > QUEUED_US;
                        self.arrived
                            .add(arrival, departure.at.0, departure.bytes, is_queued);
                    }
                    self.newest_arrival = arrival;
                    self.lately.arrived(departure.at);
                    self.prober.arrived(&departure, arrival);
                    self.delay.arrived(departure.at.0, arrival);
                    self.line.arrived(departure.at.0, arrival);
                }
            }
            None => {
                if let Some(departure) = self.history.lost(sequence) {
                    lost.add(departure.at > self.lowered);
                    if departure.ssrc != 0 {
                        missed.push(departure);
                    }
                }
            }
        });
        self.line.lost += u64::from(lost.all);
        if arrived.all + lost.all == 0 {
            return;
        }
        let before = self.estimate();
        self.is_heard = true;
        self.unanswered_since = None;
        let rtt_us = rtt_us.unwrap_or(ASSUMED_RTT_US);
        let standing_us = self.standing.take().unwrap_or(0);
        self.repeats
            .observe(arrived.all, lost.all, standing_us > CROWDED_QUEUE_US);
        let usage = match self.delay.take_usage() {
            Usage::Over if standing_us < SHORT_QUEUE_US => Usage::Normal,
            Usage::Normal if standing_us > LONG_QUEUE_US => Usage::Over,
            usage => usage,
        };
        let is_full = standing_us > LONG_QUEUE_US;
        let lately = self
            .lately
            .until(now, self.sent, self.beside(line_bytes), &self.line);
        // Nothing beside, as long as it is not known.
        let rates = lately.unwrap_or_default();
        let arrived_lately = self.arrived.bits_per_second(self.newest_arrival);
        let observed = Observed {
            usage,
            arrived: arrived_lately,
            carried: arrived_lately.map(|arrived| rates.room(arrived, rates.held_up, is_full)),
            sent: lately.map(|rates| rates.sent),
            recent: self.arrived.recent(self.newest_arrival).map(|recent| Recent {
                bits_per_second: rates.room(recent.bits_per_second, recent.held_up, is_full),
                ..recent
            }),
            is_full,
            rtt_us,
        };
        if usage == Usage::Over {
            self.prober.hold_back(now);
        }
        self.delay_rate.update(&observed, now);
        let losses = Losses {
            arrived: arrived.since,
            lost: lost.since,
            sent: observed.sent,
            is_queued: standing_us > SHORT_QUEUE_US,
        };
        self.loss_rate.update(&losses, self.estimate(), rtt_us, now);
        if let Some(measured) = self.prober.answer(self.estimate(), self.beside(line_bytes), now)
            && measured > self.estimate()
            && usage != Usage::Over
        {
            self.delay_rate.measured(measured);
            self.loss_rate.measured(measured);
        }
        if self.estimate() < LOWERED * before {
            self.lowered = now;
        }
        let at_once = if is_full { 0.0 } else { self.trains.allowed() };
        self.pacer.set_rate(self.estimate(), is_full, at_once);
    }

    /// Of feedback that did not come, as it is lost like other packets: the first number that it told of, and how many.
    fn hole_before(&mut self, feedback: &TransportFeedback<'_>) -> Option<(u16, u16)> {
        let end = feedback.base_sequence.wrapping_add(feedback.status_count);
        let from = self.told_until.replace(end)?;
        if feedback.base_sequence.wrapping_sub(from) >= HALF {
            // It comes late, or again.
            let is_newer = end.wrapping_sub(from) < HALF;
            self.told_until = Some(if is_newer { end } else { from });
            return None;
        }
        let length = feedback.base_sequence.wrapping_sub(from);
        (1..=MAX_HOLE).contains(&length).then_some((from, length))
    }

    /// What nobody told of is taken to have come evenly until `arrival`; else the line would seem to carry less.
    fn fill(&mut self, (from, length): (u16, u16), arrival: i64) {
        let since = self.newest_arrival;
        let took = arrival - since;
        if !(0..MAX_HOLE_US).contains(&took) {
            return;
        }
        for position in 0..length {
            if let Some(departure) = self.history.assumed(from.wrapping_add(position)) {
                let at = since + took * i64::from(position + 1) / i64::from(length + 1);
                let is_queued = self.arrived.is_queued();
                self.arrived.add(at, departure.at.0, departure.bytes, is_queued);
            }
        }
    }

    /// Bytes of what goes over the line and is not told of by feedback.
    fn beside(&self, line_bytes: u64) -> u64 {
        line_bytes.saturating_sub(self.sent)
    }

    /// What follows from the time alone. Bytes of padding that should leave now; `can_pad`: there is a stream for them.
    /// `line_bytes` as of `feedback`.
    pub fn poll(&mut self, can_pad: bool, line_bytes: u64, now: Time) -> usize {
        let unanswered = self
            .unanswered_since
            .is_some_and(|since| now.0 - since.0 > SILENCE_US);
        if self.is_heard && unanswered {
            self.unanswered_since = Some(now);
            self.delay_rate.bits_per_second = self.estimate() * SILENCE_FACTOR;
            self.prober.hold_back(now);
        }
        let since_us = now.0.saturating_sub(self.updated.0).min(1_000_000);
        self.updated = now;
        self.can_pad = can_pad;
        if can_pad {
            let beside = self.beside(line_bytes);
            return self.prober.padding(self.estimate(), self.wanted, beside, now);
        }
        let is_idle = self.is_heard && now.0.saturating_sub(self.last_sent.0) > SILENCE_US;
        if is_idle && self.estimate() < self.wanted {
            self.delay_rate.bits_per_second = self.estimate() * BLIND_INCREASE.powf(since_us as f64 / 1e6);
        }
        0
    }

    /// When `poll` should be called again.
    pub fn due(&self, now: Time) -> Option<Time> {
        let wants = self.wanted > self.estimate() || self.prober.is_sending();
        let at = if self.can_pad {
            self.prober.due(now)
        } else {
            Time(now.0 + UNPROBED_US)
        };
        let look = wants.then_some(at);
        look.into_iter().chain(self.repeats.due()).min()
    }
}
