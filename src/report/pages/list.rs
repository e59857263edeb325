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
    "syntax/bad_escape"
    "syntax/bad_unicode"
    "syntax/block_comment"
    "syntax/brace_on_own_line"
    "syntax/call_statement"
    "syntax/chained_comparison"
    "syntax/chained_range"
    "syntax/colon"
    "syntax/curly_quotes"
    "syntax/equals_in_call"
    "syntax/equals_sign"
    "syntax/extra_brace"
    "syntax/extra_bracket"
    "syntax/hyphen_in_name"
    "syntax/invalid_number"
    "syntax/keyword_case"
    "syntax/long_expression"
    "syntax/malformed_capture"
    "syntax/malformed_let"
    "syntax/malformed_param"
    "syntax/malformed_use"
    "syntax/mismatched_bracket"
    "syntax/misplaced_not"
    "syntax/missing_comma"
    "syntax/missing_else"
    "syntax/missing_keyword"
    "syntax/missing_space"
    "syntax/missing_value"
    "syntax/name_case"
    "syntax/newline_before_operator"
    "syntax/object_outside_parentheses"
    "syntax/semicolon_in_object"
    "syntax/single_equals"
    "syntax/slash_comment"
    "syntax/space_before_bracket"
    "syntax/statement_after_brace"
    "syntax/stray_block"
    "syntax/stray_character"
    "syntax/ternary"
    "syntax/too_deep"
    "syntax/trailing_comma"
    "syntax/unclosed_brace"
    "syntax/unclosed_bracket"
    "syntax/unclosed_interpolation"
    "syntax/unexpected"
    "syntax/unquoted_url"
    "syntax/unterminated_heredoc"
    "syntax/unterminated_string"
    "syntax/word_operator"
    "time/exceeds_window"
    "time/gap_or_fold"
    "time/in_freeze"
    "time/offset_conflict"
};
