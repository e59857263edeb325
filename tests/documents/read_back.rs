//! Reads documents back into facts: from Markdown as it stands, and from the page for the board.

use crate::support::{plain, table};
use std::collections::BTreeSet;

/// What it is about, of which kind, and what is said.
pub type Fact = (String, &'static str, String);
/// Facts of a document, or of a plan.
pub type Facts = BTreeSet<Fact>;

fn fact(about: &str, kind: &'static str, what: &str) -> Fact {
    (
        about.to_string(),
        kind,
        what.split_whitespace().collect::<Vec<_>>().join(" "),
    )
}

/// The bounds in a sentence such as `5xx share ≤ 1% and p95 < 2.5s over 5 min`.
fn bounds(sentence: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = sentence;
    while let Some(at) = rest.find(['<', '>', '≤', '≥', '=', '≠']) {
        let sign = rest[at..].chars().next().map_or(1, char::len_utf8);
        rest = rest[at + sign..].trim_start();
        let ends = [" and ", " or ", " over ", ";", ", "];
        let end = ends
            .iter()
            .filter_map(|e| rest.find(e))
            .min()
            .unwrap_or(rest.len());
        let mut bound = rest[..end].trim();
        if bound.matches(')').count() > bound.matches('(').count() {
            bound = bound.trim_end_matches(')');
        }
        found.push(bound.to_string());
        rest = &rest[end..];
    }
    found
}

/// The name of a stage in a heading: what stands in brackets at its end, else all of it.
fn name_of(heading: &str) -> String {
    match heading.strip_suffix(')').and_then(|h| h.rsplit_once(" (")) {
        Some((_, name)) => name.to_string(),
        None => heading.to_string(),
    }
}

/// What a runbook says of its stages.
#[derive(Default)]
pub struct Said {
    /// Whose each stage is, and where.
    pub stages: Facts,
    /// What is run and measured.
    pub work: Facts,
    /// How each is undone.
    pub undos: Facts,
}

/// A line that is read: a heading, a line of text, or a whole fenced block.
enum Piece {
    Heading(usize, String),
    Line(String),
    Block(String),
}

fn pieces(document: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut fence: Option<(String, String)> = None;
    for line in document.lines() {
        if let Some((open, text)) = &mut fence {
            if line == open {
                found.push(Piece::Block(std::mem::take(text)));
                fence = None;
            } else {
                text.push_str(line);
                text.push('\n');
            }
        } else if line.starts_with("```") {
            let ticks: String = line.chars().take_while(|c| *c == '`').collect();
            fence = Some((ticks, String::new()));
        } else if line.starts_with('#') {
            let depth = line.chars().take_while(|c| *c == '#').count();
            found.push(Piece::Heading(depth, plain(line[depth..].trim())));
        } else {
            found.push(Piece::Line(plain(line)));
        }
    }
    found
}

/// Reads the stages of a runbook back.
pub fn runbook(document: &str) -> Said {
    let mut said = Said::default();
    let (mut stage, mut step, mut back, mut steps) = (String::new(), String::new(), false, 0usize);
    for piece in pieces(document) {
        match piece {
            Piece::Heading(depth, text) if depth <= 3 => {
                stage = match text.strip_prefix("Stage ").and_then(|t| t.split_once(": ")) {
                    Some((_, heading)) => name_of(heading),
                    None => String::new(),
                };
                (step, back, steps) = (String::new(), false, 0);
            }
            _ if stage.is_empty() => {}
            Piece::Heading(_, text) => {
                back = text.starts_with("Way back from ");
                let number = text.split(' ').next().and_then(|n| n.split_once('.'));
                step = number.map_or(String::new(), |(_, n)| n.to_string());
                if back {
                    said.undos.insert(fact(&stage, "undo steps", "0"));
                }
            }
            Piece::Block(text) if back => {
                said.undos.insert(fact(&stage, "undo", &text));
            }
            Piece::Block(text) => {
                said.work
                    .insert(fact(&format!("{stage} {step}"), "command", &text));
            }
            Piece::Line(text) if back && text.starts_with("- [ ] ") => {
                said.undos.remove(&fact(&stage, "undo steps", &steps.to_string()));
                steps += 1;
                said.undos.insert(fact(&stage, "undo steps", &steps.to_string()));
            }
            Piece::Line(text) => {
                if let Some(verify) = text.strip_prefix("Verify: ") {
                    let verify = verify.split("; look in: ").next().unwrap_or(verify);
                    let shown = bounds(verify);
                    said.work
                        .extend(shown.iter().map(|b| fact(&stage, "threshold", b)));
                }
                for (label, kind) in [("Owner", "owner"), ("Where", "environment")] {
                    if let Some(rest) = text.strip_prefix(&format!("| {label} | ")) {
                        said.stages
                            .insert(fact(&stage, kind, rest.trim_end_matches(" |")));
                    }
                }
            }
        }
    }
    said
}

/// What the tables of a Markdown document say of approvals and triggers.
pub fn around(document: &str, approvals: &str, triggers: &str) -> Facts {
    let mut facts = Facts::new();
    for row in table(document, approvals).iter().skip(1) {
        facts.insert(fact(&row[0], "quorum", &row[1]));
    }
    for row in table(document, triggers).iter().skip(1) {
        facts.insert(fact(&row[0], "trigger", ""));
        facts.extend(bounds(&row[1]).iter().map(|b| fact(&row[0], "threshold", b)));
    }
    facts
}

/// What the tables of a change request or a release plan say of stages: each column by its title.
pub fn columns(document: &str, heading: &str, wanted: &[(&str, &'static str)]) -> Facts {
    let mut facts = Facts::new();
    let rows = table(document, heading);
    let Some(head) = rows.first() else { return facts };
    let stage = head.iter().position(|h| h == "Stage").unwrap_or(0);
    for row in &rows[1..] {
        // When it applies stands behind its name.
        let stage = row[stage].split(" (only when ").next().unwrap_or("");
        for (title, kind) in wanted {
            let Some(k) = head.iter().position(|h| h == title) else {
                continue;
            };
            if *kind == "threshold" {
                facts.extend(bounds(&row[k]).iter().map(|b| fact(stage, kind, b)));
            } else {
                facts.insert(fact(stage, kind, &row[k]));
            }
        }
    }
    facts
}

/// What a release plan says of undos.
pub fn rollbacks(document: &str) -> Facts {
    let mut facts = Facts::new();
    let (mut inside, mut stage, mut steps) = (false, String::new(), 0usize);
    for piece in pieces(document) {
        match piece {
            Piece::Heading(2, text) => inside = text == "Rollback, stage by stage",
            Piece::Heading(3, text) if inside => {
                let name = text.split_once(". ").map_or(text.as_str(), |(_, name)| name);
                (stage, steps) = (name.to_string(), 0);
                facts.insert(fact(&stage, "undo steps", "0"));
            }
            Piece::Line(text) if inside && text.starts_with("- [ ] ") => {
                facts.remove(&fact(&stage, "undo steps", &steps.to_string()));
                steps += 1;
                facts.insert(fact(&stage, "undo steps", &steps.to_string()));
            }
            Piece::Block(text) if inside => {
                facts.insert(fact(&stage, "undo", &text));
            }
            _ => {}
        }
    }
    facts
}

/// Text of a page, as it is read.
fn unescaped(html: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(out, |text, (from, to)| text.replace(from, to))
}

/// What stands between two marks, each time.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    let parts = text.split(from).skip(1);
    parts.filter_map(|p| p.split(to).next()).collect()
}

/// Reads the stages of the page for the board back.
pub fn review(page: &str) -> Said {
    let mut said = Said::default();
    for article in between(page, "<article class=\"stage", "</article>") {
        let attribute = |name: &str| {
            between(article, &format!("{name}=\""), "\"")
                .first()
                .map(|v| unescaped(v))
        };
        let (Some(owner), Some(environment)) = (attribute("data-owner"), attribute("data-environment"))
        else {
            continue;
        };
        let heading = between(article, "<h3", "</h3>")
            .first()
            .map_or("", |h| h.split_once('>').map_or("", |p| p.1));
        let heading = unescaped(heading);
        let stage = name_of(heading.split_once(". ").map_or("", |p| p.1));
        said.stages.insert(fact(&stage, "owner", &owner));
        said.stages.insert(fact(&stage, "environment", &environment));
        let (forward, back) = article
            .split_once("<div class=\"back\">")
            .unwrap_or((article, ""));
        for step in between(forward, "<li data-tick=\"", "</li>") {
            let number = step
                .split('"')
                .next()
                .and_then(|n| n.split_once('.'))
                .map_or("", |p| p.1);
            for code in between(step, "<pre><code>", "</code></pre>") {
                said.work
                    .insert(fact(&format!("{stage} {number}"), "command", &unescaped(code)));
            }
            for verify in between(step, "<p>Verify: ", "</p>") {
                let verify = unescaped(verify);
                let verify = verify.split("; look in: ").next().unwrap_or("");
                said.work
                    .extend(bounds(verify).iter().map(|b| fact(&stage, "threshold", b)));
            }
        }
        let count = back.matches("<li>").count();
        said.undos.insert(fact(&stage, "undo steps", &count.to_string()));
        for code in between(back, "<pre><code>", "</code></pre>") {
            said.undos.insert(fact(&stage, "undo", &unescaped(code)));
        }
    }
    said
}
