//! The generated half of the language reference: every block and its statements, from the table.
//!
//! Called by the test that keeps `docs/language.md` fresh, and by `explain`.

use crate::schema::{Block, Body, Occurs, errors::usage};
use std::fmt::Write as _;

/// The reference of every block, as Markdown.
pub fn reference() -> String {
    let mut out = String::new();
    for block in Block::ALL {
        let title = match block {
            Block::Module => "A file".to_string(),
            b => format!("`{}`", b.name()),
        };
        let _ = writeln!(out, "### {title}\n");
        let _ = writeln!(out, "| statement | how often | meaning |\n| --- | --- | --- |");
        for row in block.statements() {
            let occurs = match row.occurs {
                Occurs::Once => "once",
                Occurs::Optional => "at most once",
                Occurs::Many => "any number",
                Occurs::OneOrMore => "at least once",
            };
            let mut doc = row.doc.to_string();
            for arg in row.args {
                if let crate::schema::Ty::Words(_) = arg.ty {
                    let _ = write!(doc, " {}: {}.", arg.name, arg.ty.words());
                }
            }
            if let Body::Optional(b) | Body::Required(b) = row.body
                && b.name() != row.keyword
            {
                let _ = write!(doc, " Its block: `{}`.", b.name());
            }
            let _ = writeln!(
                out,
                "| `{}` | {occurs} | {} |",
                usage(row).replace('|', "\\|"),
                doc.replace('|', "\\|")
            );
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}
