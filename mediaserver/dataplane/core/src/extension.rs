//! Header extensions by meaning (RFC 8285): the core compares small integers, never URIs, for a packet.

/// What an extension element says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Mid,
    Rid,
    RepairedRid,
    AudioLevel,
    TransportSequence,
    AbsSendTime,
    /// Forwarded with numbers of our own.
    DependencyDescriptor,
    /// Forwarded as it is; the number tells them apart.
    Passed(u8),
}

const OWN: [(&str, Kind); 7] = [
    ("urn:ietf:params:rtp-hdrext:sdes:mid", Kind::Mid),
    ("urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", Kind::Rid),
    (
        "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
        Kind::RepairedRid,
    ),
    ("urn:ietf:params:rtp-hdrext:ssrc-audio-level", Kind::AudioLevel),
    (
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        Kind::TransportSequence,
    ),
    (
        "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        Kind::AbsSendTime,
    ),
    (
        "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
        Kind::DependencyDescriptor,
    ),
];

/// Meaningful to the receiving decoder or renderer, so forwarded untouched.
const PASSED: [&str; 6] = [
    "urn:3gpp:video-orientation",
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
    "http://www.webrtc.org/experiments/rtp-hdrext/color-space",
    "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type",
    "http://www.webrtc.org/experiments/rtp-hdrext/video-timing",
];

/// How the picture is to be turned (3GPP TS 26.114, section 7.4.5).
pub(crate) const ORIENTATION: Kind = Kind::Passed(0);

impl Kind {
    pub fn from_uri(uri: &str) -> Option<Self> {
        OWN.iter()
            .find(|(known, _)| *known == uri)
            .map(|&(_, kind)| kind)
            .or_else(|| {
                PASSED
                    .iter()
                    .position(|known| *known == uri)
                    .map(|position| Self::Passed(position as u8))
            })
    }

    /// Copied from the incoming packet to the outgoing one.
    fn is_forwarded(self) -> bool {
        matches!(
            self,
            Self::AudioLevel | Self::DependencyDescriptor | Self::Passed(_)
        )
    }
}

/// Extension ids of one direction of one section.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ids(Vec<(u8, Kind)>);

impl Ids {
    pub fn new(extensions: &[(String, u8)]) -> Self {
        Self(
            extensions
                .iter()
                .filter_map(|(uri, id)| Some((*id, Kind::from_uri(uri)?)))
                .collect(),
        )
    }

    pub fn kind(&self, id: u8) -> Option<Kind> {
        self.0
            .iter()
            .find(|(known, _)| *known == id)
            .map(|&(_, kind)| kind)
    }

    /// An element with this id may be copied to outgoing packets.
    pub fn is_forwarded(&self, id: u8) -> bool {
        self.kind(id).is_some_and(Kind::is_forwarded)
    }

    pub fn id(&self, kind: Kind) -> Option<u8> {
        self.0.iter().find(|(_, known)| *known == kind).map(|&(id, _)| id)
    }
}

/// Incoming id -> outgoing id for the elements that are forwarded; 0 where an element is dropped.
/// Computed when a sender is made, so that a packet costs one array look-up for each element.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Remap(Box<[u8; 256]>);

impl Remap {
    pub fn new(incoming: &Ids, outgoing: &Ids) -> Self {
        let mut map = Box::new([0; 256]);
        for &(id, kind) in incoming.0.iter().filter(|(_, kind)| kind.is_forwarded()) {
            map[usize::from(id)] = outgoing.id(kind).unwrap_or(0);
        }
        Self(map)
    }

    pub fn outgoing(&self, id: u8) -> u8 {
        self.0[usize::from(id)]
    }
}
