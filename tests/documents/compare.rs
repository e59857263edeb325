//! What a plan says, as facts that a document can be held to; worked out from the plan alone.

use crate::read_back::{Fact, Facts};
use crate::support::in_region;
use releasec::model::{
    Act, Command, EnvId, GateId, GateTest, MetricExpr, Quorum, Release, RoleId, Stage, StageId, Step,
    StepKind, Text, TextPart, TriggerTest,
};
use releasec::plan::{Plan, StageUndo};

fn fact(about: &str, kind: &'static str, what: impl Into<String>) -> Fact {
    (
        about.to_string(),
        kind,
        what.into().split_whitespace().collect::<Vec<_>>().join(" "),
    )
}

/// A text of which all is known; else nothing.
fn known(text: &Text) -> Option<String> {
    let known = |p: &TextPart| match p {
        TextPart::Lit(t) => Some(t.clone()),
        TextPart::Sym(_) => None,
    };
    text.parts.iter().map(known).collect()
}

fn role(r: &Release, role: RoleId) -> String {
    known(&r.role(role).title).unwrap_or_default()
}

/// The bounds that a gate or a trigger compares with, as people write them.
fn bounds(expr: &MetricExpr, list: &mut Vec<String>) {
    match expr {
        MetricExpr::Const(_) => {}
        MetricExpr::And(l) | MetricExpr::Or(l) => l.iter().for_each(|e| bounds(e, list)),
        MetricExpr::Not(e) => bounds(e, list),
        MetricExpr::Compare { shown, .. } => list.push(crate::support::bound(shown)),
    }
}

fn thresholds(about: &str, r: &Release, gate: GateId, facts: &mut Facts) {
    if let GateTest::Metrics(expr) = &r.gate(gate).test {
        let mut list = Vec::new();
        bounds(expr, &mut list);
        facts.extend(list.into_iter().map(|b| fact(about, "threshold", b)));
    }
}

/// The region of an environment.
fn region(r: &Release, place: EnvId) -> Option<String> {
    known(r.env(place).region.as_ref()?)
}

/// What a stage pastes: as which kind of fact, in which region.
struct Pasted {
    kind: &'static str,
    region: Option<String>,
}

impl Pasted {
    fn command(&self, about: &str, run: Option<&Command>, facts: &mut Facts) {
        let pasted = run.map(|c| in_region(&c.paste, self.region.as_deref()));
        facts.extend(pasted.map(|c| fact(about, self.kind, c)));
    }
}

fn gate_command(about: &str, r: &Release, (s, gate): (&Stage, GateId), facts: &mut Facts) {
    if let GateTest::Run(act) | GateTest::Job(act) = &r.gate(gate).test {
        let place = r.gate(gate).environment.unwrap_or(s.environment);
        pasted(r, place, "command").command(about, act.run.as_ref(), facts);
    }
}

fn pasted(r: &Release, place: EnvId, kind: &'static str) -> Pasted {
    let region = region(r, place);
    Pasted { kind, region }
}

fn step_command(about: &str, r: &Release, (s, step): (&Stage, &Step), facts: &mut Facts) {
    let pasted = pasted(r, s.environment, "command");
    match &step.kind {
        StepKind::Act(act) => pasted.command(about, act.run.as_ref(), facts),
        StepKind::VerifyGate(g) => gate_command(about, r, (s, *g), facts),
        _ => {}
    }
    for prior in step.act().into_iter().flat_map(|a| &a.priors) {
        pasted.command(about, r.prior(*prior).run.as_ref(), facts);
    }
}

/// Of every stage: that it exists, whose it is and where.
pub fn stages(plan: &Plan) -> Facts {
    let r = plan.release();
    let mut facts = Facts::new();
    for s in &r.stages {
        facts.insert(fact(&s.name, "owner", role(r, s.owner)));
        facts.insert(fact(&s.name, "environment", r.env(s.environment).name.as_str()));
    }
    facts
}

/// Of every stage: what is run, who runs it, and what is measured.
pub fn work(plan: &Plan) -> Facts {
    let r = plan.release();
    let mut facts = Facts::new();
    for s in &r.stages {
        // The gates before the first step come first.
        for (i, (gate, _)) in s.require.iter().enumerate() {
            gate_command(&format!("{} {}", s.name, i + 1), r, (s, *gate), &mut facts);
        }
        for (i, step) in s.forward_steps().into_iter().enumerate() {
            let about = format!("{} {}", s.name, s.require.len() + i + 1);
            step_command(&about, r, (s, step), &mut facts);
        }
    }
    facts.extend(criteria(plan));
    facts
}

/// Of every stage: the thresholds of the gates it verifies.
pub fn criteria(plan: &Plan) -> Facts {
    let r = plan.release();
    let mut facts = Facts::new();
    for s in &r.stages {
        for (gate, _) in &s.require {
            thresholds(&s.name, r, *gate, &mut facts);
        }
        for step in s.forward_steps() {
            if let StepKind::VerifyGate(g) = &step.kind {
                thresholds(&s.name, r, *g, &mut facts);
            }
        }
    }
    facts
}

/// Of every stage: how it is undone, by which commands.
pub fn undos(plan: &Plan) -> Facts {
    let r = plan.release();
    let mut facts = Facts::new();
    for (i, s) in r.stages.iter().enumerate() {
        let steps: Vec<&Act> = match plan.undo(StageId::at(i)) {
            StageUndo::Derived(steps) => steps.iter().map(|s| s.act).collect(),
            StageUndo::Written(w) => w.steps.iter().filter_map(|s| s.act()).collect(),
            StageUndo::Nothing | StageUndo::Irreversible(..) | StageUndo::Harmless(..) => Vec::new(),
        };
        facts.insert(fact(&s.name, "undo steps", steps.len().to_string()));
        for act in steps {
            pasted(r, s.environment, "undo").command(&s.name, act.run.as_ref(), &mut facts);
        }
    }
    facts
}

/// Approvals, what acts by itself, and holds.
pub fn around(plan: &Plan) -> Facts {
    let r = plan.release();
    let mut facts = Facts::new();
    for a in &r.approvals {
        let many = match a.quorum {
            Quorum::All => "all".to_string(),
            Quorum::Count(n) => n.to_string(),
        };
        facts.insert(fact(&known(&a.title).unwrap_or_default(), "quorum", many));
    }
    for t in &r.triggers {
        facts.insert(fact(&t.name, "trigger", ""));
        if let TriggerTest::Metrics(expr) = &t.test {
            let mut list = Vec::new();
            bounds(expr, &mut list);
            facts.extend(list.into_iter().map(|b| fact(&t.name, "threshold", b)));
        }
    }
    facts
}
