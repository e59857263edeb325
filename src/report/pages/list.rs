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
    "file/not_text"
};
