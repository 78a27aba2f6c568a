//! Wakes of transports, earliest first. Idle transports cost nothing between their wakes.

use crate::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

#[derive(Debug, Default)]
pub(crate) struct Timers {
    /// (when, slab index of the transport); an entry that no longer matches the transport's `due` is stale.
    heap: BinaryHeap<Reverse<(Time, usize)>>,
}

impl Timers {
    pub fn add(&mut self, at: Time, transport: usize) {
        self.heap.push(Reverse((at, transport)));
    }

    pub fn next(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes one wake that is due.
    pub fn take(&mut self, now: Time) -> Option<(Time, usize)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }
}
