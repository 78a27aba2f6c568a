//! What a resend can save is saved, on the way in and on the way out (RFC 4585, RFC 4588).

use crate::harness::{Link, Network, Source};
use polyana_core::{Command, SenderId};

/// No picture stands still for longer than this.
const MAX_FREEZE_US: u64 = 550_000;
/// What was lost at the very end is still on its way.
const TAIL_US: u64 = 1_500_000;

struct Call {
    network: Network,
    video: SenderId,
    audio: SenderId,
}

/// Alice sends camera and microphone to Bob, both over bad lines of 40 ms each way.
fn call(seed: u64, link: Link, rtx: bool) -> Call {
    let mut network = Network::new(seed);
    let alice = network.add_peer();
    let bob = network.add_peer();
    let mut source = Source::video(7);
    if !rtx {
        source.rtx_payload_type = None;
    }
    let camera = network.publish(alice, source);
    let microphone = network.publish(alice, Source::audio(9));
    let mut parameters = crate::harness::sender_parameters(camera, 0);
    if !rtx {
        parameters.rtx_ssrc = None;
        parameters.payload_types = vec![crate::harness::mapping(96, 120, None)];
    }
    let video = network.subscribe_as(bob, parameters);
    let audio = network.subscribe(bob, microphone);
    for sender in [video, audio] {
        network.sink_mut(sender).nacks = true;
    }
    for peer in [alice, bob] {
        network.peers[peer].up = link;
        network.peers[peer].down = link;
    }
    Call {
        network,
        video,
        audio,
    }
}

/// Times at which pictures became complete in order: a packet counts when all before it are here.
fn longest_freeze_us(call: &Call) -> u64 {
    let sink = call.network.sink(call.video);
    let mut ready = 0;
    let mut freeze = 0;
    for packet in sink.packets.values() {
        let complete = packet.at.0.max(ready);
        if ready > 0 {
            freeze = freeze.max(complete - ready);
        }
        ready = complete;
    }
    freeze
}

fn holes_before_the_tail(call: &Call, sender: SenderId) -> usize {
    let sink = call.network.sink(sender);
    let holes = sink.holes();
    let recent = |hole: &u64| {
        let next = sink.packets.range(*hole..).next().unwrap().1;
        next.at.0 + TAIL_US > call.network.now.0
    };
    holes.iter().filter(|hole| !recent(hole)).count()
}

fn assert_saved(seed: u64, link: Link, rtx: bool) {
    let mut call = call(seed, link, rtx);
    call.network.run_ms(20_000);
    assert!(call.network.sink(call.video).packets.len() > 1900);
    assert_eq!(holes_before_the_tail(&call, call.video), 0, "seed {seed}");
    let freeze = longest_freeze_us(&call);
    assert!(freeze < MAX_FREEZE_US, "seed {seed}: froze for {freeze} us");
    let counters = call.network.counters();
    assert!(counters.nacks_out > 0 && counters.nacks_in > 0);
    assert!(counters.retransmitted_out > 0);
    assert_eq!(counters.retransmitted_in > 0, rtx);
    assert_eq!(call.network.peers[1].nonces_used_twice, 0);
}

#[test]
fn five_percent_both_ways_and_80_ms() {
    for seed in 1..=6 {
        assert_saved(seed, Link::delay_ms(40).loss(0.05), true);
    }
}

#[test]
fn also_without_a_retransmission_stream() {
    for seed in 7..=9 {
        assert_saved(seed, Link::delay_ms(40).loss(0.05), false);
    }
}

#[test]
fn also_with_jitter_and_copies() {
    for seed in 10..=12 {
        let link = Link::delay_ms(30).loss(0.05).jitter_ms(20).duplicate(0.02);
        assert_saved(seed, link, true);
    }
}

#[test]
fn a_wish_for_what_we_lack_too_is_granted_when_it_comes() {
    for seed in 20..=23 {
        let mut call = call(seed, Link::delay_ms(40).loss(0.05), true);
        call.network.peers[0].up = Link::delay_ms(60).loss(0.08);
        call.network.run_ms(15_000);
        let counters = call.network.counters();
        assert!(counters.retransmissions_awaited > 50, "seed {seed}");
        assert_eq!(counters.retransmission_misses, 0, "seed {seed}");
        assert_eq!(holes_before_the_tail(&call, call.video), 0, "seed {seed}");
    }
}

#[test]
fn speech_too() {
    let mut call = call(13, Link::delay_ms(40).loss(0.05), true);
    call.network.run_ms(20_000);
    assert_eq!(holes_before_the_tail(&call, call.audio), 0);
}

#[test]
fn reordering_alone_asks_for_nothing() {
    let link = Link::delay_ms(40).jitter_ms(6);
    let mut call = call(14, link, true);
    call.network.run_ms(5000);
    let counters = call.network.counters();
    assert_eq!(
        (counters.plis_out, call.network.sink(call.video).holes().len()),
        (1, 0)
    );
    assert_eq!(counters.retransmitted_in, 0);
}

#[test]
fn what_is_on_its_way_is_not_sent_again() {
    let mut call = call(15, Link::delay_ms(40), true);
    call.network.run_ms(2000);
    let (ssrc, newest) = {
        let sink = call.network.sink(call.video);
        (sink.ssrc, *sink.packets.keys().last().unwrap() as u16)
    };
    let before = call.network.counters();
    for _ in 0..5 {
        let nack = call.network.peers[1].rtcp(|writer| writer.nack(1, ssrc, &[newest]).unwrap());
        call.network.send(1, nack);
    }
    call.network.run_ms(200);
    let after = call.network.counters();
    assert_eq!(after.nacks_in - before.nacks_in, 5);
    assert_eq!(after.retransmitted_out - before.retransmitted_out, 1);
    let numbers = &call.network.sink(call.video).rtx_numbers;
    assert_eq!(numbers.len(), 1);
}

#[test]
fn a_number_that_was_never_sent_is_counted_and_draws_nothing() {
    let mut call = call(16, Link::delay_ms(10), true);
    call.network.run_ms(1000);
    let ssrc = call.network.sink(call.video).ssrc;
    let newest = *call.network.sink(call.video).packets.keys().last().unwrap() as u16;
    let nack = call.network.peers[1].rtcp(|writer| {
        writer.nack(1, ssrc, &[newest.wrapping_add(20_000)]).unwrap();
        writer.nack(1, 0xdead, &[newest]).unwrap();
    });
    let before = call.network.counters();
    call.network.send(1, nack);
    call.network.run_ms(100);
    let after = call.network.counters();
    assert_eq!(after.retransmitted_out, before.retransmitted_out);
    assert_eq!(after.retransmission_misses, before.retransmission_misses + 1);
}

#[test]
fn a_peer_cannot_make_the_server_resend_without_end() {
    let mut call = call(17, Link::delay_ms(10), true);
    call.network.run_ms(6000);
    let (ssrc, newest) = {
        let sink = call.network.sink(call.video);
        (sink.ssrc, *sink.packets.keys().last().unwrap() as u16)
    };
    let before = call.network.counters().retransmitted_out;
    for _ in 0..20 {
        let lost: Vec<u16> = (0..200).map(|back| newest.wrapping_sub(back)).collect();
        let nack = call.network.peers[1].rtcp(|writer| writer.nack(1, ssrc, &lost).unwrap());
        call.network.send(1, nack);
        call.network.run_ms(50);
    }
    let resent = call.network.counters().retransmitted_out - before;
    assert!(resent <= 1100, "{resent} resends in a second");
}

#[test]
fn retransmissions_have_their_own_stream() {
    let mut call = call(18, Link::delay_ms(40).loss(0.05), true);
    call.network.run_ms(5000);
    let sink = call.network.sink(call.video);
    let resent: Vec<_> = sink.packets.values().filter(|packet| packet.resent).collect();
    assert!(!resent.is_empty());
    assert!(resent.iter().all(|packet| packet.payload_type == 121));
    let mut numbers = sink.rtx_numbers.clone();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), sink.rtx_numbers.len());
}

#[test]
fn what_has_stopped_is_not_sent_again() {
    let mut call = call(3, Link::delay_ms(40), true);
    call.network.run_ms(1000);
    call.network.peers[1].down = Link::delay_ms(40).loss(0.5);
    call.network.run_ms(200);
    call.network.peers[1].down = Link::delay_ms(40);
    let stopped = polyana_core::SenderTarget {
        enabled: false,
        ..Default::default()
    };
    call.network.target(call.video, stopped);
    let before = call.network.statistics();
    call.network.run_ms(1000);
    let after = call.network.statistics();
    let resent = |statistics: &polyana_core::Statistics| {
        let video = statistics.senders.iter().find(|one| one.sender == call.video);
        video.unwrap().retransmitted
    };
    assert!(after.counters.nacks_in > before.counters.nacks_in);
    assert_eq!(resent(&after), resent(&before));
}

/// Bob's line loses packets and has a round trip of 100 ms; Alice's is as good as can be.
fn lossy_line(seed: u64, loss: f64) -> Call {
    let mut call = call(seed, Link::delay_ms(0), true);
    call.network.peers[1].up = Link::delay_ms(50).loss(loss);
    call.network.peers[1].down = Link::delay_ms(50).loss(loss);
    call.network.peers[1].gives_feedback = true;
    call.network.command(Command::SetWantedBitrate {
        transport: call.network.peers[1].transport,
        bits_per_second: 2_000_000,
    });
    call
}

/// Pictures that stood for longer than a round trip and what else belongs to one resend, in a minute.
fn long_freezes(seed: u64, loss: f64) -> (usize, f64) {
    const LONG_US: u64 = 170_000;
    let mut call = lossy_line(seed, loss);
    call.network.run_ms(5_000); // what the line loses has to be learnt
    let before = call.network.counters();
    let since = call.network.now.0;
    call.network.run_ms(60_000);
    let counters = call.network.counters();
    let sink = call.network.sink(call.video);
    let (mut ready, mut frozen) = (0, 0);
    for packet in sink.packets.values() {
        let complete = packet.at.0.max(ready);
        frozen += usize::from(ready > since && complete - ready > LONG_US);
        ready = complete;
    }
    let again = (counters.retransmitted_out - before.retransmitted_out) as f64;
    (
        frozen,
        again / (counters.rtp_packets_out - before.rtp_packets_out) as f64,
    )
}

#[test]
fn a_resend_that_is_lost_as_well_is_not_waited_for() {
    // Without copies and without what feedback tells: about 20 at 5 %, and 55 at 10 %.
    for (loss, most, most_again) in [(0.05, 6, 0.14), (0.1, 15, 0.75)] {
        for seed in 30..34 {
            let (frozen, again) = long_freezes(seed, loss);
            assert!(frozen <= most, "seed {seed}, {loss}: {frozen} in a minute");
            assert!(again < most_again, "seed {seed}, {loss}: {again:.3} sent again");
        }
    }
}

#[test]
fn that_the_end_of_a_picture_is_lost_need_not_be_noticed_first() {
    const LATE_US: u64 = 60_000;
    let mut call = lossy_line(41, 0.1);
    call.network.run_ms(30_000);
    let packets: Vec<_> = call.network.sink(call.video).packets.values().collect();
    let ends: Vec<_> = packets.windows(2).filter(|pair| pair[1].marker).collect();
    let waited = ends.iter().map(|pair| pair[1].at.0.saturating_sub(pair[0].at.0));
    let late = waited.filter(|&waited| waited > LATE_US).count();
    assert!(ends.len() > 700 && late < 35, "{late} of {}", ends.len()); // every tenth is lost
}

#[test]
fn a_line_that_loses_nothing_gets_no_copies() {
    let (frozen, again) = long_freezes(40, 0.0);
    assert_eq!((frozen, again), (0, 0.0));
}
