//! What the parser and the formatter promise.

mod codes;
mod forms;
mod grammar;
mod laws;
mod layout;
mod limits;
mod meaning;
mod recovery;

use super::ast::Stmt;
use super::parse;
use crate::source::SourceMap;
use meaning::meaning;

/// The mistakes of a text, one on a line: `line:column code message`.
fn told(text: &str) -> String {
    let mut map = SourceMap::new();
    let file = map.add("x.release", text);
    let (_, bag) = parse(file, &map.file(file).text.clone());
    let line = |d: crate::diagnostic::Diagnostic| {
        let at = map.line_col(d.span);
        format!("{}:{} {} {}", at.line, at.column, d.code, d.message)
    };
    bag.into_sorted()
        .into_iter()
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The statements that were read: keyword, number of arguments, block.
fn kept(text: &str) -> String {
    fn one(s: &Stmt, out: &mut String) {
        out.push_str(&s.keyword.text);
        if !s.args().is_empty() {
            out.push_str(&format!("/{}", s.args().len()));
        }
        if s.block.is_some() {
            out.push_str(" {");
            for child in s.children() {
                out.push(' ');
                one(child, out);
            }
            out.push_str(" }");
        }
    }
    let (ast, _) = parse(
        crate::source::FileId(0),
        text.strip_prefix('\u{feff}').unwrap_or(text),
    );
    let line = |s: &Stmt| {
        let mut out = String::new();
        one(s, &mut out);
        out
    };
    ast.items.iter().map(line).collect::<Vec<_>>().join("\n")
}
