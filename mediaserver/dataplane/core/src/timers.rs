//! Wakes of transports, earliest first. Idle transports cost nothing between their wakes.

use crate::Time;
use crate::transport::Transport;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

#[derive(Debug, Default)]
pub(crate) struct Timers {
    /// (when, slab index of the transport); an entry that no longer matches the transport's `due` is stale.
    heap: BinaryHeap<Reverse<(Time, usize)>>,
}

impl Timers {
    /// Wakes a transport at `at` or before.
    pub fn bring_forward(&mut self, owner: &mut Transport, index: usize, at: Time) {
        if at < owner.due {
            owner.due = at;
            self.heap.push(Reverse((at, index)));
        }
    }

    /// Wakes a transport when there is something to send that nobody has sent us.
    pub fn wake_for_line(&mut self, owner: &mut Transport, index: usize, now: Time) {
        if let Some(at) = owner
            .congestion
            .as_ref()
            .and_then(|congestion| congestion.due(now))
        {
            let soon = Time(now.0 + 1000); // not in this poll again
            self.bring_forward(owner, index, at.max(soon));
        }
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
