//! "It broke here. What now?" For each point of failure: what has begun, what is undone and in which order, what stays, how long
//! that takes and how the run ends.
//!
//! Follows the meaning of a plan: what has begun is undone in reverse order; what cannot be undone stays, and so does all it
//! depends on; what is harmless is left as it is. Must not know words: `ways_back` has them. Called by `ways_back` and `summary`.

mod apart;
mod bits;
mod clock;
mod order;
mod reach;
mod way;

use crate::model::{
    ApprovalId, ApprovalOutcome, DecisionId, Dur, Failure, FailureOutcome, GateId, GateOutcome, HoldId,
    OnFailure, OptionOutcome, StageId, StepKind, TriggerId,
};
use crate::plan::{Node, Pace, Plan, StageUndo};
use apart::Apart;
use bits::Bits;
use reach::Reach;

pub(super) use reach::opens;
pub(super) use way::{Beside, Cause, Stays, Then, Way};

/// In a plan of more stages than this an order is told by the numbers of the stages: nobody reads so many names in a cell.
pub(super) const ORDINARY: usize = 60;

/// So many changes that stay are named.
pub(super) const KEPT: usize = 40;

/// Beyond so many stages, what runs beside a failure is bounded instead of worked out.
const EXACT: usize = 2_000;

/// The stages around each stage, worked out once. Sets are over places in the order.
struct Around<'a> {
    plan: &'a Plan,
    order: Vec<StageId>,
    /// The place of each stage in the order.
    place: Vec<usize>,
    /// What must have been undone before a stage is: the stages that wait for it directly.
    after: Vec<Vec<StageId>>,
    chain: Vec<Dur>,
    longest_of_all: Dur,
    /// How each stage is undone, and how long that takes, worked out once.
    kind: Vec<Kind>,
    time: Vec<i64>,
    undoable: Bits,
    irreversible: Bits,
    harmless: Bits,
    open: Bits,
    untimed: Bits,
    holds: Vec<Vec<StageId>>,
    held: Vec<Bits>,
    /// The holds in the order in which they are entered.
    entered: Vec<HoldId>,
    /// The stages with the longest step of each that runs to its end though something beside it has failed, the longest first.
    longest_step: Vec<(Dur, usize)>,
    reach: Reach,
    apart: Apart,
}

/// How a stage is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    Undoable,
    Harmless,
    Open,
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

/// Every way back, in the order of the plan. `open`: the stages of which the plan accepts that nothing undoes them.
pub(super) fn ways(plan: &Plan, open: &[StageId]) -> Vec<Way> {
    let all = || (0..plan.release().stages.len()).map(StageId::at);
    let chain = plan.undo_chain(Pace::Longest);
    let mut kinds: Vec<Kind> = all().map(|s| kind(plan, s)).collect();
    for s in open {
        kinds[s.index()] = Kind::Open;
    }
    let order = plan.stage_order();
    let mut place = vec![0; order.len()];
    for (i, s) in order.iter().enumerate() {
        place[s.index()] = i;
    }
    let such = |test: &dyn Fn(StageId) -> bool| Bits::of(order.iter().map(|s| test(*s)));
    let is = |k: Kind| such(&|s| kinds[s.index()] == k);
    let holds: Vec<Vec<StageId>> = (0..plan.release().holds.len())
        .map(|h| plan.hold_stages(HoldId::at(h)))
        .collect();
    let mut longest_step: Vec<(Dur, usize)> =
        all().map(|s| (longest_step(plan, s), place[s.index()])).collect();
    longest_step.sort_by_key(|(d, _)| std::cmp::Reverse(d.as_ms()));
    let around = Around {
        plan,
        after: all().map(|s| plan.stages_after(s)).collect(),
        longest_of_all: chain
            .iter()
            .copied()
            .max_by_key(|d| d.as_ms())
            .unwrap_or(Dur::ZERO),
        chain,
        undoable: is(Kind::Undoable),
        irreversible: is(Kind::Irreversible),
        harmless: is(Kind::Harmless),
        open: is(Kind::Open),
        untimed: such(&|s| plan.undo_untimed(s)),
        time: all().map(|s| plan.undo_time(s, Pace::Longest).as_ms()).collect(),
        entered: entered(plan),
        longest_step,
        held: holds
            .iter()
            .map(|list| {
                let mut set = Bits::none(order.len());
                for s in list {
                    set.insert(place[s.index()]);
                }
                set
            })
            .collect(),
        holds,
        reach: Reach::new(plan, &place),
        apart: Apart::new(plan, &order),
        kind: kinds,
        order,
        place,
    };
    let mut ways = Vec::new();
    for node in plan.order() {
        match node {
            Node::Stage(s) => {
                around.of_stage(s, &mut ways);
                around.of_answers(s, &mut ways);
            }
            Node::Approval(a) => around.of_approval(a, &mut ways),
            Node::Decision(d) => around.of_decision(d, &mut ways),
        }
    }
    for t in (0..plan.release().triggers.len()).map(TriggerId::at) {
        around.of_trigger(t, &mut ways);
    }
    ways
}

impl Around<'_> {
    fn of_stage(&self, s: StageId, ways: &mut Vec<Way>) {
        let r = self.plan.release();
        let stage = r.stage(s);
        let follows = |written: Option<&OnFailure>| match written.map(|f| &f.then) {
            None => Then::Outcome(FailureOutcome::Rollback),
            Some(Failure::Then(o)) => Then::Outcome(o.clone()),
            Some(Failure::Decision(d)) => Then::Decision(*d),
        };
        let own = follows(stage.on_failure.as_ref());
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
        let first_of = |h: &&HoldId| r.hold(**h).from == s && !r.hold(**h).enter.is_empty();
        for h in self.entered.iter().filter(first_of) {
            let then = follows(stage.when_hold_fails());
            ways.push(self.way(Cause::Hold(*h, s), Some(s), false, then));
        }
        let demotes = stage.rollout.as_ref().is_some_and(|r| r.demote.is_some());
        if demotes {
            let back = Then::Outcome(FailureOutcome::Rollback);
            ways.push(self.way(Cause::Step(s), Some(s), true, back));
            if stage.rollout.as_ref().is_some_and(|r| r.steps.len() > 1) {
                ways.push(self.way(Cause::LaterStep(s), Some(s), true, Then::Demote));
            }
            // Only what a step does wrong leads back to the step before.
            if stage.timeout.is_some() {
                ways.push(self.way(Cause::Late(s), Some(s), true, own.clone()));
            }
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
        if way.undoes() || !way.kept.is_empty() || !way.kept_beside.is_empty() {
            ways.push(way);
        }
    }

    fn of_decision(&self, d: DecisionId, ways: &mut Vec<Way>) {
        let r = self.plan.release();
        if r.asked_on_failure_only(d) {
            return;
        }
        for (i, option) in r.decision(d).options.iter().enumerate() {
            if let OptionOutcome::Then(o) = &option.then {
                ways.push(self.way(Cause::Option(d, i, None), None, false, Then::Outcome(o.clone())));
            }
        }
    }

    /// What only a failure asks is answered where that stands: in the stage, or before it where a gate before it asks.
    fn of_answers(&self, s: StageId, ways: &mut Vec<Way>) {
        let r = self.plan.release();
        for d in (0..r.decisions.len())
            .map(DecisionId::at)
            .filter(|d| r.asked_on_failure_only(*d))
        {
            let inside = r.asks_inside(s, d);
            if !inside && !r.asks_before(s, d) {
                continue;
            }
            for (i, option) in r.decision(d).options.iter().enumerate() {
                if let OptionOutcome::Then(o) = &option.then {
                    let cause = Cause::Option(d, i, Some(s));
                    let way = self.way(cause, Some(s), inside, Then::Outcome(o.clone()));
                    // Whoever decides has been asked: the owner of the stage is not.
                    ways.push(Way { stage: None, ..way });
                }
            }
        }
    }

    /// A trigger watches from the first start of the stages it names until the last of them has ended. In a large plan it is told
    /// for the last of them only: the numbers of the stages bound what has begun.
    fn of_trigger(&self, t: TriggerId, ways: &mut Vec<Way>) {
        let Some(trigger) = self.plan.release().triggers.get(t.index()) else {
            return;
        };
        // One that only calls somebody lets the run go on.
        if matches!(trigger.then, FailureOutcome::Escalate(_)) {
            return;
        }
        let mut during = Bits::none(self.order.len());
        for s in &trigger.during {
            during.insert(self.place[s.index()]);
        }
        let watched: Vec<Node> = if self.order.len() > ORDINARY {
            let last = during.back().next();
            last.map(|p| Node::Stage(self.order[p])).into_iter().collect()
        } else {
            let between = |n: &Node| {
                self.reach.before(self.plan, *n).meets(&during)
                    && self.reach.after(self.plan, *n).meets(&during)
            };
            let named = |n: &Node| matches!(n, Node::Stage(s) if trigger.during.contains(s));
            self.plan.order().filter(|n| named(n) || between(n)).collect()
        };
        for node in watched {
            let stage = match node {
                Node::Stage(s) => Some(s),
                Node::Approval(_) | Node::Decision(_) => None,
            };
            let then = Then::Outcome(trigger.then.clone());
            let way = self.way(Cause::Trigger(t, node), stage, stage.is_some(), then);
            // Nobody's stage has failed: the owner of the release is asked.
            ways.push(Way { stage: None, ..way });
        }
    }

    /// Whether a hold is entered no later than another that is entered before the same stage.
    fn until(&self, h: HoldId, last: HoldId) -> bool {
        let place = |h: HoldId| self.entered.iter().position(|e| *e == h);
        place(h) <= place(last)
    }

    /// `begun`: the stage has started its first step.
    fn way(&self, cause: Cause, stage: Option<StageId>, begun: bool, then: Then) -> Way {
        let r = self.plan.release();
        let node = cause.node();
        let here = stage.map(|s| self.place[s.index()]);
        let mut sure = self.reach.before(self.plan, node).into_owned();
        if let Some(here) = here {
            sure.set(here, begun);
        }
        let mut may_run = self.reach.after(self.plan, node).into_owned();
        may_run.unite(&sure);
        if let Some(here) = here {
            may_run.insert(here);
        }
        may_run.turn();
        // What never applies together with it has not begun.
        if let Some(excluded) = self.apart.excluded(self.plan, node) {
            sure.drop(excluded);
            may_run.drop(excluded);
        }

        let continues = matches!(then, Then::Outcome(FailureOutcome::Continue { .. }));
        let goes_on = matches!(
            then,
            Then::Outcome(FailureOutcome::Continue { .. } | FailureOutcome::Stop)
        );
        // Of a part that is undone, only what is that part.
        let part = match &then {
            Then::Outcome(FailureOutcome::RollbackStage(from)) => {
                let mut part = self.reach.after(self.plan, Node::Stage(*from)).into_owned();
                part.insert(self.place[from.index()]);
                Some(part)
            }
            _ => None,
        };
        let stays = self.pivots(&sure);
        let mut may_be_undone = self.undoable.clone();
        if goes_on {
            may_be_undone.clear();
        }
        if let Some(part) = &part {
            may_be_undone.keep(part);
        }
        if let Some(stays) = &stays {
            may_be_undone.keep(&Bits::of(self.order.iter().map(|s| stays[s.index()].is_none())));
        }
        let mut undone = sure.clone();
        undone.keep(&may_be_undone);
        let mut besides = may_run.clone();
        besides.keep(&may_be_undone);
        let mut left = sure.clone();
        if continues {
            left.clear();
        }
        left.drop(&undone);
        // What changes nothing is not left changed.
        let mut changes = self.undoable.clone();
        changes.unite(&self.irreversible);
        changes.unite(&self.harmless);
        changes.unite(&self.open);
        left.keep(&changes);
        let why = |s: StageId| {
            let needed = stays.as_ref().and_then(|k| k[s.index()]);
            match (self.kind[s.index()], needed) {
                (Kind::Irreversible, _) => Stays::Irreversible,
                (Kind::Harmless, _) => Stays::Harmless,
                (Kind::Open, _) => Stays::Open,
                (_, Some(p)) => Stays::Needed(p),
                _ => Stays::Untouched,
            }
        };
        let kept = left.back().take(KEPT).map(|p| self.order[p]);
        let kept: Vec<(StageId, Stays)> = kept.map(|s| (s, why(s))).collect();
        let mut stays_beside = may_run.clone();
        stays_beside.keep(&changes);
        stays_beside.drop(&may_be_undone);
        let mut may_stand = may_run.clone();
        may_stand.keep(&self.irreversible);
        if continues {
            stays_beside.clear();
            may_stand.clear();
        }
        // A hold is left when all inside has ended: it is open when something inside has begun and not all surely has ended.
        let mut ended = sure.clone();
        if let Some(here) = here {
            ended.set(here, false);
        }
        let all = || self.entered.iter().copied().rev().filter(|_| !continues);
        let surely_ended = ended.clone();
        let closed = |h: &HoldId| self.held[h.index()].within(&surely_ended);
        let mut all_undone = undone.clone();
        all_undone.unite(&besides);
        // What runs beside may have ended by then, and with it a hold around it.
        ended.unite(&may_run);
        let entered_again: Vec<(HoldId, bool)> = all()
            .filter(|h| self.held[h.index()].within(&ended) && self.held[h.index()].meets(&all_undone))
            .map(|h| (h, closed(&h)))
            .collect();
        let holds: Vec<(HoldId, bool)> = all()
            .filter_map(|h| {
                let inside = &self.held[h.index()];
                let begun = inside.meets(&sure);
                // What was not entered whole is left too, and so is what was entered right before it.
                let entering =
                    matches!(cause, Cause::Hold(last, s) if r.hold(h).from == s && self.until(h, last));
                let surely = (begun && !closed(&h)) || entering || entered_again.contains(&(h, true));
                let perhaps = !begun && !entering && inside.meets(&may_run);
                (surely || perhaps).then_some((h, surely))
            })
            .collect();
        let (first, own_step) = self.before_the_way_back(&cause, &then, stage, &may_run, &holds);
        let (many, many_beside, many_kept) = (undone.count(), besides.count(), left.count());
        left.drop(&self.harmless);
        left.drop(&self.open);
        let whole = many_beside == 0 && part.is_none() && holds.is_empty() && left.is_empty();
        // A hold that was left before may still be being left.
        let closing: Vec<HoldId> = all().filter(|h| self.held[h.index()].within(&ended)).collect();
        let closing = self.closing(&closing, &surely_ended, first);
        let back_again: Vec<Option<i64>> = match stage {
            // When all that led to a stage is undone with it, the longest way to it is the longest way back.
            Some(s) if whole && undone.has(self.place[s.index()]) && self.apart.cases.len() == 1 => {
                let chain = self.chain[s.index()].as_ms();
                vec![Some(closing.iter().map(|c| c.left).fold(chain, i64::max))]
            }
            _ => self.by_case(node, &all_undone, &holds, &closing),
        };
        let after = |ms: i64| first.plus(Dur { ms, working_days: 0 });
        let longest = back_again.iter().flatten().copied().max().unwrap_or(0);
        let half_done = begun && stage.is_some_and(|s| self.kind[s.index()] == Kind::Irreversible);
        let named = self.order.len() <= ORDINARY;
        let names = |set: &Bits| -> Vec<StageId> { set.back().map(|p| self.order[p]).collect() };
        // What something irreversible beside rests on stays with it.
        let with = |s: StageId| -> Vec<StageId> {
            let inside = part.as_ref().is_none_or(|p| p.has(self.place[s.index()]));
            if self.kind[s.index()] != Kind::Irreversible || !inside || !named {
                return Vec::new();
            }
            let mut with = self.reach.before(self.plan, Node::Stage(s)).into_owned();
            with.keep(&all_undone);
            names(&with)
        };
        let beside = |s: StageId| Beside {
            stage: s,
            why: why(s),
            with: with(s),
        };
        Way {
            undone: if named {
                self.together(&names(&undone))
            } else {
                Vec::new()
            },
            many,
            beside: if named { names(&besides) } else { Vec::new() },
            many_beside,
            last: all_undone.back().next().map(|p| self.order[p]),
            untimed: all_undone.meets(&self.untimed),
            cause,
            stage,
            then,
            kept,
            many_kept,
            kept_beside: stays_beside
                .back()
                .take(KEPT)
                .map(|p| beside(self.order[p]))
                .collect(),
            many_kept_beside: stays_beside.count(),
            may_stand: may_stand.back().take(KEPT).map(|p| self.order[p]).collect(),
            holds,
            entered_again,
            safe: after(longest),
            safe_in: back_again.into_iter().map(|ms| ms.map(after)).collect(),
            first,
            own_step,
            half_done,
        }
    }
}

fn add(list: &mut Vec<(Then, Vec<GateId>)>, then: Then, gate: GateId) {
    match list.iter_mut().find(|(t, _)| *t == then) {
        Some((_, gates)) if gates.contains(&gate) => {}
        Some((_, gates)) => gates.push(gate),
        None => list.push((then, vec![gate])),
    }
}
