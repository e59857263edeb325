//! The list of pages: one line per file of `docs/codes/`, in order.
//!
//! Written by `cargo test --test house pages` when it is not complete; no other knowledge belongs here.

use super::Page;

/// Embeds the pages of the codes named.
macro_rules! pages {
    ($($code:literal)*) => {
        &[$(Page {
            code: $code,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/codes/", $code, ".md")),
        }),*]
    };
}

/// Every page.
#[rustfmt::skip]
pub(super) const PAGES: &[Page] = pages! {
    "allow/expired"
    "allow/unused"
    "approval/no_consequence"
    "approval/unguarded_production"
    "dag/cycle"
    "dag/dead_stage"
    "dag/race"
    "file/not_text"
    "hold/no_path"
    "hold/outlives"
    "hold/unpaired"
    "rollback/missing"
    "rollback/not_rehearsed"
    "rollback/past_the_pivot"
    "rollback/unapproved_irreversible"
    "time/exceeds_window"
    "time/gap_or_fold"
    "time/in_freeze"
    "time/offset_conflict"
};
