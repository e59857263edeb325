//! `plain`: the source lines and every fact, in ASCII and without colour.
//!
//! Called through the list of renderers. Must not know terminals.

use super::{Options, Renderer, Report, clean, snippet};
use codespan_reporting::term::DisplayStyle;

/// The renderer of this file.
pub(super) struct Plain;

impl Renderer for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn about(&self) -> &'static str {
        "source lines and facts, in ASCII and without colour"
    }

    fn render(&self, report: &Report<'_>, _: &Options) -> String {
        let mut out = String::new();
        for finding in report.findings {
            out.push_str(&snippet::print(report, finding, DisplayStyle::Rich));
        }
        out.push_str(&report.summary());
        out.push('\n');
        clean::defuse(&out)
    }
}
