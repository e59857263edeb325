//! The machine: its clock, its agenda, and the loop that turns them.
//!
//! Knows what there is and when something happens next; what it means stands beside it, one file per part of the semantics.

use super::outcomes::Outcomes;
use super::state::{
    ApprovalRun, ApprovalState, Back, DecisionRun, DecisionState, HoldRun, HoldState, Mode, Pending,
    StageRun, Status, Wake,
};
use super::trace::{Event, Final, Subject, Trace, Verb};
use super::waits::Graph;
use crate::model::{CaptureId, ChecklistId, GateId, HoldId, Release, StageId, TriggerId};
use crate::plan::Plan;
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The most events of a run besides those that its size explains; far beyond what bounded restarts come to.
const EVENTS: usize = 100_000;

/// A plan made ready to run: for many runs of one plan.
pub struct Reference<'a> {
    plan: &'a Plan,
    graph: Graph,
}

impl<'a> Reference<'a> {
    /// The plan.
    pub(super) fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// Makes a plan ready.
    pub fn new(plan: &'a Plan) -> Reference<'a> {
        Reference {
            plan,
            graph: Graph::new(plan),
        }
    }

    /// The run that these outcomes lead to.
    pub fn run(&self, outcomes: &Outcomes) -> Trace {
        let mut machine = Machine::new(self.plan, &self.graph, outcomes);
        machine.turn();
        machine.finish()
    }
}

/// The run that these outcomes lead to.
pub fn run(plan: &Plan, outcomes: &Outcomes) -> Trace {
    Reference::new(plan).run(outcomes)
}

/// A run under way.
pub(super) struct Machine<'a> {
    pub(super) plan: &'a Plan,
    pub(super) release: &'a Release,
    pub(super) graph: &'a Graph,
    pub(super) outcomes: &'a Outcomes,
    pub(super) now: i64,
    /// Time, then what comes last at that time, then the order in which it was put there.
    agenda: BTreeMap<(i64, bool, u64), Wake>,
    number: u64,
    pub(super) events: Vec<Event>,
    last: BTreeMap<Subject, usize>,
    /// The event that everything later follows.
    pub(super) floor: Option<usize>,
    pub(super) stages: Vec<StageRun<'a>>,
    pub(super) approvals: Vec<ApprovalRun>,
    pub(super) decisions: Vec<DecisionRun>,
    pub(super) holds: Vec<HoldRun>,
    /// How each gate was judged last.
    pub(super) judged: Vec<Option<bool>>,
    pub(super) gate_failures: Vec<u32>,
    pub(super) ticked: BTreeSet<ChecklistId>,
    /// For each node, how much of what it waits for is not over.
    pub(super) open: Vec<usize>,
    /// What each stage waited for since something was said of it last.
    pub(super) waited_for: Vec<Vec<Subject>>,
    /// Nodes that wait for what something not applicable waits for.
    pub(super) heirs: Vec<Vec<usize>>,
    /// The places of the nodes to look at.
    pub(super) look: BTreeSet<usize>,
    /// Stages in the middle of something.
    pub(super) busy: BTreeSet<StageId>,
    pub(super) mode: Mode,
    pub(super) pending: VecDeque<Pending>,
    /// Work that a failure asks for first is under way.
    pub(super) aside_busy: bool,
    /// What is being followed, once its work is done.
    pub(super) current: Option<Pending>,
    /// The decision that it asks for has no answer yet.
    pub(super) asked: bool,
    /// Failed stages that the plan is about to go on from.
    pub(super) continuing: BTreeSet<StageId>,
    pub(super) blocked: Vec<usize>,
    pub(super) stuck: Vec<Option<StageId>>,
    pub(super) reached: Vec<Vec<usize>>,
    pub(super) clear: Vec<usize>,
    pub(super) undoable: BTreeSet<usize>,
    pub(super) end: Final,
    pub(super) cause: Option<String>,
    pub(super) troubled_at: Option<i64>,
    pub(super) safe_at: Option<i64>,
    pub(super) help: Vec<String>,
    pub(super) undone: Vec<StageId>,
    pub(super) kept: Vec<StageId>,
    pub(super) restarts: BTreeMap<StageId, u32>,
    pub(super) pauses: usize,
    /// What was asked to go wrong and did.
    pub(super) met: BTreeSet<(Subject, Verb)>,
    /// The values that steps have recorded.
    pub(super) recorded: BTreeSet<CaptureId>,
    pub(super) windows: BTreeSet<StageId>,
    /// Whether it was told that the run failed.
    pub(super) told_failed: bool,
    pub(super) entered: u32,
    /// Triggers that have been let loose.
    pub(super) loosed: BTreeSet<TriggerId>,
}

impl<'a> Machine<'a> {
    fn new(plan: &'a Plan, graph: &'a Graph, outcomes: &'a Outcomes) -> Self {
        let release = plan.release();
        let stage = |_: &_| StageRun {
            status: Status::Pending,
            items: Vec::new(),
            at: 0,
            busy: false,
            epoch: 0,
            clock: 0,
            late: false,
            stepped_back: false,
            began: false,
            begun: BTreeMap::new(),
            fails: None,
            failures: 0,
            attempt: 1,
            back: Back::No,
            undo: VecDeque::new(),
            breaks: None,
            asides: VecDeque::new(),
        };
        let nodes = graph.order.len();
        let mut machine = Machine {
            plan,
            release,
            graph,
            outcomes,
            now: 0,
            agenda: BTreeMap::new(),
            number: 0,
            events: Vec::new(),
            last: BTreeMap::new(),
            floor: None,
            stages: release.stages.iter().map(stage).collect(),
            approvals: Vec::new(),
            decisions: Vec::new(),
            holds: Vec::new(),
            judged: vec![None; release.gates.len()],
            gate_failures: vec![0; release.gates.len()],
            ticked: BTreeSet::new(),
            open: vec![0; nodes],
            waited_for: vec![Vec::new(); release.stages.len()],
            heirs: vec![Vec::new(); nodes],
            look: BTreeSet::new(),
            busy: BTreeSet::new(),
            mode: Mode::Forward,
            pending: VecDeque::new(),
            aside_busy: false,
            current: None,
            asked: false,
            continuing: BTreeSet::new(),
            blocked: Vec::new(),
            stuck: Vec::new(),
            reached: Vec::new(),
            clear: Vec::new(),
            undoable: BTreeSet::new(),
            end: Final::Succeeded,
            cause: None,
            troubled_at: None,
            safe_at: None,
            help: Vec::new(),
            undone: Vec::new(),
            kept: Vec::new(),
            restarts: BTreeMap::new(),
            pauses: 0,
            met: BTreeSet::new(),
            recorded: BTreeSet::new(),
            windows: BTreeSet::new(),
            told_failed: false,
            entered: 0,
            loosed: BTreeSet::new(),
        };
        machine
            .approvals
            .resize_with(release.approvals.len(), || ApprovalRun {
                state: ApprovalState::Closed,
                epoch: 0,
            });
        machine.decisions = graph
            .by_failure
            .iter()
            .map(|by_failure| DecisionRun {
                state: DecisionState::Closed,
                epoch: 0,
                by_failure: *by_failure,
            })
            .collect();
        machine.holds.resize_with(release.holds.len(), || HoldRun {
            state: HoldState::Out,
            open: 0,
            entered: 0,
            failures: 0,
            half: false,
            known: false,
            barred: false,
        });
        machine.recount();
        machine
    }

    fn turn(&mut self) {
        self.open_run();
        let most = EVENTS.saturating_add(self.graph.order.len().saturating_mul(50));
        loop {
            self.settle();
            if self.events.len() > most {
                self.help.push("the run does not come to an end".into());
                self.mode = Mode::Over;
                return;
            }
            let Some(((at, _, _), wake)) = self.agenda.pop_first() else {
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
            let more = match self.mode {
                Mode::Forward => self.forward(),
                Mode::Draining => self.drained(),
                Mode::Back => self.undo_what_may(),
                Mode::Closing | Mode::Finally(_) | Mode::Over => false,
            };
            if !more && !self.leave_holds() {
                return;
            }
        }
    }

    /// Whether a wake is still meant: what was given up wakes nobody.
    fn stands(&self, wake: Wake) -> bool {
        match wake {
            Wake::Item(s, epoch) | Wake::Continued(s, epoch) => self.stages[s.index()].epoch == epoch,
            Wake::Late(s, clock) => {
                let stage = &self.stages[s.index()];
                stage.clock == clock && stage.status == Status::Running
            }
            Wake::Answer(a, epoch) => self.approvals[a.index()].epoch == epoch,
            Wake::Decide(d, epoch) => self.decisions[d.index()].epoch == epoch,
            Wake::Overdue(h, entered) => {
                let hold = &self.holds[h.index()];
                hold.entered == entered && hold.state == HoldState::In
            }
            Wake::Fire(_) | Wake::Cancel => self.mode == Mode::Forward,
            Wake::Entered(h) => self.holds[h.index()].state == HoldState::Entering,
            Wake::Unlocked | Wake::Left(_) | Wake::Undo(_) | Wake::Aside | Wake::Finally => true,
        }
    }

    fn wake(&mut self, wake: Wake) {
        match wake {
            Wake::Unlocked => self.begin_run(),
            Wake::Item(s, _) => self.item_done(s),
            Wake::Late(s, _) => self.out_of_time(s),
            Wake::Continued(s, _) => self.counted_as_ended(s),
            Wake::Answer(a, _) => self.answered(a),
            Wake::Decide(d, _) => self.decided(d),
            Wake::Entered(h) => self.entered(h),
            Wake::Left(h) => self.left(h),
            Wake::Overdue(h, _) => self.say(Subject::Hold(h), Verb::Overdue, "", &[]),
            Wake::Undo(s) => self.undo_goes_on(s),
            Wake::Aside => self.aside_busy = false,
            Wake::Finally => self.finally_done(),
            Wake::Fire(t) => self.fire(t),
            Wake::Cancel => self.cancel(),
        }
    }

    /// Puts something on the agenda.
    pub(super) fn after(&mut self, ms: i64, wake: Wake) {
        self.number += 1;
        let last = matches!(wake, Wake::Late(..) | Wake::Overdue(..));
        let at = self.now.saturating_add(ms.max(0));
        self.agenda.insert((at, last, self.number), wake);
    }

    /// Writes down what happened; it follows the last events of its own subject and of `others`.
    pub(super) fn say(
        &mut self,
        subject: Subject,
        verb: Verb,
        detail: impl Into<String>,
        others: &[Subject],
    ) {
        self.note(subject, subject, verb, None, detail.into(), others);
    }

    /// The same of a step.
    pub(super) fn say_step(
        &mut self,
        subject: Subject,
        verb: Verb,
        step: &SmolStr,
        detail: &str,
        others: &[Subject],
    ) {
        self.note(
            subject,
            subject,
            verb,
            Some(step.clone()),
            detail.to_string(),
            others,
        );
    }

    /// The same of something that belongs to the order of events of a stage: a gate that it judges.
    pub(super) fn say_within(&mut self, s: StageId, subject: Subject, verb: Verb) {
        self.note(Subject::Stage(s), subject, verb, None, String::new(), &[]);
    }

    fn note(
        &mut self,
        chain: Subject,
        subject: Subject,
        verb: Verb,
        step: Option<SmolStr>,
        detail: String,
        others: &[Subject],
    ) {
        let waited = match chain {
            Subject::Stage(s) => std::mem::take(&mut self.waited_for[s.index()]),
            _ => Vec::new(),
        };
        let mut after: Vec<usize> = std::iter::once(&chain)
            .chain(others)
            .chain(&waited)
            .filter_map(|s| self.last.get(s).copied())
            .collect();
        // What nothing of this kind came before follows the last turn that the run took.
        if let Some(floor) = self.floor
            && after.iter().all(|a| *a < floor)
        {
            after.push(floor);
        }
        after.sort_unstable();
        after.dedup();
        self.last.insert(chain, self.events.len());
        self.events.push(Event {
            at: self.now,
            subject,
            verb,
            step,
            detail,
            after,
        });
    }

    /// A turn that the run takes: it follows what happened last, and everything later follows it.
    pub(super) fn say_turn(&mut self, verb: Verb, detail: impl Into<String>, others: &[Subject]) {
        let last = self.events.len().checked_sub(1);
        self.say(Subject::Run, verb, detail, others);
        self.also_after(last.as_slice());
        self.turn_here();
    }

    /// Everything later follows what happened last.
    pub(super) fn turn_here(&mut self) {
        self.floor = self.events.len().checked_sub(1);
    }

    /// The event that was written last about something.
    pub(super) fn last_of(&self, subject: Subject) -> Option<usize> {
        self.last.get(&subject).copied()
    }

    /// What was said last follows these too.
    pub(super) fn also_after(&mut self, events: &[usize]) {
        if let Some(last) = self.events.last_mut() {
            last.after.extend(events);
            last.after.sort_unstable();
            last.after.dedup();
        }
    }

    /// Every stage, by id.
    pub(super) fn ids(&self) -> impl Iterator<Item = StageId> + use<> {
        (0..self.stages.len()).map(StageId::at)
    }

    /// Something went wrong now, for the first time.
    pub(super) fn trouble(&mut self, cause: impl FnOnce() -> String) {
        self.troubled_at.get_or_insert(self.now);
        self.cause.get_or_insert_with(cause);
    }

    /// The holds around a stage.
    pub(super) fn around(&self, s: StageId) -> &'a [HoldId] {
        &self.graph.inside[s.index()]
    }

    /// How often a gate was to fail, and whether it does so now.
    pub(super) fn gate_is_to_fail(&mut self, g: GateId) -> bool {
        let Some(times) = self.outcomes.gates.get(&g) else {
            return false;
        };
        let count = &mut self.gate_failures[g.index()];
        let fails = times.is_none_or(|n| *count < n);
        *count = count.saturating_add(u32::from(fails));
        fails
    }
}
