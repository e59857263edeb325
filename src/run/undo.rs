//! Undoing: what began, each stage after all that depends on it; what cannot be undone keeps what it rests on.
//!
//! A part of the machine.

use super::machine::Machine;
use super::state::{Back, Mode, Status, Undoing, Wake};
use super::step::{label, tried};
use super::trace::{Final, Subject, Verb};
use crate::model::{RoleId, Rollback, StageId};
use crate::plan::{Node, Pace, StageUndo, act_time, show};

/// So many events before one are written out; beyond, they meet in one first.
const MEET: usize = 8;

impl Machine<'_> {
    /// What began from these stages on is undone; everything that began where none is named.
    pub(super) fn roll_back(&mut self, points: &[StageId]) {
        self.pending.clear();
        self.current = None;
        self.mode = Mode::Back;
        self.end = if points.is_empty() {
            Final::RolledBack
        } else {
            Final::Stopped
        };
        let begun: Vec<Subject> = self
            .ids()
            .filter(|s| self.stages[s.index()].began)
            .map(Subject::Stage)
            .collect();
        let from: Vec<String> = points
            .iter()
            .map(|s| format!("`{}`", self.release.stage(*s).name))
            .collect();
        let detail = if from.is_empty() {
            String::new()
        } else {
            format!("from {} on; what came before stays", from.join(" and from "))
        };
        self.say_turn(Verb::Rollback, detail, &begun);
        self.tell_of_failure();
        let nodes = self.graph.order.len();
        let mut inside = vec![points.is_empty(); nodes];
        for s in points {
            for (one, of_point) in inside.iter_mut().zip(self.graph.from(*s)) {
                *one |= of_point;
            }
        }
        self.keep_what_must_stay(&inside);
        for hold in &mut self.holds {
            hold.open = 0;
        }
        for s in self.ids().filter(|s| inside[s.index()]) {
            let state = &self.stages[s.index()];
            if !state.began || state.back != Back::No {
                continue;
            }
            match self.plan.undo(s) {
                StageUndo::Harmless(..) => self.say(Subject::Stage(s), Verb::Skip, "", &[]),
                StageUndo::Nothing | StageUndo::Irreversible(..) => {}
                StageUndo::Written(_) | StageUndo::Derived(_) => {
                    self.stages[s.index()].back = Back::Waiting;
                    for h in self.around(s) {
                        self.holds[h.index()].open += 1;
                    }
                }
            }
        }
        self.blocked = self.graph.behind.iter().map(Vec::len).collect();
        self.stuck = vec![None; nodes];
        self.reached = vec![Vec::new(); nodes];
        self.undoable.clear();
        self.clear = Vec::new();
        for n in self.graph.order.clone().into_iter().rev() {
            if self.blocked[n] == 0 {
                self.reach(n);
            }
        }
        self.spread();
    }

    /// What cannot be undone stays, and all it depends on.
    fn keep_what_must_stay(&mut self, inside: &[bool]) {
        let mut needs: Vec<Option<StageId>> = vec![None; self.graph.order.len()];
        for n in self.graph.order.clone().into_iter().rev() {
            let later = self.graph.behind[n].iter().find_map(|b| needs[*b]);
            needs[n] = later;
            let Node::Stage(s) = self.graph.node(n) else {
                continue;
            };
            if !self.stages[n].began || !inside[n] {
                continue;
            }
            let stage = self.release.stage(s);
            match (self.plan.undo(s), later) {
                (StageUndo::Irreversible(..), _) => {
                    needs[n] = Some(s);
                    let owner = &self.release.role(stage.owner).name;
                    self.keep(s, &format!("because it cannot be undone; `{owner}` is asked"));
                }
                (StageUndo::Written(_) | StageUndo::Derived(_), Some(p)) => {
                    let name = &self.release.stage(p).name;
                    self.keep(s, &format!("because `{name}` needs it and cannot be undone"));
                }
                _ => {}
            }
        }
    }

    fn keep(&mut self, s: StageId, detail: &str) {
        self.stages[s.index()].back = Back::Kept;
        self.kept.push(s);
        self.say(Subject::Stage(s), Verb::Keep, detail, &[]);
    }

    /// Everything that depends on a node is behind it: its undo may start, or there is none.
    fn reach(&mut self, n: usize) {
        let waiting = match self.graph.node(n) {
            Node::Stage(s) => self.stages[s.index()].back == Back::Waiting,
            _ => false,
        };
        if waiting {
            self.undoable.insert(n);
        } else {
            self.clear.push(n);
        }
    }

    /// Hands on what is behind.
    fn spread(&mut self) {
        while let Some(n) = self.clear.pop() {
            if self.reached[n].len() > MEET {
                self.say(self.subject(n), Verb::Behind, "", &[]);
                let before = std::mem::take(&mut self.reached[n]);
                self.also_after(&before);
                self.reached[n] = vec![self.events.len() - 1];
            }
            let graph = self.graph;
            for before in &graph.ahead[n] {
                self.blocked[*before] = self.blocked[*before].saturating_sub(1);
                if self.stuck[*before].is_none() {
                    self.stuck[*before] = self.stuck[n];
                }
                let mut list = std::mem::take(&mut self.reached[*before]);
                list.extend(&self.reached[n]);
                list.sort_unstable();
                list.dedup();
                self.reached[*before] = list;
                if self.blocked[*before] == 0 {
                    self.reach(*before);
                }
            }
        }
    }

    /// An undo has ended, well or not, or is left: what it depends on may go on.
    fn over_with(&mut self, s: StageId) {
        for h in self.around(s) {
            let hold = &mut self.holds[h.index()];
            hold.open = hold.open.saturating_sub(1);
        }
        self.undoable.remove(&s.index());
        self.reached[s.index()] = self.last_of(Subject::Stage(s)).into_iter().collect();
        self.clear.push(s.index());
        self.spread();
    }

    /// Starts every undo that may start; whether anything changed.
    pub(super) fn undo_what_may(&mut self) -> bool {
        let mut more = false;
        let list: Vec<usize> = self.undoable.iter().copied().collect();
        for n in list {
            let s = StageId::at(n);
            if self.stages[n].back == Back::Waiting {
                more |= self.try_undo(s);
            }
        }
        more
    }

    fn try_undo(&mut self, s: StageId) -> bool {
        if let Some(d) = self.stuck[s.index()] {
            self.keep(
                s,
                &format!(
                    "because the undo of `{}`, which depends on it, is not done",
                    self.release.stage(d).name
                ),
            );
            self.also_after(&self.reached[s.index()].clone());
            self.over_with(s);
            return true;
        }
        if let Rollback::Written(w) = &self.release.stage(s).rollback {
            for (a, _) in &w.approved {
                match self.undo_permitted(*a, s) {
                    Some(true) => {}
                    Some(false) => {
                        self.undo_failed(s, false);
                        return true;
                    }
                    None => return false,
                }
            }
        }
        let list = self.undo_list(s);
        if list.is_empty() {
            // Nothing of it that has an undo began.
            self.stages[s.index()].back = Back::Done;
            self.say(Subject::Stage(s), Verb::Skip, "", &[]);
            self.also_after(&self.reached[s.index()].clone());
            self.over_with(s);
            return true;
        }
        if !self.inside_holds(s) {
            return false;
        }
        if self.around(s).iter().any(|h| self.holds[h.index()].barred) {
            self.keep(s, "because a hold around it could not be entered again");
            self.stuck[s.index()] = Some(s);
            self.over_with(s);
            return true;
        }
        self.start_undo(s, list);
        true
    }

    fn start_undo(&mut self, s: StageId, list: Vec<Undoing>) {
        let mut others: Vec<Subject> = self.around(s).iter().map(|h| Subject::Hold(*h)).collect();
        others.extend(self.undo_approvals(s));
        self.say(Subject::Stage(s), Verb::Undo, "", &others);
        self.also_after(&self.reached[s.index()].clone());
        let breaks = self.outcomes.undos.get(&s).map(|slug| match slug {
            Some(slug) => Some(slug)
                .filter(|slug| list.iter().any(|u| u.slug == **slug))
                .cloned(),
            None => list.last().map(|u| u.slug.clone()),
        });
        self.undoable.remove(&s.index());
        let state = &mut self.stages[s.index()];
        state.back = Back::Running;
        state.breaks = breaks.flatten();
        state.undo = list.into();
        self.next_undo(s);
    }

    /// The approvals that the undo of a stage asks for.
    fn undo_approvals(&self, s: StageId) -> Vec<Subject> {
        match &self.release.stage(s).rollback {
            Rollback::Written(w) => w.approved.iter().map(|(a, _)| Subject::Approval(*a)).collect(),
            _ => Vec::new(),
        }
    }

    /// What the undo of a stage does, from what began.
    fn undo_list(&self, s: StageId) -> Vec<Undoing> {
        let stage = self.release.stage(s);
        let pace = self.outcomes.pace;
        let breaks = self.outcomes.undos.get(&s);
        match self.plan.undo(s) {
            StageUndo::Nothing | StageUndo::Harmless(..) | StageUndo::Irreversible(..) => Vec::new(),
            StageUndo::Written(w) => {
                let steps: Vec<_> = w.steps.iter().filter(|u| self.surely(&u.when)).collect();
                let mut list: Vec<Undoing> = Vec::new();
                for (i, u) in steps.iter().enumerate() {
                    let once = self.plan.step_time(u, pace).as_ms();
                    let fails = match breaks {
                        Some(Some(slug)) => *slug == u.slug,
                        Some(None) => i + 1 == steps.len(),
                        None => false,
                    };
                    list.push(Undoing {
                        slug: u.slug.clone(),
                        label: label(self.plan, u),
                        ms: if fails { self.with_retries(u, once) } else { once },
                        late: false,
                    });
                }
                if let (true, Some(within)) = (self.outcomes.by_the_clock, w.within) {
                    give_up_after(&mut list, within.as_ms());
                }
                // The longest is what is promised.
                let all = list.iter().fold(0i64, |all, u| all.saturating_add(u.ms));
                if let (Pace::Longest, Some(within), Some(last)) = (pace, w.within, list.last_mut()) {
                    let rest = within.as_ms().saturating_sub(all).max(0);
                    last.ms = last.ms.saturating_add(rest);
                }
                list
            }
            StageUndo::Derived(undos) => {
                let begun = &self.stages[s.index()].begun;
                let mut list: Vec<Undoing> = Vec::new();
                for u in undos.iter().filter(|u| begun.contains_key(&u.undoes.slug)) {
                    let at = begun.get(&u.undoes.slug).copied().flatten();
                    // Its arguments are those it began with last.
                    let (slug, act) = u.at(at);
                    let once = act_time(act, pace).as_ms();
                    let name = at.and_then(|i| stage.rollout.as_ref()?.steps.get(i));
                    let from = name.map_or_else(String::new, |r| format!(" (from {})", r.name));
                    let fails = matches!(breaks, Some(Some(one)) if one == slug || *one == u.slug);
                    list.push(Undoing {
                        slug: slug.clone(),
                        label: format!("{}{from}", show::prose(self.release, &act.title)),
                        ms: if fails {
                            tried(act.retry.as_ref(), once)
                        } else {
                            once
                        },
                        late: false,
                    });
                }
                list
            }
        }
    }

    fn next_undo(&mut self, s: StageId) {
        let Some(next) = self.stages[s.index()].undo.front().cloned() else {
            return;
        };
        self.say_step(Subject::Stage(s), Verb::UndoStep, &next.slug, &next.label, &[]);
        self.after(next.ms, Wake::Undo(s));
    }

    /// A step of an undo is through.
    pub(super) fn undo_goes_on(&mut self, s: StageId) {
        let state = &mut self.stages[s.index()];
        if let Some(done) = state.undo.pop_front()
            && (done.late || state.breaks.as_ref() == Some(&done.slug))
        {
            self.undo_failed(s, done.late);
            return;
        }
        if !state.undo.is_empty() {
            self.next_undo(s);
            return;
        }
        state.back = Back::Done;
        self.undone.push(s);
        self.say(Subject::Stage(s), Verb::Undone, "", &[]);
        self.over_with(s);
    }

    /// Who answers for the undo of a stage.
    fn undo_owner(&self, s: StageId) -> RoleId {
        let stage = self.release.stage(s);
        match &stage.rollback {
            Rollback::Written(w) => w.owner.unwrap_or(stage.owner),
            _ => stage.owner,
        }
    }

    fn undo_failed(&mut self, s: StageId, late: bool) {
        let name = &self.release.stage(s).name;
        self.met.insert((Subject::Stage(s), Verb::UndoFail));
        let state = &mut self.stages[s.index()];
        state.back = Back::Failed;
        state.undo.clear();
        self.stuck[s.index()] = Some(s);
        self.kept.push(s);
        let owner = self.undo_owner(s);
        let owner = &self.release.role(owner).name;
        let (detail, why) = match &self.release.stage(s).rollback {
            Rollback::Written(w) if late => (
                format!("(`{owner}`; its time is over)"),
                format!(
                    ": its rollback may take {}, and its steps take longer",
                    w.within.unwrap_or_default()
                ),
            ),
            _ => (format!("(`{owner}`)"), String::new()),
        };
        let asked = self.undo_approvals(s);
        self.say(Subject::Stage(s), Verb::UndoFail, detail, &asked);
        self.also_after(&self.reached[s.index()].clone());
        self.help.push(format!("stage `{name}` could not be undone{why}"));
        self.over_with(s);
    }

    /// Whether a stage that cannot be undone stands half done.
    pub(super) fn half_done(&self, s: StageId) -> bool {
        let state = &self.stages[s.index()];
        let whole = matches!(state.status, Status::Ended | Status::Continued);
        state.began && !whole && matches!(self.plan.undo(s), StageUndo::Irreversible(..))
    }
}

/// The step during which the time is over is not done, nor is what comes after it.
fn give_up_after(list: &mut Vec<Undoing>, within: i64) {
    let mut rest = within;
    for (i, step) in list.iter_mut().enumerate() {
        if step.ms > rest {
            (step.ms, step.late) = (rest, true);
            list.truncate(i + 1);
            return;
        }
        rest -= step.ms;
    }
}
