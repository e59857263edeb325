//! A workflow as formulas: when each job runs, whatever became of all the others.
//!
//! GitHub's rules, over every outcome at once: a job runs exactly when its condition holds, and ends with one of four results; a job
//! that is not needed cannot be read. What an expression compares becomes a variable, tied to the plan where it says what the plan
//! says. Must not know what the plan wants. Used by `claims`.

use super::logic::{Formula, Logic};
use crate::emit::github::parts::Does;
use crate::emit::parts::{Deed, Purpose, input_name};
use crate::model::{Atom, Cond, DecisionId, ParamId, ParamType, Release};
use crate::proof::github::expr::{Expr, Func, Op, Part};
use crate::proof::github::workflow::Workflow;
use batsat::Lit;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a variable stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Name {
    /// A job ended so: success, failure, cancelled, skipped.
    Result(usize, usize),
    /// The run was broken off when a job's turn came.
    Cancelled(usize),
    /// All steps before one ended well.
    StepOk(usize, usize),
    /// A condition of the plan.
    Plan(Atom),
    /// A text is this one.
    Equal(String, String),
    /// A text is not empty.
    Filled(String),
    /// A list holds a word.
    Lists(String, String),
    /// A step has decided its conditions.
    Decided(usize, usize),
    /// Something that is not looked into.
    Opaque(String),
}

/// The results of a job, as GitHub writes them.
pub const RESULTS: [&str; 4] = ["success", "failure", "cancelled", "skipped"];

/// Where an expression stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    job: usize,
    step: Option<usize>,
}

/// A part of the plan in a workflow.
#[derive(Debug, Clone)]
pub struct Stands {
    /// What it is.
    pub part: Purpose,
    /// The job.
    pub job: usize,
    /// The step.
    pub step: usize,
}

/// A workflow and what is known of it.
pub struct World<'w> {
    /// The workflow.
    pub flow: &'w Workflow<'w>,
    /// The formulas.
    pub logic: Logic,
    /// When each job runs.
    pub runs: Vec<Formula>,
    /// When each step runs.
    pub steps: Vec<Vec<Formula>>,
    /// The parts of the plan.
    pub parts: Vec<Stands>,
    /// The words that lists are asked for, each with where it is asked.
    pub asked: BTreeMap<String, BTreeSet<String>>,
    names: HashMap<Name, Lit>,
    order: Vec<Name>,
    terms: HashMap<String, Vec<(String, Lit)>>,
    release: &'w Release,
    decisions: HashMap<usize, DecisionId>,
}

impl<'w> World<'w> {
    /// What a workflow means.
    pub fn new(flow: &'w Workflow<'w>, release: &'w Release) -> World<'w> {
        let mut world = World {
            flow,
            logic: Logic::new(),
            runs: Vec::new(),
            steps: Vec::new(),
            parts: stands(flow),
            asked: BTreeMap::new(),
            names: HashMap::new(),
            order: Vec::new(),
            terms: HashMap::new(),
            release,
            decisions: HashMap::new(),
        };
        for p in &world.parts {
            if let Deed::Decide(d, _) = p.part.deed {
                world.decisions.insert(p.job, d);
            }
        }
        for job in 0..flow.jobs.len() {
            world.job(job);
        }
        world
    }

    /// What a job can come to.
    fn job(&mut self, job: usize) {
        let flow = self.flow;
        let runs = self.read(&flow.jobs[job].cond, Place { job, step: None });
        let literal = self.logic.literal(&runs);
        let runs = Formula::Is(literal);
        let results = [0, 1, 2, 3].map(|r| self.result(job, r));
        self.logic.assume(&Formula::any(results.clone()));
        for (i, one) in results.iter().enumerate() {
            for other in &results[i + 1..] {
                self.logic
                    .assume(&Formula::any([one.clone().negate(), other.clone().negate()]));
            }
        }
        self.logic.assume(&results[0].clone().implies(runs.clone()));
        self.logic.assume(&results[1].clone().implies(runs.clone()));
        self.logic
            .assume(&results[3].clone().implies(runs.clone().negate()));
        for need in &flow.jobs[job].needs {
            // A job that never ran is broken off only with its whole run, and then nothing later starts as if it were not.
            let never = [self.result(*need, 2), self.runs[*need].clone().negate()];
            let broken = self.is(Name::Cancelled(job));
            self.logic.assume(&Formula::all(never).implies(broken.clone()));
            // A run that was broken off stays so.
            let before = self.is(Name::Cancelled(*need));
            self.logic.assume(&before.implies(broken));
        }
        self.runs.push(runs);
        self.steps.push(Vec::new());
        for (step, def) in flow.jobs[job].steps.iter().enumerate() {
            let place = Place {
                job,
                step: Some(step),
            };
            let so_far = self.is(Name::StepOk(job, step));
            self.logic.assume(&results[0].clone().implies(so_far));
            let runs = self.read(&def.cond, place);
            self.steps[job].push(runs);
        }
    }

    /// Whether a job ended so.
    pub fn result(&mut self, job: usize, result: usize) -> Formula {
        self.is(Name::Result(job, result))
    }

    /// Whether a job ended well.
    pub fn well(&mut self, job: usize) -> Formula {
        self.result(job, 0)
    }

    /// The variable of a name.
    pub fn is(&mut self, name: Name) -> Formula {
        if let Some(literal) = self.names.get(&name) {
            return Formula::Is(*literal);
        }
        let literal = self.logic.variable();
        self.names.insert(name.clone(), literal);
        self.order.push(name);
        Formula::Is(literal)
    }

    /// Whether a condition of the workflow is tied to a condition of the plan.
    pub fn ties(&self, atom: &Atom) -> bool {
        self.names.contains_key(&Name::Plan(atom.clone()))
    }

    /// An outcome in which something is so that has been found possible, in words: only what is not as it is when all goes well.
    pub fn outcome(&mut self, so: Lit) -> Vec<String> {
        let mut given = vec![so];
        for name in &self.order {
            let literal = self.names[name];
            let usual = match name {
                Name::Result(_, 0) | Name::StepOk(..) | Name::Decided(..) => literal,
                _ => !literal,
            };
            given.push(usual);
            if !self.logic.possible(&given) {
                given.pop();
            }
        }
        let mut lines = Vec::new();
        if !self.logic.possible(&given) {
            return lines;
        }
        for name in &self.order {
            if !self.logic.held(self.names[name]) {
                continue;
            }
            let job = |j: &usize| ["`", &self.flow.jobs[*j].id, "`"].concat();
            lines.push(match name {
                Name::Result(j, 1) => job(j) + " fails",
                Name::Result(j, 2) => job(j) + " is broken off",
                Name::Result(j, 3) => job(j) + " is skipped",
                Name::Cancelled(j) => ["the run is broken off before ", &job(j)].concat(),
                Name::Equal(term, text) => [term.as_str(), " is `", text, "`"].concat(),
                Name::Lists(term, text) => [term.as_str(), " holds `", text, "`"].concat(),
                _ => continue,
            });
        }
        lines
    }

    /// A condition of a job or a step as a formula.
    fn read(&mut self, e: &Expr, at: Place) -> Formula {
        match e {
            Expr::Bool(b) => Formula::Const(*b),
            Expr::Not(a) => self.read(a, at).negate(),
            Expr::And(l) => Formula::all(l.iter().map(|a| self.read(a, at)).collect::<Vec<_>>()),
            Expr::Or(l) => Formula::any(l.iter().map(|a| self.read(a, at)).collect::<Vec<_>>()),
            Expr::Call(Func::Always, _) => Formula::Const(true),
            Expr::Call(Func::Cancelled, _) => self.is(Name::Cancelled(at.job)),
            Expr::Call(Func::Success, _) => match at.step {
                Some(step) => self.is(Name::StepOk(at.job, step)),
                None => {
                    let all = self.ancestors(at.job);
                    Formula::all(all.into_iter().map(|j| self.well(j)).collect::<Vec<_>>())
                }
            },
            Expr::Compare(op @ (Op::Eq | Op::Ne), a, b) => {
                let (term, text) = match (a.as_ref(), b.as_ref()) {
                    (term, Expr::Text(text)) | (Expr::Text(text), term) => (term, text.to_lowercase()),
                    _ => return self.is(Name::Opaque(format!("{} {e:?}", at.job))),
                };
                let same = self.equal(term, &text, at);
                if *op == Op::Eq { same } else { same.negate() }
            }
            Expr::Call(Func::Contains, args) => match args.as_slice() {
                [list, Expr::Text(word)] => self.lists(list, word, at),
                _ => self.is(Name::Opaque(format!("{} {e:?}", at.job))),
            },
            Expr::Path(..) => {
                let bare = self.param(e).and_then(|(id, ty)| {
                    (*ty == ParamType::Bool).then_some(Atom::Param { param: id, choice: 1 })
                });
                match bare {
                    Some(atom) => self.flag(&atom),
                    None => {
                        let term = self.term(e, at);
                        self.is(Name::Filled(term))
                    }
                }
            }
            other => self.is(Name::Opaque(format!("{} {other:?}", at.job))),
        }
    }

    /// A flag is one thing or the other.
    fn flag(&mut self, yes: &Atom) -> Formula {
        let Atom::Param { param, .. } = yes else {
            return self.is(Name::Plan(yes.clone()));
        };
        let first = !self.ties(yes);
        let no = Atom::Param {
            param: *param,
            choice: 0,
        };
        let (yes, no) = (self.is(Name::Plan(yes.clone())), self.is(Name::Plan(no)));
        if first {
            self.logic.assume(&Formula::any([yes.clone(), no.clone()]));
            self.logic
                .assume(&Formula::any([yes.clone().negate(), no.negate()]));
        }
        yes
    }

    /// The jobs before a job.
    pub fn ancestors(&self, job: usize) -> BTreeSet<usize> {
        let mut all = BTreeSet::new();
        let mut open = self.flow.jobs[job].needs.clone();
        while let Some(j) = open.pop() {
            if all.insert(j) {
                open.extend(&self.flow.jobs[j].needs);
            }
        }
        all
    }

    /// The input that an expression begins with, when it is a parameter of the plan.
    fn param(&self, e: &Expr) -> Option<(ParamId, &'w ParamType)> {
        let Expr::Path(root, path) = e else { return None };
        let [name] = path.as_slice() else { return None };
        if root.as_ref() != "inputs" {
            return None;
        }
        let mut ids = (0..self.release.params.len()).map(ParamId::at);
        let id = ids.find(|id| input_name(self.release, *id) == name.as_ref())?;
        Some((id, &self.release.param(id).ty))
    }

    /// The job that an expression reads, when it needs it, and the names behind it.
    fn needed<'e>(&self, e: &'e Expr, job: usize) -> Option<(Option<usize>, &'e [std::sync::Arc<str>])> {
        let Expr::Path(root, path) = e else { return None };
        let (first, rest) = path.split_first()?;
        if root.as_ref() != "needs" {
            return None;
        }
        let found = self.flow.index.get(&first.to_ascii_lowercase()).copied();
        Some((found.filter(|j| self.flow.jobs[job].needs.contains(j)), rest))
    }

    /// A text is this one.
    fn equal(&mut self, term: &Expr, text: &str, at: Place) -> Formula {
        // Of texts one of which is taken, the first says what is meant.
        let firsts: &[Expr] = match term {
            Expr::Or(list) => list,
            one => std::slice::from_ref(one),
        };
        for first in firsts {
            if let Some(tied) = self.tied(first, text, at) {
                return tied;
            }
        }
        let key = self.term(term, at);
        if let [one] = firsts
            && let Some((None, _)) = self.needed(one, at.job)
        {
            // A job that is not needed has no result and no output.
            return Formula::Const(text.is_empty());
        }
        let known = self.terms.get(&key).cloned().unwrap_or_default();
        if let Some((_, literal)) = known.iter().find(|(t, _)| t == text) {
            return Formula::Is(*literal);
        }
        let own = self.is(Name::Equal(key.clone(), text.to_string()));
        if let [one] = firsts
            && let Some((Some(job), [what, ..])) = self.needed(one, at.job)
            && what.as_ref() == "outputs"
            && !text.is_empty()
        {
            // A job that does not run leaves nothing.
            let runs = self.runs[job].clone();
            self.logic.assume(&own.clone().implies(runs));
        }
        for (_, other) in &known {
            let both = [own.clone().negate(), Formula::Is(*other).negate()];
            self.logic.assume(&Formula::any(both));
        }
        if let Formula::Is(literal) = own {
            self.terms
                .entry(key)
                .or_default()
                .push((text.to_string(), literal));
        }
        own
    }

    /// A text is this one, where that is what the plan says or what GitHub does.
    fn tied(&mut self, term: &Expr, text: &str, at: Place) -> Option<Formula> {
        if let Some((id, ty)) = self.param(term) {
            let words: Vec<String> = match ty {
                ParamType::OneOf(words) => words.iter().map(ToString::to_string).collect(),
                ParamType::Environment => {
                    let all = self.release.environments.iter();
                    all.map(|e| e.name.to_string()).collect()
                }
                _ => return None,
            };
            let choice = words.iter().position(|w| w.to_lowercase() == text)?;
            let atom = |choice| Atom::Param { param: id, choice };
            return Some(self.one_of((0..words.len()).map(atom).collect(), choice));
        }
        if let Some((job, rest)) = self.needed(term, at.job) {
            return match rest {
                [what] if what.as_ref() == "result" => {
                    Some(match (job, RESULTS.iter().position(|r| *r == text)) {
                        (Some(job), Some(result)) => self.result(job, result),
                        (Some(_), None) => Formula::Const(false),
                        (None, _) => Formula::Const(text.is_empty()),
                    })
                }
                [what, output] if what.as_ref() == "outputs" => self.output(job?, output, text),
                _ => None,
            };
        }
        match (term, at.step) {
            // A run that a clock or another workflow starts has no inputs, and the plan's defaults hold.
            (Expr::Path(root, path), _) if root.as_ref() == "github" => {
                let [name] = path.as_slice() else { return None };
                match name.as_ref() {
                    "event_name" => Some(Formula::Const(text == "workflow_dispatch")),
                    // A later attempt does nothing: `structure` sees to it.
                    "run_attempt" => Some(Formula::Const(text == "1")),
                    _ => None,
                }
            }
            (Expr::Path(root, path), Some(_)) if root.as_ref() == "steps" => match path.as_slice() {
                [step, what, output] if what.as_ref() == "outputs" => {
                    self.step_output(at.job, step, output, text)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Of several, at most one is so.
    fn one_of(&mut self, list: Vec<Atom>, choice: usize) -> Formula {
        let first = !self.ties(&list[choice]);
        let all: Vec<Formula> = list.iter().map(|a| self.is(Name::Plan(a.clone()))).collect();
        if first {
            for (i, one) in all.iter().enumerate() {
                for other in &all[i + 1..] {
                    let both = [one.clone().negate(), other.clone().negate()];
                    self.logic.assume(&Formula::any(both));
                }
            }
        }
        all[choice].clone()
    }

    /// An output of a job is this text, where that says what the plan says.
    fn output(&mut self, job: usize, output: &str, text: &str) -> Option<Formula> {
        if let Some(d) = self.decisions.get(&job).copied() {
            let options = &self.release.decision(d).options;
            if let Some(option) = options.iter().position(|o| o.name.to_lowercase() == text) {
                let atom = |option| Atom::Decision { decision: d, option };
                return Some(self.one_of((0..options.len()).map(atom).collect(), option));
            }
        }
        let outputs = &self.flow.jobs[job].outputs;
        let (_, parts) = outputs.iter().find(|(name, _)| name == output)?;
        let [Part::Expr(Expr::Path(root, path))] = parts.as_slice() else {
            return None;
        };
        match path.as_slice() {
            [step, what, output] if root.as_ref() == "steps" && what.as_ref() == "outputs" => {
                self.step_output(job, step, output, text)
            }
            _ => None,
        }
    }

    /// An output of a step is this text, where the step decides conditions of the plan.
    fn step_output(&mut self, job: usize, step: &str, output: &str, text: &str) -> Option<Formula> {
        let steps = &self.flow.jobs[job].steps;
        let index = steps.iter().position(|s| s.id.as_deref() == Some(step))?;
        if index >= self.steps.get(job)?.len() {
            return None;
        }
        let decides = steps[index].entries.iter().find_map(|e| match &e.does {
            Does::Decides(list) => list.iter().find(|(name, ..)| name == output),
            _ => None,
        });
        let (_, Some(cond), None) = decides? else {
            return None;
        };
        let cond = cond.clone();
        let decided = self.is(Name::Decided(job, index));
        let truth = match text {
            "true" => self.plan(&cond),
            "false" => self.plan(&cond).negate(),
            _ => return None,
        };
        let went = [self.well(job), self.steps[job][index].clone()];
        self.logic.assume(&Formula::all(went).implies(decided.clone()));
        Some(Formula::all([decided, truth]))
    }

    /// A condition of the plan.
    pub fn plan(&mut self, cond: &Cond) -> Formula {
        match cond {
            Cond::True => Formula::Const(true),
            Cond::False => Formula::Const(false),
            Cond::Not(c) => self.plan(c).negate(),
            Cond::And(l) => Formula::all(l.iter().map(|c| self.plan(c)).collect::<Vec<_>>()),
            Cond::Or(l) => Formula::any(l.iter().map(|c| self.plan(c)).collect::<Vec<_>>()),
            Cond::Atom(a) => self.atom(a),
        }
    }

    fn atom(&mut self, atom: &Atom) -> Formula {
        match atom {
            Atom::Param { param, choice } => match &self.release.param(*param).ty {
                ParamType::Bool => {
                    let yes = self.flag(&Atom::Param {
                        param: *param,
                        choice: 1,
                    });
                    if *choice == 1 { yes } else { yes.negate() }
                }
                _ => self.is(Name::Plan(atom.clone())),
            },
            other => self.is(Name::Plan(other.clone())),
        }
    }

    /// A list holds a word.
    fn lists(&mut self, list: &Expr, word: &str, at: Place) -> Formula {
        let inner = match list {
            Expr::Call(Func::FromJson, args) => args.first().unwrap_or(list),
            other => other,
        };
        let first = match inner {
            Expr::Or(list) => list.first().unwrap_or(inner),
            other => other,
        };
        if let Some((None, _)) = self.needed(first, at.job) {
            return Formula::Const(false);
        }
        let key = self.term(first, at);
        self.asked
            .entry(key.clone())
            .or_default()
            .insert(word.to_string());
        self.is(Name::Lists(key, word.to_string()))
    }

    /// What a text is called; texts of steps belong to their job.
    fn term(&self, e: &Expr, at: Place) -> String {
        match e {
            Expr::Path(root, path) => {
                let own = if root.as_ref() == "steps" {
                    [&self.flow.jobs[at.job].id, ": "].concat()
                } else {
                    String::new()
                };
                let mut text = own + root;
                for name in path {
                    text.push('.');
                    text.push_str(name);
                }
                text
            }
            other => format!("{other:?}"),
        }
    }
}

/// The parts of the plan that the steps of a workflow are.
fn stands(flow: &Workflow<'_>) -> Vec<Stands> {
    let mut list = Vec::new();
    for (job, def) in flow.jobs.iter().enumerate() {
        for (step, s) in def.steps.iter().enumerate() {
            // Of steps with the same text in one job, each is the next of what that text stands for.
            let same = |other: &&crate::proof::github::workflow::Step<'_>| {
                other.entries.first().map(|e| &e.text) == s.entries.first().map(|e| &e.text)
            };
            let before = def.steps[..step].iter().filter(same).count();
            let Some(entry) = s.entries.get(before).or(s.entries.last()) else {
                continue;
            };
            list.extend(entry.parts.iter().map(|part| Stands {
                part: part.clone(),
                job,
                step,
            }));
        }
    }
    list
}
