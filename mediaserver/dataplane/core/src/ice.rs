//! The ICE-lite agent of one transport (RFC 8445, section 2.5): it answers checks, follows nominations, watches consent.

use crate::api::{Path, Time};

/// Paths remembered for each transport: a phone with IPv4, IPv6, two radios and TCP needs no more.
const MAX_PATHS: usize = 8;

#[derive(Debug)]
struct Credentials {
    ufrag: String,
    password: String,
}

/// What a check changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// Nothing that others need to know.
    Kept,
    /// The selected path is new or live again.
    Selected,
}

#[derive(Debug)]
pub(crate) struct Ice {
    current: Credentials,
    /// Valid until the peer uses the current ones (ICE restart, RFC 8445, section 9).
    previous: Option<Credentials>,
    /// Paths with an authenticated check, most recent last.
    paths: Vec<Path>,
    pub selected: Option<Path>,
    pub last_seen: Time,
    pub connected: bool,
}

impl Ice {
    pub fn new(ufrag: String, password: String, now: Time) -> Self {
        Self {
            current: Credentials { ufrag, password },
            previous: None,
            paths: Vec::with_capacity(2),
            selected: None,
            last_seen: now,
            connected: false,
        }
    }

    pub fn paths(&self) -> &[Path] {
        &self.paths
    }

    /// Where to send now: nowhere without consent (RFC 7675, section 5.1).
    pub fn live_path(&self) -> Option<Path> {
        self.selected.filter(|_| self.connected)
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
        self.previous.take().map(|credentials| credentials.ufrag)
    }

    /// An authenticated check. Returns what changed and a path that was forgotten to make room.
    pub fn checked(&mut self, path: Path, nominated: bool, now: Time) -> (Check, Option<Path>) {
        let forgotten = self.remember(path);
        self.last_seen = now;
        let moves = match self.selected {
            None => true,
            Some(selected) => nominated && selected != path,
        };
        if moves {
            self.selected = Some(path);
        }
        let revived = !std::mem::replace(&mut self.connected, true);
        (
            if moves || revived {
                Check::Selected
            } else {
                Check::Kept
            },
            forgotten,
        )
    }

    /// Authenticated media from a path that passed a check before: the peer has moved there.
    pub fn media_from(&mut self, path: &Path, now: Time) -> Check {
        self.last_seen = now;
        if self.selected.as_ref() == Some(path) && self.connected {
            return Check::Kept;
        }
        self.selected = Some(*path);
        self.connected = true;
        Check::Selected
    }

    /// True once when nothing authentic has come for longer than `timeout_us`.
    pub fn consent_lost(&mut self, now: Time, timeout_us: u64) -> bool {
        self.connected && now.0.saturating_sub(self.last_seen.0) > timeout_us && {
            self.connected = false;
            true
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
