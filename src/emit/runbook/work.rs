//! The work itself: stages with their steps.
//!
//! Must not decide when a gate passes: `gates` does. Called by `mod`.

use crate::emit::runbook::acts::{action, beside, records};
use crate::emit::runbook::alike::{told_apart, undos};
use crate::emit::runbook::follows;
use crate::emit::runbook::gates::{criterion, judge, judged_as, judged_within, judgement, judging};
use crate::emit::runbook::rows::{Action, Record};
use crate::emit::runbook::say;
use crate::emit::runbook::times::{Times, span};
use crate::emit::runbook::ways_back::{Card, Known, card};
use crate::emit::runbook::words::{Spoken, Told, words};
use crate::model::{Cond, Dur, Hold, RoleId, Stage, StageId, Step, StepKind, WaitTest};
use crate::plan::{Node, Pace, Starts};
use serde::Serialize;

/// A stage with everything a person needs beside it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct StageCard {
    #[serde(skip)]
    pub id: usize,
    pub number: usize,
    pub name: String,
    pub title: String,
    /// Its title, with its name where that is another.
    pub heading: String,
    pub doc: String,
    pub owner: String,
    pub started_by: String,
    pub environment: String,
    pub production: bool,
    pub when: String,
    pub offset: String,
    pub utc: String,
    pub local: String,
    pub takes: String,
    /// After how long it is given up.
    pub limit: String,
    pub after: String,
    pub approvals: String,
    pub checklists: String,
    pub gates: String,
    /// The holds that are entered before it begins, and those that are left when it has ended.
    pub enters: String,
    pub leaves: String,
    pub builds: String,
    pub ships: String,
    pub if_not: String,
    pub first: Vec<Action>,
    pub criteria: Vec<String>,
    pub steps: Vec<StepRow>,
    pub rollback: Card,
}

/// A step.
#[derive(Debug, Clone, Serialize)]
pub(super) struct StepRow {
    /// Milliseconds from T.
    #[serde(skip)]
    pub at: i64,
    /// When it has ended.
    #[serde(skip)]
    pub ends: i64,
    pub number: String,
    pub offset: String,
    pub utc: String,
    pub local: String,
    pub takes: String,
    /// After how long it is given up.
    pub limit: String,
    pub owner: String,
    pub action: String,
    /// The same where it stands among others: without what is plain there.
    #[serde(skip)]
    pub short: String,
    pub exposure: String,
    pub when: String,
    /// The same with the condition of its stage.
    #[serde(skip)]
    pub applies: String,
    pub approvals: String,
    pub command: String,
    pub call: String,
    pub console: String,
    pub expect: String,
    pub verify: String,
    /// The same where it stands alone: with what is verified.
    #[serde(skip)]
    pub criterion: String,
    /// Where a person looks to verify it.
    pub look: String,
    pub if_not: String,
    pub captures: String,
    pub records: Vec<Record>,
    /// What the histories of runs call it.
    #[serde(skip)]
    pub called: Vec<String>,
}

/// Every stage, in order.
pub(super) fn stages(plan: Spoken<'_>, times: &Times, known: &Known<'_>) -> Vec<StageCard> {
    plan.stage_order()
        .into_iter()
        .enumerate()
        .map(|(i, s)| stage_card(plan, times, s, i + 1, known))
        .collect()
}

fn stage_card(plan: Spoken<'_>, times: &Times, id: StageId, number: usize, known: &Known<'_>) -> StageCard {
    let r = plan.release();
    let s = r.stage(id);
    let starts = plan.passage(id);
    let (entered, _) = span(plan, id);
    let short = plan.schedule(Pace::Shortest).of(&plan, Node::Stage(id));
    let mut shortest = short.finish.saturating_sub(short.start);
    // Its own work begins inside its holds; where gates come before them, those are part of it.
    let start = if s.require.is_empty() {
        let holds = starts.holds.iter().flat_map(|(h, _)| &r.hold(*h).enter);
        let entering = holds.map(|step| plan.step_time(step, Pace::Shortest).as_ms());
        shortest = entering.fold(shortest, i64::saturating_sub);
        starts.begun
    } else {
        entered
    };
    let takes = say::takes(r, ms(shortest), ms(starts.takes));
    let (utc, local) = times.at(start);
    let names = |list: Vec<String>| say::list(r, &list);
    let before: Vec<String> = s
        .after
        .iter()
        .map(|a| r.stage(a.stage).name.to_string())
        .collect();
    let mut steps = steps(plan, times, id, number, &starts);
    // Where the stage says as a whole how long it takes, all its work is that of its one step.
    let work = s.forward_steps().into_iter().enumerate();
    let work = work.filter(|(_, step)| !matches!(step.kind, StepKind::Tell(..)));
    let work: Vec<usize> = work.map(|(i, _)| i).collect();
    if let (Some((low, high, _)), true, [one]) = (&s.takes, s.require.is_empty(), work.as_slice())
        && let Some(step) = steps.get_mut(*one)
    {
        step.takes = say::takes(r, *low, *high);
    }
    let holds = |here: fn(&Hold, StageId) -> bool| {
        let holds = r.holds.iter().filter(|h| here(h, id));
        holds
            .map(|h| words!(r, "decide.option", option = say::text(r, &h.title)))
            .collect()
    };
    StageCard {
        id: id.index(),
        number,
        name: s.name.to_string(),
        heading: match say::text(r, &s.title) {
            title if title == s.name => title,
            title => words!(r, "text.title_and_name", title = title, name = s.name),
        },
        // A title that only repeats the name says nothing: what it does first says more.
        title: match (
            say::text(r, &s.title),
            steps.get(s.require.len()).or(steps.first()),
        ) {
            (title, Some(first)) if title == s.name => first.action.clone(),
            (title, _) => title,
        },
        doc: s.doc.clone().unwrap_or_default(),
        owner: say::role(r, s.owner),
        started_by: s.started_by.map(|x| say::role(r, x)).unwrap_or_default(),
        environment: r.env(s.environment).name.to_string(),
        production: r.is_production(s.environment),
        when: say::when(r, &s.when),
        offset: say::offset(start),
        utc,
        local,
        takes,
        limit: s.timeout.map(|d| say::dur(r, d)).unwrap_or_default(),
        after: names(before),
        approvals: names(s.approved.iter().map(|(a, _)| say::approval(r, *a)).collect()),
        checklists: names(
            s.ready
                .iter()
                .map(|(c, _)| say::text(r, &r.checklist(*c).title))
                .collect(),
        ),
        gates: names(
            s.require
                .iter()
                .map(|(g, _)| say::text(r, &r.gate(*g).title))
                .collect(),
        ),
        enters: names(holds(|h, id| h.from == id)),
        leaves: names(holds(|h, id| h.to == id)),
        builds: names(
            r.artifact_names(&s.builds)
                .into_iter()
                .map(str::to_string)
                .collect(),
        ),
        ships: names(
            r.artifact_names(&s.ships)
                .into_iter()
                .map(str::to_string)
                .collect(),
        ),
        if_not: follows::on_failure(plan, id),
        first: first_on_failure(r, s),
        criteria: criteria(&steps),
        steps,
        rollback: card(plan, id, known),
    }
}

fn ms(ms: i64) -> Dur {
    Dur {
        ms: ms.max(0),
        working_days: 0,
    }
}

/// What is done first when a stage fails: messages and manual work.
fn first_on_failure(r: Told<'_>, s: &Stage) -> Vec<Action> {
    let steps = s.on_failure.iter().flat_map(|f| &f.steps);
    steps
        .map(|step| beside(r, s.environment, step, s.owner))
        .collect()
}

/// What must hold for a stage to count as done, each once.
fn criteria(steps: &[StepRow]) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    for step in steps {
        if !step.verify.is_empty() && !list.contains(&step.criterion) {
            list.push(step.criterion.clone());
        }
    }
    list
}

fn steps(plan: Spoken<'_>, times: &Times, id: StageId, number: usize, starts: &Starts) -> Vec<StepRow> {
    let s = plan.plan.release().stage(id);
    let mut rows = entry(plan, times, id, number, &starts.gates);
    let mut at = starts.steps.iter().copied();
    match &s.rollout {
        None => {
            for step in &s.steps {
                push(
                    plan, times, s, step, &s.when, None, number, &mut at, &mut rows, id,
                );
            }
        }
        Some(rollout) => {
            for (i, rung) in rollout.steps.iter().enumerate() {
                for step in rung.work.iter().chain(&rung.checks) {
                    push(
                        plan,
                        times,
                        s,
                        step,
                        &rung.when,
                        Some(i),
                        number,
                        &mut at,
                        &mut rows,
                        id,
                    );
                    // Whoever does a step of the rollout; who is asked by name is asked all the same.
                    if let (Some(owner), Some(row)) = (rung.owner, rows.last_mut()) {
                        row.owner = doer(plan.release(), step, step.owner.unwrap_or(owner));
                    }
                }
                let asked: Vec<String> = rung
                    .approved
                    .iter()
                    .map(|(a, _)| say::approval(plan.release(), *a))
                    .collect();
                // The approval of a step of the rollout comes before the first thing that step does.
                let from = rows.len().saturating_sub(rung.work.len() + rung.checks.len());
                if let (false, Some(row)) = (asked.is_empty(), rows.get_mut(from)) {
                    row.approvals = say::list(plan.release(), &asked);
                }
            }
        }
    }
    rows
}

/// The gates that are judged before the first step.
fn entry(plan: Spoken<'_>, times: &Times, id: StageId, number: usize, judged: &[i64]) -> Vec<StepRow> {
    let r = plan.release();
    let stage = plan.plan.release().stage(id);
    let gates = stage.require.iter().zip(judged).enumerate();
    gates
        .map(|(i, ((g, _), start))| {
            let start = *start;
            let gate = r.gate(*g);
            let title = say::text(r, &gate.title);
            let (utc, local) = times.at(start);
            let (verify, look, if_not) = judgement(plan, stage, *g, (id, None));
            StepRow {
                at: start,
                ends: start.saturating_add(plan.gate_time(*g, Pace::Longest).as_ms()),
                number: format!("{number}.{}", i + 1),
                offset: say::offset(start),
                utc,
                local,
                takes: say::takes(
                    r,
                    plan.gate_time(*g, Pace::Shortest),
                    plan.gate_time(*g, Pace::Longest),
                ),
                limit: judged_within(r, *g),
                owner: judge(r, *g, stage.owner),
                action: words!(r, "step.verify_first", gate = title),
                short: title,
                exposure: String::new(),
                when: say::when(r, &gate.when),
                applies: say::when(r, &stage.when.clone().and(gate.when.clone())),
                approvals: String::new(),
                command: judging(r, stage.environment, *g),
                call: String::new(),
                console: String::new(),
                expect: String::new(),
                criterion: criterion(r, *g, &verify),
                verify,
                look,
                if_not,
                captures: String::new(),
                records: Vec::new(),
                called: judged_as(r, *g),
            }
        })
        .collect()
}

#[allow(clippy::too_many_arguments)] // a step, where it stands, and what it adds to
fn push(
    plan: Spoken<'_>,
    times: &Times,
    stage: &Stage,
    step: &Step,
    around: &Cond,
    rung: Option<usize>,
    number: usize,
    at: &mut impl Iterator<Item = i64>,
    rows: &mut Vec<StepRow>,
    id: StageId,
) {
    let r = plan.release();
    let long = plan.step_time(step, Pace::Longest);
    let at = at.next().unwrap_or_default();
    let (utc, local) = times.at(at);
    let (called_so, command, call, console) = action(r, stage.environment, step);
    let action = match step.act() {
        Some(act) => told_apart(r, called_so, act, &undos(plan.plan, id)),
        None => called_so,
    };
    let action = match &step.kind {
        StepKind::Bake(d) if !r.triggers.iter().any(|t| t.during.contains(&id)) => {
            words!(r, "step.bake_and_judge", time = say::dur(r, *d))
        }
        _ => action,
    };
    let (verify, look, if_not) = verification(plan, stage, step, (id, rung));
    let condition = if stage.rollout.is_some() {
        around.clone().and(step.when.clone())
    } else {
        step.when.clone()
    };
    let condition = match &step.kind {
        StepKind::VerifyGate(g) => condition.and(r.gate(*g).when.clone()),
        _ => condition,
    };
    let exposure = stage.rollout.as_ref().zip(rung);
    let exposure = exposure.and_then(|(rollout, i)| Some(rollout.steps.get(i)?.name.to_string()));
    let captures: Vec<String> = step
        .captures
        .iter()
        .map(|c| r.capture(*c).name.to_string())
        .collect();
    let records = records(r, stage.environment, step);
    rows.push(StepRow {
        at,
        ends: at.saturating_add(long.as_ms()),
        number: format!("{number}.{}", rows.len() + 1),
        offset: say::offset(at),
        utc,
        local,
        takes: say::takes(r, plan.step_time(step, Pace::Shortest), long),
        limit: limit(r, step),
        owner: doer(r, step, step.owner.unwrap_or(stage.owner)),
        short: match &step.kind {
            StepKind::Bake(d) => words!(r, "step.bake", time = say::dur(r, *d)),
            StepKind::VerifyGate(g) => say::text(r, &r.gate(*g).title),
            _ => action.clone(),
        },
        action,
        exposure: exposure.unwrap_or_default(),
        when: say::when(r, &condition),
        applies: say::when(r, &stage.when.clone().and(condition)),
        approvals: String::new(),
        command,
        call,
        console,
        expect: say::maybe(r, step.expect.as_ref()),
        criterion: match &step.kind {
            StepKind::VerifyGate(g) => criterion(r, *g, &verify),
            _ => verify.clone(),
        },
        verify,
        look,
        if_not,
        captures: say::list(r, &captures),
        records,
        called: called(r, step),
    });
}

/// After how long a step is given up; what is waited for says it itself.
fn limit(r: Told<'_>, step: &Step) -> String {
    let own = match &step.kind {
        StepKind::Act(act) => act.timeout,
        StepKind::VerifyGate(g) if step.timeout.is_none() => return judged_within(r, *g),
        _ => None,
    };
    let limit = step.timeout.or(own);
    limit.map(|d| say::dur(r, d)).unwrap_or_default()
}

/// What the histories of runs may call a step: by its title, or by the name of what it judges.
fn called(r: Told<'_>, step: &Step) -> Vec<String> {
    match &step.kind {
        StepKind::Act(act) => vec![say::text(r, &act.title)],
        StepKind::Wait(d) | StepKind::Bake(d) => vec![format!("bake {d}"), format!("wait {d}")],
        StepKind::VerifyGate(g) => judged_as(r, *g),
        StepKind::VerifyArtifact(a) => {
            let name = &r.artifact(*a).name;
            vec![
                format!("verify {name}: which build?"),
                format!("What is shipped is named by its digest: {name}"),
            ]
        }
        StepKind::WaitFor(w) => vec![
            say::text(r, &w.what),
            format!("wait for {}", say::text(r, &w.what)),
        ],
        StepKind::Tell(..) => Vec::new(),
    }
}

/// Who does a step, or answers what it asks.
fn doer(r: Told<'_>, step: &Step, owner: RoleId) -> String {
    match &step.kind {
        StepKind::VerifyGate(g) => judge(r, *g, owner),
        StepKind::WaitFor(w) => match &w.test {
            WaitTest::Ask(q) => say::answerers(r, q, Some(owner)),
            WaitTest::Run(_) | WaitTest::Job(_) => say::role(r, owner),
        },
        _ => say::role(r, owner),
    }
}

/// How a step is verified, where a person looks, and what to do if not.
fn verification(
    plan: Spoken<'_>,
    stage: &Stage,
    step: &Step,
    (id, rung): (StageId, Option<usize>),
) -> (String, String, String) {
    let r = plan.release();
    match &step.kind {
        StepKind::VerifyGate(g) => judgement(plan, stage, *g, (id, rung)),
        StepKind::Act(act) => {
            let prints = act
                .run
                .as_ref()
                .and_then(|c| c.prints.as_ref())
                .map(|(p, _)| words!(r, "gate.output_matches", pattern = p));
            let then = follows::at_step(plan, id, rung);
            let then = match step.retry.as_ref().or(act.retry.as_ref()).map(|t| t.times) {
                None => then,
                Some(1) => words!(r, "then.again_once", then = then),
                Some(2) => words!(r, "then.again_twice", then = then),
                Some(n) => words!(r, "then.again", n = n, then = then),
            };
            (prints.unwrap_or_default(), String::new(), then)
        }
        StepKind::VerifyArtifact(a) => {
            let digest = say::maybe(r, r.artifact(*a).digest.as_ref());
            let verify = if digest.is_empty() {
                String::new()
            } else {
                words!(r, "gate.digest", digest = digest)
            };
            (verify, String::new(), follows::at_step(plan, id, rung))
        }
        StepKind::WaitFor(w) => {
            let verify = match &w.test {
                WaitTest::Ask(q) => say::asked(r, q, w.within),
                WaitTest::Run(_) | WaitTest::Job(_) => String::new(),
            };
            (verify, String::new(), follows::at_step(plan, id, rung))
        }
        StepKind::Bake(_) => (String::new(), String::new(), watched(r, id)),
        StepKind::Wait(_) | StepKind::Tell(..) => Default::default(),
    }
}

/// What the triggers do that watch a stage while it bakes.
fn watched(r: Told<'_>, id: StageId) -> String {
    let mut list: Vec<(String, Vec<String>)> = Vec::new();
    for t in r.triggers.iter().filter(|t| t.during.contains(&id)) {
        let then = follows::trigger(r, &t.then);
        let name = words!(r, "row.one_trigger", trigger = t.name);
        match list.iter_mut().find(|(other, _)| *other == then) {
            Some((_, names)) => names.push(name),
            None => list.push((then, vec![name])),
        }
    }
    let said = list.into_iter().map(|(then, names)| {
        let either = |a: String, b: String| words!(r, "list.either", a = a, b = b);
        let triggers = names.into_iter().reduce(either).unwrap_or_default();
        words!(r, "row.trigger", triggers = triggers, then = then)
    });
    said.collect::<Vec<_>>().join("; ")
}
