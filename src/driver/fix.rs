//! Fixes made: which of them go together, what the files hold afterwards, and that it still parses.
//!
//! Must not write: the caller does. Called by `check --fix` and `check --diff`.

use super::pipeline::{Checked, Settings, check};
use super::problem::Problem;
use super::read::{self, Input, Project};
use super::{root, write};
use crate::diagnostic::{Diagnostic, Edit, Fix, Safety};
use crate::source::{FileId, SourceMap, Span};
use crate::syntax;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Fixes can make room for others; after so many rounds what is left is left.
const ROUNDS: usize = 10;

/// A file that fixes change.
#[derive(Debug)]
pub struct Fixed {
    /// How it is shown.
    pub shown: String,
    /// Where it is.
    pub path: PathBuf,
    /// What it held, without a byte order mark.
    pub old: Arc<str>,
    /// What it holds afterwards.
    pub new: Arc<str>,
}

/// What fixing came to.
#[derive(Debug)]
pub struct Outcome {
    /// The files that change, by path.
    pub files: Vec<Fixed>,
    /// How many fixes were made.
    pub made: usize,
    /// Files whose fixes were not made because the result would not parse.
    pub refused: Vec<String>,
    /// What is found afterwards.
    pub checked: Checked,
}

/// Makes every fix that can be made (with `unsafe_too`, also those a person should look at), round by round, in memory.
pub fn fix(
    inputs: &[Input],
    settings: &Settings,
    unsafe_too: bool,
    wanted: impl Fn(&Diagnostic) -> bool,
) -> Outcome {
    let mut settings = settings.clone();
    let mut files: BTreeMap<PathBuf, Fixed> = BTreeMap::new();
    let mut made = 0;
    let mut refused = Vec::new();
    let mut checked = check(inputs, &settings);
    for _ in 0..ROUNDS {
        let findings: Vec<&Diagnostic> = checked.findings.iter().filter(|d| wanted(d)).collect();
        let stdin = |id| {
            let shown = &checked.sources.file(id).path;
            inputs
                .iter()
                .any(|i| matches!(i, Input::Stdin(p) if root::shown(p) == *shown))
        };
        let round = apply(&checked.sources, &findings, unsafe_too, stdin);
        for id in &round.refused {
            let shown = checked.sources.file(*id).path.clone();
            if !refused.contains(&shown) {
                refused.push(shown);
            }
        }
        if round.texts.is_empty() {
            break;
        }
        made += round.made;
        for (id, new) in round.texts {
            let file = checked.sources.file(id);
            let path = root::absolute(Path::new(&file.path), &settings.here);
            let new: Arc<str> = new.into();
            settings.overlay.insert(path.clone(), Arc::clone(&new));
            let (shown, old) = (file.path.clone(), Arc::clone(&file.text));
            let fixed = Fixed {
                shown,
                path: path.clone(),
                old,
                new: Arc::clone(&new),
            };
            files.entry(path).or_insert(fixed).new = new;
        }
        checked = check(inputs, &settings);
    }
    let files = files.into_values().filter(|f| f.old != f.new).collect();
    Outcome {
        files,
        made,
        refused,
        checked,
    }
}

/// Writes a fixed file, unless it changed since it was read.
///
/// # Errors
/// When it changed, or cannot be written.
pub fn save(fixed: &Fixed) -> Result<(), Problem> {
    save_text(&fixed.path, &fixed.shown, &fixed.old, &fixed.new)
}

/// Writes a text over the one that was read; a byte order mark stays.
///
/// # Errors
/// When the file no longer holds `old`, or cannot be written.
pub fn save_text(path: &Path, shown: &str, old: &str, new: &str) -> Result<(), Problem> {
    let bytes = read::read_file(path)?;
    let (mark, body) = match bytes.strip_prefix("\u{feff}".as_bytes()) {
        Some(body) => ("\u{feff}", body),
        None => ("", bytes.as_slice()),
    };
    if body != old.as_bytes() {
        return Err(Problem::new(format!(
            "`{shown}` changed while it was being read; nothing was written to it"
        )));
    }
    write::whole(path, format!("{mark}{new}").as_bytes())
}

/// One round of fixes.
struct Round {
    texts: BTreeMap<FileId, String>,
    made: usize,
    refused: Vec<FileId>,
}

/// Makes the fixes that do not touch each other, in the order of the findings. A fix is made whole or not at all; a file
/// that would not parse afterwards stays as it is, and so does every file that shares a fix with it.
fn apply(
    sources: &SourceMap,
    findings: &[&Diagnostic],
    unsafe_too: bool,
    fixed_place: impl Fn(FileId) -> bool,
) -> Round {
    let allowed = |fix: &&Fix| {
        let safe = fix.safety == Safety::Safe || unsafe_too;
        safe && !fix.edits.is_empty()
            && fix
                .edits
                .iter()
                .all(|e| !sources.file(e.span.file).library && !fixed_place(e.span.file))
    };
    let mut chosen: Vec<&Fix> = Vec::new();
    let mut taken = Taken::default();
    for finding in findings {
        let Some(fix) = finding.fixes.iter().find(allowed) else {
            continue;
        };
        let mut with_it = taken.clone_around(&fix.edits);
        if fix.edits.iter().all(|e| with_it.take(e.span)) {
            fix.edits.iter().for_each(|e| {
                taken.take(e.span);
            });
            chosen.push(fix);
        }
    }
    let mut refused: Vec<FileId> = Vec::new();
    loop {
        let texts = edited(sources, &chosen);
        let broken: Vec<FileId> = texts
            .iter()
            .filter(|(id, text)| !parses(**id, text))
            .map(|(id, _)| *id)
            .collect();
        if broken.is_empty() {
            return Round {
                texts,
                made: chosen.len(),
                refused,
            };
        }
        chosen.retain(|f| !f.edits.iter().any(|e| broken.contains(&e.span.file)));
        refused.extend(broken);
    }
}

/// The places that are edited, by where they start.
#[derive(Default)]
struct Taken(BTreeMap<(FileId, u32), u32>);

impl Taken {
    /// Takes a place, unless an edit there already overlaps it or starts where it starts.
    fn take(&mut self, span: Span) -> bool {
        let before = self.0.range(..=(span.file, span.start)).next_back();
        let clashes = before.is_some_and(|((file, start), end)| {
            *file == span.file && (*start == span.start || *end > span.start)
        });
        let after = self.0.range((span.file, span.start)..).next();
        let clashes =
            clashes || after.is_some_and(|((file, start), _)| *file == span.file && *start < span.end);
        if !clashes {
            self.0.insert((span.file, span.start), span.end);
        }
        !clashes
    }

    /// The places that matter to some edits: their neighbours.
    fn clone_around(&self, edits: &[Edit]) -> Taken {
        let mut near = BTreeMap::new();
        for edit in edits {
            let at = (edit.span.file, edit.span.start);
            near.extend(self.0.range(..=at).next_back().map(|(k, v)| (*k, *v)));
            near.extend(self.0.range(at..).next().map(|(k, v)| (*k, *v)));
        }
        Taken(near)
    }
}

fn parses(id: FileId, text: &str) -> bool {
    !syntax::parse(id, text).1.has_errors()
}

/// The files of the fixes with their edits made; only those that differ.
fn edited(sources: &SourceMap, fixes: &[&Fix]) -> BTreeMap<FileId, String> {
    let mut edits: Vec<&Edit> = fixes.iter().flat_map(|f| &f.edits).collect();
    edits.sort_by_key(|e| e.span);
    let mut texts: BTreeMap<FileId, String> = BTreeMap::new();
    let mut at: BTreeMap<FileId, usize> = BTreeMap::new();
    for edit in edits {
        let old = &sources.file(edit.span.file).text;
        let from = at.entry(edit.span.file).or_insert(0);
        let text = texts.entry(edit.span.file).or_default();
        text.push_str(old.get(*from..edit.span.start as usize).unwrap_or(""));
        text.push_str(&edit.replacement);
        *from = edit.span.end as usize;
    }
    for (id, text) in &mut texts {
        text.push_str(sources.file(*id).text.get(at[id]..).unwrap_or(""));
    }
    texts.retain(|id, text| **text != *sources.file(*id).text);
    texts
}

/// How the project of a file shows its path; for commands that change files one by one.
pub fn shown(path: &Path, settings: &Settings) -> String {
    Project::of(path, &settings.here, &settings.overlay).shown(path)
}

#[cfg(test)]
mod tests {
    use super::apply;
    use crate::diagnostic::{Code, Diagnostic, Edit, Safety};
    use crate::source::{FileId, SourceFile, SourceMap, Span};
    use std::sync::Arc;

    fn finding(edits: &[(FileId, usize, usize, &str)], safety: Safety) -> Diagnostic {
        let edit = |(file, start, end, text): &(FileId, usize, usize, &str)| Edit {
            span: Span::new(*file, *start, *end),
            replacement: (*text).into(),
        };
        Diagnostic::error(Code("a/b"), Span::new(edits[0].0, 0, 0), "x").fix(
            "x",
            safety,
            edits.iter().map(edit).collect(),
        )
    }

    #[test]
    fn fixes_that_touch_wait_for_the_next_round() {
        let mut sources = SourceMap::new();
        let file = sources.add("a.release", "let a = 1\nlet b = 2\n");
        let list = [
            finding(&[(file, 8, 9, "10")], Safety::Safe),
            finding(&[(file, 8, 9, "11")], Safety::Safe),
            finding(&[(file, 18, 19, "20")], Safety::Unsafe),
        ];
        let list: Vec<&Diagnostic> = list.iter().collect();
        let round = apply(&sources, &list, false, |_| false);
        assert_eq!(
            (round.made, round.texts[&file].as_str()),
            (1, "let a = 10\nlet b = 2\n")
        );
        let round = apply(&sources, &list, true, |_| false);
        assert_eq!(
            (round.made, round.texts[&file].as_str()),
            (2, "let a = 10\nlet b = 20\n")
        );
    }

    #[test]
    fn nothing_is_made_that_would_not_parse() {
        let mut sources = SourceMap::new();
        let file = sources.add("a.release", "let a = 1\n");
        let other = sources.add("b.release", "let b = 1\n");
        let library = sources.add_library(
            0,
            Arc::new(SourceFile::of_library("std/c.release", "let c = 1\n")),
        );
        let list = [
            finding(&[(file, 8, 9, "\"open"), (other, 8, 9, "2")], Safety::Safe),
            finding(&[(library, 8, 9, "2")], Safety::Safe),
        ];
        let list: Vec<&Diagnostic> = list.iter().collect();
        let round = apply(&sources, &list, true, |_| false);
        assert!(round.texts.is_empty());
        assert_eq!((round.made, round.refused.as_slice()), (0, &[file][..]));
    }
}
