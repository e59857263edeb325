//! What is decided outside the plan in one run, as far as an artifact can see it.
//!
//! The default is that all goes well and everybody agrees. Made by `scenarios`, read by the models of the targets and by
//! `contract`.

use crate::emit::parts::{At, Deed, Purpose, Test};
use crate::model::{
    ApprovalId, ArtifactId, Atom, Cond, DecisionId, GateId, OptionOutcome, ParamId, Release, StageId,
    TriggerId,
};
use crate::plan::Plan;
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
    /// When the run starts, in milliseconds since 1970, where the target keeps the time.
    pub start: Option<f64>,
    /// A call that works and takes so many milliseconds.
    pub drags: Option<(Purpose, f64)>,
    /// What keeps the window says that it is shut: from the start, or from the end of the call that drags.
    pub shut: bool,
    /// What fails does so after the first time only.
    pub later: bool,
    /// How often a question that nobody answers, or that is answered with no, is answered with yes first.
    pub from: usize,
    /// How often the gates that do not pass pass first.
    pub passes: usize,
    /// An artifact of which no digest is known.
    pub undigested: Option<ArtifactId>,
    /// The lock of another run.
    pub lock: Option<Lock>,
    /// The first of the locks that it holds.
    pub lock_from: usize,
    /// A service that does not work.
    pub broken: Option<Broken>,
    /// A question that cannot be asked.
    pub unasked: Option<Purpose>,
    /// Questions that nobody answers cannot be looked at either.
    pub unseen: bool,
    /// A declared way around that is asked for.
    pub chosen: Option<usize>,
    /// An option that the metrics take.
    pub taken: Option<(DecisionId, usize)>,
    /// A trigger that would act before anything has begun.
    pub sounds: Option<TriggerId>,
    /// How often the trigger that fires is looked at before it does.
    pub quiet: usize,
    /// It fires only once this part is done, and looks before that are not counted.
    pub fires_after: Option<Purpose>,
    /// It fires at one look only, where its metrics say so: whoever goes past that look misses it.
    pub fleeting: bool,
    /// A command that does not end by itself, and whether a job that is given up counts as broken off.
    pub hangs: Option<(Purpose, bool)>,
    /// A stage that comes to its window when it is shut, the first time.
    pub late: Option<StageId>,
}

/// What another run does with its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// It keeps it.
    Kept,
    /// It has ended without releasing it.
    Left,
    /// It releases it after two hours.
    Released,
    /// Nobody can tell whose it is.
    Unknown,
    /// Whose it is can be told, and not whether that run has ended.
    Hidden,
    /// It has ended without releasing it, and a third one is taking it over, which releases it after two hours.
    Contended,
    /// It has ended without releasing it, and a third one takes it over while this one looks.
    Overtaken,
    /// It has ended without releasing it, and so have four more, each while it took it over.
    Orphaned,
    /// The same, without an end.
    Endless,
    /// It has ended without releasing it; there is a claim, and nobody can tell whose.
    Unread,
    /// It has ended without releasing it; this run claims it, and cannot tell any more who holds it.
    Unchecked,
    /// It has ended without releasing it, and this one is not told that its claim was heard.
    Unanswered,
    /// Nobody holds it, and this one is not told that it has taken it.
    Unheard,
    /// Nobody holds it; somebody gives it to another run while this one has it.
    Given,
}

impl Lock {
    /// Whether it is free after two hours.
    pub fn is_released(self) -> bool {
        matches!(self, Lock::Released | Lock::Contended | Lock::Overtaken)
    }

    /// Whether it cannot be had at once.
    pub fn is_waited_for(self) -> bool {
        self.is_released() || self.is_out_of_reach()
    }

    /// Whether it cannot be had at all.
    pub fn is_out_of_reach(self) -> bool {
        matches!(
            self,
            Lock::Kept | Lock::Unknown | Lock::Hidden | Lock::Endless | Lock::Unread | Lock::Unchecked
        )
    }
}

/// What does not work, all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// Messages and evidence.
    Messages,
    /// The flags of a run cannot be read.
    Flags,
    /// They cannot be set at the start.
    Setting,
    /// They cannot be raised later.
    Raising,
    /// Locks cannot be released, nor flags removed.
    Releasing,
    /// Questions cannot be taken back.
    Withdrawing,
    /// Nobody knows who is who.
    Roster,
    /// Nobody knows whether the window is open.
    Window,
    /// Connections are not found.
    Connections,
    /// The engine gives up where branches run side by side.
    Engine,
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
        let first = times < self.from;
        if self.silent.contains(purpose) && !first {
            return None;
        }
        match purpose.deed {
            Deed::Decide(d, option) => (self.option(release, d) == option).then_some(true),
            Deed::Resume(answer) => (self.resume == answer).then_some(true),
            Deed::Alarm(t) => (self.fires == Some(t)).then_some(true),
            Deed::Judge(g) if self.gates.contains(&g) => Some(times < self.passes),
            _ => Some(first || !self.failing(purpose, times)),
        }
    }

    /// Whether a call of a part fails.
    pub fn failing(&self, purpose: &Purpose, times: usize) -> bool {
        let gate = matches!(purpose.deed, Deed::Judge(g) if self.gates.contains(&g));
        let entering = matches!(purpose.at, At::Enter(_));
        (gate && times >= self.passes || self.fails.contains(purpose))
            && !(self.once && times > 0)
            && !(self.later && entering && times == 0)
    }

    /// The same where the run pauses at a place.
    pub fn resumed_at(&self, at: At) -> usize {
        match &self.unasked {
            Some(p) if p.at != at => self.resume,
            _ => self.resumed(),
        }
    }

    /// What the owner answers when the run pauses: one of four, or nothing.
    pub fn resumed(&self) -> usize {
        if matches!(&self.unasked, Some(p) if matches!(p.deed, Deed::Resume(_))) {
            return 4;
        }
        self.resume
    }

    /// Whether something happens that the interpreter of the reference cannot be told.
    pub fn elsewhere(&self) -> bool {
        self.drags.is_some()
            || self.shut
            || self.later
            || self.from > 0
            || self.passes > 0
            || self.lock.is_some()
            || self.broken.is_some()
            || self.unasked.is_some()
            || self.chosen.is_some()
            || self.taken.is_some()
            || self.fires_after.is_some()
            || self.hangs.is_some()
            || self.undigested.is_some()
    }

    /// When the run starts, in milliseconds.
    pub fn begins(&self) -> f64 {
        self.start.unwrap_or(0.0)
    }

    /// Whether nobody answers a question.
    pub fn nobody(&self, purpose: &Purpose) -> bool {
        self.silent.contains(purpose) || (matches!(purpose.deed, Deed::Resume(_)) && self.resume > 3)
    }

    /// Whether the run is refused before it does anything.
    pub fn refused(&self) -> bool {
        let said_no = |p: &Purpose| matches!(p.deed, Deed::Override(_));
        let around = self.chosen.is_some()
            && (self.fails.iter().any(said_no)
                || self.silent.iter().any(said_no)
                || self.unasked.as_ref().is_some_and(said_no));
        self.problem.is_some()
            || self.sounds.is_some()
            || self.unknown
            || around
            || self.lock.is_some_and(Lock::is_out_of_reach)
    }

    /// What went wrong, in words.
    pub fn words(&self, plan: &Plan) -> String {
        let release = plan.release();
        let mut list: Vec<String> = Vec::new();
        if let Some(start) = self.start.filter(|s| *s != super::clock::start(plan)) {
            list.push(["the run starts at ", &super::clock::said(plan, start)].concat());
        }
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
        if let Some(t) = self.sounds {
            let name = release.triggers.get(t.index()).map_or("", |t| t.name.as_str());
            list.push(["trigger `", name, "` would act before anything has begun"].concat());
        }
        if let Some((p, ms)) = &self.drags {
            list.push(format!("{} takes {} hours", words(release, p), ms / 3_600_000.0));
        }
        if let Some((p, _)) = &self.hangs {
            list.push(words(release, p) + " does not end");
        }
        if let Some(s) = self.late {
            list.push(
                [
                    "the window is shut when stage `",
                    &release.stage(s).name,
                    "` would start",
                ]
                .concat(),
            );
        }
        if self.shut {
            list.push("the window is shut".into());
        }
        if let Some(p) = &self.unasked {
            list.push(words(release, p) + " cannot be asked");
        }
        if let Some(lock) = self.lock {
            list.push(format!("another run holds the lock: {lock:?}").to_lowercase());
        }
        if let Some(broken) = self.broken {
            list.push(format!("this does not work: {broken:?}").to_lowercase());
        }
        if let Some(o) = self.chosen {
            let name = release.overrides.get(o).map_or("", |o| o.name.as_str());
            list.push(["override `", name, "` is asked for"].concat());
        }
        if let Some((d, o)) = self.taken {
            let d = release.decision(d);
            let option = d.options.get(o).map_or("", |o| o.name.as_str());
            list.push(["the metrics take `", option, "` of decision `", &d.name, "`"].concat());
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
