//! What a forwarder must know of codec payloads: keyframes, layers, and the fields it rewrites.

mod av1;
mod h26x;
pub mod red;
mod vp8;
mod vp9;

pub use vp8::Vp8Descriptor;
pub use vp9::Vp9Descriptor;

/// Codecs that get special treatment; all others are forwarded untouched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Codec {
    Vp8,
    Vp9,
    H264,
    H265,
    Av1,
    Opus,
    Red,
    Other,
}

impl Codec {
    /// From a MIME type such as "video/VP8", without regard to case.
    pub fn from_mime(mime: &str) -> Self {
        const KNOWN: [(&str, Codec); 7] = [
            ("video/vp8", Codec::Vp8),
            ("video/vp9", Codec::Vp9),
            ("video/h264", Codec::H264),
            ("video/h265", Codec::H265),
            ("video/av1", Codec::Av1),
            ("audio/opus", Codec::Opus),
            ("audio/red", Codec::Red),
        ];
        KNOWN
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(mime))
            .map_or(Self::Other, |&(_, codec)| codec)
    }
}

/// A payload shorter than the one parsed is the caller's mistake, but never a panic.
fn set(payload: &mut [u8], offset: usize, value: u8) {
    if let Some(octet) = payload.get_mut(offset) {
        *octet = value;
    }
}

/// True when a payload starts a frame that a decoder can start from (VP8 RFC 7741, VP9 RFC 9628, H264 RFC 6184,
/// H265 RFC 7798, AV1 by the N bit of its aggregation header). Audio and unknown codecs start anywhere.
pub fn is_keyframe_start(codec: Codec, payload: &[u8]) -> bool {
    match codec {
        Codec::Vp8 => vp8::is_keyframe_start(payload),
        Codec::Vp9 => vp9::is_keyframe_start(payload),
        Codec::H264 => h26x::is_h264_keyframe_start(payload),
        Codec::H265 => h26x::is_h265_keyframe_start(payload),
        Codec::Av1 => av1::is_keyframe_start(payload),
        Codec::Opus | Codec::Red | Codec::Other => !payload.is_empty(),
    }
}
