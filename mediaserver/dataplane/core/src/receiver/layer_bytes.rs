//! What comes in of each layer of an encoding, for whoever decides which layers a line can take.

use super::dependencies::Dependencies;
use crate::api::Time;
use crate::meta::{Content, Meta};

const LAYERS: usize = 4;
/// The share of the newest second in a bitrate: more is believed sooner than less.
const MORE: f64 = 0.7;
const LESS: f64 = 0.5;
/// What has come for less than this is no measure yet: it began with a keyframe.
const SHORTEST_US: u64 = 500_000;
/// A change by less than this share of a bitrate is not worth new allocations.
const TOLD_CHANGE: f64 = 0.05;

/// Bytes since the last `take`, and smoothed bitrates, by spatial and temporal layer.
#[derive(Debug, Default)]
pub(crate) struct LayerBytes {
    bytes: [[u32; LAYERS]; LAYERS],
    smoothed: [[f64; LAYERS]; LAYERS],
    /// 0: never.
    told: [[u64; LAYERS]; LAYERS],
    /// When the first of `bytes` came of a layer that has no bitrate yet.
    since: [[Time; LAYERS]; LAYERS],
}

impl LayerBytes {
    pub fn count(&mut self, meta: &Meta, dependencies: Option<&Dependencies>, bytes: usize) {
        let (spatial, temporal) = layer(meta, dependencies).unwrap_or((0, 0));
        let (spatial, temporal) = (usize::from(spatial) % LAYERS, usize::from(temporal) % LAYERS);
        let counted = &mut self.bytes[spatial][temporal];
        if *counted == 0 {
            self.since[spatial][temporal] = meta.arrival;
        }
        *counted += bytes as u32;
    }

    /// (spatial, temporal, bit/s) of the layers in which something has come in the `elapsed_us` before `now`, and that
    /// have changed since they were told. One that stood still meanwhile is told when it has come back otherwise.
    pub fn take(&mut self, elapsed_us: u64, now: Time, mut each: impl FnMut(u8, u8, u64)) {
        for spatial in 0..LAYERS {
            for temporal in 0..LAYERS {
                let before = &mut self.smoothed[spatial][temporal];
                let bytes = &mut self.bytes[spatial][temporal];
                if *bytes == 0 {
                    *before = 0.0;
                    continue;
                }
                let mut span_us = elapsed_us;
                if *before == 0.0 {
                    span_us = now.0.saturating_sub(self.since[spatial][temporal].0);
                    if span_us < SHORTEST_US {
                        continue;
                    }
                }
                let rate = f64::from(std::mem::take(bytes)) * 8e6 / span_us as f64;
                let share = match *before {
                    0.0 => 1.0,
                    before if rate > before => MORE,
                    _ => LESS,
                };
                *before += share * (rate - *before);
                let (rate, told) = (*before as u64, &mut self.told[spatial][temporal]);
                if rate.abs_diff(*told) as f64 > TOLD_CHANGE * *told as f64 {
                    *told = rate;
                    each(spatial as u8, temporal as u8, rate);
                }
            }
        }
    }

    /// Whoever was told may have forgotten it.
    pub fn tell_anew(&mut self) {
        self.told = Default::default();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_changed_by_a_twentieth_since_it_was_told_is_told() {
        let mut layers = LayerBytes::default();
        let mut second = 0;
        let mut told_of = |layers: &mut LayerBytes, bytes: u32| {
            second += 1;
            layers.bytes[1][2] = bytes;
            let mut told = Vec::new();
            layers.take(1_000_000, Time(second * 1_000_000), |s, t, rate| {
                told.push((s, t, rate))
            });
            told
        };
        assert_eq!(told_of(&mut layers, 12_500), [(1, 2, 100_000)]);
        assert_eq!(told_of(&mut layers, 13_214), [], "4 %");
        assert_eq!(
            told_of(&mut layers, 13_380),
            [(1, 2, 106_127)],
            "6 % of what was told"
        );
        assert_eq!(told_of(&mut layers, 13_266), [], "not of what was measured last");
        layers.tell_anew();
        assert_eq!(told_of(&mut layers, 13_266).len(), 1);
    }
}
