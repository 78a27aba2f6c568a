//! AEAD_AES_128_GCM and AEAD_AES_256_GCM (RFC 7714).
use super::kdf::{Labels, Prf};
use super::replay::RtcpReplay;
use super::{E_BIT, RTCP_HEADER_LENGTH, RTCP_INDEX_LENGTH};
use crate::Error;
use crate::bytes::array_at;
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

const TAG_LENGTH: usize = 16;
/// Header and index word: what an encrypted SRTCP packet authenticates without encrypting.
const RTCP_AAD_LENGTH: usize = RTCP_HEADER_LENGTH + RTCP_INDEX_LENGTH;

/// Session key and salt for RTP or for RTCP.
pub(super) struct Cipher {
    key: LessSafeKey,
    /// As a number, so that an IV is made with two shifts and an exclusive or.
    salt: u128,
}

impl Cipher {
    pub(super) fn derive(prf: &Prf, labels: Labels, key_length: usize) -> Result<Self, Error> {
        let key = Zeroizing::new(prf.derive::<32>(labels.encryption)?);
        Self::new(
            key.get(..key_length).ok_or(Error::Malformed)?,
            prf.derive(labels.salt)?,
        )
    }

    fn new(session_key: &[u8], session_salt: [u8; 12]) -> Result<Self, Error> {
        let algorithm = if session_key.len() == 32 {
            &AES_256_GCM
        } else {
            &AES_128_GCM
        };
        let key = UnboundKey::new(algorithm, session_key).map_err(|_| Error::Malformed)?;
        let mut salt = [0; 16];
        salt[4..].copy_from_slice(&session_salt);
        Ok(Self {
            key: LessSafeKey::new(key),
            salt: u128::from_be_bytes(salt),
        })
    }

    /// RFC 7714, sections 8.1 and 9.1: 16 zero bits, SSRC, 48 bits of index (31 for SRTCP); all combined with the salt.
    fn nonce(&self, ssrc: u32, index: u64) -> Nonce {
        let iv = (u128::from(ssrc) << 48 | u128::from(index)) ^ self.salt;
        let [_, _, _, _, nonce @ ..] = iv.to_be_bytes();
        Nonce::assume_unique_for_key(nonce)
    }

    /// `packet` is the plain packet and room for the tag.
    pub(super) fn seal_rtp(
        &self,
        index: u64,
        ssrc: u32,
        header: usize,
        packet: &mut [u8],
    ) -> Result<(), Error> {
        let (header, body) = packet.split_at_mut_checked(header).ok_or(Error::Truncated)?;
        let (plain, tag) = body.split_last_chunk_mut::<TAG_LENGTH>().ok_or(Error::NoSpace)?;
        self.seal(self.nonce(ssrc, index), header, plain, tag)
    }

    pub(super) fn open_rtp(
        &self,
        index: u64,
        ssrc: u32,
        header: usize,
        packet: &mut [u8],
    ) -> Result<usize, Error> {
        let (header, body) = packet.split_at_mut_checked(header).ok_or(Error::Truncated)?;
        let (cipher, tag) = body
            .split_last_chunk_mut::<TAG_LENGTH>()
            .ok_or(Error::Truncated)?;
        self.open(self.nonce(ssrc, index), header, cipher, tag)?;
        Ok(packet.len() - TAG_LENGTH)
    }

    /// `packet` is the plain compound and room for tag and index.
    pub(super) fn seal_rtcp(&self, index: u32, ssrc: u32, packet: &mut [u8]) -> Result<(), Error> {
        let (body, index_word) = packet
            .split_last_chunk_mut::<RTCP_INDEX_LENGTH>()
            .ok_or(Error::NoSpace)?;
        let (body, tag) = body.split_last_chunk_mut::<TAG_LENGTH>().ok_or(Error::NoSpace)?;
        let (header, plain) = body
            .split_at_mut_checked(RTCP_HEADER_LENGTH)
            .ok_or(Error::Truncated)?;
        *index_word = (E_BIT | index).to_be_bytes();
        let aad = encrypted_rtcp_aad(header, *index_word);
        self.seal(self.nonce(ssrc, u64::from(index)), &aad, plain, tag)
    }

    pub(super) fn open_rtcp(
        &self,
        ssrc: u32,
        packet: &mut [u8],
        replay: &RtcpReplay,
    ) -> Result<(u32, usize), Error> {
        let length = packet
            .len()
            .checked_sub(TAG_LENGTH + RTCP_INDEX_LENGTH)
            .ok_or(Error::Truncated)?;
        if length < RTCP_HEADER_LENGTH {
            return Err(Error::Truncated);
        }
        let tag = array_at(packet, length)?;
        let index_word = array_at(packet, length + TAG_LENGTH)?;
        let word = u32::from_be_bytes(index_word);
        let index = word & !E_BIT;
        if !replay.is_new(ssrc, index) {
            return Err(Error::Replayed);
        }
        let nonce = self.nonce(ssrc, u64::from(index));
        if word & E_BIT != 0 {
            let (header, cipher) = packet[..length].split_at_mut(RTCP_HEADER_LENGTH);
            self.open(nonce, &encrypted_rtcp_aad(header, index_word), cipher, &tag)?;
        } else {
            // Authenticated only: all octets, then the index word, are associated data (RFC 7714, section 9.3).
            let aad = &mut packet[..length + RTCP_INDEX_LENGTH];
            aad[length..].copy_from_slice(&index_word);
            self.open(nonce, aad, &mut [], &tag)?;
        }
        Ok((index, length))
    }

    fn seal(
        &self,
        nonce: Nonce,
        aad: &[u8],
        plain: &mut [u8],
        tag: &mut [u8; TAG_LENGTH],
    ) -> Result<(), Error> {
        // Fails only above 2^36 octets, which no packet has.
        self.key
            .seal_in_place_scatter(nonce, Aad::from(aad), plain, &[], tag)
            .map_err(|_| Error::Malformed)
    }

    fn open(&self, nonce: Nonce, aad: &[u8], cipher: &mut [u8], tag: &[u8; TAG_LENGTH]) -> Result<(), Error> {
        self.key
            .open_in_place_separate_tag(nonce, Aad::from(aad), tag, cipher)
            .map(drop)
            .map_err(|_| Error::Unauthenticated)
    }
}

/// RFC 7714, section 9.2: the first eight octets and the index word with its E bit.
fn encrypted_rtcp_aad(header: &[u8], index_word: [u8; RTCP_INDEX_LENGTH]) -> [u8; RTCP_AAD_LENGTH] {
    let mut aad = [0; RTCP_AAD_LENGTH];
    aad[..RTCP_HEADER_LENGTH].copy_from_slice(&header[..RTCP_HEADER_LENGTH]);
    aad[RTCP_HEADER_LENGTH..].copy_from_slice(&index_word);
    aad
}
