//! `policy/violated`: the plan breaks a rule of the organisation.

use crate::checks::policy::eval::{Eval, Fault, show};
use crate::checks::policy::value::{Thing, V};
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Policy, PolicyExpr, PolicyOp, PolicyRule, TextPart};
use crate::plan::Plan;
use crate::source::Span;

/// The diagnostic.
pub const CODE: Code = Code("policy/violated");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// The most combinations of things looked at for one policy.
const COMBINATIONS: usize = 1_000_000;

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    for policy in &subject.plan.release().policies {
        each(subject.plan, policy, &mut |found| match found {
            Found::Broken(rule, eval) => bag.push(finding(policy, rule, eval)),
            Found::Undecided(rule, eval) => bag.push(undecided(policy, rule, eval)),
            Found::TooMany => bag.push(
                Diagnostic::info(
                    CODE,
                    policy.origin.span,
                    format!("undecided: whether the plan keeps the policy `{}`", policy.name),
                )
                .here("speaks of too many things at once")
                .help("let it range over fewer lists"),
            ),
            Found::Fault(..) => {}
        });
    }
}

/// What going through a policy comes upon.
pub(super) enum Found<'a> {
    /// A rule does not hold for the things bound.
    Broken(&'a PolicyRule, &'a Eval<'a>),
    /// Whether it does is known at run time only.
    Undecided(&'a PolicyRule, &'a Eval<'a>),
    /// A rule means nothing.
    Fault(Option<&'a PolicyRule>, Fault),
    /// There are too many combinations.
    TooMany,
}

/// Goes through all things a policy speaks of. A rule that means nothing ends it.
pub(super) fn each(plan: &Plan, policy: &Policy, tell: &mut dyn FnMut(Found<'_>)) {
    let mut eval = Eval::new(plan);
    let mut left = COMBINATIONS;
    bind(&mut eval, policy, 0, &mut left, tell);
}

/// `false` when there is no use in going on.
fn bind(
    eval: &mut Eval<'_>,
    policy: &Policy,
    depth: usize,
    left: &mut usize,
    tell: &mut dyn FnMut(Found<'_>),
) -> bool {
    let Some(quantifier) = policy.quantifiers.get(depth) else {
        return judge(eval, policy, tell);
    };
    let list = match eval.value(&quantifier.over) {
        Ok(V::List(list)) => list,
        Ok(V::Absent | V::Unknown) => return true,
        Ok(other) => {
            let message = format!("{} is no list to go through", other.show(eval.plan.release()));
            tell(Found::Fault(None, Fault { message, hint: None }));
            return false;
        }
        Err(fault) => {
            tell(Found::Fault(None, fault));
            return false;
        }
    };
    for item in list {
        if *left == 0 {
            tell(Found::TooMany);
            return false;
        }
        *left -= 1;
        eval.bound.push((quantifier.var.clone(), item));
        let go_on = bind(eval, policy, depth + 1, left, tell);
        eval.bound.pop();
        if !go_on {
            return false;
        }
    }
    true
}

fn judge(eval: &Eval<'_>, policy: &Policy, tell: &mut dyn FnMut(Found<'_>)) -> bool {
    let mut sure = true;
    for filter in &policy.filters {
        match eval.value(&filter.expr) {
            Ok(v) => match v.truth() {
                Some(true) => {}
                Some(false) => return true,
                None => sure = false,
            },
            Err(fault) => {
                tell(Found::Fault(Some(filter), fault));
                return false;
            }
        }
    }
    for rule in &policy.rules {
        match eval.value(&rule.expr) {
            Ok(v) => match v.truth() {
                Some(true) => {}
                Some(false) if sure => tell(Found::Broken(rule, eval)),
                _ => tell(Found::Undecided(rule, eval)),
            },
            Err(fault) => {
                tell(Found::Fault(Some(rule), fault));
                return false;
            }
        }
    }
    true
}

/// The place of what the rule is about: the first thing bound, else the release.
fn about(eval: &Eval<'_>) -> (Span, String) {
    let r = eval.plan.release();
    let first = eval.bound.iter().find_map(|(_, v)| match v {
        V::Thing(t) => Some(*t),
        _ => None,
    });
    let Some(thing) = first else {
        return (r.origin.span, format!("`{}`", r.name));
    };
    let origin = match thing {
        Thing::Stage(s) | Thing::Rollout(s) | Thing::Rollback(s) | Thing::OnFailure(s) => &r.stage(s).origin,
        Thing::Approval(a) => &r.approval(a).origin,
        Thing::Gate(g) => &r.gate(g).origin,
        Thing::Decision(d) => &r.decision(d).origin,
        Thing::Person(p) => &r.person(p).origin,
        Thing::Role(x) => &r.role(x).origin,
        Thing::Env(e) => &r.env(e).origin,
        Thing::Artifact(a) => &r.artifact(a).origin,
        Thing::Checklist(c) => &r.checklist(c).origin,
        Thing::Metric(m) => &r.metric(m).origin,
        Thing::Release | Thing::Change | Thing::Window | Thing::Tested => &r.origin,
    };
    (origin.span, format!("`{}`", thing.name(r)))
}

fn because(policy: &Policy) -> Option<String> {
    let text: String = policy
        .because
        .as_ref()?
        .parts
        .iter()
        .map(|p| match p {
            TextPart::Lit(t) => t.as_str(),
            TextPart::Sym(_) => "…",
        })
        .collect();
    Some(text.trim().trim_end_matches('.').to_string()).filter(|t| !t.is_empty())
}

fn finding(policy: &Policy, rule: &PolicyRule, eval: &Eval<'_>) -> Diagnostic {
    let (span, name) = about(eval);
    let why = because(policy).map_or(String::new(), |b| format!(": {b}"));
    let mut d = Diagnostic::new(
        policy.severity,
        CODE,
        span,
        format!("{name} breaks the policy `{}`{why}", policy.name),
    )
    .here(format!("does not satisfy `{}`", show(&rule.expr, eval)));
    d = place::fact(d, &rule.origin, "required here");
    for (var, v) in eval.bound.iter().skip(1) {
        d = d.note(format!("where `{var}` is {}", v.show(eval.plan.release())));
    }
    let mut told: Vec<String> = Vec::new();
    for expr in measured(&rule.expr) {
        let Ok(v) = eval.value(expr) else { continue };
        let value = v.show(eval.plan.release());
        let fact = format!("`{}` is {value}", show(expr, eval));
        if !told.contains(&fact) {
            told.push(fact);
        }
    }
    d = told.into_iter().fold(d, Diagnostic::note);
    d.help("change the plan so that it holds")
}

fn undecided(policy: &Policy, rule: &PolicyRule, eval: &Eval<'_>) -> Diagnostic {
    let (span, name) = about(eval);
    let d = Diagnostic::info(
        CODE,
        span,
        format!("undecided: whether {name} keeps the policy `{}`", policy.name),
    )
    .here("depends on what is known at run time only");
    place::fact(d, &rule.origin, "required here").help("fix the value: give the parameter a default")
}

/// The sides of the comparisons a rule is made of, as far as they are worked out from the plan.
fn measured(expr: &PolicyExpr) -> Vec<&PolicyExpr> {
    match expr {
        PolicyExpr::Op(PolicyOp::And | PolicyOp::Or, a, b) => {
            let mut list = measured(a);
            list.extend(measured(b));
            list
        }
        PolicyExpr::Op(_, a, b) => [&**a, &**b].into_iter().filter(|e| asks(e)).collect(),
        PolicyExpr::Not(e) => measured(e),
        e if asks(e) => vec![e],
        _ => Vec::new(),
    }
}

fn asks(expr: &PolicyExpr) -> bool {
    matches!(expr, PolicyExpr::Field(..) | PolicyExpr::Call(..))
}
