//! Nothing a plan says is missing from its documents: each fact of every example is looked for in the runbook.

use crate::support::{example, examples, plain};
use releasec::model::{GateTest, Release, StepKind};
use std::path::Path;

/// What must stand in a runbook, word for word.
fn facts(r: &Release) -> Vec<String> {
    let mut facts: Vec<String> = Vec::new();
    let mut commands = |run: &releasec::model::Command| {
        facts.extend(
            run.paste
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
        E::Compare { shown, .. } => facts.push(crate::support::bound(shown)),
        E::Const(_) => {}
    }
}

#[test]
fn every_fact_of_a_plan_stands_in_its_runbook() {
    let mut missing = Vec::new();
    let mut looked_at = 0;
    for path in examples() {
        let Some(compiled) = example(&path) else {
            continue;
        };
        looked_at += 1;
        let runbook = compiled.document("runbook.md");
        let runbook = format!("{runbook}\n{}", plain(runbook));
        for fact in facts(compiled.plan.release()) {
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
    let first = example(&path).expect("the example compiles");
    let second = example(&path).expect("the example compiles");
    assert!(first.documents == second.documents, "two builds differ");
}

/// A lead in working days stands on the timeline on the day the calendar counts back to; without a known start it keeps its words.
#[test]
fn a_lead_in_working_days_has_its_day_on_the_timeline() {
    let text = |start: &str| {
        format!(
            "person ana {{ name \"Ana Ruiz\" }}\nrole operations {{ title \"Operations\"; at_least 3 }}\n\
             environment staging {{ kind staging }}\n\
             calendar office {{ zone \"Europe/Paris\"; working mon .. fri; holiday 2026-05-25 }}\n\
             release shop {{ title \"Shop\"; version \"2\"; author ana; owner operations; in staging; calendar office\n\
             {start}stage web {{ run \"./web.sh\" {{ changes nothing }} }}\n\
             notify operations {{ on scheduled; lead 5wd }}\n}}\n"
        )
    };
    let rows = |start: &str| {
        let c = crate::support::plan(&text(start));
        crate::support::table(c.document("runbook.md"), "Timeline")
    };
    let known = rows("start 2026-06-01T08:00Z\n");
    // Five working days before Monday 1 June, over a weekend and a holiday.
    assert!(known[1].iter().any(|c| c.contains("Fri 22 May")), "{known:#?}");
    let open = rows("");
    assert!(open[1].contains(&"T-5 working days".to_string()), "{open:#?}");
}

/// Whoever follows the runbook sees beforehand which tools and which secrets the work calls for, and where.
#[test]
fn tools_and_secrets_are_listed_before_the_deployment() {
    let c = crate::support::plan(
        r#"
person ana { name "Ana Ruiz" }
role operations { title "Operations"; at_least 3 }
environment staging { kind staging }
channel room { title "the room"; run "./say.sh ${message}"; secret "ROOM_TOKEN" }
metric lag { unit duration; run "./lag.sh"; needs "jq >= 1.6"; secret "LAG_TOKEN" }
gate quick { pass lag < 2s }
action back() { title "Back"; run "./back.sh"; changes "app:shop"; needs "aws >= 2.15" }
release shop {
  title "Shop"; version "2"; author ana; owner operations; in staging
  stage a { run "./a.sh" { changes "app:shop"; needs "aws >= 2.15", "jq >= 1.6"; secret "KEY"; undo back } }
  stage b { after a; verify quick }
  finally { tell room, "It is over" }
}
"#,
    );
    let runbook = c.document("runbook.md");
    let rows = |heading: &str| crate::support::table(runbook, heading)[1..].to_vec();
    assert_eq!(
        rows("Tools that must be there"),
        [
            ["☐", "`aws >= 2.15`", "a and the way back from a"],
            ["☐", "`jq >= 1.6`", "a and b"]
        ]
    );
    assert_eq!(
        rows("Secrets that must be there"),
        [
            ["☐", "`KEY`", "a"],
            ["☐", "`LAG_TOKEN`", "b"],
            ["☐", "`ROOM_TOKEN`", "at the end of every run"]
        ]
    );
}
