//! The rollback as a workflow of its own, which can be started by hand: undos in reverse order, then the exits of holds.
//!
//! Called by `lower`.

use crate::emit::environments::Purpose;
use crate::emit::github::lower::chain::{self, Chain};
use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::follow::{asked, links, settled, stuck, todo, undo_order};
use crate::emit::github::lower::job::{JobBuilder, always, json_list, success_and, temporary, token, upload};
use crate::emit::github::lower::limits::EXPRESSION;
use crate::emit::github::lower::{approval, around, inputs, messages, names, person};
use crate::emit::github::model::{Expr, Field, Input, InputKind, Job};
use crate::emit::github::script::Fixed;
use crate::emit::parts::{At, Deed, Purpose as Meant};
use crate::model::{HoldId, MomentKind, RoleId, RoleOrPerson, Rollback, StageId};
use crate::plan::Node;
use std::collections::BTreeSet;

/// So many undos can a condition name at most: what it says of each is longer than sixty characters.
const NAMED_AT_MOST: usize = EXPRESSION / 60;

/// How a rollback may be told to end.
const ENDS: [&str; 4] = ["rolled_back", "stopped", "stopped_as_it_is", "as_planned"];

/// The inputs of the rollback.
pub fn inputs(ctx: &Ctx<'_>) -> Vec<Input> {
    let mut list = inputs::params(ctx.release);
    list.extend([
        inputs::plan(),
        inputs::text("run", "The id of the release's run; empty when it is not at GitHub", false, Some("")),
        inputs::text(
            "began",
            "What began, as a JSON list such as [\"model\", \"model.s1\"]; empty takes it from the run",
            false,
            Some(""),
        ),
        inputs::text("state", "Captured values and prior states as JSON; empty takes them from the run", false, Some("")),
        inputs::text("from_step", "The undo to begin with, such as model.u_s1; empty begins with the first", false, Some("")),
        Input {
            name: "ends".to_string(),
            description: "rolled_back undoes what began; stopped undoes it and counts as a stop; stopped_as_it_is undoes nothing and only leaves holds; as_planned does what the plan says of the failure in the state".to_string(),
            required: true,
            kind: InputKind::Choice(ENDS.map(str::to_string).to_vec()),
            default: Some("rolled_back".to_string()),
        },
    ]);
    list
}

/// The jobs of the rollback of a release with these jobs.
pub fn jobs(ctx: &Ctx<'_>, released: &[Job]) -> Vec<Job> {
    let mut jobs = vec![settled(ctx, released)];
    jobs.extend(asked(ctx));
    jobs.push(todo(ctx));
    let mut approvals = BTreeSet::new();
    for stage in &ctx.release.stages {
        if let Rollback::Written(w) = &stage.rollback {
            approvals.extend(w.approved.iter().map(|(a, _)| *a));
        }
    }
    for a in &approvals {
        jobs.extend(approval(ctx, *a));
    }
    let holds: Vec<HoldId> = (0..ctx.release.holds.len()).map(HoldId::at).collect();
    for hold in &holds {
        jobs.extend(enter_again(ctx, *hold));
    }
    let undone: Vec<StageId> = undo_order(ctx)
        .into_iter()
        .filter(|s| !links(ctx, *s).is_empty())
        .collect();
    for id in &undone {
        jobs.extend(undo(ctx, *id, &undone));
    }
    let mut exited: Option<String> = None;
    for hold in holds.into_iter().rev() {
        let (word, exit) = exit(ctx, hold, &undone, exited.as_deref());
        jobs.extend(word);
        exited = Some(names::exit(ctx.release, hold));
        jobs.extend(exit);
    }
    if !ctx.release.finally.is_empty() {
        let needs = jobs.iter().map(|j| j.id.clone()).collect();
        // A run that goes on, or that another rollback settles for, has its own.
        let ends = |word: &str| Expr::Output("todo".into(), "ends".into()).differs(word);
        let cond = vec![Expr::succeeded("todo"), ends("goes_on"), ends("nothing")];
        jobs.extend(chain::jobs(
            ctx,
            around::finally_chain(ctx, always(), cond, needs),
        ));
    }
    let report = report(ctx, &jobs);
    jobs.push(report);
    jobs
}

/// An approval that a rollback waits for: asked when the rollback starts.
fn approval(ctx: &Ctx<'_>, id: crate::model::ApprovalId) -> Vec<Job> {
    let approval = ctx.release.approval(id);
    let job = names::approval(ctx.release, id);
    let count = approval::quorum(ctx, approval);
    let waits: Vec<Expr> = ctx
        .release
        .stages
        .iter()
        .filter(|s| matches!(&s.rollback, Rollback::Written(w) if w.approved.iter().any(|(a, _)| *a == id)))
        .map(|s| Expr::Output("todo".into(), "todo".into()).lists(&s.slug))
        .collect();
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
                format!("Approval {} ({seat} of {count})", names::line(&approval.name)),
            );
            b.from(&approval.origin);
            b.need("todo");
            let mut cond = vec![
                Expr::not_cancelled(),
                Expr::succeeded("todo"),
                Expr::any(waits.clone()),
            ];
            if seat > 1 {
                let before = names::numbered(&job, seat as usize - 1);
                cond.push(Expr::succeeded(&before));
                b.need(before);
            }
            let mut vars = b.vars("V");
            token(&mut vars);
            vars.parts = ctx
                .release
                .stages
                .iter()
                .enumerate()
                .filter(|(_, s)| matches!(&s.rollback, Rollback::Written(w) if w.approved.iter().any(|(a, _)| *a == id)))
                .map(|(i, _)| Meant::new(At::Undo(StageId::at(i)), &approval.name, Deed::Grant(id)))
                .collect();
            b.permit("actions", false, "to read who approved");
            vars.text("ENVIRONMENT", ctx.environment(&Purpose::Approve(id)));
            vars.text("SEATS", seat.to_string());
            approval::people(
                ctx,
                &mut vars,
                &approval
                    .from
                    .iter()
                    .map(|(w, _)| *w)
                    .collect::<Vec<RoleOrPerson>>(),
            );
            vars.text("BARRED", "[]");
            vars.text("APART", "[]");
            vars.text("RULES", "[]");
            vars.text("ASKED", "[]");
            vars.text("WITHIN", "");
            vars.text("NAME", "");
            b.fixed(
                Some("approval"),
                "Who approved the rollback",
                None,
                vars,
                Fixed::Approval,
            );
            b.finish(
                Expr::all(cond),
                Some(ctx.environment(&Purpose::Approve(id))),
                None,
                "",
            )
        })
        .collect()
}

/// The job of an undo that waits for more than any condition can name, whatever it is called.
///
/// Each undo names all that depends on its stage, so that in a chain the text grows with the square of the plan: where GitHub would
/// not read it, it is not worked out.
pub fn endless(ctx: &Ctx<'_>) -> Option<String> {
    let undone = || undo_order(ctx).into_iter().filter(|s| !links(ctx, *s).is_empty());
    undone().nth(NAMED_AT_MOST)?;
    let undone: Vec<StageId> = undone().collect();
    // Those that all others depend on are undone last.
    let endless = undone.iter().rev().find(|id| {
        let after = ctx.plan.descendants(Node::Stage(**id));
        let waits = undone
            .iter()
            .filter(|s| ctx.plan.contains(&after, Node::Stage(**s)));
        waits.count() > NAMED_AT_MOST
    });
    endless.map(|id| names::undo(ctx.release, *id))
}

/// What the undo of a stage comes after: the undos of all that depends on it, however far, each well ended or without anything to do.
fn after_dependents(
    ctx: &Ctx<'_>,
    id: StageId,
    undone: &[StageId],
    needs: &mut BTreeSet<String>,
) -> Vec<Expr> {
    let after = ctx.plan.descendants(Node::Stage(id));
    undone
        .iter()
        .filter(|s| ctx.plan.contains(&after, Node::Stage(**s)))
        .map(|s| {
            let job = names::undo(ctx.release, *s);
            needs.insert(job.clone());
            well_or_skipped(ctx, *s, &job)
        })
        .collect()
}

/// An undo ended well, or there was nothing of it to do: skipped for another reason, it failed further on.
fn well_or_skipped(ctx: &Ctx<'_>, s: StageId, job: &str) -> Expr {
    let todo = Expr::Output("todo".into(), "todo".into()).lists(&ctx.release.stage(s).slug);
    Expr::any([
        Expr::succeeded(job),
        Expr::all([Expr::Result(job.to_string()).is("skipped"), todo.negate()]),
    ])
}

fn undo(ctx: &Ctx<'_>, id: StageId, undone: &[StageId]) -> Vec<Job> {
    let stage = ctx.release.stage(id);
    let mut needs = BTreeSet::from(["todo".to_string()]);
    let todo = Expr::Output("todo".into(), "todo".into());
    let mut cond = vec![Expr::succeeded("todo"), todo.lists(&stage.slug)];
    cond.extend(after_dependents(ctx, id, undone, &mut needs));
    for hold in ctx.holds_of(id) {
        let job = again(ctx, hold);
        needs.insert(job.clone());
        // Skipped alone may also mean that a person did not enter it again.
        let left = Expr::Output("todo".into(), "holds".into()).lists(&reenters(ctx, hold));
        let skipped = Expr::Result(job.clone()).is("skipped");
        cond.push(Expr::any([
            Expr::succeeded(&job),
            Expr::all([skipped, left.negate()]),
        ]));
    }
    let (mut within, mut owner, mut approvals) = (None, stage.owner, Vec::new());
    if let Rollback::Written(w) = &stage.rollback {
        within = w.within;
        owner = w.owner.unwrap_or(owner);
        for (a, _) in &w.approved {
            let job = names::approval(ctx.release, *a);
            needs.insert(job.clone());
            cond.push(Expr::succeeded(&job));
            approvals.push(job);
        }
    }
    let job = names::undo(ctx.release, id);
    let mut jobs = chain::jobs(
        ctx,
        Chain {
            id: job.clone(),
            name: format!("Undo {}", names::line(&stage.name)),
            origin: &stage.origin,
            place: stage.environment,
            duty: "rollback".to_string(),
            links: links(ctx, id),
            status: Expr::not_cancelled(),
            cond,
            needs,
            stubborn: true,
            owner: stage.slug.to_string(),
            ends: vec![format!("undo.{}", stage.slug)],
            within,
            keeps: false,
            at: At::Undo(id),
            each: false,
        },
    );
    let own: Vec<String> = jobs.iter().map(|j| j.id.clone()).collect();
    let calls = call_owner(ctx, id, owner, (&approvals, &own));
    if messages::any(ctx, MomentKind::RolledBack, Some(id)) {
        let mut b = JobBuilder::new(
            ctx,
            names::with(&job, "told"),
            format!("Tell that {} was undone", names::line(&stage.name)),
        );
        b.need(job.clone());
        messages::at(&mut b, MomentKind::RolledBack, Some(id), None);
        let cond = Expr::all([Expr::not_cancelled(), Expr::succeeded(&job)]);
        jobs.push(b.speaking(cond));
    }
    jobs.push(calls);
    jobs
}

/// The owner of an undo is called as soon as it has failed: others may go on for long, and a hold may wait for somebody's word. An approval
/// that is refused fails it too, if it was to be done at all.
fn call_owner(ctx: &Ctx<'_>, id: StageId, owner: RoleId, (approvals, own): (&[String], &[String])) -> Job {
    let stage = ctx.release.stage(id);
    let name = names::line(&stage.name);
    let mut b = JobBuilder::new(
        ctx,
        names::with(&names::undo(ctx.release, id), "failed"),
        format!("Tell that the undo of {name} failed"),
    );
    b.needs.extend(approvals.iter().chain(own).cloned());
    messages::undo_failed(&mut b, id, owner);
    let any = |jobs: &[String]| Expr::any(jobs.iter().map(|j| Expr::went_wrong(j)));
    let mut wrong = any(own);
    if !approvals.is_empty() {
        b.need("todo");
        let todo = Expr::Output("todo".into(), "todo".into()).lists(&stage.slug);
        wrong = Expr::any([wrong, Expr::all([todo, any(approvals)])]);
    }
    b.speaking(Expr::all([Expr::not_cancelled(), wrong]))
}

/// The word that a hold is entered again.
fn reenters(ctx: &Ctx<'_>, hold: HoldId) -> String {
    format!("reenter-{}", ctx.release.hold(hold).name)
}

fn again(ctx: &Ctx<'_>, hold: HoldId) -> String {
    names::with(&names::enter(ctx.release, hold), "again")
}

/// A hold that was left is entered again before a stage inside is undone.
fn enter_again(ctx: &Ctx<'_>, id: HoldId) -> Vec<Job> {
    let hold = ctx.release.hold(id);
    let unit = format!("hold.{}", hold.name);
    let holds = Expr::Output("todo".into(), "holds".into());
    let cond = vec![Expr::succeeded("todo"), holds.lists(&reenters(ctx, id))];
    chain::jobs(
        ctx,
        Chain {
            id: again(ctx, id),
            name: format!("Hold {} again", names::line(&hold.name)),
            origin: &hold.origin,
            place: ctx.release.stage(hold.from).environment,
            duty: format!("hold_{}", hold.name),
            links: chain::links(&hold.enter, &unit, |s| Purpose::HoldStep(id, s.slug.clone())),
            status: Expr::not_cancelled(),
            cond,
            needs: BTreeSet::from(["todo".to_string()]),
            stubborn: true,
            owner: unit,
            ends: Vec::new(),
            within: None,
            keeps: false,
            at: At::Enter(id),
            each: false,
        },
    )
}

/// The exit of a hold, after all undos inside; when one of them failed, after its owner's word.
fn exit(ctx: &Ctx<'_>, id: HoldId, undone: &[StageId], before: Option<&str>) -> (Vec<Job>, Vec<Job>) {
    let hold = ctx.release.hold(id);
    let held = ctx.held(id);
    let inside: Vec<StageId> = undone.iter().copied().filter(|s| held.contains(s)).collect();
    let mut needs = BTreeSet::from(["todo".to_string()]);
    let holds = || Expr::Output("todo".into(), "holds".into()).lists(&format!("exit-{}", hold.name));
    let well: Vec<Expr> = inside
        .iter()
        .map(|s| {
            let job = names::undo(ctx.release, *s);
            needs.insert(job.clone());
            well_or_skipped(ctx, *s, &job)
        })
        .collect();
    needs.extend(before.map(str::to_string));
    let job = names::exit(ctx.release, id);
    let mut word_jobs = Vec::new();
    let mut ways = vec![Expr::all(well.clone())];
    if !inside.is_empty() {
        let word = names::with(&job, "word");
        let mut b = JobBuilder::new(
            ctx,
            word.clone(),
            format!(
                "May hold {} be left although an undo inside failed?",
                names::line(&hold.name)
            ),
        );
        b.needs.extend(needs.iter().cloned());
        let cond = Expr::all([
            always(),
            Expr::succeeded("todo"),
            holds(),
            Expr::all(well).negate(),
        ]);
        person::confirmed(
            &mut b,
            (
                &Purpose::Hold(id),
                Meant::new(At::Exit(id), &hold.name, Deed::Word(id)),
            ),
            (&[], &[]),
            Vec::new(),
            person::Within::ALWAYS,
            None,
        );
        word_jobs.push(b.finish(cond, Some(ctx.environment(&Purpose::Hold(id))), None, ""));
        needs.insert(word.clone());
        ways.push(Expr::succeeded(&word));
    }
    let cond = vec![Expr::succeeded("todo"), holds(), Expr::any(ways)];
    let exits = chain::jobs(ctx, around::exit_chain(ctx, id, job, always(), cond, needs));
    (word_jobs, exits)
}

fn report(ctx: &Ctx<'_>, jobs: &[Job]) -> Job {
    let mut b = JobBuilder::new(ctx, "report", "Report");
    b.needs.extend(jobs.iter().map(|j| j.id.clone()));
    let mut vars = b.vars("V");
    vars.expr("NEEDS", Expr::ToJson("needs"));
    vars.text("HALF", json_list(stuck(ctx).keys().cloned()));
    let last = jobs
        .iter()
        .map(|j| j.id.clone())
        .filter(|j| j.starts_with("finally"));
    vars.text("FINALLY", json_list(last));
    b.leave("state", Expr::StepOutput("report".into(), "state".into()));
    b.fixed(
        Some("report"),
        "How the rollback ended",
        None,
        vars,
        Fixed::RollbackReport,
    );
    b.steps.push(upload(
        Some(always()),
        Field::text("rollback"),
        temporary("evidence.json"),
    ));
    let state = |word: &str| {
        let is = Expr::StepOutput("report".into(), "state".into()).is(word);
        success_and([is])
    };
    for (kind, word) in [
        (MomentKind::RolledBack, "rolled_back"),
        (MomentKind::Stopped, "stopped"),
        (MomentKind::NeedsHelp, "needs_help"),
    ] {
        messages::at(&mut b, kind, None, state(word));
    }
    around::owed(
        &mut b,
        &[
            ("rolled_back", "rolled_back"),
            ("stopped", "stopped"),
            ("needs_help", "needs_help"),
        ],
        "report",
    );
    b.seconds += 300;
    b.speaking(always())
}
