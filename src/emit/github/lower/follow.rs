//! How a rollback begins: the release's run is ended, the plan's table says what follows, a person is asked, and what is undone is listed.
//!
//! Called by `rollback`.

use crate::emit::environments::{Purpose, may_pause};
use crate::emit::github::lower::chain::{self, Link, LinkWhat};
use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::job::{JobBuilder, moments, success_and, token};
use crate::emit::github::lower::{around, messages, settle};
use crate::emit::github::model::{Expr, Field, Job};
use crate::emit::github::script::Fixed;
use crate::model::{Cond, HoldId, MomentKind, Stage, StageId};
use crate::plan::{Node, StageUndo, UndoStep};
use serde_json::{Map, Value, json};

/// The stages in the order they are undone.
pub fn undo_order(ctx: &Ctx<'_>) -> Vec<StageId> {
    let mut list = ctx.plan.stage_order();
    list.reverse();
    list
}

/// The undos of a stage as links, in the order they run; none when there is nothing to undo.
pub fn links<'a>(ctx: &Ctx<'a>, id: StageId) -> Vec<Link<'a>> {
    let stage = ctx.release.stage(id);
    let todo = |unit: &str| Some(Expr::Output("todo".into(), "todo".into()).lists(unit));
    match ctx.plan.undo(id) {
        StageUndo::Nothing | StageUndo::Irreversible(..) | StageUndo::Harmless(..) => Vec::new(),
        StageUndo::Derived(steps) => steps
            .iter()
            .flat_map(|u| {
                let earlier = u.earlier.iter().map(|e| (&e.slug, e.act));
                earlier.chain([(&u.slug, u.act)])
            })
            .map(|(slug, act)| {
                let unit = format!("{}.{slug}", stage.slug);
                Link {
                    slug: slug.to_string(),
                    what: LinkWhat::Act(act),
                    when: Cond::True,
                    cond: todo(&unit),
                    purpose: Purpose::Step(id, slug.clone()),
                    unit,
                }
            })
            .collect(),
        StageUndo::Written(written) => {
            chain::links(&written.steps, &stage.slug, |s| Purpose::Step(id, s.slug.clone()))
                .into_iter()
                .map(|l| Link {
                    cond: todo(&l.unit),
                    ..l
                })
                .collect()
        }
    }
}

/// What each link of a derived undo undoes: the step, as it is known to have begun; where the undo is another at each step of a rollout, the
/// step at each of them (`of`), and those of them at which this one is done (`at`).
fn undone(stage: &Stage, steps: &[UndoStep<'_>]) -> Vec<Value> {
    let unit = |slug: &str| format!("{}.{slug}", stage.slug);
    let mut list = Vec::new();
    for u in steps {
        let place = stage.steps.iter().position(|s| s.slug == u.undoes.slug);
        let rungs = stage.rollout.iter().flat_map(|r| &r.steps);
        let works = rungs.filter_map(|r| r.work.get(place?));
        let of: Vec<String> = works.map(|w| unit(&w.slug)).collect();
        let mut rest = of.clone();
        for earlier in &u.earlier {
            let at = unit(&earlier.undoes.slug);
            rest.retain(|r| *r != at);
            list.push(json!({"undoes": unit(&u.undoes.slug), "of": of, "at": [at]}));
        }
        list.push(if u.earlier.is_empty() {
            json!({"undoes": unit(&u.undoes.slug)})
        } else {
            json!({"undoes": unit(&u.undoes.slug), "of": of, "at": rest})
        });
    }
    list
}

/// Every undo in order, as data: what it undoes, and whether it runs whenever its stage began.
fn table(ctx: &Ctx<'_>) -> String {
    let mut list = Vec::new();
    for id in undo_order(ctx) {
        let stage = ctx.release.stage(id);
        let derived = match ctx.plan.undo(id) {
            StageUndo::Derived(steps) => Some(undone(stage, &steps)),
            _ => None,
        };
        for (i, link) in links(ctx, id).into_iter().enumerate() {
            let undoes = derived.as_ref().and_then(|d| d.get(i)).cloned();
            let mut row = undoes.unwrap_or_else(|| json!({"undoes": ""}));
            row["stage"] = json!(stage.slug.as_str());
            row["unit"] = json!(link.unit);
            row["always"] = json!(derived.is_none());
            list.push(row);
        }
    }
    Value::Array(list).to_string()
}

/// The stages that cannot be taken back, each with what is left alone when it began: itself and all it depends on.
pub fn stuck(ctx: &Ctx<'_>) -> Map<String, Value> {
    let mut map = Map::new();
    for id in ctx.plan.stage_order() {
        if let StageUndo::Irreversible(..) = ctx.plan.undo(id) {
            let before = ctx.plan.ancestors(Node::Stage(id));
            let list: Vec<String> = ctx
                .plan
                .stage_order()
                .into_iter()
                .filter(|s| *s == id || ctx.plan.contains(&before, Node::Stage(*s)))
                .map(|s| ctx.release.stage(s).slug.to_string())
                .collect();
            map.insert(ctx.release.stage(id).slug.to_string(), json!(list));
        }
    }
    map
}

/// The job that ends the release's run and finds out what follows.
pub fn settled(ctx: &Ctx<'_>, released: &[Job]) -> Job {
    let mut b = JobBuilder::new(ctx, "settle", "What follows");
    b.permit(
        "actions",
        true,
        "to end the release's run and to read what it began",
    );
    let mut vars = b.vars("V");
    vars.text("PLAN", ctx.context.digest);
    vars.expr(
        "GIVEN",
        Expr::Or(vec![
            Expr::Input("plan".into()),
            Expr::Var(around::approved_variable(ctx.release)),
        ]),
    );
    b.fixed(None, "The plan is the approved one", None, vars, Fixed::Digest);
    let mut vars = b.vars("V");
    token(&mut vars);
    for (name, input) in [
        ("RUN", "run"),
        ("BEGAN", "began"),
        ("STATE", "state"),
        ("ENDS", "ends"),
    ] {
        vars.expr(name, Expr::Input(input.to_string()));
    }
    vars.text("OUTCOMES", settle::table(ctx));
    vars.text("FALLEN", settle::fallen(ctx, released));
    vars.text("BY_HAND", settle::asked(ctx));
    vars.text("TITLE", format!("Rollback {} of run ", ctx.release.name));
    vars.text("MOST", "17100");
    for output in ["state", "outcome", "then", "asks", "options", "within", "now"] {
        b.leave(output, Expr::StepOutput("settle".into(), output.into()));
    }
    b.fixed(
        Some("settle"),
        "What began, and what the plan says",
        None,
        vars,
        Fixed::Settle,
    );
    let paused = success_and([Expr::StepOutput("settle".into(), "then".into()).is("ask")]);
    messages::at(&mut b, MomentKind::Paused, None, paused);
    for id in ctx.plan.stage_order() {
        if messages::any(ctx, MomentKind::Paused, Some(id)) && may_pause(ctx.release, id) {
            let place = ctx.environment(&Purpose::Pause(id));
            let asked = Expr::StepOutput("settle".into(), "asks".into()).is(&place);
            messages::at(&mut b, MomentKind::Paused, Some(id), success_and([asked]));
        }
    }
    b.seconds = 18_000;
    b.speaking(Expr::not_cancelled())
}

/// The jobs in which a person says what follows: asked once more when the first answer is not clear.
pub fn asked(ctx: &Ctx<'_>) -> Vec<Job> {
    if !settle::asks(ctx) {
        return Vec::new();
    }
    let output = |name: &str| Expr::Output("settle".into(), name.into());
    ["ask", "ask-again"]
        .into_iter()
        .map(|id| {
            let mut b = JobBuilder::new(
                ctx,
                id,
                if id == "ask" {
                    "What a person says"
                } else {
                    "Once more"
                },
            );
            b.permit("actions", false, "to read what was answered");
            b.need("settle");
            let mut cond = vec![
                Expr::not_cancelled(),
                Expr::succeeded("settle"),
                output("asks").differs(""),
            ];
            if id == "ask-again" {
                b.need("ask");
                cond.push(Expr::Output("ask".into(), "answer".into()).is(""));
            }
            let mut vars = b.vars("V");
            token(&mut vars);
            vars.expr("ENVIRONMENT", output("asks"));
            vars.expr("OPTIONS", output("options"));
            vars.set("ASKED", moments(&[output("now")]));
            vars.expr("WITHIN", output("within"));
            b.leave("answer", Expr::StepOutput("answer".into(), "answer".into()));
            b.fixed(Some("answer"), "The answer", None, vars, Fixed::Answer);
            let mut job = b.finish(Expr::all(cond), None, None, "");
            job.environment = Some(Field::expr(output("asks")));
            job
        })
        .collect()
}

/// The job that says which undos run, or starts the release where it goes on.
pub fn todo(ctx: &Ctx<'_>) -> Job {
    let mut b = JobBuilder::new(ctx, "todo", "What is undone");
    b.permit("actions", true, "to start the release again where it goes on");
    b.need("settle");
    let mut cond = vec![Expr::not_cancelled(), Expr::succeeded("settle")];
    let mut vars = b.vars("V");
    token(&mut vars);
    for (name, output) in [("STATE", "state"), ("OUTCOME", "outcome")] {
        vars.expr(name, Expr::Output("settle".into(), output.into()));
    }
    if settle::asks(ctx) {
        for (name, job) in [("ANSWER", "ask"), ("AGAIN", "ask-again")] {
            b.need(job);
            vars.expr(name, Expr::Output(job.into(), "answer".into()));
        }
        // A rejected question is one that nobody answered.
        cond.push(Expr::Result("ask-again".into()).differs("cancelled"));
        vars.expr("ASKED", Expr::Result("ask-again".into()));
    } else {
        for name in ["ANSWER", "AGAIN", "ASKED"] {
            vars.text(name, "");
        }
    }
    vars.expr("FROM", Expr::Input("from_step".into()));
    vars.expr("INPUTS", Expr::ToJson("inputs"));
    settle::files(ctx, &mut vars);
    vars.text("TABLE", table(ctx));
    vars.text("STUCK", Value::Object(stuck(ctx)).to_string());
    let holds: Map<String, Value> = (0..ctx.release.holds.len())
        .map(|i| {
            let held = ctx.held(HoldId::at(i)).into_iter();
            let stages: Vec<String> = held.map(|s| ctx.release.stage(s).slug.to_string()).collect();
            (ctx.release.holds[i].name.to_string(), json!(stages))
        })
        .collect();
    vars.text("HOLDS", Value::Object(holds).to_string());
    for output in ["ends", "began", "todo", "stuck", "holds", "state", "done"] {
        b.leave(output, Expr::StepOutput("todo".into(), output.into()));
    }
    vars.expr("ACTOR", Expr::Context("github.actor"));
    b.fixed(Some("todo"), "What is undone", None, vars, Fixed::Todo);
    b.finish(Expr::all(cond), None, None, "")
}
