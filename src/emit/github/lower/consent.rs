//! Decisions and checklists as jobs that wait on reviewer environments.
//!
//! Called by `lower` and `rollback`.

use crate::emit::environments::{Purpose as Place, tickers};
use crate::emit::github::lower::conds::{expr, is_static};
use crate::emit::github::lower::context::{Ctx, Kept};
use crate::emit::github::lower::job::{JobBuilder, job_name, json_list, moments, success_and, token};
use crate::emit::github::lower::work::How;
use crate::emit::github::lower::{names, order, person};
use crate::emit::github::model::{Expr, Job};
use crate::emit::github::script::{Fixed, Program, Script};
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::{Atom, ChecklistId, Cond, DecisionId, OptionOutcome, OptionTestExpr, StageId};
use crate::plan::Node;

/// A job that only finds out whether something applies, where GitHub's expressions cannot.
pub fn when(
    ctx: &Ctx<'_>,
    job: &str,
    cond: &Cond,
    before: &[Expr],
    needs: &std::collections::BTreeSet<String>,
) -> Job {
    let mut b = JobBuilder::new(ctx, names::with(job, "when"), format!("Does {job} apply?"));
    b.needs.extend(needs.iter().cloned());
    let mut vars = b.vars("V");
    let program: Program = vars.condition(cond);
    b.leave("applicable", Expr::StepOutput("when".into(), "applicable".into()));
    let script = Script::Conditions(vec![("applicable".to_string(), program)]);
    b.step(Some("when"), "Does it apply?", None, vars, script);
    b.finish(Expr::all(before.to_vec()), None, None, "")
}

/// The first stage that waits for a checklist: there it is settled when it is not as it should be.
fn first_at(ctx: &Ctx<'_>, id: ChecklistId) -> At {
    let wants = |s: &StageId| ctx.release.stage(*s).wants(id);
    ctx.plan
        .stage_order()
        .into_iter()
        .find(wants)
        .map_or(At::Run, At::Stage)
}

/// The stages that wait for a checklist.
fn waiting(ctx: &Ctx<'_>, id: ChecklistId) -> Vec<StageId> {
    let stages = (0..ctx.release.stages.len()).map(StageId::at);
    stages.filter(|s| ctx.release.stage(*s).wants(id)).collect()
}

/// The only stage that waits for a checklist, where a decision or an outcome says whether it applies: nobody is troubled before that is known.
/// Of several stages one may be what the other waits for, so there the list is gone through as soon as the run begins, like any other.
pub fn later(ctx: &Ctx<'_>, id: ChecklistId) -> Option<StageId> {
    let [stage] = waiting(ctx, id)[..] else {
        return None;
    };
    let when = &ctx.release.stage(stage).when;
    (is_static(ctx.release, when) && !early(when)).then_some(stage)
}

/// Whether a condition is known as soon as the run begins.
fn early(when: &Cond) -> bool {
    when.atoms().iter().all(|a| matches!(a, Atom::Param { .. }))
}

/// Some stage that waits for a checklist applies, and was neither done in an earlier run nor gone past.
fn wanted(ctx: &Ctx<'_>, id: ChecklistId, needs: &mut std::collections::BTreeSet<String>) -> Vec<Expr> {
    let mut list = Vec::new();
    if let Some(stage) = later(ctx, id) {
        list = order::waited(ctx, Node::Stage(stage), needs);
        list.push(expr(ctx, &ctx.release.stage(stage).when, needs));
    }
    let mut ways = Vec::new();
    for id in waiting(ctx, id) {
        let stage = ctx.release.stage(id);
        let mut all = Vec::new();
        // What is known only later is looked at when the stage would start.
        if stage.when != Cond::True && early(&stage.when) && is_static(ctx.release, &stage.when) {
            all.push(expr(ctx, &stage.when, needs));
        }
        if ctx.resumable() {
            all.push(ctx.done(&stage.slug).negate());
        }
        ways.push(Expr::all(all));
    }
    list.push(Expr::any(ways));
    list
}

/// The jobs of a checklist that some stage waits for: its commands, then its ticks.
pub fn checklist(ctx: &Ctx<'_>, id: ChecklistId) -> Vec<Job> {
    let list = ctx.release.checklist(id);
    let mut jobs = Vec::new();
    let checked: Vec<_> = list
        .items
        .iter()
        .enumerate()
        .filter(|(_, i)| i.check.is_some())
        .collect();
    if !checked.is_empty() {
        let job = names::check(ctx.release, id);
        let mut b = JobBuilder::new(ctx, job.clone(), job_name("Checks", &list.name));
        b.from(&list.origin);
        let mut cond = order::begun(&mut b.needs);
        if ctx.resumable() {
            cond.push(ctx.done(&job).negate());
        }
        cond.extend(wanted(ctx, id, &mut b.needs));
        for (i, item) in checked {
            let Some(act) = &item.check else { continue };
            let mut conds = Vec::new();
            if item.when != Cond::True && is_static(ctx.release, &item.when) {
                conds.push(expr(ctx, &item.when, &mut b.needs));
            }
            let how = How {
                cond: success_and(conds),
                part: Some(Purpose::new(first_at(ctx, id), &list.name, Deed::Ready)),
                ..How::plain(format!("c{}", i + 1))
            };
            b.act(act, how);
        }
        let place = ctx.release.environment;
        jobs.push(b.finish(
            Expr::all(cond),
            Some(ctx.environment(&Place::Deploy(place))),
            Some(place),
            "preflight",
        ));
    }
    for role in tickers(ctx.release, list) {
        let job = names::ready(ctx.release, id, role);
        let title = names::title(ctx.release, &ctx.release.role(role).title);
        let mut b = JobBuilder::new(
            ctx,
            job.clone(),
            format!("{}: {title}", job_name("Ready", &list.name)),
        );
        b.from(&list.origin);
        b.need("preview");
        let mut cond = order::begun(&mut b.needs);
        if ctx.resumable() {
            cond.push(ctx.done(&job).negate());
        }
        cond.extend(wanted(ctx, id, &mut b.needs));
        let purpose = Place::Ready(id, role);
        b.at = first_at(ctx, id);
        let part = Purpose::new(b.at, &list.name, Deed::Ready);
        person::confirmed(
            &mut b,
            (&purpose, part),
            (&[job], &[]),
            Vec::new(),
            person::Within::ALWAYS,
            None,
        );
        jobs.push(b.finish(Expr::all(cond), Some(ctx.environment(&purpose)), None, ""));
    }
    jobs
}

/// The jobs of a decision: its conditions, its question (twice, when the first answer is not clear), its outcome.
pub fn decision(ctx: &Ctx<'_>, id: DecisionId) -> Vec<Job> {
    let decision = ctx.release.decision(id);
    let job = names::decision(ctx.release, id);
    let mut needs = std::collections::BTreeSet::new();
    let mut cond = order::begun(&mut needs);
    needs.insert("preview".to_string());
    cond.extend(order::waited(ctx, Node::Decision(id), &mut needs));
    let mut jobs = Vec::new();
    if is_static(ctx.release, &decision.when) {
        cond.push(expr(ctx, &decision.when, &mut needs));
    } else {
        jobs.push(when(ctx, &job, &decision.when, &cond, &needs));
        let asks = names::with(&job, "when");
        cond.push(Expr::Output(asks.clone(), "applicable".into()).is("true"));
        needs.insert(asks);
    }
    if ctx.resumable() {
        cond.push(ctx.done(&job).negate());
    }

    let tested = names::with(&job, "if");
    let mut b = JobBuilder::new(
        ctx,
        tested.clone(),
        format!("{}: is it plain?", job_name("Choice", &decision.name)),
    );
    b.from(&decision.origin);
    b.needs.extend(needs.iter().cloned());
    let mut taken: Vec<Expr> = Vec::new();
    for (i, option) in decision.options.iter().enumerate() {
        let Some(test) = &option.test else { continue };
        let step = format!("o{}", i + 1);
        let mut vars = b.vars("V");
        let before = if taken.is_empty() {
            Expr::str("")
        } else {
            Expr::first(taken.clone())
        };
        vars.expr("RELEASEC_TAKEN", before);
        match test {
            OptionTestExpr::Metrics(e) => b.option_by_metrics(&step, e, &option.name, vars),
            OptionTestExpr::Cond(c) => {
                let program = vars.condition(c);
                let text = format!(
                    "if $RELEASEC_TAKEN == \"\" and {} then {} else \"\" end",
                    program.text,
                    crate::emit::github::lower::jq::string(&option.name)
                );
                let mut args = program.args;
                if !args.iter().any(|a| a == "RELEASEC_TAKEN") {
                    args.push("RELEASEC_TAKEN".to_string());
                }
                let script = Script::Conditions(vec![(
                    "option".to_string(),
                    Program {
                        text,
                        args,
                        decides: program.decides,
                        word: Some(option.name.to_string()),
                    },
                )]);
                b.step(
                    Some(&step),
                    format!("Is it `{}`?", option.name),
                    None,
                    vars,
                    script,
                );
            }
        }
        taken.insert(0, Expr::StepOutput(step, "option".into()));
    }
    let tests = !taken.is_empty();
    if tests {
        b.leave("option", Expr::first(taken.into_iter().rev().collect()));
        let place = ctx.release.environment;
        jobs.push(b.finish(
            Expr::all(cond.clone()),
            Some(ctx.environment(&Place::Deploy(place))),
            Some(place),
            "decisions",
        ));
    }

    let ask = |name: String, title: &str, more: Vec<Expr>, further: &[&str]| {
        let mut b = JobBuilder::new(
            ctx,
            name,
            format!("{}{title}", job_name("Choice", &decision.name)),
        );
        b.from(&decision.origin);
        b.needs.extend(needs.iter().cloned());
        b.needs.extend(further.iter().map(ToString::to_string));
        question(&mut b, id);
        b.finish(
            Expr::all(cond.iter().cloned().chain(more)),
            Some(ctx.environment(&Place::Decide(id))),
            None,
            "",
        )
    };
    let (first, second) = (names::with(&job, "ask"), names::with(&job, "again"));
    let plain = if tests {
        vec![
            Expr::succeeded(&tested),
            Expr::Output(tested.clone(), "option".into()).is(""),
        ]
    } else {
        Vec::new()
    };
    let before: Vec<&str> = if tests { vec![&tested] } else { Vec::new() };
    jobs.push(ask(first.clone(), "", plain.clone(), &before));
    let unclear = plain
        .into_iter()
        .chain([
            Expr::succeeded(&first),
            Expr::Output(first.clone(), "answer".into()).is(""),
        ])
        .collect();
    let mut before = before;
    before.push(&first);
    jobs.push(ask(second.clone(), ": once more", unclear, &before));

    let mut b = JobBuilder::new(ctx, job.clone(), job_name("Decision", &decision.name));
    b.from(&decision.origin);
    b.needs.extend(needs.iter().cloned());
    b.needs.extend(before.iter().map(ToString::to_string));
    b.need(second.clone());
    let mut ended = cond;
    let asked = |job: &str| Expr::any([Expr::succeeded(job), Expr::Result(job.to_string()).is("skipped")]);
    ended.extend([asked(&first), asked(&second)]);
    if tests {
        ended.push(Expr::succeeded(&tested));
    }
    let mut vars = b.vars("V");
    vars.parts = vec![Purpose::new(At::Run, &decision.name, Deed::Decide(id, 0))];
    let taken = if tests {
        Expr::Output(tested, "option".into())
    } else {
        Expr::str("")
    };
    vars.expr("TAKEN", taken);
    vars.expr("FIRST", Expr::Output(first, "answer".into()));
    vars.expr("SECOND", Expr::Output(second, "answer".into()));
    let default = decision.default.map(|i| decision.options[i].name.to_string());
    vars.text("DEFAULT", default.unwrap_or_default());
    let go_on = decision
        .options
        .iter()
        .filter(|o| o.then == OptionOutcome::Proceed);
    vars.text("GO_ON", json_list(go_on.map(|o| o.name.to_string())));
    vars.text("NAME", job.clone());
    let kept: Vec<Kept> = decision
        .question
        .captures
        .iter()
        .map(|c| Kept::Capture(*c))
        .collect();
    vars.text("KEEP", json_list(kept.iter().map(|k| ctx.kept_name(*k))));
    for output in ["option", "at", "state"] {
        b.leave(output, Expr::StepOutput("decided".into(), output.into()));
    }
    for k in kept {
        b.leave_kept(k, "decided");
    }
    b.fixed(Some("decided"), "What was decided", None, vars, Fixed::Decided);
    jobs.push(b.finish(Expr::all(ended), None, None, ""));
    jobs
}

/// The step that reads the answer to a decision's question.
pub fn question(b: &mut JobBuilder<'_, '_>, id: DecisionId) {
    let ctx = b.ctx;
    let decision = ctx.release.decision(id);
    let mut vars = b.vars("V");
    token(&mut vars);
    b.permit("actions", false, "to read what was answered");
    vars.parts = vec![Purpose::new(At::Run, &decision.name, Deed::Decide(id, 0))];
    vars.text("ENVIRONMENT", ctx.environment(&Place::Decide(id)));
    vars.text(
        "OPTIONS",
        json_list(decision.options.iter().map(|o| o.name.to_string())),
    );
    vars.text(
        "WITHIN",
        decision
            .question
            .within
            .map_or(String::new(), |w| w.as_seconds().to_string()),
    );
    let asked = order::since(ctx, Node::Decision(id), &mut vars.needs);
    vars.set("ASKED", moments(&asked));
    b.leave("answer", Expr::StepOutput("answer".into(), "answer".into()));
    let name = names::title(ctx.release, &decision.question.ask);
    b.fixed(Some("answer"), &name, None, vars, Fixed::Answer);
}
