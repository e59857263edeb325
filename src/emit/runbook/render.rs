//! The templates, and the helpers that write text of users into Markdown and HTML.
//!
//! Strict: a field that is missing is an error, which a test finds. Called by `mod` only.

use crate::emit::runbook::{View, escape};
use handlebars::{Handlebars, handlebars_helper};

const TEMPLATES: &[(&str, &str)] = &[
    ("runbook.md", include_str!("templates/runbook.md.hbs")),
    (
        "change-request.md",
        include_str!("templates/change-request.md.hbs"),
    ),
    ("release-plan.md", include_str!("templates/release-plan.md.hbs")),
    ("review.html", include_str!("templates/review.html.hbs")),
];

const PARTS: &[(&str, &str)] = &[
    ("action", include_str!("templates/action.md.hbs")),
    ("first_screen", include_str!("templates/first_screen.md.hbs")),
    ("from_here", include_str!("templates/from_here.md.hbs")),
    ("provenance", include_str!("templates/provenance.md.hbs")),
    ("rollback_card", include_str!("templates/rollback_card.md.hbs")),
];

handlebars_helper!(md: |text: String| escape::inline(&text));
handlebars_helper!(code: |text: String| escape::code(&text));
handlebars_helper!(cell: |text: String| escape::cell(&text));
handlebars_helper!(shell: |text: String| escape::fenced(&text, "bash"));
handlebars_helper!(markup: |text: String| escape::html(&text));

/// Every document with its path.
pub(super) fn documents(view: &View) -> Vec<(&'static str, String)> {
    let mut templates = Handlebars::new();
    templates.set_strict_mode(true);
    templates.register_escape_fn(handlebars::no_escape);
    templates.register_helper("md", Box::new(md));
    templates.register_helper("code", Box::new(code));
    templates.register_helper("cell", Box::new(cell));
    templates.register_helper("shell", Box::new(shell));
    templates.register_helper("h", Box::new(markup));
    for (name, text) in PARTS {
        templates
            .register_partial(name, text)
            .expect("internal: a part of a document is a template");
    }
    TEMPLATES
        .iter()
        .map(|(name, text)| {
            let page = templates
                .render_template(text, view)
                .expect("internal: a document renders from its view");
            (*name, tidy(&page))
        })
        .collect()
}

/// No trailing blanks, no two empty lines in a row, one newline at the end: what templates leave behind.
fn tidy(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut fence: Option<String> = None;
    let mut empty = true;
    for line in page.lines() {
        if let Some(open) = &fence {
            out.push_str(line);
            out.push('\n');
            if line == open {
                fence = None;
            }
            empty = false;
            continue;
        }
        let line = line.trim_end();
        if line.is_empty() {
            if !empty {
                out.push('\n');
            }
            empty = true;
            continue;
        }
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        if ticks.len() >= 3 && !line[ticks.len()..].contains('`') {
            fence = Some(ticks);
        }
        out.push_str(line);
        out.push('\n');
        empty = false;
    }
    let end = out.trim_end().len();
    out.truncate(end);
    out.push('\n');
    out
}
