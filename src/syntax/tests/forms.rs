//! Every form of the language is read, and read as what it means.

use crate::source::FileId;
use crate::syntax::ast::{Ast, Expr, ExprKind, Form, StrPart, UseSource};
use crate::syntax::{bare_parse, parse};

const BIOAGE: &str = include_str!("../../../tests/corpus/format/bioage.release");
const PEOPLE: &str = include_str!("../../../tests/corpus/format/people.release");
const SHIFT: &str = include_str!("../../../tests/corpus/format/shift_alias.release");

fn ok(text: &str) -> Ast {
    let (ast, bag) = parse(FileId(0), text);
    let found: Vec<String> = bag
        .iter()
        .map(|d| format!("{:?} {} {}", d.span.range(), d.code, d.message))
        .collect();
    assert!(found.is_empty(), "{text}\n{found:?}");
    ast
}

/// An expression written out with its structure in parentheses.
fn shape(e: &Expr, text: &str) -> String {
    let s = |e: &Expr| shape(e, text);
    match &e.kind {
        ExprKind::Binary(op, _, l, r) => format!("({op:?} {} {})", s(l), s(r)),
        ExprKind::Range(l, r) => format!("(.. {} {})", s(l), s(r)),
        ExprKind::Not(a) => format!("(not {})", s(a)),
        ExprKind::Neg(a) => format!("(neg {})", s(a)),
        ExprKind::If {
            value,
            condition,
            otherwise,
        } => {
            format!("(if {} {} {})", s(condition), s(value), s(otherwise))
        }
        ExprKind::Call(f, args) => {
            let args: Vec<String> = args
                .iter()
                .map(|a| {
                    format!(
                        "{}{}",
                        a.name.as_ref().map_or(String::new(), |n| format!("{}:", n.text)),
                        s(&a.value)
                    )
                })
                .collect();
            format!("{}[{}]", s(f), args.join(" "))
        }
        ExprKind::Member(a, n) => format!("{}.{}", s(a), n.text),
        ExprKind::Index(a, b) => format!("{}@{}", s(a), s(b)),
        ExprKind::Paren(a) => format!("<{}>", s(a)),
        ExprKind::List(v) => format!("[{}]", v.iter().map(s).collect::<Vec<_>>().join(" ")),
        ExprKind::Number | ExprKind::Percent | ExprKind::Duration => text[e.span.range()].to_string(),
        ExprKind::Ident(n) => n.to_string(),
        other => format!("{other:?}")
            .split(['(', ' '])
            .next()
            .unwrap_or("")
            .to_string(),
    }
}

fn first(text: &str) -> String {
    let ast = ok(text);
    ast.items[0]
        .args()
        .iter()
        .map(|a| shape(a, text))
        .collect::<Vec<_>>()
        .join(", ")
}

#[test]
fn the_design_examples_are_read() {
    for text in [BIOAGE, PEOPLE, SHIFT] {
        assert!(bare_parse(text));
        ok(text);
    }
    let ast = ok(BIOAGE);
    assert_eq!(
        ast.doc.expect("documented").text,
        "Bioage 2.0: model, backend and mobile app to production."
    );
    let version = ast
        .items
        .iter()
        .find(|s| s.keyword.text == "param")
        .expect("a parameter");
    assert_eq!(
        version.doc.as_ref().expect("documented").text,
        "Version being released."
    );
}

#[test]
fn operators_bind_as_the_language_says() {
    assert_eq!(
        first("x a or b and not c == d + 1 * 2"),
        "(Or a (And b (not (Eq c (Add d (Mul 1 2))))))"
    );
    assert_eq!(first("x a if c else b if d else e"), "(if c a (if d b e))");
    assert_eq!(
        first("x 1 - 2 - 3, -4 * -a.b(c)[0]"),
        "(Sub (Sub 1 2) 3), (Mul (neg 4) (neg a.b[c]@0))"
    );
    assert_eq!(
        first("x a in 1 + 2 .. 3 and b"),
        "(And (In a (.. (Add 1 2) 3)) b)"
    );
    assert_eq!(first("x T-30m, T+2h"), "(Sub Start 30m), (Add Start 2h)");
    assert_eq!(first("for r in [\"a\", \"b\",] { x }"), "(In r [Str Str])");
    assert_eq!(first("x (a or b) and c"), "(And <(Or a b)> c)");
}

#[test]
fn a_newline_continues_where_it_may() {
    assert_eq!(
        first("x a,\n  b and # why\n  c\n  or d\n  - 1\n  .. 2,\n  f(\n a: \n 1,\n 2,\n)"),
        "a, (Or (And b c) (.. (Sub d 1) 2)), f[a:1 2]"
    );
    let ast = ok("x a\ny b\n\n-c\n");
    assert_eq!(ast.items.len(), 2);
}

#[test]
fn literals_of_every_kind() {
    let text = "x 1h30m, 5wd, 22:00, 2026-06-01, 2026-06-01T02:00, 2026-06-01T02:00Z, 2026-06-01T02:00-04:00, 0.1%, 2.5, true, 500ms";
    let ast = ok(text);
    let kinds: Vec<String> = ast.items[0]
        .args()
        .iter()
        .map(|a| format!("{:?}", a.kind))
        .collect();
    let want =
        "Duration Duration TimeOfDay Date DateTime DateTime DateTime Percent Number Bool(true) Duration";
    assert_eq!(kinds.join(" "), want);
    assert_eq!(
        &text[ast.items[0].args()[6].span.range()],
        "2026-06-01T02:00-04:00"
    );
}

fn text_of(source: &str) -> String {
    let ast = ok(source);
    let ExprKind::Str(lit) = &ast.items[0].args()[0].kind else {
        panic!("a string")
    };
    lit.parts
        .iter()
        .map(|p| match p {
            StrPart::Text { text, .. } => text.clone(),
            StrPart::Interpolation(e) => format!("<{}>", &source[e.span.range()]),
        })
        .collect()
}

#[test]
fn strings_resolve_their_escapes_and_lose_their_indentation() {
    assert_eq!(text_of(r#"x "a\n\t\"\\\$\u{41}${b}c""#), "a\n\t\"\\$A<b>c");
    assert_eq!(text_of("x '${a}\\n'"), "${a}\\n");
    assert_eq!(
        text_of("x \"\"\"\n    a\n      b ${c}\n    d\\d\n    \"\"\""),
        "a\n  b <c>\nd\\d\n"
    );
    assert_eq!(text_of("x \"\"\"\r\n  a\r\n  \"\"\"\r\n"), "a\n");
    assert_eq!(text_of("x '''\n  ${a}\n b\n  '''"), "${a}\nb\n");
    assert_eq!(text_of("x \"\"\"one line \"\" \\\"\"\"\""), "one line \"\" \"");
    assert_eq!(text_of("x \"${f({ a: \"}\" })}\""), "<f({ a: \"}\" })>");
    assert_eq!(text_of("x \"\""), "");
    assert_eq!(text_of("x \"# no comment { ; \""), "# no comment { ; ");
}

#[test]
fn statements_with_a_form_of_their_own() {
    let ast = ok(
        "use std.aws.lambda\nuse std.comms { slack, pager as oncall, }\nuse \"./people.release\" as people { alice }\nuse x as y\nparam a: one_of(\"a\", \"b\") = \"a\"\nparam b: list(list(int)) = [[1]]\nlet c = 2 * 15m\ncapture d\ncapture e: int { from 'x' }\n",
    );
    let Form::Use(u) = &ast.items[1].form else {
        panic!("an import")
    };
    assert_eq!(
        u.items.as_ref().expect("items")[1]
            .alias
            .as_ref()
            .expect("alias")
            .text,
        "oncall"
    );
    let Form::Use(u) = &ast.items[2].form else {
        panic!("an import")
    };
    assert!(matches!(u.source, UseSource::File(_)) && u.alias.is_some() && u.items.is_some());
    let Form::Typed { ty, default, .. } = &ast.items[4].form else {
        panic!("a parameter")
    };
    assert!(ty.is_some() && default.is_some());
    assert!(matches!(&ast.items[7].form, Form::Typed { ty: None, .. }));
    assert!(matches!(&ast.items[8].form, Form::Typed { ty: Some(_), .. }) && ast.items[8].block.is_some());
}

#[test]
fn definitions_take_parameters_and_references_do_not() {
    let ast = ok(
        "gate g(x: int, y: list(string) = [\"a\"]) { ask \"z\" }\nrollout r(p: percent) { step p { bake 1m } }\nstage s {\n  rollout r(p: share) { verify g }\n  rollout r(p: 10%) { verify g }\n}\nrelease q { rollout l(p: percent) { step p } }\npolicy p() { x }\n",
    );
    let Form::Define { params, .. } = &ast.items[0].form else {
        panic!("a definition")
    };
    assert!(params.len() == 2 && params[1].default.is_some());
    assert!(matches!(ast.items[1].form, Form::Define { .. }));
    let inner = ast.items[2].children();
    assert!(matches!(&inner[0].args()[0].kind, ExprKind::Call(_, args) if args.len() == 1));
    assert!(matches!(&inner[1].args()[0].kind, ExprKind::Call(_, args) if args.len() == 1));
    assert!(matches!(ast.items[3].children()[0].form, Form::Define { .. }));
    assert!(matches!(ast.items[4].form, Form::Define { .. }));
}

#[test]
fn documentation_finds_its_statement() {
    let ast = ok(
        "# licence\n## Module\n## more\n\n## Above\nx a { ## Block\n  y b ## End\n  ## lost\n} ## After\nz # plain\n",
    );
    assert_eq!(ast.doc.as_ref().expect("module").text, "Module\nmore");
    assert_eq!(
        ast.items[0].doc.as_ref().expect("doc").text,
        "Above\nBlock\nAfter"
    );
    assert_eq!(ast.items[0].children()[0].doc.as_ref().expect("doc").text, "End");
    assert!(ast.items[1].doc.is_none());
    let ast = ok("## Of the statement\nx\n");
    assert!(ast.doc.is_none() && ast.items[0].doc.is_some());
}

#[test]
fn spans_cover_what_they_name() {
    let text = "stage a { do f(x: 1) }\n";
    let ast = ok(text);
    assert_eq!(&text[ast.items[0].span.range()], "stage a { do f(x: 1) }");
    assert_eq!(
        &text[ast.items[0].children()[0].args()[0].span.range()],
        "f(x: 1)"
    );
    assert_eq!(&text[ast.items[0].head().range()], "stage a");
    assert!(matches!(
        ast.items[0].children()[0].args()[0].kind,
        ExprKind::Call(..)
    ));
}
