//! Redundant audio (RFC 2198): passed on as it is, or unwrapped, with what was lost made again from it.

use crate::harness::{Link, Network, Source, mapping, sender_parameters};
use polyana_core::{PayloadTypeMapping, ReceiverId, SenderId, SenderParameters};
use polyana_wire::payload::red::Redundancy;

const RED: u8 = 63;
const OPUS: u8 = 111;
const OUT_RED: u8 = 98;
const OUT_OPUS: u8 = 97;
const FRAME_TICKS: u32 = 960;

struct Call {
    network: Network,
    /// Gets RED.
    redundant: SenderId,
    /// Gets plain Opus.
    plain: SenderId,
}

fn parameters(receiver: ReceiverId, red: PayloadTypeMapping) -> SenderParameters {
    SenderParameters {
        payload_types: vec![red, mapping(OPUS, OUT_OPUS, None)],
        rtx_ssrc: None,
        ..sender_parameters(receiver, 0)
    }
}

/// Alice speaks to Bob, who takes RED, and Carol, who does not. Nobody asks for lost speech again.
fn call(seed: u64, first_number: u64, redundant_blocks: usize) -> Call {
    let mut network = Network::new(seed);
    let (alice, bob, carol) = (network.add_peer(), network.add_peer(), network.add_peer());
    let mut source = Source::audio(9);
    source.red = Some((RED, redundant_blocks));
    source.index = first_number;
    source.audio_level_id = Some(crate::harness::id::AUDIO_LEVEL);
    source.answers_nacks = false;
    source.active = false;
    let microphone = network.publish(alice, source);
    let redundant = network.subscribe_as(bob, parameters(microphone, mapping(RED, OUT_RED, None)));
    let unwrapping = PayloadTypeMapping {
        unwrap_red: true,
        ..mapping(RED, OUT_OPUS, None)
    };
    let plain = network.subscribe_as(carol, parameters(microphone, unwrapping));
    Call {
        network,
        redundant,
        plain,
    }
}

fn source(call: &mut Call) -> &mut Source {
    call.network.source(9)
}

/// Sends the next frames of Alice, those in `lost` never.
fn speak(call: &mut Call, frames: usize, lost: &[usize]) {
    for number in 0..frames {
        let now = call.network.now;
        let peer = &mut call.network.peers[0];
        let packets = peer.sources[0].frame(now, &peer.srtp_out, &mut peer.transport_sequence);
        if !lost.contains(&number) {
            packets
                .into_iter()
                .for_each(|packet| call.network.send(0, packet));
        }
        call.network.run_ms(20);
    }
    call.network.run_ms(50);
}

/// Carol's packets are Alice's frames one by one, in their times; which of Alice's frames are missing.
fn assert_plain_opus(call: &mut Call) -> Vec<u32> {
    let sent = source(call).sent.clone();
    let sink = call.network.sink(call.plain);
    let first = sink.packets.values().next().unwrap();
    let frame_of = |stamp| sent.iter().find(|frame| frame.stamp == stamp).unwrap();
    let base = frame_of(first.stamp().unwrap().1).timestamp;
    let mut seen = Vec::new();
    for packet in sink.packets.values() {
        assert_eq!(packet.payload_type, OUT_OPUS);
        let (ssrc, stamp) = packet.stamp().unwrap();
        assert_eq!((ssrc, packet.payload.len()), (9, 80));
        assert_eq!(
            packet.timestamp.wrapping_sub(first.timestamp),
            frame_of(stamp).timestamp.wrapping_sub(base)
        );
        seen.push(stamp);
    }
    assert!(seen.is_sorted(), "the order of numbers is the order of speech");
    sent.iter()
        .map(|frame| frame.stamp)
        .filter(|stamp| !seen.contains(stamp))
        .collect()
}

#[test]
fn who_takes_red_gets_it_and_who_does_not_gets_opus() {
    let mut call = call(1, 1000, 1);
    speak(&mut call, 50, &[]);
    assert!(assert_plain_opus(&mut call).is_empty());
    assert!(call.network.sink(call.plain).holes().is_empty());
    let sink = call.network.sink(call.redundant);
    assert_eq!(sink.packets.len(), 50);
    for packet in sink.packets.values() {
        assert_eq!(packet.payload_type, OUT_RED);
        let found = Redundancy::parse(&packet.payload).unwrap();
        // Blocks name the payload types of the one who reads them.
        assert_eq!(found.primary.payload_type, OUT_OPUS);
        assert!(found.redundant().all(|block| {
            block.payload_type == OUT_OPUS && u32::from(block.timestamp_offset) == FRAME_TICKS
        }));
    }
    let last = sink.packets.values().next_back().unwrap();
    assert_eq!(Redundancy::parse(&last.payload).unwrap().redundant().count(), 1);
    assert_eq!(call.network.counters().red_recovered, 0);
}

#[test]
fn what_was_lost_is_made_again_in_its_place() {
    for first_number in [0, 32_760, 65_530] {
        let mut call = call(2, first_number, 1);
        speak(&mut call, 40, &[3, 10, 20, 38]);
        assert!(assert_plain_opus(&mut call).is_empty());
        let plain = call.network.sink(call.plain);
        assert!(plain.holes().is_empty());
        assert!(plain.order.is_sorted(), "before the packet that held it");
        assert_eq!(call.network.counters().red_recovered, 4);
        // Bob has the same speech in the redundancy, so it is not sent to him twice.
        let redundant = call.network.sink(call.redundant);
        assert_eq!((redundant.packets.len(), redundant.holes().len()), (36, 4));
    }
}

#[test]
fn two_in_a_row_need_two_blocks() {
    let mut one = call(3, 1000, 1);
    speak(&mut one, 20, &[5, 6]);
    assert_eq!(assert_plain_opus(&mut one), [5]);
    let mut two = call(3, 1000, 2);
    speak(&mut two, 20, &[5, 6]);
    assert!(assert_plain_opus(&mut two).is_empty());
}

#[test]
fn what_comes_late_after_all_is_not_sent_twice() {
    let mut missing = 0;
    for seed in 1..=20 {
        let mut call = call(seed, 65_500, 1);
        call.network.peers[0].up = Link::delay_ms(30).jitter_ms(30).loss(0.05);
        for sender in [call.redundant, call.plain] {
            call.network.sink_mut(sender).nacks = true;
        }
        source(&mut call).active = true;
        call.network.run_ms(5000);
        source(&mut call).active = false;
        call.network.run_ms(200);
        missing += assert_plain_opus(&mut call).len();
        let redundant = call.network.sink(call.redundant);
        assert!(
            redundant
                .packets
                .values()
                .all(|packet| packet.payload_type == OUT_RED)
        );
        assert!(call.network.counters().red_recovered > 10);
        for peer in &call.network.peers {
            assert_eq!(peer.nonces_used_twice, 0, "seed {seed}");
        }
    }
    // 250 of 5000 were lost; one in four hundred together with the next, which held it.
    assert!(missing < 30, "{missing} missing");
}

#[test]
fn a_pause_in_speech_is_no_loss() {
    let mut call = call(4, 1000, 1);
    speak(&mut call, 10, &[]);
    call.network.run_ms(3000);
    speak(&mut call, 10, &[]);
    assert!(assert_plain_opus(&mut call).is_empty());
    assert_eq!(call.network.counters().red_recovered, 0);
}

#[test]
fn an_answer_to_a_nack_is_what_was_sent() {
    let mut call = call(5, 1000, 1);
    speak(&mut call, 20, &[7]);
    for (peer, sender) in [(1, call.redundant), (2, call.plain)] {
        let sink = call.network.sink(sender);
        let ssrc = sink.ssrc;
        let first = *sink.packets.keys().next().unwrap() as u16;
        let numbers: Vec<u16> = (0..20).map(|number| first.wrapping_add(number)).collect();
        let nack = call.network.peers[peer].rtcp(|writer| writer.nack(1, ssrc, &numbers).unwrap());
        call.network.send(peer, nack);
        call.network.run_ms(100);
        assert_eq!(call.network.peers[peer].nonces_used_twice, 0);
    }
    assert_eq!(call.network.counters().retransmitted_out, 19 + 20);
    // Bob never gets the stand-in under the number that the original may still take.
    assert_eq!(call.network.sink(call.redundant).holes().len(), 1);
}

#[test]
fn plain_opus_goes_to_both() {
    let mut call = call(6, 1000, 1);
    source(&mut call).red = None;
    speak(&mut call, 20, &[4]);
    for sender in [call.redundant, call.plain] {
        let sink = call.network.sink(sender);
        assert_eq!((sink.packets.len(), sink.holes().len()), (19, 1));
        assert!(
            sink.packets
                .values()
                .all(|packet| packet.payload_type == OUT_OPUS)
        );
    }
}

#[test]
fn lengths_that_lie_are_dropped_and_counted() {
    let mut call = call(7, 1000, 1);
    speak(&mut call, 5, &[]);
    let (now, path) = (call.network.now, call.network.peers[0].path());
    let lies = [
        &[0x80 | OPUS, 0, 3, 0xff, OPUS, 1][..],
        &[0x80 | OPUS, 0],
        &[0xff; 40],
    ];
    for payload in lies {
        let peer = &mut call.network.peers[0];
        let packet = peer.sources[0].packet(now, payload, false, (false, 0), &peer.srtp_out, &mut 0);
        call.network.inject(path, &packet);
    }
    assert_eq!(call.network.counters().error_rtp_malformed, 3);
    assert_eq!(call.network.counters().red_recovered, 0);
}
