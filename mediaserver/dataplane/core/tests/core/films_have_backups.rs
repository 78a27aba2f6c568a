//! A film whose picture comes in a second codec while somebody takes it: what waits is given anew, nobody else notices.

use crate::harness::show::{SECOND_US, Show, second_with_backup};
use polyana_core::{Command, SenderId};

/// Somebody who can only decode the other codec.
fn watch_backup(show: &mut Show) -> SenderId {
    let peer = show.network.add_peer();
    show.network.subscribe(peer, show.backup)
}

#[test]
fn what_waits_is_replaced_and_others_see_each_picture_once() {
    let (mut show, _, film) = Show::begun();
    show.run_ms(500);
    let other = watch_backup(&mut show);
    show.lets_backup_in(true);
    show.replace(1);
    show.run_ms(1300);
    let expected: Vec<(u8, u8)> = (0..2).flat_map(|s| (0..25).map(move |f| (s, f))).collect();
    let pictures = show.pictures(film);
    assert!(pictures.len() >= 44);
    assert_eq!(pictures, expected[..pictures.len()]);
    assert_eq!(show.network.sink(film).holes(), Vec::<u64>::new());
    let pictures = show.backup_pictures(other);
    assert!(pictures.len() >= 19);
    assert_eq!(pictures, expected[25..25 + pictures.len()]);
}

#[test]
fn what_plays_and_what_is_over_is_not_replaced() {
    let (mut show, _, film) = Show::begun();
    let other = watch_backup(&mut show);
    show.lets_backup_in(true);
    show.run_ms(1500);
    for number in 0..2 {
        show.replace(number);
    }
    show.run_ms(1000);
    assert_eq!(show.backup_pictures(other), []);
    let pictures = show.pictures(film);
    assert_eq!(pictures.last().unwrap().0, 2, "nothing comes again");
    assert!(pictures.is_sorted());
}

#[test]
fn nobody_gets_a_picture_of_long_ago() {
    let (mut show, _, _) = Show::begun();
    let first = watch_backup(&mut show);
    show.lets_backup_in(true);
    show.replace(1);
    show.run_ms(1500);
    assert!(!show.backup_pictures(first).is_empty());
    show.lets_backup_in(false);
    show.run_ms(2500);
    let late = watch_backup(&mut show);
    show.run_ms(300);
    show.lets_backup_in(true);
    show.run_ms(300);
    assert_eq!(show.backup_pictures(late), []);
    show.replace(5);
    show.run_ms(500);
    assert_eq!(show.backup_pictures(late)[0], (5, 0));
}

#[test]
fn a_film_that_stands_is_shown_in_a_codec_that_comes_later() {
    let (mut show, _, film) = Show::begun();
    show.run_ms(1500);
    show.playing(false);
    show.run_ms(1000);
    let seen = show.pictures(film).len();
    let other = watch_backup(&mut show);
    show.run_ms(1000);
    assert_eq!(
        show.pictures(film).len(),
        seen,
        "what is not there is not looked for"
    );
    show.lets_backup_in(true);
    show.network.command(Command::PlayChunk {
        transport: show.player,
        chunk: second_with_backup(1),
        media_us: SECOND_US,
        restart: true,
    });
    show.run_ms(200);
    assert_eq!(show.backup_pictures(other)[0], (1, 0));
    assert_eq!(show.pictures(film).last(), Some(&(1, 0)));
    let late = watch_backup(&mut show);
    show.run_ms(200);
    assert_eq!(show.backup_pictures(late)[0], (1, 0));
}
