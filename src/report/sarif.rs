//! `sarif`: SARIF 2.1.0, for code scanning: rules from the pages, related places, fixes, stable fingerprints.
//!
//! Called through the list of renderers. Must not know text layouts.

use super::{Options, Renderer, Report, clean, pages};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{SourceMap, Span};
use indexmap::{IndexMap, IndexSet};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The renderer of this file.
pub(super) struct Sarif;

impl Renderer for Sarif {
    fn name(&self) -> &'static str {
        "sarif"
    }

    fn about(&self) -> &'static str {
        "SARIF 2.1.0, for code scanning"
    }

    fn render(&self, report: &Report<'_>, _: &Options) -> String {
        // Known findings are told too, each as what it is. Those that are gone are not: a viewer that does not know the state
        // `absent` would show them as open.
        let state = |state| report.baseline.map(|_| state);
        let mut findings: Vec<(&Diagnostic, Option<&str>)> =
            report.findings.iter().map(|d| (d, state("new"))).collect();
        findings.extend(report.known().iter().map(|d| (d, state("unchanged"))));
        findings.sort_by_key(|(d, _)| d.span);
        let codes: IndexSet<&'static str> = findings.iter().map(|(d, _)| d.code.0).collect();
        let mut seen = IndexMap::new();
        let results: Vec<Value> = findings
            .iter()
            .map(|(d, state)| {
                let mut result = result(report.sources, d, &codes, &mut seen);
                if let Some(state) = state {
                    result["baselineState"] = json!(state);
                }
                result
            })
            .collect();
        let document = json!({
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "releasec",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": codes.iter().map(|c| rule(c)).collect::<Vec<_>>(),
                }},
                "columnKind": "unicodeCodePoints",
                "invocations": [{ "executionSuccessful": true }],
                "results": results,
            }],
        });
        let text = serde_json::to_string_pretty(&document).expect("internal: plain data serialises");
        clean::json(&text) + "\n"
    }
}

/// The level SARIF has for a severity.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A kind of finding: what its page says.
fn rule(code: &str) -> Value {
    let mut rule = json!({
        "id": code,
        "properties": { "tags": [code.split('/').next().unwrap_or(code)] },
    });
    if let Some(page) = pages::find(code) {
        rule["shortDescription"] = json!({ "text": page.summary() });
        rule["fullDescription"] = json!({ "text": page.summary() });
        rule["help"] = json!({ "text": page.text, "markdown": page.text });
    }
    rule
}

/// One finding. `seen` counts equal fingerprints, so that two findings never share one.
fn result(
    sources: &SourceMap,
    d: &Diagnostic,
    codes: &IndexSet<&'static str>,
    seen: &mut IndexMap<String, usize>,
) -> Value {
    let mut text = d.message.clone();
    if !d.label.is_empty() {
        text.push_str(&format!(": {}", d.label));
    }
    for note in &d.notes {
        text.push_str(&format!("\nnote: {note}"));
    }
    for help in &d.help {
        text.push_str(&format!("\nhelp: {help}"));
    }
    let related: Vec<Value> = d
        .labels
        .iter()
        .enumerate()
        .map(|(i, l)| {
            let mut place = location(sources, l.span);
            place["id"] = json!(i + 1);
            place["message"] = json!({ "text": l.text });
            place
        })
        .collect();
    let mut result = json!({
        "ruleId": d.code.0,
        "ruleIndex": codes.get_index_of(d.code.0),
        "level": level(d.severity),
        "message": { "text": text },
        "locations": [location(sources, d.span)],
        "partialFingerprints": { "releasec/v1": fingerprint(sources, d, seen) },
    });
    if !related.is_empty() {
        result["relatedLocations"] = Value::Array(related);
    }
    if !d.fixes.is_empty() {
        result["fixes"] = d.fixes.iter().map(|f| fix(sources, f)).collect();
    }
    result
}

/// A repair: per file, what is replaced by what.
fn fix(sources: &SourceMap, fix: &crate::diagnostic::Fix) -> Value {
    let mut files: IndexMap<_, Vec<Value>> = IndexMap::new();
    for edit in &fix.edits {
        files.entry(edit.span.file).or_default().push(json!({
            "deletedRegion": region(sources, edit.span),
            "insertedContent": { "text": edit.replacement },
        }));
    }
    let changes: Vec<Value> = files
        .into_iter()
        .map(|(file, replacements)| {
            let artifact = artifact(&sources.file(file).path, sources.file(file).library);
            json!({ "artifactLocation": artifact, "replacements": replacements })
        })
        .collect();
    json!({ "description": { "text": fix.title }, "artifactChanges": changes })
}

fn location(sources: &SourceMap, span: Span) -> Value {
    let file = sources.file(span.file);
    json!({ "physicalLocation": {
        "artifactLocation": artifact(&file.path, file.library),
        "region": region(sources, span),
    }})
}

fn region(sources: &SourceMap, span: Span) -> Value {
    let file = sources.file(span.file);
    let (start, end) = (file.line_col(span.start), file.line_col(span.end.max(span.start)));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

/// A file: relative paths are relative to the root of the sources, and modules of the library have a scheme of their own.
fn artifact(path: &str, library: bool) -> Value {
    let encoded = encode(path);
    if library {
        return json!({ "uri": format!("releasec:{encoded}") });
    }
    if path.starts_with('/') {
        return json!({ "uri": format!("file://{encoded}") });
    }
    // A first part with a colon would be read as a scheme.
    let relative = if path.split('/').next().is_some_and(|p| p.contains(':')) {
        format!("./{encoded}")
    } else {
        encoded
    };
    json!({ "uri": relative, "uriBaseId": "%SRCROOT%" })
}

/// Percent-encodes what a path of a URI cannot hold.
fn encode(path: &str) -> String {
    let mut out = String::new();
    for b in path.bytes() {
        match b {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'/'
            | b':'
            | b'@'
            | b'+'
            | b',' => {
                out.push(char::from(b));
            }
            _ => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

/// What stays the same when lines are added above: the code, the path and the text of the line.
fn fingerprint(sources: &SourceMap, d: &Diagnostic, seen: &mut IndexMap<String, usize>) -> String {
    let file = sources.file(d.span.file);
    let line = file.line(file.line_col(d.span.start).line);
    let mut hash = Sha256::new();
    for part in [d.code.0, &file.path, line.trim()] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest: String = hash
        .finalize()
        .iter()
        .take(16)
        .map(|b| format!("{b:02x}"))
        .collect();
    let n = seen.entry(digest.clone()).or_insert(0);
    *n += 1;
    format!("{digest}:{n}")
}
