//! Steps: what they are called, how long they take, and how long when they fail.
//!
//! A part of the machine.

use super::machine::Machine;
use super::outcomes::How;
use super::stage::Doing;
use super::state::{Aside, Wake};
use super::trace::Subject;
use crate::model::{Dur, Release, Retry, StageId, Step, StepKind, TriggerId};
use crate::plan::{Node, Plan, show};
use std::collections::VecDeque;

/// Whether a step can fail.
pub(super) fn can_fail(step: &Step) -> bool {
    matches!(
        step.kind,
        StepKind::Act(_) | StepKind::WaitFor(_) | StepKind::VerifyGate(_) | StepKind::VerifyArtifact(_)
    )
}

/// Whether a step that is under way is given up at once when something else fails: what only waits, for a time, an event, a person
/// or its next sample. A command that judges a gate is finished like any other.
pub(super) fn interruptible(release: &Release, step: &Step) -> bool {
    match step.kind {
        StepKind::Wait(_) | StepKind::Bake(_) | StepKind::WaitFor(_) => true,
        StepKind::VerifyGate(g) => {
            let gate = release.gate(g);
            gate.question().is_some() || gate.samples > 1
        }
        StepKind::Act(_) | StepKind::VerifyArtifact(_) | StepKind::Tell(..) => false,
    }
}

/// What a step is called.
pub(super) fn label(plan: &Plan, step: &Step) -> String {
    let r = plan.release();
    match &step.kind {
        StepKind::Act(act) => show::prose(r, &act.title),
        StepKind::Wait(d) => format!("wait {d}"),
        StepKind::Bake(d) => format!("bake {d}"),
        StepKind::WaitFor(w) => format!("wait for “{}”", show::prose(r, &w.what)),
        StepKind::VerifyGate(g) => format!("verify `{}`", r.gate(*g).name),
        StepKind::VerifyArtifact(a) => format!("verify `{}`", r.artifact(*a).name),
        StepKind::Tell(c, _) => format!("tell {}", show::prose(r, &r.channel(*c).title)),
    }
}

/// After how long a step is given up.
fn limit(plan: &Plan, step: &Step) -> Option<i64> {
    let own = step.timeout.map(|d| d.as_ms());
    let other = match &step.kind {
        StepKind::Act(act) => act.timeout,
        StepKind::WaitFor(w) => w.within,
        StepKind::VerifyGate(g) => {
            let gate = plan.release().gate(*g);
            gate.question().map_or(gate.timeout, |(_, within)| within)
        }
        _ => None,
    };
    own.or(other.map(|d| d.as_ms()))
}

/// Whether a step that nobody answers in time ends well.
pub(super) fn silence_agrees(release: &Release, step: &Step) -> bool {
    release.question(step).is_some_and(|(q, _)| q.silence_agrees())
}

/// How long something takes that fails each time it is tried.
pub(super) fn tried(retry: Option<&Retry>, once: i64) -> i64 {
    let Some(retry) = retry else { return once };
    let tries = i64::from(retry.times).saturating_add(1);
    let waits = retry.waits().unwrap_or(Dur::LONGEST);
    once.saturating_mul(tries).saturating_add(waits)
}

impl Machine<'_> {
    /// What a step is called, with the step of the rollout it belongs to.
    pub(super) fn label_in(&self, s: StageId, doing: &Doing<'_>) -> String {
        let label = label(self.plan, doing.step);
        let rollout = self.release.stage(s).rollout.as_ref();
        match rollout.and_then(|r| r.steps.get(doing.rollout?)) {
            Some(step) => format!("{label} (at {})", step.name),
            None => label,
        }
    }

    fn once(&self, step: &Step) -> i64 {
        self.plan.step_time(step, self.outcomes.pace).as_ms()
    }

    /// Whether a step takes longer than it may.
    pub(super) fn duration_is_too_long(&self, step: &Step) -> bool {
        limit(self.plan, step).is_some_and(|limit| self.once(step) > limit)
    }

    /// How long a step takes; for ever when it hangs and nothing gives it up.
    pub(super) fn duration(&self, step: &Step, fails: Option<How>) -> i64 {
        let limit = limit(self.plan, step);
        match fails {
            Some(How::Hangs) => limit.map_or(i64::MAX, |limit| self.with_retries(step, limit)),
            Some(How::Fails) => {
                self.with_retries(step, limit.map_or(self.once(step), |l| l.min(self.once(step))))
            }
            None if self.duration_is_too_long(step) => self.with_retries(step, limit.unwrap_or(0)),
            None => self.once(step),
        }
    }

    /// How long a step takes that fails each time it is tried.
    pub(super) fn with_retries(&self, step: &Step, once: i64) -> i64 {
        let retry = step.retry.as_ref();
        tried(retry.or_else(|| step.act().and_then(|a| a.retry.as_ref())), once)
    }

    /// Steps outside the stages, as far as they apply.
    pub(super) fn asides<'s>(
        &self,
        subject: Subject,
        steps: impl Iterator<Item = &'s Step>,
    ) -> VecDeque<Aside> {
        steps
            .filter(|step| self.surely(&step.when))
            .map(|step| Aside {
                subject,
                slug: step.slug.clone(),
                label: label(self.plan, step),
                ms: self.once(step),
            })
            .collect()
    }

    /// A cancellation and triggers that are to come while a node is under way, which takes so long.
    pub(super) fn interfere(&mut self, node: Node, ms: i64) {
        if self.outcomes.cancel == Some(node) {
            self.after(ms / 2, Wake::Cancel);
        }
        let due: Vec<TriggerId> = self
            .outcomes
            .triggers
            .iter()
            .filter(|(_, n)| **n == Some(node))
            .map(|(t, _)| *t)
            .collect();
        self.loose(due, ms);
    }

    /// The same while a step of a stage is under way: in its first bake or wait, in its first step when it has none.
    pub(super) fn interfere_in(&mut self, s: StageId, step: &Step, ms: i64) {
        // While something hangs, no time is half of it.
        let ms = if ms == i64::MAX { 0 } else { ms };
        if self.outcomes.cancel == Some(Node::Stage(s)) {
            self.after(ms / 2, Wake::Cancel);
        }
        let calm = |step: &Step| matches!(step.kind, StepKind::Wait(_) | StepKind::Bake(_));
        if !calm(step) && self.release.stage(s).forward_steps().into_iter().any(calm) {
            return;
        }
        let node = Node::Stage(s);
        let watches = |t: &TriggerId| {
            self.release
                .triggers
                .get(t.index())
                .is_some_and(|t| t.during.contains(&s))
        };
        let mine = |t: &TriggerId, n: &Option<Node>| n.map_or_else(|| watches(t), |n| n == node);
        let wanted = self.outcomes.triggers.iter();
        let due: Vec<TriggerId> = wanted.filter(|(t, n)| mine(t, n)).map(|(t, _)| *t).collect();
        self.loose(due, ms);
    }

    fn loose(&mut self, due: Vec<TriggerId>, ms: i64) {
        for t in due {
            if self.loosed.insert(t) {
                self.after(ms / 2, Wake::Fire(t));
            }
        }
    }
}
