//! Lists of names in a sentence.
//!
//! Knows nothing of what the names are. Called by everything that words findings and reports.

/// `a`, `a` and `b`, or `a`, `b` and 3 more: names for a sentence, at most `most` of them.
pub fn names<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let all: Vec<&str> = names.into_iter().collect();
    let shown: Vec<String> = all.iter().take(most).map(|n| format!("`{n}`")).collect();
    let rest = all.len().saturating_sub(shown.len());
    match (shown.split_last(), rest) {
        (None, _) => String::new(),
        (Some((last, [])), 0) => last.clone(),
        (Some((last, others)), 0) => format!("{} and {last}", others.join(", ")),
        (Some(_), n) => format!("{} and {n} more", shown.join(", ")),
    }
}
