//! The conditions of the emitted workflows, changed one by one: a solver finds the outcome in which each does what the plan does not say.

mod shared;

use releasec::proof;
use shared::{beyond, has_no_workflow, here, plan, plans, workflows};

#[test]
fn every_pair_of_workflows_means_its_plan_in_every_outcome() {
    let (mut wrong, mut seen, mut demands) = (Vec::new(), 0, 0);
    for (path, plan, sources) in ["examples", "tests"].into_iter().flat_map(plans) {
        if beyond(&path) || has_no_workflow(&plan) {
            continue;
        }
        let ([release, rollback], manifest) = workflows(&plan, &sources);
        match proof::every_outcome(&plan, [&release, &rollback], &manifest) {
            Ok(n) => (seen, demands) = (seen + 1, demands + n),
            Err(d) => wrong.push(format!(
                "{}: {}\n{}",
                path.display(),
                d.what,
                d.lines().join("\n")
            )),
        }
    }
    println!("{seen} plans, {demands} demands");
    assert!(wrong.is_empty(), "{} plans\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen > 300 && demands > 10_000, "{seen} plans, {demands} demands");
}

/// The operands of the outermost `&&` of a condition, by their places.
fn operands(cond: &str) -> Vec<(usize, usize)> {
    let (mut depth, mut from, mut list, mut quoted) = (0, 0, Vec::new(), false);
    let bytes = cond.as_bytes();
    for i in 0..bytes.len() {
        match bytes[i] {
            b'\'' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth -= 1,
            b'&' if !quoted && depth == 0 && bytes.get(i + 1) == Some(&b'&') => {
                list.push((from, i.saturating_sub(1)));
                from = (i + 3).min(bytes.len());
            }
            _ => {}
        }
    }
    list.push((from, cond.len()));
    list
}

/// Every condition of a job with one of its operands left out, or turned round.
fn mutants(text: &str) -> Vec<(String, String)> {
    let mut list = Vec::new();
    let mut job = "";
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some(id) = line.strip_prefix("  ").filter(|l| !l.starts_with([' ', '#'])) {
            job = id.trim_end().trim_end_matches(':');
        }
        if let Some((indent, cond)) = line.split_once("if: ${{ ").filter(|(i, _)| *i == "    ") {
            let cond = cond.trim_end().trim_end_matches("}}").trim_end();
            let start = at + indent.len() + "if: ${{ ".len();
            let parts = operands(cond);
            for (from, to) in &parts {
                let own = &cond[*from..*to];
                let mut put = |by: &str, what: &str| {
                    let changed = [&text[..start + from], by, &text[start + to..]].concat();
                    list.push((format!("{job}: {own} {what}"), changed));
                };
                if parts.len() > 1 {
                    put("true", "left out");
                }
                put(&["!(", own, ")"].concat(), "turned round");
            }
        }
        at += line.len();
    }
    list
}

/// What may be left out or turned round without a run that the plan does not allow, and why.
const NOT_FOUND: [(&str, &str); 15] = [
    (
        "stage-shift: needs.preflight.result == 'success' left out",
        "the approval before it is not asked for otherwise",
    ),
    (
        "decide-go_on-again: ",
        "without an answer, the first question was asked for all these reasons, and the second comes after it",
    ),
    (
        "stage-ap_shift: (needs.stage-eu_shift.",
        "the decision it also waits for comes after the same stage",
    ),
    (
        "stage-together: (needs.stage-",
        "the stage before it waits for the same ones",
    ),
    (
        "stage-together-2: needs.preflight.result == 'success' left out",
        "the part of the stage before it, which it also waits for, comes after the same preflight",
    ),
    (
        "stage-together: needs.preflight.result == 'success' left out",
        "so does its last part",
    ),
    (
        "migration.release preview: needs.preflight.result == 'success' turned round",
        "nothing is shown then, and what shows something holds nobody up: that people are asked after it is demanded elsewhere",
    ),
    (
        "migration.release approve-go: needs.preflight.result == 'success' left out",
        "the look at the alarms, which it also waits for, comes after the same preflight",
    ),
    (
        "migration.release approve-contract: needs.preflight.result == 'success' left out",
        "so it does here",
    ),
    (
        "migration.release stage-copy: needs.preflight.result == 'success' left out",
        "so it does here",
    ),
    (
        "migration.release stage-expand: needs.preflight.result == 'success' left out",
        "so it does here",
    ),
    (
        "migration.release stage-service: needs.preflight.result == 'success' left out",
        "so it does here",
    ),
    (
        "migration.release stage-contract: needs.preflight.result == 'success' left out",
        "so it does here",
    ),
    (
        "watch-error_storm: ",
        "when a trigger is watched is a matter of time: the runs that are executed show it",
    ),
    (
        "-failed: needs.undo-",
        "that the owner of an undo is called is a message: the runs that are looked at one by one show it",
    ),
];

#[test]
fn a_changed_condition_is_found_out() {
    let (mut all, mut missed) = (0, Vec::new());
    for name in [
        "examples/hello/hello.release",
        "examples/database-migration/migration.release",
        "examples/multi-region/regions.release",
    ] {
        let (plan, sources) = plan(&here(name));
        let (texts, manifest) = workflows(&plan, &sources);
        let (release, rollback) = (texts[0].as_str(), texts[1].as_str());
        let demands = proof::every_outcome(&plan, [release, rollback], &manifest);
        println!(
            "{name}: {} demands",
            demands.expect("the workflows mean the plan")
        );
        for (flow, text) in [release, rollback].into_iter().enumerate() {
            for (what, changed) in mutants(text) {
                all += 1;
                let texts = if flow == 0 {
                    [changed.as_str(), rollback]
                } else {
                    [release, changed.as_str()]
                };
                if proof::every_outcome(&plan, texts, &manifest).is_ok() {
                    missed.push(format!("{name} {what}"));
                }
            }
        }
    }
    println!("{all} changed conditions, {} not found out", missed.len());
    let explained = |m: &String| NOT_FOUND.iter().any(|(what, _)| m.contains(what));
    let (known, unknown): (Vec<_>, Vec<_>) = missed.into_iter().partition(explained);
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    assert!(all > 300 && known.len() < 30, "{all}, {}", known.len());
}
