//! Behaviours of the core, one for each file, over a seeded network in memory.

#[allow(dead_code, unused_imports)] // tools for all tests, each uses some
mod harness;

mod forwarding_is_continuous;
