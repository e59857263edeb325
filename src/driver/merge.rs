//! Findings of many compilations brought under one map of texts, in one order.
//!
//! Each file is checked for itself, with its own map, so that files can be checked beside each other. A text that two
//! compilations read, such as the people of two plans, is one file afterwards, and what both say about it is said once.

use crate::diagnostic::{Bag, Diagnostic};
use crate::source::{FileId, SourceMap, Span};
use std::collections::HashMap;
use std::sync::Arc;

/// Brings the parts together; the first file of each part keeps the order of the parts.
pub(super) fn merge(parts: Vec<(SourceMap, Vec<Diagnostic>)>) -> (SourceMap, Vec<Diagnostic>) {
    let mut parts = parts;
    if parts.len() == 1
        && let Some((sources, findings)) = parts.pop()
    {
        return (sources, findings.into_iter().collect::<Bag>().into_sorted());
    }
    let mut sources = SourceMap::new();
    // Looked up only, never walked: its order cannot reach the output.
    let mut known: HashMap<(String, Arc<str>), FileId> = HashMap::new();
    let mut add = |sources: &mut SourceMap, part: &SourceMap, id: FileId| {
        let file = part.file(id);
        *known
            .entry((file.path.clone(), Arc::clone(&file.text)))
            .or_insert_with(|| sources.add(file.path.clone(), Arc::clone(&file.text)))
    };
    for (part, _) in &parts {
        if let Some((first, _)) = part.files().next() {
            add(&mut sources, part, first);
        }
    }
    let mut all = Bag::new();
    for (part, findings) in parts {
        // A module of the library has the same id in every map.
        sources.add_library_of(&part);
        let ids: Vec<FileId> = part
            .files()
            .map(|(id, _)| id)
            .filter(|id| !id.is_library())
            .collect();
        let ids: Vec<FileId> = ids.into_iter().map(|id| add(&mut sources, &part, id)).collect();
        let moved = |span: Span| Span {
            file: ids.get(span.file.0 as usize).copied().unwrap_or(span.file),
            ..span
        };
        for mut finding in findings {
            finding.span = moved(finding.span);
            for label in &mut finding.labels {
                label.span = moved(label.span);
            }
            for edit in finding.fixes.iter_mut().flat_map(|f| &mut f.edits) {
                edit.span = moved(edit.span);
            }
            all.push(finding);
        }
    }
    (sources, all.into_sorted())
}

#[cfg(test)]
mod tests {
    use super::merge;
    use crate::diagnostic::{Code, Diagnostic};
    use crate::source::{SourceMap, Span};

    #[test]
    fn what_two_plans_say_about_one_file_is_said_once() {
        let part = |name: &str| {
            let mut sources = SourceMap::new();
            let own = sources.add(name, "release");
            let people = sources.add("people.release", "person ada { }");
            let own = Diagnostic::error(Code("a/b"), Span::new(own, 0, 7), "own");
            let shared = Diagnostic::error(Code("a/b"), Span::new(people, 7, 10), "shared");
            (sources, vec![shared, own])
        };
        let (sources, findings) = merge(vec![part("b.release"), part("a.release")]);
        let said: Vec<String> = findings
            .iter()
            .map(|f| format!("{} {}", sources.place(f.span), f.message))
            .collect();
        assert_eq!(
            said,
            ["b.release:1 own", "a.release:1 own", "people.release:1 shared"]
        );
    }
}
