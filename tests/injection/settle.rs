//! Puts texts into the places of a plan, and takes those out again that the language refuses.
//!
//! Used by whoever reads artifacts back and by whoever executes them.

use super::plan::{Outcome, Template};
use std::collections::{BTreeMap, BTreeSet};

/// The texts that stand in a definition and are used by name.
fn named<'a>(texts: &BTreeMap<&'a str, &'a str>) -> Vec<(&'a str, &'a str)> {
    let used = |place: &str| {
        ["fixed", "constant", "option"].contains(&place.trim_end_matches(|c: char| c.is_ascii_digit()))
    };
    let mut list: Vec<_> = texts
        .iter()
        .filter(|(p, _)| used(p))
        .map(|(p, t)| (*p, *t))
        .collect();
    // The longest first: a short one is found in many words.
    list.sort_by_key(|(_, text)| std::cmp::Reverse(text.len()));
    list
}

/// Puts texts into places, and takes those out that are refused, until what is left is accepted; nothing when that never comes.
pub fn settle<'a>(
    template: &'a Template,
    texts: &mut BTreeMap<&'a str, &'a str>,
    problems: &mut Vec<String>,
) -> Option<Outcome> {
    loop {
        let outcome = template.compile(texts);
        if outcome.errors.is_empty() {
            return Some(outcome);
        }
        let before = texts.len();
        let mut refused: BTreeSet<String> = BTreeSet::new();
        for (places, words) in &outcome.errors {
            // A value that is named is refused where it is used, in words that hold it.
            let nul = words.contains("it holds a NUL");
            let said = |text: &str| {
                words.contains(text)
                    || words.contains(&text.escape_debug().to_string())
                    || nul && text.contains('\0')
            };
            let used = named(texts).into_iter().find(|(_, text)| said(text));
            if let Some((place, _)) = used.filter(|_| places.is_empty()) {
                refused.insert(place.to_string());
            } else if places.is_empty() && words.starts_with("target/limit: ") {
                // Something has become too big: it is the longest that makes it so.
                let longest = texts.iter().max_by_key(|(_, text)| text.len());
                refused.extend(longest.map(|(place, _)| (*place).to_string()));
            } else if !places.iter().any(|p| texts.contains_key(p.as_str())) {
                problems.push(format!("an error stands elsewhere: {words}"));
            }
        }
        refused.extend(outcome.errors.into_iter().flat_map(|(places, _)| places));
        texts.retain(|place, _| !refused.contains(*place));
        if texts.len() == before {
            return None;
        }
    }
}
