//! What is decided outside the plan in one run, as far as an artifact can see it.
//!
//! The default is that all goes well and everybody agrees. Made by `scenarios`, read by the models of the targets and by
//! `contract`.

use crate::emit::parts::{At, Deed, Purpose, Test};
use crate::model::{ApprovalId, Atom, Cond, DecisionId, GateId, OptionOutcome, ParamId, Release, TriggerId};
use std::collections::{BTreeMap, BTreeSet};

/// What can come out one way or another in the runs of an artifact.
#[derive(Debug, Clone, Default)]
pub struct Open {
    /// The parts of the plan that it does.
    pub parts: BTreeSet<Purpose>,
    /// The conditions that its own facts do not decide.
    pub tests: Vec<Test>,
}

/// One run's outcomes.
#[derive(Debug, Clone, Default)]
pub struct Scenario {
    /// Calls that fail, and people who say no.
    pub fails: BTreeSet<Purpose>,
    /// They fail the first time only.
    pub once: bool,
    /// Questions that nobody answers.
    pub silent: BTreeSet<Purpose>,
    /// Gates whose metrics are not as they should be.
    pub gates: BTreeSet<GateId>,
    /// Gates whose metrics have no data.
    pub blank: BTreeSet<GateId>,
    /// An approval that fewer people granted than it needs.
    pub few: Option<ApprovalId>,
    /// Two approvals that the same person granted.
    pub same: Option<(ApprovalId, ApprovalId)>,
    /// The option taken where it is not the way on.
    pub options: BTreeMap<DecisionId, usize>,
    /// What the owner answers when the run pauses: 0 retry, 1 proceed, 2 rollback, 3 stop.
    pub resume: usize,
    /// A trigger that fires.
    pub fires: Option<TriggerId>,
    /// The choices of parameters that are not the first.
    pub params: BTreeMap<ParamId, usize>,
    /// Comparisons that come out the other way.
    pub flipped: Vec<Atom>,
    /// Comparisons that do not hold when all goes well.
    pub false_atoms: Vec<Atom>,
    /// Somebody of the plan is not in the table of principals.
    pub unknown: bool,
    /// An input that the plan does not allow.
    pub problem: Option<usize>,
    /// Somebody breaks the run off while this part is under way.
    pub cancel: Option<Purpose>,
    /// What fails takes so many seconds; everything else takes one minute.
    pub slow: Option<u32>,
}

impl Scenario {
    /// All goes well: the assertions of the plan hold.
    pub fn well(release: &Release) -> Scenario {
        let mut scenario = Scenario {
            resume: 2,
            ..Scenario::default()
        };
        let mut deny = Vec::new();
        for act in release.acts() {
            for assertion in &act.assertions {
                denied(&assertion.holds, true, &mut deny);
            }
        }
        for assert in &release.asserts {
            denied(&assert.holds, true, &mut deny);
        }
        scenario.false_atoms = deny;
        scenario
    }

    /// How a comparison comes out.
    pub fn atom(&self, atom: &Atom) -> bool {
        if let Atom::Param { param, choice } = atom {
            return self.params.get(param).copied().unwrap_or(0) == *choice;
        }
        let mut truth = !self.false_atoms.contains(atom);
        if self.flipped.contains(atom) {
            truth = !truth;
        }
        truth
    }

    /// The option of a decision that is taken: the one told, else the first way on, else the first.
    pub fn option(&self, release: &Release, decision: DecisionId) -> usize {
        self.options.get(&decision).copied().unwrap_or_else(|| {
            let options = &release.decision(decision).options;
            options
                .iter()
                .position(|o| matches!(o.then, OptionOutcome::Proceed))
                .unwrap_or(0)
        })
    }

    /// Whether a question of a part is answered, and how; nothing when nobody does.
    pub fn answer(&self, release: &Release, purpose: &Purpose, times: usize) -> Option<bool> {
        if self.silent.contains(purpose) {
            return None;
        }
        match purpose.deed {
            Deed::Decide(d, option) => (self.option(release, d) == option).then_some(true),
            Deed::Resume(answer) => (self.resume == answer).then_some(true),
            Deed::Alarm(t) => (self.fires == Some(t)).then_some(true),
            Deed::Judge(g) if self.gates.contains(&g) => Some(false),
            _ => Some(!self.failing(purpose, times)),
        }
    }

    /// Whether a call of a part fails.
    pub fn failing(&self, purpose: &Purpose, times: usize) -> bool {
        let gate = matches!(purpose.deed, Deed::Judge(g) if self.gates.contains(&g));
        (gate || self.fails.contains(purpose)) && !(self.once && times > 0)
    }

    /// What went wrong, in words.
    pub fn words(&self, release: &Release) -> String {
        let mut list: Vec<String> = Vec::new();
        for p in &self.fails {
            let how = if self.once { " fails once" } else { " fails" };
            list.push(words(release, p) + how);
        }
        for p in &self.silent {
            list.push([&words(release, p), " is not answered"].concat());
        }
        for g in &self.gates {
            list.push(["gate `", &release.gate(*g).name, "` does not pass"].concat());
        }
        for g in &self.blank {
            list.push(["gate `", &release.gate(*g).name, "` has no data"].concat());
        }
        if let Some(a) = self.few {
            list.push(["approval `", &release.approval(a).name, "` is granted by too few"].concat());
        }
        if let Some((a, b)) = self.same {
            let names = [&release.approval(a).name, &release.approval(b).name];
            list.push(
                [
                    "approvals `",
                    names[0],
                    "` and `",
                    names[1],
                    "` are granted by one person",
                ]
                .concat(),
            );
        }
        for (d, o) in &self.options {
            let d = release.decision(*d);
            let option = d.options.get(*o).map_or("", |o| o.name.as_str());
            list.push(["decision `", &d.name, "` is `", option, "`"].concat());
        }
        for (p, c) in &self.params {
            list.push(
                [
                    "input `",
                    &release.param(*p).name,
                    "` is its choice ",
                    &(c + 1).to_string(),
                ]
                .concat(),
            );
        }
        if let Some(t) = self.fires {
            let name = release.triggers.get(t.index()).map_or("", |t| t.name.as_str());
            list.push(["trigger `", name, "` fires"].concat());
        }
        if !self.flipped.is_empty() {
            list.push("a condition of the plan comes out the other way".into());
        }
        if let Some(p) = &self.cancel {
            list.push(["somebody cancels the run during ", &words(release, p)].concat());
        }
        if self.unknown {
            list.push("somebody is not known".into());
        }
        if self.problem.is_some() {
            list.push("an input is not allowed".into());
        }
        if self.resume != 2 {
            let answer = ["retry", "proceed", "rollback", "stop"].get(self.resume);
            list.push(["the owner answers ", answer.unwrap_or(&"nothing")].concat());
        }
        if list.is_empty() {
            list.push("all goes well".into());
        }
        list.join("; ")
    }
}

/// The atoms that must not hold so that a condition has a value.
fn denied(cond: &Cond, wanted: bool, out: &mut Vec<Atom>) {
    match cond {
        Cond::True | Cond::False => {}
        Cond::And(l) | Cond::Or(l) => l.iter().for_each(|c| denied(c, wanted, out)),
        Cond::Not(c) => denied(c, !wanted, out),
        Cond::Atom(a) => {
            if !wanted && !out.contains(a) {
                out.push(a.clone());
            }
        }
    }
}

/// What people call a part.
pub fn words(release: &Release, purpose: &Purpose) -> String {
    let stage = |s: crate::model::StageId| release.stage(s).name.to_string();
    let place = match purpose.at {
        At::Run => String::new(),
        At::Stage(s) => stage(s),
        At::Undo(s) => ["the undo of ", &stage(s)].concat(),
        At::Enter(h) => ["entering ", &release.hold(h).name].concat(),
        At::Exit(h) => ["leaving ", &release.hold(h).name].concat(),
        At::Finally => "`finally`".into(),
        At::Aside => "an aside".into(),
    };
    let deed = match purpose.deed {
        Deed::Grant(a) => ["approval `", &release.approval(a).name, "`"].concat(),
        Deed::Decide(d, _) => ["decision `", &release.decision(d).name, "`"].concat(),
        Deed::Judge(g) | Deed::NoData(g) => ["gate `", &release.gate(g).name, "`"].concat(),
        Deed::Resume(_) => "the owner's answer".into(),
        Deed::Record(p) => ["recording `", &release.prior(p).name, "`"].concat(),
        _ => ["step `", &purpose.step, "`"].concat(),
    };
    if place.is_empty() {
        deed
    } else {
        [&place, ", ", &deed].concat()
    }
}
