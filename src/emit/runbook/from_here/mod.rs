//! "It broke here. What now?" For each point of failure: what has begun, what is undone and in which order, what stays, how long
//! that takes and how the run ends.
//!
//! Follows the meaning of a plan: what has begun is undone in reverse order; what cannot be undone stays, and so does all it
//! depends on; what is harmless is left as it is. Must not know words: `ways_back` has them. Called by `ways_back` and `summary`.

mod clock;

use crate::model::{
    ApprovalId, ApprovalOutcome, DecisionId, Dur, Failure, FailureOutcome, GateId, GateOutcome, HoldId,
    OptionOutcome, StageId, Step, StepKind,
};
use crate::plan::{EdgeKind, Node, Pace, Plan, StageUndo};
use std::cell::Cell;

/// So many names at most in all orders together; beyond, an order names what comes next only.
pub(super) const NAMES: usize = 20_000;

/// So many names are shown of a list of stages that is cut.
pub(super) const SHOWN: usize = 12;

/// Beyond so many stages, what runs beside a failure is bounded instead of worked out.
const EXACT: usize = 2_000;

/// What fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cause {
    /// A step of a stage, or a gate that says nothing else.
    Step(StageId),
    /// A step of a rollout that steps back, after its first step.
    LaterStep(StageId),
    /// Gates that a stage judges on its way, all with one outcome.
    Gates(StageId, Vec<GateId>),
    /// Gates before a stage: it has not begun.
    Entry(StageId, Vec<GateId>),
    /// An approval is refused or not given in time.
    Refused(ApprovalId),
    /// A decision takes an option that does not go on.
    Option(DecisionId, usize),
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Then {
    /// As written.
    Outcome(FailureOutcome),
    /// A decision is asked.
    Decision(DecisionId),
    /// The rollout goes back to its step before, and the owner is asked.
    Demote,
}

/// Why a change stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stays {
    /// It cannot be undone.
    Irreversible,
    /// Something that cannot be undone depends on it.
    Needed(StageId),
    /// It need not be undone.
    Harmless,
    /// Nothing is undone, or only another part.
    Untouched,
}

/// What is undone after a failure.
#[derive(Debug, Clone)]
pub(super) struct Way {
    /// What fails.
    pub cause: Cause,
    /// The stage whose side of the plan it is.
    pub stage: Option<StageId>,
    /// What follows.
    pub then: Then,
    /// The stages to undo that have surely begun (where they apply), those together that may be undone together. Once more
    /// than `NAMES` are listed in all ways together, only what comes first.
    pub undone: Vec<Vec<StageId>>,
    /// How many these are, all of them.
    pub many: usize,
    /// Stages that may run beside: undone in their place when they have begun. Cut in the same way.
    pub beside: Vec<StageId>,
    /// How many these are, all of them.
    pub many_beside: usize,
    /// What stays changed.
    pub kept: Vec<(StageId, Stays)>,
    /// The holds that are left then, the last entered first; each with whether it has surely been entered.
    pub holds: Vec<(HoldId, bool)>,
    /// Those of them that had been left already, and are entered again before what is inside is undone.
    pub entered_again: Vec<HoldId>,
    /// From the failure, or from the word of the person it waits for, until everything is undone and every hold is left, at the
    /// longest.
    pub safe: Dur,
    /// Something irreversible stands half done.
    pub half_done: bool,
}

impl Way {
    /// Whether something is undone of which nobody has said how long it takes: `safe` leaves it out.
    pub(super) fn untimed(&self, plan: &Plan) -> bool {
        let undone = self.undone.iter().flatten().chain(&self.beside);
        undone.into_iter().any(|s| plan.undo_untimed(*s))
    }

    /// Whether anything is undone, now or when a person says so.
    pub(super) fn undoes(&self) -> bool {
        self.many > 0 || self.many_beside > 0
    }
}

/// The stages around each stage, worked out once.
struct Around<'a> {
    plan: &'a Plan,
    order: Vec<StageId>,
    /// What must have been undone before a stage is: the stages that wait for it directly.
    after: Vec<Vec<StageId>>,
    chain: Vec<Dur>,
    longest_of_all: Dur,
    /// Nothing in the plan is irreversible.
    no_pivot: bool,
    /// How each stage is undone, and how long that takes, worked out once.
    kind: Vec<Kind>,
    time: Vec<i64>,
    holds: Vec<Vec<StageId>>,
    /// The holds in the order in which they are entered.
    entered: Vec<HoldId>,
    /// The longest step of each stage that runs to its end though something beside it has failed.
    longest_step: Vec<Dur>,
    /// How many names the ways found so far have.
    listed: Cell<usize>,
    /// What each node waits for, and what waits for it. What only a later step of a rollout waits for orders neither.
    edges: [Vec<Vec<usize>>; 2],
}

/// How a stage is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    Undoable,
    Harmless,
    Irreversible,
}

fn kind(plan: &Plan, s: StageId) -> Kind {
    match plan.undo(s) {
        StageUndo::Nothing => Kind::Nothing,
        StageUndo::Derived(_) | StageUndo::Written(_) => Kind::Undoable,
        StageUndo::Irreversible(..) => Kind::Irreversible,
        StageUndo::Harmless(..) => Kind::Harmless,
    }
}

/// The longest of the steps of a stage that are not given up half-way: waits, bakes, polls and judgements are.
fn longest_step(plan: &Plan, s: StageId) -> Dur {
    let whole = |k: &StepKind| {
        !matches!(
            k,
            StepKind::Wait(_) | StepKind::Bake(_) | StepKind::WaitFor(_) | StepKind::VerifyGate(_)
        )
    };
    let steps = plan.release().stage(s).forward_steps();
    let times = steps
        .into_iter()
        .filter(|step| whole(&step.kind))
        .map(|step| plan.step_time(step, Pace::Longest));
    times.max_by_key(|d| d.as_ms()).unwrap_or(Dur::ZERO)
}

/// The holds in the order in which they are entered: that of the first stages inside.
fn entered(plan: &Plan) -> Vec<HoldId> {
    let r = plan.release();
    let mut position = vec![0; r.stages.len()];
    for (i, s) in plan.stage_order().into_iter().enumerate() {
        position[s.index()] = i;
    }
    let mut list: Vec<HoldId> = (0..r.holds.len()).map(HoldId::at).collect();
    list.sort_by_key(|h| position.get(r.hold(*h).from.index()).copied());
    list
}

/// Every way back, in the order of the plan.
pub(super) fn ways(plan: &Plan) -> Vec<Way> {
    let all = || (0..plan.release().stages.len()).map(StageId::at);
    let chain = plan.undo_chain(Pace::Longest);
    let kinds: Vec<Kind> = all().map(|s| kind(plan, s)).collect();
    let around = Around {
        plan,
        order: plan.stage_order(),
        after: all().map(|s| plan.stages_after(s)).collect(),
        longest_of_all: chain
            .iter()
            .copied()
            .max_by_key(|d| d.as_ms())
            .unwrap_or(Dur::ZERO),
        chain,
        no_pivot: !kinds.contains(&Kind::Irreversible),
        kind: kinds,
        time: all().map(|s| plan.undo_time(s, Pace::Longest).as_ms()).collect(),
        listed: Cell::new(0),
        entered: entered(plan),
        longest_step: all().map(|s| longest_step(plan, s)).collect(),
        holds: (0..plan.release().holds.len())
            .map(|h| plan.hold_stages(HoldId::at(h)))
            .collect(),
        edges: edges(plan),
    };
    let mut ways = Vec::new();
    for node in plan.order() {
        match node {
            Node::Stage(s) => around.of_stage(s, &mut ways),
            Node::Approval(a) => around.of_approval(a, &mut ways),
            Node::Decision(d) => around.of_decision(d, &mut ways),
        }
    }
    ways
}

impl Around<'_> {
    fn of_stage(&self, s: StageId, ways: &mut Vec<Way>) {
        let r = self.plan.release();
        let stage = r.stage(s);
        let own = match &stage.on_failure {
            None => Then::Outcome(FailureOutcome::Rollback),
            Some(f) => match &f.then {
                Failure::Then(o) => Then::Outcome(o.clone()),
                Failure::Decision(d) => Then::Decision(*d),
            },
        };
        let says = |g: &GateId| {
            r.gate(*g).otherwise.as_ref().map(|(o, _)| match o {
                GateOutcome::Then(o) => Then::Outcome(o.clone()),
                GateOutcome::Decision(d) => Then::Decision(*d),
            })
        };
        let mut entry: Vec<(Then, Vec<GateId>)> = Vec::new();
        for (g, _) in &stage.require {
            add(&mut entry, says(g).unwrap_or_else(|| own.clone()), *g);
        }
        for (then, gates) in entry {
            ways.push(self.way(Cause::Entry(s, gates), Some(s), false, then));
        }
        let demotes = stage.rollout.as_ref().is_some_and(|r| r.demote.is_some());
        if demotes {
            let back = Then::Outcome(FailureOutcome::Rollback);
            ways.push(self.way(Cause::Step(s), Some(s), true, back));
            ways.push(self.way(Cause::LaterStep(s), Some(s), true, Then::Demote));
        } else {
            ways.push(self.way(Cause::Step(s), Some(s), true, own.clone()));
        }
        let mut judged: Vec<(Then, Vec<GateId>)> = Vec::new();
        for step in stage.forward_steps() {
            if let StepKind::VerifyGate(g) = &step.kind
                && let Some(then) = says(g)
                && (demotes || then != own)
            {
                add(&mut judged, then, *g);
            }
        }
        for (then, gates) in judged {
            ways.push(self.way(Cause::Gates(s, gates), Some(s), true, then));
        }
    }

    fn of_approval(&self, a: ApprovalId, ways: &mut Vec<Way>) {
        let then = match &self.plan.release().approval(a).otherwise {
            ApprovalOutcome::Rollback => FailureOutcome::Rollback,
            ApprovalOutcome::Stop => FailureOutcome::Stop,
            ApprovalOutcome::Restart(s, n) => FailureOutcome::Restart(*s, *n),
        };
        let way = self.way(Cause::Refused(a), None, false, Then::Outcome(then));
        // Before anything has begun a refusal is no way back.
        if way.undoes() || !way.kept.is_empty() {
            ways.push(way);
        }
    }

    fn of_decision(&self, d: DecisionId, ways: &mut Vec<Way>) {
        for (i, option) in self.plan.release().decision(d).options.iter().enumerate() {
            if let OptionOutcome::Then(o) = &option.then {
                ways.push(self.way(Cause::Option(d, i), None, false, Then::Outcome(o.clone())));
            }
        }
    }

    /// `begun`: the stage has started its first step.
    fn way(&self, cause: Cause, stage: Option<StageId>, begun: bool, then: Then) -> Way {
        let node = match &cause {
            Cause::Step(s) | Cause::LaterStep(s) | Cause::Gates(s, _) | Cause::Entry(s, _) => Node::Stage(*s),
            Cause::Refused(a) => Node::Approval(*a),
            Cause::Option(d, _) => Node::Decision(*d),
        };
        let mut sure = self.reach(node, false);
        if let Some(s) = stage {
            sure[s.index()] = begun;
        }
        let later = self.reach(node, true);
        let here = stage.map(StageId::index);
        let may_run: Vec<bool> = (0..sure.len())
            .map(|i| !sure[i] && !later[i] && Some(i) != here)
            .collect();

        let continues = matches!(then, Then::Outcome(FailureOutcome::Continue { .. }));
        let goes_on = matches!(
            then,
            Then::Outcome(FailureOutcome::Continue { .. } | FailureOutcome::Stop)
        );
        // Of a part that is undone, only what is that part.
        let part = match &then {
            Then::Outcome(FailureOutcome::RollbackStage(from)) => {
                let mut part = self.reach(Node::Stage(*from), true);
                part[from.index()] = true;
                Some(part)
            }
            _ => None,
        };
        let within = |s: StageId| !goes_on && part.as_ref().is_none_or(|p| p[s.index()]);
        let stays = self.pivots(&sure);
        let changed = |s: &StageId| self.kind[s.index()] != Kind::Nothing;
        let undone =
            |s: &StageId| within(*s) && stays[s.index()].is_none() && self.kind[s.index()] == Kind::Undoable;
        let of = |set: &[bool]| -> Vec<StageId> {
            let all = self.order.iter().rev().copied();
            all.filter(|s| set[s.index()] && changed(s)).collect()
        };
        let began = of(&sure);
        let unneeded = |(_, why): &(StageId, Stays)| *why == Stays::Harmless;
        let kept: Vec<(StageId, Stays)> = began
            .iter()
            .filter(|s| !continues && !undone(s))
            .map(|s| {
                let why = match (self.kind[s.index()], stays[s.index()]) {
                    (Kind::Irreversible, _) => Stays::Irreversible,
                    (Kind::Harmless, _) => Stays::Harmless,
                    (_, Some(p)) => Stays::Needed(p),
                    _ => Stays::Untouched,
                };
                (*s, why)
            })
            .collect();
        let back: Vec<StageId> = began.into_iter().filter(|s| undone(s)).collect();
        let mut beside: Vec<StageId> = of(&may_run).into_iter().filter(|s| undone(s)).collect();
        let mut inside = vec![false; self.order.len()];
        for s in &back {
            inside[s.index()] = true;
        }
        // A hold is left when all inside has ended: it is open when something inside has begun and not all surely has ended.
        let ended = |s: &StageId| sure[s.index()] && Some(*s) != stage;
        let all = || self.entered.iter().copied().rev().filter(|_| !continues);
        let closed = |h: &HoldId| self.holds[h.index()].iter().all(ended);
        let entered_again: Vec<HoldId> = all()
            .filter(|h| closed(h) && self.holds[h.index()].iter().any(|s| inside[s.index()]))
            .collect();
        let holds: Vec<(HoldId, bool)> = all()
            .filter_map(|h| {
                let inside = &self.holds[h.index()];
                let begun = inside.iter().any(|s| sure[s.index()]);
                let surely = (begun && !closed(&h)) || entered_again.contains(&h);
                let perhaps = !begun && inside.iter().any(|s| may_run[s.index()]);
                (surely || perhaps).then_some((h, surely))
            })
            .collect();
        let first = self.before_the_way_back(&cause, &then, stage, &may_run, &holds);
        let whole = beside.is_empty() && part.is_none() && holds.is_empty() && kept.iter().all(unneeded);
        let back_again = match stage {
            // When all that led to a stage is undone with it, the longest way to it is the longest way back.
            Some(s) if whole && inside[s.index()] => self.chain[s.index()].as_ms(),
            _ => self.longest(&back, &beside, &holds, &entered_again),
        };
        let half_done = begun && stage.is_some_and(|s| self.kind[s.index()] == Kind::Irreversible);
        let (many, many_beside) = (back.len(), beside.len());
        let cut = self.listed.get() > NAMES && stage.is_some();
        let groups = match (cut, back.first().copied()) {
            // All the others have led to it.
            (true, Some(s)) if many > 3 && Some(s) == stage => vec![vec![s]],
            _ => {
                let mut groups = self.together(&back);
                groups.truncate(if cut && many > 3 { 1 } else { many });
                groups
            }
        };
        beside.truncate(if cut { SHOWN } else { many_beside });
        self.listed
            .set(self.listed.get().saturating_add(many + many_beside));
        Way {
            undone: groups,
            many,
            many_beside,
            cause,
            stage,
            then,
            beside,
            kept,
            holds,
            entered_again,
            safe: first.plus(Dur {
                ms: back_again,
                working_days: 0,
            }),
            half_done,
        }
    }

    /// What passes between the failure and the way back: what runs beside ends its step, what is being entered is entered, and
    /// what the plan says comes first is done. Nothing when a person is waited for anyway: the way back counts from the answer.
    fn before_the_way_back(
        &self,
        cause: &Cause,
        then: &Then,
        stage: Option<StageId>,
        may_run: &[bool],
        holds: &[(HoldId, bool)],
    ) -> Dur {
        let r = self.plan.release();
        let asked = matches!(
            then,
            Then::Demote
                | Then::Decision(_)
                | Then::Outcome(FailureOutcome::Pause | FailureOutcome::Escalate(_))
        );
        if asked || matches!(then, Then::Outcome(FailureOutcome::Continue { .. })) {
            return Dur::ZERO;
        }
        let beside = may_run.iter().enumerate().filter(|(_, may)| **may);
        let steps = beside.map(|(i, _)| self.longest_step[i]);
        let entering = holds.iter().filter(|(_, surely)| !surely);
        let entering = entering.map(|(h, _)| self.time(&r.hold(*h).enter));
        let waited = steps.chain(entering).max_by_key(|d| d.as_ms());
        // A gate that says what follows leaves out what the stage does first.
        let own = match cause {
            Cause::Step(s) | Cause::LaterStep(s) => r.stage(*s).on_failure.as_ref(),
            Cause::Entry(s, gates) if gates.iter().any(|g| r.gate(*g).otherwise.is_none()) => {
                stage.and(r.stage(*s).on_failure.as_ref())
            }
            Cause::Entry(..) | Cause::Gates(..) | Cause::Refused(_) | Cause::Option(..) => None,
        };
        let first = own.map_or(Dur::ZERO, |f| self.time(&f.steps));
        first.plus(waited.unwrap_or(Dur::ZERO))
    }

    fn time(&self, steps: &[Step]) -> Dur {
        steps.iter().fold(Dur::ZERO, |all, s| {
            all.plus(self.plan.step_time(s, Pace::Longest))
        })
    }

    /// The stages that have ended when a node starts, or (`forward`) that have not begun then.
    fn reach(&self, from: Node, forward: bool) -> Vec<bool> {
        let edges = &self.edges[usize::from(forward)];
        let mut found = vec![false; edges.len()];
        let mut stack = vec![index(self.plan, from)];
        while let Some(node) = stack.pop() {
            for next in &edges[node] {
                if !std::mem::replace(&mut found[*next], true) {
                    stack.push(*next);
                }
            }
        }
        found.truncate(self.order.len());
        found
    }

    /// For each stage that something irreversible keeps from being undone: what keeps it.
    fn pivots(&self, began: &[bool]) -> Vec<Option<StageId>> {
        let mut keeps: Vec<Option<StageId>> = vec![None; began.len()];
        if self.no_pivot {
            return keeps;
        }
        for s in self.order.iter().rev() {
            if !began[s.index()] {
                continue;
            }
            if self.kind[s.index()] == Kind::Irreversible {
                keeps[s.index()] = Some(*s);
            }
            for later in &self.after[s.index()] {
                if began[later.index()] && keeps[s.index()].is_none() {
                    keeps[s.index()] = keeps[later.index()];
                }
            }
        }
        keeps
    }

    /// Stages to undo, in order, grouped: each group may be undone together once those before it are.
    fn together(&self, back: &[StageId]) -> Vec<Vec<StageId>> {
        let depth = self.depths(back);
        let mut groups: Vec<Vec<StageId>> = Vec::new();
        for s in back {
            let level = usize::try_from(depth[s.index()] - 1).unwrap_or(0);
            while groups.len() <= level {
                groups.push(Vec::new());
            }
            groups[level].push(*s);
        }
        groups
    }

    /// How long it takes to undo what has surely begun and what may run beside it, and to leave the holds.
    fn longest(
        &self,
        back: &[StageId],
        beside: &[StageId],
        holds: &[(HoldId, bool)],
        again: &[HoldId],
    ) -> i64 {
        let holds: Vec<HoldId> = holds.iter().map(|(h, _)| *h).collect();
        if self.order.len() > EXACT {
            let r = self.plan.release();
            let leave = holds.iter().map(|h| self.time(&r.hold(*h).exit).as_ms());
            let enter = again.iter().map(|h| self.time(&r.hold(*h).enter).as_ms());
            let around = leave.chain(enter).fold(0i64, i64::saturating_add);
            return self.longest_of_all.as_ms().saturating_add(around);
        }
        let both: Vec<StageId> = back.iter().chain(beside).copied().collect();
        clock::time(
            self,
            &clock::Work {
                undone: &both,
                holds: &holds,
                again,
            },
        )
    }

    /// For each of some stages: how many undos the longest chain has that ends with its own.
    fn depths(&self, of: &[StageId]) -> Vec<i64> {
        let mut inside = vec![false; self.order.len()];
        for s in of {
            inside[s.index()] = true;
        }
        let mut depth = vec![0i64; self.order.len()];
        for s in self.order.iter().rev() {
            // What is not undone hands on what it waits for.
            let before = self.after[s.index()].iter().map(|l| depth[l.index()]).max();
            let own = i64::from(inside[s.index()]);
            depth[s.index()] = before.unwrap_or(0).saturating_add(own);
        }
        for (d, inside) in depth.iter_mut().zip(inside) {
            if !inside {
                *d = 0;
            }
        }
        depth
    }
}

fn add(list: &mut Vec<(Then, Vec<GateId>)>, then: Then, gate: GateId) {
    match list.iter_mut().find(|(t, _)| *t == then) {
        Some((_, gates)) if gates.contains(&gate) => {}
        Some((_, gates)) => gates.push(gate),
        None => list.push((then, vec![gate])),
    }
}

/// The place of a node: stages, approvals, decisions.
fn index(plan: &Plan, node: Node) -> usize {
    let r = plan.release();
    match node {
        Node::Stage(s) => s.index(),
        Node::Approval(a) => r.stages.len() + a.index(),
        Node::Decision(d) => r.stages.len() + r.approvals.len() + d.index(),
    }
}

fn edges(plan: &Plan) -> [Vec<Vec<usize>>; 2] {
    let r = plan.release();
    let count = r.stages.len() + r.approvals.len() + r.decisions.len();
    let mut both = [vec![Vec::new(); count], vec![Vec::new(); count]];
    for node in plan.order() {
        let here = index(plan, node);
        for (before, edge) in plan.waits_for(node) {
            if edge.kind != EdgeKind::ApprovedStep {
                let before = index(plan, before);
                both[0][here].push(before);
                both[1][before].push(here);
            }
        }
    }
    both
}
