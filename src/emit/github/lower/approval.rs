//! Approvals and declared ways around as jobs that wait on reviewer environments.
//!
//! GitHub lets any one reviewer pass an environment. So each seat of a quorum asks once more on the same environment, and a step
//! then reads the run's reviews and counts distinct, permitted people. Called by `lower` and `rollback`.

use crate::emit::environments::Purpose;
use crate::emit::github::lower::conds::{expr, is_static};
use crate::emit::github::lower::consent::when;
use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::job::{JobBuilder, job_name, json_list, moments, token};
use crate::emit::github::lower::values::Vars;
use crate::emit::github::lower::{names, order, seats};
use crate::emit::github::model::{Expr, Job};
use crate::emit::github::script::Fixed;
use crate::emit::parts::{At, Deed, Purpose as Meant};
use crate::emit::people::Reviewers;
use crate::model::{Approval, ApprovalId, Quorum, RoleOrPerson, Seat};
use crate::plan::Node;

/// How many distinct people an approval needs.
pub fn quorum(ctx: &Ctx<'_>, approval: &Approval) -> u32 {
    match approval.quorum {
        Quorum::Count(n) => n.max(1),
        Quorum::All => {
            let who: Vec<RoleOrPerson> = approval.from.iter().map(|(w, _)| *w).collect();
            let pool = Reviewers::of(ctx.release, &who);
            u32::try_from(pool.permitted.len()).unwrap_or(u32::MAX).max(1)
        }
    }
}

/// The jobs of an approval: one per seat, the last with its own name.
pub fn approval(ctx: &Ctx<'_>, id: ApprovalId) -> Vec<Job> {
    let approval = ctx.release.approval(id);
    let job = names::approval(ctx.release, id);
    let mut jobs = Vec::new();
    let mut first_needs = std::collections::BTreeSet::new();
    let mut first = order::begun(&mut first_needs);
    first_needs.insert("preview".to_string());
    first.extend(order::waited(ctx, Node::Approval(id), &mut first_needs));
    for o in ctx
        .release
        .overrides
        .iter()
        .filter(|o| o.approvals.iter().any(|(a, _)| *a == id))
    {
        first.push(Expr::Input("override".into()).differs(&o.name));
    }
    if is_static(ctx.release, &approval.when) {
        first.push(expr(ctx, &approval.when, &mut first_needs));
    } else {
        jobs.push(when(ctx, &job, &approval.when, &first, &first_needs));
        let asks = names::with(&job, "when");
        first.push(Expr::Output(asks.clone(), "applicable".into()).is("true"));
        first_needs.insert(asks);
    }
    if ctx.resumable() {
        first.push(ctx.done(&job).negate());
    }
    let mut asked_needs = std::collections::BTreeSet::new();
    let asked = order::since(ctx, Node::Approval(id), &mut asked_needs);
    let count = quorum(ctx, approval);
    for seat in 1..=count {
        let last = seat == count;
        let my = if last {
            job.clone()
        } else {
            names::numbered(&job, seat as usize)
        };
        let title = if count == 1 {
            job_name("Approval", &approval.name)
        } else {
            format!("{} ({seat} of {count})", job_name("Approval", &approval.name))
        };
        let mut b = JobBuilder::new(ctx, my, title);
        b.from(&approval.origin);
        b.needs.extend(asked_needs.iter().cloned());
        let cond = if seat == 1 {
            b.needs.extend(first_needs.iter().cloned());
            Expr::all(first.clone())
        } else {
            let before = names::numbered(&job, seat as usize - 1);
            b.need("preflight");
            b.need(before.clone());
            Expr::all([
                Expr::not_cancelled(),
                Expr::succeeded("preflight"),
                Expr::succeeded(&before),
            ])
        };
        let mut vars = b.vars("V");
        token(&mut vars);
        vars.parts = vec![Meant::new(At::Run, &approval.name, Deed::Grant(id))];
        b.permit("actions", false, "to read who approved");
        vars.text("ENVIRONMENT", ctx.environment(&Purpose::Approve(id)));
        vars.text("SEATS", seat.to_string());
        people(
            ctx,
            &mut vars,
            &approval.from.iter().map(|(w, _)| *w).collect::<Vec<_>>(),
        );
        seats::apart(ctx, &mut vars, id);
        seats::rules(ctx, &mut vars, &|s| {
            *s == Seat::Approval(id) || *s == Seat::Approvers
        });
        vars.set("ASKED", moments(&asked));
        vars.text(
            "WITHIN",
            approval
                .within
                .map_or(String::new(), |w| w.as_seconds().to_string()),
        );
        vars.text("NAME", if last { job.clone() } else { String::new() });
        for output in ["approvers", "granted", "state"] {
            b.leave(output, Expr::StepOutput("approval".into(), output.into()));
        }
        let step = format!("Who approved: {}", names::title(ctx.release, &approval.title));
        b.fixed(Some("approval"), &step, None, vars, Fixed::Approval);
        jobs.push(b.finish(cond, Some(ctx.environment(&Purpose::Approve(id))), None, ""));
    }
    jobs
}

/// Who may, as a variable: `null` where a team's members are not listed, so that every reviewer counts.
pub fn people(ctx: &Ctx<'_>, vars: &mut Vars<'_, '_>, who: &[RoleOrPerson]) {
    let pool = Reviewers::of(ctx.release, who);
    let permitted = if pool.open {
        "null".to_string()
    } else {
        json_list(pool.permitted)
    };
    vars.text("PERMITTED", permitted);
}

/// The jobs of a declared way around: its seats, when it was asked for at the start.
pub fn way_around(ctx: &Ctx<'_>, index: usize) -> Vec<Job> {
    let o = &ctx.release.overrides[index];
    let job = names::overridden(ctx.release, index);
    let count = o.quorum.max(1);
    (1..=count)
        .map(|seat| {
            let my = if seat == count {
                job.clone()
            } else {
                names::numbered(&job, seat as usize)
            };
            let mut b = JobBuilder::new(
                ctx,
                my,
                format!("{} ({seat} of {count})", job_name("Approval", &o.name)),
            );
            b.from(&o.origin);
            b.need("preview");
            let mut list = order::begun(&mut b.needs);
            list.push(Expr::Input("override".into()).is(&o.name));
            if seat > 1 {
                let before = names::numbered(&job, seat as usize - 1);
                list.push(Expr::succeeded(&before));
                b.need(before);
            }
            let mut vars = b.vars("V");
            token(&mut vars);
            vars.parts = vec![Meant::new(At::Run, &o.name, Deed::Override(index))];
            b.permit("actions", false, "to read who approved");
            vars.text("ENVIRONMENT", ctx.environment(&Purpose::Override(index)));
            vars.text("SEATS", seat.to_string());
            people(ctx, &mut vars, &o.by.iter().map(|(w, _)| *w).collect::<Vec<_>>());
            seats::apart_of_way_around(ctx, &mut vars);
            seats::rules(ctx, &mut vars, &|_| false);
            vars.set(
                "ASKED",
                moments(&[Expr::Output("preflight".into(), "now".into())]),
            );
            vars.text("WITHIN", "");
            vars.text("NAME", if seat == count { job.clone() } else { String::new() });
            for output in ["approvers", "granted", "state"] {
                b.leave(output, Expr::StepOutput("approval".into(), output.into()));
            }
            b.fixed(
                Some("approval"),
                "Who approved the way around",
                None,
                vars,
                Fixed::Approval,
            );
            b.finish(
                Expr::all(list),
                Some(ctx.environment(&Purpose::Override(index))),
                None,
                "",
            )
        })
        .collect()
}
