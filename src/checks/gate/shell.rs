//! Whether a shell command can fail in the way it is meant to.
//!
//! Reads plain lists of commands only; what uses more of the shell's language is taken to know what it does. Called by
//! `gate/asserts_nothing`.

/// Why a command cannot fail in the way it is meant to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blind {
    /// It prints, or does nothing.
    Prints,
    /// `… || true`
    Forgiven,
    /// `curl` without `--fail`
    Curl,
    /// `make` without a target
    Make,
}

/// A word, a separator.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Pipe,
    And,
    Or,
    End,
}

/// Why a script asserts nothing; `None` when it may.
pub(super) fn blind(script: &str) -> Option<Blind> {
    let tokens = tokens(script)?;
    let mut last = None;
    let mut any = false;
    for list in tokens.split(|t| *t == Token::End) {
        if list.is_empty() {
            continue;
        }
        any = true;
        // The shell stops at the first list that fails, so one list that can fail suffices.
        last = Some(of_list(list)?);
    }
    if any { last } else { None }
}

fn of_list(list: &[Token]) -> Option<Blind> {
    let mut parts: Vec<(Option<&Token>, Vec<&Token>)> = vec![(None, Vec::new())];
    for token in list {
        match token {
            Token::And | Token::Or => parts.push((Some(token), Vec::new())),
            other => parts.last_mut()?.1.push(other),
        }
    }
    // `a || b`: only when b fails too; `a && b`: when either does.
    let (operator, tail) = parts.last()?;
    let end = of_pipeline(tail);
    if matches!(operator, Some(Token::Or)) && end == Some(Blind::Prints) {
        return Some(if parts.len() > 1 {
            Blind::Forgiven
        } else {
            Blind::Prints
        });
    }
    let mut why = None;
    for (_, part) in &parts {
        why = Some(of_pipeline(part)?);
    }
    why
}

/// With `pipefail`, a pipeline fails when any of its commands does.
fn of_pipeline(tokens: &[&Token]) -> Option<Blind> {
    let mut why = None;
    for command in tokens.split(|t| **t == Token::Pipe) {
        let words: Vec<&str> = command
            .iter()
            .filter_map(|t| {
                if let Token::Word(w) = t {
                    Some(w.as_str())
                } else {
                    None
                }
            })
            .collect();
        why = Some(of_command(&words)?);
    }
    why
}

fn of_command(words: &[&str]) -> Option<Blind> {
    // Variables may be set before a command.
    let assigned = words
        .iter()
        .take_while(|w| w.split_once('=').is_some_and(|(n, _)| is_name(n)))
        .count();
    let (name, args) = words[assigned..].split_first()?;
    match *name {
        "true" | ":" | "echo" | "printf" | "sleep" | "date" | "tee" => Some(Blind::Prints),
        "exit" if args == ["0"] => Some(Blind::Prints),
        "make" if !args.iter().any(|a| !a.starts_with('-') && !a.contains('=')) && !args.contains(&"-C") => {
            Some(Blind::Make)
        }
        "curl" if !args.iter().any(|a| fails(a)) => Some(Blind::Curl),
        _ => None,
    }
}

/// `--fail`, `-f`, `-sSf`, `--fail-with-body`
fn fails(arg: &str) -> bool {
    arg.starts_with("--fail") || (arg.starts_with('-') && !arg.starts_with("--") && arg.contains('f'))
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// The words of a script; `None` when it uses more of the shell than words, quotes, pipes and lists.
fn tokens(script: &str) -> Option<Vec<Token>> {
    const KEYWORDS: &[&str] = &[
        "if", "then", "while", "until", "for", "case", "function", "{", "}", "!", "[[", "((", "select",
        "time", "trap", "set", "eval", "source", ".",
    ];
    let mut list = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = script.chars().peekable();
    let mut quote: Option<char> = None;
    let push = |word: &mut Option<String>, list: &mut Vec<Token>| {
        if let Some(w) = word.take() {
            list.push(Token::Word(w));
        }
    };
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some('"'), '$' | '`') if matches!(chars.peek(), Some('(')) || c == '`' => return None,
            (Some(q), c) if c == q => quote = None,
            (Some('"'), '\\') => {
                word.get_or_insert_default().extend(chars.next());
            }
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '\\') => match chars.next() {
                Some('\n') | None => {}
                Some(c) => word.get_or_insert_default().push(c),
            },
            (None, '$') if chars.peek() == Some(&'(') => return None,
            (None, '`' | '(' | ')' | '<') => return None,
            (None, '#') if word.is_none() => {
                while chars.peek().is_some_and(|c| *c != '\n') {
                    chars.next();
                }
            }
            (None, '>') => {
                // A redirection changes where it prints, not whether it fails.
                push(&mut word, &mut list);
                while chars.peek().is_some_and(|c| matches!(c, '>' | '&' | ' ')) {
                    chars.next();
                }
                while chars
                    .peek()
                    .is_some_and(|c| !c.is_whitespace() && !";|&".contains(*c))
                {
                    chars.next();
                }
            }
            (None, '|' | '&') => {
                push(&mut word, &mut list);
                let double = chars.peek() == Some(&c);
                if double {
                    chars.next();
                }
                list.push(match (c, double) {
                    ('|', true) => Token::Or,
                    ('|', false) => Token::Pipe,
                    (_, true) => Token::And,
                    (_, false) => return None,
                });
            }
            (None, ';' | '\n') => {
                push(&mut word, &mut list);
                // After `||`, `&&` and `|` a line goes on.
                if !(c == '\n' && matches!(list.last(), Some(Token::And | Token::Or | Token::Pipe))) {
                    list.push(Token::End);
                }
            }
            (None, c) if c.is_whitespace() => push(&mut word, &mut list),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    push(&mut word, &mut list);
    let strange = list
        .iter()
        .any(|t| matches!(t, Token::Word(w) if KEYWORDS.contains(&w.as_str())));
    (quote.is_none() && !strange).then_some(list)
}

#[cfg(test)]
mod tests {
    use super::{Blind, blind};

    #[test]
    fn what_asserts_nothing_is_known() {
        for (script, why) in [
            ("echo ok", Blind::Prints),
            ("true", Blind::Prints),
            ("./smoke.sh || true", Blind::Forgiven),
            ("./smoke.sh || echo failed", Blind::Forgiven),
            ("curl https://x/health", Blind::Curl),
            ("curl -s -o /dev/null https://x/health", Blind::Curl),
            ("make", Blind::Make),
            ("make -j4", Blind::Make),
            ("echo a; echo b", Blind::Prints),
            ("echo start && curl https://x > out.json", Blind::Curl),
        ] {
            assert_eq!(blind(script), Some(why), "{script}");
        }
    }

    #[test]
    fn what_can_fail_is_left_alone() {
        for script in [
            "./smoke.sh",
            "curl --fail https://x",
            "curl -sSf https://x",
            "curl -s https://x | grep ok",
            "curl -s https://x | jq -e .ok",
            "test \"$(curl -s https://x)\" = ok",
            "make smoke",
            "make -C tests",
            "echo start; ./smoke.sh",
            "./a.sh || ./b.sh",
            "./a.sh || exit 1",
            "if curl https://x; then exit 0; fi",
            "! grep -q ERROR log",
            "true && ./smoke.sh",
            "",
        ] {
            assert_eq!(blind(script), None, "{script}");
        }
    }
}
