//! Which encoding a sender should forward. Spatial layers of SVC codecs will be chosen here too.

use crate::api::SenderTarget;
use crate::receiver::Encoding;

/// The best live encoding at or below the target, else the lowest live one above it.
pub(crate) fn desired(target: &SenderTarget, encodings: &[Encoding]) -> Option<usize> {
    if !target.enabled {
        return None;
    }
    let highest = usize::from(target.max_spatial);
    let live = |&index: &usize| encodings[index].live;
    let below = (0..encodings.len().min(highest.saturating_add(1)))
        .rev()
        .find(live);
    below.or_else(|| (0..encodings.len()).find(live))
}

/// False for frames of temporal layers above the target.
pub(crate) fn keeps_temporal(target: &SenderTarget, temporal_id: Option<u8>) -> bool {
    temporal_id.is_none_or(|id| id <= target.max_temporal)
}
