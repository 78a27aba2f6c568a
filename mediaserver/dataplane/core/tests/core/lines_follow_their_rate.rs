//! A peer that gives feedback gets as much video as its line carries, soon, and without a queue that anybody would feel.
//! Who chooses the layers is the control plane; a simple one is played here.

use crate::harness::{Link, Network, Source, sender_parameters, spans, uri};
use polyana_core::{Command, Event, LayerBitrate, ReceiverId, SenderId, SenderTarget, Time};

/// Three layers of about 0.2, 0.6 and 1.8 Mbit/s, and a peer with this line.
struct Lesson {
    network: Network,
    viewer: usize,
    sender: SenderId,
    receiver: ReceiverId,
    /// (when, estimate) in bit/s, and (when, chosen layer).
    estimates: Vec<(Time, u64)>,
    layers: Vec<(Time, u8)>,
}

const LAYER_BPS: [u64; 3] = [215_000, 640_000, 1_900_000];

impl Lesson {
    fn new(seed: u64, line: Link) -> Self {
        let mut network = Network::new(seed);
        let teacher = network.add_peer();
        let viewer = network.add_peer();
        let receiver = network.publish_simulcast(teacher, &["q", "h", "f"]);
        for (layer, packets) in [1, 3, 9].into_iter().enumerate() {
            network.source(1000 * (layer as u32 + 1)).packets_per_frame = packets;
        }
        network.run_ms(500);
        network.peers[viewer].down = line;
        network.peers[viewer].gives_feedback = true;
        let sender = network.subscribe(viewer, receiver);
        network.sink_mut(sender).nacks = true;
        let mut lesson = Self {
            network,
            viewer,
            sender,
            receiver,
            estimates: Vec::new(),
            layers: Vec::new(),
        };
        lesson.choose(0);
        let transport = lesson.network.peers[viewer].transport;
        lesson.network.command(Command::SetWantedBitrate {
            transport,
            bits_per_second: 2_100_000,
        });
        lesson
    }

    fn choose(&mut self, layer: u8) {
        if self.layers.last().map(|(_, known)| *known) == Some(layer) {
            return;
        }
        self.layers.push((self.network.now, layer));
        self.network.target(
            self.sender,
            SenderTarget {
                max_spatial: layer,
                ..SenderTarget::default()
            },
        );
    }

    /// Lets the time pass; every 100 ms the best layer is chosen that the estimate allows.
    fn run_s(&mut self, seconds: u64) {
        for _ in 0..seconds * 10 {
            self.network.run_ms(100);
            for (at, event) in self.network.events.drain(..) {
                if let Event::BandwidthEstimated { bits_per_second, .. } = event {
                    self.estimates.push((at, bits_per_second));
                }
            }
            let estimate = self.estimate();
            let current = self.layers.last().unwrap().1;
            let best = (0..3u8)
                .rev()
                .find(|&layer| {
                    let needed = LAYER_BPS[usize::from(layer)];
                    // A better one only with room to spare.
                    if layer > current {
                        needed * 21 / 20 <= estimate
                    } else {
                        needed <= estimate
                    }
                })
                .unwrap_or(0);
            self.choose(best);
        }
    }

    fn estimate(&self) -> u64 {
        self.estimates.last().unwrap().1
    }

    fn layer(&self) -> u8 {
        self.layers.last().unwrap().1
    }

    /// The share of datagrams since `since` that waited longer than this in the queue.
    fn late(&self, since: Time, longer_than_us: u64) -> f64 {
        let waits: Vec<u64> = self.network.peers[self.viewer]
            .waits
            .iter()
            .filter(|(at, _)| *at >= since)
            .map(|(_, waited)| *waited)
            .collect();
        waits.iter().filter(|waited| **waited > longer_than_us).count() as f64 / waits.len() as f64
    }

    /// No packet is missing for good, none goes out twice.
    fn assert_whole(&self) {
        assert_eq!(self.network.peers[self.viewer].nonces_used_twice, 0);
        let sink = self.network.sink(self.sender);
        assert_eq!(sink.holes(), Vec::<u64>::new());
        assert!(sink.packets.len() > 100);
    }
}

#[test]
fn a_wide_line_gets_the_best_layer_within_two_seconds() {
    for seed in 0..5 {
        let mut lesson = Lesson::new(seed, Link::delay_ms(25).rate(20_000_000));
        lesson.run_s(2);
        assert_eq!(lesson.layer(), 2, "{:?}", lesson.estimates);
        lesson.run_s(20);
        assert_eq!(lesson.layers.last().unwrap().1, 2, "{:?}", lesson.layers);
        assert!(lesson.network.peers[lesson.viewer].padding < 200);
        lesson.assert_whole();
    }
}

#[test]
fn a_line_between_two_layers_gets_the_lower_one_and_no_queue() {
    for (seed, delay) in [(1, 10), (2, 50), (3, 150)] {
        for (rate, layer) in [(300_000, 0), (1_000_000, 1)] {
            let mut lesson = Lesson::new(seed, Link::delay_ms(delay).rate(rate));
            lesson.run_s(5);
            let settled = lesson.network.now;
            lesson.run_s(25);
            let told = format!("{rate} {delay} ms {:?} {:?}", lesson.layers, lesson.estimates);
            assert_eq!(lesson.layer(), layer, "{told}");
            let changes = lesson.layers.iter().filter(|(at, _)| *at > settled).count();
            assert!(changes <= 2, "{told}");
            let late = lesson.late(settled, 100_000);
            assert!(late < 0.05, "{late} {told}");
            lesson.assert_whole();
        }
    }
}

#[test]
fn a_line_that_becomes_narrow_is_left_at_once_and_one_that_becomes_wide_is_used_soon() {
    let mut lesson = Lesson::new(4, Link::delay_ms(25).rate(5_000_000));
    lesson.run_s(5);
    assert_eq!(lesson.layer(), 2);
    lesson.network.peers[lesson.viewer].down = Link::delay_ms(25).rate(400_000);
    lesson.run_s(3);
    assert_eq!(lesson.layer(), 0, "{:?}", lesson.estimates);
    let settled = lesson.network.now;
    lesson.run_s(10);
    assert_eq!(lesson.layer(), 0);
    let late = lesson.late(settled, 100_000);
    assert!(late < 0.05, "{late} {:?} {:?}", lesson.layers, lesson.estimates);
    lesson.network.peers[lesson.viewer].down = Link::delay_ms(25).rate(5_000_000);
    lesson.run_s(6);
    assert_eq!(lesson.layer(), 2, "{:?}", lesson.estimates);
}

/// As radio does: nothing gets through for a moment, then all of it.
#[test]
fn a_line_that_is_held_up_for_a_moment_is_not_thought_narrow() {
    for seed in 30..35 {
        let mut lesson = Lesson::new(seed, Link::delay_ms(50).rate(1_000_000));
        lesson.run_s(10);
        assert_eq!(lesson.layer(), 1, "{:?}", lesson.estimates);
        for _ in 0..10 {
            let free_at = lesson.network.now.0 + 150_000;
            lesson.network.peers[lesson.viewer].free_at = free_at;
            lesson.run_s(2);
            assert_eq!(lesson.layer(), 1, "{:?}", lesson.estimates);
        }
    }
}

#[test]
fn a_line_that_is_too_narrow_for_the_lowest_layer_is_known_to_be() {
    for (seed, rate) in [(11, 100_000), (12, 170_000)] {
        let mut lesson = Lesson::new(seed, Link::delay_ms(50).rate(rate));
        lesson.run_s(4); // nobody pauses here
        for _ in 0..10 {
            lesson.run_s(1);
            assert!(
                lesson.estimate() <= rate * 11 / 10,
                "{rate} {:?}",
                lesson.estimates
            );
        }
    }
}

#[test]
fn a_picture_that_stops_is_seen_to_fit_again() {
    let mut lesson = Lesson::new(13, Link::delay_ms(50).rate(100_000));
    lesson.run_s(4);
    lesson.network.target(
        lesson.sender,
        SenderTarget {
            enabled: false,
            ..SenderTarget::default()
        },
    );
    lesson.network.run_ms(3000);
    lesson.network.peers[lesson.viewer].down = Link::delay_ms(50).rate(5_000_000);
    lesson.run_s(6);
    assert!(lesson.estimate() > 900_000, "{:?}", lesson.estimates);
}

#[test]
fn losses_that_no_lower_rate_helps_against_cost_no_layer() {
    for (seed, loss) in [(5, 0.02), (6, 0.05), (7, 0.1)] {
        let mut lesson = Lesson::new(seed, Link::delay_ms(25).rate(20_000_000).loss(loss));
        lesson.run_s(30);
        let high = lesson.layers.iter().filter(|(_, layer)| *layer == 2).count();
        assert_eq!(
            lesson.layer(),
            2,
            "{loss} {:?} {:?}",
            lesson.layers,
            lesson.estimates
        );
        assert!(high <= 3, "{loss} {:?}", lesson.layers);
    }
}

#[test]
fn a_keyframe_leaves_at_the_pace_of_the_line() {
    let mut lesson = Lesson::new(8, Link::delay_ms(25).rate(1_000_000));
    lesson.run_s(8);
    assert_eq!(lesson.layer(), 1);
    let source = lesson.network.source(2000);
    source.packets_per_frame = 10; // and twice as many in a keyframe: 21 kB, 170 ms of the line
    source.keyframe_wanted = true;
    let sink = lesson.network.sink(lesson.sender).order.len();
    let before = lesson.network.now;
    lesson.network.run_ms(45);
    lesson.network.source(2000).packets_per_frame = 2;
    lesson.network.run_ms(400);
    let sent: Vec<Time> = lesson.network.peers[lesson.viewer]
        .waits
        .iter()
        .map(|(at, _)| *at)
        .filter(|at| *at >= before)
        .collect();
    let at_once = sent.iter().filter(|at| **at == sent[0]).count();
    assert!(at_once <= 9, "{at_once} datagrams leave together");
    assert!(lesson.network.sink(lesson.sender).order.len() > sink + 20);
    lesson.assert_whole();
}

/// Estimates of five seconds with a peer that gives no feedback.
fn estimates_without_feedback(lesson: &mut Lesson) -> Vec<u64> {
    lesson.network.peers[lesson.viewer].gives_feedback = false;
    lesson.network.target(lesson.sender, SenderTarget::default());
    lesson.network.run_ms(5000);
    let told = lesson.network.events.iter();
    told.filter_map(|(_, event)| match event {
        Event::BandwidthEstimated { bits_per_second, .. } => Some(*bits_per_second),
        _ => None,
    })
    .collect()
}

#[test]
fn a_peer_without_feedback_is_sent_everything_at_once() {
    let mut lesson = Lesson::new(9, Link::delay_ms(25));
    lesson.network.sink_mut(lesson.sender).reports = true;
    let estimates = estimates_without_feedback(&mut lesson);
    assert_eq!(
        estimates,
        [300_000, 100_000_000],
        "the first guess, then no limit"
    );
    assert!(lesson.network.sink(lesson.sender).packets.len() > 1000);
    lesson.assert_whole();
}

#[test]
fn a_peer_that_says_nothing_yet_is_not_flooded() {
    let mut lesson = Lesson::new(9, Link::delay_ms(25));
    lesson.network.sink_mut(lesson.sender).reports = false;
    assert_eq!(
        estimates_without_feedback(&mut lesson),
        [300_000],
        "the first guess"
    );
}

#[test]
fn nothing_is_known_of_a_line_before_something_went_over_it() {
    let mut network = Network::new(21);
    let teacher = network.add_peer();
    let viewer = network.add_peer();
    let receiver = network.publish_simulcast(teacher, &["q", "h", "f"]);
    for source in &mut network.peers[teacher].sources {
        source.active = false;
    }
    let mut parameters = crate::harness::sender_parameters(receiver, 0);
    parameters.rtx_ssrc = None;
    network.subscribe_as(viewer, parameters);
    let wish = Command::SetWantedBitrate {
        transport: network.peers[viewer].transport,
        bits_per_second: 50_000_000,
    };
    network.command(wish);
    network.run_ms(5000);
    let told: Vec<&Event> = network.events.iter().map(|(_, event)| event).collect();
    let estimates = told.iter().filter_map(|event| match event {
        Event::BandwidthEstimated { bits_per_second, .. } => Some(*bits_per_second),
        _ => None,
    });
    assert_eq!(estimates.collect::<Vec<u64>>(), [300_000], "the first guess");
}

#[test]
fn a_line_that_cannot_be_probed_is_not_looked_at_all_the_time() {
    let mut network = Network::new(14);
    let teacher = network.add_peer();
    let viewer = network.add_peer();
    let receiver = network.publish_simulcast(teacher, &["q", "h", "f"]);
    let mut parameters = crate::harness::sender_parameters(receiver, 0);
    parameters.rtx_ssrc = None;
    network.peers[viewer].gives_feedback = true;
    let sender = network.subscribe_as(viewer, parameters);
    let wish = Command::SetWantedBitrate {
        transport: network.peers[viewer].transport,
        bits_per_second: 50_000_000,
    };
    network.command(wish);
    network.run_ms(1000);
    assert!(!network.sink(sender).packets.is_empty());
    for source in &mut network.peers[teacher].sources {
        source.active = false;
    }
    network.run_ms(2000);
    let rounds = network.rounds;
    network.run_ms(1000);
    let rounds = network.rounds - rounds;
    assert!(rounds < 60, "{rounds} wakes in a second");
}

#[test]
fn what_comes_in_of_each_layer_is_told_when_it_changes() {
    let mut lesson = Lesson::new(10, Link::delay_ms(25));
    let told_within = |lesson: &mut Lesson, ms: u64| -> Vec<Vec<LayerBitrate>> {
        lesson.network.events.clear();
        lesson.network.run_ms(ms);
        let events = lesson.network.events.iter();
        let layers = events.filter_map(|(_, event)| match event {
            Event::LayerBitrates { layers } => Some(layers.clone()),
            _ => None,
        });
        layers.collect()
    };
    let told = told_within(&mut lesson, 5000);
    let first: u64 = told[0].iter().map(|layer| layer.bits_per_second).sum();
    let all: u64 = LAYER_BPS.iter().sum();
    assert!(
        (all * 3 / 4..all * 5 / 4).contains(&first),
        "a part of a second is no second: {first}"
    );
    assert_eq!(told_within(&mut lesson, 5000), [[]; 0], "nothing new");
    let receiver = lesson.receiver;
    for enabled in [false, true] {
        lesson
            .network
            .command(Command::EnableReceiver { receiver, enabled });
    }
    let told = told_within(&mut lesson, 1100);
    assert_eq!((told.len(), told[0].len()), (1, 3), "{told:?}");
    for (layer, expected) in told[0].iter().zip(LAYER_BPS) {
        assert_eq!((layer.receiver, layer.temporal), (receiver, 0));
        let ratio = layer.bits_per_second as f64 / expected as f64;
        assert!((0.85..1.1).contains(&ratio), "{layer:?} {expected}");
    }
    lesson.network.source(2000).packets_per_frame = 1;
    let told = told_within(&mut lesson, 5000);
    assert!(
        (2..=4).contains(&told.len()),
        "until the smoothed rate has arrived: {told:?}"
    );
    for layers in told {
        assert_eq!(layers.iter().map(|layer| layer.spatial).collect::<Vec<_>>(), [1]);
    }
}

/// What was lost of what left before the rate was lowered says nothing against the rate that it was lowered to.
#[test]
fn a_line_that_becomes_narrow_is_not_thought_narrower_than_it_is() {
    for seed in 15..20 {
        let mut lesson = Lesson::new(seed, Link::delay_ms(50).rate(4_000_000));
        lesson.run_s(12);
        assert_eq!(lesson.layer(), 2, "{:?}", lesson.estimates);
        let before = lesson.network.now;
        lesson.network.peers[lesson.viewer].down = Link::delay_ms(50).rate(500_000);
        lesson.run_s(15);
        let told: Vec<_> = lesson.estimates.iter().filter(|(at, _)| *at > before).collect();
        let lowest = told.iter().map(|(_, estimate)| *estimate).min().unwrap();
        let waits = &lesson.network.peers[lesson.viewer].waits;
        let late: Vec<_> = waits
            .iter()
            .filter(|(at, waited)| *at > before && *waited > 200_000)
            .collect();
        let lasted_ms = (late.last().unwrap().0.0 - before.0) / 1000;
        assert!(lowest >= 400_000, "{lowest} {told:?}");
        assert!(lasted_ms < 1000, "{lasted_ms} ms {told:?} {:?}", lesson.layers);
    }
}

/// Sound is told of in no feedback, and waits and is lost like the rest when pictures fill the queue.
#[test]
fn the_room_that_sound_takes_is_not_thought_to_be_the_pictures() {
    let asked_ms = if spans() { 40 } else { 0 }; // the first keyframe is asked for with the first picture that comes
    for (seed, delay_ms) in [(60, 10), (61, 50), (62, 150)] {
        for loss in [0.0, 0.05] {
            let mut lesson = Lesson::new(seed, Link::delay_ms(delay_ms).rate(200_000).loss(loss));
            let mut sound = Source::audio(5000);
            sound.payload_length = 290; // with what is around it 138 kbit/s: Opus and its redundancy
            let teacher = 0;
            let receiver = lesson.network.publish(teacher, sound);
            let mut parameters = sender_parameters(receiver, 0);
            parameters.extensions.retain(|(name, _)| name != uri::TRANSPORT);
            lesson.network.subscribe_as(lesson.viewer, parameters);
            lesson.network.source(1000).keyframe_factor = 7;
            let before = lesson.network.now;
            lesson.run_s(3);
            let known = lesson
                .estimates
                .iter()
                .find(|(_, estimate)| *estimate < LAYER_BPS[0] * 2 / 3);
            let known_after_ms = known.map(|(at, _)| (at.0 - before.0) / 1000);
            assert!(
                known_after_ms.is_some_and(|after_ms| after_ms < 500 + 4 * delay_ms + asked_ms),
                "{delay_ms} ms {loss} {:?}",
                lesson.estimates
            );
            lesson.run_s(3);
            assert!(lesson.estimate() < 100_000, "{:?}", lesson.estimates);
        }
    }
}

/// A raise begins with a keyframe that fills the line for a moment. What arrives meanwhile shows what the line carries, also
/// where reports of it are lost.
#[test]
fn a_line_that_carries_the_best_layer_keeps_it_through_its_keyframe_and_lost_feedback() {
    for seed in 40..50 {
        let mut lesson = Lesson::new(seed, Link::delay_ms(50).rate(2_700_000).loss(0.05));
        lesson.network.peers[lesson.viewer].up = Link::delay_ms(50).loss(0.05);
        lesson.network.source(3000).keyframe_factor = 7;
        lesson.run_s(6); // one in sixty lines is raised after 5.7 s
        let settled = lesson.network.now;
        lesson.run_s(20);
        assert_eq!(lesson.layer(), 2, "{:?}", lesson.estimates);
        let changes: Vec<_> = lesson.layers.iter().filter(|(at, _)| *at > settled).collect();
        assert!(changes.is_empty(), "{changes:?} {:?}", lesson.estimates);
    }
}
