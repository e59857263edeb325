//! Undoing: what began, each stage after all that depends on it; what cannot be undone keeps what it rests on.
//!
//! A part of the machine.

use super::machine::{ApprovalState, Machine, Status, Wake};
use super::outcomes::Verdict;
use super::stage::retries;
use super::trace::{Subject, Verb};
use crate::model::{ApprovalId, RoleId, StageId};
use crate::plan::{Node, Pace, StageUndo, show};

impl Machine<'_> {
    /// Whether a rollback reaches a stage.
    pub(super) fn in_scope(&self, scope: Option<StageId>, s: StageId) -> bool {
        scope.is_none_or(|from| {
            from == s || self.plan.contains(&self.plan.descendants(Node::Stage(from)), Node::Stage(s))
        })
    }

    /// Starts every undo that may start; whether anything changed.
    pub(super) fn undo_what_may(&mut self, scope: Option<StageId>) -> bool {
        let mut more = false;
        let mut order = self.plan.stage_order();
        order.reverse();
        for s in order {
            let state = &self.stages[s.index()];
            let open = !matches!(state.status, Status::Undoing | Status::Undone | Status::Stuck);
            if !state.began || !open || !self.in_scope(scope, s) {
                continue;
            }
            let below = self.plan.descendants(Node::Stage(s));
            let dependent: Vec<StageId> = self
                .ids()
                .filter(|d| self.stages[d.index()].began && self.plan.contains(&below, Node::Stage(*d)))
                .collect();
            let status = |d: &StageId| self.stages[d.index()].status;
            if !dependent.iter().all(|d| matches!(status(d), Status::Undone | Status::Stuck)) {
                continue;
            }
            let others: Vec<Subject> = dependent.iter().map(|d| Subject::Stage(*d)).collect();
            if let Some(d) = dependent.iter().find(|d| status(d) == Status::Stuck) {
                let detail = format!("because `{}`, which rests on it, stands", self.release.stage(*d).name);
                self.keep(s, &detail, &others);
                more = true;
                continue;
            }
            more |= self.start_undo(s, &others);
        }
        more
    }

    fn keep(&mut self, s: StageId, detail: &str, others: &[Subject]) {
        self.stages[s.index()].status = Status::Stuck;
        self.left.push(s);
        self.say(Subject::Stage(s), Verb::Keep, detail, others);
    }

    fn start_undo(&mut self, s: StageId, others: &[Subject]) -> bool {
        let Some((mut list, owner)) = self.undo_list(s) else {
            self.keep(s, "because it cannot be undone; its owner is asked", others);
            return true;
        };
        if list.is_empty() {
            self.stages[s.index()].status = Status::Undone;
            return true;
        }
        if !self.inside_holds(s) {
            return false;
        }
        let mut others = others.to_vec();
        others.push(Subject::Run);
        let holds = (0..self.holds.len()).map(crate::model::HoldId::at);
        others.extend(
            holds
                .filter(|h| self.holds[h.index()].stages.contains(&s))
                .map(Subject::Hold),
        );
        if let crate::model::Rollback::Written(w) = &self.release.stage(s).rollback {
            for (a, _) in &w.approved {
                if !self.asked_for_undo(*a, s) {
                    self.undo_failed(s, owner);
                    return true;
                }
                others.push(Subject::Approval(*a));
            }
        }
        self.say(Subject::Stage(s), Verb::Undo, "", &others);
        list.reverse();
        let state = &mut self.stages[s.index()];
        state.status = Status::Undoing;
        state.undo = list;
        self.next_undo(s);
        true
    }

    /// Permission for an undo.
    fn asked_for_undo(&mut self, a: ApprovalId, s: StageId) -> bool {
        match self.approvals[a.index()].0 {
            ApprovalState::Granted(_) | ApprovalState::NotApplicable => return true,
            _ => {}
        }
        if !self.surely(&self.release.approval(a).when) {
            return true;
        }
        self.say(Subject::Approval(a), Verb::Ask, "", &[Subject::Stage(s)]);
        let verb = match self.outcomes.approvals.get(&a) {
            Some(Verdict::Rejected) => Verb::Reject,
            Some(Verdict::Expired) => Verb::Expire,
            _ => Verb::Grant,
        };
        self.met.insert(format!("approval {}", self.release.approval(a).name));
        self.say(Subject::Approval(a), verb, "", &[]);
        if verb == Verb::Grant {
            self.approvals[a.index()].0 = ApprovalState::Granted(self.now);
        }
        verb == Verb::Grant
    }

    /// What the undo of a stage does, from what began, with its owner; `None` when it cannot be undone.
    fn undo_list(&self, s: StageId) -> Option<(Vec<(String, i64)>, RoleId)> {
        let stage = self.release.stage(s);
        let pace = self.outcomes.pace;
        let failing = self.outcomes.undos.contains(&s);
        match self.plan.undo(s) {
            StageUndo::Nothing | StageUndo::Harmless(..) => Some((Vec::new(), stage.owner)),
            StageUndo::Irreversible(..) => None,
            StageUndo::Written(w) => {
                let steps: Vec<_> = w.steps.iter().filter(|u| self.surely(&u.when)).collect();
                let last = steps.len().saturating_sub(1);
                let list = steps.iter().enumerate().map(|(i, u)| {
                    let ms = self.plan.step_time(u, pace).as_ms();
                    let ms = if failing && i == last { self.with_retries(u, ms) } else { ms };
                    (self.label(u), ms)
                });
                Some((list.collect(), w.owner.unwrap_or(stage.owner)))
            }
            StageUndo::Derived(list) => {
                let begun = &self.stages[s.index()].begun;
                let list: Vec<_> = list.iter().filter(|u| begun.contains_key(&u.undoes.slug)).collect();
                let owner = list.first().map_or(stage.owner, |u| u.owner);
                let last = list.len().saturating_sub(1);
                let steps = list.iter().enumerate().map(|(i, u)| {
                    let takes = u.act.takes.unwrap_or_default();
                    let ms = if pace == Pace::Shortest { takes.0 } else { takes.1 }.as_ms();
                    let retry = u.act.retry.as_ref().filter(|_| failing && i == last);
                    let at = begun.get(&u.undoes.slug).copied().flatten();
                    let at = stage.rollout.as_ref().and_then(|r| r.steps.get(at?));
                    let from = at.map_or_else(String::new, |r| format!(" (from {})", r.name));
                    let label = format!("{}{from}", show::prose(self.release, &u.act.title));
                    (label, retries(retry, ms))
                });
                Some((steps.collect(), owner))
            }
        }
    }

    fn next_undo(&mut self, s: StageId) {
        let Some((label, ms)) = self.stages[s.index()].undo.pop() else { return };
        self.say(Subject::Stage(s), Verb::UndoStep, label, &[]);
        self.after(ms, Wake::Undo(s));
    }

    /// A step of an undo is through.
    pub(super) fn undo_goes_on(&mut self, s: StageId) {
        if !self.stages[s.index()].undo.is_empty() {
            self.next_undo(s);
            return;
        }
        if self.outcomes.undos.contains(&s) {
            let stage = self.release.stage(s);
            let owner = match &stage.rollback {
                crate::model::Rollback::Written(w) => w.owner.unwrap_or(stage.owner),
                _ => stage.owner,
            };
            self.undo_failed(s, owner);
            return;
        }
        self.stages[s.index()].status = Status::Undone;
        self.undone.push(s);
        self.say(Subject::Stage(s), Verb::Undone, "", &[]);
    }

    fn undo_failed(&mut self, s: StageId, owner: RoleId) {
        let name = &self.release.stage(s).name;
        self.met.insert(format!("undo {name}"));
        self.stages[s.index()].status = Status::Stuck;
        self.left.push(s);
        let detail = format!("({})", self.release.role(owner).name);
        self.say(Subject::Stage(s), Verb::UndoFail, detail, &[]);
        self.help.push(format!("stage `{name}` could not be undone"));
    }
}
