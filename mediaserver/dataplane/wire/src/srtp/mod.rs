//! SRTP and SRTCP (RFC 3711, RFC 7714) with kept cipher contexts.
//!
//! Only the IV changes from packet to packet: keys are expanded once, when DTLS has exported them. There is no MKI, no
//! re-keying (key derivation rate 0) and no encryption of header extensions (RFC 6904).
mod cm;
mod gcm;
mod kdf;
mod replay;

use crate::Error;
use crate::bytes::u32_at;
use kdf::Labels;
use replay::RtcpReplay;
pub use replay::Window;

/// Octets of an RTCP packet that stay readable: the fixed header and the sender's SSRC (RFC 3711, section 3.4).
const RTCP_HEADER_LENGTH: usize = 8;
/// Octets of the SRTCP index with its E bit.
const RTCP_INDEX_LENGTH: usize = 4;
/// Set in the index word of an SRTCP packet that is encrypted.
const E_BIT: u32 = 1 << 31;
/// RTP packet indices have 48 bits (RFC 3711, section 3.3.1).
const RTP_INDEX_END: u64 = 1 << 48;

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
        self.rtp_overhead() + RTCP_INDEX_LENGTH
    }
}

/// Session keys of one direction for RTP or for RTCP.
enum Cipher {
    // Boxed: the expanded keys of the two differ much in size, and a session has one of them.
    Gcm(Box<gcm::Cipher>),
    Cm(Box<cm::Cipher>),
}

impl Cipher {
    fn new(profile: Profile, master_key: &[u8], master_salt: &[u8], labels: Labels) -> Result<Self, Error> {
        if master_key.len() != profile.key_length() || master_salt.len() != profile.salt_length() {
            return Err(Error::Malformed);
        }
        let prf = kdf::Prf::new(master_key, master_salt)?;
        Ok(match profile {
            Profile::AesCm128HmacSha1_80 => Self::Cm(Box::new(cm::Cipher::derive(&prf, labels)?)),
            _ => Self::Gcm(Box::new(gcm::Cipher::derive(&prf, labels, profile.key_length())?)),
        })
    }
}

/// Per-SSRC state of one received RTP stream: rollover counter and replay window (1,024 packets).
#[derive(Clone, Debug, Default)]
pub struct ReceiveStream {
    window: Window<16>,
}

impl ReceiveStream {
    /// The highest authentic packet index so far (ROC << 16 | SEQ).
    pub fn highest_index(&self) -> Option<u64> {
        self.window.highest()
    }

    /// The most likely index of a sequence number (RFC 3711, section 3.3.1 and appendix A). A stream starts with
    /// rollover counter 0, and nothing can be before that.
    fn guess_index(&self, sequence_number: u16) -> u64 {
        const HALF: u64 = 1 << 15;
        let sequence = u64::from(sequence_number);
        let highest = self.window.highest().unwrap_or(sequence);
        let (rollover, last) = (highest >> 16, highest & 0xffff);
        let rollover = if last < HALF && sequence > last + HALF {
            rollover.saturating_sub(1)
        } else if last >= HALF && last - HALF > sequence {
            rollover + 1
        } else {
            rollover
        };
        rollover << 16 | sequence
    }
}

/// Session keys for what one peer sends to us.
pub struct Receiver {
    rtp: Cipher,
    rtcp: Cipher,
    rtcp_replay: RtcpReplay,
}

impl Receiver {
    /// Derives session keys; `Malformed` where a length does not fit the profile.
    pub fn new(profile: Profile, master_key: &[u8], master_salt: &[u8]) -> Result<Self, Error> {
        Ok(Self {
            rtp: Cipher::new(profile, master_key, master_salt, kdf::RTP)?,
            rtcp: Cipher::new(profile, master_key, master_salt, kdf::RTCP)?,
            rtcp_replay: RtcpReplay::default(),
        })
    }

    /// Authenticates and decrypts in place; returns the length of the plain packet.
    /// State moves only when the packet is authentic. After an error the bytes of the packet are undefined.
    pub fn unprotect_rtp(
        &mut self,
        stream: &mut ReceiveStream,
        header: &crate::rtp::Header,
        packet: &mut [u8],
    ) -> Result<usize, Error> {
        let index = stream.guess_index(header.sequence_number);
        if index >= RTP_INDEX_END {
            return Err(Error::Exhausted);
        }
        if !stream.window.is_new(index) {
            return Err(Error::Replayed);
        }
        let length = match &self.rtp {
            Cipher::Gcm(cipher) => cipher.open_rtp(index, header.ssrc, header.length, packet)?,
            Cipher::Cm(cipher) => cipher.open_rtp(index, header.ssrc, header.length, packet)?,
        };
        stream.window.insert(index);
        Ok(length)
    }

    /// Authenticates and decrypts a compound in place; replay state for each SSRC is kept inside and bounded.
    /// After an error the bytes of the packet are undefined.
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Error> {
        let ssrc = u32_at(packet, 4)?;
        let (index, length) = match &self.rtcp {
            Cipher::Gcm(cipher) => cipher.open_rtcp(ssrc, packet, &self.rtcp_replay)?,
            Cipher::Cm(cipher) => cipher.open_rtcp(ssrc, packet, &self.rtcp_replay)?,
        };
        self.rtcp_replay.insert(ssrc, index);
        Ok(length)
    }
}

/// Session keys for what we send to one peer.
pub struct Sender {
    profile: Profile,
    rtp: Cipher,
    rtcp: Cipher,
    /// One counter for all SSRCs: their indices need to rise, not to be dense, and with nothing kept for an SSRC no
    /// index can ever repeat under the same IV.
    next_rtcp_index: u32,
}

impl Sender {
    /// Derives session keys; `Malformed` where a length does not fit the profile.
    pub fn new(profile: Profile, master_key: &[u8], master_salt: &[u8]) -> Result<Self, Error> {
        Ok(Self {
            profile,
            rtp: Cipher::new(profile, master_key, master_salt, kdf::RTP)?,
            rtcp: Cipher::new(profile, master_key, master_salt, kdf::RTCP)?,
            next_rtcp_index: 0,
        })
    }

    /// The profile in use.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Encrypts in place: `buffer` holds the plain packet in `..length` and room for the overhead; returns the
    /// protected length.
    /// `index` is the 48-bit packet index (ROC << 16 | SEQ) that the caller's sequence numbering defines; it must never
    /// repeat for an SSRC. `Exhausted` beyond 48 bits.
    pub fn protect_rtp(
        &self,
        index: u64,
        ssrc: u32,
        header_length: usize,
        buffer: &mut [u8],
        length: usize,
    ) -> Result<usize, Error> {
        if index >= RTP_INDEX_END {
            return Err(Error::Exhausted);
        }
        if header_length > length {
            return Err(Error::Truncated);
        }
        let protected = length
            .checked_add(self.profile.rtp_overhead())
            .ok_or(Error::NoSpace)?;
        let buffer = buffer.get_mut(..protected).ok_or(Error::NoSpace)?;
        match &self.rtp {
            Cipher::Gcm(cipher) => cipher.seal_rtp(index, ssrc, header_length, buffer)?,
            Cipher::Cm(cipher) => cipher.seal_rtp(index, ssrc, header_length, buffer)?,
        }
        Ok(protected)
    }

    /// Encrypts a compound in place; the SRTCP index is kept inside. `Exhausted` after 2^31 packets.
    pub fn protect_rtcp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, Error> {
        if length < RTCP_HEADER_LENGTH {
            return Err(Error::Truncated);
        }
        let index = self.next_rtcp_index;
        if index & E_BIT != 0 {
            return Err(Error::Exhausted);
        }
        let protected = length
            .checked_add(self.profile.rtcp_overhead())
            .ok_or(Error::NoSpace)?;
        let buffer = buffer.get_mut(..protected).ok_or(Error::NoSpace)?;
        let ssrc = u32_at(buffer, 4)?;
        match &self.rtcp {
            Cipher::Gcm(cipher) => cipher.seal_rtcp(index, ssrc, buffer)?,
            Cipher::Cm(cipher) => cipher.seal_rtcp(index, ssrc, buffer)?,
        }
        self.next_rtcp_index = index + 1;
        Ok(protected)
    }
}
