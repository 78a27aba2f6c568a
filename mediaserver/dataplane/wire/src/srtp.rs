//! SRTP and SRTCP (RFC 3711, RFC 7714) with kept cipher contexts.
use crate::Error;

/// Protection profiles that DTLS-SRTP can choose (RFC 5764, RFC 7714).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Profile {
    AeadAes128Gcm,
    AeadAes256Gcm,
    AesCm128HmacSha1_80,
}
impl Profile {
    /// Octets of the master key.
    pub const fn key_length(self) -> usize {
        match self {
            Self::AeadAes256Gcm => 32,
            _ => 16,
        }
    }
    /// Octets of the master salt.
    pub const fn salt_length(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 => 14,
            _ => 12,
        }
    }
    /// Octets that protection adds to an RTP packet.
    pub const fn rtp_overhead(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 => 10,
            _ => 16,
        }
    }
    /// Octets that protection adds to an RTCP packet (tag and index).
    pub const fn rtcp_overhead(self) -> usize {
        self.rtp_overhead() + 4
    }
}

/// Per-SSRC state of one received RTP stream: rollover counter and replay window (at least 128 packets).
#[derive(Clone, Debug, Default)]
pub struct ReceiveStream {
    _highest: Option<u64>,
    _window: [u64; 16],
}

/// Session keys for what one peer sends to us.
pub struct Receiver {
    _private: (),
}
/// Session keys for what we send to one peer.
pub struct Sender {
    _private: (),
}

#[allow(unused_variables)]
impl Receiver {
    /// Derives session keys; `Malformed` where a length does not fit the profile.
    pub fn new(profile: Profile, master_key: &[u8], master_salt: &[u8]) -> Result<Self, Error> {
        todo!()
    }
    /// Authenticates and decrypts in place; returns the length of the plain packet.
    /// State moves only when the packet is authentic.
    pub fn unprotect_rtp(
        &mut self,
        stream: &mut ReceiveStream,
        header: &crate::rtp::Header,
        packet: &mut [u8],
    ) -> Result<usize, Error> {
        todo!()
    }
    /// Authenticates and decrypts a compound in place; replay state for each SSRC is kept inside and bounded.
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Error> {
        todo!()
    }
}
#[allow(unused_variables)]
impl Sender {
    /// Derives session keys.
    pub fn new(profile: Profile, master_key: &[u8], master_salt: &[u8]) -> Result<Self, Error> {
        todo!()
    }
    /// The profile in use.
    pub fn profile(&self) -> Profile {
        todo!()
    }
    /// Encrypts in place: `buffer` holds the plain packet in `..length` and room for the overhead; returns the protected length.
    /// `index` is the 48-bit packet index (ROC << 16 | SEQ) that the caller's sequence numbering defines; it must never repeat for an SSRC.
    pub fn protect_rtp(
        &self,
        index: u64,
        ssrc: u32,
        header_length: usize,
        buffer: &mut [u8],
        length: usize,
    ) -> Result<usize, Error> {
        todo!()
    }
    /// Encrypts a compound in place; the SRTCP index for each SSRC is kept inside.
    pub fn protect_rtcp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, Error> {
        todo!()
    }
}
