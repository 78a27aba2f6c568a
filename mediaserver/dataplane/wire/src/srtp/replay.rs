//! Replay protection (RFC 3711, section 3.3.2): each index passes once, and none older than the window.

/// Remembers which of the last 64 × `WORDS` indices were received; a ring of bits addressed by the index.
#[derive(Clone, Debug)]
pub struct Window<const WORDS: usize> {
    highest: Option<u64>,
    received: [u64; WORDS],
}

impl<const WORDS: usize> Default for Window<WORDS> {
    fn default() -> Self {
        Self {
            highest: None,
            received: [0; WORDS],
        }
    }
}

impl<const WORDS: usize> Window<WORDS> {
    const SIZE: u64 = 64 * WORDS as u64;

    pub(super) fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// False for an index that was inserted before or is older than the window.
    pub fn is_new(&self, index: u64) -> bool {
        let Some(highest) = self.highest else {
            return true;
        };
        let (word, bit) = Self::position(index);
        index > highest || (highest - index < Self::SIZE && self.received[word] & bit == 0)
    }

    /// Takes an index for which `is_new` was true.
    pub fn insert(&mut self, index: u64) {
        if self.highest.is_none_or(|highest| index > highest) {
            self.advance(index);
        }
        let (word, bit) = Self::position(index);
        self.received[word] |= bit;
    }

    fn advance(&mut self, index: u64) {
        let first_skipped = self.highest.map_or(index, |highest| highest + 1);
        if index - first_skipped >= Self::SIZE {
            self.received = [0; WORDS];
        } else {
            for skipped in first_skipped..=index {
                let (word, bit) = Self::position(skipped);
                self.received[word] &= !bit;
            }
        }
        self.highest = Some(index);
    }

    fn position(index: u64) -> (usize, u64) {
        ((index / 64) as usize % WORDS, 1 << (index % 64))
    }
}

/// SSRCs of one peer whose SRTCP indices are remembered. Only authentic packets make an entry, so that nobody but the
/// peer itself can push one out.
const MAXIMUM_SSRCS: usize = 64;

#[derive(Default)]
struct RtcpStream {
    ssrc: u32,
    window: Window<2>,
    last_use: u64,
}

/// Replay windows of 128 packets for each SSRC; above 64 SSRCs the least recently used one is forgotten.
#[derive(Default)]
pub(super) struct RtcpReplay {
    streams: Vec<RtcpStream>,
    uses: u64,
}

impl RtcpReplay {
    pub(super) fn is_new(&self, ssrc: u32, index: u32) -> bool {
        let known = self.streams.iter().find(|stream| stream.ssrc == ssrc);
        known.is_none_or(|stream| stream.window.is_new(u64::from(index)))
    }

    /// Takes the index of an authentic packet.
    pub(super) fn insert(&mut self, ssrc: u32, index: u32) {
        self.uses += 1;
        let at = self
            .streams
            .iter()
            .position(|stream| stream.ssrc == ssrc)
            .unwrap_or_else(|| self.make(ssrc));
        self.streams[at].last_use = self.uses;
        self.streams[at].window.insert(u64::from(index));
    }

    /// A fresh entry, in the place of the least recently used one when all are taken.
    fn make(&mut self, ssrc: u32) -> usize {
        let oldest = (0..self.streams.len()).min_by_key(|&at| self.streams[at].last_use);
        let fresh = RtcpStream {
            ssrc,
            ..RtcpStream::default()
        };
        match oldest {
            Some(at) if self.streams.len() >= MAXIMUM_SSRCS => {
                self.streams[at] = fresh;
                at
            }
            _ => {
                self.streams.push(fresh);
                self.streams.len() - 1
            }
        }
    }
}
