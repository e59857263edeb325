//! Templates of an organisation in the place of the ones that are built in: which names there are, and what is refused.
//!
//! A template is read strictly: an unknown name, a part that includes itself, a name that the view does not have, and a helper
//! that does not exist are flaws. Must not read files: the driver does. Called by the driver and by `render`.

use crate::diagnostic::did_you_mean;
use crate::emit::runbook::words::{self, Words};
use handlebars::template::{DecoratorTemplate, HelperTemplate, Parameter, Template, TemplateElement};
use std::collections::BTreeMap;

/// The ending of a template's file.
const ENDING: &str = ".hbs";
/// How the names of parts of the page for a browser begin.
const OF_REVIEW: &str = "review_";
/// What the names of an organisation's own parts begin with.
const OWN: &str = "own_";
/// How deep blocks and brackets may be nested.
const DEPTH: usize = 64;

/// The documents and their templates.
pub(super) const DOCUMENTS: &[(&str, &str)] = &[
    ("runbook.md", include_str!("templates/runbook.md.hbs")),
    (
        "change-request.md",
        include_str!("templates/change-request.md.hbs"),
    ),
    ("release-plan.md", include_str!("templates/release-plan.md.hbs")),
    ("review.html", include_str!("templates/review.html.hbs")),
];

/// The parts of documents: some stand in several, and each is short, since reading a template takes time that grows with the
/// square of its length.
pub(super) const PARTS: &[(&str, &str)] = &[
    ("action", include_str!("templates/action.md.hbs")),
    ("afterwards", include_str!("templates/afterwards.md.hbs")),
    ("answers", include_str!("templates/answers.md.hbs")),
    ("approvals", include_str!("templates/approvals.md.hbs")),
    ("beforehand", include_str!("templates/beforehand.md.hbs")),
    ("changes", include_str!("templates/changes.md.hbs")),
    ("findings", include_str!("templates/findings.md.hbs")),
    ("first_screen", include_str!("templates/first_screen.md.hbs")),
    ("from_here", include_str!("templates/from_here.md.hbs")),
    ("notices", include_str!("templates/notices.md.hbs")),
    ("provenance", include_str!("templates/provenance.md.hbs")),
    (
        "review_approvals",
        include_str!("templates/review_approvals.html.hbs"),
    ),
    (
        "review_decision",
        include_str!("templates/review_decision.html.hbs"),
    ),
    (
        "review_failures",
        include_str!("templates/review_failures.html.hbs"),
    ),
    ("review_script", include_str!("templates/review_script.html.hbs")),
    ("review_stages", include_str!("templates/review_stages.html.hbs")),
    ("review_style", include_str!("templates/review_style.html.hbs")),
    ("review_time", include_str!("templates/review_time.html.hbs")),
    ("rollback_card", include_str!("templates/rollback_card.md.hbs")),
    ("step_by_step", include_str!("templates/step_by_step.md.hbs")),
    ("went", include_str!("templates/went.md.hbs")),
    ("window", include_str!("templates/window.md.hbs")),
];

/// The form of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One file for a browser.
    Html,
    /// Markdown for GitHub, GitLab and people.
    Markdown,
}

impl Form {
    /// The form of the document of a path.
    pub fn of(path: &str) -> Form {
        if path.ends_with(".html") {
            Form::Html
        } else {
            Form::Markdown
        }
    }
}

/// Templates in the place of those that are built in.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    /// The folder, as it was named; empty when nothing is replaced.
    folder: String,
    texts: BTreeMap<String, String>,
    words: Words,
    /// Catalogues that were given and are not chosen.
    others: BTreeMap<String, Words>,
    /// The documents that are written; all when there is none.
    chosen: Vec<&'static str>,
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The file's name.
    pub file: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// What is wrong, in lower case and without a final stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Flaw {
    fn new(file: &str, message: String) -> Self {
        Flaw {
            file: file.to_string(),
            line: None,
            message,
            help: None,
        }
    }
}

impl Templates {
    /// The templates of a folder: names of files with their texts.
    ///
    /// # Errors
    /// The first flaw that is found without a plan.
    pub fn new(folder: &str, files: Vec<(String, String)>) -> Result<Self, Flaw> {
        let mut texts = BTreeMap::new();
        let mut catalogues = BTreeMap::new();
        for (file, text) in files {
            if file.ends_with(words::ENDING) {
                let words = Words::read(&file, &text)?;
                catalogues.insert(words.language().to_string(), words);
                continue;
            }
            let name = named(&file)?;
            shallow(&file, &text)?;
            Template::compile(&text).map_err(|e| {
                let line = e.pos().map(|(line, _)| line);
                let reason = e.reason().to_string();
                let message = format!("it is not a template: {}", reason.trim().to_lowercase());
                Flaw {
                    line,
                    ..Flaw::new(&file, message)
                }
            })?;
            texts.insert(name, text);
        }
        let templates = Templates {
            folder: folder.to_string(),
            texts,
            words: catalogues.get(words::ENGLISH).cloned().unwrap_or_default(),
            others: catalogues,
            chosen: Vec::new(),
        };
        templates.includes()?;
        Ok(templates)
    }

    /// The same in a language of which there is a catalogue: built in, or in the folder.
    ///
    /// # Errors
    /// The languages that there are.
    pub fn in_language(mut self, language: &str) -> Result<Self, Vec<String>> {
        match self.others.remove(language) {
            Some(words) => self.words = words,
            None if language == words::ENGLISH => {}
            None => {
                let mut known: Vec<String> = self.others.into_keys().collect();
                if !known.iter().any(|k| k == words::ENGLISH) {
                    known.insert(0, words::ENGLISH.to_string());
                }
                return Err(known);
            }
        }
        Ok(self)
    }

    /// The same, of which only the documents in these forms are written.
    #[must_use]
    pub fn in_forms(mut self, forms: &[Form]) -> Self {
        let all = DOCUMENTS.iter().map(|(name, _)| *name);
        self.chosen = all.filter(|name| forms.contains(&Form::of(name))).collect();
        self
    }

    /// The same, of which one document is written.
    pub(super) fn only(&self, document: &'static str) -> Self {
        Templates {
            chosen: vec![document],
            ..self.clone()
        }
    }

    /// The words of the language that was chosen.
    pub(super) fn words(&self) -> &Words {
        &self.words
    }

    /// Whether a document is written.
    pub fn chose(&self, document: &str) -> bool {
        self.chosen.is_empty() || self.chosen.contains(&document)
    }

    /// The folder they come from, as it was named; nothing when all are built in.
    pub(super) fn folder(&self) -> Option<&str> {
        (!self.folder.is_empty()).then_some(self.folder.as_str())
    }

    /// Every document with its template.
    pub(super) fn documents(&self) -> Vec<(&'static str, &str)> {
        DOCUMENTS
            .iter()
            .map(|(name, text)| (*name, self.text(name, text)))
            .collect()
    }

    /// Every part with its template, an organisation's own included.
    pub(super) fn parts(&self) -> Vec<(&str, &str)> {
        let mut list: Vec<(&str, &str)> = Vec::new();
        for (name, text) in PARTS {
            list.push((name, self.text(name, text)));
        }
        let own = self.texts.iter().filter(|(name, _)| name.starts_with(OWN));
        list.extend(own.map(|(name, text)| (name.as_str(), text.as_str())));
        list
    }

    fn text<'a>(&'a self, name: &str, built_in: &'static str) -> &'a str {
        self.texts.get(name).map_or(built_in, String::as_str)
    }

    /// Each part that is included exists, and none includes itself, however far on.
    fn includes(&self) -> Result<(), Flaw> {
        let mut graph: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (name, text) in self.parts().into_iter().chain(self.documents()) {
            let mut list = Vec::new();
            if let Ok(template) = Template::compile(text) {
                included(&template, &mut list).map_err(|what| Flaw::new(&file_of(name), what))?;
            }
            graph.insert(name, list);
        }
        let known: Vec<&str> = self.parts().iter().map(|(name, _)| *name).collect();
        for (name, list) in &graph {
            for part in list {
                if !known.contains(&part.as_str()) {
                    let near = did_you_mean(part, known.iter().copied());
                    return Err(Flaw {
                        help: near,
                        ..Flaw::new(&file_of(name), format!("there is no part `{part}`"))
                    });
                }
            }
        }
        for name in graph.keys() {
            let mut open: Vec<&str> = graph[name].iter().map(String::as_str).collect();
            let mut seen = std::collections::BTreeSet::new();
            while let Some(part) = open.pop() {
                if part == *name {
                    return Err(Flaw::new(&file_of(name), "it includes itself".to_string()));
                }
                if seen.insert(part) {
                    open.extend(graph.get(part).into_iter().flatten().map(String::as_str));
                }
            }
        }
        Ok(())
    }
}

/// The name of the file of a document or a part.
pub(super) fn file_of(name: &str) -> String {
    if DOCUMENTS.iter().any(|(d, _)| *d == name) {
        format!("{name}{ENDING}")
    } else if name.starts_with(OF_REVIEW) {
        format!("{name}.html{ENDING}")
    } else {
        format!("{name}.md{ENDING}")
    }
}

/// The document or the part that a file stands for.
fn named(file: &str) -> Result<String, Flaw> {
    let all = DOCUMENTS.iter().chain(PARTS).map(|(name, _)| file_of(name));
    let all: Vec<String> = all.collect();
    if let Some(stem) = file.strip_suffix(".md.hbs") {
        let own = stem.starts_with(OWN) && stem.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if own {
            return Ok(stem.to_string());
        }
    }
    if let Some((part, _)) = PARTS.iter().find(|(name, _)| file_of(name) == file) {
        return Ok((*part).to_string());
    }
    let document = file
        .strip_suffix(ENDING)
        .filter(|d| DOCUMENTS.iter().any(|(name, _)| name == d));
    document.map(str::to_string).ok_or_else(|| {
        let near = did_you_mean(file, all.iter().map(String::as_str));
        Flaw {
            help: Some(near.unwrap_or_else(|| {
                format!(
                    "the templates are {}; parts of your own begin with `{OWN}`, and catalogues of words end in `{}`",
                    all.join(", "),
                    words::ENDING
                )
            })),
            ..Flaw::new(file, "no template is called that".to_string())
        }
    })
}

/// What is nested deeper than anybody reads is refused before it is parsed.
fn shallow(file: &str, text: &str) -> Result<(), Flaw> {
    let (mut blocks, mut brackets) = (0usize, 0usize);
    let mut rest = text;
    while let Some(at) = rest.find(['{', '(', ')']) {
        let found = &rest[at..];
        let (bytes, depth) = match found.as_bytes() {
            [b'{', b'{', b'#' | b'^', ..] => (3, Some(&mut blocks)),
            [b'{', b'{', b'~', b'#' | b'^', ..] => (4, Some(&mut blocks)),
            [b'{', b'{', b'/', ..] | [b'{', b'{', b'~', b'/', ..] => {
                blocks = blocks.saturating_sub(1);
                (3, None)
            }
            [b'(', ..] => (1, Some(&mut brackets)),
            [b')', ..] => {
                brackets = brackets.saturating_sub(1);
                (1, None)
            }
            _ => (1, None),
        };
        if let Some(depth) = depth {
            *depth += 1;
            if *depth > DEPTH {
                let line = text[..text.len() - found.len()].matches('\n').count() + 1;
                return Err(Flaw {
                    line: Some(line),
                    ..Flaw::new(file, format!("it is nested more than {DEPTH} deep"))
                });
            }
        }
        rest = &found[bytes..];
    }
    Ok(())
}

/// The parts that a template includes.
fn included(template: &Template, list: &mut Vec<String>) -> Result<(), String> {
    for element in &template.elements {
        match element {
            TemplateElement::PartialExpression(d) | TemplateElement::PartialBlock(d) => {
                list.push(part(d)?);
                d.template.iter().try_for_each(|t| included(t, list))?;
            }
            TemplateElement::DecoratorExpression(_) | TemplateElement::DecoratorBlock(_) => {
                return Err(
                    "a part is a file of its own: inline parts and decorators are not read".to_string(),
                );
            }
            TemplateElement::HelperBlock(h) => blocks(h, list)?,
            // Text, values and comments include nothing.
            _ => {}
        }
    }
    Ok(())
}

fn blocks(h: &HelperTemplate, list: &mut Vec<String>) -> Result<(), String> {
    h.template
        .iter()
        .chain(&h.inverse)
        .try_for_each(|t| included(t, list))
}

fn part(d: &DecoratorTemplate) -> Result<String, String> {
    match (&d.name, d.name.as_name()) {
        (_, Some(name)) => Ok(name.to_string()),
        (Parameter::Literal(value), None) => Ok(value.as_str().unwrap_or_default().to_string()),
        _ => Err("the name of a part is written out".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::Templates;

    fn flaw(file: &str, text: &str) -> String {
        match Templates::new("here", vec![(file.to_string(), text.to_string())]) {
            Ok(_) => "none".into(),
            Err(f) => format!("{}:{:?}: {}", f.file, f.line, f.message),
        }
    }

    #[test]
    fn templates_are_read_strictly() {
        assert_eq!(flaw("runbook.md.hbs", "# {{md summary.title}}\n"), "none");
        assert_eq!(flaw("own_header.md.hbs", "Our house\n"), "none");
        assert_eq!(
            flaw("runbok.md.hbs", ""),
            "runbok.md.hbs:None: no template is called that"
        );
        assert!(flaw("runbook.md.hbs", "a\n{{#if x}}\n").contains("it is not a template"));
        assert_eq!(
            flaw("runbook.md.hbs", "{{> nothing}}"),
            "runbook.md.hbs:None: there is no part `nothing`"
        );
        assert_eq!(
            flaw("approvals.md.hbs", "{{#if x}}{{> approvals}}{{/if}}"),
            "approvals.md.hbs:None: it includes itself"
        );
        assert_eq!(
            flaw("runbook.md.hbs", &"{{#if x}}".repeat(100_000)),
            "runbook.md.hbs:Some(1): it is nested more than 64 deep"
        );
        assert!(flaw("runbook.md.hbs", "{{#*inline \"x\"}}a{{/inline}}").contains("a file of its own"));
    }
}
