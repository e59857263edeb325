//! What holds for every text, good or bad.

use super::{kept, told};
use crate::source::FileId;
use crate::syntax::ast::Stmt;
use crate::syntax::{bare_parse, parse, recover, scan};
use proptest::prelude::*;

/// Pieces that make and break statements.
const PIECES: &[&str] = &[
    "stage",
    "a",
    "T",
    "in",
    "if",
    "else",
    "is",
    "and",
    "not",
    "use",
    "let",
    "param",
    "capture",
    "gate",
    "x",
    "Foo",
    " ",
    " ",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "{",
    "}",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    ";",
    "=",
    "==",
    "<",
    "..",
    ".",
    "+",
    "-",
    "*",
    "/",
    "//",
    "/*",
    "*/",
    "\"",
    "\"\"\"",
    "'",
    "'''",
    "${",
    "$",
    "\\",
    "\\n",
    "\\u{41}",
    "#",
    "##",
    "5",
    "5%",
    "1h30m",
    "22:00",
    "2026-06-01",
    "2026-06-01T02:00Z",
    "10min",
    "“",
    "”",
    "`",
    "é",
    "\0",
    "\u{feff}",
    "&&",
    "!",
    "?",
    "https://x.y/z",
    "@",
    "stage a {\n  owner x\n}\n",
    "f(a: 1)",
    "title \"x ${y}\"",
];

fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..60).prop_map(|v| v.concat())
}

fn inside(stmt: &Stmt, from: u32, to: u32, text: &str) {
    assert!(
        from <= stmt.span.start && stmt.span.end <= to,
        "{:?} outside {from}..{to} of {text:?}",
        stmt.span
    );
    assert!(
        text.get(stmt.span.range()).is_some(),
        "{:?} splits a character of {text:?}",
        stmt.span
    );
    assert!(text.get(stmt.head().range()).is_some());
    for child in stmt.children() {
        inside(child, stmt.span.start, stmt.span.end, text);
    }
}

fn sound(text: &str) {
    let (ast, bag) = parse(FileId(0), text);
    let len = u32::try_from(text.len()).expect("short");
    for stmt in &ast.items {
        inside(stmt, 0, len, text);
    }
    for found in bag.iter() {
        assert!(text.get(found.span.range()).is_some(), "{found:?} of {text:?}");
        assert!(
            !found.message.is_empty() && !found.help.is_empty() && !found.label.is_empty(),
            "{found:?}"
        );
        assert!(
            !found.message.ends_with('.') && !found.message.contains('\n'),
            "{found:?}"
        );
        for edit in found.fixes.iter().flat_map(|f| &f.edits) {
            assert!(text.get(edit.span.range()).is_some(), "{found:?} of {text:?}");
        }
    }
    if bare_parse(text) && scan::too_deep(text, recover::MAX_NESTING).is_none() {
        // The recovery is not needed here, and then has nothing to tell.
        let (again, told) = recover::recover(FileId(0), text);
        if bag.is_empty() {
            assert!(told.is_empty(), "{text:?}: {:?}", told.iter().next());
            assert_eq!(again.items.len(), ast.items.len(), "{text:?}");
            assert_eq!(format!("{again:?}"), format!("{ast:?}"), "{text:?}");
        }
    } else {
        assert!(!bag.is_empty(), "refused without a word: {text:?}");
    }
}

#[test]
fn a_line_that_is_a_statement_is_left_one() {
    for text in [
        "stage\nelse",
        "stage x\nelse y",
        "when a\nis b",
        "a\nelse {\n}",
        "a b if c\nelse d",
    ] {
        sound(text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_mixture_of_pieces_is_read_or_refused_with_words(text in pieces()) {
        sound(&text);
    }

    #[test]
    fn any_text_is_read_or_refused_with_words(text in "\\PC{0,200}") {
        sound(&text);
    }

    #[test]
    fn any_bytes_are_read_or_refused_with_words(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        sound(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn tokens_cover_a_text_in_order(text in pieces()) {
        let scan = scan::scan(&text);
        let mut last = 0;
        for token in &scan.tokens {
            prop_assert!(token.start >= last && token.end >= token.start, "{token:?} of {text:?}");
            prop_assert!(text.get(token.start..token.end).is_some(), "{token:?} of {text:?}");
            last = token.end;
        }
    }
}

/// A valid file with one piece put in or one token taken out: at most a few mistakes, and most of it kept.
#[test]
fn one_slip_does_not_spread() {
    let text = include_str!("../../../tests/corpus/format/bioage.release");
    let tokens = scan::scan(text).tokens;
    let mut worst = (0, String::new());
    let mut total = 0usize;
    let whole = kept(text).split_whitespace().count();
    for token in tokens
        .iter()
        .filter(|t| t.end > t.start && t.kind != scan::Kind::Newline)
    {
        let broken = format!("{}{}", &text[..token.start], &text[token.end..]);
        let report = told(&broken);
        let count = report.lines().count();
        total += count;
        let left = kept(&broken).split_whitespace().count();
        assert!(
            left + 8 > whole,
            "{left} of {whole} words left without the token at {}: {report}",
            token.start
        );
        if count > worst.0 {
            worst = (
                count,
                format!(
                    "without {:?} at {}:\n{report}",
                    &text[token.start..token.end],
                    token.start
                ),
            );
        }
    }
    assert!(worst.0 <= 3, "{} mistakes {}", worst.0, worst.1);
    assert!(
        total < tokens.len(),
        "{total} mistakes for {} slips",
        tokens.len()
    );
}
