//! Laws of the whole compiler: no text makes it panic, and the same text gives the same bytes.
//!
//! The texts are plans of the examples with a few tokens dropped, doubled, swapped or replaced: near enough to real plans that
//! names resolve, types are compared and artifacts are written.

use proptest::prelude::*;
use releasec::emit::{Context, TARGETS};
use releasec::plan::Plan;
use releasec::resolve::{LoadError, Loaded, Loader};
use releasec::source::SourceMap;
use std::path::PathBuf;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

const PLANS: &[&str] = &[
    "examples/bioage/bioage.release",
    "examples/database-migration/migration.release",
    "examples/hello/hello.release",
    "examples/multi-region/regions.release",
    "examples/bioage-as-published/plan.release",
];

/// The people of the examples, wherever they are asked for.
struct Examples;

impl Loader for Examples {
    fn load(&self, _from: &str, path: &str) -> Result<Loaded, LoadError> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let file = root().join("examples/bioage").join(name);
        match std::fs::read_to_string(file) {
            Ok(text) => Ok(Loaded {
                path: name.to_string(),
                text: text.into(),
            }),
            Err(_) => Err(LoadError::Unreadable("there is no such file".into())),
        }
    }
}

/// Every finding in words and every artifact.
fn compile(text: &str) -> (Vec<String>, Vec<(String, String)>) {
    let mut sources = SourceMap::new();
    let file = sources.add("plan.release", text);
    let (program, mut bag) = releasec::resolve::load(&mut sources, &Examples, file);
    let lowered = releasec::eval::lower(&program, &sources, &[]);
    bag.extend(lowered.bag);
    let mut artifacts = Vec::new();
    if let Some(release) = lowered.release
        && let Ok(plan) = Plan::new(release)
    {
        bag.extend(releasec::checks::gather(&plan, &sources));
        let context = Context {
            sources: &sources,
            digest: "0",
            version: "0",
            source: "plan.release",
            findings: &[],
            held: None,
            changes: None,
        };
        for target in TARGETS {
            let (files, found) = (target.emit)(&plan, &context);
            bag.extend(found);
            artifacts.extend(files.into_iter().map(|a| (a.path, a.content)));
        }
    }
    let findings = bag
        .into_sorted()
        .iter()
        .map(|d| format!("{} {:?} {}", d.code, d.span, d.message))
        .collect();
    (findings, artifacts)
}

/// Words, numbers, marks and the space between them.
fn tokens(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let same = |c: char| match first {
            c0 if c0.is_alphanumeric() || c0 == '_' => c.is_alphanumeric() || c == '_',
            c0 if c0.is_whitespace() => c.is_whitespace() && c != '\n',
            _ => false,
        };
        let end = rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| !same(*c))
            .map_or(rest.len(), |(i, _)| i);
        out.push(&rest[..end]);
        rest = &rest[end..];
    }
    out
}

fn changed(text: &str, changes: &[(u8, prop::sample::Index, prop::sample::Index)]) -> String {
    let mut list: Vec<String> = tokens(text).into_iter().map(str::to_string).collect();
    for (kind, a, b) in changes {
        if list.is_empty() {
            break;
        }
        let (i, j) = (a.index(list.len()), b.index(list.len()));
        match kind % 6 {
            0 => {
                list.remove(i);
            }
            1 => list.insert(i, list[j].clone()),
            2 => list.swap(i, j),
            3 => list[i] = list[j].clone(),
            4 => list[i] = "é${\u{202e}".to_string(),
            _ => list[i] = "99999999999999999999999".to_string(),
        }
    }
    list.concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn no_plan_makes_the_compiler_panic_and_two_runs_agree(
        which in 0..PLANS.len(),
        changes in prop::collection::vec((any::<u8>(), any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..6),
    ) {
        let text = std::fs::read_to_string(root().join(PLANS[which])).expect("an example");
        let text = changed(&text, &changes);
        let first = compile(&text);
        let second = compile(&text);
        prop_assert_eq!(first, second);
    }
}
