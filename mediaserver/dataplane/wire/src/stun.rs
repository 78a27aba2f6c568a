//! STUN binding messages as ICE uses them (RFC 8489, RFC 8445).
use crate::Error;
use std::net::SocketAddr;

/// A parsed STUN message that borrows its bytes.
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
    /// XOR-MAPPED-ADDRESS of a response.
    pub mapped_address: Option<SocketAddr>,
    /// ERROR-CODE of an error response.
    pub error_code: Option<u16>,
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

impl<'a> Message<'a> {
    /// Parses a binding message; FINGERPRINT, when present, must match.
    pub fn parse(_bytes: &'a [u8]) -> Result<Self, Error> {
        todo!()
    }
    /// True when MESSAGE-INTEGRITY (HMAC-SHA1) is present and made with `password`.
    pub fn verify_integrity(&self, _password: &[u8]) -> bool {
        todo!()
    }
    /// The part of USERNAME before the colon: the ufrag of the agent that receives a check.
    pub fn receiver_ufrag(&self) -> Option<&'a str> {
        self.username?.split(':').next()
    }
}

/// Writes a binding success response with XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY and FINGERPRINT; returns its length.
pub fn write_success(
    _out: &mut [u8],
    _transaction_id: &[u8; 12],
    _mapped: SocketAddr,
    _password: &[u8],
) -> Result<usize, Error> {
    todo!()
}
/// Writes a binding error response; `password` is `None` where the requester is not authenticated.
pub fn write_error(
    _out: &mut [u8],
    _transaction_id: &[u8; 12],
    _code: u16,
    _reason: &str,
    _password: Option<&[u8]>,
) -> Result<usize, Error> {
    todo!()
}
/// Writes a connectivity check of the controlling side (tests, load generator).
pub fn write_check(
    _out: &mut [u8],
    _transaction_id: &[u8; 12],
    _username: &str,
    _password: &[u8],
    _priority: u32,
    _tie_breaker: u64,
    _nominate: bool,
) -> Result<usize, Error> {
    todo!()
}
