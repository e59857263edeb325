//! The variants of a plan: which stages, approvals, decisions and gates apply under which choices.
//!
//! Parameters, decisions, failures that the plan survives and comparisons of captures are variables; what applies when is a
//! condition over them, exact up to the budget of the diagram. Asked through [`Plan::variants`]. Must not report findings.

use crate::model::{Cond, GateId};
use crate::plan::engine::Engine;
use crate::plan::{Node, Plan, Pred};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether a condition can be met, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// In no variant.
    Never,
    /// In this one, named by the fewest choices; empty when every variant does.
    In(Variant),
    /// There are too many variants to tell.
    Undecided,
}

/// The choices that make out a variant, by what they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// In words, each to follow "when": `` `kind` is `patch` ``.
    pub choices: Vec<String>,
    /// The choices as a condition.
    pub at: Pred,
}

impl Variant {
    /// Any variant at all.
    pub fn any() -> Variant {
        Variant {
            choices: Vec::new(),
            at: Pred::TRUE,
        }
    }

    /// The choices as one clause, `None` when there are none.
    pub fn clause(&self) -> Option<String> {
        (!self.choices.is_empty()).then(|| format!("when {}", self.choices.join(" and ")))
    }
}

/// The most rows of a table.
const ROWS: usize = 4_096;

/// Variants in words: what can vary, and the choices that are meant.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// For each thing that varies, its choices in words.
    columns: Vec<Vec<String>>,
    /// A choice for each column.
    rows: Vec<Vec<usize>>,
}

impl Table {
    /// A variant of this table that the other does not have, as a clause; `None` when there is none, or when they cannot be compared.
    pub fn beyond(&self, other: &Table) -> Option<String> {
        // What the other varies besides: any of its choices may be meant.
        let missing: Vec<&Vec<String>> = other
            .columns
            .iter()
            .filter(|c| !self.columns.contains(c))
            .collect();
        let many = missing
            .iter()
            .map(|c| c.len())
            .try_fold(self.rows.len().max(1), usize::checked_mul);
        if many.is_none_or(|n| n > ROWS) {
            return None;
        }
        let has = |words: &[&str]| {
            other.rows.iter().any(|row| {
                let mut chosen = row.iter().zip(&other.columns);
                chosen.all(|(c, column)| words.contains(&column[*c].as_str()))
            })
        };
        for row in &self.rows {
            let own: Vec<&str> = row
                .iter()
                .zip(&self.columns)
                .map(|(c, w)| w[*c].as_str())
                .collect();
            let mut all = vec![own];
            for column in &missing {
                let longer = all.iter().flat_map(|words| {
                    column
                        .iter()
                        .map(move |w| words.iter().copied().chain([w.as_str()]).collect())
                });
                all = longer.collect();
            }
            if let Some(words) = all.iter().find(|words| !has(words)) {
                return Some(format!("when {}", words.join(" and ")));
            }
        }
        None
    }
}

/// What can vary, and what applies when.
#[derive(Debug)]
pub struct Variants {
    engine: Mutex<Engine>,
    stages: Vec<Pred>,
    approvals: Vec<Pred>,
    decisions: Vec<Pred>,
    gates: Vec<Pred>,
    valid: Pred,
}

impl Clone for Variants {
    fn clone(&self) -> Self {
        Variants {
            engine: Mutex::new(self.lock().clone()),
            stages: self.stages.clone(),
            approvals: self.approvals.clone(),
            decisions: self.decisions.clone(),
            gates: self.gates.clone(),
            valid: self.valid,
        }
    }
}

impl Variants {
    pub(crate) fn new(plan: &Plan) -> Variants {
        let r = plan.release();
        let mut engine = Engine::new(r);
        let mut approvals = vec![Pred::TRUE; r.approvals.len()];
        for node in plan.order() {
            match node {
                Node::Stage(s) => {
                    let p = engine.compile(plan, &r.stage(s).when);
                    engine.stages[s.index()] = Some(p);
                }
                Node::Approval(a) => approvals[a.index()] = engine.compile(plan, &r.approval(a).when),
                Node::Decision(d) => {
                    let p = engine.compile(plan, &r.decision(d).when);
                    engine.decisions[d.index()] = Some(p);
                }
            }
        }
        for g in 0..r.gates.len() {
            engine.gate(plan, GateId::at(g));
        }
        let valid = engine.valid(plan);
        let settle = |list: &[Option<Pred>]| list.iter().map(|p| p.unwrap_or(Pred::UNDECIDED)).collect();
        Variants {
            stages: settle(&engine.stages),
            decisions: settle(&engine.decisions),
            gates: settle(&engine.gates),
            approvals,
            valid,
            engine: Mutex::new(engine),
        }
    }

    /// The engine, for many operations in a row.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much was worked out so far: conditions, and steps between them. A measure of work that no clock disturbs.
    pub fn work(&self) -> usize {
        self.lock().diagram.work()
    }

    /// When a node applies.
    pub fn applies(&self, node: Node) -> Pred {
        match node {
            Node::Stage(s) => self.stages[s.index()],
            Node::Approval(a) => self.approvals[a.index()],
            Node::Decision(d) => self.decisions[d.index()],
        }
    }

    /// When a gate is judged by anything.
    pub fn gate_applies(&self, gate: GateId) -> Pred {
        self.gates[gate.index()]
    }

    /// What the plan's asserts and decisions allow.
    pub fn valid(&self) -> Pred {
        self.valid
    }

    /// A condition of this plan.
    pub fn of(&self, plan: &Plan, cond: &Cond) -> Pred {
        self.lock().compile(plan, cond)
    }

    /// Both.
    pub fn and(&self, a: Pred, b: Pred) -> Pred {
        self.lock().diagram.and(a, b)
    }

    /// Either.
    pub fn or(&self, a: Pred, b: Pred) -> Pred {
        self.lock().diagram.or(a, b)
    }

    /// The opposite.
    pub fn not(&self, a: Pred) -> Pred {
        self.lock().diagram.not(a)
    }

    /// The one without the other.
    pub fn without(&self, a: Pred, b: Pred) -> Pred {
        let mut e = self.lock();
        let not = e.diagram.not(b);
        e.diagram.and(a, not)
    }

    /// Whether, and in which variant, a condition can be met.
    pub fn find(&self, plan: &Plan, p: Pred) -> Truth {
        let mut e = self.lock();
        let wanted = p;
        let p = e.diagram.and(wanted, self.valid);
        if p == Pred::FALSE {
            return Truth::Never;
        }
        match e.diagram.witness(p) {
            Some(mut choices) => {
                // What every variant has need not be said.
                let mut at = 0;
                while at < choices.len() {
                    let mut rest = self.valid;
                    for (k, (variable, choice)) in choices.iter().enumerate() {
                        if k != at {
                            let is = e.diagram.is(*variable, *choice);
                            rest = e.diagram.and(rest, is);
                        }
                    }
                    let not = e.diagram.not(wanted);
                    if e.diagram.and(rest, not) == Pred::FALSE {
                        choices.remove(at);
                    } else {
                        at += 1;
                    }
                }
                let mut variant = Variant {
                    choices: Vec::with_capacity(choices.len()),
                    at: Pred::TRUE,
                };
                for (variable, choice) in choices {
                    variant.choices.push(e.name(plan.release(), variable, choice));
                    let is = e.diagram.is(variable, choice);
                    variant.at = e.diagram.and(variant.at, is);
                }
                Truth::In(variant)
            }
            None => Truth::Undecided,
        }
    }

    /// The variants that meet a condition, as a table that can be compared with one of another plan; `None` when they are undecided or
    /// too many.
    pub fn table(&self, plan: &Plan, p: Pred) -> Option<Table> {
        let mut e = self.lock();
        let p = e.diagram.and(p, self.valid);
        let variables = e.diagram.variables(p)?;
        let mut table = Table::default();
        let mut rows: Vec<Vec<(u32, usize)>> = vec![Vec::new()];
        for v in variables {
            let choices = e.diagram.choices(v);
            if rows.len().saturating_mul(choices) > ROWS {
                return None;
            }
            let words: Vec<String> = (0..choices).map(|c| e.name(plan.release(), v, c)).collect();
            table.columns.push(words);
            let longer = rows
                .iter()
                .flat_map(|row| (0..choices).map(move |c| row.iter().copied().chain([(v, c)]).collect()));
            rows = longer.collect();
        }
        for row in rows {
            if e.diagram.holds(p, &row) {
                table.rows.push(row.into_iter().map(|(_, c)| c).collect());
            }
        }
        Some(table)
    }

    /// Whether a condition can surely be met.
    pub fn possible(&self, p: Pred) -> bool {
        let mut e = self.lock();
        let p = e.diagram.and(p, self.valid);
        e.diagram.witness(p).is_some()
    }

    /// Whether the first surely implies the second.
    pub fn implies(&self, a: Pred, b: Pred) -> bool {
        let mut e = self.lock();
        let not = e.diagram.not(b);
        let p = e.diagram.and(a, not);
        e.diagram.and(p, self.valid) == Pred::FALSE
    }

    /// Whether a condition surely holds in every variant.
    pub fn always(&self, p: Pred) -> bool {
        self.implies(Pred::TRUE, p)
    }
}
