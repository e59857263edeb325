//! The machine: its state, its clock, its agenda, and the loop that turns them.
//!
//! Knows what there is and when something happens next; what it means stands beside it, one file per part of the semantics.

use super::outcomes::Outcomes;
use super::stage::Item;
use super::trace::{Event, Final, Run, Subject, Verb};
use crate::model::{ApprovalId, DecisionId, FailureOutcome, GateId, HoldId, Release, StageId, TriggerId};
use crate::plan::Plan;
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};

/// The most events of a run; far beyond what any plan with bounded restarts comes to.
const EVENTS: usize = 200_000;

/// How far a stage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It has not started.
    Pending,
    /// It may start: its entry gates are judged, its holds entered.
    Entering,
    /// Its first step has started.
    Running,
    /// It ended well.
    Ended,
    /// It failed, and the plan went on.
    Continued,
    /// It does not apply.
    NotApplicable,
    /// It failed.
    Failed,
    /// It was given up at the end of a step.
    Abandoned,
    /// It is being undone.
    Undoing,
    /// It was undone, or had nothing to undo.
    Undone,
    /// Its undo failed, or it is left because something that depends on it stands.
    Stuck,
}

impl Status {
    /// It counts as ended for what waits for it.
    pub(super) fn well(self) -> bool {
        matches!(self, Status::Ended | Status::Continued)
    }

    /// Nothing more comes of it going forward.
    pub(super) fn settled(self) -> bool {
        !matches!(self, Status::Pending | Status::Entering | Status::Running)
    }
}

/// A stage in a run.
pub(super) struct StageState<'a> {
    pub(super) status: Status,
    pub(super) items: Vec<Item<'a>>,
    /// The item it is at.
    pub(super) at: usize,
    /// Something of it is under way.
    pub(super) busy: bool,
    /// Wakes of an older epoch are void.
    pub(super) epoch: u32,
    /// Its first step has started, in this attempt or an earlier one.
    pub(super) began: bool,
    /// The steps that began, with the step of the rollout they began in last.
    pub(super) begun: BTreeMap<SmolStr, Option<usize>>,
    /// The item at which it fails.
    pub(super) fails_at: Option<usize>,
    pub(super) attempt: u32,
    /// It ended well before the rollback.
    pub(super) whole: bool,
    /// What its undo still has to do.
    pub(super) undo: Vec<(String, i64)>,
}

/// How far an approval is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ApprovalState {
    Closed,
    Open,
    Granted(i64),
    NotApplicable,
    Denied,
}

/// How far a decision is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DecisionState {
    Closed,
    Open,
    Made(usize),
    NotApplicable,
}

/// A decision in a run.
pub(super) struct DecisionRun {
    pub(super) state: DecisionState,
    pub(super) epoch: u32,
}

/// How far a hold is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HoldState {
    Out,
    Entering,
    In,
    Leaving,
    Left,
    /// It could not be left, or waits for its owner.
    Stuck,
}

/// A hold in a run.
pub(super) struct HoldRun {
    pub(super) state: HoldState,
    pub(super) stages: Vec<StageId>,
    /// When it was entered last, as a running number.
    pub(super) entered: u32,
    /// Entering it failed.
    pub(super) broken: bool,
}

/// What the run as a whole is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    /// Stages start and run.
    Forward,
    /// Nothing new starts; steps under way end. Then this follows.
    Draining(Pending),
    /// Work between a failure and what follows it.
    Aside(Vec<(Subject, String, i64)>, Pending),
    /// What began is undone: all of it, or from a stage on.
    Back(Option<StageId>),
    /// Holds are left.
    Closing,
    /// `finally`.
    Finally(usize),
}

/// What follows once nothing is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pending {
    /// The stage that failed, when one did.
    pub(super) stage: Option<StageId>,
    pub(super) then: Then,
    /// Work that comes first.
    pub(super) first: Vec<(Subject, String, i64)>,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Then {
    Outcome(FailureOutcome),
    Decide(DecisionId),
}

/// What the agenda holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    Item(StageId, u32),
    Settle(StageId, u32),
    Answer(ApprovalId, u32),
    Decide(DecisionId, u32),
    Entered(HoldId),
    Left(HoldId),
    Overdue(HoldId, u32),
    Undo(StageId),
    Aside,
    Fire(TriggerId),
    Cancel,
}

/// A run under way.
pub(super) struct Machine<'a> {
    pub(super) plan: &'a Plan,
    pub(super) release: &'a Release,
    pub(super) outcomes: &'a Outcomes,
    pub(super) now: i64,
    agenda: BTreeMap<(i64, u64), Wake>,
    number: u64,
    pub(super) events: Vec<Event>,
    pub(super) last: BTreeMap<Subject, usize>,
    pub(super) stages: Vec<StageState<'a>>,
    pub(super) approvals: Vec<(ApprovalState, u32)>,
    pub(super) decisions: Vec<DecisionRun>,
    pub(super) holds: Vec<HoldRun>,
    pub(super) judged: BTreeMap<GateId, bool>,
    pub(super) mode: Mode,
    pub(super) aside: bool,
    pub(super) end: Final,
    pub(super) cause: Option<String>,
    pub(super) troubled_at: Option<i64>,
    pub(super) help: Vec<String>,
    pub(super) undone: Vec<StageId>,
    pub(super) left: Vec<StageId>,
    pub(super) restarts: BTreeMap<StageId, u32>,
    pub(super) healed: BTreeSet<Subject>,
    pub(super) met: BTreeSet<String>,
    pub(super) entered: u32,
    pub(super) cancelled: bool,
    pub(super) fired: BTreeSet<TriggerId>,
}

/// The run that these outcomes lead to.
pub fn run(plan: &Plan, outcomes: &Outcomes) -> Run {
    let mut machine = Machine::new(plan, outcomes);
    machine.turn();
    machine.finish()
}

impl<'a> Machine<'a> {
    fn new(plan: &'a Plan, outcomes: &'a Outcomes) -> Self {
        let release = plan.release();
        let stage = |_: &_| StageState {
            status: Status::Pending,
            items: Vec::new(),
            at: 0,
            busy: false,
            epoch: 0,
            began: false,
            begun: BTreeMap::new(),
            fails_at: None,
            attempt: 1,
            whole: false,
            undo: Vec::new(),
        };
        let hold = |h: usize| HoldRun {
            state: HoldState::Out,
            stages: plan.hold_stages(HoldId::at(h)),
            entered: 0,
            broken: false,
        };
        Machine {
            plan,
            release,
            outcomes,
            now: 0,
            agenda: BTreeMap::new(),
            number: 0,
            events: Vec::new(),
            last: BTreeMap::new(),
            stages: release.stages.iter().map(stage).collect(),
            approvals: vec![(ApprovalState::Closed, 0); release.approvals.len()],
            decisions: (0..release.decisions.len())
                .map(|_| DecisionRun {
                    state: DecisionState::Closed,
                    epoch: 0,
                })
                .collect(),
            holds: (0..release.holds.len()).map(hold).collect(),
            judged: BTreeMap::new(),
            mode: Mode::Forward,
            aside: false,
            end: Final::Succeeded,
            cause: None,
            troubled_at: None,
            help: Vec::new(),
            undone: Vec::new(),
            left: Vec::new(),
            restarts: BTreeMap::new(),
            healed: BTreeSet::new(),
            met: BTreeSet::new(),
            entered: 0,
            cancelled: false,
            fired: BTreeSet::new(),
        }
    }

    fn turn(&mut self) {
        self.open();
        loop {
            self.settle();
            if self.events.len() > EVENTS {
                self.help.push("the run does not come to an end".into());
                return;
            }
            let Some(((at, _), wake)) = self.agenda.pop_first() else {
                if self.rest() {
                    continue;
                }
                return;
            };
            if self.stands(wake) {
                self.now = at;
                self.wake(wake);
            }
        }
    }

    /// Does all that can be done at this moment.
    fn settle(&mut self) {
        loop {
            let more = match &self.mode {
                Mode::Forward => self.forward(),
                Mode::Draining(_) | Mode::Aside(..) => self.drained(),
                Mode::Back(scope) => {
                    let scope = *scope;
                    self.undo_what_may(scope)
                }
                Mode::Closing | Mode::Finally(_) => false,
            };
            if !more && !self.leave_holds() {
                return;
            }
        }
    }

    /// Whether a wake is still meant: what was given up wakes nobody.
    fn stands(&self, wake: Wake) -> bool {
        match wake {
            Wake::Item(s, epoch) | Wake::Settle(s, epoch) => self.stages[s.index()].epoch == epoch,
            Wake::Answer(a, epoch) => self.approvals[a.index()].1 == epoch,
            Wake::Decide(d, epoch) => self.decisions[d.index()].epoch == epoch,
            Wake::Overdue(h, entered) => {
                let hold = &self.holds[h.index()];
                hold.entered == entered && hold.state == HoldState::In
            }
            Wake::Fire(_) | Wake::Cancel => self.mode == Mode::Forward,
            _ => true,
        }
    }

    fn wake(&mut self, wake: Wake) {
        match wake {
            Wake::Item(s, _) => self.item_done(s),
            Wake::Settle(s, _) => self.counted_as_ended(s),
            Wake::Answer(a, _) => self.answered(a),
            Wake::Decide(d, _) => self.decided(d),
            Wake::Entered(h) => self.entered(h),
            Wake::Left(h) => self.left(h),
            Wake::Overdue(h, _) => self.overdue(h),
            Wake::Undo(s) => self.undo_goes_on(s),
            Wake::Aside => self.aside = false,
            Wake::Fire(t) => self.fire(t),
            Wake::Cancel => self.cancel(),
        }
    }

    /// Puts something on the agenda.
    pub(super) fn after(&mut self, ms: i64, wake: Wake) {
        self.number += 1;
        self.agenda
            .insert((self.now.saturating_add(ms.max(0)), self.number), wake);
    }

    /// Writes down what happened; it follows the last events of its own subject and of `others`.
    pub(super) fn say(&mut self, subject: Subject, verb: Verb, detail: impl Into<String>, others: &[Subject]) {
        let mut after: Vec<usize> = std::iter::once(&subject)
            .chain(others)
            .filter_map(|s| self.last.get(s).copied())
            .collect();
        after.sort_unstable();
        after.dedup();
        self.last.insert(subject, self.events.len());
        self.events.push(Event {
            at: self.now,
            subject,
            verb,
            detail: detail.into(),
            after,
        });
    }

    /// Every stage, by id.
    pub(super) fn ids(&self) -> impl Iterator<Item = StageId> + use<> {
        (0..self.stages.len()).map(StageId::at)
    }
}
