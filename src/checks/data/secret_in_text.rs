//! `data/secret_in_text`: something that looks like a key or a password stands in the plan.

use crate::checks::data::find::Places;
use crate::checks::data::texts::texts;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("data/secret_in_text");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// Beginnings that only secrets have, how long what follows is at least, and whose they are.
const MARKS: &[(&str, usize, &str)] = &[
    ("AKIA", 16, "an AWS access key"),
    ("ASIA", 16, "an AWS session key"),
    ("ghp_", 30, "a GitHub token"),
    ("gho_", 30, "a GitHub token"),
    ("ghs_", 30, "a GitHub token"),
    ("ghu_", 30, "a GitHub token"),
    ("github_pat_", 30, "a GitHub token"),
    ("glpat-", 18, "a GitLab token"),
    ("xoxb-", 20, "a Slack token"),
    ("xoxp-", 20, "a Slack token"),
    ("xoxa-", 20, "a Slack token"),
    ("sk_live_", 16, "a Stripe key"),
    ("rk_live_", 16, "a Stripe key"),
    ("AIza", 33, "a Google key"),
    ("npm_", 30, "an npm token"),
    ("dop_v1_", 40, "a DigitalOcean token"),
    ("hooks.slack.com/services/", 30, "a Slack webhook"),
    ("-----BEGIN RSA PRIVATE KEY", 0, "a private key"),
    ("-----BEGIN EC PRIVATE KEY", 0, "a private key"),
    ("-----BEGIN OPENSSH PRIVATE KEY", 0, "a private key"),
    ("-----BEGIN PRIVATE KEY", 0, "a private key"),
];

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let mut places = Places::new(subject.sources);
    let mut seen = BTreeSet::new();
    for text in texts(subject.plan.release()) {
        for part in &text.parts {
            let mut all = if may_hold_one(part) {
                secrets(part)
            } else {
                Vec::new()
            };
            if text.command {
                all.extend(assigned(part).map(|p| (p, "the value of a secret")));
            }
            for (found, what) in all {
                if !seen.insert((text.origin.span, found.to_string())) {
                    continue;
                }
                let span = places.find(text.origin, found);
                // The finding goes into logs: it does not repeat the secret.
                let d = Diagnostic::error(CODE, span, format!("{what} stands in the plan"))
                    .here("readable by everyone who reads the plan");
                bag.push(
                    place::through(d, text.origin)
                        .help("revoke it: it is in the history of the repository")
                        .help("name it instead, and let the runner hold it: `secret \"NAME\"`, then `$NAME` in the command"),
                );
            }
        }
    }
}

/// Whether a text is worth a closer look: it holds something as long as a key, or an address with a login.
fn may_hold_one(text: &str) -> bool {
    text.len() >= 18
        && (has_long_word(text.as_bytes())
            || text.contains("-----BEGIN")
            || text.as_bytes().contains(&b'@') && text.contains("://"))
}

/// Whether 18 bytes in a row are of those that keys are made of. Looks at every eighteenth byte, and around it only when it is one.
fn has_long_word(text: &[u8]) -> bool {
    const LEAST: usize = 18;
    let of_a_word = |c: &u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'/' | b'.');
    let mut at = LEAST - 1;
    while at < text.len() {
        let before = text[at + 1 - LEAST..=at]
            .iter()
            .rev()
            .take_while(|c| of_a_word(c))
            .count();
        if before == LEAST {
            return true;
        }
        at += LEAST - before;
    }
    false
}

/// What looks like a secret, and what it looks like.
fn secrets(text: &str) -> Vec<(&str, &'static str)> {
    let mut list = Vec::new();
    let mut before = b' ';
    for (at, first) in text.bytes().enumerate() {
        // A mark begins a word, with one of these.
        let begins = matches!(
            first,
            b'A' | b'g' | b'x' | b's' | b'r' | b'n' | b'd' | b'h' | b'-'
        ) && !before.is_ascii_alphanumeric();
        before = first;
        if !begins {
            continue;
        }
        let second = text.as_bytes().get(at + 1);
        let near = MARKS.iter().filter(|(mark, ..)| mark.as_bytes().get(1) == second);
        for (mark, least, what) in near.filter(|(mark, ..)| text[at..].starts_with(mark)) {
            let rest = &text[at + mark.len()..];
            let length = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/')))
                .unwrap_or(rest.len());
            let body = &rest[..length];
            let varied = *least == 0 || body.chars().collect::<BTreeSet<_>>().len() > 5;
            // Keys of manuals say that they are examples.
            if length >= *least && varied && !body.to_ascii_uppercase().contains("EXAMPLE") {
                list.push((&text[at..at + mark.len() + length], *what));
            }
        }
    }
    list.extend(url_password(text).map(|p| (p, "a password in an address")));
    list
}

/// The value that a command gives to a variable with the name of a secret: `DB_PASSWORD=…`, written out.
fn assigned(text: &str) -> Option<&str> {
    const NAMES: [&str; 6] = ["PASSWORD", "PASSWD", "TOKEN", "SECRET", "API_KEY", "APIKEY"];
    for (at, _) in text.match_indices('=') {
        let in_name = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_';
        let start = at
            - text.as_bytes()[..at]
                .iter()
                .rev()
                .take_while(|b| in_name(b))
                .count();
        if !NAMES.iter().any(|n| text[start..at].ends_with(n)) {
            continue;
        }
        let rest = text[at + 1..].trim_start_matches(['"', '\'']);
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '&' | '|' | ')'))
            .unwrap_or(rest.len());
        let value = &rest[..end];
        let plain = value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.!+~^%@#".contains(c));
        let varied =
            value.bytes().any(|b| b.is_ascii_digit()) && value.bytes().any(|b| b.is_ascii_alphabetic());
        if value.len() >= 6 && plain && varied {
            return Some(value);
        }
    }
    None
}

/// The password of `scheme://user:password@host`, when it is written out.
fn url_password(text: &str) -> Option<&str> {
    for (at, _) in text.match_indices("://") {
        let rest = &text[at + 3..];
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\''))
            .unwrap_or(rest.len());
        let Some((login, _)) = rest[..end].rsplit_once('@') else {
            continue;
        };
        let Some((_, password)) = login.split_once(':') else {
            continue;
        };
        let plain = password
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.!+=~".contains(c));
        if password.len() >= 4 && plain && !matches!(password, "password" | "pass" | "secret" | "token") {
            return Some(password);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::secrets;

    #[test]
    fn keys_are_known_by_their_beginnings() {
        let key = format!("AKIA{}", "Q3EGRDTYUIOP2345");
        assert_eq!(
            secrets(&format!("--key {key} --x")),
            [(key.as_str(), "an AWS access key")]
        );
        assert_eq!(secrets("postgres://app:hunter22@db/x")[0].0, "hunter22");
        assert_eq!(secrets("-----BEGIN PRIVATE KEY-----").len(), 1);
    }

    #[test]
    fn values_of_secrets_are_known_by_the_variable() {
        assert_eq!(super::assigned("DB_PASSWORD='hunter22' ./x.sh"), Some("hunter22"));
        for text in [
            "PASSWORD=$DB_PASSWORD ./x.sh",
            "TOKEN=\"$(cat token)\" ./x.sh",
            "PASSWORD= ./x.sh",
            "PASSWORD_FILE=/run/secrets/db1",
            "TOKEN=production ./x.sh",
            "--token=abc123def",
            "‹X›=abc123def",
        ] {
            assert_eq!(super::assigned(text), None, "{text}");
        }
    }

    #[test]
    fn names_and_examples_are_not_secrets() {
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_short",
            "npm_config_registry",
            "postgres://app:${PASSWORD}@db/x",
            "https://user@host/path",
            "https://example.com:8080/a@b",
            "xoxb-aaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert!(secrets(text).is_empty(), "{text}: {:?}", secrets(text));
        }
    }
}
