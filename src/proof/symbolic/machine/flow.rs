//! A state machine over all of its runs at once: when each state is come to, and what its variables hold there.
//!
//! States are gone through once, each after all that lead to it; what leads back is a loop. In a loop that only waits and looks,
//! whatever it changes may be anything; in one that works again, the first time round is looked at. Must not know what the plan
//! demands. Used by the entry point.

use super::facts::{Bit, Fact, Place};
use super::reads::{Eyes, Reader};
use super::shape::{Changed, shape};
use super::values::{Sym, merged};
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::GateId;
use crate::proof::stepfunctions::machine::{Assign, Kind, State, Template};
use crate::proof::stepfunctions::meant::named;
use crate::proof::stepfunctions::value::Value;
use crate::proof::symbolic::logic::Formula;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// A part began.
    Begun(Purpose),
    /// It was done.
    Done(Purpose),
    /// It failed.
    Failed(Purpose),
    /// What is measured was as it should be.
    Held(At, GateId),
    /// A lock was taken.
    Locked(String),
    /// It was released, as far as the run can.
    Released(String),
    /// A flag that nobody lowers was found raised.
    Up(String),
}

/// What holds where something stands.
#[derive(Debug, Clone)]
pub struct World {
    /// When it is come to.
    pub pc: Bit,
    /// What the variables hold.
    pub vars: Rc<BTreeMap<Arc<str>, Sym>>,
    /// What has happened before it, for certain in this order.
    pub marks: Rc<BTreeMap<Mark, Bit>>,
}

impl World {
    /// Nothing has happened yet.
    pub fn new() -> World {
        World {
            pc: Formula::Const(true),
            vars: Rc::default(),
            marks: Rc::default(),
        }
    }

    /// Whether something has happened.
    pub fn mark(&self, mark: &Mark) -> Bit {
        self.marks.get(mark).cloned().unwrap_or(Formula::Const(false))
    }
}

/// What is told of the machine while it is gone through.
pub trait Watch {
    /// A part begins.
    fn begins(&mut self, reader: &mut Reader<'_>, part: &Purpose, world: &World);
    /// The run ends.
    fn ends(&mut self, reader: &mut Reader<'_>, name: &str, world: &World);
}

/// Who goes through a machine.
pub struct Flow<'r, 'm, 'w> {
    pub(super) reader: &'r mut Reader<'m>,
    watch: &'w mut dyn Watch,
    /// What each question is about.
    pub(super) asked: HashMap<Arc<str>, Purpose>,
    /// The part that each state stands for.
    pub stands: BTreeMap<Place, Purpose>,
    /// When each state is come to.
    pub come: Vec<(Place, Bit)>,
    /// The flags of the run, by their names.
    pub(super) flags: BTreeMap<String, Flag>,
    /// The names of those that a branch lowers, as they are written.
    pub(super) lowered: BTreeSet<String>,
}

/// A flag by which branches tell each other.
#[derive(Debug, Default)]
pub(super) struct Flag {
    /// When it is raised.
    pub(super) raised: Vec<Bit>,
    /// Where it is found raised.
    pub(super) seen: Vec<Bit>,
}

/// How a block was left.
#[derive(Default)]
struct Left {
    pc: Vec<(Bit, Sym)>,
    worlds: Vec<World>,
}

type Told<T> = Result<T, String>;

impl<'r, 'm, 'w> Flow<'r, 'm, 'w> {
    /// Who goes through a machine, tells what it comes to, and has it read.
    pub fn new(reader: &'r mut Reader<'m>, watch: &'w mut dyn Watch) -> Flow<'r, 'm, 'w> {
        Flow {
            reader,
            watch,
            asked: HashMap::new(),
            stands: BTreeMap::new(),
            come: Vec::new(),
            flags: BTreeMap::new(),
            lowered: BTreeSet::new(),
        }
    }

    /// Goes through the whole machine.
    ///
    /// # Errors
    /// What is not understood.
    pub fn all(&mut self) -> Told<()> {
        let branches = self.reader.machine.blocks.iter().skip(1);
        for state in branches.flat_map(|b| &b.states) {
            if let Kind::Task {
                resource,
                arguments: Template::Object(members),
                ..
            } = &state.kind
                && resource.ends_with("ssm:putParameter")
            {
                let no = |t: &Template| matches!(t, Template::Const(v) if *v == Value::text("no"));
                if members.iter().any(|(k, t)| **k == *"Value" && no(t)) {
                    let names = members.iter().filter(|(k, _)| **k == *"Name");
                    self.lowered.extend(names.map(|(_, t)| format!("{t:?}")));
                }
            }
        }
        self.block(0, World::new())?;
        self.settle_flags();
        Ok(())
    }

    /// A flag is up only where somebody raised it: before, or in a branch beside.
    fn settle_flags(&mut self) {
        let facts = &mut self.reader.facts;
        for flag in self.flags.values_mut().filter(|f| !f.seen.is_empty()) {
            let raised = facts.any(&flag.raised);
            for seen in flag.seen.drain(..) {
                facts.logic.assume(&seen.implies(raised.clone()));
            }
        }
    }

    fn block(&mut self, number: usize, from: World) -> Told<Left> {
        let machine = self.reader.machine;
        let block = &machine.blocks[number];
        let shape = shape(block, &|s| self.works(&block.states[s]));
        let mut open: BTreeMap<usize, Vec<World>> = BTreeMap::new();
        open.insert(shape.place[block.start], vec![from]);
        let mut left = Left::default();
        while let Some((place, worlds)) = open.pop_first() {
            let state = shape.order[place];
            let mut world = self.merge(worlds);
            if world.pc == Formula::Const(false) {
                continue;
            }
            self.come.push(((number, state), world.pc.clone()));
            if let Some(changed) = shape.loops.get(&state) {
                self.forget(&mut world, changed);
            }
            let def = &block.states[state];
            for (goal, world) in self.state((number, state), def, world, &mut left)? {
                let at = shape.place[goal];
                // What leads back is a loop.
                if at > place {
                    open.entry(at).or_default().push(world);
                }
            }
        }
        Ok(left)
    }

    /// Whether a state does some of the plan's work.
    fn works(&self, state: &State) -> bool {
        let machine = self.reader.machine;
        match &state.kind {
            Kind::Task {
                purposes: Some(n), ..
            } => machine.purposes[*n]
                .iter()
                .any(|p| !p.deed.speaks() && !matches!(p.deed, Deed::Around | Deed::Read(_))),
            Kind::Parallel(_) => true,
            _ => false,
        }
    }

    fn merge(&mut self, mut worlds: Vec<World>) -> World {
        if worlds.len() == 1
            && let Some(only) = worlds.pop()
        {
            return only;
        }
        let facts = &mut self.reader.facts;
        let pcs: Vec<Bit> = worlds.iter().map(|w| w.pc.clone()).collect();
        let pc = facts.any(&pcs);
        let mut vars = worlds[0].vars.clone();
        if worlds.iter().any(|w| !Rc::ptr_eq(&w.vars, &vars)) {
            let names: BTreeSet<Arc<str>> = worlds.iter().flat_map(|w| w.vars.keys().cloned()).collect();
            let first = vars.clone();
            for name in names {
                let mut values = worlds.iter().map(|w| w.vars.get(&name));
                let own = first.get(&name);
                if values.all(|v| v == own) {
                    continue;
                }
                let values = worlds.iter().map(|w| {
                    let value = w.vars.get(&name).cloned();
                    (w.pc.clone(), value.unwrap_or_else(Sym::nothing))
                });
                let value = merged(facts, values.collect());
                Rc::make_mut(&mut vars).insert(name, value);
            }
        }
        let mut marks = worlds[0].marks.clone();
        if worlds.iter().any(|w| !Rc::ptr_eq(&w.marks, &marks)) {
            let names: BTreeSet<Mark> = worlds.iter().flat_map(|w| w.marks.keys().cloned()).collect();
            for name in names {
                let bits: Vec<Bit> = worlds.iter().map(|w| w.mark(&name)).collect();
                if bits.windows(2).all(|w| w[0] == w[1]) {
                    continue;
                }
                let each: Vec<Bit> = worlds
                    .iter()
                    .zip(&bits)
                    .map(|(w, b)| facts.both(&w.pc, b))
                    .collect();
                let bit = facts.any(&each);
                // What has happened in every run that comes here has happened.
                let bit = if bit == pc { Formula::Const(true) } else { bit };
                Rc::make_mut(&mut marks).insert(name, bit);
            }
        }
        World { pc, vars, marks }
    }

    /// What a loop changes may be what it was, or anything that the loop makes of it.
    fn forget(&mut self, world: &mut World, changed: &Changed) {
        let facts = &mut self.reader.facts;
        for (name, values) in changed {
            let own = world.vars.get(name).cloned();
            let value = match (values, own) {
                (Some(values), Some(own)) => {
                    let mut cases = Vec::new();
                    let mut rest = Formula::Const(true);
                    for value in values {
                        let is = facts.open();
                        cases.push((facts.both(&rest, &is), Sym::Known(value.clone())));
                        rest = facts.both(&rest, &is.negate());
                    }
                    cases.push((rest, own));
                    merged(facts, cases)
                }
                _ => Sym::Opaque(facts.opaque()),
            };
            Rc::make_mut(&mut world.vars).insert(name.clone(), value);
        }
    }

    fn assign(&mut self, world: &mut World, assign: &Assign, place: Place, result: &Sym) {
        if assign.is_empty() {
            return;
        }
        let mut values = Vec::with_capacity(assign.len());
        {
            let mut eyes = Eyes::new(world, place, result.clone());
            for (name, template) in assign {
                values.push((name.clone(), self.reader.fill(template, &mut eyes)));
            }
        }
        Rc::make_mut(&mut world.vars).extend(values);
    }

    fn state(
        &mut self,
        place: Place,
        state: &State,
        mut world: World,
        left: &mut Left,
    ) -> Told<Vec<(usize, World)>> {
        let mut out = Vec::new();
        match &state.kind {
            Kind::Pass(output) => {
                let result = match output {
                    Some(template) if state.next.is_none() => {
                        let mut eyes = Eyes::new(&world, place, Sym::nothing());
                        self.reader.fill(template, &mut eyes)
                    }
                    _ => Sym::nothing(),
                };
                self.assign(&mut world, &state.assign, place, &Sym::nothing());
                match state.next {
                    Some(next) => out.push((next, world)),
                    None => {
                        left.pc.push((world.pc.clone(), result));
                        left.worlds.push(world);
                    }
                }
            }
            Kind::Wait(_) | Kind::Until(_) => {
                self.assign(&mut world, &state.assign, place, &Sym::nothing());
                self.on(state, world, left, &mut out);
            }
            Kind::Choice(rules) => {
                let mut judged = Vec::new();
                for (test, assign, goal) in rules {
                    let bit = {
                        let mut eyes = Eyes::new(&world, place, Sym::nothing());
                        let bit = self.reader.holds(test, &mut eyes);
                        judged.extend(eyes.judged);
                        bit
                    };
                    let mut goes = world.clone();
                    goes.pc = self.reader.facts.both(&world.pc, &bit);
                    self.reader.held(&mut goes, &judged);
                    self.assign(&mut goes, assign, place, &Sym::nothing());
                    out.push((*goal, goes));
                    world.pc = self.reader.facts.both(&world.pc, &bit.negate());
                }
                self.reader.held(&mut world, &judged);
                self.on(state, world, left, &mut out);
            }
            Kind::Task {
                resource,
                arguments,
                purposes,
            } => self.task(
                place,
                state,
                world,
                (resource, arguments, *purposes),
                left,
                &mut out,
            )?,
            Kind::Parallel(branches) => {
                let mut results = Vec::new();
                let mut marks = world.marks.clone();
                let mut all = vec![world.pc.clone()];
                for branch in branches {
                    let mut ended = self.block(*branch, world.clone())?;
                    let pcs: Vec<Bit> = ended.pc.iter().map(|(p, _)| p.clone()).collect();
                    let pc = self.reader.facts.any(&pcs);
                    all.push(pc);
                    let result = merged(&mut self.reader.facts, std::mem::take(&mut ended.pc));
                    results.push((Formula::Const(true), result));
                    if ended.worlds.is_empty() {
                        continue;
                    }
                    let end = self.merge(ended.worlds);
                    for (mark, bit) in end.marks.iter() {
                        let known = marks.get(mark).cloned().unwrap_or(Formula::Const(false));
                        if known != *bit {
                            let either = self.reader.facts.any(&[known, bit.clone()]);
                            Rc::make_mut(&mut marks).insert(mark.clone(), either);
                        }
                    }
                }
                if place.0 == 0 {
                    self.settle_flags();
                }
                world.pc = self.reader.facts.all(&all);
                world.marks = marks;
                let results = Sym::Bag(Rc::new(results));
                self.assign(&mut world, &state.assign, place, &results);
                self.on(state, world, left, &mut out);
            }
            Kind::Map(_, body) => {
                let machine = self.reader.machine;
                if machine.blocks[*body].states.iter().any(|s| self.works(s)) {
                    return Err(["state `", &state.name, "`: work for each element"].concat());
                }
                let result = Sym::Opaque(self.reader.facts.opaque());
                self.assign(&mut world, &state.assign, place, &result);
                self.on(state, world, left, &mut out);
            }
            Kind::Succeed => self.watch.ends(self.reader, "Succeeded", &world),
            Kind::Fail(name) => self.watch.ends(self.reader, name, &world),
        }
        Ok(out)
    }

    fn on(&self, state: &State, world: World, left: &mut Left, out: &mut Vec<(usize, World)>) {
        match state.next {
            Some(next) => out.push((next, world)),
            None => {
                left.pc.push((world.pc.clone(), Sym::nothing()));
                left.worlds.push(world);
            }
        }
    }

    fn task(
        &mut self,
        place: Place,
        state: &State,
        mut world: World,
        (resource, arguments, purposes): (&str, &Template, Option<usize>),
        left: &mut Left,
        out: &mut Vec<(usize, World)>,
    ) -> Told<()> {
        let machine = self.reader.machine;
        let purposes = purposes.ok_or("it does what the plan does not say")?;
        let all = &machine.purposes[purposes];
        // Of several that do the very same, what people read tells them apart, else it is what has not been done yet.
        let release = self.reader.release;
        let order = |p: &&Purpose| {
            let begun = world.mark(&Mark::Begun((*p).clone()));
            (!named(release, p, &state.name), begun != Formula::Const(false))
        };
        let part = all
            .iter()
            .min_by_key(order)
            .ok_or("it stands for nothing")?
            .clone();
        let Some((caught, goal)) = &state.catch else {
            return Err(["state `", &state.name, "`: a failure of it breaks the run off"].concat());
        };
        let work = !part.deed.speaks() && !matches!(part.deed, Deed::Around | Deed::Read(_));
        if resource.ends_with("ssm:putParameter") {
            self.raise(place, arguments, &world);
        }
        if resource.ends_with("ssm:deleteParameter") {
            self.lock(place, resource, arguments, &mut world);
        }
        if !work && state.assign.is_empty() && caught.is_empty() && state.next == Some(*goal) {
            out.push((*goal, world));
            return Ok(());
        }
        let asks = resource.ends_with("ssm:startAutomationExecution");
        if work {
            self.watch.begins(self.reader, &part, &world);
            self.stands.insert(place, part.clone());
            Rc::make_mut(&mut world.marks).insert(Mark::Begun(part.clone()), Formula::Const(true));
        }
        let works = self.reader.facts.is(Fact::Works(place));
        let mut failed = world.clone();
        failed.pc = self.reader.facts.both(&world.pc, &works.clone().negate());
        world.pc = self.reader.facts.both(&world.pc, &works);
        let mut result = Sym::Opaque(self.reader.facts.opaque());
        if work && asks {
            let id: Arc<str> = ["question ", &self.asked.len().to_string()].concat().into();
            self.asked.insert(id.clone(), part);
            let id = Sym::Known(Value::Text(id));
            result = Sym::members([("AutomationExecutionId", id)]);
        } else if work {
            Rc::make_mut(&mut world.marks).insert(Mark::Done(part.clone()), Formula::Const(true));
            Rc::make_mut(&mut failed.marks).insert(Mark::Failed(part), Formula::Const(true));
        } else if resource.ends_with("ssm:putParameter") {
            self.lock(place, resource, arguments, &mut world);
        } else if resource.ends_with("ssm:getAutomationExecution") {
            result = self.look(place, arguments, &mut world);
        } else if resource.ends_with("ssm:describeAutomationExecutions") {
            result = self.look_at_all(place, arguments, &mut world);
        } else if resource.ends_with("ssm:getParameter") {
            result = self.holder(place, arguments, (&mut world, &mut failed));
        } else if resource.ends_with("ssm:getParameters") {
            result = self.flags(place, arguments, &mut world);
        }
        self.assign(&mut failed, caught, place, &Sym::nothing());
        self.assign(&mut world, &state.assign, place, &result);
        out.push((*goal, failed));
        self.on(state, world, left, out);
        Ok(())
    }
}

impl Reader<'_> {
    /// What was judged by what is measured has been.
    fn held(&mut self, world: &mut World, judged: &[(Mark, Bit)]) {
        for (mark, bit) in judged {
            let known = world.mark(mark);
            let either = self.facts.any(&[known, bit.clone()]);
            Rc::make_mut(&mut world.marks).insert(mark.clone(), either);
        }
    }
}
