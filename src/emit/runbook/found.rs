//! Sentences of findings, as the documents tell them.
//!
//! Must not change what they say. Called by `held` and `red_flags`.

use crate::emit::runbook::say;
use crate::emit::runbook::words::{ENGLISH, Told, words};
use crate::types;

/// The sentence of a finding as one among others: what stands between backticks stands between quotation marks.
pub(super) fn quoted(r: Told<'_>, message: &str) -> String {
    let parts: Vec<&str> = message.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return message.to_string();
    }
    let said = parts.iter().enumerate().map(|(i, part)| match i % 2 {
        0 => (*part).to_string(),
        _ => words!(r, "decide.option", option = part),
    });
    said.collect()
}

/// A sentence of a finding with its times as people write them: `2wd` is *2 working days*. What stands between backquotes is of
/// the plan, and in another language the sentence stays whole.
pub(super) fn plainly(r: Told<'_>, why: &str) -> String {
    if r.words.language() != ENGLISH {
        return why.to_string();
    }
    let time = |word: &str| {
        let core = word.trim_end_matches([',', ';', ':', ')']);
        let time = types::duration(core).ok().filter(|_| !core.is_empty())?;
        Some([&say::dur(r, time), &word[core.len()..]].concat())
    };
    let part = |(i, part): (usize, &str)| match i % 2 {
        0 => {
            let words = part.split(' ');
            let words = words.map(|word| time(word).unwrap_or_else(|| word.to_string()));
            words.collect::<Vec<_>>().join(" ")
        }
        _ => part.to_string(),
    };
    why.split('`').enumerate().map(part).collect::<Vec<_>>().join("`")
}
