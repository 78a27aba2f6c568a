//! What comes in of each layer of an encoding, for whoever decides which layers a line can take.

use super::dependencies::Dependencies;
use crate::meta::{Content, Meta};

const LAYERS: usize = 4;
/// The share of the newest second in a bitrate: more is believed sooner than less.
const MORE: f64 = 0.7;
const LESS: f64 = 0.3;

/// Bytes since the last `take`, and smoothed bitrates, by spatial and temporal layer.
#[derive(Debug, Default)]
pub(crate) struct LayerBytes {
    bytes: [[u32; LAYERS]; LAYERS],
    smoothed: [[f64; LAYERS]; LAYERS],
}

impl LayerBytes {
    pub fn count(&mut self, meta: &Meta, dependencies: Option<&Dependencies>, bytes: usize) {
        let (spatial, temporal) = layer(meta, dependencies).unwrap_or((0, 0));
        let last = LAYERS - 1;
        self.bytes[usize::from(spatial).min(last)][usize::from(temporal).min(last)] += bytes as u32;
    }

    /// (spatial, temporal, bit/s) of the layers in which something has come for `elapsed_us`.
    pub fn take(&mut self, elapsed_us: u64, mut each: impl FnMut(u8, u8, u64)) {
        for spatial in 0..LAYERS {
            for temporal in 0..LAYERS {
                let bytes = std::mem::take(&mut self.bytes[spatial][temporal]);
                let before = &mut self.smoothed[spatial][temporal];
                if bytes == 0 {
                    *before = 0.0;
                    continue;
                }
                let rate = f64::from(bytes) * 8e6 / elapsed_us as f64;
                let share = match *before {
                    0.0 => 1.0,
                    before if rate > before => MORE,
                    _ => LESS,
                };
                *before += share * (rate - *before);
                each(spatial as u8, temporal as u8, *before as u64);
            }
        }
    }
}

fn layer(meta: &Meta, dependencies: Option<&Dependencies>) -> Option<(u8, u8)> {
    match &meta.content {
        Content::Vp8(vp8) => Some((0, vp8.temporal_id?)),
        Content::Vp9(vp9) if vp9.spatial_id.is_some() => {
            Some((vp9.spatial_id?, vp9.temporal_id.unwrap_or(0)))
        }
        _ => {
            let frame = dependencies?.frame(meta.described?.frame_number)?;
            Some((frame.spatial_id, frame.temporal_id))
        }
    }
}
