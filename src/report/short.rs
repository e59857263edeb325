//! `short`: one line per finding, for editors and for people who grep.
//!
//! Called through the list of renderers. Must not know terminals.

use super::{Options, Renderer, Report, clean, snippet};
use codespan_reporting::term::DisplayStyle;

/// The renderer of this file.
pub(super) struct Short;

impl Renderer for Short {
    fn name(&self) -> &'static str {
        "short"
    }

    fn about(&self) -> &'static str {
        "one line per finding: path:line:column: severity[code]: message"
    }

    fn render(&self, report: &Report<'_>, _: &Options) -> String {
        let mut out = String::new();
        for finding in report.findings {
            out.push_str(&snippet::print(report, finding, DisplayStyle::Short));
        }
        out.push_str(&report.summary());
        out.push('\n');
        clean::defuse(&out)
    }
}
