//! From plans to runs of them.
//!
//! Must not know how a run is printed, nor the command line. Called by the command `simulate`.

use super::pipeline::{Checked, Settings, Unit, each, gather, over, unit};
use super::problem::Problem;
use super::read::Input;
use crate::diagnostic::Severity;
use crate::model::ParamType;
use crate::plan::{Pace, Plan};
use crate::run::print::{self, Brief};
use crate::run::{Outcomes, Point, Reference, Trace, points, wish};

/// The most stages of all runs of a table together: minutes of work.
const MOST: usize = 25_000_000;

/// What a simulation is told besides the plan.
#[derive(Debug, Clone)]
pub struct Request {
    /// What is to come out how: a word of `run::FORMS` and its value.
    pub wishes: Vec<(String, String)>,
    /// Outcomes are drawn from this number; wishes come on top.
    pub seed: Option<u64>,
    /// Every single failure instead of one run.
    pub all: bool,
    /// How long things take.
    pub pace: Pace,
}

/// A plan with its run, or with its runs.
pub struct Simulated {
    plan: Plan,
    wished: Vec<String>,
    run: Option<Trace>,
    runs: Vec<(Point, Brief)>,
    /// How many errors the checks find in the plan.
    pub errors: usize,
}

impl Simulated {
    /// In words; `every` event, or every row.
    pub fn text(&self, every: bool) -> String {
        match &self.run {
            Some(run) => print::text(&self.plan, run, &self.wished, every),
            None => print::table(&self.plan, &self.wished, &self.runs, every),
        }
    }

    /// For programs.
    pub fn json(&self) -> String {
        match &self.run {
            Some(run) => print::run_json(&self.plan, run),
            None => print::table_json(&self.plan, &self.runs),
        }
    }

    /// As a sequence diagram; none of a table.
    pub fn mermaid(&self) -> Option<String> {
        self.run.as_ref().map(|run| print::draw(&self.plan, run))
    }
}

/// The runs of every plan that could be read and ordered, and what was found. Findings of the checks are no obstacle: a plan
/// that fails them is one to try.
pub fn simulate(inputs: &[Input], settings: &Settings, request: &Request) -> (Checked, Vec<Simulated>) {
    let units = each(inputs, |input| {
        let mut unit = unit(input, settings)?;
        let errors = unit
            .findings
            .iter()
            .filter(|d| d.severity == Severity::Error)
            .count();
        let simulated = match unit.compiled.take() {
            Some(compiled) => Some(bend(compiled.plan, settings, request, errors)?),
            None => None,
        };
        Ok((unit, simulated))
    });
    let mut list = Vec::new();
    let checked = gather(units, settings, |(unit, simulated): (Unit, Option<Simulated>)| {
        list.extend(simulated);
        unit
    });
    (checked, list)
}

fn bend(plan: Plan, settings: &Settings, request: &Request, errors: usize) -> Result<Simulated, Problem> {
    let mut outcomes = request
        .seed
        .map_or_else(Outcomes::default, |seed| Outcomes::drawn(&plan, seed));
    outcomes.pace = request.pace;
    choose(&plan, settings, &mut outcomes);
    let mut wished = Vec::new();
    wished.extend(request.seed.map(|seed| format!("--seed {seed}")));
    let mut before: Vec<(String, String)> = Vec::new();
    for (word, value) in &request.wishes {
        let of = about(word, value);
        if let Some((_, other)) = before.iter().find(|(o, _)| of.as_ref() == Some(o)) {
            let message = match format!("--{word} {value}") {
                one if one == *other => format!("`{other}` is given twice"),
                one => format!("`{one}` and `{other}` cannot both come about in one run"),
            };
            return Err(Problem::new(message).help("leave one of them out"));
        }
        before.extend(of.map(|of| (of, format!("--{word} {value}"))));
        wish(&plan, word, value, &mut outcomes).map_err(|unknown| {
            let problem = Problem::new(format!("`--{word} {value}`: {}", unknown.message));
            match unknown.help {
                Some(help) => problem.help(help),
                None => problem,
            }
        })?;
        wished.push(format!("--{word} {value}"));
    }
    let reference = Reference::new(&plan);
    let (run, runs) = if request.all {
        let list = points(&plan, &outcomes);
        let stages = plan.release().stages.len();
        if list.len().saturating_mul(stages) > MOST {
            let message = format!(
                "{} runs of {stages} stages are too many for one table",
                list.len()
            );
            return Err(Problem::new(message).help("name the failures that matter with `--fail`"));
        }
        // What else was asked for and has no occasion is not the point of a row.
        let besides = reference.could_miss(&outcomes);
        let briefs = over(&list, |point| {
            let mut trace = reference.run_on_time(&point.outcomes);
            trace.unreached.retain(|text| !besides.contains(text));
            Brief::of(&plan, &trace)
        });
        (None, list.into_iter().zip(briefs).collect())
    } else {
        let mut trace = reference.run_on_time(&outcomes);
        if request.seed.is_some() {
            // Nobody asked for what was drawn and had no occasion.
            trace.unreached.clear();
        }
        (Some(trace), Vec::new())
    };
    Ok(Simulated {
        plan,
        wished,
        run,
        runs,
        errors,
    })
}

/// What comes out in one way only, of which a wish says how; nothing where several wishes go together.
fn about(word: &str, value: &str) -> Option<String> {
    let kind = match word {
        "fail" | "hang" => "stage",
        "fail-gate" => "gate",
        "reject" | "expire" | "grant" => "approval",
        "decide" | "undecided" => "decision",
        "override" | "locked" | "cancel-during" => return Some(word.to_string()),
        _ => return None,
    };
    let name = value.split(['@', '.', '=']).next().unwrap_or_default();
    Some(format!("{kind} {name}"))
}

/// Parameters that stay inputs of a run have the value that was given.
fn choose(plan: &Plan, settings: &Settings, outcomes: &mut Outcomes) {
    for (i, param) in plan.release().params.iter().enumerate() {
        let given = settings.params.iter().rev().find(|(name, _)| param.name == *name);
        let Some((_, value)) = given else { continue };
        let choice = match &param.ty {
            ParamType::Bool => ["false", "true"].iter().position(|w| w == value),
            ParamType::OneOf(words) => words.iter().position(|w| w == value),
            _ => None,
        };
        if let Some(choice) = choice {
            outcomes.params.insert(crate::model::ParamId::at(i), choice);
        }
    }
}
