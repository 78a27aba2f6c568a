//! Session keys from the master key: the AES-CM pseudo-random function with key derivation rate 0 (RFC 3711, section
//! 4.3; RFC 6188 for 256-bit keys; RFC 7714, section 11 for 96-bit salts).
use crate::Error;
use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

/// Labels of the three keys of a direction (RFC 3711, section 4.3.2).
#[derive(Clone, Copy)]
pub(super) struct Labels {
    pub(super) encryption: u8,
    pub(super) authentication: u8,
    pub(super) salt: u8,
}

pub(super) const RTP: Labels = Labels {
    encryption: 0,
    authentication: 1,
    salt: 2,
};
pub(super) const RTCP: Labels = Labels {
    encryption: 3,
    authentication: 4,
    salt: 5,
};

/// Octets of the salt in AES-CM's IV; shorter ones are filled with zeros on the right.
const SALT_LENGTH: usize = 14;
/// Octet of the salt that the label falls on: key_id = label || 48 bits of index, aligned to the right.
const LABEL_AT: usize = 7;

/// A keyed pseudo-random function.
pub(super) struct Prf {
    master_key: EncryptingKey,
    master_salt: [u8; SALT_LENGTH],
}

impl Prf {
    /// `Malformed` for keys of other lengths than 16 and 32 octets and salts above 14.
    pub(super) fn new(master_key: &[u8], master_salt: &[u8]) -> Result<Self, Error> {
        let mut salt = [0; SALT_LENGTH];
        salt.get_mut(..master_salt.len())
            .ok_or(Error::Malformed)?
            .copy_from_slice(master_salt);
        Ok(Self {
            master_key: counter_mode(master_key)?,
            master_salt: salt,
        })
    }

    /// The first `N` octets for a label.
    pub(super) fn derive<const N: usize>(&self, label: u8) -> Result<[u8; N], Error> {
        let mut iv = [0; 16];
        iv[..SALT_LENGTH].copy_from_slice(&self.master_salt);
        iv[LABEL_AT] ^= label;
        let mut key = [0; N];
        apply_keystream(&self.master_key, &iv, &mut key)?;
        Ok(key)
    }
}

/// AES in counter mode for a key of 16 or 32 octets.
pub(super) fn counter_mode(key: &[u8]) -> Result<EncryptingKey, Error> {
    let algorithm = match key.len() {
        16 => &AES_128,
        32 => &AES_256,
        _ => return Err(Error::Malformed),
    };
    UnboundCipherKey::new(algorithm, key)
        .and_then(EncryptingKey::ctr)
        .map_err(|_| Error::Malformed)
}

/// Combines `data` with the key stream that starts at `iv`.
pub(super) fn apply_keystream(key: &EncryptingKey, iv: &[u8; 16], data: &mut [u8]) -> Result<(), Error> {
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    key.less_safe_encrypt(data, context)
        .map(drop)
        .map_err(|_| Error::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASTER_KEY: u128 = 0xe1f9_7a0d_3e01_8be0_d64f_a32c_06de_4139;
    const MASTER_SALT: [u8; 14] = [
        0x0e, 0xc6, 0x75, 0xad, 0x49, 0x8a, 0xfe, 0xeb, 0xb6, 0x96, 0x0b, 0x3a, 0xab, 0xe6,
    ];

    /// RFC 3711, appendix B.2: with this session key and salt, SSRC 0 and index 0.
    #[test]
    fn the_key_stream_of_rfc_3711() {
        let key = counter_mode(&0x2b7e_1516_28ae_d2a6_abf7_1588_09cf_4f3c_u128.to_be_bytes()).unwrap();
        let mut iv = 0xf0f1_f2f3_f4f5_f6f7_f8f9_fafb_fcfd_0000_u128.to_be_bytes();
        let mut stream = [0; 48];
        apply_keystream(&key, &iv, &mut stream).unwrap();
        let expected = [
            0xe03e_ad09_35c9_5e80_e166_b16d_d92b_4eb4_u128,
            0xd235_1316_2b02_d0f7_2a43_a2fe_4a5f_97ab,
            0x41e9_5b3b_b0a2_e8dd_4779_01e4_fca8_94c0,
        ];
        assert_eq!(stream[..], expected.map(u128::to_be_bytes).concat());
        iv[14..].copy_from_slice(&[0xfe, 0xff]);
        apply_keystream(&key, &iv, &mut stream[..16]).unwrap();
        assert_ne!(stream[..16], expected[0].to_be_bytes());
    }

    /// RFC 3711, appendix B.3.
    #[test]
    fn the_session_keys_of_rfc_3711() {
        let prf = Prf::new(&MASTER_KEY.to_be_bytes(), &MASTER_SALT).unwrap();
        let cipher_key = 0xc61e_7a93_744f_39ee_1073_4afe_3ff7_a087_u128;
        assert_eq!(prf.derive::<16>(RTP.encryption), Ok(cipher_key.to_be_bytes()));
        let salt = [
            0x30, 0xcb, 0xbc, 0x08, 0x86, 0x3d, 0x8c, 0x85, 0xd4, 0x9d, 0xb3, 0x4a, 0x9a, 0xe1,
        ];
        assert_eq!(prf.derive::<14>(RTP.salt), Ok(salt));
        let authentication_key = [
            0xce, 0xbe, 0x32, 0x1f, 0x6f, 0xf7, 0x71, 0x6b, 0x6f, 0xd4, 0xab, 0x49, 0xaf, 0x25, 0x6a, 0x15,
            0x6d, 0x38, 0xba, 0xa4, 0x8f, 0x0a, 0x0a, 0xcf, 0x3c, 0x34, 0xe2, 0x35, 0x9e, 0x6c, 0xdb, 0xce,
        ];
        assert_eq!(prf.derive::<32>(RTP.authentication), Ok(authentication_key));
    }

    #[test]
    fn other_lengths_are_refused() {
        assert!(matches!(Prf::new(&[0; 24], &[0; 12]), Err(Error::Malformed)));
        assert!(matches!(Prf::new(&[0; 16], &[0; 15]), Err(Error::Malformed)));
    }
}
