//! STUN binding messages as ICE uses them (RFC 8489, RFC 8445).
mod address;
mod attribute;
mod writer;

use crate::Error;
use crate::bytes::{array_at, u16_at, u32_at};
use attribute::Attributes;
use aws_lc_rs::{constant_time, hmac};
use std::net::SocketAddr;

pub use writer::{write_check, write_error, write_success, write_unknown_attribute};

/// Octets before the attributes.
const HEADER_LENGTH: usize = 20;
/// RFC 8489, section 5.
const MAGIC_COOKIE: u32 = 0x2112_a442;
/// Octets of the HMAC-SHA1 in MESSAGE-INTEGRITY.
const INTEGRITY_LENGTH: usize = 20;
/// Octets of the FINGERPRINT attribute with its header.
const FINGERPRINT_ATTRIBUTE_LENGTH: usize = 8;
/// RFC 8489, section 14.7.
const FINGERPRINT_XOR: u32 = 0x5354_554e;

/// A parsed STUN message that borrows its bytes.
///
/// All fields but `class` and `transaction_id` come from attributes before MESSAGE-INTEGRITY, if there is one: what
/// follows it is not protected and is ignored (RFC 8489, section 14.5).
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The two class bits.
    pub class: Class,
    /// 96-bit transaction id.
    pub transaction_id: [u8; 12],
    /// USERNAME, "receiver-ufrag:sender-ufrag" in a connectivity check.
    pub username: Option<&'a str>,
    /// USE-CANDIDATE is present.
    pub use_candidate: bool,
    /// PRIORITY that a peer-reflexive candidate would get.
    pub priority: Option<u32>,
    /// ICE-CONTROLLING with its tie-breaker: the sender is the controlling agent.
    pub ice_controlling: Option<u64>,
    /// ICE-CONTROLLED with its tie-breaker: the sender is the controlled agent.
    pub ice_controlled: Option<u64>,
    /// XOR-MAPPED-ADDRESS of a response.
    pub mapped_address: Option<SocketAddr>,
    /// ERROR-CODE of an error response.
    pub error_code: Option<u16>,
    /// The first comprehension-required attribute (below 0x8000) that this implementation does not know. A request
    /// with one is to be answered with error 420, see [`write_unknown_attribute`].
    pub unknown_attribute: Option<u16>,
    bytes: &'a [u8],
    integrity_offset: Option<usize>,
}

/// Class of a binding message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Class {
    Request,
    Indication,
    Success,
    Error,
}

impl Class {
    /// From the message type; `None` where the method is not Binding (RFC 8489, section 5, figure 3).
    fn of_binding(message_type: u16) -> Option<Self> {
        match message_type {
            0x0001 => Some(Self::Request),
            0x0011 => Some(Self::Indication),
            0x0101 => Some(Self::Success),
            0x0111 => Some(Self::Error),
            _ => None,
        }
    }

    fn binding_type(self) -> u16 {
        match self {
            Self::Request => 0x0001,
            Self::Indication => 0x0011,
            Self::Success => 0x0101,
            Self::Error => 0x0111,
        }
    }
}

impl<'a> Message<'a> {
    /// Parses a binding message that fills `bytes`; FINGERPRINT, when present, must match and be the last attribute.
    /// `Malformed` for other methods and for messages without the magic cookie, `Unauthenticated` for a wrong
    /// FINGERPRINT.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let class = Class::of_binding(u16_at(bytes, 0)?).ok_or(Error::Malformed)?;
        let transaction_id = array_at(bytes, 8)?;
        let end = HEADER_LENGTH + usize::from(u16_at(bytes, 2)?);
        if bytes.len() < end {
            return Err(Error::Truncated);
        }
        if bytes.len() > end || !end.is_multiple_of(4) || u32_at(bytes, 4)? != MAGIC_COOKIE {
            return Err(Error::Malformed);
        }
        let mut message = Self {
            class,
            transaction_id,
            username: None,
            use_candidate: false,
            priority: None,
            ice_controlling: None,
            ice_controlled: None,
            mapped_address: None,
            error_code: None,
            unknown_attribute: None,
            bytes,
            integrity_offset: None,
        };
        for attribute in Attributes::new(bytes) {
            let (kind, offset, value) = attribute?;
            message.read_attribute(kind, offset, value)?;
        }
        Ok(message)
    }

    fn read_attribute(&mut self, kind: u16, offset: usize, value: &'a [u8]) -> Result<(), Error> {
        if kind == attribute::FINGERPRINT {
            return self.check_fingerprint(offset, value);
        }
        if self.integrity_offset.is_some() {
            return Ok(());
        }
        match kind {
            attribute::MESSAGE_INTEGRITY if value.len() == INTEGRITY_LENGTH => {
                self.integrity_offset = Some(offset);
            }
            attribute::MESSAGE_INTEGRITY => return Err(Error::Malformed),
            attribute::USERNAME => {
                self.username = Some(std::str::from_utf8(value).map_err(|_| Error::Malformed)?);
            }
            attribute::USE_CANDIDATE => self.use_candidate = true,
            attribute::PRIORITY => self.priority = Some(u32_at(value, 0)?),
            attribute::ICE_CONTROLLING => {
                self.ice_controlling = Some(u64::from_be_bytes(array_at(value, 0)?))
            }
            attribute::ICE_CONTROLLED => self.ice_controlled = Some(u64::from_be_bytes(array_at(value, 0)?)),
            attribute::XOR_MAPPED_ADDRESS => {
                self.mapped_address = Some(address::parse_xor(value, &self.transaction_id)?);
            }
            attribute::ERROR_CODE => self.error_code = Some(attribute::parse_error_code(value)?),
            _ if attribute::is_comprehension_required(kind) => {
                self.unknown_attribute = self.unknown_attribute.or(Some(kind));
            }
            _ => {}
        }
        Ok(())
    }

    fn check_fingerprint(&self, offset: usize, value: &[u8]) -> Result<(), Error> {
        if offset + FINGERPRINT_ATTRIBUTE_LENGTH != self.bytes.len() {
            return Err(Error::Malformed);
        }
        match u32_at(value, 0)? == fingerprint(&self.bytes[..offset]) {
            true => Ok(()),
            false => Err(Error::Unauthenticated),
        }
    }

    /// True when MESSAGE-INTEGRITY (HMAC-SHA1) is present and made with `password`.
    pub fn verify_integrity(&self, password: &[u8]) -> bool {
        let Some(offset) = self.integrity_offset else {
            return false;
        };
        let Ok(received) = array_at::<INTEGRITY_LENGTH>(self.bytes, offset + attribute::HEADER_LENGTH) else {
            return false;
        };
        let expected = message_integrity(&self.bytes[..offset], password);
        constant_time::verify_slices_are_equal(&received, expected.as_ref()).is_ok()
    }

    /// The part of USERNAME before the colon: the ufrag of the agent that receives a check.
    pub fn receiver_ufrag(&self) -> Option<&'a str> {
        self.username?.split(':').next()
    }
}

/// HMAC-SHA1 over the message up to MESSAGE-INTEGRITY, with the length field as if that attribute were the last
/// (RFC 8489, section 14.5).
fn message_integrity(before: &[u8], password: &[u8]) -> hmac::Tag {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password);
    let mut context = hmac::Context::with_key(&key);
    let length = before.len() - HEADER_LENGTH + attribute::HEADER_LENGTH + INTEGRITY_LENGTH;
    context.update(&before[..2]);
    context.update(&(length as u16).to_be_bytes());
    context.update(&before[4..]);
    context.sign()
}

/// CRC-32 over the message up to FINGERPRINT; its length field already counts that attribute.
fn fingerprint(before: &[u8]) -> u32 {
    crc32fast::hash(before) ^ FINGERPRINT_XOR
}
