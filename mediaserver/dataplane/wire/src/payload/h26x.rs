//! Keyframes of H.264 (RFC 6184) and H.265 (RFC 7798): parameter sets or an IDR/IRAP slice that begins here.

const H264_IDR: u8 = 5;
const H264_SPS: u8 = 7;
const H264_STAP_A: u8 = 24;
const H264_FU_A: u8 = 28;

/// True at the packet that starts a decodable H.264 access unit: an SPS, or an IDR slice where parameter sets travel
/// elsewhere.
pub(super) fn is_h264_keyframe_start(payload: &[u8]) -> bool {
    let Some(&first) = payload.first() else {
        return false;
    };
    match first & 0x1f {
        H264_IDR | H264_SPS => true,
        H264_STAP_A => aggregated(&payload[1..]).any(|unit| matches!(unit[0] & 0x1f, H264_IDR | H264_SPS)),
        H264_FU_A => payload
            .get(1)
            .is_some_and(|header| header & 0x80 != 0 && header & 0x1f == H264_IDR),
        _ => false,
    }
}

const H265_IRAP: std::ops::RangeInclusive<u8> = 16..=21;
const H265_VPS: u8 = 32;
const H265_SPS: u8 = 33;
const H265_AP: u8 = 48;
const H265_FU: u8 = 49;

/// True at the packet that starts a decodable H.265 access unit.
pub(super) fn is_h265_keyframe_start(payload: &[u8]) -> bool {
    let (Some(&first), Some(_)) = (payload.first(), payload.get(1)) else {
        return false;
    };
    match first >> 1 & 0x3f {
        H265_AP => aggregated(&payload[2..]).any(|unit| starts_h265(unit[0] >> 1 & 0x3f)),
        H265_FU => payload
            .get(2)
            .is_some_and(|header| header & 0x80 != 0 && H265_IRAP.contains(&(header & 0x3f))),
        kind => starts_h265(kind),
    }
}

fn starts_h265(kind: u8) -> bool {
    H265_IRAP.contains(&kind) || matches!(kind, H265_VPS | H265_SPS)
}

/// The non-empty units of an aggregation packet, each behind a 16-bit size; ends where a size lies.
fn aggregated(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (size, tail) = rest.split_at_checked(2)?;
        let (unit, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes([size[0], size[1]])))?;
        rest = tail;
        (!unit.is_empty()).then_some(unit)
    })
}
