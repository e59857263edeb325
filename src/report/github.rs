//! `github`: workflow commands, so that a run on GitHub shows each finding at its line.
//!
//! Called through the list of renderers. Must not know text layouts. Everything a user wrote is escaped as the runner
//! unescapes it; nothing else can end a command or begin one.

use super::{Options, Renderer, Report, clean};
use crate::diagnostic::{Diagnostic, Severity};

/// The renderer of this file.
pub(super) struct GitHub;

impl Renderer for GitHub {
    fn name(&self) -> &'static str {
        "github"
    }

    fn about(&self) -> &'static str {
        "annotations in a GitHub workflow run"
    }

    fn render(&self, report: &Report<'_>, _: &Options) -> String {
        let mut out = String::new();
        for finding in report.findings {
            out.push_str(&command(report, finding));
            out.push('\n');
        }
        out.push_str(&report.summary());
        out.push('\n');
        out
    }
}

/// One finding as one command.
fn command(report: &Report<'_>, finding: &Diagnostic) -> String {
    let name = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let file = report.sources.file(finding.span.file);
    let start = file.line_col(finding.span.start);
    let end = file.line_col(finding.span.end.max(finding.span.start));
    let mut properties = vec![
        ("file", file.path.clone()),
        ("line", start.line.to_string()),
        ("endLine", end.line.to_string()),
    ];
    // Columns are understood only where the place lies in one line.
    if start.line == end.line {
        properties.push(("col", start.column.to_string()));
        properties.push(("endColumn", end.column.to_string()));
    }
    properties.push(("title", finding.code.to_string()));
    let properties: Vec<String> = properties
        .into_iter()
        .map(|(key, value)| format!("{key}={}", property(&value)))
        .collect();

    let mut message = finding.message.clone();
    if !finding.label.is_empty() {
        message.push_str(": ");
        message.push_str(&finding.label);
    }
    for label in &finding.labels {
        message.push_str(&format!("\n{}: {}", report.sources.place(label.span), label.text));
    }
    for note in &finding.notes {
        message.push_str(&format!("\nnote: {note}"));
    }
    for help in &finding.help {
        message.push_str(&format!("\nhelp: {help}"));
    }
    for fix in &finding.fixes {
        message.push_str(&format!("\nfix: {}", fix.title));
    }
    format!("::{name} {}::{}", properties.join(","), data(&message))
}

/// The text of a command.
fn data(text: &str) -> String {
    clean::block(text)
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property of a command.
fn property(text: &str) -> String {
    data(&clean::line(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn nothing_ends_a_command_or_begins_one() {
        assert_eq!(data("100%\r\n::error::x"), "100%25%0A::error::x");
        assert_eq!(property("a,b:c\n%"), "a%2Cb%3Ac\u{240a}%25");
    }
}
