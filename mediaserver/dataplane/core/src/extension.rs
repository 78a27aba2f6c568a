//! Header extensions by meaning (RFC 8285). URIs are compared when parameters are set; for a packet there are only
//! table look-ups by id.

use crate::api::Extension;
use polyana_wire::rtp::Header;

/// What an extension element says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Mid,
    Rid,
    RepairedRid,
    TransportSequence,
    AbsSendTime,
    /// Copied to receivers: the number is the position in [`FORWARDED_URIS`].
    Forwarded(u8),
}

const OWN_URIS: [(&str, Kind); 5] = [
    ("urn:ietf:params:rtp-hdrext:sdes:mid", Kind::Mid),
    ("urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", Kind::Rid),
    (
        "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
        Kind::RepairedRid,
    ),
    (
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        Kind::TransportSequence,
    ),
    (
        "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        Kind::AbsSendTime,
    ),
];

/// Extensions that speak to the decoder or renderer at the other end.
pub(crate) const FORWARDED: usize = 8;
const FORWARDED_URIS: [&str; FORWARDED] = [
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "urn:3gpp:video-orientation",
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
    "http://www.webrtc.org/experiments/rtp-hdrext/color-space",
    "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type",
    "http://www.webrtc.org/experiments/rtp-hdrext/video-timing",
];
/// Position of the audio level (RFC 6464) in [`FORWARDED_URIS`].
pub(crate) const AUDIO_LEVEL: u8 = 0;

impl Kind {
    fn from_uri(uri: &str) -> Option<Self> {
        let own = OWN_URIS
            .iter()
            .find(|(known, _)| *known == uri)
            .map(|&(_, kind)| kind);
        own.or_else(|| {
            let position = FORWARDED_URIS.iter().position(|known| *known == uri)?;
            Some(Self::Forwarded(position as u8))
        })
    }
}

/// Meaning of each extension id of a transport. One table is enough: with BUNDLE an id has one meaning in all
/// sections (RFC 8843, section 10).
#[derive(Debug)]
pub(crate) struct IdTable(Box<[Option<Kind>; 256]>);

impl Default for IdTable {
    fn default() -> Self {
        Self(Box::new([None; 256]))
    }
}

impl IdTable {
    pub fn add(&mut self, extensions: &[Extension]) {
        for (uri, id) in extensions {
            self.0[usize::from(*id)] = Kind::from_uri(uri);
        }
    }
}

/// Where the value of a forwarded element lies in its packet.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Element {
    kind: u8,
    length: u8,
    offset: u16,
}

impl Element {
    pub fn kind(&self) -> usize {
        usize::from(self.kind)
    }

    pub fn value<'a>(&self, packet: &'a [u8]) -> &'a [u8] {
        let offset = usize::from(self.offset);
        packet
            .get(offset..offset + usize::from(self.length))
            .unwrap_or_default()
    }
}

/// The forwarded elements of one packet, at most one of each kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Elements {
    count: u8,
    list: [Element; FORWARDED],
}

impl Elements {
    pub fn iter(&self) -> impl Iterator<Item = &Element> {
        self.list[..usize::from(self.count)].iter()
    }

    fn add(&mut self, kind: u8, packet: &[u8], value: &[u8]) {
        // The offset of a slice inside the slice it was cut from.
        let offset = value.as_ptr() as usize - packet.as_ptr() as usize;
        let (Ok(offset), Ok(length)) = (u16::try_from(offset), u8::try_from(value.len())) else {
            return;
        };
        if usize::from(self.count) < FORWARDED && self.iter().all(|known| known.kind != kind) {
            self.list[usize::from(self.count)] = Element { kind, length, offset };
            self.count += 1;
        }
    }
}

/// The extension block of one incoming packet, read once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extensions<'a> {
    pub mid: Option<&'a [u8]>,
    pub rid: Option<&'a [u8]>,
    pub repaired_rid: Option<&'a [u8]>,
    pub transport_sequence: Option<u16>,
    /// V bit and level in -dBov (RFC 6464).
    pub audio_level: Option<u8>,
    pub forwarded: Elements,
}

impl<'a> Extensions<'a> {
    pub fn read(ids: &IdTable, header: &Header, packet: &'a [u8]) -> Self {
        let mut found = Self::default();
        for (id, value) in header.extensions(packet) {
            match ids.0[usize::from(id)] {
                Some(Kind::Mid) => found.mid = Some(value),
                Some(Kind::Rid) => found.rid = Some(value),
                Some(Kind::RepairedRid) => found.repaired_rid = Some(value),
                Some(Kind::TransportSequence) => {
                    found.transport_sequence = value.first_chunk().map(|bytes| u16::from_be_bytes(*bytes));
                }
                Some(Kind::Forwarded(kind)) => {
                    if kind == AUDIO_LEVEL {
                        found.audio_level = value.first().copied();
                    }
                    found.forwarded.add(kind, packet, value);
                }
                Some(Kind::AbsSendTime) | None => {}
            }
        }
        found
    }
}

/// Ids that one receiving peer has negotiated; 0 where it has not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OutgoingIds {
    pub mid: u8,
    pub transport_sequence: u8,
    pub abs_send_time: u8,
    /// By position in [`FORWARDED_URIS`].
    pub forwarded: [u8; FORWARDED],
}

impl OutgoingIds {
    pub fn new(extensions: &[Extension]) -> Self {
        let mut ids = Self::default();
        for (uri, id) in extensions {
            match Kind::from_uri(uri) {
                Some(Kind::Mid) => ids.mid = *id,
                Some(Kind::TransportSequence) => ids.transport_sequence = *id,
                Some(Kind::AbsSendTime) => ids.abs_send_time = *id,
                Some(Kind::Forwarded(kind)) => ids.forwarded[usize::from(kind)] = *id,
                Some(Kind::Rid | Kind::RepairedRid) | None => {}
            }
        }
        ids
    }
}
