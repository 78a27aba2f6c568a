//! A film from prepared packets: on time, in step, at each viewer's layer; stopped, moved and joined late.

use crate::harness::show::{SECOND_US, Show, second};
use polyana_core::{Command, Event, PlayerStream, SenderId, SenderTarget, Time};

#[test]
fn everything_comes_once_on_time_and_at_the_best_layer() {
    let (mut show, sound, film) = Show::begun();
    let start = show.network.now;
    show.run_ms(5000);
    let pictures = show.pictures(film);
    assert!((124..=126).contains(&pictures.len()), "{}", pictures.len());
    let expected: Vec<(u8, u8)> = (0..5).flat_map(|s| (0..25).map(move |f| (s, f))).collect();
    assert_eq!(pictures[..124], expected[..124]);
    for sender in [sound, film] {
        let sink = show.network.sink(sender);
        assert_eq!(sink.holes(), Vec::<u64>::new());
        let first = sink.packets.values().next().unwrap();
        let rate = if sender == film { 90_000 } else { 48_000 };
        for packet in sink.packets.values() {
            let since_us = packet.at.0 - start.0;
            let media_us = u64::from(packet.timestamp.wrapping_sub(first.timestamp)) * SECOND_US / rate;
            assert!(since_us.abs_diff(media_us) < 25_000, "{since_us} {media_us}");
        }
    }
    let layers = show
        .network
        .sink(film)
        .packets
        .values()
        .filter(|packet| packet.marker)
        .count();
    assert_eq!(
        show.network.sink(film).packets.len() / layers,
        3,
        "three packets a frame: the best layer"
    );
    assert!(show.network.sink(sound).packets.len() >= 248);
}

#[test]
fn sound_and_picture_have_one_clock() {
    let (mut show, sound, film) = Show::begun();
    show.run_ms(4000);
    let at_zero = |sender: SenderId, rate: f64| {
        let sink = show.network.sink(sender);
        let (_, report) = sink.sender_reports.last().expect("a sender report");
        let first = sink.packets.values().next().unwrap().timestamp;
        let ntp = report.ntp_time as f64 / 4_294_967_296.0;
        ntp - f64::from(report.rtp_time.wrapping_sub(first)) / rate
    };
    let apart = (at_zero(sound, 48_000.0) - at_zero(film, 90_000.0)).abs();
    assert!(apart < 0.005, "{apart} s");
}

#[test]
fn each_viewer_has_a_layer_of_its_own_and_switches_at_a_keyframe() {
    let (mut show, _, film) = Show::begun();
    show.run_ms(1500);
    let low = SenderTarget {
        max_spatial: 0,
        ..SenderTarget::default()
    };
    show.network.target(film, low);
    show.run_ms(3500);
    let sink = show.network.sink(film);
    assert_eq!(sink.holes(), Vec::<u64>::new());
    let last = sink.packets.values().next_back().unwrap();
    assert!(last.marker && last.payload[0] & 0x10 != 0, "one packet a frame");
    let pictures = show.pictures(film);
    let mut in_order = pictures.clone();
    in_order.sort_unstable();
    in_order.dedup();
    assert_eq!(pictures, in_order, "no picture twice, none back");
    assert!(pictures.len() >= 123, "{}", pictures.len());
}

#[test]
fn a_film_that_stands_is_seen_by_who_comes_and_goes_on_where_it_stood() {
    let (mut show, sound, film) = Show::begun();
    show.run_ms(2500);
    show.playing(false);
    show.run_ms(200);
    let (seen, heard) = (show.pictures(film).len(), show.network.sink(sound).packets.len());
    show.run_ms(2000);
    assert_eq!(show.network.sink(sound).packets.len(), heard, "silence");
    assert_eq!(show.pictures(film).len(), seen);
    let (_, late) = show.watch();
    let came = show.network.now;
    show.run_ms(1000);
    let first = show
        .network
        .sink(late)
        .packets
        .values()
        .next()
        .expect("a picture");
    assert!(first.is_keyframe_start() && first.at.0 - came.0 < 250_000);
    assert_eq!(show.pictures(late)[0], (2, 0));
    show.playing(true);
    show.run_ms(1500);
    let pictures = show.pictures(film);
    assert_eq!(pictures.last().unwrap().0, 3);
    assert_eq!(show.network.sink(film).holes(), Vec::<u64>::new());
    let stamps: Vec<u32> = show
        .network
        .sink(film)
        .packets
        .values()
        .map(|packet| packet.timestamp)
        .collect();
    assert!(
        stamps.windows(2).all(|two| two[1].wrapping_sub(two[0]) < 1 << 31),
        "time never goes back"
    );
}

#[test]
fn another_place_of_the_film_is_there_at_once() {
    let (mut show, sound, film) = Show::begun();
    show.run_ms(1700);
    let moved = show.network.now;
    show.queue(60, true);
    show.queue(61, false);
    show.run_ms(1000);
    let pictures = show.pictures(film);
    let there = pictures
        .iter()
        .position(|(second, _)| *second == 60)
        .expect("the new place");
    assert!(pictures[there..].iter().all(|(second, _)| *second >= 60));
    assert_eq!(pictures[there], (60, 0));
    let sink = show.network.sink(film);
    let first = sink
        .packets
        .values()
        .find(|packet| packet.at >= moved && packet.payload[5] == 60)
        .unwrap();
    assert!(first.at.0 - moved.0 < 100_000);
    for sender in [sound, film] {
        assert_eq!(show.network.sink(sender).holes(), Vec::<u64>::new());
    }
}

#[test]
fn a_film_whose_chunks_come_late_waits_and_loses_nothing() {
    let mut show = Show::new();
    let (_, film) = show.watch();
    show.queue(0, false);
    show.playing(true);
    show.network.run_ms(3000); // nobody keeps it fed
    assert_eq!(show.pictures(film).len(), 25);
    show.queue(1, false);
    let at = show.network.now;
    show.network.run_ms(900);
    assert!(show.pictures(film).len() < 49, "not all at once");
    show.network.run_ms(300);
    assert_eq!(show.pictures(film).len(), 50);
    let second: Vec<Time> = show
        .network
        .sink(film)
        .packets
        .values()
        .filter(|packet| packet.payload[5] == 1)
        .map(|packet| packet.at)
        .collect();
    assert!(second[0].0 - at.0 < 50_000);
}

#[test]
fn what_a_player_cannot_do_is_refused() {
    let mut show = Show::new();
    let stray = PlayerStream {
        receiver: show.film,
        encoding: 3,
        payload_type: 96,
        clock_rate: 90_000,
    };
    let peer = show.network.add_peer();
    let other = show.network.peers[peer].transport;
    for command in [
        Command::SetPlayer {
            transport: show.player,
            streams: vec![stray],
        },
        Command::SetPlaying {
            transport: other,
            playing: true,
        },
        Command::PlayChunk {
            transport: other,
            chunk: second(0),
            media_us: 0,
            restart: false,
        },
    ] {
        let core = &mut show.network.core;
        core.command(show.network.now, command);
        let failed = core
            .drain_events()
            .filter(|event| matches!(event, Event::CommandFailed { .. }));
        assert_eq!(failed.count(), 1);
    }
}
