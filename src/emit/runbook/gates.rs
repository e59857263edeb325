//! Gates: when each passes, how it is judged, and what follows when it does not.
//!
//! Must not know the steps of a stage: `work` asks here for each gate it comes to. Called by `work` and `mod`.

use crate::emit::runbook::follows;
use crate::emit::runbook::region::there;
use crate::emit::runbook::say;
use crate::emit::runbook::words::{Spoken, Told, words};
use crate::model::{Cond, EnvId, Gate, GateId, GateTest, NoData, RoleId, Stage, StageId};
use serde::Serialize;
use std::collections::BTreeMap;

/// Something that is verified.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Validation {
    pub name: String,
    pub tool: String,
    /// The command, when it fits a cell of a table.
    pub short: String,
    /// The command, when it does not.
    pub long: String,
    /// All that must hold: the threshold with the time it is judged over.
    pub passes: String,
    pub threshold: String,
    pub over: String,
    pub stages: String,
    pub otherwise: String,
    /// What is measured, where it is judged by metrics.
    pub measured: String,
}

/// What the histories of runs may call the judging of a gate.
pub(super) fn judged_as(r: Told<'_>, g: GateId) -> Vec<String> {
    let gate = r.gate(g);
    let title = say::text(r, &gate.title);
    let mut names = vec![
        gate.name.to_string(),
        format!("{} passes?", gate.name),
        format!("{} passed", gate.name),
        format!("Gate: {title}"),
    ];
    if let GateTest::Run(act) | GateTest::Job(act) = &gate.test {
        names.push(say::text(r, &act.title));
    }
    names
}

/// The command that judges a gate, where one does.
pub(super) fn judging(r: Told<'_>, place: EnvId, g: GateId) -> String {
    match &r.gate(g).test {
        GateTest::Run(a) | GateTest::Job(a) => {
            let place = r.gate(g).environment.unwrap_or(place);
            there(r, place, a.run.as_ref())
        }
        GateTest::Metrics(_) | GateTest::Ask(_) => String::new(),
    }
}

/// After how long the judging of a gate is given up.
pub(super) fn judged_within(r: Told<'_>, g: GateId) -> String {
    let gate = r.gate(g);
    let own = match &gate.test {
        GateTest::Run(act) | GateTest::Job(act) => act.timeout,
        GateTest::Metrics(_) | GateTest::Ask(_) => None,
    };
    let limit = gate.timeout.or(own);
    limit.map(|d| say::dur(r, d)).unwrap_or_default()
}

/// Who judges a gate: whoever is asked, else who looks after it, else whoever does the step.
pub(super) fn judge(r: Told<'_>, g: GateId, doer: RoleId) -> String {
    let gate = r.gate(g);
    let owner = gate.owner.unwrap_or(doer);
    match &gate.test {
        GateTest::Ask(q) => say::answerers(r, q, Some(owner)),
        GateTest::Run(_) | GateTest::Job(_) | GateTest::Metrics(_) => say::role(r, owner),
    }
}

/// When a gate passes, where a person looks, and what to do if it does not, at this step of a rollout.
pub(super) fn judgement(
    plan: Spoken<'_>,
    stage: &Stage,
    g: GateId,
    (id, rung): (StageId, Option<usize>),
) -> (String, String, String) {
    let r = plan.release();
    let gate = r.gate(g);
    let (tool, threshold) = say::gate(r, &gate.test, gate.owner.or(Some(stage.owner)));
    let threshold = without_data(r, &gate.test, sampled(r, gate, over(r, gate, threshold)));
    // A command stands beside the step already.
    let runs = matches!(&gate.test, GateTest::Run(a) | GateTest::Job(a) if a.run.is_some());
    let look = match &gate.test {
        _ if runs => String::new(),
        // Who is asked stands beside the step, too.
        GateTest::Ask(q) => say::maybe(r, q.console.as_ref()),
        _ => tool,
    };
    (threshold, look, if_not(plan, g, id, rung))
}

/// A threshold with the time it is judged over.
fn over(r: Told<'_>, gate: &Gate, threshold: String) -> String {
    match gate.over {
        Some(d) => words!(r, "gate.over", threshold = threshold, time = say::dur(r, d)),
        None => threshold,
    }
}

/// A threshold with how often it must hold in a row.
fn sampled(r: Told<'_>, gate: &Gate, threshold: String) -> String {
    match (gate.samples, gate.every) {
        (0 | 1, _) => threshold,
        (n, Some(every)) => {
            let time = say::dur(r, every);
            words!(r, "gate.samples", threshold = threshold, n = n, time = time)
        }
        (n, None) => words!(r, "gate.times", threshold = threshold, n = n),
    }
}

/// A threshold with what follows when there is no data.
fn without_data(r: Told<'_>, test: &GateTest, threshold: String) -> String {
    match no_data(r, test) {
        Some(key) => r.words.fill(key, &[("threshold", threshold)]),
        None => threshold,
    }
}

/// What follows when there is no data, where that is not that the gate fails.
fn no_data(r: Told<'_>, test: &GateTest) -> Option<&'static str> {
    let GateTest::Metrics(expr) = test else {
        return None;
    };
    let said = expr.metrics().into_iter().map(|m| r.metric(m).no_data);
    let said: Vec<NoData> = said.map(|n| n.unwrap_or(NoData::Fail)).collect();
    match said.as_slice() {
        [] => None,
        list if list.contains(&NoData::Fail) => None,
        list if list.contains(&NoData::Pause) => Some("gate.no_data_asks"),
        _ => Some("gate.no_data_passes"),
    }
}

fn if_not(plan: Spoken<'_>, gate: GateId, stage: StageId, rung: Option<usize>) -> String {
    let r = plan.release();
    match &r.gate(gate).otherwise {
        Some((o, _)) => follows::gate_outcome(r, o, r.stage(stage).owner),
        None => follows::at_step(plan, stage, rung),
    }
}

/// What is verified: gates over metrics and questions, or those that exercise the system themselves. Gates that are told in the
/// same words, as one that is judged in several environments, have one row.
pub(super) fn validations(plan: Spoken<'_>, active: bool) -> Vec<Validation> {
    let r = plan.release();
    let mut list: Vec<(Validation, Option<String>, Vec<StageId>)> = Vec::new();
    let mut known: BTreeMap<Validation, usize> = BTreeMap::new();
    for (i, gate) in r.gates.iter().enumerate() {
        let id = GateId::at(i);
        let runs = matches!(gate.test, GateTest::Run(_) | GateTest::Job(_));
        if runs != active {
            continue;
        }
        let (row, here) = validation(plan, id);
        match known.get(&row) {
            Some(at) => {
                let (_, command, stages) = &mut list[*at];
                // Only its region differs, and its steps tell that.
                if *command != here {
                    *command = None;
                }
                stages.extend_from_slice(plan.judges(id));
            }
            None => {
                known.insert(row.clone(), list.len());
                list.push((row, here, plan.judges(id).to_vec()));
            }
        }
    }
    let place: BTreeMap<StageId, usize> = plan.stage_order().into_iter().zip(0..).collect();
    list.into_iter()
        .map(|(mut row, command, mut stages)| {
            if let Some(command) = command {
                (row.short, row.long) = say::cell(command);
            }
            stages.sort_by_key(|s| place.get(s).copied());
            stages.dedup();
            row.stages = say::stages(r, &stages);
            row
        })
        .collect()
}

/// A gate in words, but for the stages that judge it; and its command as it is pasted where they are.
fn validation(plan: Spoken<'_>, id: GateId) -> (Validation, Option<String>) {
    let r = plan.release();
    let gate = r.gate(id);
    let owner: Option<RoleId> = gate.owner.or(Some(r.owner));
    let (tool, threshold) = say::gate(r, &gate.test, owner);
    let measured = threshold.clone();
    let passes = without_data(r, &gate.test, sampled(r, gate, over(r, gate, threshold.clone())));
    let threshold = without_data(r, &gate.test, sampled(r, gate, threshold));
    let run = match &gate.test {
        GateTest::Run(a) | GateTest::Job(a) => a.run.as_ref(),
        GateTest::Metrics(_) | GateTest::Ask(_) => None,
    };
    let here = place(plan, id).filter(|_| run.is_some());
    let here = here.map(|place| there(r, place, run));
    let (short, long) = say::cell(run.map(|c| c.paste.clone()).unwrap_or_default());
    let row = Validation {
        name: match &gate.when {
            Cond::True => say::text(r, &gate.title),
            when => words!(
                r,
                "row.only_when",
                what = say::text(r, &gate.title),
                when = say::when(r, when)
            ),
        },
        measured: match &gate.test {
            GateTest::Metrics(_) => measured,
            GateTest::Run(_) | GateTest::Job(_) | GateTest::Ask(_) => String::new(),
        },
        tool,
        short,
        long,
        passes,
        threshold,
        over: gate.over.map(|d| say::dur(r, d)).unwrap_or_default(),
        stages: String::new(),
        otherwise: match &gate.otherwise {
            Some((o, _)) => {
                let mut said = follows::ByStage::default();
                for s in plan.judges(id) {
                    said.add(follows::gate_outcome(r, o, r.stage(*s).owner), *s);
                }
                said.told(r)
            }
            // What the stages that judge it say.
            None => follows::not_passed(plan, id),
        },
    };
    (row, here)
}

/// The environment a gate is judged in; nothing where its stages are in several.
fn place(plan: Spoken<'_>, gate: GateId) -> Option<EnvId> {
    let r = plan.release();
    if let Some(own) = r.gate(gate).environment {
        return Some(own);
    }
    let mut places = plan.judges(gate).iter().map(|s| r.stage(*s).environment);
    let first = places.next()?;
    places.all(|p| p == first).then_some(first)
}

/// A criterion where it stands alone: what a command must end with says nothing without what is tried.
pub(super) fn criterion(r: Told<'_>, g: GateId, verify: &str) -> String {
    match &r.gate(g).test {
        GateTest::Run(_) | GateTest::Job(_) => {
            let gate = say::text(r, &r.gate(g).title);
            words!(r, "gate.runs", gate = gate, threshold = verify)
        }
        GateTest::Metrics(_) | GateTest::Ask(_) => verify.to_string(),
    }
}
