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

#[cfg(test)]
mod tests {
    use super::*;

    // The session keys, salt and packets of RFC 7714, sections 16 and 17.
    const SALT: [u8; 12] = *b"Quid pro quo";
    const SSRC: u32 = 0x5501_a0b2;
    const SEQUENCE: u64 = 0xf17b;
    const RTP_HEADER: [u8; 12] = [
        0x80, 0x40, 0xf1, 0x7b, 0x80, 0x41, 0xf8, 0xd3, 0x55, 0x01, 0xa0, 0xb2,
    ];
    const RTP_PAYLOAD: &[u8; 38] = b"Gallia est omnis divisa in partes tres";
    const RTCP_SSRC: u32 = 0x4d61_7273;
    const RTCP_INDEX: u32 = 0x05d4;
    const RTCP: &str = "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61\
                        deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";

    fn cipher(key_length: u8) -> Cipher {
        Cipher::new(&(0..key_length).collect::<Vec<_>>(), SALT).unwrap()
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }

    fn protected_rtp(cipher: &Cipher) -> Vec<u8> {
        let mut packet = [&RTP_HEADER[..], RTP_PAYLOAD, &[0; TAG_LENGTH]].concat();
        cipher
            .seal_rtp(SEQUENCE, SSRC, RTP_HEADER.len(), &mut packet)
            .unwrap();
        packet
    }

    #[test]
    fn the_rtp_packets_of_rfc_7714() {
        let ciphertexts = [
            (
                16,
                "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833\
                  899d7f27beb16a9152cf765ee4390cce",
            ),
            (
                32,
                "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b\
                  7aa3db36dfffd6b0f9bb7878d7a76c13",
            ),
        ];
        for (key_length, ciphertext) in ciphertexts {
            let cipher = cipher(key_length);
            let mut packet = protected_rtp(&cipher);
            assert_eq!(packet[..12], RTP_HEADER);
            assert_eq!(packet[12..], hex(ciphertext));
            assert_eq!(cipher.open_rtp(SEQUENCE, SSRC, 12, &mut packet), Ok(50));
            assert_eq!(packet[12..50], RTP_PAYLOAD[..]);
        }
    }

    #[test]
    fn the_encrypted_rtcp_packets_of_rfc_7714() {
        let ciphertexts = [
            (
                16,
                "63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b\
                  c84aa45896cf4d2fc5abf87245d9eade800005d4",
            ),
            (
                32,
                "d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad\
                  1d1eb30c4446839f57ff6f6cb26ac3be800005d4",
            ),
        ];
        for (key_length, ciphertext) in ciphertexts {
            let cipher = cipher(key_length);
            let plain = hex(RTCP);
            let mut packet = [&plain[..], &[0; TAG_LENGTH + RTCP_INDEX_LENGTH]].concat();
            cipher.seal_rtcp(RTCP_INDEX, RTCP_SSRC, &mut packet).unwrap();
            assert_eq!(packet[8..], hex(ciphertext));
            let replay = RtcpReplay::default();
            assert_eq!(
                cipher.open_rtcp(RTCP_SSRC, &mut packet, &replay),
                Ok((RTCP_INDEX, plain.len()))
            );
            assert_eq!(packet[..plain.len()], plain);
        }
    }

    /// Tagged but not encrypted (E bit 0), section 17.3.
    #[test]
    fn the_authenticated_rtcp_packet_of_rfc_7714() {
        let plain = hex(RTCP);
        let protected = [
            &plain[..],
            &hex("841dd9683dd78ec92ae58790125f62b3"),
            &hex("000005d4"),
        ]
        .concat();
        let replay = RtcpReplay::default();
        let cipher = cipher(16);
        let mut packet = protected.clone();
        assert_eq!(
            cipher.open_rtcp(RTCP_SSRC, &mut packet, &replay),
            Ok((RTCP_INDEX, plain.len()))
        );
        assert_eq!(packet[..plain.len()], plain);
        for at in [4, 20, plain.len(), protected.len() - 1] {
            let mut packet = protected.clone();
            packet[at] ^= 1;
            let opened = cipher.open_rtcp(RTCP_SSRC, &mut packet, &replay);
            assert_eq!(opened, Err(Error::Unauthenticated), "octet {at}");
        }
    }
}
