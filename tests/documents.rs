//! Nothing a plan says is missing from its documents: each fact of every example is looked for in the runbook.

use releasec::driver::read::{Overlay, Project};
use releasec::emit::{Context, TARGETS};
use releasec::model::{GateTest, Release, StepKind};
use releasec::plan::Plan;
use releasec::source::SourceMap;
use std::path::{Path, PathBuf};

fn examples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut plans = Vec::new();
    for folder in std::fs::read_dir(root).expect("examples").flatten() {
        let Ok(entries) = std::fs::read_dir(folder.path()) else {
            continue;
        };
        for entry in entries.flatten() {
            let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
            if entry.path().extension().is_some_and(|e| e == "release") && text.contains("\nrelease ") {
                plans.push(entry.path());
            }
        }
    }
    plans.sort();
    plans
}

/// What must stand in a runbook, word for word.
fn facts(r: &Release) -> Vec<String> {
    let mut facts: Vec<String> = Vec::new();
    let mut commands = |run: &releasec::model::Command| {
        facts.extend(
            run.display
                .lines()
                .map(str::trim)
                .filter(|l| !l.is_empty())
                .map(str::to_string),
        );
    };
    for stage in &r.stages {
        for step in stage.forward_steps() {
            if let Some(act) = step.act() {
                act.run.iter().for_each(&mut commands);
                if let releasec::model::Undo::By { act, .. } = &act.undo
                    && matches!(stage.rollback, releasec::model::Rollback::Derived)
                {
                    act.run.iter().for_each(&mut commands);
                }
            }
        }
        if let releasec::model::Rollback::Written(w) = &stage.rollback {
            w.steps
                .iter()
                .filter_map(|s| s.act())
                .flat_map(|a| &a.run)
                .for_each(&mut commands);
        }
    }
    for hold in &r.holds {
        hold.enter
            .iter()
            .chain(&hold.exit)
            .filter_map(|s| s.act())
            .flat_map(|a| &a.run)
            .for_each(&mut commands);
    }
    facts.extend(r.stages.iter().map(|s| s.name.to_string()));
    facts.extend(
        r.stages
            .iter()
            .filter_map(|s| r.role(s.owner).title.known().map(str::to_string)),
    );
    facts.extend(
        r.people
            .iter()
            .filter_map(|p| p.full_name.known().map(str::to_string)),
    );
    facts.extend(
        r.obligations
            .iter()
            .filter_map(|o| o.what.known().map(str::to_string)),
    );
    for gate in &r.gates {
        if let GateTest::Metrics(expr) = &gate.test {
            thresholds(expr, &mut facts);
        }
    }
    for stage in &r.stages {
        for step in stage.forward_steps() {
            if let StepKind::VerifyGate(g) = &step.kind {
                facts.extend(r.gate(*g).title.known().map(str::to_string));
            }
        }
    }
    facts.extend(
        r.checklists
            .iter()
            .flat_map(|c| &c.items)
            .filter_map(|i| i.what.known().map(str::to_string)),
    );
    facts
}

fn thresholds(expr: &releasec::model::MetricExpr, facts: &mut Vec<String>) {
    use releasec::model::MetricExpr as E;
    match expr {
        E::And(l) | E::Or(l) => l.iter().for_each(|e| thresholds(e, facts)),
        E::Not(e) => thresholds(e, facts),
        E::Compare { shown, .. } => facts.push(shown.clone()),
        E::Const(_) => {}
    }
}

/// A document without its escapes, so that facts can be looked for as the plan says them.
fn plain(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    let mut chars = document.chars().peekable();
    while let Some(c) = chars.next() {
        let escapes = c == '\\' && chars.peek().is_some_and(|n| "\\`*_[]<>|~&$:.#+-=)".contains(*n));
        if escapes {
            out.extend(chars.next());
        } else {
            out.push(c);
        }
    }
    out
}

/// A plan and its documents; nothing for a plan that does not compile.
fn compiled(path: &Path) -> Option<(Plan, Vec<(String, String)>)> {
    let overlay = Overlay::new();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Project::of(path, here, &overlay);
    let mut sources = SourceMap::new();
    let file = sources.add(
        project.shown(path),
        std::fs::read_to_string(path).expect("the plan"),
    );
    let (program, bag) = releasec::resolve::load(&mut sources, &project, file);
    let lowered = releasec::eval::lower(&program, &sources, &[]);
    let release = lowered.release.filter(|_| !bag.has_errors())?;
    let plan = Plan::new(release).ok()?;
    let context = Context {
        sources: &sources,
        digest: "0",
        version: "0",
        source: "plan.release",
        findings: &[],
    };
    let target = TARGETS
        .iter()
        .find(|t| t.name == "runbook")
        .expect("the documents are a target");
    let (artifacts, _) = (target.emit)(&plan, &context);
    Some((plan, artifacts.into_iter().map(|a| (a.path, a.content)).collect()))
}

#[test]
fn every_fact_of_a_plan_stands_in_its_runbook() {
    let mut missing = Vec::new();
    let mut looked_at = 0;
    for path in examples() {
        let Some((plan, documents)) = compiled(&path) else {
            continue;
        };
        looked_at += 1;
        let (_, runbook) = documents
            .iter()
            .find(|(p, _)| p == "runbook.md")
            .expect("a runbook is among the documents");
        let runbook = format!("{runbook}\n{}", plain(runbook));
        for fact in facts(plan.release()) {
            if !runbook.contains(&fact) {
                missing.push(format!("{}: {fact}", path.display()));
            }
        }
    }
    assert!(looked_at >= 4, "the examples compile");
    assert!(
        missing.is_empty(),
        "missing from a runbook:\n{}",
        missing.join("\n")
    );
}

#[test]
fn documents_are_the_same_every_time() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hello/hello.release");
    let (_, first) = compiled(&path).expect("the example compiles");
    let (_, second) = compiled(&path).expect("the example compiles");
    assert!(first == second, "two builds differ");
}
