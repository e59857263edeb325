//! The jobs of a stage: its guards, its steps, its questions, and the record of what began.
//!
//! Called by `lower`.

use crate::emit::environments::{LONGEST_WAIT, Purpose, in_window};
use crate::emit::github::lower::conds::{expr, is_static};
use crate::emit::github::lower::context::{Ctx, Kept};
use crate::emit::github::lower::gate::{cause, failing};
use crate::emit::github::lower::job::{JobBuilder, always, json_list, success_and, upload};
use crate::emit::github::lower::reach::{begins_in, came_to, looks_in};
use crate::emit::github::lower::segments::{Ask, Item, LONGEST_JOB, Segment, SegmentKind, What};
use crate::emit::github::lower::work::How;
use crate::emit::github::lower::{messages, names, order, person, window};
use crate::emit::github::model::{Expr, Field, Job, Part};
use crate::emit::github::script::{Failing, Fixed, Script, Wait, WaitLength};
use crate::emit::parts::At;
use crate::emit::people::stage_duty;
use crate::model::{Cond, Dur, Failure, FailureOutcome, MomentKind, Stage, StageId};
use crate::plan::Node;
use std::collections::{BTreeMap, BTreeSet};

/// Whether the failure of a stage does not stop the run.
pub fn goes_on(stage: &Stage) -> bool {
    matches!(
        stage.on_failure.as_ref().map(|f| &f.then),
        Some(Failure::Then(FailureOutcome::Continue { .. }))
    )
}

/// The jobs of a stage.
pub fn jobs(ctx: &Ctx<'_>, id: StageId) -> Vec<Job> {
    let segments = ctx.segments(id);
    segments
        .iter()
        .enumerate()
        .map(|(i, segment)| match &segment.kind {
            SegmentKind::Work(items) => work(ctx, id, i, segment, items),
            SegmentKind::Person(ask) => person(ctx, id, i, segment, ask),
            SegmentKind::Sleep(length, when) => sleep(ctx, id, i, segment, length, when),
            SegmentKind::Timer(minutes, units, when) => timer(ctx, id, i, segment, *minutes, units, when),
        })
        .collect()
}

/// A job that waits for a moment.
fn sleep(
    ctx: &Ctx<'_>,
    id: StageId,
    index: usize,
    segment: &Segment<'_>,
    length: &WaitLength,
    when: &Cond,
) -> Job {
    let mut b = builder(ctx, id, segment);
    let cond = start(&mut b, id, index, Some(when));
    let mut vars = b.vars("V");
    crate::emit::github::lower::job::begun(&mut vars);
    let guarded = ctx.guarded(id);
    b.guard(&mut vars, guarded, false);
    let wait = Script::Wait(Wait {
        length: length.clone(),
        guarded,
    });
    b.seconds += LONGEST_WAIT;
    b.leave("stopped", Expr::StepOutput("wait".into(), "stopped".into()));
    b.step(Some("wait"), "Wait", None, vars, wait);
    b.finish(cond, None, None, "")
}

/// A job that GitHub itself lets wait: it needs no runner meanwhile, and ends when the run is cancelled.
fn timer(
    ctx: &Ctx<'_>,
    id: StageId,
    index: usize,
    segment: &Segment<'_>,
    minutes: i64,
    units: &[String],
    when: &Cond,
) -> Job {
    let mut b = builder(ctx, id, segment);
    let mut cond = vec![start(&mut b, id, index, Some(when))];
    let slug = &ctx.release.stage(id).slug;
    if let Some(unit) = units.first().filter(|_| ctx.resumable()) {
        cond.push(ctx.done(&format!("{slug}.{unit}")).negate());
    }
    let mut vars = b.vars("V");
    vars.text("UNITS", json_list(units.iter().map(|u| format!("{slug}.{u}"))));
    for output in ["at", "state"] {
        b.leave(output, Expr::StepOutput("waited".into(), output.into()));
    }
    b.fixed(Some("waited"), "The wait is over", None, vars, Fixed::Waited);
    b.finish(
        Expr::all(cond),
        Some(ctx.environment(&Purpose::Wait(minutes))),
        None,
        "",
    )
}

fn builder<'c, 'a>(ctx: &'c Ctx<'a>, id: StageId, segment: &Segment<'a>) -> JobBuilder<'c, 'a> {
    let mut b = JobBuilder::new(ctx, &segment.job, &segment.name);
    b.from(&ctx.release.stage(id).origin);
    b.at = At::Stage(id);
    let own = ctx
        .stage_jobs(id)
        .into_iter()
        .take_while(|job| *job != segment.job);
    b.before = messages::before(ctx, Some(Node::Stage(id)), own);
    b
}

/// When a job of a stage starts: the first one when the stage does, each other after the one before it.
fn start(b: &mut JobBuilder<'_, '_>, id: StageId, index: usize, when: Option<&Cond>) -> Expr {
    let ctx = b.ctx;
    let stage = ctx.release.stage(id);
    let segments = ctx.segments(id);
    let inside = |i: usize| !segments[i].before_holds;
    let mut list = if index == 0 {
        let mut list = order::before_stage(ctx, id, &mut b.needs);
        list.extend(order::held(ctx, id, inside(0), &mut b.needs));
        if !ctx.baselines.is_empty() {
            list.push(order::simply(ctx, "baseline", &mut b.needs));
        }
        if is_static(ctx.release, &stage.when) {
            list.push(expr(ctx, &stage.when, &mut b.needs));
        }
        if ctx.resumable() {
            list.push(ctx.done(&stage.slug).negate());
        }
        list
    } else {
        let mut list = order::begun(&mut b.needs);
        list.extend(came_to(ctx, id, index, &mut b.needs));
        // What is skipped in a run that goes on does not speak for what stands before it.
        let work = |s: &Segment<'_>| matches!(s.kind, SegmentKind::Work(_));
        let first = segments.iter().position(|s| !s.before_holds).unwrap_or(0);
        if inside(index) && !segments[first..index].iter().any(work) {
            list.extend(order::held(ctx, id, true, &mut b.needs));
        }
        list
    };
    for approval in &segments[index].approvals {
        list.push(order::approval_granted(ctx, *approval, &mut b.needs));
    }
    if let Some(when) = when.filter(|w| is_static(ctx.release, w)) {
        list.push(expr(ctx, when, &mut b.needs));
    }
    Expr::all(list)
}

fn person(ctx: &Ctx<'_>, id: StageId, index: usize, segment: &Segment<'_>, ask: &Ask<'_>) -> Job {
    let stage = ctx.release.stage(id);
    let mut b = builder(ctx, id, segment);
    let mut cond = vec![start(&mut b, id, index, Some(&ask.when))];
    if ctx.resumable() {
        cond.push(ctx.done(&person::unit_of(ctx, stage, ask)).negate());
    }
    if let Some(gate) = ask.gate {
        cond.extend(order::not_overridden(ctx, gate));
    }
    let units: Vec<String> = ask.units.iter().map(|u| format!("{}.{u}", stage.slug)).collect();
    let own = [person::unit_of(ctx, stage, ask)];
    let besides = if units.is_empty() { &own[..] } else { &[] };
    // In a run that goes on behind the part before, the question is as old as the run.
    let asked: Vec<Expr> = index.checked_sub(1).map_or_else(Vec::new, |i| {
        let before = ctx.segments(id)[i].job.clone();
        b.need("preflight");
        vec![
            Expr::Output("preflight".into(), "now".into()),
            Expr::Output(before, "at".into()),
        ]
    });
    person::confirmed(
        &mut b,
        (&ask.purpose, person::asks_for(ctx, id, ask)),
        (&units, besides),
        ask.captures.iter().map(|c| Kept::Capture(*c)).collect(),
        person::Within {
            time: ask.within,
            asked: &asked,
            silence_agrees: ask.silence_agrees,
        },
        ask.gate.map(|g| names::verdict(ctx.release, g)),
    );
    b.finish(Expr::all(cond), Some(ctx.environment(&ask.purpose)), None, "")
}

fn work<'a>(ctx: &Ctx<'a>, id: StageId, index: usize, segment: &Segment<'a>, items: &[Item<'a>]) -> Job {
    let stage = ctx.release.stage(id);
    let mut b = builder(ctx, id, segment);
    let cond = start(&mut b, id, index, None);
    let mut always_so = Vec::new();
    let (looks, begun) = (looks_in(ctx, id), begins_in(ctx, id));
    let seconds = items.iter().map(|i| i.seconds).sum();
    if index == 0 {
        head(&mut b, id, stage, (seconds, looks == 0));
        if !is_static(ctx.release, &stage.when) {
            always_so.push(Expr::StepOutput("when".into(), "applicable".into()).is("true"));
        }
    }
    let (hour, entry) = match index == looks || index == begun {
        true => entry(items),
        false => (0, 0),
    };
    let last = index + 1 == ctx.segments(id).len();
    let (mut units, mut gates) = (BTreeMap::new(), BTreeMap::new());
    let mut before: Vec<String> = Vec::new();
    // The stage begins when its hour has come, its window is open, its gates are passed and its approvals are still good.
    for (place, item) in items.iter().map(Some).chain([None]).enumerate() {
        let mut conds = always_so.clone();
        if goes_on(stage) {
            conds.extend(
                before
                    .iter()
                    .map(|s| Expr::StepOutput(s.clone(), "failed".into()).differs("true")),
            );
        }
        if index == looks && place == hour {
            in_time(&mut b, id, stage, seconds, success_and(conds.clone()));
        }
        if index == looks && place == entry {
            valid(&mut b, stage, success_and(conds.clone()));
        }
        if index == begun && place == entry {
            begins(&mut b, id, success_and(conds.clone()));
        }
        let Some(item) = item else { break };
        if goes_on(stage) {
            before.push(item.slug.clone());
        }
        let asks = item.units.is_empty() && matches!(item.what, What::Gate(_) | What::May(_));
        let unit = item.units.first().or(asks.then_some(&item.slug));
        if let Some(unit) = unit.filter(|_| ctx.resumable()) {
            conds.push(ctx.done(&format!("{}.{unit}", stage.slug)).negate());
        }
        if asks {
            gates.insert(item.slug.clone(), vec![format!("{}.{}", stage.slug, item.slug)]);
        }
        if !item.units.is_empty() {
            let own = item.units.iter().map(|u| format!("{}.{u}", stage.slug)).collect();
            units.insert(item.slug.clone(), own);
        }
        let timed = index > begun || (index == begun && place >= entry);
        do_item(&mut b, id, item, conds, timed);
    }
    if last {
        let mut conds = always_so.clone();
        conds.extend(
            before
                .iter()
                .map(|s| Expr::StepOutput(s.clone(), "failed".into()).differs("true")),
        );
        let cond = success_and(conds);
        messages::at(&mut b, MomentKind::Finished, Some(id), cond);
    }
    if goes_on(stage)
        && !before.is_empty()
        && let Some(f) = &stage.on_failure
    {
        let failed = Expr::any(
            before
                .iter()
                .map(|s| Expr::StepOutput(s.clone(), "failed".into()).is("true"))
                .collect::<Vec<_>>(),
        );
        for step in &f.steps {
            let how = How {
                id: format!("f_{}", step.slug),
                cond: success_and([failed.clone()]),
                failing: Failing::Stage,
                ..How::of(step)
            };
            b.at = At::Aside;
            b.do_step(step, how);
            b.at = At::Stage(id);
        }
        messages::at(&mut b, MomentKind::Failed, Some(id), success_and([failed]));
    }
    // What says nothing of its own length may take as long as the whole stage, once that has begun.
    if let Some(timeout) = stage.timeout.filter(|_| index >= begun) {
        let before: i64 = items[..entry].iter().map(|i| i.seconds).sum();
        b.seconds = b.seconds.max(before + timeout.as_seconds());
    }
    record(&mut b, id, (&units, &gates), last);
    let environment = ctx.environment(&Purpose::Deploy(segment.environment));
    b.finish(
        cond,
        Some(environment),
        Some(segment.environment),
        &stage_duty(ctx.release, id),
    )
}

/// A look at the window, which waits for its opening.
fn in_time(b: &mut JobBuilder<'_, '_>, id: StageId, stage: &Stage, work: i64, cond: Option<Expr>) {
    let ctx = b.ctx;
    if in_window(ctx.release, id) {
        // What is left of the job's life after its work is what it may wait for the opening.
        let wait = (LONGEST_JOB * 60 - 900 - work).clamp(0, LONGEST_WAIT);
        let mut vars = b.vars("V");
        window::variables(ctx, &mut vars, Some(stage.environment), false, wait);
        b.seconds += wait;
        b.fixed(Some("window"), "The window is open", cond, vars, Fixed::Window);
    }
}

/// What the first working job of a stage does before anything begins.
fn head(b: &mut JobBuilder<'_, '_>, id: StageId, stage: &Stage, (work, begins_here): (i64, bool)) {
    let ctx = b.ctx;
    if !is_static(ctx.release, &stage.when) {
        let mut vars = b.vars("V");
        let program = vars.condition(&stage.when);
        b.leave("applicable", Expr::StepOutput("when".into(), "applicable".into()));
        let script = Script::Conditions(vec![("applicable".to_string(), program)]);
        b.step(Some("when"), "Does the stage apply?", None, vars, script);
    }
    // What waits for its own hour looks then.
    if !begins_here && stage.at.is_none() {
        let applies = if is_static(ctx.release, &stage.when) {
            None
        } else {
            success_and([Expr::StepOutput("when".into(), "applicable".into()).is("true")])
        };
        in_time(b, id, stage, work, applies.clone());
        valid(b, stage, applies);
    }
}

/// A look at how old the approvals of a stage are.
fn valid(b: &mut JobBuilder<'_, '_>, stage: &Stage, cond: Option<Expr>) {
    let ctx = b.ctx;
    let valid: Vec<_> = stage
        .approved
        .iter()
        .filter_map(|(a, _)| ctx.release.approval(*a).valid.map(|v| (*a, v)))
        .collect();
    if !valid.is_empty() {
        let mut vars = b.vars("V");
        let mut field = Field::text("[");
        for (i, (approval, valid)) in valid.iter().enumerate() {
            let job = names::approval(ctx.release, *approval);
            vars.needs.insert(job.clone());
            let mut granted = vec![Expr::Output(job.clone(), "granted".into())];
            if ctx.resumable() {
                granted.push(crate::emit::github::lower::values::resumed(&format!("v_{job}")));
            }
            let comma = if i == 0 { "" } else { "," };
            let name = serde_json::Value::String(ctx.release.approval(*approval).name.to_string());
            field = field
                .then(Part::Text(format!(
                    "{comma}{{\"name\":{name},\"valid\":{},\"granted\":\"",
                    valid.as_seconds()
                )))
                .then(Part::Expr(Expr::first(granted)))
                .then(Part::Text("\"}".to_string()));
        }
        vars.set("GRANTS", field.then(Part::Text("]".to_string())));
        b.fixed(
            Some("valid"),
            "Its approvals are still valid",
            cond,
            vars,
            Fixed::Valid,
        );
    }
}

/// How many of the parts that begin a job are waits for the hour of its stage, and how many stand before the stage begins.
fn entry(items: &[Item<'_>]) -> (usize, usize) {
    let hour = |i: &&Item<'_>| i.units.is_empty() && i.slug == "at" && matches!(i.what, What::Wait(_));
    let gate = |i: &&Item<'_>| i.units.is_empty() && matches!(i.what, What::Gate(_));
    let hours = items.iter().take_while(hour).count();
    (hours, hours + items[hours..].iter().take_while(gate).count())
}

/// A stage begins: its time starts, and it is told.
fn begins(b: &mut JobBuilder<'_, '_>, id: StageId, cond: Option<Expr>) {
    if let Some(timeout) = b.ctx.release.stage(id).timeout {
        let mut vars = b.vars("V");
        vars.text("ALLOWED", timeout.as_seconds().to_string());
        b.leave("deadline", Expr::StepOutput("clock".into(), "deadline".into()));
        b.fixed(
            Some("clock"),
            "When the stage is given up",
            None,
            vars,
            Fixed::Clock,
        );
    }
    messages::at(b, MomentKind::Started, Some(id), cond);
}

/// One part of a job; `timed`: the time of its stage has started.
fn do_item<'a>(b: &mut JobBuilder<'_, 'a>, id: StageId, item: &Item<'a>, mut conds: Vec<Expr>, timed: bool) {
    let ctx = b.ctx;
    let stage = ctx.release.stage(id);
    if item.when != Cond::True {
        if is_static(ctx.release, &item.when) {
            conds.push(expr(ctx, &item.when, &mut b.needs));
        } else {
            let slug = format!("{}_when", item.slug);
            let mut vars = b.vars("V");
            let program = vars.condition(&item.when);
            let script = Script::Conditions(vec![("holds".to_string(), program)]);
            b.step(
                Some(&slug),
                "Does the next step apply?",
                success_and(conds.clone()),
                vars,
                script,
            );
            conds.push(Expr::StepOutput(slug, "holds".into()).is("true"));
        }
    }
    let guarded = ctx.guarded(id);
    let first = ctx.segments(id)[begins_in(ctx, id)].job.clone();
    let deadline = stage.timeout.filter(|_| timed).map(|_| {
        if first == b.id {
            Expr::StepOutput("clock".into(), "deadline".into())
        } else {
            Expr::Output(first, "deadline".into())
        }
    });
    let fails = if goes_on(stage) {
        Failing::Stage
    } else {
        Failing::Job
    };
    match &item.what {
        What::Step(step) => {
            let how = How {
                id: item.slug.clone(),
                cond: success_and(conds),
                guarded,
                deadline,
                failing: fails,
                ..How::of(step)
            };
            b.do_step(step, how);
        }
        What::Gate(gate) => {
            conds.extend(order::not_overridden(ctx, *gate));
            let how = How {
                cond: success_and(conds),
                guarded,
                deadline,
                failing: failing(ctx, *gate, goes_on(stage)),
                ..How::plain(item.slug.clone())
            };
            b.gate(*gate, how);
        }
        What::May(act) => b.may(act, &item.slug, success_and(conds)),
        What::Wait(length) => {
            let mut vars = b.vars("V");
            crate::emit::github::lower::job::begun(&mut vars);
            b.guard(&mut vars, guarded, false);
            b.seconds += item.seconds;
            let wait = Script::Wait(Wait {
                length: length.clone(),
                guarded,
            });
            b.step(
                Some(&item.slug),
                wait_name(length),
                success_and(conds),
                vars,
                wait,
            );
        }
    }
}

fn wait_name(length: &crate::emit::github::script::WaitLength) -> String {
    use crate::emit::github::script::WaitLength;
    match length {
        WaitLength::Seconds(s) => format!("Wait {}", Dur::seconds(*s)),
        WaitLength::Since { after, .. } => format!("Not before T+{}", Dur::seconds(*after)),
    }
}

/// What steps count as.
type Units = BTreeMap<String, Vec<String>>;

/// What the job began, finished and learned, for a rollback and for the report.
fn record(b: &mut JobBuilder<'_, '_>, id: StageId, (units, gates): (&Units, &Units), last: bool) {
    let ctx = b.ctx;
    let stage = ctx.release.stage(id);
    let mut vars = b.vars("V");
    vars.expr("STEPS", Expr::ToJson("steps"));
    vars.expr("STATUS", Expr::Context("job.status"));
    vars.text("JOB", b.name.clone());
    vars.text("STAGE", stage.slug.as_str());
    vars.text("LAST", last.to_string());
    vars.text(
        "ENDS",
        // Gone on from a failure, the stage ends with the job that failed.
        if last || goes_on(stage) {
            json_list([stage.slug.as_str()])
        } else {
            "[]".to_string()
        },
    );
    vars.text("UNITS", serde_json::to_string(units).unwrap_or_default());
    vars.text("GATES", serde_json::to_string(gates).unwrap_or_default());
    let mut needs = BTreeSet::new();
    if let Some(lowest) = super::demote::lowest(ctx, stage, &mut needs) {
        vars.expr("LOWEST", lowest);
    }
    b.needs.extend(needs);
    for output in ["state", "stopped", "failed", "cause", "rung", "at"] {
        b.leave(output, Expr::StepOutput("record".into(), output.into()));
    }
    b.fixed(Some("record"), "What began", Some(always()), vars, Fixed::Record);
    // Where something else may fail meanwhile, what follows is settled before this could be handed over.
    if ctx.guarded(id) || !ctx.watched().is_empty() {
        let name = Field::text(format!("state-{}", b.id));
        b.steps.push(upload(
            Some(always()),
            name,
            crate::emit::github::lower::job::temporary("state.json"),
        ));
    }
}

/// What failed in jobs of a stage, for the table of outcomes: a gate's name, or why nothing could be said.
pub fn cause_of(ctx: &Ctx<'_>, segments: &[Segment<'_>]) -> Expr {
    let mut list = Vec::new();
    for segment in segments {
        match &segment.kind {
            SegmentKind::Person(ask) => {
                if let Some(gate) = ask.gate {
                    list.push(Expr::And(vec![
                        Expr::Result(segment.job.clone()).is("failure"),
                        Expr::str(cause(ctx, gate)),
                    ]));
                }
            }
            SegmentKind::Work(_) => list.push(Expr::Output(segment.job.clone(), "cause".into())),
            SegmentKind::Sleep(..) | SegmentKind::Timer(..) => {}
        }
    }
    list.push(Expr::str(""));
    Expr::first(list)
}
