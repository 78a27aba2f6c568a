//! What a forwarder must know of codec payloads: keyframes, layers, and the fields it rewrites.
use crate::Error;

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
    pub fn from_mime(_mime: &str) -> Self {
        todo!()
    }
}

/// True when a payload starts a frame that a decoder can start from (VP8 RFC 7741, VP9 RFC 9628, H264 RFC 6184, H265 RFC 7798, AV1 by the N bit of its aggregation header).
pub fn is_keyframe_start(_codec: Codec, _payload: &[u8]) -> bool {
    todo!()
}

/// VP8 payload descriptor (RFC 7741, section 4.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Vp8Descriptor {
    pub start_of_partition: bool,
    pub partition_index: u8,
    pub non_reference: bool,
    /// 7 or 15 bits.
    pub picture_id: Option<u16>,
    pub picture_id_is_15_bits: bool,
    pub tl0_picture_index: Option<u8>,
    pub temporal_id: Option<u8>,
    pub layer_sync: bool,
    pub key_index: Option<u8>,
    /// Bytes of the descriptor.
    pub length: usize,
}
impl Vp8Descriptor {
    /// Parses the descriptor at the start of a payload.
    pub fn parse(_payload: &[u8]) -> Result<Self, Error> {
        todo!()
    }
    /// Overwrites picture id (same width as found) and TL0PICIDX in place, where present.
    pub fn rewrite(&self, _payload: &mut [u8], _picture_id: u16, _tl0_picture_index: u8) {
        todo!()
    }
}
