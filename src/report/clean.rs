//! Text of users made safe to print: nothing in it can steer a terminal or a workflow runner.
//!
//! Must not know findings. Called by every renderer of this folder.

use crate::source::is_hidden;

/// The character to show for one that may come from a user: control characters become pictures of themselves, and
/// characters that reorder or hide text become `U+FFFD`. Tabs stay.
pub(super) fn visible(c: char) -> char {
    match c {
        '\t' => '\t',
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        c if is_hidden(c) => '\u{fffd}',
        c => c,
    }
}

/// One line of text: every character made visible, line breaks included.
pub(super) fn line(text: &str) -> String {
    text.chars()
        .map(|c| if c == '\t' { ' ' } else { visible(c) })
        .collect()
}

/// Text of several lines: line breaks stay, every other character is made visible.
pub(super) fn block(text: &str) -> String {
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The path of a file as one visible line.
pub(super) fn path(path: &str) -> String {
    line(path)
}

/// A whole text report in which no line is a command to a workflow runner: runners obey lines that begin with `::`
/// and lines that hold `##[`. Blanks at the ends of lines go.
pub(super) fn defuse(report: &str) -> String {
    let mut out = String::with_capacity(report.len());
    for line in report.split_inclusive('\n') {
        match line.strip_suffix('\n') {
            Some(line) => {
                out.push_str(line.trim_end_matches(' '));
                out.push('\n');
            }
            None => out.push_str(line),
        }
    }
    disarm(&out)
}

/// The same, every blank kept: for differences, in which they count.
pub(super) fn disarm(report: &str) -> String {
    let mut out = String::with_capacity(report.len());
    for line in report.split_inclusive('\n') {
        let body = line.trim_start();
        if body.starts_with("::") {
            out.push_str(&line[..line.len() - body.len()]);
            out.push('\u{b7}');
            out.push_str(body);
        } else {
            out.push_str(line);
        }
    }
    if out.contains("##[") {
        out.replace("##[", "##\u{2045}")
    } else {
        out
    }
}

/// JSON in which terminals and runners find nothing to obey. Only the inside of strings can hold such characters.
pub(super) fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{7f}' => out.push_str("\\u007f"),
            c if is_hidden(c) && !c.is_ascii() => {
                let mut units = [0u16; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    if out.contains("##[") {
        out.replace("##[", "#\\u0023[")
    } else {
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{block, defuse, json, line, path};

    #[test]
    fn control_characters_are_shown_and_not_obeyed() {
        assert_eq!(
            line("a\u{1b}[31mb\u{7}\u{9b}c\u{202e}\n"),
            "a\u{241b}[31mb\u{2407}\u{fffd}c\u{fffd}\u{240a}"
        );
        assert_eq!(block("a\r\nb\u{1b}"), "a\nb\u{241b}");
        assert_eq!(path("a\nb.release"), "a\u{240a}b.release");
    }

    #[test]
    fn no_line_of_a_report_is_a_workflow_command() {
        let safe = defuse("note\n   ::error::x\n a ##[add-mask]b\n");
        assert_eq!(safe, "note\n   \u{b7}::error::x\n a ##\u{2045}add-mask]b\n");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let text = serde_json::to_string("##[x]\u{9b}\u{e0041}\u{7f}é").expect("serialises");
        let safe = json(&text);
        assert!(safe.is_ascii() || !safe.contains('\u{9b}'));
        assert!(!safe.contains("##["));
        let back: String = serde_json::from_str(&safe).expect("parses");
        assert_eq!(back, "##[x]\u{9b}\u{e0041}\u{7f}é");
    }
}
