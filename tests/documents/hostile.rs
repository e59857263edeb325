//! Whatever a plan says stays text: no title, command or threshold becomes markup, breaks a table or is lost.

use crate::read_back;
use crate::support::{blocks, plan};

/// Texts that would be something else if they were not written with care.
const HOSTILE: &[&str] = &[
    "a | b `c` *d* _e_ <b>f</b> [g](https://h.example) ![i](j) # k",
    "<script>alert(1)</script>",
    "```",
    "| --- | --- |",
    "{{summary.title}} {{{dag}}} {{> provenance}}",
    "- [ ] x",
    "1. one",
    "&lt;i&gt; &amp; &#39;",
    "@everyone #1 !2 $3$ ~~4~~ :tada:",
    "see #12, !34, $56, ~bug ~\"two words\" %7 %\"v 8\" &9 @all [vulnerability:10] [[_TOC_]] {+ 11 +} {- 12 -} [+ 13 +]",
    "[^1] [^2]: note $`x`$ $$y$$ ==z== [[Page|title]] www.evil.example a@evil.example https://evil.example",
    "\\",
    "</td></tr></table></main><h1>end</h1>",
    "--- \u{202e}abc",
];

fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|c| match c {
            '"' | '\\' | '$' => vec!['\\', c],
            c => vec![c],
        })
        .collect();
    format!("\"{escaped}\"")
}

#[test]
fn texts_stay_texts_in_every_document() {
    for text in HOSTILE {
        let q = quoted(text);
        let c = plan(&format!(
            r#"
person ana {{ name {q} }}
role operations {{ title {q}; at_least 3 }}
role leads {{ title {q}; at_least 3 }}
environment production {{ kind production; region {q} }}
let word = {q}
gate smoke {{ title {q}; run "./smoke.sh" {{ changes nothing }}; exercises "app"; otherwise rollback }}
release shop {{
  title {q}; version "2"; author ana; owner operations; in production; start 2026-06-01T09:00Z; summary {q}
  change "CR" {{ type normal; risk low; justification {q}; impact {q}; components {q}; risk_item {q} {{ likelihood low; impact low; mitigation {q} }} }}
  checklist ready {{ item {q} {{ owner operations; evidence {q} }} }}
  approval go {{ from leads; within 2d; evidence {q} }}
  stage deploy {{
    title {q}; approved go; ready ready
    run "./deploy.sh x${{word}}" {{ changes "app"; expect {q} }}
    manual {q} {{ console {q}; expect {q} }}
    verify smoke
    rollback {{ manual {q} {{ console {q} }} }}
  }}
  obligation {q} {{ owner operations; due 1d }}
}}
"#
        ));
        for name in ["runbook.md", "change-request.md", "release-plan.md"] {
            let document = c.document(name);
            // Each table keeps its shape: as many cells in every row as in its head.
            let mut head = 0;
            let mut fence: Option<String> = None;
            for line in document.lines() {
                if let Some(open) = &fence {
                    if line == open {
                        fence = None;
                    }
                    continue;
                }
                if line.starts_with("```") {
                    fence = Some(line.chars().take_while(|c| *c == '`').collect());
                    continue;
                }
                if !line.starts_with('|') {
                    head = 0;
                    continue;
                }
                let bars = line.replace("\\\\", "").replace("\\|", "").matches('|').count();
                assert!(head == 0 || head == bars, "{name}: {text}: {line}");
                head = bars;
                // In a span of code nothing is markup; beside it, tags are escaped.
                let beside: String = line.replace("\\`", "").split('`').step_by(2).collect();
                assert!(
                    !beside.contains("<script>") && !line.contains('\u{202e}'),
                    "{name}: {line}"
                );
            }
            assert_eq!(fence, None, "{name}: {text}: every fence is closed");
        }
        let runbook = c.document("runbook.md");
        assert!(
            blocks(runbook, "bash")
                .iter()
                .any(|b| b.starts_with("./deploy.sh ") || b.contains("\n./deploy.sh ")),
            "{text}"
        );
        let page = c.document("review.html");
        assert_eq!(
            page.matches("<script>").count(),
            1,
            "only the page's own script: {text}"
        );
        assert_eq!(page.matches("<h1>").count(), 1, "{text}");
        assert_eq!(page.matches("</main>").count(), 1, "{text}");
        assert!(!page.contains('\u{202e}'));
        assert!(!read_back::review(page).stages.is_empty(), "{text}");
    }
}

/// How GitHub and GitLab read Markdown, as far as the reader of the tests can be told.
fn flavours() -> [(&'static str, comrak::Options<'static>); 2] {
    let mut github = comrak::Options::default();
    let e = &mut github.extension;
    (e.table, e.strikethrough, e.tasklist, e.autolink) = (true, true, true, true);
    (e.footnotes, e.alerts, e.math_dollars) = (true, true, true);
    let mut gitlab = github.clone();
    let e = &mut gitlab.extension;
    (
        e.math_code,
        e.multiline_block_quotes,
        e.wikilinks_title_before_pipe,
    ) = (true, true, true);
    (e.description_lists, e.inline_footnotes) = (true, true);
    gitlab.parse.relaxed_autolinks = true;
    [("GitHub", github), ("GitLab", gitlab)]
}

/// What stands in a document, and what is more than text in it.
fn read(document: &str, options: &comrak::Options<'_>) -> (String, Vec<String>) {
    use comrak::nodes::NodeValue as N;
    let arena = comrak::Arena::new();
    let root = comrak::parse_document(&arena, document, options);
    let (mut text, mut more) = (String::new(), Vec::new());
    for node in root.descendants() {
        match &node.data.borrow().value {
            N::Text(t) => text.push_str(t),
            N::Code(c) => text.push_str(&c.literal),
            N::TableCell | N::Paragraph | N::Heading(_) => text.push('\n'),
            N::Image(l) | N::Link(l) => more.push(l.url.clone()),
            N::Emph | N::Strikethrough | N::FootnoteReference(_) | N::FootnoteDefinition(_) => {
                more.push("a mark".to_string());
            }
            N::Math(_) | N::WikiLink(_) | N::HtmlInline(_) | N::HtmlBlock(_) | N::DescriptionList => {
                more.push("something of a flavour".to_string());
            }
            _ => {}
        }
    }
    (text, more)
}

#[test]
fn both_flavours_of_markdown_read_texts_as_texts() {
    for text in HOSTILE {
        let q = quoted(text);
        let c = plan(&format!(
            r#"
person ana {{ name "Ana" }}
role operations {{ title {q}; at_least 3 }}
environment production {{ kind production }}
release shop {{
  title {q}; version "2"; author ana; owner operations; in production; summary {q}
  change "CR" {{ type normal; risk low; justification {q}; impact {q}; risk_item {q} {{ likelihood low; impact low; mitigation {q} }} }}
  stage deploy {{ run "./deploy.sh" {{ changes "app"; expect {q} }}; rollback {{ manual {q} {{ console {q} }} }} }}
}}
"#
        ));
        // Marks that turn the direction of text around are not shown.
        let shown: String = text
            .chars()
            .map(|c| if c == '\u{202e}' { '\u{fffd}' } else { c })
            .collect();
        for name in ["runbook.md", "change-request.md", "release-plan.md"] {
            for (flavour, options) in flavours() {
                let (said, more) = read(c.document(name), &options);
                assert!(
                    said.contains(shown.as_str()),
                    "{flavour}, {name}: {text} is not in it\n{said}"
                );
                assert!(more.is_empty(), "{flavour}, {name}: {text}: {more:?}");
            }
            // What a host finds in the text itself, after the Markdown is read: only a mark that is escaped is left alone.
            let beside: String = c
                .document(name)
                .replace("\\`", "")
                .split('`')
                .step_by(2)
                .collect();
            for (i, found) in beside.match_indices(['#', '!', '$', '~', '%', '&', '@', '{']) {
                let next = beside[i + 1..].chars().next().unwrap_or(' ');
                let before = beside[..i].chars().next_back().unwrap_or(' ');
                let refers = match found {
                    "#" | "!" => next.is_ascii_digit(),
                    "{" => next == '+' || next == '-',
                    "%" => next.is_alphanumeric() && !before.is_alphanumeric(),
                    _ => next.is_alphanumeric() || next == '"',
                };
                let entity = found == "&" && beside[i + 1..].starts_with(['a', 'l', 'g', 'q', '#']);
                assert!(
                    !refers || entity || before == '\\',
                    "{name}: {text}: `{found}{next}` refers to something"
                );
            }
        }
    }
}
