//! The generated half of the language reference is what the schema says today.

use std::path::Path;

const LIBRARY_MARK: &str =
    "<!-- Everything below is generated from `stdlib/`: run `UPDATE_DOCS=1 cargo test --test reference`. -->";

const MARK: &str = "<!-- Everything below is generated from the schema: run `UPDATE_DOCS=1 cargo test --test reference`. -->";

/// Holds the half of a page below its mark against what is true today, or writes it.
fn fresh(name: &str, mark: &str, reference: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let (written, generated) = page
        .split_once(mark)
        .expect("the page marks where its generated half begins");
    let fresh = format!("\n\n{reference}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{written}{mark}{fresh}")).expect("the page can be written");
        return;
    }
    assert!(
        generated == fresh,
        "{name} is stale: run `UPDATE_DOCS=1 cargo test --test reference` and look at what changed"
    );
}

#[test]
fn the_language_reference_is_fresh() {
    fresh("docs/language.md", MARK, &releasec::schema::reference());
}

#[test]
fn the_library_reference_is_fresh() {
    fresh(
        "docs/library.md",
        LIBRARY_MARK,
        &releasec::report::library::reference(),
    );
}

#[test]
fn every_statement_of_the_reference_has_one_sentence() {
    for block in releasec::schema::Block::ALL {
        for row in block.statements() {
            let place = format!("`{}` in `{}`", row.keyword, block.name());
            assert!(
                row.doc.ends_with('.'),
                "{place}: its line does not end in a full stop"
            );
            assert!(row.doc.len() < 140, "{place}: its line is too long for a hover");
            assert!(
                row.doc.starts_with(|c: char| c.is_uppercase() || c == '`'),
                "{place}: its line begins in lower case"
            );
        }
    }
}
