//! `narrated`: for screen readers and braille lines: sentences instead of drawings, through miette.
//!
//! Called through the list of renderers. Must not know terminals.

use super::fancy::Shown;
use super::{Options, Renderer, Report, clean, hunk};
use miette::NarratableReportHandler;

/// The renderer of this file.
pub(super) struct Narrated;

impl Renderer for Narrated {
    fn name(&self) -> &'static str {
        "narrated"
    }

    fn about(&self) -> &'static str {
        "sentences instead of drawings, for screen readers"
    }

    fn render(&self, report: &Report<'_>, _: &Options) -> String {
        let handler = NarratableReportHandler::new();
        let mut out = String::new();
        for finding in report.findings {
            let mut told = String::new();
            handler
                .render_report(&mut told, &Shown::new(report, finding, true))
                .expect("internal: an excerpt holds the lines it was asked for");
            in_our_words(&told, &mut out);
            for note in &finding.notes {
                out.push_str(&format!("note: {}\n", clean::block(note)));
            }
            for help in &finding.help {
                out.push_str(&format!("help: {}\n", clean::block(help)));
            }
            for fix in &finding.fixes {
                out.push_str(&format!("{}: {}\n", hunk::heading(fix), clean::block(&fix.title)));
                for line in hunk::lines(report.sources, fix, finding.span.file) {
                    out.push_str(&match line.sign {
                        hunk::Sign::Minus => format!("    line {} before: {}\n", line.number, line.text),
                        hunk::Sign::Plus => format!("    line {} after: {}\n", line.number, line.text),
                        hunk::Sign::Remark => format!("    {}\n", line.text),
                    });
                }
            }
            out.push('\n');
        }
        out.push_str(&report.summary());
        out.push('\n');
        clean::defuse(&out)
    }
}

/// miette calls our lowest severity, and every related place, `advice`.
fn in_our_words(told: &str, out: &mut String) {
    let mut related = false;
    for line in told.split_inclusive('\n') {
        match (line, line.strip_prefix("Advice: in `")) {
            (_, Some(rest)) => {
                out.push_str("Also in `");
                out.push_str(rest);
                related = true;
            }
            ("    Diagnostic severity: advice\n", None) if related => related = false,
            ("    Diagnostic severity: advice\n", None) => out.push_str("    Diagnostic severity: info\n"),
            _ => out.push_str(line),
        }
    }
}
