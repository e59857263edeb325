//! Whether a text has people use the account of somebody else.
//!
//! Knows plain words only, and in doubt says nothing: the sentence must have a verb of lending and what is lent as its object.
//! Called by `data/identity_in_command`.

/// What is lent when an account is.
const LENT: &[&str] = &[
    "password",
    "passwords",
    "passphrase",
    "credentials",
    "credential",
    "login",
    "logins",
    "username",
];
/// Lending, and the other side of it.
const LENDING: &[&str] = &[
    "share",
    "shares",
    "sharing",
    "lend",
    "lends",
    "lending",
    "borrow",
    "borrows",
    "borrowing",
];
/// What may stand between the two.
const BETWEEN: &[&str] = &[
    "a", "an", "the", "your", "their", "his", "her", "our", "its", "own", "personal", "admin", "root",
    "user", "name", "id", "and", "or", "account", "with", "you", "us", "me", "them", "one",
];
/// Whose account it is, when it is somebody else's.
const OTHERS: &[&str] = &[
    "colleague's",
    "colleagues'",
    "someone's",
    "somebody's",
    "else's",
    "coworker's",
];
/// A sentence with one of these forbids it, or speaks of a place that is made for it.
const OTHERWISE: &[&str] = &[
    "not", "never", "no", "nobody", "without", "don't", "doesn't", "cannot", "can't", "mustn't", "avoid",
    "stop", "vault",
];
/// What the words before belong to, when they are no account.
const OTHER_THINGS: &[&str] = &[
    "reset", "policy", "policies", "manager", "rotation", "page", "form", "screen", "flow",
];

/// The words with which a text has an account lent, as they are written.
pub(super) fn lent(text: &str) -> Option<&str> {
    // Most texts do not name what is lent at all, and need no further look.
    let mut pieces = text.split(|c: char| !c.is_alphanumeric());
    if !pieces.any(|w| LENT.iter().any(|lent| w.eq_ignore_ascii_case(lent))) {
        return None;
    }
    text.split(['.', ';', '!', '?', '\n']).find_map(in_sentence)
}

fn in_sentence(sentence: &str) -> Option<&str> {
    let words: Vec<(usize, &str, String)> = words(sentence);
    let is = |i: usize, list: &[&str]| words.get(i).is_some_and(|(_, _, w)| list.contains(&w.as_str()));
    if (0..words.len()).any(|i| is(i, OTHERWISE)) {
        return None;
    }
    (0..words.len()).find_map(|i| {
        if !is(i, LENDING) && !is(i, OTHERS) {
            return None;
        }
        let mut end = (i + 1..words.len()).find(|j| !is(*j, BETWEEN) || is(*j, LENT))?;
        if !is(end, LENT) || is(end + 1, OTHER_THINGS) {
            return None;
        }
        // `username and password` is one thing.
        if let Some(more) = (end + 1..words.len()).find(|j| !is(*j, BETWEEN))
            && is(more, LENT)
        {
            end = more;
        }
        let (from, _, _) = words[i];
        let (to, last, _) = words[end];
        sentence.get(from..to + last.len())
    })
}

/// The words of a sentence, with where they begin.
fn words(sentence: &str) -> Vec<(usize, &str, String)> {
    let mut list = Vec::new();
    let mut at = 0;
    for piece in sentence.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '\'')) {
        let word = piece.trim_end_matches(|c: char| !(c.is_alphanumeric() || c == '\''));
        if !word.is_empty() {
            list.push((at, word, word.to_lowercase()));
        }
        at += piece.len();
    }
    list
}

#[cfg(test)]
mod tests {
    use super::lent;

    #[test]
    fn accounts_that_are_lent_are_found() {
        for (text, words) in [
            (
                "Ask a colleague who has an account to share username and password",
                "share username and password",
            ),
            (
                "Borrow the admin credentials of operations",
                "Borrow the admin credentials",
            ),
            ("Log in with a colleague's login.", "colleague's login"),
            (
                "Look at the page. Have them share their password with you",
                "share their password",
            ),
        ] {
            assert_eq!(lent(text), Some(words), "{text}");
        }
    }

    #[test]
    fn what_forbids_it_or_is_something_else_is_not() {
        for text in [
            "Do not share the password with anyone",
            "Never borrow credentials",
            "Stop screen sharing and check the login",
            "Share the link of the login page",
            "Share the password reset form with support",
            "Rotate the password that the teams share",
            "Share the credentials through the vault",
            "Share the dashboard; check the login",
            "",
        ] {
            assert_eq!(lent(text), None, "{text}");
        }
    }
}
