//! `approval/before_evidence`: an approval is asked for before what it lets through has been made.
//!
//! Only what the run itself makes: a digest that is known at the start is that of something that exists. A stage of production
//! that names no approval is let through by those that guard it from further up: at least one of them must have seen what is
//! shipped.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{ApprovalId, ArtifactId, Origin, StageId, Sym, Text};
use crate::plan::{Node, Plan};
use std::collections::HashMap;

/// The diagnostic.
pub const CODE: Code = Code("approval/before_evidence");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let mut builders: HashMap<ArtifactId, (StageId, &Origin)> = HashMap::new();
    for (i, stage) in r.stages.iter().enumerate() {
        for (artifact, origin) in &stage.builds {
            builders.entry(*artifact).or_insert((StageId::at(i), origin));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    for (i, stage) in r.stages.iter().enumerate() {
        for (artifact, shipped) in &stage.ships {
            let Some((builder, built)) = builders.get(artifact).copied() else {
                continue;
            };
            // A digest that is known when the run starts is that of something that exists.
            let exists = |t: &Text| !t.syms().any(|s| matches!(s, Sym::Capture(_)));
            if r.artifact(*artifact).digest.as_ref().is_some_and(exists) {
                continue;
            }
            let further_up = if stage.approved.is_empty() {
                unseen_further_up(plan, StageId::at(i), builder)
            } else {
                None
            };
            if let Some(a) = further_up
                && seen.insert((a, *artifact))
            {
                let (approval, what) = (r.approval(a), &r.artifact(*artifact).name);
                let d = Diagnostic::warning(
                    CODE,
                    approval.origin.span,
                    format!(
                        "`{}` is asked for before `{what}` is built, and nobody approves what `{}` ships",
                        approval.name, stage.name
                    ),
                )
                .here("there is nothing to look at yet");
                let d = place::fact(d, built, format!("`{}` builds it", r.stage(builder).name));
                let d = place::fact(d, shipped, format!("`{}` ships it", stage.name));
                bag.push(d.help(format!(
                    "ask for another approval, `after {}`, and write it in `{}`: `approved NAME`",
                    r.stage(builder).name,
                    stage.name
                )));
            }
            for (a, origin) in &stage.approved {
                let (node, made) = (Node::Approval(*a), Node::Stage(builder));
                let v = plan.variants();
                let together = v.possible(v.and(v.applies(node), v.applies(made)));
                if plan.precedes(made, node) || !together || !seen.insert((*a, *artifact)) {
                    continue;
                }
                let (approval, what) = (r.approval(*a), &r.artifact(*artifact).name);
                let maker = &r.stage(builder).name;
                let d = Diagnostic::warning(
                    CODE,
                    approval.origin.span,
                    format!("`{}` is asked for before `{what}` is built", approval.name),
                )
                .here("there is nothing to look at yet");
                let d = place::fact(d, built, format!("`{maker}` builds it"));
                let d = place::fact(d, shipped, format!("`{}` ships it", stage.name));
                let d = place::fact(d, origin, "after this approval");
                let help = if *maker == stage.name {
                    format!(
                        "build `{what}` in a stage before, and write `after` that stage in `{}`",
                        approval.name
                    )
                } else {
                    format!("write `after {maker}` in `{}`", approval.name)
                };
                bag.push(d.help(help));
            }
        }
    }
}

/// An approval that guards a stage of production, where all that do are asked for before the builder has ended.
fn unseen_further_up(plan: &Plan, stage: StageId, builder: StageId) -> Option<ApprovalId> {
    let r = plan.release();
    if !r.is_production(r.stage(stage).environment)
        || !plan.precedes(Node::Stage(builder), Node::Stage(stage))
    {
        return None;
    }
    let guards = plan.guards(stage);
    let unseen = |a: ApprovalId| !plan.precedes(Node::Stage(builder), Node::Approval(a));
    guards
        .iter()
        .all(|g| unseen(g.approval))
        .then(|| guards.last().map(|g| g.approval))
        .flatten()
}
