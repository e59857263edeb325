//! Texts that nobody writes: very deep, very long, and of the worst shape. Each is refused or read, in an amount of
//! work that grows no faster than the text.

use super::told;
use crate::source::FileId;
use crate::syntax::recover::{MAX_NESTING, measured};
use crate::syntax::{bare_parse, format, parse};

/// What opens and closes a level, and what stands in the middle, with the keyword that makes it a statement.
const NESTS: &[(&str, &str, &str, &str)] = &[
    ("x ", "(", ")", "a"),
    ("x ", "[", "]", "a"),
    ("x ", "f(", ")", "a"),
    ("x a", "[", "]", "0"),
    ("x f(", "{ a: ", "}", "1"),
    ("x ", "\"${", "}\"", "a"),
    ("x ", "\"\"\"${", "}\"\"\"", "a"),
    ("x ", "f(a: [", "])", "a"),
    ("", "a {", "}", "b"),
    ("", "a {\n", "\n}", "b"),
    ("param a: ", "list(", ")", "int"),
    ("action a(b: ", "list(", ")", "int"),
];

fn nested(shape: &(&str, &str, &str, &str), depth: usize) -> String {
    let (start, open, close, middle) = shape;
    format!("{start}{}{middle}{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn the_deepest_nesting_is_read() {
    for shape in NESTS {
        let levels = shape.1.matches(['(', '[', '{']).count();
        let outer = usize::from(shape.0.contains('('));
        let depth = (MAX_NESTING - outer) / levels;
        let mut text = nested(shape, depth);
        if outer > 0 {
            text.push_str(if shape.0.starts_with("action") {
                ") {}"
            } else {
                ")"
            });
        }
        assert_eq!(told(&text), "", "{text}");
        assert!(format(FileId(0), &text).is_ok());
    }
}

#[test]
fn deeper_nesting_is_refused_in_one_place() {
    for shape in NESTS {
        for depth in [MAX_NESTING + 1, 2_000, 100_000] {
            let report = told(&nested(shape, depth));
            let deep = report.lines().filter(|l| l.contains("syntax/too_deep")).count();
            assert_eq!(deep, 1, "{shape:?} {depth}: {report}");
            assert!(report.lines().count() <= 3, "{shape:?} {depth}: {report}");
        }
    }
}

#[test]
fn the_bare_grammar_survives_any_nesting() {
    for shape in NESTS {
        assert!(!bare_parse(&format!("{}{}", shape.0, shape.1.repeat(100_000))));
    }
}

#[test]
fn unclosed_nesting_is_refused() {
    for shape in NESTS {
        for depth in [MAX_NESTING - 2, 100_000] {
            let report = told(&format!("{}{}", shape.0, shape.1.repeat(depth)));
            assert!(!report.is_empty(), "{shape:?} {depth}");
        }
    }
}

#[test]
fn long_chains_are_refused_without_a_deep_tree() {
    for (text, code) in [
        (format!("x {}a", "a + ".repeat(200_000)), "syntax/long_expression"),
        (format!("x a{}", ".b".repeat(200_000)), "syntax/long_expression"),
        (format!("x a{}", "()".repeat(200_000)), "syntax/long_expression"),
        (
            format!("x a{}", " if b else a".repeat(100_000)),
            "syntax/long_expression",
        ),
        (format!("x {}a", "not ".repeat(100_000)), "syntax/"),
        (format!("x {}a", "-".repeat(100_000)), "syntax/"),
    ] {
        let report = told(&text);
        assert!(report.contains(code) && report.lines().count() == 1, "{report}");
    }
    assert_eq!(told(&format!("x {}a", "a and ".repeat(250))), "");
}

/// Shapes that would be read again and again by a reader that is not careful.
const UNITS: &[&str] = &[
    "(",
    ")",
    "[",
    "{",
    "}",
    "a {\n",
    "a {",
    "{\n",
    "\"",
    "'",
    "\"\"\"",
    "\"\"\"\n",
    "'''\n",
    "\"${",
    "\"\"\"${\n",
    "${",
    "\0",
    "\r",
    "\r\n",
    "# c\n",
    "\n",
    " ",
    "a ",
    "a\n",
    "a,\n",
    "a, ",
    "a +\n",
    "a + ",
    "-",
    "not ",
    "\\",
    "\"\\q\"\n",
    "“",
    "“‘",
    "`",
    "/*",
    "//\n",
    "2026-06-01T02:00+01:00",
    "a b; ",
    "a { b } ",
    "f(a,\n\n\n",
    "(\n\n\n",
    "a.",
    "a if b else ",
    "\"a\" ",
    "a-b-",
    "x://",
    "$",
    "a: ",
    "a = ",
    "a\n== b\n",
    "}\n",
    "a: {\n",
    "a\n{\n",
    "x(\n}\n",
    "x f(\ny z\n",
    "(]",
    "f({a;",
    "stage a { owner \"x }\n",
    "title \"a ${b\n",
    "let a\n",
    "param b\n",
    "use c d\n",
    "5 %\n",
    "é",
    "\u{feff}",
    "a,",
];

#[test]
fn the_worst_shapes_end() {
    for unit in UNITS {
        let text = unit.repeat(4_000 / unit.len());
        for text in [
            text.clone(),
            format!("x f(\n{text}"),
            format!("stage a {{\n{text}"),
            format!("x \"{text}"),
        ] {
            let (_, bag) = parse(FileId(0), &text);
            assert_eq!(format(FileId(0), &text).is_ok(), bag.is_empty(), "{unit:?}");
        }
    }
}

#[test]
fn twice_the_text_is_twice_the_work() {
    for unit in UNITS {
        let work = |times: usize| measured(FileId(0), &unit.repeat(times)).2;
        // Few enough that reading does not stop at the thousandth mistake.
        let (once, twice) = (work(200), work(400));
        assert!(twice <= 2 * once + 200, "{unit:?}: {once}, then {twice}");
    }
}
