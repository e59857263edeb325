//! The one layout of a release file: two spaces of indentation, values in columns, comments and groups kept.
//!
//! Lines end in a newline, whatever they ended in before. Changes no meaning, loses no comment, and finds nothing to
//! change in what it wrote. Must not know what keywords mean. Called by `fmt` and by the language server.

mod atoms;
mod layout;
mod lines;
mod tree;

use super::scan;
use crate::diagnostic::Bag;
use crate::source::FileId;

/// The text in its layout. A text with mistakes in its form is not touched: they come back instead.
pub fn format(file: FileId, text: &str) -> Result<String, Bag> {
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (ast, bag) = super::parse(file, bare);
    if bag.has_errors() {
        return Err(bag);
    }
    let tokens = scan::scan(bare).tokens;
    let source = tree::Source {
        text: bare,
        tokens: &tokens,
    };
    let items = tree::of_file(&source, &ast.items);
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    if bare.len() < text.len() {
        out.push('\u{feff}');
    }
    layout::write(&mut out, &source, &items, 0);
    Ok(out)
}
