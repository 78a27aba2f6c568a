//! Behaviours of the core, one for each file, over a seeded network in memory.

mod harness;

mod forwarding_is_continuous;
