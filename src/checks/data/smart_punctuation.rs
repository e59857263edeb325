//! `data/smart_punctuation`: a dash, quote or space in a command that only looks like the one a shell knows.

use crate::checks::data::literal::{Char, Quote, characters};
use crate::checks::data::texts::commands;
use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic, Edit, Safety};
use crate::source::Span;
use std::collections::BTreeSet;

/// The most further places shown.
const SHOWN: usize = 7;

/// The diagnostic.
pub const CODE: Code = Code("data/smart_punctuation");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let mut seen: BTreeSet<Span> = BTreeSet::new();
    for command in commands(subject.plan.release()) {
        let library = subject.sources.file(command.span.file).library;
        if library || command.script.is_ascii() || !seen.insert(command.span) {
            continue;
        }
        let Some((quote, text)) = characters(subject.sources, command.span) else {
            continue;
        };
        let found = suspicious(&text);
        if let Some(d) = finding(&found, quote) {
            bag.push(d);
        }
    }
}

/// What a character was meant to be.
fn meant(c: char) -> Option<(&'static str, &'static str)> {
    Some(match c {
        '\u{2010}' | '\u{2011}' => ("hyphen of print", "-"),
        '\u{2012}' | '\u{2013}' => ("en dash", "-"),
        '\u{2014}' | '\u{2015}' => ("em dash", "--"),
        '\u{2212}' => ("minus sign of print", "-"),
        '\u{2018}' | '\u{2019}' | '\u{201A}' | '\u{201B}' => ("curly quote", "'"),
        '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{201F}' => ("curly quote", "\""),
        '\u{00AB}' | '\u{00BB}' => ("angle quote", "\""),
        '\u{00A0}' | '\u{2007}' | '\u{202F}' => ("non-breaking space", " "),
        '\u{2000}'..='\u{2006}' | '\u{2008}'..='\u{200A}' | '\u{3000}' => ("space of print", " "),
        '\u{00AD}' => ("soft hyphen", ""),
        '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' => ("invisible character", ""),
        _ => return None,
    })
}

fn dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// A character that is not what it looks like, and what was meant.
struct Found {
    at: Char,
    plain: &'static str,
    /// It can have meant nothing else.
    sure: bool,
}

/// Tools whose long options begin with one dash.
const ONE_DASH: &[&str] = &[
    "terraform",
    "tofu",
    "packer",
    "consul",
    "vault",
    "nomad",
    "go",
    "java",
    "javac",
    "find",
    "openssl",
    "ffmpeg",
    "xcodebuild",
];

/// The dashes an option was written with, and whether that is sure: `--force` is what `–force` was, `-rf` what `–rf` was.
fn dashes(text: &[Char], at: usize, tool: &str) -> (&'static str, bool) {
    let word: String = text[at + 1..]
        .iter()
        .map(|c| c.c)
        .take_while(|c| c.is_alphanumeric() || *c == '-')
        .collect();
    let doubled = at > 0 && (dash(text[at - 1].c) || text[at - 1].c == '-') || word.starts_with('-');
    if doubled || word.len() <= 3 || ONE_DASH.contains(&tool) {
        ("-", true)
    } else {
        ("--", false)
    }
}

/// Follows a command as a shell reads it.
#[derive(Default)]
struct Shell {
    quote: Option<char>,
    /// The first word of the command at hand.
    command: String,
    in_first: bool,
    /// The word that ends a heredoc, once its line has ended.
    heredoc: Option<String>,
    waiting: Option<String>,
}

impl Shell {
    fn next(&mut self, c: char) {
        match (self.quote, c) {
            (Some(q), c) if q == c => self.quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => self.quote = Some(c),
            (None, ';' | '|' | '&' | '(' | '\n') => {
                self.command.clear();
                self.in_first = true;
                if c == '\n' {
                    self.heredoc = self.waiting.take();
                }
            }
            (None, c) if c.is_whitespace() => self.in_first &= self.command.is_empty(),
            (None, c) if self.in_first => self.command.push(c),
            _ => {}
        }
    }

    /// It prints what it is given, so that a dash is a dash.
    fn prints(&self) -> bool {
        matches!(self.command.as_str(), "echo" | "printf" | ":")
    }

    /// Its quoted argument is itself a command.
    fn runs(&self) -> bool {
        matches!(
            self.command.as_str(),
            "bash" | "sh" | "dash" | "zsh" | "ssh" | "eval"
        )
    }
}

/// The characters that a shell takes for something else than they look like.
fn suspicious(text: &[Char]) -> Vec<Found> {
    let mut shell = Shell {
        in_first: true,
        ..Shell::default()
    };
    let mut found = Vec::new();
    let mut i = 0;
    while i < text.len() {
        if let Some(end) = shell.heredoc.take() {
            i = after_heredoc(text, i, &end);
            continue;
        }
        let c = text[i].c;
        if c == '\\' && shell.quote != Some('\'') {
            i += 2;
            continue;
        }
        if shell.quote.is_none() && shell.waiting.is_none() {
            shell.waiting = heredoc(&text[i..]);
        }
        if meant(c).is_some() && !text[i].escaped {
            let before = i.checked_sub(1).map_or(' ', |b| text[b].c);
            let after = text.get(i + 1).map_or(' ', |a| a.c);
            let starts_word =
                before.is_whitespace() || matches!(before, '\'' | '"') || dash(before) || before == '-';
            let option = dash(c) && starts_word && (after.is_alphanumeric() || dash(after) || after == '-');
            let wrong = match shell.quote {
                None => !(dash(c) && shell.prints() && !option),
                Some(_) => option && shell.runs(),
            };
            if let (true, Some((_, plain))) = (wrong, meant(c)) {
                let (plain, sure) = match plain {
                    "-" if option => dashes(text, i, &shell.command),
                    // A quote may turn a value into fixed text.
                    plain => (plain, !matches!(plain, "'" | "\"")),
                };
                found.push(Found {
                    at: text[i],
                    plain,
                    sure,
                });
            }
        }
        shell.next(c);
        i += 1;
    }
    found
}

/// The word after `<<`, when a heredoc begins here.
fn heredoc(text: &[Char]) -> Option<String> {
    let mut rest = text.iter().map(|c| c.c);
    if (rest.next()?, rest.next()?) != ('<', '<') {
        return None;
    }
    let word: String = rest
        .skip_while(|c| matches!(c, '-' | ' ' | '\'' | '"' | '\\'))
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (!word.is_empty() && text.get(2).is_none_or(|c| c.c != '<')).then_some(word)
}

/// The index after the line that ends a heredoc.
fn after_heredoc(text: &[Char], from: usize, end: &str) -> usize {
    let mut start = from;
    while start < text.len() {
        let length = text[start..]
            .iter()
            .position(|c| c.c == '\n')
            .unwrap_or(text.len() - start);
        let line: String = text[start..start + length].iter().map(|c| c.c).collect();
        start += length + 1;
        if line.trim() == end {
            break;
        }
    }
    start.min(text.len())
}

fn finding(found: &[Found], quote: Quote) -> Option<Diagnostic> {
    let first = found.first()?;
    let (what, _) = meant(first.at.c)?;
    let shown = if what.contains("space") || what.contains("invisible") || what.contains("soft") {
        format!("U+{:04X}", u32::from(first.at.c))
    } else {
        format!("`{}`", first.at.c)
    };
    let mut d = Diagnostic::error(
        CODE,
        first.at.span,
        format!(
            "the command has {} ({shown}) where the shell needs plain characters",
            article(what)
        ),
    )
    .here(format!("this is {}", article(what)));
    for other in found.iter().skip(1).take(SHOWN) {
        if let Some((what, _)) = meant(other.at.c) {
            d = d.fact(other.at.span, format!("and this is {}", article(what)));
        }
    }
    d = match first.plain {
        "" => d.help("remove it"),
        " " => d.help("write a plain space"),
        plain => d.help(format!(
            "write `{plain}`; word processors replace it while one types"
        )),
    };
    let mut edits = Vec::new();
    for c in found {
        let replacement = match (c.plain, quote) {
            ("\"", Quote::Double) => "\\\"",
            ("'", Quote::Raw) => {
                return Some(d.help("write the command in double quotes, with plain quotes inside"));
            }
            (plain, _) => plain,
        };
        edits.push(Edit {
            span: c.at.span,
            replacement: replacement.to_string(),
        });
    }
    let safety = if found.iter().all(|c| c.sure) {
        Safety::Safe
    } else {
        Safety::Unsafe
    };
    Some(d.fix("write plain characters", safety, edits))
}

fn article(what: &str) -> String {
    let vowel = what.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {what}", if vowel { "an" } else { "a" })
}

#[cfg(test)]
mod tests {
    use super::suspicious;
    use crate::checks::data::literal::characters;
    use crate::source::{SourceMap, Span};

    fn found(command: &str) -> String {
        let mut sources = SourceMap::new();
        let literal = format!("\"\"\"\n{command}\n\"\"\"");
        let file = sources.add("a.release", literal.as_str());
        let (_, text) = characters(&sources, Span::new(file, 0, literal.len())).expect("a literal");
        suspicious(&text).iter().map(|f| f.at.c).collect()
    }

    #[test]
    fn what_a_shell_would_misread_is_found() {
        assert_eq!(found("terraform apply –var-file=prod.tfvars"), "–");
        assert_eq!(found("git push —force"), "—");
        assert_eq!(found("aws x --payload ‘{}’"), "‘’");
        assert_eq!(found("ls\u{a0}-l"), "\u{a0}");
        assert_eq!(found("bash -c \"helm upgrade –install x\""), "–");
        assert_eq!(found("cat –"), "–");
        assert_eq!(found("echo –n hello"), "–");
    }

    #[test]
    fn what_was_meant_is_known_for_short_options_and_single_dash_tools() {
        let plain = |command: &str| {
            let mut sources = SourceMap::new();
            let literal = format!("'{command}'");
            let file = sources.add("a.release", literal.as_str());
            let (_, text) = characters(&sources, Span::new(file, 0, literal.len())).expect("a literal");
            suspicious(&text)
                .iter()
                .map(|f| (f.plain, f.sure))
                .collect::<Vec<_>>()
        };
        assert_eq!(plain("terraform apply –var-file=x"), [("-", true)]);
        assert_eq!(plain("rm –rf x"), [("-", true)]);
        assert_eq!(plain("git push –force"), [("--", false)]);
        assert_eq!(plain("git push ––force"), [("-", true), ("-", true)]);
        assert_eq!(plain("git push —force"), [("--", true)]);
        assert_eq!(plain("ls\u{a0}-l"), [(" ", true)]);
    }

    #[test]
    fn prose_is_left_alone() {
        assert_eq!(found("echo Release 2.0 – done"), "");
        assert_eq!(
            found("curl -d '{\"text\": \"Release – it’s done\"}' https://x"),
            ""
        );
        assert_eq!(found("echo \"“quoted”\""), "");
        assert_eq!(found("cat <<EOF > notes\nIt’s done – at last\nEOF\nls"), "");
        assert_eq!(found("cat <<EOF > notes\nIt’s done\nEOF\nls –l"), "–");
        assert_eq!(found("echo größer"), "");
    }
}
