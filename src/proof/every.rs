//! Every combination of the outcomes of a small plan's parts: the artifact and the reference semantics must agree in each.
//!
//! Elsewhere things go wrong one or two at a time; here each step, gate, approval, decision, undo, hold and answer comes out in
//! every way together with every way of all the others. Must not know a target but by its runs. Called by tests on small plans.

use super::event::{Trace, What};
use super::scenario::{Open, Scenario};
use super::{
    Difference, Outcomes, Reference, Run, Workflows, clock, github, goes_well, held, not_understood, opened,
    reference, scenarios, stepfunctions, workflows_opened,
};
use crate::emit::parts::{At, Deed, Purpose, Test};
use crate::emit::stepfunctions::parts::Manifest;
use crate::model::{Atom, DecisionId, GateId, GateTest, OptionOutcome, ParamId, Release, StageId, Strength};
use crate::plan::Plan;
use crate::run::{Subject, Verb};
use std::collections::BTreeMap;

/// How many combinations were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// All of them: each was held against the plan.
    pub combinations: usize,
    /// Those that were compared with the reference semantics, step by step.
    pub compared: usize,
}

/// One way in which a part comes out.
#[derive(Debug, Clone)]
enum Way {
    Well,
    Fails(Purpose),
    Silent(Vec<Purpose>),
    Gate(GateId),
    Option(DecisionId, usize),
    Answer(usize),
    Param(ParamId, usize),
}

/// Holds a state machine against its plan and the reference semantics in every combination of outcomes.
///
/// # Errors
/// The first combination in which they do not agree, or more combinations than `most`.
pub fn every(
    plan: &Plan,
    bytes: &str,
    manifest: &Manifest,
    most: usize,
) -> Result<Agreement, Box<Difference>> {
    let machine = stepfunctions::read(bytes, manifest).map_err(not_understood)?;
    let open = opened(manifest);
    let run = |scenario: &Scenario| stepfunctions::run(&machine, plan, scenario);
    let parts = ways(plan.release(), &open);
    let combinations = parts.iter().try_fold(1usize, |n, ways| n.checked_mul(ways.len()));
    let Some(combinations) = combinations.filter(|n| *n <= most) else {
        return Err(not_understood("it has too many combinations of outcomes".into()));
    };
    let chosen = (0..combinations).map(|number| numbered(&parts, number));
    let start = Some(clock::start(plan));
    agreement(plan, &open, &run, (&parts, start), chosen, Closely::Steps)
}

/// Holds a state machine against its plan and the reference semantics in so many combinations, drawn so that a few parts at a time
/// come out otherwise than well.
///
/// # Errors
/// The first combination in which they do not agree.
pub fn drawn_machine(
    plan: &Plan,
    bytes: &str,
    manifest: &Manifest,
    draws: usize,
) -> Result<Agreement, Box<Difference>> {
    let machine = stepfunctions::read(bytes, manifest).map_err(not_understood)?;
    let open = opened(manifest);
    let run = |scenario: &Scenario| stepfunctions::run(&machine, plan, scenario);
    let parts = ways(plan.release(), &open);
    let chosen = (0..draws).map(|n| drawn(&parts, n));
    let start = Some(clock::start(plan));
    agreement(plan, &open, &run, (&parts, start), chosen, Closely::Judged)
}

/// The same of a pair of workflows.
///
/// # Errors
/// The first combination in which they do not agree.
pub fn drawn_workflows(
    plan: &Plan,
    texts: [&str; 2],
    manifest: &Workflows,
    draws: usize,
) -> Result<Agreement, Box<Difference>> {
    let model = github::read(plan, texts, manifest).map_err(not_understood)?;
    let open = workflows_opened(plan, manifest);
    let run = |scenario: &Scenario| model.run(plan, scenario);
    let parts = ways(plan.release(), &open);
    let chosen = (0..draws).map(|n| drawn(&parts, n));
    // Workflows keep no time.
    agreement(plan, &open, &run, (&parts, None), chosen, Closely::Judged)
}

/// How closely a run is held against the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closely {
    /// As every run of a build is.
    Judged,
    /// Each step of each stage besides.
    Steps,
}

/// Which way each part comes out.
type Choice = Vec<usize>;

fn agreement(
    plan: &Plan,
    open: &Open,
    run: &Run<'_>,
    (parts, start): (&[Vec<Way>], Option<f64>),
    chosen: impl Iterator<Item = Choice>,
    closely: Closely,
) -> Result<Agreement, Box<Difference>> {
    let interpreter = Reference::new(plan);
    let (mut combinations, mut compared) = (0, 0);
    let mut known = BTreeMap::new();
    for choice in chosen {
        combinations += 1;
        let scenario = Scenario {
            start,
            ..scenario(plan.release(), parts, &choice)
        };
        let outcomes = told(plan, open, &scenario).filter(|o| goes_well(&interpreter, &o.params, &mut known));
        let meant = outcomes.map(|o| interpreter.run(&o));
        let trace = held(plan, open, run, &scenario, meant.as_ref())?;
        let Some(meant) = &meant else { continue };
        let differs = |what: String| {
            Box::new(Difference {
                what,
                outcome: scenario.words(plan),
                trace: super::shown(plan, &trace),
                reference: reference::shown(plan, meant),
            })
        };
        compared += match closely {
            Closely::Judged => 1,
            Closely::Steps => usize::from(alike(plan, meant, &trace).map_err(differs)?),
        };
    }
    Ok(Agreement {
        combinations,
        compared,
    })
}

/// The combination of a number, of all that there are.
fn numbered(parts: &[Vec<Way>], mut number: usize) -> Choice {
    let digit = |ways: &Vec<Way>| {
        let way = number % ways.len();
        number /= ways.len();
        way
    };
    parts.iter().map(digit).collect()
}

/// The combination of a draw: two to five parts come out otherwise, at places and in ways that only the number decides.
fn drawn(parts: &[Vec<Way>], draw: usize) -> Choice {
    let mut seed = draw as u64;
    let mut next = |below: usize| {
        // SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % below.max(1) as u64).unwrap_or(0)
    };
    let mut choice = vec![0; parts.len()];
    for _ in 0..2 + next(4) {
        let place = next(parts.len());
        if let (Some(way), Some(ways)) = (choice.get_mut(place), parts.get(place)) {
            *way = next(ways.len());
        }
    }
    choice
}

/// The same outcomes for the reference semantics, where they can be told it.
fn told(plan: &Plan, open: &Open, scenario: &Scenario) -> Option<Outcomes> {
    // A gate that passes when it is judged again may first be judged in an undo.
    let judged_in_an_undo =
        |p: &Purpose| matches!((p.at, p.deed), (At::Undo(_), Deed::Judge(g)) if scenario.gates.contains(&g));
    if scenario.once && open.parts.iter().any(judged_in_an_undo) {
        return None;
    }
    let mut told = scenario.clone();
    told.silent.retain(|p| !matches!(p.deed, Deed::Decide(..)));
    let mut outcomes = reference::outcomes(plan, open, &told)?;
    for part in &scenario.silent {
        // Nobody decides: all its questions stay open.
        if let Deed::Decide(d, _) = part.deed {
            outcomes.decisions.insert(d, None);
        }
    }
    Some(outcomes)
}

/// The ways of each part, in the order of the plan's parts.
fn ways(release: &Release, open: &Open) -> Vec<Vec<Way>> {
    let mut places: BTreeMap<At, Vec<Way>> = BTreeMap::new();
    let mut list: Vec<Vec<Way>> = Vec::new();
    for part in &open.parts {
        match (part.at, part.deed) {
            (At::Stage(_) | At::Undo(_) | At::Enter(_) | At::Exit(_), Deed::Act | Deed::Await) => {
                places.entry(part.at).or_default().push(Way::Fails(part.clone()));
            }
            (At::Finally, Deed::Act | Deed::Await) => list.push(vec![Way::Well, Way::Fails(part.clone())]),
            (_, Deed::Grant(a)) => {
                let mut ways = vec![Way::Well, Way::Fails(part.clone())];
                let approval = release.approval(a);
                if approval.within.or(approval.open_for).is_some() {
                    ways.push(Way::Silent(vec![part.clone()]));
                }
                list.push(ways);
            }
            _ => {}
        }
    }
    // One step of each place fails at most: what comes after it is not done.
    for mut ways in places.into_values() {
        ways.insert(0, Way::Well);
        list.push(ways);
    }
    for gate in (0..release.gates.len()).map(GateId::at) {
        let asked = open.parts.iter().any(|p| p.deed == Deed::Judge(gate));
        let metrics = matches!(release.gate(gate).test, GateTest::Metrics(_))
            && open
                .tests
                .iter()
                .any(|t| matches!(t, Test::Holds(_, g) if *g == gate));
        if asked || metrics {
            list.push(vec![Way::Well, Way::Gate(gate)]);
        }
    }
    for (i, decision) in release.decisions.iter().enumerate() {
        let id = DecisionId::at(i);
        let asked = |p: &&Purpose| matches!(p.deed, Deed::Decide(d, _) if d == id);
        let questions: Vec<Purpose> = open.parts.iter().filter(asked).cloned().collect();
        if questions.is_empty() {
            continue;
        }
        let mut ways: Vec<Way> = (0..decision.options.len()).map(|o| Way::Option(id, o)).collect();
        if decision.question.within.is_some() {
            ways.push(Way::Silent(questions));
        }
        list.push(ways);
    }
    let mut params: BTreeMap<ParamId, Vec<Way>> = BTreeMap::new();
    for test in &open.tests {
        if let Test::Atom(Atom::Param { param, choice }) = test
            && *choice > 0
        {
            let ways = params.entry(*param).or_insert_with(|| vec![Way::Well]);
            ways.push(Way::Param(*param, *choice));
        }
    }
    list.extend(params.into_values());
    if crate::emit::environments::pauses(release) {
        // To roll back first: that is what silence counts as.
        list.push([2, 0, 1, 3].map(Way::Answer).to_vec());
    }
    list
}

/// The run in which each part comes out as chosen.
fn scenario(release: &Release, parts: &[Vec<Way>], choice: &[usize]) -> Scenario {
    let mut scenario = Scenario::well(release);
    for way in parts.iter().zip(choice).filter_map(|(ways, n)| ways.get(*n)) {
        match way {
            Way::Well => {}
            Way::Fails(part) => drop(scenario.fails.insert(part.clone())),
            Way::Silent(parts) => scenario.silent.extend(parts.iter().cloned()),
            Way::Gate(gate) => drop(scenario.gates.insert(*gate)),
            Way::Option(decision, option) => drop(scenario.options.insert(*decision, *option)),
            // What is tried again works then.
            Way::Answer(answer) => (scenario.resume, scenario.once) = (*answer, *answer == 0),
            Way::Param(param, choice) => drop(scenario.params.insert(*param, *choice)),
        }
    }
    // An answer that pauses the run is given again whenever its question is: nobody tries that again for ever.
    let pauses = |(d, o): (&DecisionId, &usize)| {
        let option = release.decision(*d).options.get(*o);
        let asks =
            |then: &OptionOutcome| matches!(then, OptionOutcome::Then(t) if t.strength() == Strength::Asks);
        option.is_some_and(|o| asks(&o.then))
    };
    if scenario.once && scenario.options.iter().any(pauses) {
        (scenario.resume, scenario.once) = (2, false);
    }
    scenarios::together(release, &mut scenario);
    scenarios::tried_again(release, &mut scenario);
    scenario
}

/// The steps that a stage or its undo began, in order.
type Steps = BTreeMap<(bool, StageId), Vec<String>>;

/// Holds the steps of each stage and of each undo, one after the other, against the reference; false where which of them had
/// begun depends on how long things take.
fn alike(plan: &Plan, meant: &crate::run::Trace, trace: &Trace) -> Result<bool, String> {
    let (mut mine, mut theirs) = (Steps::new(), Steps::new());
    for event in &trace.events {
        let What::Begin(p) = &event.what else { continue };
        let key = match (p.at, p.deed) {
            (At::Stage(s), Deed::Act | Deed::Await) => (false, s),
            (At::Undo(s), Deed::Act | Deed::Await) => (true, s),
            _ => continue,
        };
        let steps = mine.entry(key).or_default();
        // What is waited for is looked at again and again; the reference begins to wait once.
        if p.deed != Deed::Await || steps.last().map(String::as_str) != Some(p.step.as_str()) {
            steps.push(p.step.to_string());
        }
    }
    for event in &meant.events {
        let (Subject::Stage(s), Some(step)) = (event.subject, &event.step) else {
            continue;
        };
        let key = match event.verb {
            Verb::StepStart if reference::works(plan, s, Some(step)) => (false, s),
            Verb::UndoStep => (true, s),
            _ => continue,
        };
        theirs.entry(key).or_default().push(step.to_string());
    }
    if mine == theirs {
        return Ok(true);
    }
    if trace.events.iter().any(|e| e.what == What::Join) {
        return Ok(false);
    }
    let found = mine
        .keys()
        .chain(theirs.keys())
        .find(|k| mine.get(k) != theirs.get(k));
    let Some((undo, stage)) = found else {
        return Ok(true);
    };
    let words = |steps: &Steps| {
        steps
            .get(&(*undo, *stage))
            .map_or("nothing".into(), |l| l.join(", "))
    };
    Err([
        if *undo { "the undo of stage `" } else { "stage `" },
        &plan.release().stage(*stage).name,
        "` does ",
        &words(&mine),
        "; by the reference ",
        &words(&theirs),
    ]
    .concat())
}
