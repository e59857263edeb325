//! What a plan demands of its state machine wherever something begins, as formulas over the machine's own.
//!
//! Each demand is weaker than the plan where that leaves something to a person or to the clock. Must not know states. Told by `flow`;
//! the entry point asks the solver.

use super::facts::Bit;
use super::flow::{Mark, Watch, World};
use super::reads::Reader;
use crate::emit::parts::{At, Deed, Purpose, Test};
use crate::emit::stepfunctions::naming;
use crate::model::{
    ApprovalId, Cond, Failure, FailureOutcome, GateId, GateOutcome, HoldId, StageId, Step, StepKind,
};
use crate::plan::{EdgeKind, Node, Plan};
use crate::proof::scenario::{Open, words};
use crate::proof::symbolic::logic::Formula;
use std::collections::{BTreeMap, BTreeSet};

/// What must not be possible.
pub struct Demand {
    /// When the place is come to at which it is made.
    pub place: Bit,
    /// When it is broken.
    pub broken: Bit,
    /// What is demanded, in words.
    pub what: String,
}

/// What a plan demands.
pub struct Demands<'p> {
    pub(super) plan: &'p Plan,
    pub(super) open: &'p Open,
    /// All of it.
    pub list: Vec<Demand>,
    /// The stages whose undo comes before that of each.
    pub(super) first: BTreeMap<StageId, BTreeSet<StageId>>,
    /// The stages that are undone after each.
    pub(super) after: BTreeMap<StageId, BTreeSet<StageId>>,
    /// The parts at each place.
    parts: BTreeMap<At, Vec<Purpose>>,
}

impl<'p> Demands<'p> {
    /// What a plan demands.
    pub fn new(plan: &'p Plan, open: &'p Open) -> Demands<'p> {
        let mut first: BTreeMap<StageId, BTreeSet<StageId>> = BTreeMap::new();
        let mut after: BTreeMap<StageId, BTreeSet<StageId>> = BTreeMap::new();
        let mut order = plan.stage_order();
        order.reverse();
        for id in order {
            let mut own = BTreeSet::new();
            for other in plan.undone_before(id) {
                own.insert(other);
                own.extend(first.get(&other).into_iter().flatten());
            }
            for other in &own {
                after.entry(*other).or_default().insert(id);
            }
            first.insert(id, own);
        }
        let mut parts: BTreeMap<At, Vec<Purpose>> = BTreeMap::new();
        for part in &open.parts {
            parts.entry(part.at).or_default().push(part.clone());
        }
        Demands {
            plan,
            open,
            list: Vec::new(),
            first,
            after,
            parts,
        }
    }

    pub(super) fn demand(
        &mut self,
        reader: &mut Reader<'_>,
        given: &[&Bit],
        wanted: &Bit,
        what: impl Fn() -> String,
    ) {
        let mut all: Vec<Bit> = given.iter().map(|b| (*b).clone()).collect();
        all.push(wanted.clone().negate());
        let broken = reader.facts.all(&all);
        let place = all.swap_remove(0);
        let what = what();
        self.list.push(Demand { place, broken, what });
    }

    pub(super) fn at(&self, at: At) -> Vec<Purpose> {
        self.parts.get(&at).cloned().unwrap_or_default()
    }

    /// The part that a step is, where it shows.
    fn part_of(&self, stage: StageId, step: &Step) -> Option<Purpose> {
        let deed = match &step.kind {
            StepKind::Act(_) => Deed::Act,
            StepKind::WaitFor(_) => Deed::Await,
            StepKind::VerifyGate(g) => {
                let judged = |p: &&Purpose| p.at == At::Stage(stage) && p.deed == Deed::Judge(*g);
                return self.open.parts.iter().find(judged).cloned();
            }
            _ => return None,
        };
        let part = Purpose::new(At::Stage(stage), &step.slug, deed);
        self.open.parts.contains(&part).then_some(part)
    }

    /// A step was done, does not apply, or somebody may go past it.
    fn done(
        &mut self,
        reader: &mut Reader<'_>,
        stage: StageId,
        step: &Step,
        when: &Cond,
        world: &World,
    ) -> Bit {
        let release = self.plan.release();
        let mut ways = Vec::new();
        for cond in [&step.when, when] {
            ways.push(reader.plan(cond, world, false).negate());
        }
        let gate = match &step.kind {
            StepKind::VerifyGate(g) => Some(*g),
            _ => None,
        };
        let mut known = false;
        if let Some(part) = self.part_of(stage, step) {
            known = true;
            ways.push(world.mark(&Mark::Done(part)));
        }
        if let Some(gate) = gate {
            let measured = self.open.tests.iter();
            let mut measured =
                measured.filter(|t| matches!(t, Test::Holds(At::Stage(s), g) if *s == stage && *g == gate));
            if measured.next().is_some() {
                known = true;
                ways.push(world.mark(&Mark::Held(At::Stage(stage), gate)));
            }
            ways.push(world.mark(&Mark::Done(Purpose::new(
                At::Stage(stage),
                &release.gate(gate).name,
                Deed::NoData(gate),
            ))));
            ways.push(self.around(reader, gate, world));
            let asked = self.at(At::Stage(stage)).into_iter();
            for p in asked.filter(|p| p.deed == Deed::NoData(gate)) {
                ways.push(world.mark(&Mark::Done(p)));
            }
        }
        if !known {
            return Formula::Const(true);
        }
        // Where silence agrees, it is over when nobody has answered.
        let silence = release.question(step).is_some_and(|(q, _)| q.default.is_some());
        if silence && let Some(part) = self.part_of(stage, step) {
            ways.push(world.mark(&Mark::Begun(part)));
        }
        // Its owner says that the run goes on past what failed.
        for p in self.at(At::Stage(stage)) {
            if p.deed == Deed::Resume(1) {
                ways.push(world.mark(&Mark::Done(p)));
            }
        }
        for p in self.at(At::Aside).into_iter().chain(self.at(At::Run)) {
            if p.deed == Deed::Resume(1) {
                ways.push(world.mark(&Mark::Done(p)));
            }
        }
        reader.facts.any(&ways)
    }

    /// A gate does not apply, or a declared way around it is taken.
    fn around(&mut self, reader: &mut Reader<'_>, gate: GateId, world: &World) -> Bit {
        let release = self.plan.release();
        let mut ways = vec![reader.plan(&release.gate(gate).when, world, false).negate()];
        for (i, o) in release.overrides.iter().enumerate() {
            if o.gates.iter().any(|(g, _)| *g == gate) {
                ways.push(reader.facts.is(super::facts::Fact::Fixed(Test::Chosen(i))));
            }
        }
        reader.facts.any(&ways)
    }

    /// Whether a stage may count as ended although something in it failed.
    fn goes_on(&self, id: StageId) -> bool {
        let release = self.plan.release();
        let stage = release.stage(id);
        let goes = |o: &FailureOutcome| matches!(o, FailureOutcome::Continue { .. });
        let own = stage.on_failure.as_ref().is_some_and(|f| match &f.then {
            Failure::Then(o) => goes(o),
            Failure::Decision(_) => true,
        });
        own || crate::emit::environments::gates_of(stage).iter().any(|g| {
            release.gate(*g).otherwise.as_ref().is_some_and(|(o, _)| match o {
                GateOutcome::Then(o) => goes(o),
                GateOutcome::Decision(_) => true,
            })
        })
    }

    /// The steps of a stage in order, each with when its step of a rollout applies.
    fn steps(&self, id: StageId) -> Vec<(&'p Step, &'p Cond)> {
        let stage = self.plan.release().stage(id);
        match &stage.rollout {
            None => stage.steps.iter().map(|s| (s, &Cond::True)).collect(),
            Some(rollout) => {
                let rungs = rollout.steps.iter();
                let own = rungs.flat_map(|r| r.work.iter().chain(&r.checks).map(move |s| (s, &r.when)));
                own.collect()
            }
        }
    }

    /// A stage has ended, or does not apply.
    pub(super) fn over(&mut self, reader: &mut Reader<'_>, id: StageId, world: &World) -> Bit {
        if self.goes_on(id) {
            return Formula::Const(true);
        }
        let applies = reader.plan(&self.plan.release().stage(id).when, world, false);
        let mut all = Vec::new();
        for (step, when) in self.steps(id) {
            all.push(self.done(reader, id, step, when, world));
        }
        let all = reader.facts.all(&all);
        reader.facts.any(&[applies.negate(), all])
    }

    /// An approval was granted, does not apply, or a declared way around it was.
    pub(super) fn granted(&mut self, reader: &mut Reader<'_>, id: ApprovalId, at: At, world: &World) -> Bit {
        let release = self.plan.release();
        let mut ways = vec![reader.plan(&release.approval(id).when, world, false).negate()];
        for part in self.at(at).into_iter().filter(|p| p.deed == Deed::Grant(id)) {
            ways.push(world.mark(&Mark::Done(part)));
        }
        for (i, o) in release.overrides.iter().enumerate() {
            if o.approvals.iter().any(|(a, _)| *a == id) {
                let chosen = reader.facts.is(super::facts::Fact::Fixed(Test::Chosen(i)));
                let asked = self
                    .open
                    .parts
                    .iter()
                    .filter(|p| p.deed == Deed::Override(i))
                    .cloned();
                let mut both: Vec<Bit> = asked.map(|p| world.mark(&Mark::Done(p))).collect();
                both.push(chosen);
                ways.push(reader.facts.all(&both));
            }
        }
        reader.facts.any(&ways)
    }

    /// A hold was entered.
    fn entered(&mut self, reader: &mut Reader<'_>, id: HoldId, world: &World) -> Bit {
        let mut all = Vec::new();
        for step in &self.plan.release().hold(id).enter {
            let part = Purpose::new(At::Enter(id), &step.slug, Deed::Act);
            if self.open.parts.contains(&part) {
                let applies = reader.plan(&step.when, world, true);
                let done = world.mark(&Mark::Done(part));
                all.push(reader.facts.any(&[applies.negate(), done]));
            }
        }
        reader.facts.all(&all)
    }

    /// A run works only with inputs that the plan allows, when everybody is known, and with its locks.
    fn let_begin(&mut self, reader: &mut Reader<'_>, part: &Purpose, world: &World) {
        let release = self.plan.release();
        let pc = &world.pc;
        for test in &self.open.tests {
            if let Test::Problem(_) | Test::Unknown = test {
                let wrong = reader.facts.is(super::facts::Fact::Fixed(test.clone()));
                self.demand(reader, &[pc], &wrong.negate(), || {
                    let what = match test {
                        Test::Unknown => "` begins although somebody is not known",
                        _ => "` begins with inputs that the plan does not allow",
                    };
                    ["`", &words(release, part), what].concat()
                });
            }
        }
        for (lock, _) in naming::locks(release) {
            let held = world.mark(&Mark::Locked(lock.clone()));
            self.demand(reader, &[pc], &held, || {
                ["`", &words(release, part), "` begins without lock `", &lock, "`"].concat()
            });
        }
    }

    /// A part of a stage begins.
    fn stage(&mut self, reader: &mut Reader<'_>, id: StageId, part: &Purpose, world: &World) {
        let release = self.plan.release();
        let stage = release.stage(id);
        let name = &stage.name;
        let pc = &world.pc;
        let applies = reader.plan(&stage.when, world, true);
        self.demand(reader, &[pc], &applies, || {
            ["stage `", name, "` runs and does not apply"].concat()
        });
        let waits: Vec<(Node, EdgeKind)> = self
            .plan
            .waits_for(Node::Stage(id))
            .into_iter()
            .map(|(n, e)| (n, e.kind))
            .collect();
        for (node, kind) in waits {
            let (Node::Stage(before), EdgeKind::After | EdgeKind::Serial | EdgeKind::Outcome) = (node, kind)
            else {
                continue;
            };
            let over = self.over(reader, before, world);
            self.demand(reader, &[pc], &over, || {
                let before = &release.stage(before).name;
                ["stage `", name, "` starts before stage `", before, "` has ended"].concat()
            });
        }
        if !matches!(part.deed, Deed::Act | Deed::Await) {
            return;
        }
        let begun = world.mark(&Mark::Begun(part.clone()));
        if stage.rollout.is_none() {
            self.demand(reader, &[pc], &begun.negate(), || {
                ["`", &words(release, part), "` begins twice"].concat()
            });
        }
        if let Some(act) = stage
            .forward_steps()
            .into_iter()
            .find(|s| s.slug == part.step)
            .and_then(Step::act)
        {
            for assertion in &act.assertions {
                let holds = reader.plan(&assertion.holds, world, true);
                self.demand(reader, &[pc], &holds, || {
                    [
                        "`",
                        &words(release, part),
                        "` begins although what it asserts does not hold",
                    ]
                    .concat()
                });
            }
        }
        for (approval, _) in &stage.approved {
            let granted = self.granted(reader, *approval, At::Run, world);
            self.demand(reader, &[pc], &granted, || {
                let approval = &release.approval(*approval).name;
                ["stage `", name, "` starts without approval `", approval, "`"].concat()
            });
        }
        for hold in (0..release.holds.len()).map(HoldId::at) {
            if self.plan.hold_stages(hold).contains(&id) {
                let entered = self.entered(reader, hold, world);
                self.demand(reader, &[pc], &entered, || {
                    let hold = &release.hold(hold).name;
                    ["stage `", name, "` starts before hold `", hold, "` is entered"].concat()
                });
            }
        }
        for (list, _) in &stage.ready {
            let list = release.checklist(*list);
            if list.items.iter().any(|i| i.when != Cond::True) {
                continue;
            }
            // Stages share a checklist: it is done once.
            let ready = self.open.parts.iter();
            let ready = ready.filter(|p| p.deed == Deed::Ready && p.step == list.name);
            let mut ways: Vec<Bit> = ready.map(|p| world.mark(&Mark::Done(p.clone()))).collect();
            for p in self
                .at(At::Stage(id))
                .into_iter()
                .filter(|p| p.deed == Deed::Resume(1))
            {
                ways.push(world.mark(&Mark::Done(p)));
            }
            let ways = reader.facts.any(&ways);
            self.demand(reader, &[pc], &ways, || {
                [
                    "stage `",
                    name,
                    "` starts before checklist `",
                    &list.name,
                    "` is done",
                ]
                .concat()
            });
        }
        for (gate, _) in &stage.require {
            let judged = self.at(At::Stage(id)).into_iter();
            let judged: Vec<Purpose> = judged
                .filter(|p| matches!(p.deed, Deed::Judge(g) | Deed::NoData(g) if g == *gate))
                .collect();
            let measured = self
                .open
                .tests
                .iter()
                .any(|t| matches!(t, Test::Holds(At::Stage(s), g) if *s == id && g == gate));
            if self.goes_on(id) || judged.is_empty() && !measured {
                continue;
            }
            let mut ways: Vec<Bit> = judged.into_iter().map(|p| world.mark(&Mark::Done(p))).collect();
            ways.push(world.mark(&Mark::Held(At::Stage(id), *gate)));
            ways.push(self.around(reader, *gate, world));
            for p in self
                .at(At::Stage(id))
                .into_iter()
                .filter(|p| p.deed == Deed::Resume(1))
            {
                ways.push(world.mark(&Mark::Done(p)));
            }
            let ways = reader.facts.any(&ways);
            self.demand(reader, &[pc], &ways, || {
                [
                    "stage `",
                    name,
                    "` starts before gate `",
                    &release.gate(*gate).name,
                    "` has passed",
                ]
                .concat()
            });
        }
        let steps = self.steps(id);
        let mine = |(s, _): &(&Step, &Cond)| s.slug == part.step;
        let Some(own) = steps.iter().position(mine) else {
            return;
        };
        let (step, when) = steps[own];
        for cond in [&step.when, when] {
            let applies = reader.plan(cond, world, true);
            self.demand(reader, &[pc], &applies, || {
                ["`", &words(release, part), "` begins and does not apply"].concat()
            });
        }
        if self.goes_on(id) {
            return;
        }
        for (before, when) in &steps[..own] {
            let done = self.done(reader, id, before, when, world);
            self.demand(reader, &[pc], &done, || {
                [
                    "`",
                    &words(release, part),
                    "` begins before step `",
                    &before.slug,
                    "` is done",
                ]
                .concat()
            });
        }
    }
}

impl Watch for Demands<'_> {
    fn begins(&mut self, reader: &mut Reader<'_>, part: &Purpose, world: &World) {
        if matches!(
            part.deed,
            Deed::Act | Deed::Await | Deed::Judge(_) | Deed::Record(_)
        ) {
            self.let_begin(reader, part, world);
        }
        match (part.at, part.deed) {
            (At::Stage(id), Deed::Act | Deed::Await | Deed::Judge(_)) => self.stage(reader, id, part, world),
            (At::Undo(id), Deed::Act | Deed::Await) => self.undo(reader, id, part, world),
            (At::Exit(id), Deed::Act | Deed::Await) => {
                let hold = self.plan.release().hold(id);
                // Of steps that do not apply none shows, and the hold is entered all the same.
                let (mut ways, mut none) = (Vec::new(), Vec::new());
                for step in &hold.enter {
                    let entered = Purpose::new(At::Enter(id), &step.slug, Deed::Act);
                    if !self.open.parts.contains(&entered) {
                        return;
                    }
                    ways.push(world.mark(&Mark::Begun(entered)));
                    none.push(reader.plan(&step.when, world, true).negate());
                }
                ways.push(reader.facts.all(&none));
                let begun = reader.facts.any(&ways);
                self.demand(reader, &[&world.pc], &begun, || {
                    ["hold `", &hold.name, "` is left although it was never entered"].concat()
                });
            }
            _ => {}
        }
    }

    fn ends(&mut self, reader: &mut Reader<'_>, name: &str, world: &World) {
        self.end(reader, name, world);
    }
}
