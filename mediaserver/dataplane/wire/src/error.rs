//! The one error type of the parsers.

/// Why some bytes were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Ends before a field that its own lengths promise.
    Truncated,
    /// A version, type or length that the format does not allow.
    Malformed,
    /// An authentication tag or MESSAGE-INTEGRITY that does not match.
    Unauthenticated,
    /// An SRTP index that was received before or is older than the replay window.
    Replayed,
    /// The output buffer is too small.
    NoSpace,
    /// An SRTP or SRTCP index beyond what one master key allows (2^48 and 2^31 packets, RFC 3711, section 9.2).
    Exhausted,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::Unauthenticated => "unauthenticated",
            Self::Replayed => "replayed",
            Self::NoSpace => "no space",
            Self::Exhausted => "exhausted",
        })
    }
}

impl std::error::Error for Error {}
