//! What must be at hand before a run: the tools that the work calls, and the secrets it reads, each with where it is needed.
//!
//! Names only; a plan knows no secret's value. Must not say how either is provided: targets do. Called by `mod`.

use crate::emit::runbook::rows::{SecretRow, ToolRow};
use crate::emit::runbook::say;
use crate::emit::runbook::words::{Spoken, Told, words};
use crate::model::{
    Act, GateId, GateTest, MetricExpr, NotifyTarget, OptionTestExpr, Step, StepKind, Tool, TriggerTest,
    WaitTest,
};
use crate::plan::{StageUndo, UndoStep};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Where each tool and each secret is needed, in the order of the plan.
#[derive(Default)]
struct Kit {
    tools: BTreeMap<(SmolStr, Option<SmolStr>), Vec<String>>,
    secrets: BTreeMap<SmolStr, Vec<String>>,
}

/// The tools and the secrets of a plan.
pub(super) fn kit(plan: Spoken<'_>) -> (Vec<ToolRow>, Vec<SecretRow>) {
    let r = plan.release();
    let mut kit = Kit::default();
    for c in &r.checklists {
        let place = words!(r, "text.checklist", checklists = say::text(r, &c.title));
        for act in c.items.iter().filter_map(|i| i.check.as_ref()) {
            kit.act(act, &place);
        }
    }
    for id in plan.stage_order() {
        let stage = r.stage(id);
        let place = stage.name.to_string();
        for (g, _) in &stage.require {
            kit.gate(r, *g, &place);
        }
        let first = stage.on_failure.iter().flat_map(|f| &f.steps);
        for step in stage.forward_steps().into_iter().chain(first) {
            kit.step(r, step, &place);
        }
        let back = words!(r, "kit.way_back", stage = stage.name);
        match plan.undo(id) {
            StageUndo::Derived(steps) => steps
                .iter()
                .flat_map(UndoStep::acts)
                .for_each(|a| kit.act(a, &back)),
            StageUndo::Written(w) => w.steps.iter().for_each(|s| kit.step(r, s, &back)),
            StageUndo::Nothing | StageUndo::Irreversible(..) | StageUndo::Harmless(..) => {}
        }
    }
    for h in &r.holds {
        let place = words!(r, "kit.hold", hold = say::text(r, &h.title));
        for step in h.enter.iter().chain(&h.exit) {
            kit.step(r, step, &place);
        }
    }
    for t in &r.triggers {
        let place = words!(r, "kit.trigger", trigger = t.name);
        if let TriggerTest::Metrics(m) = &t.test {
            kit.metrics(r, m, &place);
        }
        for step in &t.steps {
            kit.step(r, step, &place);
        }
    }
    for d in &r.decisions {
        for test in d.options.iter().filter_map(|o| o.test.as_ref()) {
            if let OptionTestExpr::Metrics(m) = test {
                kit.metrics(r, m, &words!(r, "row.decision", decision = d.name));
            }
        }
    }
    for step in &r.finally {
        kit.step(r, step, &words!(r, "row.finally"));
    }
    let told = r.notifies.iter().filter_map(|n| match n.to {
        NotifyTarget::Channel(c) => Some(c),
        NotifyTarget::Role(_) => None,
    });
    let place = words!(r, "kit.messages");
    for c in told.chain(r.escalates.iter().map(|e| e.channel)) {
        kit.secrets(&r.channel(c).secrets, &place);
    }
    let places = |list: Vec<String>| say::list(r, &say::shown(r, list));
    let tools = kit.tools.into_iter().map(|((name, version), list)| ToolRow {
        name: match version {
            Some(version) => format!("{name} {version}"),
            None => name.to_string(),
        },
        used: places(list),
    });
    let secrets = kit.secrets.into_iter().map(|(name, list)| SecretRow {
        name: name.to_string(),
        used: places(list),
    });
    (tools.collect(), secrets.collect())
}

/// Notes where something is needed, once.
fn note(list: &mut Vec<String>, place: &str) {
    // What needs it again comes right behind.
    if list.last().is_none_or(|p| p != place) {
        list.push(place.to_string());
    }
}

impl Kit {
    fn tools(&mut self, tools: &[Tool], place: &str) {
        for t in tools {
            note(
                self.tools.entry((t.name.clone(), t.version.clone())).or_default(),
                place,
            );
        }
    }

    fn secrets(&mut self, names: &[SmolStr], place: &str) {
        for name in names {
            note(self.secrets.entry(name.clone()).or_default(), place);
        }
    }

    fn act(&mut self, act: &Act, place: &str) {
        self.tools(&act.needs, place);
        self.secrets(&act.secrets, place);
    }

    fn metrics(&mut self, r: Told<'_>, expr: &MetricExpr, place: &str) {
        for m in expr.metrics() {
            let m = r.metric(m);
            self.tools(&m.needs, place);
            self.secrets(&m.secrets, place);
        }
    }

    fn gate(&mut self, r: Told<'_>, gate: GateId, place: &str) {
        match &r.gate(gate).test {
            GateTest::Metrics(m) => self.metrics(r, m, place),
            GateTest::Run(act) | GateTest::Job(act) => self.act(act, place),
            GateTest::Ask(_) => {}
        }
    }

    fn step(&mut self, r: Told<'_>, step: &Step, place: &str) {
        match &step.kind {
            StepKind::Act(act) => self.act(act, place),
            StepKind::WaitFor(w) => match &w.test {
                WaitTest::Run(act) | WaitTest::Job(act) => self.act(act, place),
                WaitTest::Ask(_) => {}
            },
            StepKind::VerifyGate(g) => self.gate(r, *g, place),
            StepKind::Tell(c, _) => self.secrets(&r.channel(*c).secrets, place),
            StepKind::Wait(_) | StepKind::Bake(_) | StepKind::VerifyArtifact(_) => {}
        }
    }
}
