//! AES_CM_128_HMAC_SHA1_80 (RFC 3711, section 4; RFC 4568, section 6.2).
use super::kdf::{Labels, Prf, apply_keystream, counter_mode};
use super::replay::RtcpReplay;
use super::{E_BIT, RTCP_HEADER_LENGTH, RTCP_INDEX_LENGTH};
use crate::Error;
use crate::bytes::u32_at;
use aws_lc_rs::cipher::EncryptingKey;
use aws_lc_rs::{constant_time, hmac};
use zeroize::Zeroizing;

const TAG_LENGTH: usize = 10;

/// Session keys and salt for RTP or for RTCP.
pub(super) struct Cipher {
    encryption: EncryptingKey,
    authentication: hmac::Key,
    /// Already shifted left by the 16 bits of the block counter.
    salt: u128,
}

impl Cipher {
    pub(super) fn derive(prf: &Prf, labels: Labels) -> Result<Self, Error> {
        let encryption = Zeroizing::new(prf.derive::<16>(labels.encryption)?);
        let authentication = Zeroizing::new(prf.derive::<20>(labels.authentication)?);
        let mut salt = [0; 16];
        salt[..14].copy_from_slice(&prf.derive::<14>(labels.salt)?);
        Ok(Self {
            encryption: counter_mode(&*encryption)?,
            authentication: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &*authentication),
            salt: u128::from_be_bytes(salt),
        })
    }

    /// Encrypts or decrypts with the IV of RFC 3711, section 4.1.1.
    fn apply(&self, ssrc: u32, index: u64, data: &mut [u8]) -> Result<(), Error> {
        let iv = self.salt ^ u128::from(ssrc) << 64 ^ u128::from(index) << 16;
        apply_keystream(&self.encryption, &iv.to_be_bytes(), data)
    }

    /// HMAC-SHA1 over the parts, one after the other, cut to 80 bits.
    fn tag(&self, authenticated: &[u8], suffix: &[u8]) -> [u8; TAG_LENGTH] {
        let mut context = hmac::Context::with_key(&self.authentication);
        context.update(authenticated);
        context.update(suffix);
        let full = context.sign();
        std::array::from_fn(|i| full.as_ref()[i])
    }

    /// `packet` is the plain packet and room for the tag.
    pub(super) fn seal_rtp(
        &self,
        index: u64,
        ssrc: u32,
        header: usize,
        packet: &mut [u8],
    ) -> Result<(), Error> {
        let (packet, tag) = packet
            .split_last_chunk_mut::<TAG_LENGTH>()
            .ok_or(Error::NoSpace)?;
        self.apply(ssrc, index, packet.get_mut(header..).ok_or(Error::Truncated)?)?;
        *tag = self.tag(packet, &rollover(index));
        Ok(())
    }

    pub(super) fn open_rtp(
        &self,
        index: u64,
        ssrc: u32,
        header: usize,
        packet: &mut [u8],
    ) -> Result<usize, Error> {
        let (packet, tag) = packet
            .split_last_chunk_mut::<TAG_LENGTH>()
            .ok_or(Error::Truncated)?;
        if header > packet.len() {
            return Err(Error::Truncated);
        }
        verify(tag, &self.tag(packet, &rollover(index)))?;
        self.apply(ssrc, index, &mut packet[header..])?;
        Ok(packet.len())
    }

    /// `packet` is the plain compound and room for index and tag.
    pub(super) fn seal_rtcp(&self, index: u32, ssrc: u32, packet: &mut [u8]) -> Result<(), Error> {
        let (body, tag) = packet
            .split_last_chunk_mut::<TAG_LENGTH>()
            .ok_or(Error::NoSpace)?;
        let (plain, index_word) = body
            .split_last_chunk_mut::<RTCP_INDEX_LENGTH>()
            .ok_or(Error::NoSpace)?;
        self.apply(
            ssrc,
            u64::from(index),
            plain.get_mut(RTCP_HEADER_LENGTH..).ok_or(Error::Truncated)?,
        )?;
        *index_word = (E_BIT | index).to_be_bytes();
        *tag = self.tag(body, &[]);
        Ok(())
    }

    pub(super) fn open_rtcp(
        &self,
        ssrc: u32,
        packet: &mut [u8],
        replay: &RtcpReplay,
    ) -> Result<(u32, usize), Error> {
        let (body, tag) = packet
            .split_last_chunk_mut::<TAG_LENGTH>()
            .ok_or(Error::Truncated)?;
        let length = body
            .len()
            .checked_sub(RTCP_INDEX_LENGTH)
            .ok_or(Error::Truncated)?;
        if length < RTCP_HEADER_LENGTH {
            return Err(Error::Truncated);
        }
        let word = u32_at(body, length)?;
        let index = word & !E_BIT;
        if !replay.is_new(ssrc, index) {
            return Err(Error::Replayed);
        }
        verify(tag, &self.tag(body, &[]))?;
        if word & E_BIT != 0 {
            self.apply(ssrc, u64::from(index), &mut body[RTCP_HEADER_LENGTH..length])?;
        }
        Ok((index, length))
    }
}

/// The rollover counter, which is authenticated with a packet but not sent (RFC 3711, section 4.2).
fn rollover(index: u64) -> [u8; 4] {
    ((index >> 16) as u32).to_be_bytes()
}

fn verify(received: &[u8; TAG_LENGTH], expected: &[u8; TAG_LENGTH]) -> Result<(), Error> {
    constant_time::verify_slices_are_equal(received, expected).map_err(|_| Error::Unauthenticated)
}
