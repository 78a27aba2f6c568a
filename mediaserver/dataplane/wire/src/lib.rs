//! Wire formats of a WebRTC media server: STUN, RTP, RTCP, SRTP and the payload headers of the codecs.
//!
//! Everything here is a pure function over bytes: no socket, clock, thread or allocation for each packet.
//! A malformed input is an [`Error`], never a panic; every parser has a target in `../fuzz`.

mod bytes;
pub mod dependency;
mod error;
pub mod framing;
pub mod payload;
pub mod rtcp;
pub mod rtp;
pub mod srtp;
pub mod stun;

pub use error::Error;

/// What a datagram on a shared WebRTC port is, by its first byte (RFC 7983, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatagramKind {
    /// 0..=3
    Stun,
    /// 20..=63
    Dtls,
    /// 128..=191 with a payload type outside 64..=95 (RFC 5761, section 4)
    Rtp,
    /// 128..=191 with a payload type in 64..=95, that is packet types 192..=223
    Rtcp,
}

impl DatagramKind {
    /// Classifies a datagram; `None` for anything that is not one of the four.
    pub fn of(datagram: &[u8]) -> Option<Self> {
        match *datagram.first()? {
            0..=3 => Some(Self::Stun),
            20..=63 => Some(Self::Dtls),
            128..=191 => match datagram.get(1)? & 0x7f {
                64..=95 => Some(Self::Rtcp),
                _ => Some(Self::Rtp),
            },
            _ => None,
        }
    }
}
