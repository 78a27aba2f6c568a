//! Sound of big rooms: a peer that receives many voices gets those of the loudest speakers. Who goes on speaking keeps
//! its place against others that are about as loud; who begins gets a free one with the first packet of its first word.

use crate::api::{MediaKind, SenderId, Time};
use crate::receiver::Receiver;
use crate::sender::Sender;
use slab::Slab;

/// A pause between words and sentences: so long a place is kept for who has it.
const HOLD_US: u64 = 1_500_000;
/// The place of somebody who speaks goes only to who is so much louder.
const LOUDER_DB: f32 = 6.0;
/// Time constants of what counts as loud: a shout counts soon, a softer word late.
const ATTACK_US: f32 = 40_000.0;
const RELEASE_US: f32 = 400_000.0;
/// Nobody is judged by a single packet, however long nothing came before it.
const LONGEST_PACKET_US: u64 = 60_000;

/// How loud a publisher speaks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Loudness {
    /// -dBov of speech, smoothed: 0 is the loudest. What it was, while nothing is said.
    level: f32,
    measured_at: Time,
    /// When it was last loud enough to be speech.
    spoke_at: Option<Time>,
    /// Its packets tell how loud they are.
    known: bool,
}

impl Loudness {
    /// One packet's level in -dBov (0 loudest, 127 silence).
    pub fn record(&mut self, dbov: u8, threshold_dbov: u8, now: Time) {
        self.known = true;
        if dbov <= threshold_dbov {
            let (found, threshold) = (f32::from(dbov), f32::from(threshold_dbov));
            let before = if self.speaks(now) { self.level } else { threshold };
            let elapsed = now.0.saturating_sub(self.measured_at.0).min(LONGEST_PACKET_US) as f32;
            let slowness = if found < before { ATTACK_US } else { RELEASE_US };
            self.level = before + (found - before) * (1.0 - (-elapsed / slowness).exp());
            self.spoke_at = Some(now);
        }
        self.measured_at = now;
    }

    /// Now, or a moment ago.
    fn speaks(&self, now: Time) -> bool {
        self.spoke_at
            .is_some_and(|at| now.0.saturating_sub(at.0) < HOLD_US)
    }

    /// Its newest packet was speech.
    fn is_heard(&self) -> bool {
        self.spoke_at == Some(self.measured_at)
    }
}

/// The places of one peer: senders (slab index and id) that forward sound to it.
#[derive(Debug, Default)]
pub(crate) struct Places(Vec<(usize, SenderId)>);

impl Places {
    /// Whether what is pending of this sender goes out; it may get the place of another for that.
    pub fn admits(
        &mut self,
        index: usize,
        places: usize,
        senders: &Slab<Sender>,
        receivers: &Slab<Receiver>,
        now: Time,
    ) -> bool {
        let loudness = |sender: &Sender| receivers[sender.receiver].loudness;
        let sender = &senders[index];
        let found = loudness(sender);
        if !found.known || self.0.contains(&(index, sender.id)) {
            return true;
        }
        if !found.is_heard() {
            return false;
        }
        self.0.retain(|&(place, id)| {
            senders.get(place).is_some_and(|known| {
                known.id == id && known.transport == sender.transport && known.target.enabled
            })
        });
        if self.0.len() < places {
            self.0.push((index, sender.id));
            return true;
        }
        let quietest = self.0.iter_mut().max_by(|a, b| {
            let (a, b) = (loudness(&senders[a.0]), loudness(&senders[b.0]));
            let rank = |one: &Loudness| (!one.speaks(now), one.level);
            rank(&a)
                .partial_cmp(&rank(&b))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let Some(quietest) = quietest else { return false };
        let held = loudness(&senders[quietest.0]);
        let gives_way = !held.speaks(now) || found.level + LOUDER_DB <= held.level;
        if gives_way {
            *quietest = (index, sender.id);
        }
        gives_way
    }
}

/// Of a peer's senders, how many forward sound.
pub(crate) fn voices(numbers: &[usize], senders: &Slab<Sender>) -> usize {
    let audio = |&&number: &&usize| senders[number].kind == MediaKind::Audio;
    numbers.iter().filter(audio).count()
}
