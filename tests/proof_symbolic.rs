//! State machines over every outcome at once: a solver finds no outcome in which one does what its plan does not say, and finds one in
//! those that were changed.

#[path = "proof_mutation/operators.rs"]
mod operators;
mod shared;

use operators::mutants;
use rayon::prelude::*;
use releasec::emit::stepfunctions;
use releasec::proof;
use serde_json::Value;
use shared::{beyond, context, here, plan, plans};

#[test]
fn every_state_machine_means_its_plan_in_every_outcome() {
    let only = std::env::var("PLAN").ok();
    let all: Vec<_> = ["examples", "tests"].into_iter().flat_map(plans).collect();
    let asked = |path: &std::path::Path| {
        let path = path.display().to_string();
        only.as_ref().is_none_or(|o| path.contains(o))
    };
    let looked: Vec<Result<usize, String>> = all
        .into_par_iter()
        .filter(|(path, ..)| !beyond(path) && asked(path))
        .map(|(path, plan, sources)| {
            let (artifacts, _) = stepfunctions::emit(&plan, &context(&sources));
            let [machine] = artifacts.as_slice() else {
                panic!("one state machine");
            };
            let manifest = stepfunctions::manifest(&plan);
            let proved = proof::every_outcome_of_machine(&plan, &machine.content, &manifest);
            proved.map_err(|d| format!("{}: {}\n{}", path.display(), d.what, d.lines().join("\n")))
        })
        .collect();
    let seen = looked.len();
    let (proved, wrong): (Vec<_>, Vec<_>) = looked.into_iter().partition(Result::is_ok);
    let demands: usize = proved.into_iter().flatten().sum();
    let wrong: Vec<String> = wrong.into_iter().filter_map(Result::err).collect();
    println!("{seen} plans, {demands} demands");
    assert!(wrong.is_empty(), "{} plans\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(
        only.is_some() || seen > 500 && demands > 30_000,
        "{seen} plans, {demands} demands"
    );
}

/// The examples, their machines, and how many mutants there are to each that is looked at.
const EXAMPLES: [(&str, &str, usize); 3] = [
    (
        "examples/hello/hello.release",
        "examples/hello/dist/hello/stepfunctions/hello.asl.json",
        5,
    ),
    (
        "examples/database-migration/migration.release",
        "examples/database-migration/dist/orders/stepfunctions/orders.asl.json",
        23,
    ),
    (
        "examples/multi-region/regions.release",
        "examples/multi-region/dist/checkout/stepfunctions/checkout.asl.json",
        31,
    ),
];

/// How many of a hundred mutants a solver must see. What inputs, messages, locks that are busy, waiting and the record come to is
/// for the runs to show, which see all but one in a hundred ([`tests/proof_mutation`]); what lets nothing begin breaks no demand.
const FLOOR: usize = 45;

#[test]
fn a_changed_state_machine_is_found_out() {
    let (mut all, mut missed) = (0, Vec::new());
    for (source, artifact, each) in EXAMPLES {
        let (plan, _) = plan(&here(source));
        let manifest = stepfunctions::manifest(&plan);
        let machine = bytes(artifact);
        let judged: Vec<(String, bool)> = mutants(&machine)
            .into_par_iter()
            .enumerate()
            .filter(|(i, _)| i % each == 0)
            .map(|(_, mutant)| {
                let text = mutant.machine(&machine).to_string();
                let found = proof::every_outcome_of_machine(&plan, &text, &manifest).is_err();
                let what = [mutant.kind, &mutant.states.join(" and "), &mutant.how].join(": ");
                (what, found)
            })
            .collect();
        all += judged.len();
        let open = judged.into_iter().filter(|(_, found)| !found);
        missed.extend(open.map(|(what, _)| format!("{source}: {what}")));
    }
    let found = all - missed.len();
    println!("{found} of {all}");
    assert!(
        all > 150 && found * 100 >= all * FLOOR,
        "{found} of {all}; not seen:\n{}",
        missed.join("\n")
    );
}

fn bytes(artifact: &str) -> Value {
    let text = std::fs::read_to_string(here(artifact)).expect("the examples are built");
    serde_json::from_str(&text).expect("JSON")
}

/// The states of a machine whose names end so, with what is changed in each.
fn changed(machine: &Value, ends: &str, change: &dyn Fn(&mut Value)) -> Vec<(String, Value)> {
    fn walk(value: &Value, at: &str, ends: &str, out: &mut Vec<String>) {
        for (name, state) in value["States"].as_object().into_iter().flatten() {
            let here = format!("{at}/States/{}", name.replace('~', "~0").replace('/', "~1"));
            if name.ends_with(ends) {
                out.push(here.clone());
            }
            for (i, branch) in state["Branches"].as_array().into_iter().flatten().enumerate() {
                walk(branch, &format!("{here}/Branches/{i}"), ends, out);
            }
        }
    }
    let mut places = Vec::new();
    walk(machine, "", ends, &mut places);
    let mutant = |place: String| {
        let mut changed = machine.clone();
        change(changed.pointer_mut(&place).expect("the state"));
        (place, changed)
    };
    places.into_iter().map(mutant).collect()
}

/// What lets one person ship, or goes on where something failed: each of these must be seen, wherever it stands.
#[test]
fn what_lets_a_run_past_its_guards_is_found_out_everywhere() {
    let rejected_is_granted = |s: &mut Value| {
        let yes = s["Choices"][0]["Next"].clone();
        s["Choices"][1]["Next"] = yes;
    };
    let silence_grants = |s: &mut Value| {
        let yes = s["Choices"][0]["Next"].clone();
        s["Default"] = yes;
    };
    let fewer = |s: &mut Value| {
        let text = s["Choices"][0]["Condition"].to_string();
        let fewer = [(">= 1", ">= 0"), (">= 2", ">= 1")];
        let (_, text) = fewer
            .iter()
            .map(|(from, to)| (text.contains(from), text.replace(from, to)))
            .find(|(found, _)| *found)
            .expect("a number of people");
        s["Choices"][0]["Condition"] = serde_json::from_str(&text).expect("a text");
    };
    let goes_on = |s: &mut Value| {
        let on = s["Choices"][0]["Next"].clone();
        s["Default"] = on;
    };
    type Change<'c> = (&'c str, &'c dyn Fn(&mut Value));
    let changes: [Change<'_>; 4] = [
        (": answered?", &rejected_is_granted),
        (": answered?", &silence_grants),
        (": known who?", &fewer),
        (": all well?", &goes_on),
    ];
    let mut missed = Vec::new();
    for (i, (ends, change)) in changes.into_iter().enumerate() {
        let mut seen = 0;
        for (source, artifact, _) in EXAMPLES.into_iter().chain([(
            "examples/bioage/bioage.release",
            "examples/bioage/dist/bioage/stepfunctions/bioage.asl.json",
            1,
        )]) {
            let (plan, _) = plan(&here(source));
            let manifest = stepfunctions::manifest(&plan);
            for (place, mutant) in changed(&bytes(artifact), ends, change) {
                // Of the owner's word and of answers to a decision, no approval hangs on it.
                let approval = |a: &str| place.contains(&format!("/{a}{ends}"));
                let of_approval = ["go", "contract", "change_board", "security_review"]
                    .into_iter()
                    .any(approval);
                if ends != ": all well?" && !of_approval {
                    continue;
                }
                seen += 1;
                if proof::every_outcome_of_machine(&plan, &mutant.to_string(), &manifest).is_ok() {
                    missed.push(format!("{source}: change {i} of `{place}`"));
                }
            }
        }
        assert!(seen > 0, "nothing to change in `{ends}`");
        println!("{ends}: {seen}");
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// A plan with a stage whose time can be over before its gate is judged, after which its owner is asked.
const TIMED: &str = "proved/lapse.release";

#[test]
fn a_stage_whose_time_was_over_is_not_gone_past_when_its_owner_says_retry() {
    let mut found = plans("tests").filter(|(path, ..)| path.ends_with(TIMED));
    let (_, plan, sources) = found.next().expect("the plan");
    let (artifacts, _) = stepfunctions::emit(&plan, &context(&sources));
    let machine: Value = serde_json::from_str(&artifacts[0].content).expect("JSON");
    let manifest = stepfunctions::manifest(&plan);
    let after = machine["States"]["shift: done"]["Next"].clone();
    let past = |s: &mut Value| {
        for rule in s["Choices"].as_array_mut().expect("rules") {
            rule["Next"] = after.clone();
        }
    };
    let mutants = changed(&machine, "shift: from where?", &past);
    assert_eq!(mutants.len(), 1);
    for (place, mutant) in mutants {
        let found = proof::every_outcome_of_machine(&plan, &mutant.to_string(), &manifest);
        let what = found.expect_err(&place).what;
        assert!(what.contains("stage `shift`"), "{what}");
    }
}
