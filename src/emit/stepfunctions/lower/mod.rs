//! From a plan to a state machine.
//!
//! `tree` walks the order, `stage` and `consent` its nodes, `step` and what it uses their insides; `entry` stands before,
//! `finish` and `undo` behind. Reads the plan only. Called by the target's entry point.

mod act;
mod approval;
mod around;
mod ask;
mod bits;
mod build;
mod buildspec;
mod call;
mod clock;
mod consent;
mod entry;
mod facts;
mod finish;
mod gate;
mod handler;
pub mod history;
mod hold;
mod inside;
mod known;
mod lock;
mod looks;
mod message;
pub mod names;
mod order;
mod pauses;
mod rollout;
mod stage;
mod step;
mod tree;
mod undo;
mod value;
mod vars;
mod watch;
mod word;

use super::expr::Expr;
use super::model::{Branch, Machine, Task};
use super::permits::Used;
use super::print::source;
use crate::diagnostic::Bag;
use crate::emit::Context;
use crate::emit::parts::{At, Deed, Purpose, Test};
use crate::emit::stepfunctions::parts::{Manifest, essence};
use crate::model::{Release, RoleOrPerson, StageId};
use crate::plan::Plan;
use crate::source::Span;
use build::Builder;
use history::{Share, Spent};
use known::Reads;
use looks::{LOOKS, Looks};
use names::Names;
use pauses::Breadth;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use vars::{Scope, Vars};

/// Seconds a run may last.
pub const YEAR_SECONDS: i64 = 31_536_000;

/// A state machine with what is known of it.
#[derive(Debug)]
pub struct Lowered {
    /// The machine.
    pub machine: Machine,
    /// The most events a run can write.
    pub events: u64,
    spent: Spent,
    /// The events that pauses can add.
    pub pauses: u64,
    /// Seconds at most between two looks at an open question; nothing when there is none.
    pub slowest: i64,
    /// Seconds at most between two looks of a branch that is held while somebody is asked; nothing when none is.
    pub held_apart: i64,
    looks: Looks,
    /// Seconds that a build of it may take at most.
    longest_build: i64,
    /// The roles it works with.
    used: Used,
    /// What the target cannot hold, found on the way.
    pub bag: Bag,
    /// People and roles of whom the plan does not say who they are at AWS, by their key.
    pub roster: BTreeMap<String, RoleOrPerson>,
    /// What its calls and conditions stand for, when that was asked.
    pub manifest: Manifest,
}

impl Lowered {
    /// What the longest run writes its events for, but for pauses; the heaviest part first.
    pub fn shares(&self) -> Vec<Share> {
        let branch = Branch {
            processor_config: None,
            start_at: self.machine.start_at.clone(),
            states: self.machine.states.clone(),
        };
        self.spent.shares(&branch)
    }
}

/// The state of the translation.
pub struct Lower<'a> {
    plan: &'a Plan,
    release: &'a Release,
    b: Builder,
    vars: Vars,
    names: Names<'a>,
    bag: Bag,
    /// What values are read for.
    reads: Reads,
    /// What stands for a message while its channel's call is written.
    message: Option<Expr>,
    /// The part of the plan that the next message is.
    telling: Option<Purpose>,
    /// Whether what is written stands beside a failure: a fault of its own does not take the place of that one.
    aside: bool,
    /// Whether a pause can hold siblings.
    pauses: bool,
    /// Whether any part of the order runs side by side.
    parallel: bool,
    /// How many branches run side by side.
    breadth: Breadth,
    /// The number of the flag that each branch raises while it pauses.
    holds: BTreeMap<Scope, usize>,
    roster: BTreeMap<String, RoleOrPerson>,
    /// Seconds that a build may take at most.
    longest_build: i64,
    /// The roles it works with; said while calls are written.
    used: RefCell<Used>,
    /// What may take longer than a build, as far as it was told.
    too_long: BTreeSet<Span>,
    costs: Costs,
    points: Points,
    /// How often an open question is looked at.
    looks: Looks,
    /// Seconds at most between two looks at an open question.
    slowest: i64,
    /// What is said while expressions are written as well, which changes nothing else.
    /// Nobody else asks for it, and it is as large as the machine.
    manifest: Option<RefCell<Manifest>>,
}

/// Where failures lead back to, as far as it was asked: every stage asks.
#[derive(Debug, Default)]
struct Points {
    restarts: OnceCell<Vec<(StageId, u32)>>,
    partial: OnceCell<BTreeSet<StageId>>,
}

/// What going round again can cost, in events.
#[derive(Debug, Default)]
struct Costs {
    /// The longest stage that may pause.
    stage: u64,
    /// The longest pause.
    pause: u64,
    /// How many pauses stand on the way.
    pauses: u64,
    /// The seconds that what is done before a pause takes at most, while others are held.
    first: i64,
    /// Where the part of a stage that a pause can repeat begins.
    mark: u64,
}

/// The most events of a run: Step Functions ends it after them (Developer Guide, "Service quotas", "Quotas related to state
/// machine executions": 25,000 events in the history of one execution).
pub const EVENTS: u64 = 25_000;

/// Writes a plan as a state machine, without what its calls and conditions stand for: with the closest looks with which its longest
/// run still fits, and with the most distant ones where none does.
pub fn lower(plan: &Plan, context: &Context<'_>) -> Lowered {
    let (last, mut closer) = LOOKS.split_last().expect("internal: there are looks");
    let mut best = lowered(plan, context, *last, None);
    if best.events > EVENTS {
        return best;
    }
    // Looks further apart never write more.
    while let Some(looks) = closer.get(closer.len() / 2) {
        let tried = lowered(plan, context, *looks, None);
        if tried.events <= EVENTS {
            best = tried;
            closer = &closer[..closer.len() / 2];
        } else {
            closer = &closer[closer.len() / 2 + 1..];
        }
    }
    best
}

fn lowered(plan: &Plan, context: &Context<'_>, looks: Looks, manifest: Option<RefCell<Manifest>>) -> Lowered {
    let release = plan.release();
    let mut lower = Lower {
        plan,
        release,
        b: Builder::new(),
        vars: Vars::new(),
        names: Names::new(release),
        bag: Bag::new(),
        reads: Reads::Rest,
        message: None,
        telling: None,
        aside: false,
        pauses: false,
        parallel: false,
        breadth: Breadth::default(),
        holds: BTreeMap::new(),
        roster: BTreeMap::new(),
        longest_build: call::BUILD_SECONDS,
        used: RefCell::default(),
        too_long: BTreeSet::new(),
        costs: Costs::default(),
        points: Points::default(),
        looks,
        slowest: 0,
        manifest,
    };
    let order = lower.arrange();
    let start = lower.b.label();
    lower.whole(&order, &start);
    let pauses = lower.pause_events();
    let held_apart = lower.held_apart();
    let (branch, spent) = lower.b.finish(&start);
    let Branch { start_at, states, .. } = branch;
    let events = spent.events.saturating_add(pauses);
    let machine = Machine {
        comment: [
            &release.name,
            ": from ",
            context.source,
            ", plan ",
            context.digest,
            ", releasec ",
            context.version,
        ]
        .concat(),
        query_language: "JSONata".into(),
        start_at,
        states,
    };
    Lowered {
        machine,
        events,
        spent,
        pauses,
        slowest: lower.slowest,
        held_apart,
        looks,
        longest_build: lower.longest_build,
        used: lower.used.into_inner(),
        bag: lower.bag,
        roster: lower.roster,
        manifest: lower.manifest.map(RefCell::into_inner).unwrap_or_default(),
    }
}

impl Lower<'_> {
    /// Says what a call stands for.
    fn note(&self, part: Purpose, task: &Task) {
        if let Some(manifest) = &self.manifest {
            let call = serde_json::to_value(task).expect("internal: a call is plain data");
            manifest.borrow_mut().calls.push((part, essence(&call)));
        }
    }

    /// Says that a call is none of the plan's work.
    fn note_around(&self, task: &Task) {
        self.note(Purpose::new(At::Run, "", Deed::Around), task);
    }

    /// Says what a condition stands for; one that is decided stands for nothing.
    fn note_test(&self, test: Test, condition: &Expr) {
        if let Some(manifest) = &self.manifest
            && !matches!(condition, Expr::Bool(_))
        {
            let entry = (test, source(condition));
            manifest.borrow_mut().tests.push(entry);
        }
    }

    /// A name as a part of variables' names.
    fn key_of(&self, name: &str) -> String {
        crate::emit::environments::plain(name)
    }
}

/// What the calls and conditions of a plan's machine stand for.
pub fn manifest(plan: &Plan) -> Manifest {
    let told = |context: &Context<'_>| {
        let looks = lower(plan, context).looks;
        lowered(plan, context, looks, Some(RefCell::default()))
    };
    alone(told).manifest
}

/// A machine, wherever its plan comes from.
fn alone(write: impl Fn(&Context<'_>) -> Lowered) -> Lowered {
    let mut sources = crate::source::SourceMap::new();
    sources.add("", "");
    write(&Context {
        sources: &sources,
        digest: "",
        version: "",
        source: "",
        findings: &[],
        held: None,
        changes: None,
    })
}

/// What a machine needs of the infrastructure around it.
#[derive(Debug)]
pub struct Needs {
    /// The people and roles of whom only a parameter says who they are, by their key.
    pub roster: BTreeMap<String, RoleOrPerson>,
    /// Minutes that a build may take at most.
    pub build_minutes: i64,
    /// The roles it works with.
    pub used: Used,
}

impl Needs {
    /// What the machine of a plan needs.
    pub fn of(plan: &Plan) -> Needs {
        // None of it depends on how often it is looked.
        let lowered = alone(|context| lowered(plan, context, LOOKS[0], None));
        Needs {
            roster: lowered.roster,
            build_minutes: call::whole_minutes(lowered.longest_build),
            used: lowered.used,
        }
    }
}
