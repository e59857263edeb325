//! Several parts of a run come out otherwise at once, drawn: state machines and workflows still mean their plan.

mod shared;

use rayon::prelude::*;
use releasec::emit::stepfunctions;
use releasec::proof;
use shared::{beyond, context, has_no_workflow, plans, unknown, workflows};

/// How many combinations are drawn of each plan, for each target; `DRAWS` draws more, and `PLAN` takes those whose path has it.
const DRAWS: usize = 20;

/// The first goes by an answer that comes later, and the second asks for more than GitHub can hold: `check` and `build` refuse them as well.
const REFUSED: &[(&str, &str)] = &[
    ("dag/race/bad_answer.release", "is not done, and nothing failed"),
    ("target/limit/bad_option_calls.release", "which it does not know"),
];

#[test]
fn several_failures_at_once_mean_the_plan_too() {
    let draws = std::env::var("DRAWS").map_or(DRAWS, |n| n.parse().expect("a number"));
    let only = std::env::var("PLAN").ok();
    let all: Vec<_> = ["examples", "tests"].into_iter().flat_map(plans).collect();
    let looked: Vec<(usize, Vec<String>)> = all
        .into_par_iter()
        .filter(|(path, ..)| !beyond(path))
        .filter(|(path, ..)| {
            only.as_ref()
                .is_none_or(|o| path.display().to_string().contains(o))
        })
        .map(|(path, plan, sources)| {
            let (artifacts, _) = stepfunctions::emit(&plan, &context(&sources));
            let [machine] = artifacts.as_slice() else {
                panic!("one state machine");
            };
            let manifest = stepfunctions::manifest(&plan);
            let mut found = vec![proof::drawn_machine(&plan, &machine.content, &manifest, draws)];
            if !has_no_workflow(&plan) {
                let ([release, rollback], manifest) = workflows(&plan, &sources);
                found.push(proof::drawn_workflows(
                    &plan,
                    [&release, &rollback],
                    &manifest,
                    draws,
                ));
            }
            let mut seen = 0;
            let mut wrong = Vec::new();
            for found in found {
                match found {
                    Ok(agreement) => seen += agreement.combinations,
                    Err(d) => wrong.push(format!(
                        "{}: {}\n{}",
                        path.display(),
                        d.what,
                        d.lines().join("\n")
                    )),
                }
            }
            (seen, wrong)
        })
        .collect();
    let seen: usize = looked.iter().map(|(n, _)| n).sum();
    let wrong: Vec<String> = looked.into_iter().flat_map(|(_, w)| w).collect();
    let wrong = if only.is_none() {
        unknown(wrong, REFUSED)
    } else {
        wrong
    };
    println!("{seen} combinations");
    assert!(wrong.is_empty(), "{} plans\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(only.is_some() || seen > 5_000, "{seen} combinations");
}

/// The plan of a stage that had failed when the run paused.
const REMEMBERED: &str = "proved/remembered.release";

#[test]
fn a_workflow_that_forgets_over_a_pause_that_a_stage_had_failed_is_found_out() {
    let mut found = plans("tests").filter(|(path, ..)| path.ends_with(REMEMBERED));
    let (_, plan, sources) = found.next().expect("the plan");
    let ([release, rollback], manifest) = workflows(&plan, &sources);
    let forgets = release.replace(".v_failed-warm", ".v_failed-nothing");
    assert_ne!(release, forgets, "its conditions go by what was kept");
    for (text, well) in [(&release, true), (&forgets, false)] {
        let judged = proof::drawn_workflows(&plan, [text, &rollback], &manifest, 200);
        assert_eq!(judged.is_ok(), well, "{:?}", judged.map_err(|d| d.lines()));
    }
}
