//! `dag/dead_condition`: a `when` that holds in no variant and after no outcome. Stages have a finding of their own, `dag/dead_stage`.

use crate::checks::dag::dead_stage::reason;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Atom, Cond, NotifyTarget, Origin, Outcome, Release, Subject as Of};
use crate::plan::Truth;
use crate::plan::show::prose;

/// The diagnostic.
pub const CODE: Code = Code("dag/dead_condition");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// Something that has a condition.
struct Conditional<'a> {
    when: &'a Cond,
    origin: &'a Origin,
    /// What never happens, in words.
    never: String,
    /// Whether it can be tied to a moment instead.
    on: bool,
}

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    for c in conditionals(plan.release()) {
        // A run that a decision ends still has its messages and what is owed after it.
        let decided = |a: &&Atom| matches!(a, Atom::Decision { .. });
        if c.on && c.when.atoms().iter().any(decided) {
            continue;
        }
        let variants = plan.variants();
        if variants.find(plan, variants.of(plan, c.when)) == Truth::Never {
            bag.push(dead(plan.release(), &c));
        }
    }
}

struct Conditionals<'a>(Vec<Conditional<'a>>);

impl<'a> Conditionals<'a> {
    /// Adds something, unless its condition asks for nothing: what parameters fix was meant to be left out by them.
    fn add(&mut self, when: &'a Cond, origin: &'a Origin, on: bool, never: impl FnOnce() -> String) {
        if !when.atoms().is_empty() {
            let never = never();
            self.0.push(Conditional {
                when,
                origin,
                never,
                on,
            });
        }
    }
}

/// Everything with a condition but stages, and what runs while a stage fails, is undone or ends: there other things are known.
fn conditionals(r: &Release) -> Vec<Conditional<'_>> {
    let mut all = Conditionals(Vec::new());
    for a in &r.approvals {
        all.add(&a.when, &a.origin, false, || {
            format!("approval `{}` is never asked", a.name)
        });
    }
    for d in &r.decisions {
        all.add(&d.when, &d.origin, false, || {
            format!("decision `{}` is never asked", d.name)
        });
    }
    for item in r.checklists.iter().flat_map(|c| &c.items) {
        all.add(&item.when, &item.origin, false, || {
            "this item is never due".into()
        });
    }
    for stage in &r.stages {
        for step in stage.forward_steps() {
            let never = || format!("this step of `{}` never runs", stage.name);
            all.add(&step.when, &step.origin, false, never);
        }
    }
    for n in &r.notifies {
        let to = match &n.to {
            NotifyTarget::Channel(c) => prose(r, &r.channel(*c).title),
            NotifyTarget::Role(x) => r.role(*x).name.to_string(),
        };
        all.add(&n.when, &n.origin, true, || {
            format!("this message to `{to}` is never sent")
        });
    }
    for o in &r.obligations {
        let owner = &r.role(o.owner).name;
        all.add(&o.when, &o.origin, true, || format!("`{owner}` never owes this"));
    }
    all.0
}

fn dead(r: &Release, c: &Conditional<'_>) -> Diagnostic {
    let mut d = Diagnostic::warning(CODE, c.origin.span, c.never.clone()).here("its `when` is never true");
    d = place::through(d, c.origin);
    let mut failing = None;
    for atom in c.when.atoms() {
        if let Some((span, text)) = reason(r, atom) {
            d = d.fact(span, text);
        }
        if let Atom::Outcome {
            subject: Of::Stage(s),
            outcome: Outcome::Failed,
        } = atom
        {
            failing = failing.or(Some(&r.stage(*s).name));
        }
    }
    for assert in &r.asserts {
        d = d.fact(assert.origin.span, "every run keeps to this");
    }
    match failing.filter(|_| c.on) {
        Some(stage) => d.help(format!(
            "tie it to the moment: `on failed({stage})`, without `when`"
        )),
        None => d.help("correct the condition, or remove what it stands on"),
    }
}
