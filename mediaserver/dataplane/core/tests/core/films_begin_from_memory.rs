//! Who comes to a film, or has lost its picture, gets it from the last keyframe on at once, and alone.

use crate::harness::show::{FRAME_US, SECOND_US, Show};
use crate::harness::{Link, Received};
use polyana_core::{SenderId, SenderTarget, Time};

/// RTP ticks.
const PICTURE: i32 = 90 * (FRAME_US / 1000) as i32;
const BEFORE: i32 = 450;

impl Show {
    fn numbers(&self, film: SenderId) -> Vec<u32> {
        let places = self.pictures(film);
        places
            .iter()
            .map(|&(s, f)| u32::from(s) * 25 + u32::from(f))
            .collect()
    }

    fn newest(&self, film: SenderId) -> u32 {
        *self.numbers(film).last().unwrap()
    }

    /// The first packet with this number of a picture.
    fn first_of(&self, film: SenderId, number: u32) -> &Received {
        let mut packets = self.network.sink(film).packets.values();
        let is_it =
            |packet: &&Received| u32::from(packet.payload[5]) * 25 + u32::from(packet.payload[6]) == number;
        packets.find(is_it).expect("the picture has come")
    }

    fn ask(&mut self, peer: usize, film: SenderId) {
        let ssrc = self.network.sink(film).ssrc;
        let request = self.network.peers[peer].rtcp(|writer| writer.pli(1, ssrc).unwrap());
        self.network.send(peer, request);
    }

    fn last_peer(&self) -> usize {
        self.network.peers.len() - 1
    }

    fn packets(&self, film: SenderId) -> usize {
        self.network.sink(film).packets.len()
    }

    /// Nothing is missing, nothing came twice, no number was used for two packets, and times rise.
    fn assert_sound(&self, film: SenderId) {
        let sink = self.network.sink(film);
        assert_eq!((sink.holes(), sink.duplicates), (Vec::<u64>::new(), 0));
        let times: Vec<u32> = sink.packets.values().map(|packet| packet.timestamp).collect();
        let forward = |two: &[u32]| two[1].wrapping_sub(two[0]) < 1 << 31;
        assert!(times.windows(2).all(forward), "time never goes back");
        let twice: u32 = self.network.peers.iter().map(|peer| peer.nonces_used_twice).sum();
        assert_eq!(twice, 0);
    }
}

fn in_a_row(numbers: &[u32]) -> bool {
    numbers.windows(2).all(|two| two[1] == two[0] + 1)
}

#[test]
fn who_comes_late_sees_at_once_what_others_see() {
    let (mut show, _, film) = Show::begun();
    show.run_ms(2700);
    let (_, late) = show.watch();
    let came = show.network.now;
    show.run_ms(60);
    let numbers = show.numbers(late);
    assert!(
        show.first_of(late, 50).is_keyframe_start(),
        "from the begin of the second on"
    );
    assert!(show.first_of(late, 50).at.0 - came.0 < 40_000);
    assert_eq!(*numbers.last().unwrap(), show.newest(film));
    show.run_ms(2000);
    let numbers = show.numbers(late);
    assert!(in_a_row(&numbers) && numbers.len() > 60, "{numbers:?}");
    show.assert_sound(late);
}

#[test]
fn pictures_from_memory_have_times_that_no_decoder_waits_for() {
    let (mut show, _, film) = Show::begun();
    show.run_ms(2700);
    let (_, late) = show.watch();
    let edge = show.newest(film);
    show.run_ms(1500);
    let apart = |number: u32| {
        let (own, others) = (show.first_of(late, number), show.first_of(film, edge));
        own.timestamp.wrapping_sub(others.timestamp).cast_signed()
    };
    for number in 50..=edge {
        let apart = apart(number);
        assert!((-BEFORE..PICTURE).contains(&apart), "{number} of {edge}: {apart}");
    }
    for number in edge + 2..edge + 30 {
        assert_eq!(apart(number), PICTURE * (number - edge) as i32, "as everybody");
    }
    let (at, report) = show.network.sink(late).sender_reports.first().expect("told soon");
    let now = show
        .first_of(film, edge)
        .timestamp
        .wrapping_add(((at.0 - show.first_of(film, edge).at.0) * 90 / 1000) as u32);
    let off = report.rtp_time.wrapping_sub(now).cast_signed();
    assert!(off.abs() < 90 * 5, "reports tell the film's own time: {off}");
}

#[test]
fn a_film_that_stands_is_seen_where_it_stands_and_nobody_else_gets_anything() {
    let (mut show, _, film) = Show::begun();
    show.run_ms(2500);
    show.playing(false);
    show.run_ms(5000);
    assert_eq!(show.pictures(film).last(), Some(&(2, 0)), "where it will go on");
    let packets = show.packets(film);
    let (_, late) = show.watch();
    let came = show.network.now;
    show.run_ms(60);
    assert_eq!(show.pictures(late), [(2, 0)]);
    assert!(show.first_of(late, 50).at.0 - came.0 < 40_000);
    show.run_ms(10_000);
    assert_eq!(
        show.pictures(late),
        [(2, 0); 5],
        "again for who has just come, not for ever"
    );
    assert_eq!(show.packets(film), packets);
    show.playing(true);
    show.run_ms(1500);
    for film in [film, late] {
        assert!(show.newest(film) > 75);
        show.assert_sound(film);
    }
    let at_zero = |film: SenderId| {
        let (_, report) = show.network.sink(film).sender_reports.last().unwrap();
        let off = report
            .rtp_time
            .wrapping_sub(show.first_of(film, 75).timestamp)
            .cast_signed();
        report.ntp_time as f64 / 4_294_967_296.0 - f64::from(off) / 90_000.0
    };
    assert!(
        (at_zero(film) - at_zero(late)).abs() < 0.005,
        "one clock for both"
    );
}

#[test]
fn who_asks_for_a_keyframe_gets_it_alone_and_not_all_the_time() {
    let (mut show, _, film) = Show::begun();
    let (_, other) = show.watch();
    show.run_ms(2600);
    let peer = show.last_peer();
    let (before, others) = (show.packets(other), show.packets(film));
    for _ in 0..20 {
        show.ask(peer, other);
        show.run_ms(20);
    }
    let keyframes = show.numbers(other).iter().filter(|number| **number == 50).count();
    assert_eq!(keyframes, 2, "its own, and one more");
    assert!(show.packets(other) - before > 3 * 15);
    assert!(show.packets(film) - others <= 3 * 11, "as always");
    show.run_ms(2000);
    assert_eq!(show.newest(other), show.newest(film));
    show.assert_sound(other);
    show.assert_sound(film);
}

#[test]
fn who_is_ready_only_after_the_picture_came_gets_it_again() {
    let (mut show, ..) = Show::begun();
    show.run_ms(2500);
    show.playing(false);
    show.run_ms(1000);
    let peer = show.network.add_peer();
    show.network.peers[peer].down.cut = true;
    let late = show.network.subscribe(peer, show.film);
    show.run_ms(380);
    show.network.peers[peer].down.cut = false;
    let ready = show.network.now;
    show.run_ms(400);
    assert!(show.first_of(late, 50).at.0 - ready.0 < 350_000);
}

#[test]
fn a_narrow_line_gets_it_at_its_pace_and_catches_up() {
    let (mut show, _, film) = Show::begun();
    show.run_ms(1900);
    let peer = show.network.add_peer();
    show.network.peers[peer].gives_feedback = true;
    show.network.peers[peer].down = Link::delay_ms(25).rate(3_000_000);
    let low = SenderTarget {
        max_spatial: 0,
        ..SenderTarget::default()
    };
    // The line is known from a first look; the lowest layer is 0.2 Mbit/s.
    let late = show.network.subscribe(peer, show.film);
    show.network.target(late, low);
    show.run_ms(2000);
    let off = SenderTarget {
        enabled: false,
        ..SenderTarget::default()
    };
    show.network.target(late, off);
    show.run_ms(1000);
    show.network.target(
        late,
        SenderTarget {
            max_spatial: 1,
            ..low
        },
    );
    let came = show.network.now;
    let known = show.packets(late);
    show.run_ms(900);
    let sink = show.network.sink(late);
    let sent: Vec<Time> = sink
        .packets
        .values()
        .skip(known)
        .map(|packet| packet.at)
        .collect();
    assert!(sent[0].0 - came.0 < 100_000, "its first picture comes at once");
    let at_once = sent.iter().filter(|at| at.0 - sent[0].0 < 15_000).count();
    assert!(at_once < 14, "{at_once} of {} leave together", sent.len());
    show.run_ms(1000);
    assert!(show.newest(film) - show.newest(late) <= 1);
    show.assert_sound(late);
}

#[test]
fn losses_on_the_way_are_recovered_and_time_goes_on() {
    for seed in 0..20 {
        let (mut show, _, film) = Show::begun();
        show.network.random.0 = seed;
        show.run_ms(1960);
        let peer = show.network.add_peer();
        show.network.peers[peer].down = Link::delay_ms(25).loss(0.1);
        let late = show.network.subscribe(peer, show.film);
        show.network.sink_mut(late).nacks = true;
        show.run_ms(4000);
        show.network.peers[peer].down.loss = 0.0;
        show.run_ms(600);
        show.assert_sound(late);
        let sink = show.network.sink(late);
        assert!(sink.packets.values().any(|packet| packet.resent));
        assert!(show.newest(film) - show.newest(late) <= 2);
    }
}

#[test]
fn another_layer_of_a_film_that_stands_comes_at_once() {
    let (mut show, _, film) = Show::begun();
    let low = SenderTarget {
        max_spatial: 0,
        ..SenderTarget::default()
    };
    show.network.target(film, low);
    show.run_ms(2500);
    show.playing(false);
    show.run_ms(1500);
    let before = show.packets(film);
    show.network.target(film, SenderTarget::default());
    show.run_ms(100);
    assert_eq!(show.packets(film) - before, 3, "a picture of the best layer");
    assert_eq!(show.newest(film), 50);
    show.assert_sound(film);
}

#[test]
fn a_film_that_is_taken_elsewhere_does_not_come_from_the_old_place() {
    let (mut show, _, film) = Show::begun();
    show.run_ms(2500);
    show.playing(false);
    show.run_ms(300);
    show.queue(60, true);
    let (_, late) = show.watch();
    show.run_ms(300);
    assert!(show.pictures(late).iter().all(|place| *place == (60, 0)));
    assert_eq!(show.pictures(film).last(), Some(&(60, 0)));
    let count = show.pictures(film).iter().filter(|place| place.0 == 60).count();
    assert_eq!(count, 1, "once for each");
    assert!(u64::from(show.newest(late)) * u64::from(FRAME_US) == 60 * SECOND_US);
}

/// The seal is checked where a film is read; what lines lose on both ways neither stops it nor tears holes.
#[test]
fn a_hundred_films_on_lines_that_lose_packets_are_shown_to_the_end() {
    for seed in 0..100 {
        let (mut show, _, film) = Show::begun();
        show.network.random.0 = seed;
        let peer = show.last_peer();
        show.network.peers[peer].gives_feedback = true;
        let lossy = Link::delay_ms(20).loss(0.05);
        (show.network.peers[peer].down, show.network.peers[peer].up) = (lossy, lossy);
        show.network.sink_mut(film).nacks = true;
        show.run_ms(5000);
        show.network.peers[peer].down.loss = 0.0;
        show.run_ms(400);
        assert_eq!(show.played, 5, "every second is played, none stops it");
        assert_eq!(show.network.sink(film).holes(), Vec::<u64>::new());
        assert!(show.numbers(film).iter().max() >= Some(&124));
    }
}
