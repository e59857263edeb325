//! The layout: what it looks like, and that it changes nothing else.

use super::meaning;
use crate::source::FileId;
use crate::syntax::{format, parse, scan};
use proptest::prelude::*;

const BIOAGE: &str = include_str!("../../../tests/corpus/format/bioage.release");
const PEOPLE: &str = include_str!("../../../tests/corpus/format/people.release");
const SHIFT: &str = include_str!("../../../tests/corpus/format/shift_alias.release");

fn formatted(text: &str) -> String {
    format(FileId(0), text).unwrap_or_else(|bag| panic!("{text}\n{:?}", bag.iter().next()))
}

#[test]
fn the_examples_are_in_their_layout() {
    for text in [BIOAGE, PEOPLE, SHIFT] {
        assert_eq!(formatted(text), text);
    }
}

/// A snapshot of a text and of its layout.
fn case(name: &str, text: &str) {
    let out = formatted(text);
    assert_eq!(formatted(&out), out, "{text}");
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, format!("{text}\n--- becomes\n{out}"));
    });
}

macro_rules! cases {
    ($($name:ident: $text:expr;)*) => {
        $(#[test] fn $name() { case(concat!("layout_", stringify!($name)), $text); })*
    };
}

cases! {
    values_stand_in_a_column: "stage a {\nowner x\n  distinct_from y,z\n\n  at T - 30m\n\n\n\n  do a\n  do b\n}\n";
    blocks_on_one_line_stay: "role a {title \"A\";members b,c}\nrole longer { title \"Longer title\";members d ; kind security;}\n\nperson x { }\nperson y {name \"Y\"}\n";
    blocks_over_lines_stay: "window { opens 2026-06-01T02:00\ncloses 2026-06-01T10:00 }\n";
    comments_stay_where_they_are: "#one\n\n\n  # two\nstage a { # three\n   # four\n owner x # five\n  after y, # six\n  # seven\n  z\n # eight\n} # nine\n# ten\n";
    comments_stand_in_a_column: "let a=1#a\nlet longer = 2 # b\nlet c = 3\n\nlet d = 4 # d\n";
    statements_on_one_line_are_parted: "a 1;b 2 ;; c 3; # why\nstage s {\n a 1; b 2 }\n";
    expressions_are_spaced: "x  a+b*-c , not d, (e==f)and g , h.i[ 0 ], f( a :1,b: [ 1,2 , ],), ({a:1,}), [ ], f( )\n";
    broken_lists_keep_their_lines: "do f(a,\nb: { c: 1,\nd: 2 }, [\n1,\n\n\n2,\n],\n)\npass a\nand b\nor c\nmembers x,\ny\nlet z = a +\nb\n";
    parameters_stand_in_columns: "param a:int=1 ## One.\nparam longer : list( string )\nuse std.x {a,b  as c}\nuse \"./y\"  as y\nlet a=1\nlet bcd =2\n";
    texts_move_with_their_statement: "stage a {\nrun \"\"\"\necho a\n  echo b\n\n\"\"\" { prints 'x' }\nrun \"\"\"\n        left\n          \"\"\"\nrun '''\n\t\traw\n\t\t'''\n}\n";
    crlf_becomes_lf: "a 1\r\n# c\r\nrun \"\"\"\r\n  x\r\n  \"\"\"\r\n";
    a_missing_last_newline_is_added: "owner x";
    definitions: "action  f( a:int , b : one_of(\"x\",\"y\")= \"x\" ){\nrun \"z\"\n capture n:int{ from 'x' }\n}\n";
    long_blocks_are_opened: "stage a { title \"0123456789012345678901234567890123456789012345678901234567890123456789\"; summary \"0123456789012345678901234567890123456789012345678901234567890123456789\"; owner someone_else }\n";
    conditions: "x a if b else c if d else e, T+2h, T - 1h, a - 1, a .. -b\n";
    nothing: "";
    only_a_comment: "\n\n# c";
    documentation_keeps_its_statement: "## Module\n\n## Above\nx a { ## Inside\ny b ## End\n}## After\n";
}

#[test]
fn a_text_with_mistakes_is_not_touched() {
    let bag = format(FileId(0), "owner = x\n").expect_err("a mistake");
    assert_eq!(bag.len(), 1);
}

#[test]
fn a_byte_order_mark_is_kept() {
    assert_eq!(formatted("\u{feff}owner   x"), "\u{feff}owner x\n");
}

/// Space that may stand between two tokens of an expression in brackets.
fn gap() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "",
        " ",
        "  ",
        "\n",
        "\n\n\n ",
        " # c\n",
        "\r\n\t",
        " ## d\n\n  ",
    ])
    .prop_map(String::from)
}

/// What may stand between two statements.
fn separator() -> impl Strategy<Value = String> {
    let all = vec![
        "\n",
        "\n",
        ";",
        " ; ",
        "\n\n",
        "\n\n\n\n",
        " # c\n",
        "# d\n  # e\n",
        "\n## doc\n",
        " ## end\n",
        "\r\n",
        ";;\n",
        "\n\n## doc\n\n",
    ];
    prop::sample::select(all).prop_map(String::from)
}

fn atom() -> impl Strategy<Value = String> {
    let all = vec![
        "a",
        "bc",
        "T",
        "5%",
        "1h30m",
        "22:00",
        "2026-06-01T02:00Z",
        "true",
        "\"x ${y + 1} z\"",
        "\"\"",
        "'raw # {'",
        "-1",
        "T - 30m",
        "f()",
        "a.b.in",
        "42",
        "\"\"\"\n   one\n     two\n\n   \"\"\"",
        "'''\nx\n  '''",
        "\"\"\"a ${\nb} \n c\"\"\"",
        "\"\"\"\r\n    x ${f(\"y\")}\r\n    \"\"\"",
    ];
    prop::sample::select(all).prop_map(String::from)
}

fn expr() -> impl Strategy<Value = String> {
    atom().prop_recursive(3, 16, 4, |inner| {
        let more = inner.clone();
        prop_oneof![
            (
                inner.clone(),
                more.clone(),
                prop::sample::select(vec!["+", "-", "*", "and", "or", ".."]),
                gap(),
                gap()
            )
                .prop_map(|(a, b, op, g, h)| format!("({a}){g} {op} {h}({b})")),
            (inner.clone(), more.clone()).prop_map(|(a, b)| format!("({a}) if not ({b}) else ({a} == {b})")),
            (
                prop::collection::vec((inner.clone(), gap(), gap()), 0..4),
                gap(),
                any::<bool>()
            )
                .prop_map(|(v, g, tail)| {
                    let body: Vec<String> = v.iter().map(|(e, a, b)| format!("{a}{e}{b}")).collect();
                    format!(
                        "[{}{}{g}]",
                        body.join(","),
                        if tail && !v.is_empty() { "," } else { "" }
                    )
                }),
            (prop::collection::vec((inner.clone(), gap(), any::<bool>()), 0..4)).prop_map(|v| {
                let body: Vec<String> = v
                    .iter()
                    .map(|(e, g, n)| format!("{g}{}{e}", if *n { "name:" } else { "" }))
                    .collect();
                format!("fun({})", body.join(" ,"))
            }),
            (inner.clone(), gap(), gap()).prop_map(|(a, g, h)| format!("({{{g}Key : {h}{a},{g}\"k\":{a}}})")),
        ]
    })
}

fn head() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (prop::sample::select(vec!["owner", "at", "distinct_from", "do", "stage"]), prop::collection::vec(expr(), 0..3), gap())
            .prop_map(|(k, args, g)| format!("{k} {}", args.join(&format!(" ,{g}")))),
        1 => (expr()).prop_map(|e| format!("let  name= {e}")),
        1 => (gap()).prop_map(|g| format!("param p :{g}list( int )  =  1")),
        1 => Just("use std.a.b {x,y  as z,}".to_string()),
        1 => Just("capture  c :int".to_string()),
    ]
}

fn statements() -> impl Strategy<Value = String> {
    let leaf = (head(), separator()).prop_map(|(h, s)| format!("{h}{s}"));
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            (
                prop::collection::vec(inner.clone(), 0..5),
                separator(),
                prop::sample::select(vec!["", " ", "\n", " # o\n", " ## o\n"])
            )
                .prop_map(|(v, s, open)| format!("stage x{{{open}{}}}{s}", v.concat())),
            (prop::collection::vec(inner.clone(), 0..4), separator())
                .prop_map(|(v, s)| format!("rollback {{ {} }}{s}", v.concat())),
            prop::collection::vec(inner, 1..4).prop_map(|v| v.concat()),
        ]
    })
}

fn comments(text: &str) -> Vec<String> {
    let tokens = scan::scan(text).tokens;
    let comment = tokens.iter().filter(|t| t.kind == scan::Kind::Comment);
    comment
        .map(|t| text[t.start..t.end].trim_end().to_string())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_layout_changes_nothing_else(text in prop::collection::vec(statements(), 0..4).prop_map(|v| v.concat())) {
        let (_, bag) = parse(FileId(0), &text);
        prop_assert!(bag.is_empty(), "{text}\n{:?}", bag.iter().next());
        let out = formatted(&text);
        prop_assert_eq!(meaning(&text), meaning(&out), "{}\n---\n{}", text, out);
        prop_assert_eq!(formatted(&out), out.clone(), "{}\n---\n{}", text, out);
        prop_assert_eq!(comments(&text), comments(&out), "{}\n---\n{}", text, out);
        prop_assert!(out.is_empty() || out.ends_with('\n') && !out.ends_with("\n\n"), "{}", out);
    }
}
