//! `json-lines`: one JSON object per finding and line, then one with the numbers; for programs that read as it comes.
//!
//! Called through the list of renderers. Must not know text layouts.

use super::json::{Finding, Summary, VERSION};
use super::{Options, Renderer, Report, clean};
use serde::Serialize;

/// The renderer of this file.
pub(super) struct JsonLines;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Finding {
        version: u32,
        #[serde(flatten)]
        finding: Finding<'a>,
    },
    Summary {
        version: u32,
        #[serde(flatten)]
        summary: Summary,
    },
}

impl Renderer for JsonLines {
    fn name(&self) -> &'static str {
        "json-lines"
    }

    fn about(&self) -> &'static str {
        "one JSON object per line"
    }

    fn render(&self, report: &Report<'_>, _: &Options) -> String {
        let findings = report.findings.iter().map(|d| Line::Finding {
            version: VERSION,
            finding: Finding::new(report.sources, d),
        });
        let summary = Line::Summary {
            version: VERSION,
            summary: Summary::new(report),
        };
        let mut out = String::new();
        for line in findings.chain([summary]) {
            let text = serde_json::to_string(&line).expect("internal: plain data serialises");
            out.push_str(&clean::json(&text));
            out.push('\n');
        }
        out
    }
}
