//! A state machine that means its plan, kept with what its runs came by, so that one that differs from it in a few states is
//! judged by the runs that come to them.
//!
//! A run that comes to none of the changed states is the very same run. Must not know why somebody changes a machine. Called by
//! whoever asks how much the proof sees.

use super::scenario::{Open, Scenario};
use super::{
    Difference, MOST_STATES, Prover, Reference, chosen, held, not_understood, opened, stepfunctions,
};
use crate::emit::stepfunctions::parts::Manifest;
use crate::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// One run that was looked at.
struct Seen {
    scenario: Scenario,
    meant: Option<crate::run::Trace>,
    visited: BTreeSet<(usize, usize)>,
    steps: usize,
}

/// A state machine that was proved, with its runs.
pub struct Examined<'a> {
    plan: &'a Plan,
    manifest: &'a Manifest,
    machine: stepfunctions::Machine,
    open: Open,
    runs: Vec<Seen>,
}

impl<'a> Examined<'a> {
    /// Proves a machine, and keeps what its runs came by.
    ///
    /// # Errors
    /// The first run in which it does not mean its plan.
    pub fn new(plan: &'a Plan, bytes: &str, manifest: &'a Manifest) -> Result<Examined<'a>, Box<Difference>> {
        let machine = stepfunctions::read(bytes, manifest).map_err(not_understood)?;
        let open: Open = opened(manifest);
        let interpreter = Reference::new(plan);
        let run = |scenario: &Scenario| stepfunctions::run(&machine, plan, scenario);
        let prover = Prover {
            plan,
            open: &open,
            run: &run,
            interpreter: &interpreter,
        };
        let states = machine.blocks.iter().map(|b| b.states.len()).sum();
        let all = stepfunctions::scenarios(plan, &open);
        let mut known = BTreeMap::new();
        let mut runs = Vec::new();
        for scenario in chosen(&all, states, MOST_STATES) {
            let meant = prover.meant(scenario, &mut known);
            let trace = held(plan, &open, &run, scenario, meant.as_ref())?;
            runs.push(Seen {
                scenario: scenario.clone(),
                meant,
                steps: trace.steps,
                visited: trace.visited,
            });
        }
        Ok(Examined {
            plan,
            manifest,
            machine,
            open,
            runs,
        })
    }

    /// How many runs were looked at.
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    /// The states that no run came to.
    pub fn unvisited(&self) -> Vec<&str> {
        let mut list = Vec::new();
        for (b, block) in self.machine.blocks.iter().enumerate() {
            for (s, state) in block.states.iter().enumerate() {
                if !self.runs.iter().any(|r| r.visited.contains(&(b, s))) {
                    list.push(state.name.as_str());
                }
            }
        }
        list
    }

    /// Proves a machine that differs from this one in these states only.
    ///
    /// # Errors
    /// The first run in which it does not mean the plan.
    pub fn changed(&self, bytes: &str, states: &[&str]) -> Result<usize, Box<Difference>> {
        let machine = stepfunctions::read(bytes, self.manifest).map_err(not_understood)?;
        let mut places = BTreeSet::new();
        for (b, block) in self.machine.blocks.iter().enumerate() {
            for (s, state) in block.states.iter().enumerate() {
                if states.contains(&state.name.as_str()) {
                    places.insert((b, s));
                }
            }
        }
        // One that takes many times as long as the longest does not come to an end.
        let longest = self.runs.iter().map(|r| r.steps).max().unwrap_or_default();
        let most = longest * 3 + 1_000;
        let run = |scenario: &Scenario| stepfunctions::run_within(&machine, self.plan, scenario, most);
        let mut looked = 0;
        for seen in self.runs.iter().filter(|r| !r.visited.is_disjoint(&places)) {
            looked += 1;
            held(self.plan, &self.open, &run, &seen.scenario, seen.meant.as_ref())?;
        }
        Ok(looked)
    }
}
