//! Behaviours of the core, one for each file, over a seeded network in memory.

#[allow(dead_code, unused_imports)] // tools for all tests, each uses some
pub(crate) mod harness;

mod films_are_played;
mod films_begin_from_memory;
mod films_have_backups;
mod forwarding_is_continuous;
mod frames_leave_together;
mod garbage_harms_nobody;
mod headers_are_rewritten;
mod keyframes_are_asked_for_seldom;
mod layers_of_vp9_without_references;
mod layers_survive_losses;
mod layers_switch_without_a_seam;
mod lines_follow_their_rate;
mod lips_stay_in_sync;
mod losses_are_recovered;
mod loudest_speakers_are_heard;
mod paths_follow_the_peer;
mod publishers_keep_to_their_limit;
mod red_is_for_those_who_take_it;
mod rooms_span_workers;
mod strangers_get_nothing;
mod tracks_are_copied;
mod tracks_are_muted_and_ended;
mod what_leaves_is_counted;
mod what_peers_say_may_wait;
