//! One run of a state machine: its states one after the other, branches side by side in virtual time.
//!
//! What calls answer is what the scenario says of the part they stand for; flags and locks are kept as the parameter store
//! would. Must not know what the plan wants. Called by the proof's entry point.

mod eyes;
mod facts;

use super::jsonata::Expr;
use super::machine::{Assign, Kind, Machine, Template};
use super::value::{RAISED, Value, eval, millis};
use super::world::World;
use crate::emit::parts::{Deed, Test};
use crate::model::GateId;
use crate::proof::event::{Event, Trace, What};
use crate::proof::scenario::{Broken, Scenario};
use eyes::{Eyes, context};
use facts::fill;
use foldhash::HashMap;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most states of one run.
pub const MOST: usize = 40_000;
/// Most states of one run while no time passes.
const STILL: usize = 3_000;
/// Seconds a call takes.
pub const CALL: f64 = 60_000.0;

/// Part of a run.
struct Thread {
    block: usize,
    state: usize,
    frame: usize,
    at: f64,
    last: Vec<usize>,
    parent: Option<usize>,
    input: Value,
    /// Branches that have not ended.
    open: usize,
    results: Vec<Value>,
    /// Where the elements of a `Map` wait.
    items: Vec<Value>,
    status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Runs,
    Waits,
    Ended,
}

#[derive(Default)]
struct Frame {
    parent: Option<usize>,
    vars: HashMap<Arc<str>, Value>,
}

/// A run.
pub struct Run<'a> {
    machine: &'a Machine,
    scenario: &'a Scenario,
    world: World<'a>,
    frames: Vec<Frame>,
    threads: Vec<Thread>,
    trace: Trace,
    consulted: RefCell<Vec<(usize, bool)>>,
    /// What was read into each fact.
    reads: HashMap<Arc<str>, usize>,
    /// What `$states.context` says.
    context: Value,
    /// What `$states.errorOutput` says.
    error: Value,
    /// The threads that have not ended, the oldest first.
    live: Vec<usize>,
    /// The states that were come to, for each block.
    seen: Vec<Vec<bool>>,
    /// How often the trigger that fires was looked at.
    looks: Cell<usize>,
    /// Whether a bound was compared with what has no data.
    blank: Cell<bool>,
    /// How often each gate that does not pass was judged.
    judged: RefCell<BTreeMap<GateId, usize>>,
    /// Gates that were asked whether they have data, and not judged since.
    asked: RefCell<BTreeSet<GateId>>,
}

/// Runs a machine.
///
/// # Errors
/// What is not understood.
pub fn run(machine: &Machine, world: World<'_>, scenario: &Scenario, most: usize) -> Result<Trace, String> {
    let mut run = Run {
        machine,
        scenario,
        world,
        frames: vec![Frame::default()],
        threads: Vec::new(),
        trace: Trace::default(),
        consulted: RefCell::default(),
        reads: HashMap::default(),
        context: context(scenario),
        error: Value::object([
            ("Error", Value::text("Failed")),
            ("Cause", Value::text("a cause")),
        ]),
        live: Vec::new(),
        seen: machine
            .blocks
            .iter()
            .map(|b| vec![false; b.states.len()])
            .collect(),
        looks: Cell::default(),
        blank: Cell::default(),
        judged: RefCell::default(),
        asked: RefCell::default(),
    };
    run.spawn(0, 0, scenario.begins(), Vec::new(), None, Value::Open);
    let (mut now, mut still) = (scenario.begins(), 0);
    for _ in 0..most {
        let threads = &run.threads;
        let running = run
            .live
            .iter()
            .copied()
            .filter(|i| threads[*i].status == Status::Runs);
        let Some(thread) = running.min_by(|a, b| threads[*a].at.total_cmp(&threads[*b].at)) else {
            break;
        };
        still = if run.threads[thread].at > now {
            0
        } else {
            still + 1
        };
        now = run.threads[thread].at;
        if still > STILL {
            break;
        }
        run.step(thread)?;
        run.trace.steps += 1;
        if !run.trace.end.is_empty() {
            run.trace.ended = run.threads[thread].at;
            run.trace.visited = run.visited();
            run.trace.left = run.world.left();
            return Ok(run.trace);
        }
    }
    Err("the run does not come to an end".into())
}

impl Run<'_> {
    fn spawn(
        &mut self,
        block: usize,
        frame: usize,
        at: f64,
        last: Vec<usize>,
        parent: Option<usize>,
        input: Value,
    ) {
        self.live.push(self.threads.len());
        self.threads.push(Thread {
            block,
            state: self.machine.blocks[block].start,
            frame,
            at,
            last,
            parent,
            input,
            open: 0,
            results: Vec::new(),
            items: Vec::new(),
            status: Status::Runs,
        });
    }

    fn visited(&self) -> BTreeSet<(usize, usize)> {
        let blocks = self.seen.iter().enumerate();
        let places = blocks.flat_map(|(b, states)| {
            let seen = states.iter().enumerate().filter(|(_, seen)| **seen);
            seen.map(move |(s, _)| (b, s))
        });
        places.collect()
    }

    fn event(&mut self, thread: usize, what: What) {
        let after = std::mem::take(&mut self.threads[thread].last);
        self.threads[thread].last = vec![self.trace.events.len()];
        self.trace.events.push(Event {
            at: self.threads[thread].at,
            what,
            after,
        });
    }

    fn eyes(&self, thread: usize, result: Value) -> Eyes<'_, '_> {
        let t = &self.threads[thread];
        Eyes {
            run: self,
            frame: t.frame,
            at: t.at,
            input: &t.input,
            result,
        }
    }

    fn assign(&mut self, thread: usize, assign: &Assign, result: Value) -> Result<(), String> {
        if assign.is_empty() {
            return Ok(());
        }
        let eyes = self.eyes(thread, result);
        let mut values = Vec::with_capacity(assign.len());
        for (name, template) in assign {
            let value = fill(template, &eyes)?;
            if value == Value::Nothing {
                return Err(["`", name, "` would be set to nothing"].concat());
            }
            values.push((name.clone(), value));
        }
        let frame = self.threads[thread].frame;
        for (name, value) in values {
            let mut outer = self.frames[frame].parent;
            while let Some(f) = outer {
                if self.frames[f].vars.contains_key(&name) {
                    return Err(["`$", &name, "` belongs to a state outside the branch"].concat());
                }
                outer = self.frames[f].parent;
            }
            self.frames[frame].vars.insert(name, value);
        }
        Ok(())
    }

    fn go(&mut self, thread: usize, next: Option<usize>, output: Value) {
        match next {
            Some(state) => self.threads[thread].state = state,
            None => self.ended(thread, output),
        }
    }

    /// A branch has ended: with the last of them, whoever waits goes on.
    fn ended(&mut self, thread: usize, output: Value) {
        self.threads[thread].status = Status::Ended;
        self.live.retain(|t| *t != thread);
        let at = self.threads[thread].at;
        let last = self.threads[thread].last.clone();
        let Some(parent) = self.threads[thread].parent else {
            self.trace.end = "ended without a name".into();
            return;
        };
        let slot = self
            .threads
            .iter()
            .enumerate()
            .filter(|(_, t)| t.parent == Some(parent))
            .position(|(i, _)| i == thread)
            .unwrap_or(0);
        let p = &mut self.threads[parent];
        let first = p.results.len();
        let slot = slot % first.max(1);
        if let Some(result) = p.results.get_mut(slot) {
            *result = output;
        }
        p.open -= 1;
        p.at = p.at.max(at);
        p.last.extend(last);
        if p.open == 0 {
            p.status = Status::Runs;
        }
    }

    fn step(&mut self, thread: usize) -> Result<(), String> {
        let machine = self.machine;
        let (block, state) = (self.threads[thread].block, self.threads[thread].state);
        self.seen[block][state] = true;
        let state = &machine.blocks[block].states[state];
        self.state(thread, state)
            .map_err(|e| ["state `", &state.name, "`: ", &e].concat())
    }

    fn state(&mut self, thread: usize, state: &super::machine::State) -> Result<(), String> {
        match &state.kind {
            Kind::Pass(output) => {
                let output = match output {
                    Some(template) => fill(template, &self.eyes(thread, Value::Nothing))?,
                    None => Value::Nothing,
                };
                self.assign(thread, &state.assign, Value::Nothing)?;
                self.go(thread, state.next, output);
            }
            Kind::Wait(seconds) => {
                if let Some(template) = seconds {
                    match fill(template, &self.eyes(thread, Value::Nothing))? {
                        Value::Num(n) if n >= 0.0 => {
                            self.assign(thread, &state.assign, Value::Nothing)?;
                            self.threads[thread].at += n * 1_000.0;
                        }
                        _ => return Err("it is not known how long it waits".into()),
                    }
                }
                self.go(thread, state.next, Value::Nothing);
            }
            Kind::Until(template) => {
                let Value::Text(text) = fill(template, &self.eyes(thread, Value::Nothing))? else {
                    return Err("it is not known until when it waits".into());
                };
                let then = millis(&text).ok_or("it waits for what is no moment")?;
                self.assign(thread, &state.assign, Value::Nothing)?;
                let at = self.threads[thread].at;
                self.threads[thread].at = at.max(then);
                self.go(thread, state.next, Value::Nothing);
            }
            Kind::Choice(rules) => self.choose(thread, rules, state.next)?,
            Kind::Task {
                resource,
                arguments,
                purposes,
            } => self.call(thread, state, (resource, arguments, *purposes))?,
            Kind::Parallel(branches) => {
                if self.scenario.broken == Some(Broken::Engine) {
                    self.event(thread, What::Lost);
                    match &state.catch {
                        Some((assign, goal)) => {
                            self.assign(thread, assign, Value::Nothing)?;
                            self.go(thread, Some(*goal), Value::Nothing);
                        }
                        None => self.trace.end = "broke off".into(),
                    }
                } else if self.threads[thread].results.is_empty() {
                    self.fork(thread, branches);
                } else {
                    self.join(thread, state)?;
                }
            }
            Kind::Map(items, body) => self.map(thread, state, items, *body)?,
            Kind::Succeed => self.trace.end = "Succeeded".into(),
            Kind::Fail(name) => {
                if self.threads[thread].parent.is_some() {
                    return Err("a branch ends the run".into());
                }
                self.trace.end.clone_from(name);
            }
        }
        Ok(())
    }

    fn choose(
        &mut self,
        thread: usize,
        rules: &[(Expr, Assign, usize)],
        default: Option<usize>,
    ) -> Result<(), String> {
        self.asked.borrow_mut().clear();
        for (test, assign, goal) in rules {
            self.consulted.borrow_mut().clear();
            let truth = eval(test, &self.eyes(thread, Value::Nothing))?.truth();
            let consulted = std::mem::take(&mut *self.consulted.borrow_mut());
            for (number, truth) in consulted {
                self.consult(thread, number, truth)?;
            }
            if self.blank.take() {
                return Err("it compares what has no data".into());
            }
            match truth {
                Some(true) => {
                    self.assign(thread, assign, Value::Nothing)?;
                    self.go(thread, Some(*goal), Value::Nothing);
                    return Ok(());
                }
                Some(false) => {}
                None => return Err("it decides by what the plan says nothing about".into()),
            }
        }
        self.go(thread, default, Value::Nothing);
        Ok(())
    }

    /// A condition of the plan was looked at.
    fn consult(&mut self, thread: usize, number: usize, truth: bool) -> Result<(), String> {
        let mut judged = Vec::new();
        let tests = &self.machine.tests[number];
        if !tests.is_empty() && !tests.iter().any(|t| self.fresh(thread, t)) {
            return Err("it judges by what was not read just now".into());
        }
        for test in self.machine.tests[number].clone() {
            match test {
                Test::Blank(_, g) if truth && !judged.contains(&g) => {
                    judged.push(g);
                    self.event(thread, What::Judged(g, false));
                }
                Test::Holds(_, g) if !judged.contains(&g) => {
                    judged.push(g);
                    self.event(thread, What::Judged(g, truth));
                }
                Test::Fires(t) if truth => self.event(thread, What::Fired(t)),
                Test::Fires(t) => self.event(thread, What::Looked(t)),
                _ => {}
            }
        }
        Ok(())
    }

    fn call(
        &mut self,
        thread: usize,
        state: &super::machine::State,
        (resource, arguments, purposes): (&str, &Template, Option<usize>),
    ) -> Result<(), String> {
        let purposes = purposes.ok_or("it does what the plan does not say, or not as the plan says it")?;
        if resource.ends_with("s3:putObject")
            && let Some(record) = self.record(thread, arguments)?
        {
            self.event(thread, What::Recorded(record));
        }
        let filled = fill(arguments, &self.eyes(thread, Value::Nothing));
        let raised = filled.as_ref().is_err_and(|e| e == RAISED);
        let arguments = if raised { Value::Nothing } else { filled? };
        // An engine cannot make a call of which something is missing.
        if arguments.lacks() {
            if raised && let [part] = self.machine.purposes[purposes].as_slice() {
                let part = part.clone();
                self.event(thread, What::Begin(part.clone()));
                self.event(thread, What::Failed(part));
            }
            match &state.catch {
                Some((assign, goal)) => {
                    self.assign(thread, assign, Value::Nothing)?;
                    self.go(thread, Some(*goal), Value::Nothing);
                }
                None => self.trace.end = "broke off".into(),
            }
            return Ok(());
        }
        self.world.now = self.threads[thread].at;
        let done = self.world.call(
            self.scenario,
            (resource, &state.name),
            &arguments,
            &self.machine.purposes[purposes],
        )?;
        let mut events = done.events.into_iter();
        if let Some(first) = events.next() {
            self.event(thread, first);
        }
        if done.works {
            let slow = self.scenario.slow.filter(|_| done.result.is_none());
            self.threads[thread].at += slow.map_or(CALL, |s| f64::from(s) * 1_000.0);
            self.threads[thread].at += done.drags;
        }
        for event in events {
            self.event(thread, event);
        }
        let reads = self.machine.purposes[purposes]
            .iter()
            .any(|p| matches!(p.deed, Deed::Read(_)));
        let sets = match (&done.result, &state.catch) {
            (None, Some((assign, _))) => assign,
            _ => &state.assign,
        };
        if reads && sets.is_empty() {
            return Err("what was read before is taken for what is read now".into());
        }
        for (name, _) in sets.iter().filter(|_| reads) {
            let of = self.reads.entry(name.clone()).or_insert(purposes);
            if self.machine.purposes[*of] != self.machine.purposes[purposes] {
                return Err("what is read is kept as something else".into());
            }
        }
        match done.result {
            Some(result) => {
                self.assign(thread, &state.assign, result)?;
                self.go(thread, state.next, Value::Nothing);
            }
            None => match &state.catch {
                Some((assign, goal)) => {
                    self.assign(thread, assign, Value::Nothing)?;
                    self.go(thread, Some(*goal), Value::Nothing);
                }
                None => self.trace.end = "broke off".into(),
            },
        }
        Ok(())
    }

    fn fork(&mut self, thread: usize, branches: &[usize]) {
        let (at, last, frame) = {
            let t = &mut self.threads[thread];
            t.status = Status::Waits;
            t.open = branches.len();
            t.results = vec![Value::Nothing; branches.len()];
            (t.at, std::mem::take(&mut t.last), t.frame)
        };
        for block in branches {
            self.frames.push(Frame {
                parent: Some(frame),
                ..Frame::default()
            });
            let own = self.frames.len() - 1;
            self.spawn(*block, own, at, last.clone(), Some(thread), Value::Nothing);
        }
    }

    fn join(&mut self, thread: usize, state: &super::machine::State) -> Result<(), String> {
        let results = std::mem::take(&mut self.threads[thread].results);
        self.event(thread, What::Join);
        for t in &mut self.threads {
            if t.parent == Some(thread) {
                t.parent = None;
            }
        }
        self.assign(thread, &state.assign, Value::list(results))?;
        self.go(thread, state.next, Value::Nothing);
        Ok(())
    }

    /// The elements one after the other.
    fn map(
        &mut self,
        thread: usize,
        state: &super::machine::State,
        items: &Template,
        body: usize,
    ) -> Result<(), String> {
        if self.threads[thread].results.is_empty() {
            let list = match fill(items, &self.eyes(thread, Value::Nothing))? {
                Value::List(list) => list.to_vec(),
                _ => return Err("its items are no list".into()),
            };
            self.threads[thread].items = list;
            self.threads[thread].items.reverse();
        }
        let Some(item) = self.threads[thread].items.pop() else {
            self.threads[thread].results.clear();
            for t in &mut self.threads {
                if t.parent == Some(thread) {
                    t.parent = None;
                }
            }
            self.assign(thread, &state.assign, Value::Nothing)?;
            self.go(thread, state.next, Value::Nothing);
            return Ok(());
        };
        let (at, last, frame) = {
            let t = &mut self.threads[thread];
            t.status = Status::Waits;
            t.open = 1;
            t.results = vec![Value::Nothing];
            (t.at, std::mem::take(&mut t.last), t.frame)
        };
        self.frames.push(Frame {
            parent: Some(frame),
            ..Frame::default()
        });
        let own = self.frames.len() - 1;
        self.spawn(body, own, at, last, Some(thread), item);
        Ok(())
    }
}
