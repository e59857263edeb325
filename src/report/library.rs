//! What the library holds, for people: its modules, and the definitions of each with what they say of themselves.
//!
//! Must not know the terminal, nor what a definition means: everything here is read from the text of the library. Called by
//! `releasec explain`, and by the test that keeps the reference in `docs/library.md` fresh.

use crate::resolve::stdlib::{LIBRARY, LibraryModule, shelf};
use crate::syntax::ast::Stmt;

/// A definition of the library.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The module it stands in.
    pub module: &'static LibraryModule,
    /// Its first word: `action`, `gate`, `channel`.
    pub keyword: &'static str,
    /// Its name.
    pub name: &'static str,
    /// How it is called: its name with its parameters, their types and what they are when none is given.
    pub signature: String,
    /// Its documentation; empty without one.
    pub doc: String,
    /// What its block says that decides whether one may use it: a word, and the text behind it.
    pub facts: Vec<(&'static str, String)>,
    /// The definition as it is written.
    pub text: &'static str,
}

impl Entry {
    /// The first sentence of the documentation.
    pub fn summary(&self) -> String {
        first_sentence(&self.doc)
    }

    /// The name with that of its module: `std.aws.lambda.shift_alias`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.module.name, self.name)
    }
}

/// What is told of the block of a definition: the statement, and the words that stand before its text.
const FACTS: &[(&str, &str)] = &[
    ("reads", "reads"),
    ("changes", "changes"),
    ("creates", "creates"),
    ("destroys", "destroys"),
    ("undo", "undone by"),
    ("lasts", "undo lasts"),
    ("irreversible", "no way back"),
    ("retired", "retired"),
    ("needs", "needs"),
    ("secret", "secrets"),
];

/// The documentation at the head of a module.
pub fn module_doc(module: &LibraryModule) -> String {
    let lines = module.text.lines().take_while(|l| l.starts_with("##"));
    joined(lines)
}

/// The definitions of a module, in the order of its text.
pub fn entries(module: &'static LibraryModule) -> Vec<Entry> {
    let shelf = shelf(module);
    let mut list = Vec::new();
    for (i, piece) in shelf.pieces.iter().enumerate() {
        if piece.keyword == "use" {
            continue;
        }
        let stmt = shelf.stmt(i);
        list.push(Entry {
            module,
            keyword: piece.keyword,
            name: piece.name,
            signature: signature(module.text, piece.at, stmt),
            doc: stmt.doc.as_ref().map_or(String::new(), |d| d.text.clone()),
            facts: facts(module.text, stmt),
            text: &module.text[stmt.span.range()],
        });
    }
    list
}

/// The modules that a name means: the module itself, or those below a group such as `std.aws`. What stands behind `std.` is enough,
/// and so is the last word.
pub fn modules(name: &str) -> Vec<&'static LibraryModule> {
    let below = |m: &&LibraryModule| {
        let short = m.name.strip_prefix("std.").unwrap_or(m.name);
        let under =
            |whole: &str| whole == name || whole.strip_prefix(name).is_some_and(|r| r.starts_with('.'));
        under(m.name) || under(short)
    };
    let found: Vec<&LibraryModule> = LIBRARY.iter().filter(below).collect();
    if !found.is_empty() {
        return found;
    }
    LIBRARY
        .iter()
        .filter(|m| m.name.rsplit('.').next() == Some(name))
        .collect()
}

/// The definitions that a name means: `std.aws.lambda.shift_alias`, `lambda.shift_alias`, or `shift_alias` wherever it stands.
pub fn find(name: &str) -> Vec<Entry> {
    let (module, last) = name.rsplit_once('.').unwrap_or(("", name));
    let places = if module.is_empty() {
        LIBRARY.iter().collect()
    } else {
        modules(module)
    };
    let all = places.into_iter().flat_map(entries);
    all.filter(|e| e.name == last).collect()
}

/// The generated half of `docs/library.md`.
pub fn reference() -> String {
    let mut out = String::from("## Every module\n");
    for module in LIBRARY {
        out.push_str(&format!("\n### `{}`\n\n{}\n", module.name, module_doc(module)));
        for entry in entries(module) {
            let (keyword, signature) = (entry.keyword, &entry.signature);
            out.push_str(&format!("\n#### {keyword} `{}`\n\n", entry.name));
            out.push_str(&format!("```text\n{signature}\n```\n"));
            if !entry.doc.is_empty() {
                out.push_str(&format!("\n{}\n", entry.doc));
            }
            if !entry.facts.is_empty() {
                out.push('\n');
            }
            for (words, text) in &entry.facts {
                let fence = if text.contains('`') { "``" } else { "`" };
                out.push_str(&format!("- {words} {fence}{text}{fence}\n"));
            }
        }
    }
    out
}

/// The head of a definition on one line.
fn signature(text: &str, name: usize, stmt: &Stmt) -> String {
    let end = stmt
        .block
        .as_ref()
        .map_or(stmt.span.range().end, |b| b.span.range().start);
    let words: Vec<&str> = text[name..end].split_whitespace().collect();
    words.join(" ").replace("( ", "(").replace(" )", ")")
}

/// What the block of a definition says that is worth knowing before one uses it.
fn facts(text: &str, stmt: &Stmt) -> Vec<(&'static str, String)> {
    let mut list: Vec<(&'static str, String)> = Vec::new();
    for (keyword, words) in FACTS {
        let said = stmt.children().iter().filter(|s| s.keyword.text == *keyword);
        for one in said {
            let (Some(first), Some(last)) = (one.args().first(), one.args().last()) else {
                continue;
            };
            let shown = &text[first.span.to(last.span).range()];
            let shown: Vec<&str> = shown.split_whitespace().collect();
            list.push((words, shown.join(" ")));
        }
    }
    list
}

/// Lines of `##` comments without their marks.
fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let text = |l: &'a str| {
        let l = l.trim_start_matches('#');
        l.strip_prefix(' ').unwrap_or(l)
    };
    lines.map(text).collect::<Vec<_>>().join("\n")
}

/// The first sentence of a text, on one line.
pub fn first_sentence(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    match text.find(". ") {
        Some(end) => text[..=end].to_string(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::{entries, find, modules};
    use crate::resolve::stdlib::LIBRARY;

    #[test]
    fn every_definition_is_told_with_its_parameters() {
        for module in LIBRARY {
            let all = entries(module);
            assert!(!all.is_empty(), "`{}` holds nothing", module.name);
            for entry in all {
                assert!(entry.signature.starts_with(entry.name), "{}", entry.signature);
                assert!(!entry.doc.is_empty(), "`{}` says nothing of itself", entry.path());
                assert!(entry.text.starts_with(entry.keyword), "{}", entry.text);
            }
        }
    }

    #[test]
    fn a_name_is_found_as_people_write_it() {
        for name in ["std.aws.lambda", "aws.lambda", "lambda"] {
            let found: Vec<&str> = modules(name).iter().map(|m| m.name).collect();
            assert_eq!(found, ["std.aws.lambda"]);
        }
        assert!(modules("std.aws").len() > 3);
        assert!(modules("std").len() == LIBRARY.len());
        assert!(modules("lambd").is_empty());
        for name in ["std.aws.lambda.shift_alias", "lambda.shift_alias", "shift_alias"] {
            let found: Vec<String> = find(name).iter().map(super::Entry::path).collect();
            assert_eq!(found, ["std.aws.lambda.shift_alias"]);
        }
        assert_eq!(find("channel").len(), 1);
        assert!(find("aws.shift").is_empty());
    }
}
