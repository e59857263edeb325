//! `data/unset_capture`: a captured value is used where what sets it has not surely run.

use crate::checks::data::uses::{At, Reach, Use, Used, forward, passed, uses};
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{
    Atom, CaptureSource, Cond, GateId, HoldId, Origin, Outcome, Release, StageId, StepKind, Subject as Of,
    WaitTest,
};
use crate::plan::{Node, Plan, Pred, Truth};
use smol_str::SmolStr;
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("data/unset_capture");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// What is wrong with a use.
enum Wrong {
    /// It may be read before it is set.
    NotBefore,
    /// It is read earlier in the same stage than it is set.
    TooEarly,
    /// It is read while the stage that sets it may have failed before setting it.
    MayHaveFailed,
    /// It is set in some variants only.
    In(Option<String>),
    /// There are too many variants to tell.
    Undecided,
}

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let mut look = Look {
        plan: subject.plan,
        reach: Reach::default(),
    };
    let mut done = BTreeSet::new();
    for used in uses(subject.plan.release()) {
        if !done.insert((used.used, used.origin.span, matches!(used.at, At::Undo(..)))) {
            continue;
        }
        if let Some(wrong) = look.wrong(&used) {
            bag.push(look.finding(&used, &wrong));
        }
    }
}

struct Look<'a> {
    plan: &'a Plan,
    reach: Reach,
}

impl<'a> Look<'a> {
    fn wrong(&mut self, used: &Use<'_>) -> Option<Wrong> {
        let release = self.plan.release();
        let by = match used.used {
            Used::Capture(c) => release.capture(c).source,
            Used::Prior(p) => match (release.prior(p).stage, release.prior(p).hold) {
                (Some(s), _) => CaptureSource::Stage(s),
                (None, Some(h)) => CaptureSource::Hold(h),
                (None, None) => return None,
            },
        };
        match by {
            CaptureSource::Stage(s) => self.by_stages(used, &[s]),
            CaptureSource::Gate(g) => {
                let judges = self.plan.judges(g).to_vec();
                self.by_stages(used, &judges)
            }
            CaptureSource::Decision(d) => {
                let node = Node::Decision(d);
                match self.node(used) {
                    Some(here) if here == node || self.before(node, here) => {
                        let set = self.plan.variants().applies(node);
                        self.variants(used, set)
                    }
                    Some(_) => Some(Wrong::NotBefore),
                    None => self.at_the_end(used, None),
                }
            }
            CaptureSource::Hold(h) => self.by_hold(used, h),
        }
    }

    /// Set by steps of stages: one of them must surely have run.
    fn by_stages(&mut self, used: &Use<'_>, stages: &[StageId]) -> Option<Wrong> {
        let here = match used.at {
            At::Step(s, _) | At::Undo(s, _) | At::Failed(s) => Some(s),
            _ => None,
        };
        let Some(node) = self.node(used) else {
            return self.at_the_end(used, stages.first().copied());
        };
        let variants = self.plan.variants();
        let mut set = Pred::FALSE;
        let (mut ordered, mut own) = (false, None);
        for stage in stages {
            if Some(*stage) == here {
                let (before, wrong) = self.within(used, *stage);
                own = wrong;
                set = variants.or(set, before);
                ordered |= own.is_none();
            } else if self.before(Node::Stage(*stage), node) {
                ordered = true;
                set = variants.or(set, self.after_stage(used, *stage));
            }
        }
        if !ordered {
            return Some(own.unwrap_or(Wrong::NotBefore));
        }
        self.variants(used, set)
    }

    /// Under which condition a stage that has ended has set it.
    fn after_stage(&self, used: &Use<'_>, stage: StageId) -> Pred {
        let set = self.set_in(used, stage, usize::MAX);
        self.plan.variants().and(set, passed(self.plan, stage))
    }

    /// The same, for a use inside the stage that sets it.
    fn within(&self, used: &Use<'_>, stage: StageId) -> (Pred, Option<Wrong>) {
        let steps = match used.at {
            At::Step(_, i) => i,
            // A derived undo runs when its step began: the steps before it have ended.
            At::Undo(_, i) => i,
            _ => {
                let prior = matches!(used.used, Used::Prior(_));
                let wrong = (!prior).then_some(Wrong::MayHaveFailed);
                return (if prior { Pred::TRUE } else { Pred::FALSE }, wrong);
            }
        };
        if let Used::Prior(_) = used.used {
            // Recorded just before its action: in its own undo, and in what follows.
            let set = self.set_in(used, stage, steps.saturating_add(1));
            return (set, (set == Pred::FALSE).then_some(Wrong::TooEarly));
        }
        let set = self.set_in(used, stage, steps);
        (set, (set == Pred::FALSE).then_some(Wrong::TooEarly))
    }

    /// Under which condition one of the first steps of a stage sets it.
    fn set_in(&self, used: &Use<'_>, stage: StageId, steps: usize) -> Pred {
        let release = self.plan.release();
        let variants = self.plan.variants();
        let gate = match used.used {
            Used::Capture(c) => match release.capture(c).source {
                CaptureSource::Gate(g) => Some(g),
                _ => None,
            },
            Used::Prior(_) => None,
        };
        let data = release.stage(stage);
        let mut any = Pred::FALSE;
        if gate.is_some_and(|g| data.require.iter().any(|(r, _)| *r == g)) {
            any = Pred::TRUE;
        }
        for (step, when) in forward(data).into_iter().take(steps) {
            let sets = match used.used {
                Used::Capture(c) => {
                    let asked = match &step.kind {
                        StepKind::WaitFor(w) => match &w.test {
                            WaitTest::Ask(q) => q.captures.contains(&c),
                            _ => false,
                        },
                        StepKind::VerifyGate(g) => gate == Some(*g),
                        _ => false,
                    };
                    asked || step.captures.contains(&c)
                }
                Used::Prior(p) => step.act().is_some_and(|a| a.priors.contains(&p)),
            };
            if sets {
                let mut here = Pred::TRUE;
                for cond in when {
                    here = variants.and(here, variants.of(self.plan, cond));
                }
                any = variants.or(any, here);
            }
        }
        any
    }

    /// Set when a hold was entered: before the first of its stages begins.
    fn by_hold(&mut self, used: &Use<'_>, hold: HoldId) -> Option<Wrong> {
        if used.at == At::Enter(hold) {
            return None;
        }
        let Some(node) = self.node(used) else {
            return self.at_the_end(used, None);
        };
        let variants = self.plan.variants();
        let mut set = Pred::FALSE;
        let mut ordered = false;
        for stage in self.plan.hold_stages(hold) {
            let inside = Node::Stage(stage);
            if inside == node || self.before(inside, node) {
                ordered = true;
                set = variants.or(set, variants.applies(inside));
            }
        }
        if !ordered {
            return Some(Wrong::NotBefore);
        }
        self.variants(used, set)
    }

    /// At the end of a run, whatever its outcome, only what a condition asks for has surely happened.
    fn at_the_end(&self, used: &Use<'_>, stage: Option<StageId>) -> Option<Wrong> {
        let asked = |cond: &Cond| asks_for(cond, stage);
        (!used.when.iter().any(|c| asked(c))).then_some(Wrong::MayHaveFailed)
    }

    /// The node at which a use takes place; `None` at the end of the run.
    fn node(&self, used: &Use<'_>) -> Option<Node> {
        match used.at {
            At::Start(node) => Some(node),
            At::Step(s, _) | At::Undo(s, _) | At::Failed(s) => Some(Node::Stage(s)),
            At::Enter(h) => Some(Node::Stage(self.plan.release().hold(h).from)),
            At::End => None,
        }
    }

    fn before(&mut self, first: Node, then: Node) -> bool {
        self.reach.before(self.plan, first, then)
    }

    /// Whether the value is set in every variant in which it is used.
    fn variants(&self, used: &Use<'_>, set: Pred) -> Option<Wrong> {
        let variants = self.plan.variants();
        let mut here = match self.node(used) {
            Some(node) => variants.applies(node),
            None => Pred::TRUE,
        };
        for cond in &used.when {
            here = variants.and(here, variants.of(self.plan, cond));
        }
        match variants.find(self.plan, variants.without(here, set)) {
            Truth::Never => None,
            Truth::In(variant) => Some(Wrong::In(variant.clause())),
            Truth::Undecided => Some(Wrong::Undecided),
        }
    }

    fn finding(&self, used: &Use<'_>, wrong: &Wrong) -> Diagnostic {
        let release = self.plan.release();
        let (name, setter, origin, by) = described(release, used.used);
        let user = match used.at {
            At::Start(node) => format!("`{}`", self.plan.node_name(node)),
            At::Step(s, _) => format!("`{}`", release.stage(s).name),
            At::Undo(s, _) => format!("the undo of a step of `{}`", release.stage(s).name),
            At::Failed(s) => format!("what follows a failure of `{}`", release.stage(s).name),
            At::Enter(h) => format!("the hold `{}`", release.hold(h).name),
            At::End => "`finally`".to_string(),
        };
        let message = match wrong {
            Wrong::NotBefore => {
                format!("{user} uses `{name}`, and does not wait for {setter}, which sets it")
            }
            Wrong::TooEarly => format!("{user} uses `{name}` before it is set"),
            Wrong::MayHaveFailed => format!("{user} uses `{name}`, which may not have been set by then"),
            Wrong::In(Some(clause)) => format!("{user} uses `{name}`, which nothing sets {clause}"),
            Wrong::In(None) => format!("{user} uses `{name}`, which nothing has surely set"),
            Wrong::Undecided => format!("undecided: whether `{name}` is set where {user} uses it"),
        };
        let place_of = used.origin.span;
        let mut d = match wrong {
            Wrong::Undecided => Diagnostic::info(CODE, place_of, message),
            _ => Diagnostic::error(CODE, place_of, message),
        };
        d = d.here("used here");
        d = place::through(d, used.origin);
        d = place::fact(d, origin, "set here");
        d = match wrong {
            Wrong::MayHaveFailed => d.note(format!(
                "{setter} can fail before `{name}` is set, and then the value is missing"
            )),
            _ => d,
        };
        match (wrong, used.at) {
            (Wrong::NotBefore, At::Start(_) | At::Step(..)) => {
                let d = d.help(format!("let it come later: `after {by}`"));
                d.help("or take the value from a parameter")
            }
            (Wrong::In(_), _) => d
                .help(format!("use it under a condition that implies that of {setter}"))
                .help("or set it in every variant"),
            (Wrong::TooEarly, _) => d.help("move the step that sets it before the one that uses it"),
            (Wrong::Undecided, _) => d.help("use fewer parameters in conditions"),
            _ => d.help("use a parameter, a `prior`, or what an earlier stage has captured"),
        }
    }
}

/// Whether a condition asks that a stage passed.
fn asks_for(cond: &Cond, stage: Option<StageId>) -> bool {
    match cond {
        Cond::And(list) => list.iter().any(|c| asks_for(c, stage)),
        Cond::Atom(Atom::Outcome {
            subject: Of::Stage(s),
            outcome: Outcome::Passed,
        }) => Some(*s) == stage,
        _ => false,
    }
}

/// The name of a value, who sets it in words, where, and the name to wait for.
fn described(release: &Release, used: Used) -> (&SmolStr, String, &Origin, SmolStr) {
    let stage = |s: StageId| release.stage(s).name.clone();
    let gate = |g: GateId| release.gate(g).name.clone();
    match used {
        Used::Capture(c) => {
            let capture = release.capture(c);
            let by = match capture.source {
                CaptureSource::Stage(s) => stage(s),
                CaptureSource::Gate(g) => gate(g),
                CaptureSource::Hold(h) => release.hold(h).name.clone(),
                CaptureSource::Decision(d) => release.decision(d).name.clone(),
            };
            (&capture.name, format!("`{by}`"), &capture.origin, by)
        }
        Used::Prior(p) => {
            let prior = release.prior(p);
            let by = match (prior.stage, prior.hold) {
                (Some(s), _) => stage(s),
                (None, Some(h)) => release.hold(h).name.clone(),
                (None, None) => SmolStr::default(),
            };
            (&prior.name, format!("`{by}`"), &prior.origin, by)
        }
    }
}
