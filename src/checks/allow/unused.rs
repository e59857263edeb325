//! `allow/unused`: an `allow` that accepts nothing.
//!
//! What a target cannot hold is found only when that target is built, so an `allow` of a `target/…` is never idle.

use crate::checks;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::model::Allow;

/// The diagnostic.
pub const CODE: Code = Code("allow/unused");

/// What to say of an `allow` that accepted nothing.
pub(super) fn find(allow: &Allow) -> Option<Diagnostic> {
    if allow.code.starts_with("target/") {
        return None;
    }
    let codes = checks::codes();
    let mut d = Diagnostic::warning(
        CODE,
        allow.origin.span,
        format!("nothing here is a `{}`", allow.code),
    )
    .here("accepts nothing");
    if codes.iter().all(|c| c.0 != allow.code)
        && let Some(hint) = did_you_mean(&allow.code, codes.iter().map(|c| c.0))
    {
        d = d.help(hint);
    }
    Some(
        d.help("remove it, or move it next to what it concerns")
            .unsafe_fix("remove the `allow`", allow.origin.span, ""),
    )
}
