//! Tests of the public interface, one module for each format.
mod dependency;
mod framing;
mod payload;
mod rtcp;
mod rtp;
mod stun;

use proptest::test_runner::{Config, RngSeed};

/// Property tests repeat exactly: the seed is fixed, and a failure prints its input instead of writing a file.
fn seeded() -> Config {
    Config {
        rng_seed: RngSeed::Fixed(0x706f_6c79),
        failure_persistence: None,
        ..Config::default()
    }
}
