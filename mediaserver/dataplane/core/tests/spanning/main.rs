//! The same behaviours where rooms are on two workers: a publisher on one, its receivers on the other.

#[path = "../core/main.rs"]
mod behaviours;

use behaviours::harness;
