//! Conditions: over choices, decisions and outcomes as GitHub's expressions; over values as programs for `jq`, because GitHub's `==`
//! ignores case and converts.
//!
//! Called by all of `lower`.

use crate::emit::github::lower::context::{Ctx, Side};
use crate::emit::github::lower::values::{Kind, Vars, param, resumed, stated, value_kind};
use crate::emit::github::lower::{jq, names};
use crate::emit::github::model::Expr;
use crate::emit::github::script::Program;
use crate::model::{
    Atom, Comparison, Cond, DecisionId, GateId, Outcome, ParamId, ParamType, Release, StageId, Subject,
};
use std::collections::BTreeSet;

/// Whether a condition can be an expression of GitHub's.
pub fn is_static(release: &Release, cond: &Cond) -> bool {
    cond.atoms().into_iter().all(|a| match a {
        Atom::Param { param, .. } => !choices_collide(release, *param),
        Atom::Decision { .. } | Atom::Outcome { .. } => true,
        Atom::Equal(..) | Atom::Compare(..) => false,
    })
}

/// Whether two words of a choice differ in case only, which GitHub cannot tell apart.
fn choices_collide(release: &Release, id: ParamId) -> bool {
    let words = choices(release, id);
    let folded: BTreeSet<String> = words.iter().map(|w| w.to_lowercase()).collect();
    folded.len() < words.len()
}

/// The words a parameter chooses among; none for a flag.
pub fn choices(release: &Release, id: ParamId) -> Vec<String> {
    match &release.param(id).ty {
        ParamType::OneOf(words) => words.iter().map(ToString::to_string).collect(),
        ParamType::Environment => release.environments.iter().map(|e| e.name.to_string()).collect(),
        _ => Vec::new(),
    }
}

/// A static condition as an expression, and the jobs it reads.
pub fn expr(ctx: &Ctx<'_>, cond: &Cond, needs: &mut BTreeSet<String>) -> Expr {
    match cond {
        Cond::True => Expr::Bool(true),
        Cond::False => Expr::Bool(false),
        Cond::And(l) => Expr::all(l.iter().map(|c| expr(ctx, c, needs)).collect::<Vec<_>>()),
        Cond::Or(l) => Expr::any(l.iter().map(|c| expr(ctx, c, needs)).collect::<Vec<_>>()),
        Cond::Not(c) => expr(ctx, c, needs).negate(),
        Cond::Atom(a) => atom(ctx, a, needs),
    }
}

fn atom(ctx: &Ctx<'_>, a: &Atom, needs: &mut BTreeSet<String>) -> Expr {
    match a {
        Atom::Param { param: id, choice } => {
            let input = param(ctx.release, *id);
            match choices(ctx.release, *id).get(*choice) {
                Some(word) => input.is(word),
                None if *choice == 0 => Expr::Not(Box::new(input)),
                None => input,
            }
        }
        Atom::Decision { decision, option } => {
            let name = &ctx.release.decision(*decision).options[*option].name;
            option_of(ctx, *decision, needs).is(name)
        }
        Atom::Outcome { subject, outcome } => match subject {
            Subject::Stage(s) => stage_outcome(ctx, *s, *outcome, needs),
            Subject::Gate(g) => gate_outcome(ctx, *g, *outcome, needs),
        },
        // Never asked for: such a condition is not static.
        Atom::Equal(..) | Atom::Compare(..) => Expr::Bool(false),
    }
}

/// The option a decision came to.
pub fn option_of(ctx: &Ctx<'_>, d: DecisionId, needs: &mut BTreeSet<String>) -> Expr {
    let name = names::option(ctx.release, d);
    if ctx.side == Side::Rollback {
        return stated(&name);
    }
    let mut list = Vec::new();
    if !ctx.on_demand(d) {
        let job = names::decision(ctx.release, d);
        list.push(Expr::Output(job.clone(), "option".to_string()));
        needs.insert(job);
    }
    if ctx.resumable() || list.is_empty() {
        list.push(resumed(&name));
    }
    Expr::first(list)
}

fn stage_outcome(ctx: &Ctx<'_>, s: StageId, outcome: Outcome, needs: &mut BTreeSet<String>) -> Expr {
    let done = |what: &str| {
        if ctx.side == Side::Rollback {
            let state = Expr::Output("todo".into(), "done".into());
            state.lists(what)
        } else {
            ctx.done(what)
        }
    };
    let slug = ctx.release.stage(s).slug.to_string();
    let kept = names::went_on(ctx.release, s);
    if ctx.side == Side::Rollback {
        let failed = stated(&kept).is("true");
        return match outcome {
            Outcome::Passed => Expr::all([done(&slug), failed.negate()]),
            Outcome::Failed => failed,
            Outcome::NotApplicable => done(&slug).negate(),
        };
    }
    let jobs = ctx.stage_jobs(s);
    needs.extend(jobs.iter().cloned());
    let job = names::stage(ctx.release, s);
    let here = jobs.iter().map(|j| Expr::Output(j.clone(), "failed".into()));
    // In a run that goes on with an earlier one, that one said it.
    let before = ctx.resumable().then(|| resumed(&kept));
    let before_it_failed = before.clone().map(|v| v.is("true"));
    let failed = Expr::any(here.chain(before).map(|v| v.is("true")).collect::<Vec<_>>());
    // What is known with the inputs is a condition of its jobs.
    let applies = match is_static(ctx.release, &ctx.release.stage(s).when) {
        true => Expr::Bool(true),
        false => Expr::Output(ctx.first_work(s).to_string(), "applicable".into()).differs("false"),
    };
    match outcome {
        Outcome::Passed => Expr::any([
            Expr::all([Expr::succeeded(&job), failed.negate(), applies]),
            Expr::all(
                std::iter::once(done(&slug))
                    .chain(before_it_failed.map(Expr::negate))
                    .collect::<Vec<_>>(),
            ),
        ]),
        Outcome::Failed => failed,
        Outcome::NotApplicable => Expr::all([
            Expr::any([Expr::Result(job).is("skipped"), applies.negate()]),
            done(&slug).negate(),
        ]),
    }
}

fn gate_outcome(ctx: &Ctx<'_>, g: GateId, outcome: Outcome, needs: &mut BTreeSet<String>) -> Expr {
    let name = names::verdict(ctx.release, g);
    let verdicts: Vec<Expr> = if ctx.side == Side::Rollback {
        vec![stated(&name)]
    } else {
        let mut jobs: Vec<String> = ctx.judged(g).into_iter().map(|(job, _)| job).collect();
        jobs.dedup();
        needs.extend(jobs.iter().cloned());
        jobs.into_iter()
            .map(|j| Expr::Output(j, name.clone()))
            .chain(ctx.resumable().then(|| resumed(&name)))
            .collect()
    };
    let any = |word: &str| Expr::any(verdicts.iter().cloned().map(|v| v.is(word)).collect::<Vec<_>>());
    match outcome {
        Outcome::Passed => Expr::all([any("passed"), any("failed").negate()]),
        Outcome::Failed => any("failed"),
        Outcome::NotApplicable => Expr::all([any("passed").negate(), any("failed").negate()]),
    }
}

/// A condition as a program that prints `true` or `false`.
pub fn program(vars: &mut Vars<'_, '_>, cond: &Cond) -> Program {
    let text = expression(vars, cond);
    Program {
        decides: Some(cond.clone()),
        ..jq::finish(vars, text)
    }
}

/// A condition as an expression of `jq`.
pub fn expression(vars: &mut Vars<'_, '_>, cond: &Cond) -> String {
    match cond {
        Cond::True => "true".to_string(),
        Cond::False => "false".to_string(),
        Cond::And(l) => list(vars, l, " and ", "true"),
        Cond::Or(l) => list(vars, l, " or ", "false"),
        Cond::Not(c) => format!("({} | not)", expression(vars, c)),
        Cond::Atom(a) => atom_expression(vars, a),
    }
}

fn list(vars: &mut Vars<'_, '_>, conds: &[Cond], sign: &str, empty: &str) -> String {
    let parts: Vec<_> = conds.iter().map(|c| expression(vars, c)).collect();
    if parts.is_empty() {
        empty.to_string()
    } else {
        format!("({})", parts.join(sign))
    }
}

fn atom_expression(vars: &mut Vars<'_, '_>, a: &Atom) -> String {
    match a {
        Atom::Equal(x, y) => {
            let numeric = |v: &crate::model::Value| {
                matches!(
                    value_kind(vars.release(), v),
                    Kind::Number | Kind::Percent | Kind::Duration
                )
            };
            if numeric(x) && numeric(y) {
                format!("({} == {})", jq::number_of(vars, x), jq::number_of(vars, y))
            } else {
                format!("({} == {})", jq::text_of(vars, x), jq::text_of(vars, y))
            }
        }
        Atom::Compare(op, x, y) => {
            let version = [x, y]
                .iter()
                .any(|v| value_kind(vars.release(), v) == Kind::Version);
            let sign = op.sign();
            if version && *op != Comparison::Ne {
                let parts = "| ltrimstr(\"v\") | split(\"+\")[0] | split(\".\") | map(tonumber? // .)";
                format!(
                    "(({} {parts}) {sign} ({} {parts}))",
                    jq::text_of(vars, x),
                    jq::text_of(vars, y)
                )
            } else if *op == Comparison::Ne {
                format!("({} != {})", jq::text_of(vars, x), jq::text_of(vars, y))
            } else {
                format!("({} {sign} {})", jq::number_of(vars, x), jq::number_of(vars, y))
            }
        }
        Atom::Param { param: id, choice } => {
            let base = param(vars.release(), *id);
            let name = vars.variable(base);
            let words = choices(vars.release(), *id);
            let word = words.get(*choice).cloned();
            let wanted = word.clone().unwrap_or_else(|| (*choice == 1).to_string());
            vars.reads.push((a.clone(), name.clone(), wanted));
            match word {
                Some(word) => format!("(${name} == {})", jq::string(&word)),
                None => format!("(${name} == \"{}\")", *choice == 1),
            }
        }
        other => {
            let mut needs = BTreeSet::new();
            let e = atom(vars.ctx, other, &mut needs);
            vars.needs.extend(needs);
            let name = vars.variable(e);
            vars.reads.push((a.clone(), name.clone(), "true".to_string()));
            format!("(${name} == \"true\")")
        }
    }
}
