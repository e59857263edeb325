//! The runbook's orders of undo are those of the reference semantics: each row of "From here" is run, and what is undone compared.
//!
//! For every single failure point of every plan that we have: examples, real procedures, and the cases of the semantics.

use crate::support::{Compiled, compile, examples, table};
use releasec::model::{StageId, StepKind};
use releasec::plan::{Node, Plan};
use releasec::run::{Outcomes, Place, Point, Reference, Subject, Trace, Verb, points};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const HEADING: &str = "From here: what is undone when something fails";

/// A row: what is undone in which order, and what besides.
struct Row {
    fails: String,
    then: String,
    order: Vec<Vec<StageId>>,
    beside: Vec<StageId>,
    /// What of that is undone before which of the others.
    before: Vec<(StageId, StageId)>,
}

fn stages(plan: &Plan, words: &str) -> Vec<StageId> {
    let names = words.replace(" together", "").replace(" and ", ", ");
    let names = names
        .split(", ")
        .map(|n| n.trim().trim_end_matches('.'))
        .filter(|n| !n.is_empty());
    let find = |name: &str| {
        let found = plan.release().stages.iter().position(|s| s.name == name);
        StageId::at(found.unwrap_or_else(|| panic!("`{name}` is a stage, in: {words}")))
    };
    names.map(find).collect()
}

fn rows(compiled: &Compiled) -> Vec<Row> {
    let all = table(compiled.document("runbook.md"), HEADING);
    let Some(head) = all.first() else {
        return Vec::new();
    };
    let column = |name: &str| head.iter().position(|h| h == name);
    let (Some(then), Some(undo)) = (column("Then"), column("Undo, in this order")) else {
        panic!("the table has its columns: {head:?}");
    };
    let row = |cells: &Vec<String>| {
        let mut words = cells[undo].as_str();
        if let Some((_, rest)) = words
            .strip_prefix("Before what is inside, enter again: ")
            .and_then(|w| w.split_once(". "))
        {
            words = rest;
        }
        let words = words.split(" Then leave: ").next().unwrap_or("");
        let (order, beside) = match words.split_once(" Besides, in their place, where they have begun: ") {
            Some((order, beside)) => (order, beside),
            None => (words, ""),
        };
        let order = order.trim_end_matches('.');
        let groups = order
            .split(", then ")
            .filter(|o| !o.is_empty() && *o != "nothing");
        let (mut names, mut before) = (String::new(), Vec::new());
        for (k, part) in beside.split(" (before ").enumerate() {
            let (first, rest) = part.split_once(')').filter(|_| k > 0).unwrap_or(("", part));
            if let (Some(own), [other]) = (
                stages(&compiled.plan, &names).last(),
                stages(&compiled.plan, first).as_slice(),
            ) {
                before.push((*own, *other));
            }
            names.push_str(rest);
        }
        Row {
            fails: cells[0].clone(),
            then: cells[then].clone(),
            order: groups.map(|g| stages(&compiled.plan, g)).collect(),
            beside: stages(&compiled.plan, &names),
            before,
        }
    };
    // What goes wrong on the way back itself is no point of failure of a plan.
    let on_the_way_out = |cells: &&Vec<String>| !cells[undo].starts_with("all else that is to be undone");
    all[1..].iter().filter(on_the_way_out).map(row).collect()
}

/// The row that speaks of a point.
fn row<'r>(plan: &Plan, rows: &'r [Row], point: &Point) -> Option<&'r Row> {
    let r = plan.release();
    let (own, title) = match point.node? {
        Node::Approval(a) => {
            let title = format!(
                "approval “{}”",
                releasec::plan::show::prose(r, &r.approval(a).title)
            );
            return rows.iter().find(|row| row.fails.starts_with(&title));
        }
        Node::Decision(_) => return None,
        Node::Stage(s) => {
            let stage = r.stage(s);
            let gate = match point.outcomes.stages.get(&s).map(|f| &f.place) {
                Some(Place::Step(slug)) => stage
                    .forward_steps()
                    .into_iter()
                    .find(|x| x.slug == *slug)
                    .and_then(|x| {
                        if let StepKind::VerifyGate(g) = x.kind {
                            Some(g)
                        } else {
                            None
                        }
                    }),
                _ => point.outcomes.gates.keys().next().copied(),
            };
            if stage.rollout.as_ref().is_some_and(|r| r.demote.is_some()) {
                return None;
            }
            let name = stage.name.to_string();
            let title = gate.map(|g| format!("“{}”", releasec::plan::show::prose(r, &r.gate(g).title)));
            (name, title)
        }
    };
    let entry = point.outcomes.stages.is_empty();
    let head = if entry {
        format!("{own}, before it begins: ")
    } else {
        format!("{own}: ")
    };
    let of_gate = title.and_then(|t| {
        rows.iter()
            .find(|row| row.fails.starts_with(&head) && row.fails.contains(&t))
    });
    of_gate.or_else(|| rows.iter().find(|row| !entry && row.fails == own))
}

fn find(trace: &Trace, s: StageId, verb: Verb) -> Option<usize> {
    trace.last(Subject::Stage(s), verb)
}

/// Of some stages that were undone: how many of them, one after the other, come before each.
fn levels(trace: &Trace, of: &[StageId]) -> Vec<Vec<StageId>> {
    let mut groups: Vec<Vec<StageId>> = Vec::new();
    let mut depth = vec![0usize; of.len()];
    for (i, s) in of.iter().enumerate() {
        let undo = find(trace, *s, Verb::Undo).expect("it is undone");
        let before = (0..i).filter(|k| {
            let done = find(trace, of[*k], Verb::Undone).expect("it was undone");
            trace.precedes(done, undo)
        });
        depth[i] = before.map(|k| depth[k] + 1).max().unwrap_or(0);
        if groups.len() <= depth[i] {
            groups.resize(depth[i] + 1, Vec::new());
        }
        groups[depth[i]].push(*s);
    }
    groups
}

fn agrees(path: &Path, compiled: &Compiled) -> usize {
    let plan = &compiled.plan;
    let rows = rows(compiled);
    let reference = Reference::new(plan);
    let mut compared = 0;
    for point in points(plan, &Outcomes::default()) {
        let Some(row) = row(plan, &rows, &point) else {
            continue;
        };
        let trace = reference.run(&point.outcomes);
        let back = trace.events.iter().any(|e| e.verb == Verb::Rollback);
        if row.then.starts_with("ask ") && !back {
            continue;
        }
        let name = |s: &StageId| plan.release().stage(*s).name.to_string();
        let names = |list: &[StageId]| list.iter().map(name).collect::<Vec<_>>();
        let at = || format!("{}: {} / row `{}`", path.display(), point.what, row.fails);
        if !trace.unreached.is_empty() {
            // What was to fail does not come in the run with every default.
            continue;
        }
        compared += 1;
        // What does not apply, and what began with no step that has an undo, is no part of an order.
        let took_part = |s: &&StageId| find(&trace, **s, Verb::Undo).is_some();
        for s in row.order.iter().flatten().filter(|s| !took_part(s)) {
            let idle = find(&trace, *s, Verb::StepStart).is_none() || find(&trace, *s, Verb::Skip).is_some();
            assert!(idle, "{} is not undone: {}", name(s), at());
        }
        let promised: Vec<Vec<StageId>> = row
            .order
            .iter()
            .map(|g| {
                g.iter()
                    .filter(took_part)
                    .copied()
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .collect()
            })
            .filter(|g: &Vec<StageId>| !g.is_empty())
            .collect();
        let sure: Vec<StageId> = promised.iter().flatten().copied().collect();
        for s in trace.undone.iter().filter(|s| !sure.contains(s)) {
            assert!(
                row.beside.contains(s),
                "{} is undone, and no word of it: {}",
                name(s),
                at()
            );
        }
        for (a, b) in &row.before {
            let (done, next) = (find(&trace, *a, Verb::Undone), find(&trace, *b, Verb::Undo));
            if let (Some(done), Some(next)) = (done, next) {
                assert!(
                    trace.precedes(done, next),
                    "{} after {}: {}",
                    name(a),
                    name(b),
                    at()
                );
            }
        }
        let undone: Vec<StageId> = trace
            .undone
            .iter()
            .filter(|s| sure.contains(s))
            .copied()
            .collect();
        // No row undoes anything before, or together with, what depends on it.
        for (k, group) in promised.iter().enumerate() {
            for (a, b) in promised[k..]
                .iter()
                .flatten()
                .flat_map(|b| group.iter().map(move |a| (a, b)))
            {
                let (first, second) = (find(&trace, *b, Verb::Undone), find(&trace, *a, Verb::Undo));
                let (Some(first), Some(second)) = (first, second) else {
                    continue;
                };
                assert!(
                    a == b || !trace.precedes(first, second),
                    "{} before {}: {}",
                    name(a),
                    name(b),
                    at()
                );
            }
        }
        // Where all of it takes part, it is no stricter either.
        if row.order.iter().flatten().all(|s| took_part(&s)) {
            let mut found = levels(&trace, &undone);
            found.iter_mut().for_each(|g| g.sort());
            let found: Vec<_> = found.iter().map(|g| names(g)).collect();
            let promised: Vec<_> = promised.iter().map(|g| names(g)).collect();
            assert_eq!(found, promised, "{}", at());
        }
    }
    compared
}

fn plans_below(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(&root).expect("a folder").flatten();
    let mut plans: Vec<PathBuf> = entries
        .map(|e| e.path().join("plan.release"))
        .filter(|p| p.is_file())
        .collect();
    plans.sort();
    plans
}

#[test]
fn the_runbook_undoes_what_the_semantics_undoes_in_its_order() {
    let mut plans = examples();
    plans.extend(plans_below("tests/corpus/run"));
    plans.extend(plans_below("tests/corpus/real"));
    let (mut compared, mut read) = (0, 0);
    for path in plans {
        let text = std::fs::read_to_string(&path).expect("a plan");
        if let Ok(compiled) = compile(&path, &text) {
            compared += agrees(&path, &compiled);
            read += 1;
        }
    }
    assert!(read > 50 && compared > 250, "{compared} points of {read} plans");
}
