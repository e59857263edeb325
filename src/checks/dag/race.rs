//! `dag/race`: two stages that nothing orders touch the same thing, and one of them writes it.
//!
//! Undos count as writes. What an act is only *taken* to change, because it says nothing, is no evidence of two stages
//! meeting: it makes `rollback/missing` true and never this.

mod answers;
mod pairs;

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::StageId;
use crate::plan::{Plan, Standing, Touch, Truth, Variant, show};
use crate::source::Span;
use indexmap::IndexMap;

/// The diagnostic.
pub const CODE: Code = Code("dag/race");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// Two stages that touch the same thing; the first comes first in the order.
struct Meeting<'a> {
    stages: (StageId, StageId),
    touches: (Touch<'a>, Touch<'a>),
    variant: Variant,
}

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    answers::check(plan, bag);
    let candidates = pairs::candidates(plan);
    let pairs: Vec<(StageId, StageId)> = candidates.list.iter().map(|c| c.stages).collect();
    // By the two places: a `for` meets itself many times at one place.
    let mut found: IndexMap<(Span, Span), Vec<Meeting<'_>>> = IndexMap::new();
    let mut undecided: IndexMap<Span, Diagnostic> = IndexMap::new();
    for (standing, c) in plan.standing(&pairs).into_iter().zip(candidates.list) {
        let Standing::Beside(when) = standing else {
            continue;
        };
        let (a, b) = c.touches;
        match plan.variants().find(plan, when) {
            Truth::Never => {}
            Truth::Undecided => {
                undecided.entry(b.key.origin.span).or_insert_with(|| {
                    let r = plan.release();
                    let (x, y) = (&r.stage(c.stages.0).name, &r.stage(c.stages.1).name);
                    let key = show::key(r, &b.key.key);
                    let whether = format!("`{x}` and `{y}` ever touch `{key}` at once");
                    place::undecided(CODE, b.key.origin.span, whether)
                });
            }
            Truth::In(variant) => found
                .entry((a.key.origin.span, b.key.origin.span))
                .or_default()
                .push(Meeting {
                    stages: c.stages,
                    touches: c.touches,
                    variant,
                }),
        }
    }
    for meetings in found.values() {
        bag.push(report(plan, meetings));
    }
    for d in undecided.into_values() {
        bag.push(d);
    }
    if let Some(at) = candidates.left_out {
        bag.push(
            place::undecided(CODE, at, "further stages touch this at once")
                .note("more than a million pairs of stages touch keys that overlap"),
        );
    }
}

fn report(plan: &Plan, meetings: &[Meeting<'_>]) -> Diagnostic {
    let r = plan.release();
    let first = &meetings[0];
    let (a, b) = (r.stage(first.stages.0), r.stage(first.stages.1));
    let (x, y) = first.touches;
    let key = show::key(r, &y.key.key);
    let message = match (x.writes(), y.writes()) {
        (true, true) => format!(
            "`{}` and `{}` both write `{key}`, and nothing orders them",
            a.name, b.name
        ),
        (true, false) => format!("`{}` reads `{key}` while `{}` may be writing it", b.name, a.name),
        (false, _) => format!("`{}` may write `{key}` while `{}` reads it", b.name, a.name),
    };
    let mut d = Diagnostic::error(CODE, y.key.origin.span, message).here(doing(&b.name, y));
    if x.key.origin.span != y.key.origin.span {
        let other = show::key(r, &x.key.key);
        let same = if other == key {
            String::new()
        } else {
            format!(" (`{other}`)")
        };
        d = d.fact(x.key.origin.span, format!("{}{same}", doing(&a.name, x)));
    }
    d = place::through(d, &y.key.origin);
    if let Some(clause) = first.variant.clause() {
        d = d.note(clause);
    }
    if meetings.len() > 1 {
        d = d.note(match meetings.len() - 1 {
            1 => "one more pair of stages meets here".to_string(),
            n => format!("{n} more pairs of stages meet here"),
        });
    }
    if a.group.as_ref().map(|g| &g.0) == b.group.as_ref().map(|g| &g.0) && a.group.is_some() {
        return d.help("write `serial` in the `for`, or let each stage have its own");
    }
    d.help(format!(
        "order them: `after {}` in `{}`, or the other way round",
        a.name, b.name
    ))
    .help("if they touch different things, say so in their keys")
}

fn doing(stage: &str, touch: Touch<'_>) -> String {
    use crate::plan::Touching;
    let verb = match touch.how {
        Touching::Reads => "reads it",
        Touching::Changes => "changes it",
        Touching::Removes => "removes it",
        Touching::Raises => "raises it",
    };
    if touch.undoing {
        format!("`{stage}` {verb} here when it is undone")
    } else {
        format!("`{stage}` {verb} here")
    }
}
