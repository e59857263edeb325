//! What GitHub cannot hold, and what a plan would exceed there.
//!
//! Called by `lower`.

use crate::diagnostic::{Code, Diagnostic};
use crate::emit::enforce::{rules, unwatched};
use crate::emit::environments::LONGEST_TIMER;
use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::segments::{LONGEST_JOB, SegmentKind};
use crate::emit::github::lower::values::starts_by_itself;
use crate::emit::github::lower::{approval, demote, late, names, reviewers, seats};
use crate::emit::github::model::{Expr, Workflow};
use crate::emit::github::print::expr::{expr, formatted};
use crate::model::{
    DecisionOption, Dur, DutyRule, Failure, FailureOutcome, OptionOutcome, Origin, ParamType, Passes, Stage,
    StageId, TriggerTest,
};

pub const UNENFORCED: Code = Code("target/unenforced");
const LIMIT: Code = Code("target/limit");
const TOO_LONG: Code = Code("target/wait_too_long");

/// Days an approval may wait at GitHub.
const APPROVAL_DAYS: i64 = 30;
/// Days a run may last at GitHub.
const RUN_DAYS: i64 = 35;
/// Characters an expression may have.
pub const EXPRESSION: usize = 21_000;
/// Values that `format` may be given besides its text.
const VALUES: usize = 254;
/// Inputs a workflow may have.
const INPUTS: usize = 25;

/// The kinds of rules that a finding speaks of.
pub type Rules = &'static [&'static str];

/// Reports all of it.
pub fn report(ctx: &Ctx<'_>, workflow: &Workflow) {
    approvals(ctx);
    late::decisions(ctx);
    options_that_call(ctx);
    overrides(ctx);
    reviewers::report(ctx);
    waits(ctx);
    triggers(ctx);
    demote::limits(ctx);
    shared_checklists(ctx);
    duties(ctx);
    messages(ctx);
    start(ctx, workflow);
    expressions(ctx, workflow, "the release");
    for finding in unwatched(ctx.plan, "GitHub") {
        ctx.report(finding);
    }
}

/// Says what is told only after it has happened.
pub fn detected(ctx: &Ctx<'_>, rule: Rules, origin: &Origin, message: String, note: &str) {
    ctx.report(
        Diagnostic::info(UNENFORCED, origin.span, message)
            .here("detected on GitHub, not prevented")
            .about(rule)
            .note(note),
    );
}

fn unenforced(ctx: &Ctx<'_>, rule: Rules, origin: &Origin, message: String, help: &str) {
    ctx.report(
        Diagnostic::warning(UNENFORCED, origin.span, message)
            .here("not enforced on GitHub")
            .about(rule)
            .help(help),
    );
}

/// Says what is more than GitHub allows.
pub fn limit(ctx: &Ctx<'_>, rule: Rules, origin: &Origin, message: String, help: &str) {
    ctx.report(
        Diagnostic::error(LIMIT, origin.span, message)
            .here("more than GitHub allows")
            .about(rule)
            .help(help),
    );
}

fn too_long(ctx: &Ctx<'_>, rule: Rules, origin: &Origin, message: String, help: &str) {
    ctx.report(
        Diagnostic::error(TOO_LONG, origin.span, message)
            .here("longer than GitHub waits")
            .about(rule)
            .help(help),
    );
}

fn approvals(ctx: &Ctx<'_>) {
    for approval in &ctx.release.approvals {
        let seats = approval::quorum(ctx, approval);
        if seats > 1 {
            let origin = approval.quorum_origin.as_ref().unwrap_or(&approval.origin);
            detected(
                ctx,
                &[rules::QUORUM],
                origin,
                format!(
                    "the quorum of {seats} of approval `{}` is counted after each review",
                    approval.name
                ),
                "GitHub lets any one reviewer pass an environment; the workflow asks once per seat and compares the people with the plan before anything starts",
            );
        }
        if let Some((_, origin)) = approval.distinct_from.first() {
            detected(
                ctx,
                &[rules::DISTINCT],
                origin,
                format!(
                    "who may not sit in approval `{}` is checked after the review",
                    approval.name
                ),
                "GitHub keeps only whoever started the run from reviewing; the workflow reads who reviewed and rejects people the plan bars",
            );
        }
        if let (Passes::Majority, Some(origin)) = (approval.passes, &approval.passes_written) {
            unenforced(
                ctx,
                &[rules::PASSES],
                origin,
                format!("approval `{}` ends at the first no", approval.name),
                "on GitHub one rejection rejects the job, whatever the others say; write `passes unanimous`, or take the vote elsewhere",
            );
        }
        if let Some(within) = approval.within {
            if within > days(APPROVAL_DAYS) {
                too_long(
                    ctx,
                    &[rules::WITHIN],
                    &approval.origin,
                    format!(
                        "approval `{}` may take {within}, and GitHub waits {APPROVAL_DAYS} days",
                        approval.name
                    ),
                    "give the approvers 30 days at most",
                );
            } else {
                detected(
                    ctx,
                    &[rules::WITHIN],
                    &approval.origin,
                    format!(
                        "approval `{}` granted later than {within} is refused when it is granted",
                        approval.name
                    ),
                    "until then the run waits: GitHub ends a wait for a review after 30 days only",
                );
            }
        }
    }
}

/// A decision says by its answer what follows, and no job of its own hands over and calls.
fn options_that_call(ctx: &Ctx<'_>) {
    for decision in &ctx.release.decisions {
        let calls = |o: &&DecisionOption| matches!(o.then, OptionOutcome::Then(FailureOutcome::Escalate(_)));
        for option in decision.options.iter().filter(calls) {
            limit(
                ctx,
                &[rules::DECISION],
                &decision.origin,
                format!("option `{}` of `{}` calls somebody", option.name, decision.name),
                "say `then pause`, and let an `escalate` of the release tell of `paused`",
            );
        }
    }
}

fn days(n: i64) -> Dur {
    Dur::minutes(n * 24 * 60)
}

fn waits(ctx: &Ctx<'_>) {
    let mut run: i64 = 0;
    for i in 0..ctx.release.stages.len() {
        for segment in ctx.segments(StageId::at(i)) {
            match &segment.kind {
                SegmentKind::Work(items) => {
                    for item in items.iter().filter(|i| i.seconds > LONGEST_JOB * 60) {
                        limit(
                            ctx,
                            &[rules::TIMEOUT],
                            item.origin,
                            format!(
                                "this may take {}, and a job at GitHub lives six hours",
                                Dur::seconds(item.seconds)
                            ),
                            "give it a shorter `timeout`, or split it into steps",
                        );
                    }
                    run += items.iter().map(|i| i.seconds).sum::<i64>();
                }
                SegmentKind::Person(ask) => {
                    if let Some(within) = ask.within {
                        if within > days(APPROVAL_DAYS) {
                            too_long(
                                ctx,
                                &[rules::WITHIN],
                                ask.origin,
                                format!(
                                    "this may wait {within} for a person, and GitHub waits {APPROVAL_DAYS} days"
                                ),
                                "give them 30 days at most",
                            );
                        }
                        run += within.as_seconds();
                        late::answer(ctx, ask, within);
                    }
                }
                SegmentKind::Timer(minutes, ..) => {
                    if *minutes > LONGEST_TIMER {
                        too_long(
                            ctx,
                            &[rules::BAKE],
                            &ctx.release.stage(StageId::at(i)).origin,
                            format!(
                                "stage `{}` waits {}, and GitHub waits 30 days",
                                ctx.release.stage(StageId::at(i)).name,
                                Dur::minutes(*minutes)
                            ),
                            "split the wait, with something to look at between",
                        );
                    }
                    run += minutes * 60;
                }
                SegmentKind::Sleep(..) => run += crate::emit::environments::LONGEST_WAIT,
            }
        }
        let stage = ctx.release.stage(StageId::at(i));
        if run > RUN_DAYS * 86_400 {
            too_long(
                ctx,
                &[rules::SIZE],
                &stage.origin,
                format!(
                    "with stage `{}` the waits of this plan add up to more than {RUN_DAYS} days, the life of a run at GitHub",
                    stage.name
                ),
                "split the release into two plans, the second started by the end of the first",
            );
            return;
        }
    }
}

fn triggers(ctx: &Ctx<'_>) {
    for trigger in &ctx.release.triggers {
        if let TriggerTest::Ask(_) = trigger.test {
            unenforced(
                ctx,
                &[rules::TRIGGER],
                &trigger.origin,
                format!("nobody is asked about trigger `{}` on GitHub", trigger.name),
                "whoever sees it starts the rollback workflow by hand with the run's id: that ends the run and undoes what began",
            );
        }
    }
}

/// A checklist is gone through once for all stages that want it: when it fails, it fails for all of them.
/// GitHub goes through a checklist once, and what follows when it fails is one thing.
fn shared_checklists(ctx: &Ctx<'_>) {
    let says = |s: &Stage| match &s.on_failure {
        Some(f) => f.then.clone(),
        None => Failure::Then(FailureOutcome::Rollback),
    };
    for (i, list) in ctx.release.checklists.iter().enumerate() {
        let wants = |s: &&Stage| s.ready.iter().any(|(c, _)| c.index() == i);
        let stages: Vec<&Stage> = ctx.release.stages.iter().filter(wants).collect();
        let [first, others @ ..] = stages.as_slice() else {
            continue;
        };
        let goes_on = stages.iter().find(|s| super::stage::goes_on(s));
        let (stage, message, help) = if let (Some(stage), false) = (goes_on, others.is_empty()) {
            (
                stage,
                format!(
                    "`{}` goes on when checklist `{}` fails, which other stages want as well",
                    stage.name, list.name
                ),
                "give the stage a checklist of its own, or say `on_failure { then pause }`",
            )
        } else if let Some(stage) = others.iter().find(|s| says(s) != says(first)) {
            (
                stage,
                format!(
                    "`{}` and `{}` want checklist `{}`, and say different things when it fails",
                    first.name, stage.name, list.name
                ),
                "let the `on_failure` of both say the same, or give one of them a checklist of its own",
            )
        } else {
            continue;
        };
        limit(ctx, &[rules::CHECKLIST], &stage.origin, message, help);
    }
}

fn overrides(ctx: &Ctx<'_>) {
    for o in &ctx.release.overrides {
        detected(
            ctx,
            &[rules::OVERRIDE, rules::DISTINCT],
            &o.origin,
            format!(
                "who lets `{}` pass, and how many, is compared after each review",
                o.name
            ),
            "GitHub lets any one reviewer pass an environment; the workflow asks once per seat and rejects authors and those who carry the release out",
        );
    }
}

fn duties(ctx: &Ctx<'_>) {
    for rule in &ctx.release.duties {
        match rule {
            DutyRule::AtLeast(..) => unenforced(
                ctx,
                &[rules::DUTY],
                rule.origin(),
                "`at_least` is proved from the roles, and not counted on GitHub".to_string(),
                "the seats of a run are listed in its evidence",
            ),
            rule if seats::automated(ctx.release, rule).len() > 1 => unenforced(
                ctx,
                &[rules::DUTY],
                rule.origin(),
                "one person executes every automated stage of a run: whoever started it".to_string(),
                "let a person confirm the work of one of the stages by hand, or start the parts as releases of their own",
            ),
            _ => detected(
                ctx,
                &[rules::DUTY],
                rule.origin(),
                "who fills which seat is compared after each review of one run".to_string(),
                "executors of automated stages are whoever started the run, of manual work those who confirm it; what was reviewed before a pause stands in the run before",
            ),
        }
    }
}

fn messages(ctx: &Ctx<'_>) {
    for notify in &ctx.release.notifies {
        if let Some((lead, origin)) = &notify.lead {
            unenforced(
                ctx,
                &[rules::LEAD],
                origin,
                format!("this message is sent when the run is created, not {lead} before the start"),
                "create the run that early: approvals are asked then, and stages wait for their time",
            );
        }
    }
    for escalate in &ctx.release.escalates {
        if escalate.unanswered.is_some() {
            detected(
                ctx,
                &[rules::ESCALATION],
                &escalate.origin,
                "this call is made at once, without waiting for an answer".to_string(),
                "an early call harms less than a late one",
            );
        }
    }
}

fn start(ctx: &Ctx<'_>, workflow: &Workflow) {
    let r = ctx.release;
    if workflow.on.inputs.len() > INPUTS {
        limit(
            ctx,
            &[rules::INPUT],
            &r.origin,
            format!(
                "the run would have {} inputs, and GitHub allows {INPUTS}",
                workflow.on.inputs.len()
            ),
            "give some parameters a default, which fixes them",
        );
    }
    for id in crate::emit::github::lower::inputs::open(r) {
        let param = r.param(id);
        let ParamType::OneOf(words) = &param.ty else {
            continue;
        };
        if let Some(word) = words
            .iter()
            .find(|w| w.contains("${{") || w.contains(['\n', '\r']))
        {
            ctx.report(
                Diagnostic::error(
                    LIMIT,
                    param.origin.span,
                    format!(
                        "`{}` cannot be chosen when a run starts: GitHub reads `{}` as something else",
                        param.name,
                        word.escape_debug()
                    ),
                )
                .here("an input with choices")
                .about(&[rules::INPUT])
                .help("let the choices be plain words"),
            );
        }
    }
    if starts_by_itself(r) {
        for id in crate::emit::github::lower::inputs::open(r) {
            let param = r.param(id);
            if param.default.is_none() {
                limit(
                    ctx,
                    &[rules::INPUT],
                    &param.origin,
                    format!(
                        "nobody is there to give `{}` when the run starts by itself",
                        param.name
                    ),
                    "give it a default",
                );
            }
        }
    }
    for lock in &r.locks {
        let name = names::title(r, &lock.name);
        let then = if lock.drop { "ends" } else { "waits" };
        detected(
            ctx,
            &[rules::LOCK],
            &lock.origin,
            format!("a second run with lock `{name}` {then} in its preflight"),
            "GitHub queues runs by one name only, and drops none; the others are looked up in the names of the runs under way",
        );
    }
}

/// Reports a job whose condition GitHub does not read.
pub fn too_long_a_condition(ctx: &Ctx<'_>, job: &str, which: &str) {
    limit(
        ctx,
        &[rules::SIZE],
        &ctx.release.origin,
        format!(
            "the condition of job `{job}` in the workflow of {which} is longer than {EXPRESSION} characters"
        ),
        "group stages into phases that wait for each other, so that each waits for fewer",
    );
}

/// Reports conditions that GitHub would not read: the whole workflow would be refused, the rollback when it is needed most.
pub fn expressions(ctx: &Ctx<'_>, workflow: &Workflow, which: &str) {
    let too_big = |e: &Expr| expr(e).len() > EXPRESSION;
    for job in &workflow.jobs {
        let outputs = job.outputs.iter().map(|(_, e)| e);
        let steps = job.steps.iter().filter_map(|s| s.cond.as_ref());
        if std::iter::once(&job.cond)
            .chain(outputs)
            .chain(steps)
            .any(too_big)
        {
            too_long_a_condition(ctx, &job.id, which);
        }
        for step in &job.steps {
            for (name, value) in &step.env {
                let (characters, values) = formatted(value);
                if characters > EXPRESSION || values > VALUES {
                    limit(
                        ctx,
                        &[rules::SIZE],
                        &ctx.release.origin,
                        format!(
                            "the variable `{name}` of a step of job `{}` in the workflow of {which} is an expression of {characters} characters and {values} values, and GitHub takes {EXPRESSION} and {VALUES}",
                            job.id
                        ),
                        "shorten the text, or leave `${{` out of it: where that stands in a text, GitHub reads the whole text as an expression",
                    );
                }
            }
        }
        debug_assert!(job.id.len() <= names::LONGEST_ID);
    }
}
