//! Hostile texts in every place where a user's text can stand, through every target.
//!
//! A plan has a place for each kind of text (`tests/corpus/injection/plan.release`). Every text of the corpus is put into every place, and
//! what is written is read back and compared with what harmless texts give: nothing but the data may differ, and the data is the text
//! itself. What the language refuses is refused where it stands. No tool is needed; that shells and engines see the same is shown in
//! `tests/conformance`.

mod compare;
mod hcl;
mod lexed;
mod markup;
mod plan;
mod settle;
#[path = "../shared/mod.rs"]
mod shared;
mod shell;

use compare::Comparison;
use plan::Template;
use settle::settle;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Characters that are obeyed instead of shown, or change the order of what is shown.
pub fn hidden(c: char) -> bool {
    c.is_control()
        || (c as u32) & 0xfffe == 0xfffe
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Whether a text changes how a document is laid out.
pub fn wild(text: &str) -> bool {
    let blank = |c: char| c.is_whitespace() || hidden(c);
    text.chars().count() > 32
        || text.contains(['\n', '\r'])
        || text.chars().all(blank)
        || text.starts_with(blank)
        || text.ends_with(blank)
}

/// Which of the texts stand in which place, in the round of a number: over all rounds every text stands in every place.
fn round<'a>(places: &[&'a str], strings: &'a [String], n: usize) -> BTreeMap<&'a str, &'a str> {
    places
        .iter()
        .enumerate()
        .map(|(i, place)| (*place, strings[(n + i * 7) % strings.len()].as_str()))
        .collect()
}

#[test]
fn every_text_in_every_place_is_data() {
    let template = Template::load("plan.release");
    let places = template.places();
    let strings = plan::strings();
    let (wild, tame): (Vec<String>, Vec<String>) = strings.iter().cloned().partition(|s| wild(s));
    assert!(strings.len() >= 300 && places.len() >= 90, "the corpus shrank");
    let own = template.compile(&BTreeMap::new());
    assert!(own.errors.is_empty(), "the plan is sound: {:?}", own.errors);

    // All of them take minutes; a part of them, every text in some places, takes seconds.
    let every = if std::env::var_os("CI").is_some() { 1 } else { 31 };
    let rounds: Vec<usize> = match std::env::var("INJECTION_ROUNDS").ok() {
        Some(list) => list.split(',').map(|n| n.parse().expect("a number")).collect(),
        None => (0..strings.len()).step_by(every).collect(),
    };
    let (next, failed, tried) = (AtomicUsize::new(0), Mutex::new(Vec::new()), AtomicUsize::new(0));
    let work = || {
        while let Some(n) = rounds.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut texts = match n.checked_sub(tame.len()) {
                None => round(&places, &tame, *n),
                Some(n) => round(&places, &wild, n),
            };
            let mut problems = Vec::new();
            // A lock that is called as the environment is the environment's own.
            texts.retain(|place, text| *place != "lock" || *text != "production");
            let settled = settle(&template, &mut texts, &mut problems);
            let files = settled.map(|o| o.files).unwrap_or_default();
            if let Ok(folder) = std::env::var("INJECTION_OUT") {
                for (path, content) in &files {
                    let path = std::path::Path::new(&folder).join(n.to_string()).join(path);
                    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
                    std::fs::write(path, content).expect("written");
                }
            }
            tried.fetch_add(texts.len(), Ordering::Relaxed);
            let pairs = texts.iter().map(|(p, t)| (template.own(p), *t)).collect();
            let mut comparison = Comparison::new(pairs);
            if !files.is_empty() {
                compare::files(&mut comparison, &own.files, &files);
            }
            problems.extend(comparison.problems);
            let list = problems.into_iter().map(|p| format!("round {n}: {p}"));
            failed.lock().expect("no thread died").extend(list);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            std::thread::Builder::new()
                .stack_size(16 << 20)
                .spawn_scoped(scope, work)
                .expect("a thread");
        }
    });
    let failed = failed.into_inner().expect("no thread died");
    let tried = tried.into_inner();
    println!(
        "{tried} texts were accepted where they stand, in {} rounds",
        rounds.len()
    );
    assert!(
        failed.is_empty(),
        "{} differences in {} rounds:\n{}",
        failed.len(),
        rounds.len(),
        failed.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
    );
}
