//! Which encoding a sender should forward, and which layers of it.

use super::layers::Limit;
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

/// The layers wanted inside an encoding: the spatial target names encodings where there are several, else spatial layers.
pub(crate) fn limit(target: &SenderTarget, encodings: &[Encoding]) -> Limit {
    Limit {
        spatial: if encodings.len() > 1 {
            u8::MAX
        } else {
            target.max_spatial
        },
        temporal: target.max_temporal,
    }
}
