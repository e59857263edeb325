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
