//! The plan with a place for every text, and what it compiles to.

use crate::shared::Alone;
use releasec::diagnostic::{Diagnostic, Severity};
use releasec::emit::{Context, TARGETS};
use releasec::plan::Plan;
use releasec::source::SourceMap;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A text of the corpus: as it is, or repeated.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Text(String),
    Long { repeat: String, times: usize },
}

/// The hostile texts.
pub fn strings() -> Vec<String> {
    let list: Vec<Entry> = serde_json::from_str(&read("strings.json")).expect("the corpus is JSON");
    list.into_iter()
        .map(|e| match e {
            Entry::Text(text) => text,
            Entry::Long { repeat, times } => repeat.repeat(times),
        })
        .collect()
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus/injection")
        .join(name);
    std::fs::read_to_string(path).expect("the corpus is there")
}

/// A piece of the plan.
enum Piece {
    Text(String),
    /// A place, with the text that stands in it when no harm is meant.
    Place(String, String),
}

/// The plan, with the places in which a text can stand.
pub struct Template(Vec<Piece>);

/// What came of a plan.
pub struct Outcome {
    /// The errors, each with the places it points at and its words.
    pub errors: Vec<(Vec<String>, String)>,
    /// Every file, when nothing is wrong.
    pub files: BTreeMap<String, String>,
    /// The plan, when there is one.
    #[allow(dead_code, reason = "who only reads artifacts back needs none")]
    pub plan: Option<Plan>,
}

/// The digest that the plan is known by.
pub const DIGEST: &str = "60202255f43bd067659acb1bfce9dc6b0379c6406ad942eaa2af7c8d6246bf65";

impl Template {
    /// Reads a template of the corpus: a place is `@name@`, or `@name=text@` where only some texts are admitted; what stands in `«N|…»` is
    /// written N times, each time with its number in the stead of `#`.
    pub fn load(name: &str) -> Template {
        let text = repeated(&read(name));
        let mut pieces = Vec::new();
        for (i, part) in text.split('@').enumerate() {
            pieces.push(if i % 2 == 0 {
                Piece::Text(part.to_string())
            } else {
                match part.split_once('=') {
                    Some((name, text)) => Piece::Place(name.to_string(), text.to_string()),
                    None => Piece::Place(part.to_string(), harmless(part)),
                }
            });
        }
        Template(pieces)
    }

    /// The names of its places.
    pub fn places(&self) -> Vec<&str> {
        self.0
            .iter()
            .filter_map(|p| match p {
                Piece::Place(name, _) => Some(name.as_str()),
                Piece::Text(_) => None,
            })
            .collect()
    }

    /// The text that stands in a place when no harm is meant.
    pub fn own(&self, place: &str) -> &str {
        self.0
            .iter()
            .find_map(|p| match p {
                Piece::Place(name, own) if name == place => Some(own.as_str()),
                _ => None,
            })
            .expect("the place exists")
    }

    /// Compiles the plan with these texts in their places.
    pub fn compile(&self, texts: &BTreeMap<&str, &str>) -> Outcome {
        let mut plan = String::new();
        let mut spans = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => plan.push_str(text),
                Piece::Place(name, own) => {
                    let start = plan.len();
                    literal(&mut plan, texts.get(name.as_str()).copied().unwrap_or(own));
                    spans.push((name.clone(), start..plan.len()));
                }
            }
        }
        compile(&plan, &spans)
    }
}

/// A template with all that is to be repeated written out.
fn repeated(text: &str) -> String {
    let mut out = String::new();
    for (i, part) in text.split('«').enumerate() {
        let Some((body, rest)) = part.split_once('»').filter(|_| i > 0) else {
            out.push_str(part);
            continue;
        };
        let (times, body) = body.split_once('|').expect("a repetition says how often");
        for n in 1..=times.parse().expect("a number") {
            out.push_str(&body.replace('#', &format!("{n}")));
        }
        out.push_str(rest);
    }
    out
}

/// A text that means no harm, and is found again.
fn harmless(place: &str) -> String {
    format!("zq{}qz", place.replace('_', ""))
}

/// A text as the language writes it.
fn literal(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '$' => out.push_str("\\$"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn compile(text: &str, spans: &[(String, std::ops::Range<usize>)]) -> Outcome {
    let mut sources = SourceMap::new();
    let file = sources.add("plan.release", text);
    let (program, mut bag) = releasec::resolve::load(&mut sources, &Alone, file);
    let lowered = releasec::eval::lower(&program, &sources, &[]);
    bag.extend(lowered.bag);
    let (mut files, mut compiled) = (BTreeMap::new(), None);
    let mut findings: Vec<Diagnostic> = Vec::new();
    if let Some(release) = lowered.release.filter(|_| !bag.has_errors()) {
        let plan = Plan::new(release)
            .map_err(|_| "a circle")
            .expect("the plan has no circle");
        bag.extend(releasec::checks::gather(&plan, &sources));
        let settled = releasec::checks::settle(plan.release(), bag);
        findings = settled.findings;
        let mut shown = findings.clone();
        shown.extend(settled.accepted.into_iter().map(|a| a.finding));
        let context = Context {
            sources: &sources,
            digest: DIGEST,
            version: "0.0.0",
            source: "plan.release",
            findings: &shown,
            held: None,
            changes: None,
        };
        for target in TARGETS {
            let (artifacts, found) = (target.emit)(&plan, &context);
            findings.extend(found.into_sorted());
            files.extend(artifacts.into_iter().map(|a| (a.path, a.content)));
        }
        compiled = Some(plan);
    } else {
        findings.extend(bag.into_sorted());
    }
    let errors: Vec<_> = findings
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .map(|d| {
            let at = |start: u32, end: u32| {
                spans
                    .iter()
                    .filter(move |(_, r)| (start as usize) < r.end && (end as usize) > r.start)
                    .map(|(name, _)| name.clone())
            };
            let mut places: Vec<String> = Vec::new();
            if d.span.file == file {
                places.extend(at(d.span.start, d.span.end));
            }
            for label in d.labels.iter().filter(|l| l.span.file == file) {
                places.extend(at(label.span.start, label.span.end));
            }
            (places, format!("{}: {}", d.code, d.message))
        })
        .collect();
    if !errors.is_empty() {
        files.clear();
    }
    Outcome {
        errors,
        files,
        plan: compiled,
    }
}
