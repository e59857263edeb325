//! When each stage starts and ends, counted from T, on its shortest and on its longest times.
//!
//! The longest path through the order, with `at`, the window, approvals that are asked on the way, and rollouts.
//! Must not report findings. Used by the checks of time and of holds.

use crate::model::{Dur, GateId, HoldId, RolloutStep, StageId, StepKind};
use crate::plan::duration::{answer_time, question_time};
use crate::plan::paths::Paths;
use crate::plan::window::Clock;
use crate::plan::{Node, NodeSet, Pace, Plan, Pred, flow};
use petgraph::Direction;
use petgraph::graph::NodeIndex;

/// How far back it is looked for what is handed on by stages that do not apply.
const LEVELS: usize = 64;

/// What a start waits for last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Nothing: it starts at T.
    Start,
    /// Its `at`.
    At,
    /// The window opens.
    Window,
    /// Something that ends then.
    Node(Node),
}

/// When something starts and ends, in milliseconds from T.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// When all it waits for has ended, before `at` and the window are looked at; the least number when it waits for nothing.
    pub ready: i64,
    /// When it starts.
    pub start: i64,
    /// When it ends.
    pub finish: i64,
    /// What its start waits for last.
    pub cause: Cause,
    /// In which variants it waits for that: all, unless it is handed on by what does not apply.
    pub given: Pred,
}

/// Times of one pace, for the variants that meet a condition.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Shortest or longest.
    pub pace: Pace,
    /// The variants it is for.
    pub given: Pred,
    /// What takes its shortest time although the rest takes its longest.
    quick: Option<NodeSet>,
    times: Vec<Timing>,
}

impl Plan {
    /// The schedule of a pace when everything applies that can.
    pub fn schedule(&self, pace: Pace) -> &Schedule {
        self.analyses
            .schedule(pace, || self.schedule_given(pace, Pred::TRUE))
    }

    /// The schedule of a pace in the variants that meet a condition: what cannot apply there takes no time.
    pub fn schedule_given(&self, pace: Pace, given: Pred) -> Schedule {
        self.make_schedule(pace, given, None)
    }

    /// The schedule in which a node comes as early as it can and all that it does not wait for takes its longest: the most
    /// that can lie between it and what comes after.
    pub fn schedule_after(&self, node: Node) -> Schedule {
        let mut quick = self.ancestors(node);
        quick.add(self.index(node));
        self.make_schedule(Pace::Longest, self.variants().valid(), Some(quick))
    }

    fn make_schedule(&self, pace: Pace, given: Pred, quick: Option<NodeSet>) -> Schedule {
        let clock = self.clock();
        let none = Timing {
            ready: 0,
            start: 0,
            finish: 0,
            cause: Cause::Start,
            given: Pred::TRUE,
        };
        let mut schedule = Schedule {
            pace,
            given,
            quick,
            times: vec![none; self.graph.node_count()],
        };
        for index in &self.order {
            let timing = self.time_of(&schedule, &clock, self.graph[*index]);
            schedule.times[index.index()] = timing;
        }
        schedule
    }

    /// The path that makes a node start when it does, itself last.
    pub fn path(&self, schedule: &Schedule, node: Node) -> Vec<Node> {
        let mut path = vec![node];
        while let Cause::Node(before) = schedule.of(self, path[path.len() - 1]).cause {
            path.push(before);
        }
        path.reverse();
        path
    }

    /// The longest chain of undos when a stage fails at its end: its own, and those of everything before it.
    pub fn undo_chain(&self, pace: Pace) -> Vec<Dur> {
        let mut chain = vec![Dur::ZERO; self.release().stages.len()];
        for stage in self.stage_order() {
            let before = self
                .undone_after(stage)
                .map(|s| chain[s.index()])
                .max_by_key(|d| d.as_ms())
                .unwrap_or(Dur::ZERO);
            chain[stage.index()] = self.undo_time(stage, pace).plus(before);
        }
        chain
    }

    fn undone_after(&self, stage: StageId) -> impl Iterator<Item = StageId> {
        self.stages_before(stage).into_iter()
    }

    fn time_of(&self, schedule: &Schedule, clock: &Clock, node: Node) -> Timing {
        let pace = schedule.pace_of(self, node);
        // What never applies together with it is not waited for.
        let v = self.variants();
        let own = v.applies(node);
        let own = if self.possible_in(schedule, own) {
            own
        } else {
            Pred::TRUE
        };
        let possible = |n: Node| self.possible_in(schedule, v.and(own, v.applies(n)));
        let waits = flow::waits(self, self.index(node));
        let mut ready: Option<(i64, Cause, Pred)> = None;
        let after = |i| flow::waits(self, i).after;
        self.handed(schedule, own, waits.after, &after, &mut ready);
        let serial = |i| flow::waits(self, i).serial;
        self.handed(schedule, own, waits.serial, &serial, &mut ready);
        for i in waits.other {
            let before = self.graph[i];
            if !self.asked_before(before) && possible(before) {
                later(&mut ready, schedule.times[i.index()].finish, before, Pred::TRUE);
            }
        }
        let (ready, mut cause, given) = ready.unwrap_or((i64::MIN, Cause::Start, Pred::TRUE));
        let mut start = if ready == i64::MIN { 0 } else { ready };
        match node {
            Node::Stage(s) => {
                let stage = self.release().stage(s);
                if let Some((at, _)) = &stage.at
                    && (at.after.as_ms() > start || cause == Cause::Start)
                {
                    start = at.after.as_ms();
                    cause = Cause::At;
                }
                if self.covered(s)
                    && let Some(opening) = self.opening(clock, start)
                    && opening.opens > start
                {
                    start = opening.opens;
                    cause = Cause::Window;
                }
                let begun = self.begun(schedule, clock, s, start);
                Timing {
                    ready,
                    start,
                    finish: self.end_of(schedule, clock, s, begun, &mut |_, _| {}),
                    cause,
                    given,
                }
            }
            Node::Approval(a) => {
                let within = answer_time(self.release().approval(a).within, pace);
                Timing {
                    ready,
                    start,
                    finish: self.later(clock, start, within),
                    cause,
                    given,
                }
            }
            Node::Decision(d) => {
                let within = question_time(&self.release().decision(d).question, pace);
                Timing {
                    ready,
                    start,
                    finish: self.later(clock, start, within),
                    cause,
                    given,
                }
            }
        }
    }

    /// The latest of a list of waits of something that applies under a condition: those that apply then, and, where none does, what
    /// they wait for in turn.
    fn handed(
        &self,
        schedule: &Schedule,
        own: Pred,
        list: Vec<NodeIndex>,
        further: &dyn Fn(NodeIndex) -> Vec<NodeIndex>,
        ready: &mut Option<(i64, Cause, Pred)>,
    ) {
        let v = self.variants();
        self.levels(own, list, further, &mut |list, given| {
            if !self.possible_in(schedule, given) {
                return false;
            }
            for i in list {
                let node = self.graph[*i];
                let there = v.and(given, v.applies(node));
                if !self.asked_before(node) && self.possible_in(schedule, there) {
                    later(ready, schedule.times[i.index()].finish, node, given);
                }
            }
            true
        });
    }

    /// Visits what something waits for that applies under a condition, then, for where none of that applies, what that waits for in turn, and so
    /// on, each with the condition under which it counts, as long as the visitor says so.
    fn levels(
        &self,
        own: Pred,
        list: Vec<NodeIndex>,
        further: &dyn Fn(NodeIndex) -> Vec<NodeIndex>,
        visit: &mut dyn FnMut(&[NodeIndex], Pred) -> bool,
    ) {
        let v = self.variants();
        let (mut list, mut given) = (list, own);
        for _ in 0..LEVELS {
            if list.is_empty() || given == Pred::FALSE || !visit(&list, given) {
                return;
            }
            for i in &list {
                given = v.without(given, v.applies(self.graph[*i]));
            }
            if given == Pred::FALSE {
                return;
            }
            list = list.into_iter().flat_map(further).collect();
            list.sort();
            list.dedup();
        }
    }

    /// The conditions under which something waits for what the stages hand on that it waits for and that do not apply.
    pub(super) fn handed_on(&self, node: Node) -> Vec<Pred> {
        let waits = flow::waits(self, self.index(node));
        let own = self.variants().applies(node);
        let mut found = Vec::new();
        let mut note = |_: &[NodeIndex], given| {
            found.push(given);
            true
        };
        self.levels(own, waits.after, &|i| flow::waits(self, i).after, &mut note);
        self.levels(own, waits.serial, &|i| flow::waits(self, i).serial, &mut note);
        // What is waited for in the first place excludes nothing.
        found.retain(|given| *given != own);
        found
    }

    /// For each step of a stage's rollout that has an `at` of its own: its place in the rollout, and when what stands before it has
    /// ended. Nothing when the stage says as a whole how long it takes.
    pub fn reached(&self, pace: Pace, id: StageId) -> Vec<(usize, i64)> {
        let schedule = self.schedule(pace);
        let mut reached = Vec::new();
        let steps = self.release().stage(id).rollout.iter().flat_map(|r| &r.steps);
        if steps.clone().any(|s| s.at.is_some()) {
            let clock = self.clock();
            let begun = self.begun(schedule, &clock, id, schedule.stage(self, id).start);
            self.end_of(schedule, &clock, id, begun, &mut |i, t| reached.push((i, t)));
        }
        reached
    }

    /// When a stage that starts at an offset has entered the holds that begin with it.
    fn begun(&self, schedule: &Schedule, clock: &Clock, id: StageId, start: i64) -> i64 {
        let pace = schedule.pace_of(self, Node::Stage(id));
        self.entered(id).fold(start, |t, h| {
            let enter = self.release().hold(h).enter.iter();
            enter.fold(t, |t, step| self.later(clock, t, self.step_time(step, pace)))
        })
    }

    /// When a stage ends that begins its work at an offset. Tells when the steps of its rollout that have an `at` are reached.
    fn end_of(
        &self,
        schedule: &Schedule,
        clock: &Clock,
        id: StageId,
        begun: i64,
        reached: &mut dyn FnMut(usize, i64),
    ) -> i64 {
        let stage = self.release().stage(id);
        let pace = schedule.pace_of(self, Node::Stage(id));
        if let Some((low, high, _)) = stage.takes {
            let takes = if pace == Pace::Shortest { low } else { high };
            return self.later(clock, begun, takes);
        }
        let v = self.variants();
        let given = self.given_in(schedule, id);
        let mut paths = Paths::new(given, begun);
        // At its shortest only what surely takes place counts.
        let part = |paths: &mut Paths, p: Pred, takes: Dur| match pace {
            Pace::Shortest if !v.implies(given, p) => {}
            Pace::Shortest => paths.pass(v, Pred::TRUE, |t| self.later(clock, t, takes)),
            Pace::Longest => paths.pass(v, p, |t| self.later(clock, t, takes)),
        };
        for (g, _) in &stage.require {
            part(&mut paths, self.judged(*g), self.gate_time(*g, pace));
        }
        let run = |paths: &mut Paths, around: Pred, steps: &[crate::model::Step]| {
            for step in steps {
                let p = v.and(around, self.done_when(step));
                part(paths, p, self.step_time(step, pace));
            }
        };
        match &stage.rollout {
            None => run(&mut paths, Pred::TRUE, &stage.steps),
            Some(rollout) => {
                for (i, step) in rollout.steps.iter().enumerate() {
                    let p = v.of(self, &step.when);
                    let counts = match pace {
                        Pace::Shortest => v.implies(given, p),
                        Pace::Longest => self.possible_in(schedule, p),
                    };
                    if !counts {
                        continue;
                    }
                    if step.at.is_some() {
                        reached(i, paths.latest_in(v, p));
                    }
                    let ready = self.rollout_step_ready(schedule, step);
                    paths.pass(v, p, |t| t.max(ready));
                    run(&mut paths, p, &step.work);
                    run(&mut paths, p, &step.checks);
                }
            }
        }
        paths.latest()
    }

    /// When a step of a stage is done: what it judges must apply too.
    pub(super) fn done_when(&self, step: &crate::model::Step) -> Pred {
        let p = self.variants().of(self, &step.when);
        match step.kind {
            StepKind::VerifyGate(g) => self.variants().and(p, self.judged(g)),
            _ => p,
        }
    }

    /// When a gate is judged where it stands.
    pub(super) fn judged(&self, gate: GateId) -> Pred {
        self.variants().of(self, &self.release().gate(gate).when)
    }

    pub(super) fn rollout_step_ready(&self, schedule: &Schedule, step: &RolloutStep) -> i64 {
        let at = step.at.as_ref().map(|(o, _)| o.after.as_ms());
        let granted = step
            .approved
            .iter()
            .map(|(a, _)| Node::Approval(*a))
            .filter(|n| !self.asked_before(*n))
            .map(|n| schedule.of(self, n).finish);
        at.into_iter().chain(granted).max().unwrap_or(i64::MIN)
    }

    /// Whether something is asked when the run opens, and so is answered by T.
    fn asked_before(&self, node: Node) -> bool {
        match node {
            Node::Stage(_) => false,
            Node::Approval(_) | Node::Decision(_) => self
                .graph
                .neighbors_directed(self.index(node), Direction::Incoming)
                .next()
                .is_none(),
        }
    }

    /// The holds that are entered before a stage.
    fn entered(&self, stage: StageId) -> impl Iterator<Item = HoldId> {
        let holds = self.release().holds.iter().enumerate();
        holds
            .filter(move |(_, h)| h.from == stage)
            .map(|(i, _)| HoldId::at(i))
    }

    /// The variants in which a stage applies, of those a schedule is for; all of those where it never does.
    pub(super) fn given_in(&self, schedule: &Schedule, id: StageId) -> Pred {
        let v = self.variants();
        match v.and(schedule.given, v.applies(Node::Stage(id))) {
            Pred::FALSE => schedule.given,
            given => given,
        }
    }

    pub(super) fn possible_in(&self, schedule: &Schedule, p: Pred) -> bool {
        p == Pred::TRUE || (p != Pred::FALSE && self.variants().and(p, schedule.given) != Pred::FALSE)
    }
}

/// Keeps the later of two things that are waited for.
fn later(ready: &mut Option<(i64, Cause, Pred)>, at: i64, node: Node, given: Pred) {
    if ready.is_none_or(|(r, _, _)| at > r) {
        *ready = Some((at, Cause::Node(node), given));
    }
}

impl Schedule {
    fn pace_of(&self, plan: &Plan, node: Node) -> Pace {
        match &self.quick {
            Some(quick) if plan.contains(quick, node) => Pace::Shortest,
            _ => self.pace,
        }
    }

    /// When a node starts and ends.
    pub fn of(&self, plan: &Plan, node: Node) -> Timing {
        self.times[plan.index(node).index()]
    }

    /// When a stage starts and ends.
    pub fn stage(&self, plan: &Plan, stage: StageId) -> Timing {
        self.of(plan, Node::Stage(stage))
    }
}
