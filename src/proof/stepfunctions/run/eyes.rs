//! What the expressions of a state read: variables, `$states`, conditions of the plan, the clock.
//!
//! Must not know where states lead. Used by the run.

use super::Run;
use crate::emit::parts::Test;
use crate::proof::scenario::Scenario;
use crate::proof::stepfunctions::value::{Reads, Value, moment};

/// What expressions of a state read.
pub(super) struct Eyes<'r, 'a> {
    pub(super) run: &'r Run<'a>,
    pub(super) frame: usize,
    pub(super) at: f64,
    pub(super) input: &'r Value,
    pub(super) result: Value,
}

/// What `$states.context` says, the same throughout a run.
pub(super) fn context(scenario: &Scenario) -> Value {
    let execution = [
        ("Name", Value::text("run")),
        ("Id", Value::text("arn:aws:states:::execution:run")),
        (
            "StartTime",
            moment(scenario.begins()).map_or(Value::Open, Value::text),
        ),
    ];
    let machine = [("Id", Value::text("arn:aws:states:r:1:stateMachine:m"))];
    Value::object([
        ("Execution", Value::object(execution)),
        ("StateMachine", Value::object(machine)),
    ])
}

impl Reads for Eyes<'_, '_> {
    fn var(&self, name: &str) -> Option<Value> {
        if name == "states" {
            let members = ["input", "result", "context", "errorOutput"];
            return Some(Value::object(members.map(|m| (m, self.states(m)))));
        }
        let mut frame = Some(self.frame);
        while let Some(f) = frame {
            if let Some(value) = self.run.frames[f].vars.get(name) {
                return Some(value.clone());
            }
            frame = self.run.frames[f].parent;
        }
        None
    }

    fn states(&self, member: &str) -> Value {
        match member {
            "input" => self.input.clone(),
            "result" => self.result.clone(),
            "context" => self.run.context.clone(),
            "errorOutput" => self.run.error.clone(),
            _ => Value::Nothing,
        }
    }

    fn told(&self, number: usize) -> bool {
        let tests = &self.run.machine.tests[number];
        let fires = |t: &Test| matches!(t, Test::Fires(t) if self.run.scenario.fires == Some(*t));
        self.run.count(tests);
        if self.run.world.ripe && tests.iter().any(fires) {
            self.run.looks.set(self.run.looks.get() + 1);
        }
        // Gates that go by the very same reading pass or fail together.
        let truth = match tests.first() {
            Some(Test::Holds(..)) => tests.iter().all(|t| self.run.truth(t)),
            _ => tests.iter().any(|t| self.run.truth(t)),
        };
        self.run.consulted.borrow_mut().push((number, truth));
        truth
    }

    fn now(&self) -> f64 {
        self.at
    }
}
