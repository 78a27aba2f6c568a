//! Binding requests and responses.
use super::{Class, FINGERPRINT_ATTRIBUTE_LENGTH, HEADER_LENGTH, INTEGRITY_LENGTH, MAGIC_COOKIE};
use super::{address, attribute, fingerprint, message_integrity};
use crate::Error;
use crate::bytes::Cursor;
use std::net::SocketAddr;

/// "Unknown Attribute" (RFC 8489, section 14.8).
const UNKNOWN_ATTRIBUTE_CODE: u16 = 420;

/// Writes a binding success response with XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY and FINGERPRINT; returns its length.
pub fn write_success(
    out: &mut [u8],
    transaction_id: &[u8; 12],
    mapped: SocketAddr,
    password: &[u8],
) -> Result<usize, Error> {
    let mut message = Builder::new(out, Class::Success, transaction_id)?;
    let (value, length) = address::xor_value(mapped, transaction_id);
    message.attribute(attribute::XOR_MAPPED_ADDRESS, &value[..length])?;
    message.finish(Some(password))
}

/// Writes a binding error response; `password` is `None` where the requester is not authenticated.
/// `Malformed` for a code outside 300..=699.
pub fn write_error(
    out: &mut [u8],
    transaction_id: &[u8; 12],
    code: u16,
    reason: &str,
    password: Option<&[u8]>,
) -> Result<usize, Error> {
    let mut message = Builder::new(out, Class::Error, transaction_id)?;
    message.error_code(code, reason)?;
    message.finish(password)
}

/// Writes the 420 response to a request with an unknown comprehension-required attribute.
pub fn write_unknown_attribute(
    out: &mut [u8],
    transaction_id: &[u8; 12],
    unknown: u16,
    password: Option<&[u8]>,
) -> Result<usize, Error> {
    let mut message = Builder::new(out, Class::Error, transaction_id)?;
    message.error_code(UNKNOWN_ATTRIBUTE_CODE, "Unknown Attribute")?;
    message.attribute(attribute::UNKNOWN_ATTRIBUTES, &unknown.to_be_bytes())?;
    message.finish(password)
}

/// Writes a connectivity check of the controlling side (tests, load generator).
pub fn write_check(
    out: &mut [u8],
    transaction_id: &[u8; 12],
    username: &str,
    password: &[u8],
    priority: u32,
    tie_breaker: u64,
    nominate: bool,
) -> Result<usize, Error> {
    let mut message = Builder::new(out, Class::Request, transaction_id)?;
    message.attribute(attribute::USERNAME, username.as_bytes())?;
    message.attribute(attribute::PRIORITY, &priority.to_be_bytes())?;
    message.attribute(attribute::ICE_CONTROLLING, &tie_breaker.to_be_bytes())?;
    if nominate {
        message.attribute(attribute::USE_CANDIDATE, &[])?;
    }
    message.finish(Some(password))
}

struct Builder<'a>(Cursor<'a>);

impl<'a> Builder<'a> {
    fn new(out: &'a mut [u8], class: Class, transaction_id: &[u8; 12]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(out);
        cursor.put(&class.binding_type().to_be_bytes())?;
        cursor.put(&[0, 0])?;
        cursor.put(&MAGIC_COOKIE.to_be_bytes())?;
        cursor.put(transaction_id)?;
        Ok(Self(cursor))
    }

    fn attribute(&mut self, kind: u16, value: &[u8]) -> Result<(), Error> {
        self.start_attribute(kind, value.len())?;
        self.0.put(value)?;
        self.0.pad_to_word()
    }

    fn start_attribute(&mut self, kind: u16, length: usize) -> Result<(), Error> {
        self.0.put(&kind.to_be_bytes())?;
        self.0
            .put(&u16::try_from(length).map_err(|_| Error::Malformed)?.to_be_bytes())
    }

    fn error_code(&mut self, code: u16, reason: &str) -> Result<(), Error> {
        if !(300..=699).contains(&code) {
            return Err(Error::Malformed);
        }
        self.start_attribute(attribute::ERROR_CODE, 4 + reason.len())?;
        self.0.put(&[0, 0, (code / 100) as u8, (code % 100) as u8])?;
        self.0.put(reason.as_bytes())?;
        self.0.pad_to_word()
    }

    /// Adds MESSAGE-INTEGRITY where there is a password, and FINGERPRINT.
    fn finish(mut self, password: Option<&[u8]>) -> Result<usize, Error> {
        let integrity = password.map_or(0, |_| attribute::HEADER_LENGTH + INTEGRITY_LENGTH);
        let end = self.0.length() + integrity + FINGERPRINT_ATTRIBUTE_LENGTH;
        let body = u16::try_from(end - HEADER_LENGTH).map_err(|_| Error::Malformed)?;
        self.0.patch_u16(2, body);
        if let Some(password) = password {
            let tag = message_integrity(self.0.written(), password);
            self.attribute(attribute::MESSAGE_INTEGRITY, tag.as_ref())?;
        }
        let crc = fingerprint(self.0.written());
        self.attribute(attribute::FINGERPRINT, &crc.to_be_bytes())?;
        Ok(self.0.length())
    }
}
