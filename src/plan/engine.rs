//! Conditions of the model turned into predicates: which variables there are and what an atom means.
//!
//! Used by the variants and by the analyses that run over them. Must not know the order of the plan.

use crate::model::{
    Atom, Cond, Failure, FailureOutcome, GateId, GateOutcome, OnFailure, OptionOutcome, OptionTestExpr,
    Outcome, ParamId, ParamType, Release, StageId, StepKind, Subject, Value,
};
use crate::plan::predicate::{Diagram, Pred};
use crate::plan::{Plan, show};
use crate::source::hash::Map;

/// What a variable stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Variable {
    /// The choice of a parameter.
    Param(ParamId),
    /// The option of a decision; one choice more than options when it may not be asked.
    Decision(crate::model::DecisionId),
    /// Choice 1: it failed, and the plan went on.
    Failed(Subject),
    /// Which of the constants a value equals; the last choice is none of them.
    Equals(Value, Vec<Value>),
    /// Choice 1: it holds.
    Holds(Atom),
}

/// The diagram with its variables, while and after the plan is read.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    pub(crate) diagram: Diagram,
    variables: Vec<Variable>,
    params: Map<ParamId, u32>,
    decided: Map<crate::model::DecisionId, u32>,
    failed: Map<Subject, u32>,
    equals: Map<Value, u32>,
    holds: Map<Atom, u32>,
    pub(crate) stages: Vec<Option<Pred>>,
    pub(crate) decisions: Vec<Option<Pred>>,
    pub(crate) gates: Vec<Option<Pred>>,
    open_gates: Vec<GateId>,
}

impl Engine {
    pub(crate) fn new(r: &Release) -> Engine {
        let mut engine = Engine {
            diagram: Diagram::default(),
            variables: Vec::new(),
            params: Map::default(),
            decided: Map::default(),
            failed: Map::default(),
            equals: Map::default(),
            holds: Map::default(),
            stages: vec![None; r.stages.len()],
            decisions: vec![None; r.decisions.len()],
            gates: vec![None; r.gates.len()],
            open_gates: Vec::new(),
        };
        engine.gather_constants(r);
        engine
    }

    /// Which constants each unknown value is compared with, so that two of them exclude each other.
    fn gather_constants(&mut self, r: &Release) {
        let mut compared: indexmap::IndexMap<Value, Vec<Value>> = indexmap::IndexMap::new();
        for cond in conditions(r) {
            for atom in cond.atoms() {
                if let Atom::Equal(a, b) = atom
                    && let Some((sym, constant)) = split(a, b)
                {
                    let list = compared.entry(sym.clone()).or_default();
                    if !list.contains(constant) {
                        list.push(constant.clone());
                    }
                }
            }
        }
        for (sym, constants) in compared {
            let arity = constants.len() + 1;
            if let Some(v) = self.variable(Variable::Equals(sym.clone(), constants), arity) {
                self.equals.insert(sym, v);
            }
        }
    }

    fn variable(&mut self, what: Variable, choices: usize) -> Option<u32> {
        let v = self.diagram.variable(choices)?;
        self.variables.push(what);
        Some(v)
    }

    /// A condition as it stands where a node starts: what ends the run is not among its outcomes.
    pub(crate) fn compile(&mut self, plan: &Plan, cond: &Cond) -> Pred {
        match cond {
            Cond::True => Pred::TRUE,
            Cond::False => Pred::FALSE,
            Cond::And(list) => list.iter().fold(Pred::TRUE, |all, c| {
                let p = self.compile(plan, c);
                self.diagram.and(all, p)
            }),
            Cond::Or(list) => list.iter().fold(Pred::FALSE, |any, c| {
                let p = self.compile(plan, c);
                self.diagram.or(any, p)
            }),
            Cond::Not(c) => {
                let p = self.compile(plan, c);
                self.diagram.not(p)
            }
            Cond::Atom(atom) => self.atom(plan, atom),
        }
    }

    fn atom(&mut self, plan: &Plan, atom: &Atom) -> Pred {
        let r = plan.release();
        match atom {
            Atom::Param { param, choice } => {
                let choices = param_choices(r, *param);
                let known = self.params.get(param).copied();
                let Some(v) = known.or_else(|| self.variable(Variable::Param(*param), choices)) else {
                    return Pred::UNDECIDED;
                };
                self.params.insert(*param, v);
                self.is(v, *choice)
            }
            Atom::Decision { decision, option } => {
                let d = r.decision(*decision);
                if !d.options.get(*option).is_some_and(|o| goes_on(&o.then)) {
                    return Pred::FALSE;
                }
                let applies = self.decisions[decision.index()].unwrap_or(Pred::UNDECIDED);
                let taken = self.option(plan, *decision, *option);
                self.diagram.and(applies, taken)
            }
            Atom::Outcome { subject, outcome } => {
                let (applies, survives) = match subject {
                    Subject::Stage(s) => (
                        self.stages[s.index()].unwrap_or(Pred::UNDECIDED),
                        survives(r, r.stage(*s).on_failure.as_ref()),
                    ),
                    Subject::Gate(g) => (self.gate(plan, *g), gate_survives(plan, *g)),
                };
                let failed = if survives {
                    self.failed(*subject)
                } else {
                    Pred::FALSE
                };
                match outcome {
                    Outcome::NotApplicable => self.diagram.not(applies),
                    Outcome::Failed => self.diagram.and(applies, failed),
                    Outcome::Passed => {
                        let passed = self.diagram.not(failed);
                        self.diagram.and(applies, passed)
                    }
                }
            }
            Atom::Equal(a, b) => self.equal(atom, a, b),
            Atom::Compare(..) => self.opaque(atom),
        }
    }

    fn equal(&mut self, atom: &Atom, a: &Value, b: &Value) -> Pred {
        if let Some((sym, constant)) = split(a, b)
            && let Some(v) = self.equals.get(sym).copied()
            && let Variable::Equals(_, constants) = &self.variables[v as usize]
            && let Some(choice) = constants.iter().position(|c| c == constant)
        {
            return self.is(v, choice);
        }
        if a == b {
            return Pred::TRUE;
        }
        self.opaque(atom)
    }

    fn opaque(&mut self, atom: &Atom) -> Pred {
        let known = self.holds.get(atom).copied();
        let Some(v) = known.or_else(|| self.variable(Variable::Holds(atom.clone()), 2)) else {
            return Pred::UNDECIDED;
        };
        self.holds.insert(atom.clone(), v);
        self.is(v, 1)
    }

    fn failed(&mut self, subject: Subject) -> Pred {
        let known = self.failed.get(&subject).copied();
        let Some(v) = known.or_else(|| self.variable(Variable::Failed(subject), 2)) else {
            return Pred::UNDECIDED;
        };
        self.failed.insert(subject, v);
        self.is(v, 1)
    }

    /// An option is taken, whether or not the run goes on.
    pub(crate) fn option(&mut self, plan: &Plan, decision: crate::model::DecisionId, option: usize) -> Pred {
        let r = plan.release();
        let known = self.decided.get(&decision).copied();
        let made = known.or_else(|| {
            let d = r.decision(decision);
            let choices = d.options.len() + usize::from(r.asked_on_failure_only(decision));
            self.variable(Variable::Decision(decision), choices)
        });
        let Some(v) = made else {
            return Pred::UNDECIDED;
        };
        self.decided.insert(decision, v);
        self.is(v, option)
    }

    fn is(&mut self, variable: u32, choice: usize) -> Pred {
        if choice >= self.diagram.choices(variable) {
            return Pred::FALSE;
        }
        self.diagram.is(variable, choice)
    }

    /// When a gate is judged: its own condition, and a stage that judges it.
    pub(crate) fn gate(&mut self, plan: &Plan, gate: GateId) -> Pred {
        if let Some(known) = self.gates[gate.index()] {
            return known;
        }
        if self.open_gates.contains(&gate) {
            return Pred::UNDECIDED;
        }
        self.open_gates.push(gate);
        let r = plan.release();
        let mut any = Pred::FALSE;
        let mut settled = true;
        for s in plan.judges(gate) {
            let s = *s;
            let stage = r.stage(s);
            settled &= self.stages[s.index()].is_some();
            let here = self.stages[s.index()].unwrap_or(Pred::UNDECIDED);
            let mut judged = Pred::FALSE;
            if stage.require.iter().any(|(g, _)| *g == gate) {
                judged = Pred::TRUE;
            }
            for step in stage.forward_steps() {
                if matches!(&step.kind, StepKind::VerifyGate(g) if *g == gate) {
                    let p = self.compile(plan, &step.when);
                    judged = self.diagram.or(judged, p);
                }
            }
            let both = self.diagram.and(here, judged);
            any = self.diagram.or(any, both);
        }
        let own = self.compile(plan, &r.gate(gate).when);
        let result = self.diagram.and(own, any);
        self.open_gates.pop();
        // Asked by a stage that judges it itself, the answer is not known yet.
        if settled {
            self.gates[gate.index()] = Some(result);
        }
        result
    }

    /// What asserts exclude, and which options are taken without asking.
    pub(crate) fn valid(&mut self, plan: &Plan) -> Pred {
        let r = plan.release();
        let mut valid = Pred::TRUE;
        for assert in &r.asserts {
            let p = self.compile(plan, &assert.holds);
            valid = self.diagram.and(valid, p);
        }
        for (i, decision) in r.decisions.iter().enumerate() {
            let id = crate::model::DecisionId::at(i);
            if !self.decided.contains_key(&id) {
                continue;
            }
            let mut earlier = Pred::FALSE;
            for (o, option) in decision.options.iter().enumerate() {
                let Some(OptionTestExpr::Cond(test)) = &option.test else {
                    continue;
                };
                let test = self.compile(plan, test);
                let not_before = self.diagram.not(earlier);
                let first = self.diagram.and(test, not_before);
                let taken = self.option(plan, id, o);
                let not_first = self.diagram.not(first);
                let rule = self.diagram.or(not_first, taken);
                valid = self.diagram.and(valid, rule);
                earlier = self.diagram.or(earlier, test);
            }
        }
        valid
    }

    /// A choice in words, to follow "when".
    pub(crate) fn name(&self, r: &Release, variable: u32, choice: usize) -> String {
        match &self.variables[variable as usize] {
            Variable::Param(p) => {
                let param = r.param(*p);
                match &param.ty {
                    ParamType::OneOf(words) => format!("`{}` is `{}`", param.name, words[choice]),
                    ParamType::Environment => {
                        format!("`{}` is `{}`", param.name, r.environments[choice].name)
                    }
                    _ => format!("`{}` is {}", param.name, choice == 1),
                }
            }
            Variable::Decision(d) => {
                let d = r.decision(*d);
                match d.options.get(choice) {
                    Some(o) => format!("`{}` comes out `{}`", d.name, o.name),
                    None => format!("`{}` is not asked", d.name),
                }
            }
            Variable::Failed(subject) => {
                let name = match subject {
                    Subject::Stage(s) => &r.stage(*s).name,
                    Subject::Gate(g) => &r.gate(*g).name,
                };
                format!("`{name}` {}", if choice == 1 { "fails" } else { "passes" })
            }
            Variable::Equals(sym, constants) => {
                let sym = show::value(r, sym);
                match constants.get(choice) {
                    Some(c) => format!("`{sym}` is `{}`", show::value(r, c)),
                    None => format!("`{sym}` is something else"),
                }
            }
            Variable::Holds(atom) => {
                let (left, sign, right) = match atom {
                    Atom::Compare(op, a, b) => (a, op.sign(), b),
                    Atom::Equal(a, b) => (a, "==", b),
                    _ => return "a condition holds".to_string(),
                };
                let text = format!("`{} {sign} {}`", show::value(r, left), show::value(r, right));
                format!("{text} {}", if choice == 1 { "holds" } else { "does not hold" })
            }
        }
    }
}

/// The unknown side and the constant side of a comparison, when it has both.
fn split<'a>(a: &'a Value, b: &'a Value) -> Option<(&'a Value, &'a Value)> {
    match (a.syms().is_empty(), b.syms().is_empty()) {
        (false, true) => Some((a, b)),
        (true, false) => Some((b, a)),
        _ => None,
    }
}

/// How many choices a parameter has where a condition asks for it.
fn param_choices(r: &Release, param: ParamId) -> usize {
    match &r.param(param).ty {
        ParamType::OneOf(words) => words.len(),
        ParamType::Environment => r.environments.len(),
        _ => 2,
    }
}

/// Whether the run can go on after a failure with this outcome.
pub(crate) fn outcome_goes_on(outcome: &FailureOutcome) -> bool {
    matches!(
        outcome,
        FailureOutcome::Continue { .. } | FailureOutcome::Pause | FailureOutcome::Escalate(_)
    )
}

/// Whether the run can go on after an option.
pub(crate) fn goes_on(then: &OptionOutcome) -> bool {
    match then {
        OptionOutcome::Proceed => true,
        OptionOutcome::Then(o) => outcome_goes_on(o),
    }
}

/// Whether the plan can go on although a stage failed.
pub(crate) fn survives(r: &Release, on_failure: Option<&OnFailure>) -> bool {
    match on_failure.or(r.on_failure.as_ref()).map(|f| &f.then) {
        None => false,
        Some(Failure::Then(o)) => outcome_goes_on(o),
        Some(Failure::Decision(d)) => r.decision(*d).options.iter().any(|o| goes_on(&o.then)),
    }
}

/// Whether the plan can go on although a gate failed.
pub(crate) fn gate_survives(plan: &Plan, gate: GateId) -> bool {
    let r = plan.release();
    match &r.gate(gate).otherwise {
        Some((GateOutcome::Then(o), _)) => outcome_goes_on(o),
        Some((GateOutcome::Decision(d), _)) => r.decision(*d).options.iter().any(|o| goes_on(&o.then)),
        None => {
            let judge = |s: &StageId| survives(r, r.stage(*s).on_failure.as_ref());
            plan.judges(gate).iter().any(judge)
        }
    }
}

/// Every condition written in a release.
fn conditions(r: &Release) -> impl Iterator<Item = &Cond> {
    let stages = r.stages.iter().flat_map(|s| {
        let rollout = s.rollout.iter().flat_map(|r| &r.steps).map(|step| &step.when);
        let steps = s.forward_steps().into_iter().map(|step| &step.when);
        std::iter::once(&s.when).chain(rollout).chain(steps)
    });
    stages
        .chain(r.approvals.iter().map(|a| &a.when))
        .chain(r.decisions.iter().map(|d| &d.when))
        .chain(r.gates.iter().map(|g| &g.when))
        .chain(r.asserts.iter().map(|a| &a.holds))
        .chain(r.notifies.iter().map(|n| &n.when))
        .chain(r.obligations.iter().map(|o| &o.when))
        .chain(r.checklists.iter().flat_map(|c| &c.items).map(|i| &i.when))
}
