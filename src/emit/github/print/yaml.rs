//! A small tree of YAML and its bytes: every string is quoted unless it surely reads back as that string.
//!
//! Must not know workflows. Called by `print::workflow`.

use crate::source::is_hidden;

/// A node of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Yaml {
    /// A string, with a comment behind it.
    Str(String, Option<String>),
    /// `true`, `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Keys and values in order.
    Map(Vec<(String, Yaml)>),
    /// Items in order.
    Seq(Vec<Yaml>),
    /// Items in order, on one line.
    Flow(Vec<String>),
    /// A node with comment lines above its key.
    Commented(Vec<String>, Box<Yaml>),
}

impl Yaml {
    /// A string.
    pub fn str(text: impl Into<String>) -> Self {
        Yaml::Str(text.into(), None)
    }

    /// The same without comments.
    pub fn plain(&self) -> serde_json::Value {
        match self {
            Yaml::Str(text, _) => text.clone().into(),
            Yaml::Bool(b) => (*b).into(),
            Yaml::Int(n) => (*n).into(),
            Yaml::Map(map) => map.iter().map(|(k, v)| (k.clone(), v.plain())).collect(),
            Yaml::Seq(list) => list.iter().map(Yaml::plain).collect(),
            Yaml::Flow(list) => list.iter().cloned().collect(),
            Yaml::Commented(_, inner) => inner.plain(),
        }
    }
}

/// The document.
pub fn document(head: &[String], root: &Yaml) -> String {
    let mut out = String::new();
    for line in head {
        comment(&mut out, line, 0);
    }
    if !head.is_empty() {
        out.push('\n');
    }
    if let Yaml::Map(entries) = root {
        for (i, (key, value)) in entries.iter().enumerate() {
            if i > 0 && is_block(value) {
                out.push('\n');
            }
            entry(&mut out, key, value, 0);
        }
    }
    out
}

fn is_block(value: &Yaml) -> bool {
    match value {
        Yaml::Map(m) => !m.is_empty(),
        Yaml::Seq(s) => !s.is_empty(),
        Yaml::Commented(_, inner) => is_block(inner),
        _ => false,
    }
}

fn comment(out: &mut String, text: &str, indent: usize) {
    out.push_str(&" ".repeat(indent));
    out.push('#');
    if !text.is_empty() {
        out.push(' ');
        out.push_str(&one_line(text));
    }
    out.push('\n');
}

/// A text that ends no comment: without anything that is obeyed instead of shown.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect()
}

fn entry(out: &mut String, key: &str, value: &Yaml, indent: usize) {
    if let Yaml::Commented(lines, inner) = value {
        for line in lines {
            comment(out, line, indent);
        }
        return entry(out, key, inner, indent);
    }
    out.push_str(&" ".repeat(indent));
    out.push_str(&scalar(key));
    out.push(':');
    tail(out, value, indent);
}

/// What stands behind `key:` or `-`.
fn tail(out: &mut String, value: &Yaml, indent: usize) {
    match value {
        Yaml::Map(entries) if entries.is_empty() => out.push_str(" {}\n"),
        Yaml::Seq(items) if items.is_empty() => out.push_str(" []\n"),
        Yaml::Map(entries) => {
            out.push('\n');
            for (k, v) in entries {
                entry(out, k, v, indent + 2);
            }
        }
        Yaml::Seq(items) => {
            out.push('\n');
            for v in items {
                item(out, v, indent + 2);
            }
        }
        Yaml::Flow(items) => {
            let items: Vec<_> = items.iter().map(|i| flow_scalar(i)).collect();
            out.push_str(&format!(" [{}]\n", items.join(", ")));
        }
        Yaml::Str(text, behind) => {
            if block_fits(text) {
                block(out, text, indent + 2);
            } else {
                out.push(' ');
                out.push_str(&scalar(text));
                if let Some(behind) = behind {
                    out.push_str(" # ");
                    out.push_str(&one_line(behind));
                }
                out.push('\n');
            }
        }
        Yaml::Bool(b) => out.push_str(&format!(" {b}\n")),
        Yaml::Int(n) => out.push_str(&format!(" {n}\n")),
        Yaml::Commented(_, inner) => tail(out, inner, indent),
    }
}

fn item(out: &mut String, value: &Yaml, indent: usize) {
    let start = out.len();
    match value {
        Yaml::Map(entries) if !entries.is_empty() => {
            for (k, v) in entries {
                entry(out, k, v, indent + 2);
            }
            // The first key stands beside the dash.
            out.replace_range(start + indent..start + indent + 1, "-");
        }
        Yaml::Commented(lines, inner) => {
            for line in lines {
                comment(out, line, indent);
            }
            item(out, inner, indent);
        }
        value => {
            out.push_str(&" ".repeat(indent));
            out.push('-');
            tail(out, value, indent);
        }
    }
}

/// Whether a text can stand as a literal block and read back unchanged in every parser.
fn block_fits(text: &str) -> bool {
    let body = text.trim_end_matches('\n');
    text.contains('\n')
        && !body.is_empty()
        && !text.starts_with(['\n', ' ', '\t'])
        && text.len() - body.len() <= 1
        && text.chars().all(|c| c == '\n' || c == '\t' || !is_hidden(c))
        && text
            .lines()
            .all(|l| !l.starts_with('\t') && (l.is_empty() || l.trim_end() == l))
}

fn block(out: &mut String, text: &str, indent: usize) {
    out.push_str(if text.ends_with('\n') { " |\n" } else { " |-\n" });
    for line in text.lines() {
        if !line.is_empty() {
            out.push_str(&" ".repeat(indent));
            out.push_str(line);
        }
        out.push('\n');
    }
}

fn flow_scalar(text: &str) -> String {
    if text.contains([',', '[', ']', '{', '}']) {
        quoted(text)
    } else {
        scalar(text)
    }
}

/// A string on one line: plain where it surely reads back as itself, else quoted.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        text.to_string()
    } else if text.chars().all(|c| !is_hidden(c)) && text.contains(['"', '\\']) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        quoted(text)
    }
}

fn is_plain(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "true", "false", "yes", "no", "on", "off", "y", "n", "null", "~", "nan", "inf",
    ];
    let Some(first) = text.chars().next() else {
        return false;
    };
    let opens = first.is_ascii_alphabetic() || text.starts_with("${{ ");
    let word = text.to_ascii_lowercase();
    opens
        && !WORDS.contains(&word.as_str())
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(|c| !is_hidden(c))
}

/// A string in double quotes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if (c as u32) < 0x100 && is_hidden(c) => {
                out.push_str(&format!("\\x{:02x}", c as u32));
            }
            c if is_hidden(c) && (c as u32) < 0x1_0000 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c if is_hidden(c) => out.push_str(&format!("\\U{:08x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::{Yaml, document};
    use proptest::prelude::*;

    fn read_back(text: &str) -> Option<String> {
        let tree = Yaml::Map(vec![(
            "jobs".to_string(),
            Yaml::Seq(vec![Yaml::Map(vec![("run".to_string(), Yaml::str(text))])]),
        )]);
        let bytes = document(&["head".to_string()], &tree);
        let value: serde_json::Value = serde_saphyr::from_str(&bytes).ok()?;
        value["jobs"][0]["run"].as_str().map(str::to_string)
    }

    #[test]
    fn the_usual_traps_come_back_as_text() {
        for text in [
            "on",
            "yes",
            "12:30",
            "1e3",
            "0o7",
            "2026-06-01",
            "null",
            "~",
            "",
            " a",
            "a ",
            "a: b",
            "a #b",
            "#",
            "- a",
            "a:\n  b\n",
            "a\n\nb",
            "\ta",
            "a\tb\n",
            "a\n\n",
            "'",
            "\"",
            "\\",
            "${{ x }}",
            "{a}",
            "[a]",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a`",
            "a\u{2028}b",
            "\u{feff}a",
            "a\u{ffff}",
            "a\n\u{202e}b\n",
            "a \u{e0041}",
            "é",
            "a\r\nb",
            "  a\n b\n",
            "a \nb",
            ".inf",
            "=",
        ] {
            assert_eq!(read_back(text).as_deref(), Some(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in "[ -~\n\t#:'\"\\\\é]{0,40}") {
            prop_assert_eq!(read_back(&text), Some(text));
        }
    }
}
