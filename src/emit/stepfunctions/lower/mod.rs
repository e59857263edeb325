//! From a plan to a state machine.
//!
//! `tree` walks the order, `stage` and `consent` its nodes, `step` and what it uses their insides; `entry` stands before,
//! `finish` and `undo` behind. Reads the plan only. Called by the target's entry point.

mod act;
mod approval;
mod ask;
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
mod hold;
mod lock;
mod message;
mod names;
mod order;
mod stage;
mod step;
mod tree;
mod undo;
mod value;
mod vars;
mod watch;

use super::expr::Expr;
use super::model::{Branch, Machine};
use crate::diagnostic::Bag;
use crate::emit::Context;
use crate::model::{Release, RoleOrPerson};
use crate::plan::Plan;
use build::Builder;
use names::Names;
use std::collections::BTreeMap;
use vars::Vars;

/// Seconds a run may last.
pub const YEAR_SECONDS: i64 = 31_536_000;

/// A state machine with what is known of it.
#[derive(Debug)]
pub struct Lowered {
    /// The machine.
    pub machine: Machine,
    /// The most events a run can write.
    pub events: u64,
    /// What the target cannot hold, found on the way.
    pub bag: Bag,
    /// People and roles of whom the plan does not say who they are at AWS, by their key.
    pub roster: BTreeMap<String, RoleOrPerson>,
}

/// The state of the translation.
pub struct Lower<'a> {
    plan: &'a Plan,
    release: &'a Release,
    b: Builder,
    vars: Vars,
    names: Names<'a>,
    bag: Bag,
    /// What stands for a message while its channel's call is written.
    message: Option<Expr>,
    /// Whether a pause can hold siblings.
    pauses: bool,
    /// Whether any part of the order runs side by side.
    parallel: bool,
    roster: BTreeMap<String, RoleOrPerson>,
}

/// Writes a plan as a state machine.
pub fn lower(plan: &Plan, context: &Context<'_>) -> Lowered {
    let release = plan.release();
    let mut lower = Lower {
        plan,
        release,
        b: Builder::new(),
        vars: Vars::new(),
        names: Names::new(release),
        bag: Bag::new(),
        message: None,
        pauses: false,
        parallel: false,
        roster: BTreeMap::new(),
    };
    let order = lower.arrange();
    let start = lower.b.label();
    lower.whole(&order, &start);
    let events = lower.b.events();
    let Branch { start_at, states, .. } = lower.b.finish(&start);
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
        bag: lower.bag,
        roster: lower.roster,
    }
}

impl Lower<'_> {
    /// A name as a part of variables' names.
    fn key_of(&self, name: &str) -> String {
        name.chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '_'
                }
            })
            .collect()
    }
}
