//! "Did you mean": the nearest known name, when it is near enough to be meant.
//!
//! Knows strings only.

/// The candidate nearest to `name` by edit distance, if a person could have meant it.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match name.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .map(|c| (strsim::damerau_levenshtein(name, c), c))
        .filter(|(d, c)| *d <= limit && (*d < c.chars().count().max(2) || longer_by_its_end(name, c)))
        .min()
        .map(|(_, c)| c)
}

/// Whether one of two names of two letters or more is the other and some more: `okay` of `ok`.
fn longer_by_its_end(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    short.chars().count() >= 2 && long.starts_with(short)
}

/// "did you mean `x`?" when something near is known.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, candidates).map(|c| format!("did you mean `{c}`?"))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_near_names_are_offered() {
        assert_eq!(nearest("rolback", ["rollback", "rollout"]), Some("rollback"));
        assert_eq!(nearest("okay", ["ok", "no"]), Some("ok"));
        assert_eq!(nearest("zzz", ["rollback", "rollout"]), None);
    }
}
