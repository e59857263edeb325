//! Every state machine and workflow that is emitted here means its plan, and what is changed in one does not.

mod shared;

use releasec::emit::stepfunctions;
use releasec::plan::Plan;
use releasec::proof;
use releasec::source::SourceMap;
use shared::{beyond, context, has_no_workflow, plans, unknown, workflows};

/// The state machine of a plan.
fn machine(plan: &Plan, sources: &SourceMap) -> String {
    let (artifacts, _) = stepfunctions::emit(plan, &context(sources));
    let [artifact] = artifacts.as_slice() else {
        panic!("one state machine");
    };
    artifact.content.clone()
}

/// State machines that their own proof refuses. In the first, only the author may let a declared way around pass, and the second goes by an
/// answer that comes later: `check` refuses both as well.
const REFUSED_MACHINES: &[(&str, &str)] = &[
    ("sod/unsatisfiable/bad_override.release", "nobody is asked"),
    ("dag/race/bad_answer.release", "is not done, and nothing failed"),
];

#[test]
fn every_pair_of_workflows_means_its_plan() {
    let (mut wrong, mut seen, mut runs) = (Vec::new(), 0, 0);
    for (path, plan, sources) in ["examples", "tests"].into_iter().flat_map(plans) {
        if beyond(&path) || has_no_workflow(&plan) {
            continue;
        }
        let ([release, rollback], manifest) = workflows(&plan, &sources);
        match proof::workflows(&plan, [&release, &rollback], &manifest) {
            Ok(proved) => {
                seen += 1;
                runs += proved.runs;
            }
            Err(d) => wrong.push(format!(
                "{}: {}\n{}",
                path.display(),
                d.what,
                d.lines().join("\n")
            )),
        }
    }
    println!("{seen} plans, {runs} runs");
    assert!(wrong.is_empty(), "{} plans\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen > 100 && runs > 5_000, "{seen} plans, {runs} runs");
}

#[test]
fn every_state_machine_means_its_plan() {
    let (mut wrong, mut seen, mut runs) = (Vec::new(), 0, 0);
    for (path, plan, sources) in ["examples", "tests"].into_iter().flat_map(plans) {
        if beyond(&path) {
            continue;
        }
        let manifest = stepfunctions::manifest(&plan);
        match proof::state_machine(&plan, &machine(&plan, &sources), &manifest) {
            Ok(proved) => {
                seen += 1;
                runs += proved.runs;
            }
            Err(d) => wrong.push(format!(
                "{}: {}\n{}",
                path.display(),
                d.what,
                d.lines().join("\n")
            )),
        }
    }
    let wrong = unknown(wrong, REFUSED_MACHINES);
    println!("{seen} plans, {runs} runs");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 100 && runs > 5_000, "{seen} plans, {runs} runs");
}
