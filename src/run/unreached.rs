//! What was asked to go wrong and had no occasion to.
//!
//! A part of the machine, read at its end.

use super::machine::{Machine, Reference};
use super::outcomes::{How, Outcomes, Verdict};
use super::trace::{Subject, Verb};
use crate::model::{Release, StageId};

impl Machine<'_> {
    /// What was asked to go wrong and had no occasion to, each in a sentence.
    pub(super) fn unreached(&self) -> Vec<String> {
        missed(
            self.outcomes,
            self.release,
            |what| self.met.contains(&what),
            // What hangs for ever never comes to fail.
            |s| self.stages[s.index()].busy,
            |s| self.windows.contains(&s),
        )
    }
}

impl Reference<'_> {
    /// What would be said of these outcomes if none of them had an occasion.
    pub fn could_miss(&self, outcomes: &Outcomes) -> Vec<String> {
        missed(outcomes, self.plan().release(), |_| false, |_| false, |_| false)
    }
}

/// The outcomes that were not met, each in a sentence.
fn missed(
    o: &Outcomes,
    r: &Release,
    met: impl Fn((Subject, Verb)) -> bool,
    hangs: impl Fn(StageId) -> bool,
    shut: impl Fn(StageId) -> bool,
) -> Vec<String> {
    let mut list = Vec::new();
    let mut want = |subject: Subject, verb: Verb, text: &str| {
        if !met((subject, verb)) {
            list.push(format!("{} `{}` {text}", subject.kind(), subject.name(r)));
        }
    };
    for (s, fault) in &o.stages {
        if fault.how == How::Hangs && hangs(*s) {
            continue;
        }
        want(Subject::Stage(*s), Verb::StepFail, "did not come to fail there");
    }
    for g in o.gates.keys() {
        want(Subject::Gate(*g), Verb::Fail, "was not judged");
    }
    for h in o.enters.keys() {
        want(Subject::Hold(*h), Verb::Enter, "was not entered");
    }
    for h in &o.reenters {
        want(
            Subject::Hold(*h),
            Verb::Enter,
            "was not entered again: nothing inside was undone after it was left",
        );
    }
    for s in o.undos.keys() {
        want(
            Subject::Stage(*s),
            Verb::UndoFail,
            "was not undone, so that its undo could not fail",
        );
    }
    for h in &o.exits {
        want(Subject::Hold(*h), Verb::Exit, "was not left");
    }
    for (a, verdict) in &o.approvals {
        let verb = match verdict {
            Verdict::Rejected => Verb::Reject,
            Verdict::Expired if r.approval(*a).within.is_some() => Verb::Expire,
            Verdict::Expired | Verdict::GrantedAfter(_) => continue,
        };
        want(Subject::Approval(*a), verb, "was not asked for");
    }
    for (d, option) in &o.decisions {
        let verb = if option.is_some() {
            Verb::Decide
        } else {
            Verb::Expire
        };
        if option.is_some() || r.decision(*d).question.within.is_some() {
            want(
                Subject::Decision(*d),
                verb,
                "did not come out that way: it was not asked",
            );
        }
    }
    for t in o.triggers.keys() {
        want(Subject::Trigger(*t), Verb::Fire, "was not armed then");
    }
    if o.cancel.is_some() {
        want(
            Subject::Run,
            Verb::Cancel,
            "was not cancelled: what it was to be cancelled in did not come",
        );
    }
    for s in o.outside_window.iter().filter(|s| !shut(**s)) {
        list.push(format!(
            "stage `{}` did not come to start outside the window",
            r.stage(*s).name
        ));
    }
    list
}
