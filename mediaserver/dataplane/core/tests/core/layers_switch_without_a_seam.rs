//! Simulcast and temporal layers: one continuous stream, whatever it is made of (RFC 7667, section 3.7).

use crate::harness::{Network, Source};
use polyana_core::{Event, SenderId, SenderTarget};

const FRAME_TICKS: u32 = 3600;

fn spatial(max_spatial: u8) -> SenderTarget {
    SenderTarget {
        max_spatial,
        ..SenderTarget::default()
    }
}

fn temporal(max_temporal: u8) -> SenderTarget {
    SenderTarget {
        max_temporal,
        ..SenderTarget::default()
    }
}

/// SSRC at the publisher of the newest packet.
fn forwarded_now(network: &Network, sender: SenderId) -> u32 {
    network
        .sink(sender)
        .packets
        .values()
        .next_back()
        .unwrap()
        .stamp()
        .unwrap()
        .0
}

/// Sequence numbers without holes, times that never go back, pictures one by one; the steps between frames.
fn assert_continuous(network: &Network, sender: SenderId) -> Vec<u32> {
    let sink = network.sink(sender);
    assert!(sink.holes().is_empty());
    let packets: Vec<_> = sink.packets.values().collect();
    let mut steps = Vec::new();
    for pair in packets.windows(2) {
        let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
        assert!(step.cast_signed() >= 0, "time went back");
        let pictures = [
            pair[0].vp8().picture_id.unwrap(),
            pair[1].vp8().picture_id.unwrap(),
        ];
        let expected = pictures[0].wrapping_add(u16::from(step != 0)) & 0x7fff;
        assert_eq!(pictures[1], expected, "pictures are counted one by one");
        if step != 0 {
            assert!(pair[0].marker, "a frame ends before the next begins");
            steps.push(step);
        }
        if pair[0].stamp().unwrap().0 != pair[1].stamp().unwrap().0 {
            assert!(
                pair[1].is_keyframe_start(),
                "another layer begins with a keyframe"
            );
        }
    }
    steps
}

#[test]
fn spatial_layers_change_at_keyframes() {
    let mut network = Network::new(1);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let camera = network.publish_simulcast(alice, &["q", "h", "f"]);
    let sender = network.subscribe(bob, camera);
    network.run_ms(2500);
    assert_eq!(forwarded_now(&network, sender), 3000, "the best one");
    for (target, ssrc) in [(0, 1000), (1, 2000), (2, 3000), (0, 1000), (200, 3000)] {
        network.target(sender, spatial(target));
        network.run_ms(1500);
        assert_eq!(forwarded_now(&network, sender), ssrc);
    }
    let steps = assert_continuous(&network, sender);
    // Sender reports align the layers: a switch takes whole frames, to the tick.
    let odd = steps
        .iter()
        .skip(60)
        .filter(|&&step| step.abs_diff(FRAME_TICKS) > 2)
        .count();
    assert!(odd <= 5, "{odd} steps are not one frame");
    let changes: Vec<_> = network
        .take_events()
        .into_iter()
        .filter_map(|event| match event {
            Event::SenderEncodingChanged { encoding, .. } => encoding,
            _ => None,
        })
        .collect();
    assert_eq!(changes[changes.len() - 5..], [0, 1, 2, 0, 2]);
}

#[test]
fn without_reports_a_switch_takes_the_time_that_passed() {
    let mut network = Network::new(2);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let camera = network.publish_simulcast(alice, &["q", "f"]);
    network.peers[alice]
        .sources
        .iter_mut()
        .for_each(|source| source.sends_reports = false);
    let sender = network.subscribe(bob, camera);
    network.run_ms(1500);
    network.target(sender, spatial(0));
    network.run_ms(1500);
    assert_eq!(forwarded_now(&network, sender), 1000);
    let steps = assert_continuous(&network, sender);
    assert!(steps.iter().all(|&step| step <= 2 * FRAME_TICKS));
}

#[test]
fn a_layer_that_ends_gives_way_to_the_next_best() {
    let mut network = Network::new(3);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let camera = network.publish_simulcast(alice, &["q", "h", "f"]);
    let sender = network.subscribe(bob, camera);
    network.run_ms(2000);
    network.source(3000).active = false; // its uplink became narrow
    network.run_ms(3000);
    assert_eq!(forwarded_now(&network, sender), 2000);
    network.source(3000).active = true;
    network.run_ms(2000);
    assert_eq!(forwarded_now(&network, sender), 3000);
    assert_continuous(&network, sender);
}

#[test]
fn when_nothing_is_live_it_is_told_and_goes_on_where_it_stood() {
    let mut network = Network::new(4);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let camera = network.publish(alice, Source::video(7));
    let sender = network.subscribe(bob, camera);
    network.run_ms(1000);
    network.take_events();
    network.source(7).active = false;
    network.run_ms(3000);
    let gone = Event::SenderEncodingChanged {
        sender,
        encoding: None,
    };
    assert!(network.take_events().contains(&gone));
    network.source(7).active = true;
    network.run_ms(1000);
    let back = Event::SenderEncodingChanged {
        sender,
        encoding: Some(0),
    };
    assert!(network.take_events().contains(&back));
    assert!(network.sink(sender).holes().is_empty());
}

#[test]
fn a_disabled_sender_is_silent_and_says_so() {
    let mut network = Network::new(5);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let camera = network.publish(alice, Source::video(7));
    let sender = network.subscribe(bob, camera);
    network.run_ms(1000);
    let disabled = SenderTarget {
        enabled: false,
        ..SenderTarget::default()
    };
    network.take_events();
    network.target(sender, disabled);
    network.run_ms(50);
    let before = network.sink(sender).packets.len();
    network.run_ms(1000);
    assert_eq!(network.sink(sender).packets.len(), before);
    let gone = Event::SenderEncodingChanged {
        sender,
        encoding: None,
    };
    let mut events = network.take_events();
    events.retain(|event| !matches!(event, Event::LayerBitrates { .. }));
    assert_eq!(events, [gone]);
    network.target(sender, SenderTarget::default());
    network.run_ms(1000);
    assert!(network.sink(sender).packets.len() > before + 40);
    assert_continuous(&network, sender);
}

#[test]
fn temporal_layers_are_left_out_and_come_back() {
    let mut network = Network::new(6);
    let (alice, bob) = (network.add_peer(), network.add_peer());
    let mut source = Source::video(7);
    source.codec = crate::harness::Codec::Vp8 { temporal_layers: 3 };
    let camera = network.publish(alice, source);
    let sender = network.subscribe(bob, camera);
    network.run_ms(1000);
    for target in [0, 2, 1, 2] {
        network.target(sender, temporal(target));
        network.run_ms(50);
        let from = network.now;
        network.run_ms(1000);
        let sink = network.sink(sender);
        let layers: std::collections::BTreeSet<u8> = sink
            .packets
            .values()
            .filter(|packet| packet.at > from)
            .filter_map(|packet| packet.vp8().temporal_id)
            .collect();
        assert_eq!(layers.last(), Some(&target));
    }
    assert_continuous(&network, sender);
}

#[test]
fn losses_are_recovered_across_switches() {
    use crate::harness::Link;
    for seed in 1..=4 {
        let mut network = Network::new(seed);
        let (alice, bob) = (network.add_peer(), network.add_peer());
        let camera = network.publish_simulcast(alice, &["q", "h", "f"]);
        let sender = network.subscribe(bob, camera);
        network.sink_mut(sender).nacks = true;
        for peer in [alice, bob] {
            network.peers[peer].up = Link::delay_ms(40).loss(0.05);
            network.peers[peer].down = Link::delay_ms(40).loss(0.05);
        }
        for target in [2, 0, 1, 2, 1, 0] {
            network.target(sender, spatial(target));
            network.run_ms(1700);
        }
        for peer in [alice, bob] {
            network.peers[peer].up = Link::delay_ms(40);
            network.peers[peer].down = Link::delay_ms(40);
        }
        network.run_ms(1500);
        let holes = network.sink(sender).holes();
        assert!(holes.is_empty(), "seed {seed}: {holes:?}");
    }
}
