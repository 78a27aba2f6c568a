//! Beginning with pictures that were. Of a film all pictures since its last keyframe are in memory: they leave as fast as the
//! line allows, and what comes next follows. A decoder would take pictures that come long after their time for a line that
//! has become slow, and play late for seconds, so they get times just before the newest one's.

use super::munger::Segment;
use super::packet::numbers;
use super::{Sender, selector};
use crate::api::Time;
use crate::receiver::keyframe::KeyframeRequest;
use crate::receiver::{Encoding, Film, Receiver};

/// How long before: a tick for each picture of a second, and less than from one picture to the next.
const BEFORE_US: u64 = 5_000;
/// Pictures from memory go out whatever the pace after this.
const LONGEST_WAIT_US: u64 = 1_000_000;
/// A picture that stands goes out again after this to who has just come, then after twice as long, and so on: keys, decoder
/// or screen of a newcomer may be ready later than the only picture.
const AGAIN_US: u64 = 100_000;
const MAX_AGAIN: u32 = 4;

/// What the sender of a film knows of its beginning.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// By the peer (PLI, FIR).
    pub asked: KeyframeRequest,
    catching_up: Option<CatchUp>,
    has_begun: bool,
    /// When a picture that stands goes out again, and how often it has.
    again: Option<(Time, u32)>,
}

/// Pictures from memory are on their way.
#[derive(Debug)]
struct CatchUp {
    since: Time,
    /// RTP time of the film, less that of the stream, from the first picture on that is not from memory.
    offset: u32,
    film: Film,
    /// RTP time, at the film, of the picture that goes out now.
    picture: Option<u32>,
}

impl Memory {
    /// When it may be time to begin once more.
    pub fn due(&self, interval_us: u64) -> Option<Time> {
        let again = self.again.map(|(at, _)| at);
        self.asked.next(interval_us).into_iter().chain(again).min()
    }

    /// True when a newcomer gets the picture again; one that moves comes by itself.
    fn is_due_again(&mut self, film: Option<Film>, now: Time) -> bool {
        let Some((_, count)) = self.again.take_if(|(at, _)| *at <= now) else {
            return false;
        };
        let stands = film == Some(Film::Stands);
        if stands && count + 1 < MAX_AGAIN {
            self.again = Some((Time(now.0 + (AGAIN_US << (count + 1))), count + 1));
        }
        stands
    }
}

impl Sender {
    /// True when the stream of a film should begin now, or once more.
    pub fn must_begin(&mut self, source: &Receiver, interval_us: u64, now: Time) -> bool {
        let Some(memory) = &mut self.memory else {
            return false;
        };
        let Some(desired) = selector::desired(&self.target, &source.encodings) else {
            // It will begin with a keyframe anyway.
            memory.asked.arrived();
            memory.again = None;
            return false;
        };
        let is_behind = match self.current {
            None => true,
            // A film that moves has the next keyframe soon, and nobody sees a part of it twice.
            Some(current) => current != desired && source.film == Some(Film::Stands),
        };
        let again = memory.is_due_again(source.film, now);
        let asked = memory.asked.due(now, interval_us);
        if asked {
            memory.asked.arrived();
        }
        is_behind || asked || again
    }

    /// Goes to the last keyframe that is in memory; what follows goes out with what waits. False: there is none.
    pub fn begin_from_memory(&mut self, source: &Receiver, now: Time) -> bool {
        let Some(film) = source.film.filter(|_| source.enabled && self.memory.is_some()) else {
            return false;
        };
        let Some(desired) = selector::desired(&self.target, &source.encodings) else {
            return false;
        };
        let encoding = &source.encodings[desired];
        let Some((meta, _)) = encoding.group.and_then(|first| encoding.cache.get(first)) else {
            return false;
        };
        let Some(live) = live_time(encoding, now) else {
            return false;
        };
        let offset = live.wrapping_sub(self.time_after_switch(&source.encodings, desired, live, now));
        let start = numbers(meta);
        self.munger.switch(
            desired as u8,
            meta.sequence,
            &start,
            start.timestamp.wrapping_sub(offset),
        );
        self.layers.restart(meta);
        self.reports.hasten();
        self.current = Some(desired);
        self.before = None;
        self.waits = true;
        self.began(now);
        if let Some(memory) = &mut self.memory {
            memory.catching_up = Some(CatchUp {
                since: now,
                offset,
                film,
                picture: None,
            });
        }
        true
    }

    /// A film begins now.
    pub(super) fn began(&mut self, now: Time) {
        if let Some(memory) = &mut self.memory
            && !std::mem::replace(&mut memory.has_begun, true)
        {
            memory.again = Some((Time(now.0 + AGAIN_US), 0));
        }
    }

    /// Before a packet from memory goes out: the time of its picture is chosen. None: it is no longer there, and without it
    /// those behind it are of no use.
    pub(super) fn place_in_time(&mut self, encoding: &Encoding, sequence: u64, now: Time) -> Option<()> {
        let Some(catch_up) = self
            .memory
            .as_mut()
            .and_then(|memory| memory.catching_up.as_mut())
        else {
            return Some(());
        };
        let (meta, _) = encoding.cache.get(sequence)?;
        if catch_up.picture.replace(meta.timestamp) == Some(meta.timestamp) {
            return Some(());
        }
        let edge = match catch_up.film {
            Film::Moves => encoding.cache.get(encoding.extender.highest?)?.0.timestamp,
            Film::Stands => live_time(encoding, now)?,
        };
        let before = (BEFORE_US * u64::from(encoding.clock_rate) / 1_000_000) as u32;
        let time = edge.wrapping_sub(catch_up.offset).wrapping_sub(before);
        let time = self.munger.not_before(time);
        self.munger.retime(sequence, meta.timestamp.wrapping_sub(time));
        Some(())
    }

    /// All that was in memory has gone out; from this packet on the film's own times hold.
    pub(super) fn caught_up(&mut self, next: u64) {
        if let Some(memory) = &mut self.memory
            && let Some(catch_up) = memory.catching_up.take()
        {
            self.munger.retime(next, catch_up.offset);
        }
    }

    /// Pictures from memory may wait longer than their age would allow.
    pub(super) fn memory_may_wait(&self, now: Time) -> bool {
        self.catching_up()
            .is_some_and(|catch_up| now.0.saturating_sub(catch_up.since.0) < LONGEST_WAIT_US)
    }

    fn catching_up(&self) -> Option<&CatchUp> {
        self.memory.as_ref()?.catching_up.as_ref()
    }

    /// The newest segment, with the film's own times where others go out for a while.
    pub(super) fn with_own_times(&self, mut newest: Segment) -> Segment {
        if let Some(catch_up) = self.catching_up() {
            newest.timestamp_offset = catch_up.offset;
        }
        newest
    }
}

/// Which RTP time it is now at the film, by its last report: its clock is ours.
fn live_time(encoding: &Encoding, now: Time) -> Option<u32> {
    let (info, at) = encoding.reception.last_sr()?;
    let elapsed_us = u128::from(now.0.saturating_sub(at.0));
    let ticks = (elapsed_us * u128::from(encoding.clock_rate) / 1_000_000) as u32;
    Some(info.rtp_time.wrapping_add(ticks))
}
