//! `approval/unbound`: what was approved is not tied to a digest, so that something else can ship.

use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Approval, ApprovalId, CaptureSource, StageId, Sym, Text};
use crate::plan::{Node, Plan};

/// The diagnostic.
pub const CODE: Code = Code("approval/unbound");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let mut seen = std::collections::BTreeSet::new();
    for (i, stage) in r.stages.iter().enumerate() {
        let id = StageId::at(i);
        for (artifact, origin) in &stage.ships {
            let what = r.artifact(*artifact);
            for guard in plan.guards(id) {
                let approval = r.approval(guard.approval);
                let late = match &what.digest {
                    None => None,
                    Some(digest) => match late_capture(plan, digest, guard.approval) {
                        None => continue,
                        Some(stage) => Some(stage),
                    },
                };
                if !seen.insert(*artifact) {
                    break;
                }
                bag.push(report(
                    plan,
                    approval,
                    late,
                    &what.name,
                    what.origin.span,
                    origin,
                    &stage.name,
                ));
                break;
            }
        }
    }
}

/// A stage that captures the digest, and has not surely ended when the approval is asked.
fn late_capture(plan: &Plan, digest: &Text, approval: ApprovalId) -> Option<StageId> {
    let r = plan.release();
    digest.syms().find_map(|s| match s {
        Sym::Capture(c) if c.index() < r.captures.len() => match r.capture(*c).source {
            CaptureSource::Stage(s) if !plan.precedes(Node::Stage(s), Node::Approval(approval)) => Some(s),
            _ => None,
        },
        _ => None,
    })
}

fn report(
    plan: &Plan,
    approval: &Approval,
    late: Option<StageId>,
    artifact: &str,
    written: crate::source::Span,
    shipped: &crate::model::Origin,
    stage: &str,
) -> Diagnostic {
    let name = &approval.name;
    let d = Diagnostic::warning(
        CODE,
        shipped.span,
        format!("`{name}` approves no particular `{artifact}`: another one can ship"),
    )
    .here(format!("`{stage}` ships what is there by then"));
    let d = match late {
        None => d.fact(written, format!("`{artifact}` has no `digest`")),
        Some(s) => d.fact(written, "its digest is captured in the run").fact(
            plan.release().stage(s).origin.span,
            format!("captured here, and `{name}` is asked before"),
        ),
    };
    let d = d.fact(approval.origin.span, format!("`{name}` is asked for it"));
    match late {
        None => d.help("write its `digest`: a value, or a parameter that the run is started with"),
        Some(s) => d.help(format!(
            "ask after the digest is known: `after {}` in `{name}`",
            plan.release().stage(s).name
        )),
    }
}
