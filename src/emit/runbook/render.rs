//! The templates, and the helpers that write text of users into Markdown and HTML.
//!
//! Strict: a field that is missing is an error, which a test finds. Called by `mod` only.

use crate::emit::runbook::{View, escape, tidy};
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
    ("approvals", include_str!("templates/approvals.md.hbs")),
    ("findings", include_str!("templates/findings.md.hbs")),
    ("first_screen", include_str!("templates/first_screen.md.hbs")),
    ("from_here", include_str!("templates/from_here.md.hbs")),
    ("notices", include_str!("templates/notices.md.hbs")),
    ("provenance", include_str!("templates/provenance.md.hbs")),
    ("rollback_card", include_str!("templates/rollback_card.md.hbs")),
];

handlebars_helper!(md: |text: String| escape::inline(&text));
handlebars_helper!(code: |text: String| escape::code(&text));
handlebars_helper!(cell: |text: String| escape::cell(&text));
handlebars_helper!(link: |text: String| escape::link(&text));
handlebars_helper!(anchor: |text: String| escape::anchor(&text));
handlebars_helper!(blank: |count: u64| {
    vec![escape::BLANK.to_string(); usize::try_from(count).unwrap_or(1).min(20)].join(" | ")
});
handlebars_helper!(any: |list: Json, field: String| {
    let filled = |v: &serde_json::Value| v.get(&field).is_some_and(|f| f.as_str() != Some(""));
    list.as_array().is_some_and(|l| l.iter().any(filled))
});
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
    templates.register_helper("link", Box::new(link));
    templates.register_helper("anchor", Box::new(anchor));
    templates.register_helper("blank", Box::new(blank));
    templates.register_helper("any", Box::new(any));
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
            let tidied = match name.ends_with(".html") {
                true => tidy::html(&page),
                false => tidy::markdown(&page),
            };
            (*name, tidied)
        })
        .collect()
}
