//! Runs by the clock: a stage that would start outside its window finds it closed, and a rollback that takes longer than it may
//! is given up.
//!
//! The machine itself is told of which stages that is so; here the plan's own times say it. Used by the command `simulate`.

use super::machine::Reference;
use super::outcomes::Outcomes;
use super::trace::{Subject, Trace, Verb};
use crate::model::StageId;
use crate::plan::{Clock, Plan};

impl Reference<'_> {
    /// The run under these outcomes, in which every stage that the window covers looks at the clock when it would start. Where the plan
    /// does not say when it starts, the window is open. A written rollback of which the steps take longer than its `within` is given up then.
    pub fn run_on_time(&self, outcomes: &Outcomes) -> Trace {
        let plan = self.plan();
        let mut outcomes = outcomes.clone();
        outcomes.by_the_clock = true;
        let mut trace = self.run(&outcomes);
        let clock = plan.clock();
        if plan.release().window.is_none() || clock.t.is_none() {
            return trace;
        }
        // A stage that waits for its window may let others come too late: each is found once.
        for _ in 0..plan.release().stages.len() {
            let Some(late) = too_late(plan, &clock, &trace, &outcomes) else {
                break;
            };
            outcomes.outside_window.insert(late);
            trace = self.run(&outcomes);
        }
        trace
    }
}

/// The first stage that starts while its window is closed and was not asked about it.
fn too_late(plan: &Plan, clock: &Clock, trace: &Trace, outcomes: &Outcomes) -> Option<StageId> {
    trace.events.iter().find_map(|event| {
        let Subject::Stage(s) = event.subject else {
            return None;
        };
        if event.verb != Verb::Start || !plan.covered(s) || outcomes.outside_window.contains(&s) {
            return None;
        }
        let opening = plan.opening(clock, event.at)?;
        let open = opening.opens <= event.at && opening.closes.is_none_or(|end| event.at < end);
        (!open).then_some(s)
    })
}
