//! Approvals, declared ways around, decisions and checklists as jobs that wait on reviewer environments.
//!
//! GitHub lets any one reviewer pass an environment. So each seat of a quorum asks once more on the same environment, and a step
//! then reads the run's reviews and counts distinct, permitted people. Called by `lower`.

use crate::emit::environments::{Purpose, name, tickers};
use crate::emit::github::lower::conds::{expr, is_static};
use crate::emit::github::lower::context::{Ctx, Kept};
use crate::emit::github::lower::job::{JobBuilder, job_name, json_list, success_and, token};
use crate::emit::github::lower::work::How;
use crate::emit::github::lower::{names, order, stage};
use crate::emit::github::model::{Expr, Field, Job, Part};
use crate::emit::github::script::{Fixed, Program, Script};
use crate::emit::people::Reviewers;
use crate::model::{
    Approval, ApprovalId, ChecklistId, Cond, DecisionId, DistinctFrom, DutyRule, OptionOutcome,
    OptionTestExpr, PersonRef, Quorum, RoleOrPerson, Seat,
};
use crate::plan::Node;

/// How many distinct people an approval needs.
pub fn seats(ctx: &Ctx<'_>, approval: &Approval) -> u32 {
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
    for (node, _) in ctx.plan.waits_for(Node::Approval(id)) {
        first.extend(order::ended(ctx, node, &mut first_needs));
    }
    for o in ctx
        .release
        .overrides
        .iter()
        .filter(|o| o.approvals.iter().any(|(a, _)| *a == id))
    {
        first.push(Expr::Input("override".into()).is_not(&o.name));
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
    let asked: Vec<Expr> = std::iter::once(Expr::Output("preflight".into(), "now".into()))
        .chain(
            approval
                .after
                .iter()
                .map(|(s, _)| Expr::Output(names::stage(ctx.release, *s), "at".into())),
        )
        .collect();
    first_needs.extend(approval.after.iter().map(|(s, _)| names::stage(ctx.release, *s)));
    let count = seats(ctx, approval);
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
        b.needs.extend(first_needs.iter().cloned());
        let cond = if seat == 1 {
            Expr::all(first.clone())
        } else {
            let before = names::numbered(&job, seat as usize - 1);
            b.need(before.clone());
            Expr::all([
                Expr::not_cancelled(),
                Expr::succeeded("preflight"),
                Expr::succeeded(&before),
            ])
        };
        let mut vars = b.vars("V");
        token(&mut vars);
        b.permit("actions", false, "to read who approved");
        vars.text("ENVIRONMENT", ctx.environment(&Purpose::Approve(id)));
        vars.text("SEATS", seat.to_string());
        people(
            ctx,
            &mut vars,
            &approval.from.iter().map(|(w, _)| *w).collect::<Vec<_>>(),
        );
        apart(ctx, &mut vars, approval);
        vars.text("RULES", rules(ctx, id));
        let mut field = Field::text("[\"");
        for (i, e) in asked.iter().enumerate() {
            if i > 0 {
                field = field.then(Part::Text("\",\"".to_string()));
            }
            field = field.then(Part::Expr(e.clone()));
        }
        vars.set("ASKED", field.then(Part::Text("\"]".to_string())));
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
pub fn people(
    ctx: &Ctx<'_>,
    vars: &mut crate::emit::github::lower::values::Vars<'_, '_>,
    who: &[RoleOrPerson],
) {
    let pool = Reviewers::of(ctx.release, who);
    let permitted = if pool.open {
        "null".to_string()
    } else {
        json_list(pool.permitted)
    };
    vars.text("PERMITTED", permitted);
}

/// Whom approvers must differ from: people by login, other approvals by their environments.
fn apart(ctx: &Ctx<'_>, vars: &mut crate::emit::github::lower::values::Vars<'_, '_>, approval: &Approval) {
    let mut barred = Field::text("[");
    let mut environments = Vec::new();
    let mut first = true;
    let mut add = |field: &mut Field, part: Part| {
        let open = if first { "\"" } else { ",\"" };
        first = false;
        field.parts.push(Part::Text(open.to_string()));
        field.parts.push(part);
        field.parts.push(Part::Text("\"".to_string()));
    };
    for (from, _) in &approval.distinct_from {
        match from {
            DistinctFrom::Author => {
                for (author, _) in &ctx.release.authors {
                    match author {
                        PersonRef::Person(p) => {
                            for login in Reviewers::of(ctx.release, &[RoleOrPerson::Person(*p)]).permitted {
                                add(&mut barred, Part::Text(login));
                            }
                        }
                        PersonRef::Param(_) => {
                            add(
                                &mut barred,
                                Part::Expr(Expr::Output("preflight".into(), "author".into())),
                            );
                        }
                    }
                }
            }
            DistinctFrom::Executors => {
                add(
                    &mut barred,
                    Part::Expr(Expr::Output("preflight".into(), "starter".into())),
                );
            }
            DistinctFrom::Approval(a) => environments.push(name(ctx.release, &Purpose::Approve(*a))),
        }
    }
    vars.set("BARRED", barred.then(Part::Text("]".to_string())));
    vars.text("APART", json_list(environments));
}

/// The plan's duties that speak of an approval, as data: seats by their environments, known people by login.
fn rules(ctx: &Ctx<'_>, id: ApprovalId) -> String {
    let r = ctx.release;
    let mut list = Vec::new();
    for rule in &r.duties {
        let (kind, most) = match rule {
            DutyRule::Distinct(..) => ("distinct", 1),
            DutyRule::Same(..) => ("same", 1),
            DutyRule::AtMost(n, ..) => ("at_most", *n),
            // Seen only when all seats are filled: `limits` says so.
            DutyRule::AtLeast(..) => continue,
        };
        let mut environments = Vec::new();
        let mut people = Vec::new();
        let mut mine = false;
        for seat in rule.seats() {
            match seat {
                Seat::Approval(a) => {
                    mine |= *a == id;
                    environments.push(name(r, &Purpose::Approve(*a)));
                }
                Seat::Approvers => {
                    mine = true;
                    let all = (0..r.approvals.len()).map(|i| name(r, &Purpose::Approve(ApprovalId::at(i))));
                    environments.extend(all);
                }
                Seat::Decision(d) => environments.push(name(r, &Purpose::Decide(*d))),
                Seat::Author => {
                    let known = r.authors.iter().filter_map(|(p, _)| match p {
                        PersonRef::Person(p) => Some(RoleOrPerson::Person(*p)),
                        PersonRef::Param(_) => None,
                    });
                    people.extend(Reviewers::of(r, &known.collect::<Vec<_>>()).permitted);
                }
                Seat::Executor(_) | Seat::Executors => {}
            }
        }
        if mine {
            environments.dedup();
            list.push(serde_json::json!({"kind": kind, "most": most, "environments": environments, "people": people}));
        }
    }
    serde_json::Value::Array(list).to_string()
}

/// A job that only finds out whether something applies, where GitHub's expressions cannot.
fn when(
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
            b.permit("actions", false, "to read who approved");
            vars.text("ENVIRONMENT", ctx.environment(&Purpose::Override(index)));
            vars.text("SEATS", seat.to_string());
            people(ctx, &mut vars, &o.by.iter().map(|(w, _)| *w).collect::<Vec<_>>());
            let authors: Vec<String> = ctx
                .release
                .authors
                .iter()
                .filter_map(|(p, _)| match p {
                    PersonRef::Person(p) => {
                        Some(Reviewers::of(ctx.release, &[RoleOrPerson::Person(*p)]).permitted)
                    }
                    PersonRef::Param(_) => None,
                })
                .flatten()
                .collect();
            let mut barred =
                Field::text("[\"").then(Part::Expr(Expr::Output("preflight".into(), "starter".into())));
            for a in authors {
                barred = barred.then(Part::Text(format!("\",\"{a}")));
            }
            vars.set("BARRED", barred.then(Part::Text("\"]".to_string())));
            vars.text("APART", "[]");
            vars.text("RULES", "[]");
            vars.set(
                "ASKED",
                Field::text("[\"")
                    .then(Part::Expr(Expr::Output("preflight".into(), "now".into())))
                    .then(Part::Text("\"]".to_string())),
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
        for (i, item) in checked {
            let Some(act) = &item.check else { continue };
            let mut conds = Vec::new();
            if item.when != Cond::True && is_static(ctx.release, &item.when) {
                conds.push(expr(ctx, &item.when, &mut b.needs));
            }
            let how = How {
                cond: success_and(conds),
                ..How::plain(format!("c{}", i + 1))
            };
            b.act(act, how);
        }
        let place = ctx.release.environment;
        jobs.push(b.finish(
            Expr::all(cond),
            Some(ctx.environment(&Purpose::Deploy(place))),
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
        let purpose = Purpose::Ready(id, role);
        stage::confirmed(&mut b, &purpose, &[job], Vec::new(), None, None, None);
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
    for (node, _) in ctx.plan.waits_for(Node::Decision(id)) {
        cond.extend(order::ended(ctx, node, &mut needs));
    }
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
        vars.expr("TAKEN", before);
        match test {
            OptionTestExpr::Metrics(e) => b.option_by_metrics(&step, e, &option.name, vars),
            OptionTestExpr::Cond(c) => {
                let program = vars.condition(c);
                let text = format!(
                    "if $TAKEN == \"\" and {} then {} else \"\" end",
                    program.text,
                    crate::emit::github::lower::jq::string(&option.name)
                );
                let mut args = program.args;
                if !args.iter().any(|a| a == "TAKEN") {
                    args.push("TAKEN".to_string());
                }
                let script = Script::Conditions(vec![("option".to_string(), Program { text, args })]);
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
            Some(ctx.environment(&Purpose::Deploy(place))),
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
            Some(ctx.environment(&Purpose::Decide(id))),
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
    vars.text("ENVIRONMENT", ctx.environment(&Purpose::Decide(id)));
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
    let after = decision.after.last().map(|(s, _)| names::stage(ctx.release, *s));
    let asked = match after {
        Some(job) => {
            vars.needs.insert(job.clone());
            Expr::Output(job, "at".into())
        }
        None => {
            vars.needs.insert("preflight".to_string());
            Expr::Output("preflight".into(), "now".into())
        }
    };
    vars.expr("ASKED", asked);
    b.leave("answer", Expr::StepOutput("answer".into(), "answer".into()));
    let name = names::title(ctx.release, &decision.question.ask);
    b.fixed(Some("answer"), &name, None, vars, Fixed::Answer);
}
