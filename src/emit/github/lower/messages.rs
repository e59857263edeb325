//! Messages at the moments of a run: they never fail or delay anything.
//!
//! Called by everything that makes a job.

use crate::emit::github::lower::conds::{expr, is_static};
use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::job::{JobBuilder, json_list, token};
use crate::emit::github::lower::{names, order};
use crate::emit::github::model::{Expr, Status};
use crate::emit::github::script::{Fixed, Script};
use crate::emit::parts::{At, Deed, Purpose as Meant};
use crate::emit::people::Reviewers;
use crate::model::{Cond, Moment, MomentKind, NotifyTarget, RoleId, RoleOrPerson, StageId, Text};
use crate::plan::Node;
use std::collections::BTreeSet;

/// Adds the steps that tell people of a moment.
pub fn at(b: &mut JobBuilder<'_, '_>, kind: MomentKind, stage: Option<StageId>, cond: Option<Expr>) {
    let ctx = b.ctx;
    for (i, notify) in ctx.release.notifies.iter().enumerate() {
        if !notify.on.iter().any(|m| is(m, kind, stage)) {
            continue;
        }
        let id = id(b, &format!("notify_{}_{}", i + 1, kind.word()));
        let mut cond = cond.clone();
        if notify.when != Cond::True {
            let when = applies(b, &notify.when, &id, cond.clone());
            let base = cond.unwrap_or(Expr::Status(Status::Success));
            let both = Expr::all([base, when]);
            if both == Expr::Bool(false) {
                continue;
            }
            cond = Some(both);
        }
        let message = notify
            .message
            .clone()
            .unwrap_or_else(|| standard(ctx, kind, stage));
        b.speaks = true;
        let parts = parts(&notify.on, (kind, stage), &format!("n{i}"));
        match notify.to {
            NotifyTarget::Channel(c) => b.tell(c, &message, (id, parts), cond),
            NotifyTarget::Role(r) => mention(b, r, &message, (&id, parts), cond),
        }
    }
    for (i, escalate) in ctx.release.escalates.iter().enumerate() {
        if !escalate.on.iter().any(|m| is(m, kind, stage)) {
            continue;
        }
        let mut message = standard(ctx, kind, stage);
        if let Some(severity) = &escalate.severity {
            message.push_lit(format!(" Severity: {severity}."));
        }
        if let Some(to) = escalate.to {
            let who = match to {
                RoleOrPerson::Role(r) => ctx.release.role(r).name.clone(),
                RoleOrPerson::Person(p) => ctx.release.person(p).name.clone(),
            };
            message.push_lit(format!(" Called: {who}."));
        }
        let id = id(b, &format!("escalate_{}_{}", i + 1, kind.word()));
        b.speaks = true;
        let parts = parts(&escalate.on, (kind, stage), &format!("e{i}"));
        b.tell(escalate.channel, &message, (id, parts), cond.clone());
    }
}

/// Whether the condition of a message, or of what is owed, holds. What GitHub's expressions cannot say, a step of its own finds out; when it
/// cannot, nothing is said.
pub fn applies(b: &mut JobBuilder<'_, '_>, when: &Cond, message: &str, cond: Option<Expr>) -> Expr {
    let ctx = b.ctx;
    let when = &known(b, when);
    if is_static(ctx.release, when) {
        return expr(ctx, when, &mut b.needs);
    }
    let mut vars = b.vars("V");
    let mut program = vars.condition(when);
    program.text = format!("try ({}) catch false", program.text);
    let id = format!("when_{message}");
    let script = Script::Conditions(vec![("applicable".to_string(), program)]);
    b.step(Some(&id), "Is this to be told?", cond, vars, script);
    Expr::StepOutput(id, "applicable".into()).is("true")
}

/// The jobs that have ended before a message is sent: those before a node, and some more. Nothing where no message has a condition.
pub fn before(
    ctx: &Ctx<'_>,
    node: Option<Node>,
    more: impl IntoIterator<Item = String>,
) -> Option<BTreeSet<String>> {
    if ctx.release.notifies.iter().all(|n| n.when == Cond::True) {
        return None;
    }
    let mut jobs = node.map_or_else(BTreeSet::new, |n| order::ancestors(ctx, n));
    jobs.extend(more);
    Some(jobs)
}

/// A condition as far as it can be known when a job starts: what has not come out yet does not hold.
fn known(b: &JobBuilder<'_, '_>, cond: &Cond) -> Cond {
    let Some(before) = &b.before else {
        return cond.clone();
    };
    let all = |list: &[Cond]| list.iter().map(|c| known(b, c)).collect();
    match cond {
        Cond::True => Cond::True,
        Cond::False => Cond::False,
        Cond::And(list) => Cond::And(all(list)),
        Cond::Or(list) => Cond::Or(all(list)),
        Cond::Not(c) => Cond::Not(Box::new(known(b, c))),
        Cond::Atom(_) => {
            let mut needs = BTreeSet::new();
            if is_static(b.ctx.release, cond) {
                expr(b.ctx, cond, &mut needs);
            } else {
                let mut vars = b.vars("V");
                vars.condition(cond);
                needs = vars.needs;
            }
            if needs.is_subset(before) {
                cond.clone()
            } else {
                Cond::False
            }
        }
    }
}

/// Whether anybody is told of a moment.
pub fn any(ctx: &Ctx<'_>, kind: MomentKind, stage: Option<StageId>) -> bool {
    let r = ctx.release;
    let moments = r
        .notifies
        .iter()
        .flat_map(|n| &n.on)
        .chain(r.escalates.iter().flat_map(|e| &e.on));
    moments.into_iter().any(|m| is(m, kind, stage))
}

/// What a message stands for: a moment of the run, or of the stage that the plan names.
fn parts(on: &[Moment], (kind, stage): (MomentKind, Option<StageId>), name: &str) -> Vec<Meant> {
    let mut list: Vec<Meant> = Vec::new();
    for moment in on.iter().filter(|m| is(m, kind, stage)) {
        let of_stage = moment.stage.is_some() || moment.each;
        let place = stage.filter(|_| of_stage).map_or(At::Run, At::Stage);
        let part = Meant::new(place, name, Deed::Tell(kind));
        if !list.contains(&part) {
            list.push(part);
        }
    }
    list
}

/// Tells people that a declared way around is used.
pub fn way_around(b: &mut JobBuilder<'_, '_>, index: usize) {
    let ctx = b.ctx;
    let o = &ctx.release.overrides[index];
    let mut message = ctx.release.title.clone();
    message.push_lit(format!(": the way around {} is used.", o.name));
    let part = Meant::new(
        At::Run,
        format!("override {}", o.name),
        Deed::Tell(MomentKind::Approved),
    );
    for (i, target) in o.notify.iter().enumerate() {
        let id = format!("told_{}", i + 1);
        b.speaks = true;
        match target {
            NotifyTarget::Channel(c) => b.tell(*c, &message, (id, vec![part.clone()]), None),
            NotifyTarget::Role(r) => mention(b, *r, &message, (&id, vec![part.clone()]), None),
        }
    }
}

/// A moment is this one: its own stage's, or, for what fails anywhere, the run's.
fn is(moment: &Moment, kind: MomentKind, stage: Option<StageId>) -> bool {
    if moment.kind != kind {
        return false;
    }
    match (moment.stage, stage) {
        (Some(a), Some(b)) => a == b,
        (Some(_), None) => false,
        // A run has failed as soon as one part of it has.
        (None, Some(_)) => moment.each || kind == MomentKind::Failed,
        (None, None) => !moment.each,
    }
}

fn id(b: &JobBuilder<'_, '_>, base: &str) -> String {
    let same = b
        .steps
        .iter()
        .filter(|s| {
            s.id.as_deref()
                .is_some_and(|i| i == base || i.starts_with(&format!("{base}_")))
        })
        .count();
    if same == 0 {
        base.to_string()
    } else {
        format!("{base}_{}", same + 1)
    }
}

/// What is said when the plan does not say it.
fn standard(ctx: &Ctx<'_>, kind: MomentKind, stage: Option<StageId>) -> Text {
    let mut text = ctx.release.title.clone();
    let what = match kind {
        MomentKind::Scheduled => "is scheduled",
        MomentKind::Started => "started",
        MomentKind::Finished => "finished",
        MomentKind::Failed => "failed",
        MomentKind::RolledBack => "was rolled back",
        MomentKind::Paused => "is paused and waits for its owner",
        MomentKind::Stopped => "was stopped",
        MomentKind::NeedsHelp => "needs help",
        MomentKind::Approved => "was approved",
        MomentKind::Rejected => "was not approved",
    };
    match stage {
        Some(s) => text.push_lit(format!(": stage {} {what}.", ctx.release.stage(s).name)),
        None => text.push_lit(format!(" {what}.")),
    }
    text
}

/// Calls the owner of an undo that has failed.
pub fn undo_failed(b: &mut JobBuilder<'_, '_>, stage: StageId, owner: RoleId) {
    let ctx = b.ctx;
    let mut message = ctx.release.title.clone();
    message.push_lit(format!(
        ": the undo of {} has failed; what it leaves behind needs its owner.",
        ctx.release.stage(stage).name
    ));
    let part = Meant::new(At::Undo(stage), "owner", Deed::Tell(MomentKind::NeedsHelp));
    mention(b, owner, &message, ("owner", vec![part]), None);
}

/// A role has no channel of its own: its people are named in an issue, which tells them.
fn mention(
    b: &mut JobBuilder<'_, '_>,
    role: RoleId,
    message: &Text,
    (id, parts): (&str, Vec<Meant>),
    cond: Option<Expr>,
) {
    let ctx = b.ctx;
    let pool = Reviewers::of(ctx.release, &[RoleOrPerson::Role(role)]);
    let who = json_list(pool.teams.into_iter().chain(pool.users));
    let mut vars = b.vars("V");
    vars.parts = parts;
    token(&mut vars);
    b.permit(
        "issues",
        true,
        "to tell a role, whose people are named in an issue",
    );
    crate::emit::github::lower::around::shown(&mut vars, "TITLE", &ctx.release.title);
    crate::emit::github::lower::around::shown(&mut vars, "BODY", message);
    vars.text("WHO", who);
    let name = format!(
        "Tell {}",
        names::title(ctx.release, &ctx.release.role(role).title)
    );
    b.fixed(Some(id), &name, cond, vars, Fixed::Mention);
}
