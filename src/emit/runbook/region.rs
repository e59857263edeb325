//! Where a pasted command acts: the artifacts run every command in the region of its environment, and so must whoever pastes it.
//!
//! Must not know what the command does. Called by all that shows commands.

use crate::emit::runbook::say;
use crate::emit::runbook::words::Told;
use crate::model::{Command, EnvId};

/// A command as it is pasted, in the region of an environment where it may ask for one. Nothing where there is no command.
pub(super) fn there(r: Told<'_>, place: EnvId, command: Option<&Command>) -> String {
    let Some(command) = command else {
        return String::new();
    };
    let region = r.env(place).region.as_ref().map(|t| say::text(r, t));
    let Some(region) = region.filter(|t| is_word(t) && may_ask(&command.paste)) else {
        return command.paste.clone();
    };
    let set = ["AWS_REGION=", &quoted(&region)].concat();
    if alone(&command.paste) {
        return [&set, " ", &command.paste].concat();
    }
    command.paste_after(&["export ", &set, "\n"].concat())
}

/// Whether a command calls AWS, as far as its text tells: itself, by a tool that does, or by a script of the repository.
fn may_ask(command: &str) -> bool {
    let apart = |c: char| !(c.is_alphanumeric() || "_-./".contains(c));
    command.split(apart).any(|word| {
        ["aws", "terraform", "tofu", "cdk", "sam"].contains(&word)
            || word.starts_with("./")
            || word.ends_with(".sh")
    })
}

/// Whether a command is one call and nothing else, so that an assignment before it holds for all of it. What stands in quotes is a word,
/// whatever it looks like.
fn alone(command: &str) -> bool {
    let lines = command.replace("\\\n", "");
    let first = ["aws ", "terraform ", "./"];
    let mut quote: Option<char> = None;
    let mut chars = lines.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('\''), _) if c != '\n' => {}
            (_, '\\') => {
                chars.next();
            }
            (_, '`' | '\n') => return false,
            (_, '$') if chars.peek() == Some(&'(') => return false,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '|' | ';' | '&' | '<' | '>') => return false,
            (None, _) => {}
        }
    }
    first.iter().any(|f| lines.starts_with(f))
}

/// Whether a text can be the name of a region, or stands for one that is known when the release is started.
fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_‹›".contains(c))
}

/// A word for bash: what is put in for a ‹name› stands in quotes.
fn quoted(text: &str) -> String {
    if text.contains('‹') {
        ["'", text, "'"].concat()
    } else {
        text.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{alone, is_word, may_ask, quoted};

    #[test]
    fn one_call_is_told_from_more() {
        assert!(alone("aws lambda invoke \\\n  --function-name app"));
        assert!(alone("./smoke.sh eu"));
        assert!(alone("./smoke.sh eu"));
        assert!(!alone("aws s3 ls | head"));
        assert!(!alone("aws s3 ls\naws s3 ls"));
        assert!(!alone("aws s3 cp $(aws s3 ls) x"));
        assert!(!alone("aws s3 cp \"$(aws s3 ls)\" x"));
        assert!(alone("./ready '|| id' \"a;b\\\"|\" c\\|d"));
        assert!(
            may_ask("x=$(aws sts get-caller-identity)")
                && may_ask("./smoke.sh eu")
                && !may_ask("psql --file laws.sql")
        );
    }

    #[test]
    fn a_region_is_one_word() {
        assert_eq!(quoted("eu-central-1"), "eu-central-1");
        assert!(
            is_word("eu-central-1")
                && is_word("‹region›")
                && !is_word("it's")
                && !is_word("a\nb")
                && !is_word("")
        );
        assert_eq!(quoted("‹region›"), "'‹region›'");
    }
}
