//! AV1 aggregation header (AV1 RTP payload specification, section 4.4).

/// N is set on the first packet of a coded video sequence, which starts with a keyframe; Z must be clear there.
pub(super) fn is_keyframe_start(payload: &[u8]) -> bool {
    const CONTINUES: u8 = 0x80;
    const NEW_SEQUENCE: u8 = 0x08;
    payload.len() > 1 && payload[0] & (CONTINUES | NEW_SEQUENCE) == NEW_SEQUENCE
}
