//! The ICE-lite agent of one transport (RFC 8445, section 2.5): it answers checks, follows the controlling side's
//! nominations, and watches consent.

use crate::api::{Path, Time};

/// Paths remembered for each transport: a phone with IPv4, IPv6, two radios and TCP needs no more.
const MAX_PATHS: usize = 8;
/// A client that nominates every pair while it checks (aggressive nomination) settles on the one with the highest
/// priority (RFC 5245, section 8.1.1.2); for this long after a nomination a pair of lower priority does not win.
const NOMINATION_HOLD_US: u64 = 1_000_000;
/// Media moves the path only when the selected one has been silent this long: packets that overtake each other while
/// the peer changes networks do not make it flap.
const SILENCE_US: u64 = 250_000;

#[derive(Debug)]
struct Credentials {
    ufrag: String,
    password: String,
}

/// What a check or packet changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Nothing,
    /// The selected path is new or live again.
    Selected(Path),
}

#[derive(Debug)]
pub(crate) struct Ice {
    current: Credentials,
    /// Valid until the peer uses the current ones (ICE restart, RFC 8445, section 9).
    previous: Option<Credentials>,
    /// Paths with an authenticated check, most recent last.
    paths: Vec<Path>,
    selected: Option<Path>,
    /// Priority of the selected path and when it was nominated last.
    nominated: Option<(u32, Time)>,
    /// Anything authentic, from any path: consent (RFC 7675).
    last_seen: Time,
    /// Anything authentic from the selected path.
    selected_seen: Time,
    connected: bool,
}

impl Ice {
    pub fn new(ufrag: String, password: String, now: Time) -> Self {
        Self {
            current: Credentials { ufrag, password },
            previous: None,
            paths: Vec::with_capacity(2),
            selected: None,
            nominated: None,
            last_seen: now,
            selected_seen: now,
            connected: false,
        }
    }

    pub fn selected(&self) -> Option<Path> {
        self.selected
    }

    /// Where to send: the selected path while the peer consents (RFC 7675, section 5.1).
    pub fn send_path(&self) -> Option<Path> {
        self.selected.filter(|_| self.connected)
    }

    pub fn ufrags(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.current)
            .chain(&self.previous)
            .map(|credentials| credentials.ufrag.as_str())
    }

    pub fn paths(&self) -> &[Path] {
        &self.paths
    }

    /// New credentials; returns the ufrag that ends now, if a restart came on top of an unfinished one.
    pub fn restart(&mut self, ufrag: String, password: String) -> Option<String> {
        let old = std::mem::replace(&mut self.current, Credentials { ufrag, password });
        self.previous.replace(old).map(|credentials| credentials.ufrag)
    }

    /// The password that goes with a ufrag of ours.
    pub fn password(&self, ufrag: &str) -> Option<&str> {
        std::iter::once(&self.current)
            .chain(&self.previous)
            .find(|credentials| credentials.ufrag == ufrag)
            .map(|credentials| credentials.password.as_str())
    }

    /// Retires the old credentials once the new ones are used; returns the retired ufrag.
    pub fn retire_previous(&mut self, used_ufrag: &str) -> Option<String> {
        if self.current.ufrag != used_ufrag {
            return None;
        }
        self.nominated = None; // the restart chooses anew
        self.previous.take().map(|credentials| credentials.ufrag)
    }

    /// An authenticated check with its PRIORITY. Returns what changed and a path that was forgotten to make room.
    pub fn checked(&mut self, path: Path, nominated: bool, priority: u32, now: Time) -> (Change, Option<Path>) {
        let forgotten = self.remember(path);
        let moves = match self.selected {
            None => true,
            Some(selected) if selected == path => false,
            Some(_) => nominated && !self.holds_against(priority, now),
        };
        if moves {
            self.selected = Some(path);
            self.nominated = None;
        }
        if nominated && self.selected == Some(path) {
            self.nominated = Some((priority, now));
        }
        (self.seen(path, moves, now), forgotten)
    }

    /// Authenticated media from a path that passed a check before.
    pub fn media_from(&mut self, path: Path, now: Time) -> Change {
        let moves = self.selected != Some(path) && now.0.saturating_sub(self.selected_seen.0) > SILENCE_US;
        if moves {
            self.selected = Some(path);
        }
        self.seen(path, moves, now)
    }

    /// When consent ends if nothing more arrives.
    pub fn consent_ends(&self, timeout_us: u64) -> Option<Time> {
        self.connected.then(|| Time(self.last_seen.0 + timeout_us))
    }

    /// True once when nothing authentic has come for `timeout_us`.
    pub fn loses_consent(&mut self, now: Time, timeout_us: u64) -> bool {
        let lost = self.consent_ends(timeout_us).is_some_and(|end| end <= now);
        self.connected &= !lost;
        lost
    }

    fn holds_against(&self, priority: u32, now: Time) -> bool {
        self.nominated
            .is_some_and(|(own, at)| own > priority && now.0.saturating_sub(at.0) < NOMINATION_HOLD_US)
    }

    fn seen(&mut self, path: Path, moved: bool, now: Time) -> Change {
        self.last_seen = now;
        if self.selected == Some(path) {
            self.selected_seen = now;
        }
        let revived = !std::mem::replace(&mut self.connected, true);
        match self.selected {
            Some(selected) if moved || revived => Change::Selected(selected),
            _ => Change::Nothing,
        }
    }

    fn remember(&mut self, path: Path) -> Option<Path> {
        if let Some(position) = self.paths.iter().position(|known| *known == path) {
            self.paths[position..].rotate_left(1);
            return None;
        }
        let forgotten = (self.paths.len() >= MAX_PATHS).then(|| {
            let oldest = self
                .paths
                .iter()
                .position(|known| Some(*known) != self.selected)
                .unwrap_or(0);
            self.paths.remove(oldest)
        });
        self.paths.push(path);
        forgotten
    }
}
