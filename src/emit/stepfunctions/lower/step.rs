//! Steps: one after the other, with a look around between them.
//!
//! Must not know stages, undos or holds: they say where a list of steps stands and where its faults lead. Used by all of them.

use super::Lower;
use super::act::{Work, restated};
use super::around::Deadline;
use super::ask::{Ask, DEFAULT_SECONDS};
use super::build::Label;
use super::call::Hand;
use super::gate::Outcomes;
use super::handler::{Case, Faults, Kind, Site};
use super::vars::Scope;
use super::watch::Watch;
use crate::emit::parts::{At, Deed, Purpose, Test};
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::{Assign, State, Wait};
use crate::model::{
    ArtifactId, Cond, Dur, FailureOutcome, GateId, GateOutcome, Question, RoleId, Step, StepKind, TriggerId,
    WaitFor, WaitTest,
};

/// How often a thing is waited for when the plan does not say.
const LOOK_EVERY: i64 = 60;

/// Where a list of steps stands.
#[derive(Debug, Clone)]
pub struct Place {
    /// The beginning of the states' names.
    pub name: String,
    /// The beginning of the variables' names.
    pub slug: String,
    /// Where in the plan.
    pub at: At,
    /// Whose rights, where, and where variables live.
    pub hand: Hand,
    /// Who does what only a person can.
    pub owner: RoleId,
    /// The triggers watched between steps.
    pub triggers: Vec<TriggerId>,
    /// Where the branch goes when a sibling has failed.
    pub abandon: Option<Label>,
    /// Nothing of the stage has begun.
    pub fresh: bool,
    /// Where it goes when it cannot know.
    pub blind: Option<Label>,
    /// When the time of the stage is over.
    pub deadline: Option<Deadline>,
    /// The step of a rollout that steps back.
    pub demotes: Option<usize>,
    /// Where its step of the rollout starts again after a step back.
    pub again: Option<Label>,
    /// Nothing of the stage follows: its last step ends it, whatever siblings do.
    pub ends: bool,
    /// Whether nothing of the stage comes after these steps, where that can be.
    pub later: Option<Expr>,
    /// Whether nothing of the stage remains to be done from here, where that can be.
    pub over: Option<Expr>,
    /// What fails is tried again before it counts as failed: undos and exits.
    pub persistent: bool,
}

/// Where faults lead.
#[derive(Debug)]
pub enum Fails<'f> {
    /// Where the stage says.
    Case(&'f mut Faults),
    /// To one place, whatever failed.
    To(Label),
}

/// A step and what says that it began.
pub type Item<'a> = (&'a Step, Assign);

impl Place {
    /// Steps beside the way of a case: nothing is watched.
    pub fn aside(name: &str, slug: &str, case: &Case<'_>) -> Place {
        Place::plain(name, slug, At::Aside, case.hand, case.owner)
    }

    /// Steps during which nothing is watched.
    pub fn plain(name: &str, slug: &str, at: At, hand: Hand, owner: RoleId) -> Place {
        Place {
            name: name.to_string(),
            slug: slug.to_string(),
            at,
            hand,
            owner,
            triggers: Vec::new(),
            abandon: None,
            fresh: false,
            blind: None,
            deadline: None,
            demotes: None,
            again: None,
            ends: false,
            later: None,
            over: None,
            persistent: false,
        }
    }
}

impl Fails<'_> {
    pub fn goal(&mut self, lower: &mut Lower<'_>, place: &Place, kind: Kind, site: Site) -> Label {
        let (kind, site) = match (kind, place.demotes, &place.again) {
            // Nothing runs at the value of the step any more, so none of it is gone past.
            (Kind::OnFailure, Some(step), Some(again)) => {
                let site = Site {
                    retry: again.clone(),
                    proceed: again.clone(),
                    ..site
                };
                (Kind::Demote(step), site)
            }
            (Kind::OnFailure, Some(step), None) => (Kind::Demote(step), site),
            (kind, ..) => (kind, site),
        };
        match self {
            Fails::Case(faults) => faults.goal(&mut lower.b, kind, site),
            Fails::To(label) => label.clone(),
        }
    }
}

impl Lower<'_> {
    /// Steps one after the other. Returns how long time has passed since the last of them that does something.
    pub fn steps(
        &mut self,
        items: &[Item<'_>],
        place: &Place,
        rested: i64,
        at: &Label,
        next: &Label,
        fails: &mut Fails<'_>,
    ) -> i64 {
        let mut here = at.clone();
        let mut rested = rested;
        for (i, (step, did)) in items.iter().enumerate() {
            let last = i + 1 == items.len();
            let after = self.b.label();
            let then = if last { next.clone() } else { self.b.label() };
            self.step(step, did.clone(), place, rested, (&here, &after), fails);
            rested = match &step.kind {
                StepKind::Wait(d) | StepKind::Bake(d) => rested.saturating_add(d.as_seconds()),
                StepKind::Act(_) => 0,
                _ => rested,
            };
            let next_judges = items
                .get(i + 1)
                .is_some_and(|(s, _)| matches!(s.kind, StepKind::VerifyGate(_)));
            match &step.kind {
                StepKind::Tell(..) | StepKind::VerifyArtifact(_) => self.b.same(&after, &then),
                kind => {
                    let key = [&step.slug, "_end"].concat();
                    let mut around = place.clone();
                    // A bake has just looked, and gates one after the other are one moment.
                    let rests = matches!(kind, StepKind::Wait(_) | StepKind::Bake(_));
                    if rests || (next_judges && matches!(kind, StepKind::VerifyGate(_))) {
                        around.triggers.clear();
                    }
                    if rests && (place.abandon.is_some() || !place.triggers.is_empty()) {
                        around.abandon = None;
                    }
                    if last && place.ends {
                        around.abandon = None;
                    }
                    let rest = items.get(i + 1..).unwrap_or_default();
                    around.over = place.later.clone().and_then(|later| {
                        let left = rest.iter().map(|(s, _)| &s.when);
                        self.nothing_left(left, later, place.hand.scope)
                    });
                    let watch = self.watch(&around, &key, (&after, &then), fails);
                    self.boundary(&watch, &after, &then);
                }
            }
            here = then;
        }
        if items.is_empty() {
            self.b.same(at, next);
        }
        rested
    }

    /// That none of the conditions of what follows holds, and that this is so of what comes later too.
    pub(super) fn nothing_left<'c>(
        &self,
        conditions: impl Iterator<Item = &'c Cond> + Clone,
        later: Expr,
        scope: Scope,
    ) -> Option<Expr> {
        if conditions.clone().any(|c| *c == Cond::True) {
            return None;
        }
        let none = conditions.map(|c| self.cond(c, scope).negated());
        Some(Expr::all(none.chain([later])))
    }

    /// Steps of which one that fails is left behind.
    pub fn best_effort(&mut self, steps: &[Step], place: &Place, at: &Label, next: &Label) {
        let mut here = at.clone();
        for (i, step) in steps.iter().enumerate() {
            let then = if i + 1 == steps.len() {
                next.clone()
            } else {
                self.b.label()
            };
            self.step(
                step,
                Assign::new(),
                place,
                0,
                (&here, &then),
                &mut Fails::To(then.clone()),
            );
            here = then;
        }
        if steps.is_empty() {
            self.b.same(at, next);
        }
    }

    /// Steps of which none may fail.
    pub fn strictly(&mut self, steps: &[Step], place: &Place, at: &Label, next: &Label, fail: &Label) {
        let items: Vec<Item<'_>> = steps.iter().map(|s| (s, Assign::new())).collect();
        self.steps(&items, place, 0, at, next, &mut Fails::To(fail.clone()));
    }

    fn step(
        &mut self,
        step: &Step,
        did: Assign,
        place: &Place,
        rested: i64,
        way: (&Label, &Label),
        fails: &mut Fails<'_>,
    ) {
        let (at, next) = way;
        let body = self.b.label();
        let scope = place.hand.scope;
        let title = self.title(step);
        let name = [&place.name, ": ", &title].concat();
        let applies = self.cond(&step.when, scope);
        let begins = self.b.label();
        self.b.branch(at, &[&name, "?"].concat(), applies, &begins, next);
        self.begins_with(step, &did, (&name, scope), &begins, &body);
        let site = Site {
            key: step.slug.to_string(),
            retry: body.clone(),
            proceed: next.clone(),
        };
        let key = [&place.slug, "_", &step.slug].concat();
        let owner = step.owner.unwrap_or(place.owner);
        // What a trigger interrupts is not done: whoever goes on after it begins it anew.
        let during = [&step.slug, "_during"].concat();
        match &step.kind {
            StepKind::Act(act) => {
                let fail = fails.goal(self, place, Kind::OnFailure, site);
                let work = Work {
                    name,
                    key,
                    part: Purpose::new(place.at, &step.slug, Deed::Act),
                    act,
                    hand: place.hand,
                    owner,
                    timeout: step.timeout,
                    retry: step.retry.as_ref(),
                    idempotent: step.idempotent || place.persistent,
                    captures: &step.captures,
                    began: did,
                    fault: self.fault(&place.name, &step.slug, scope),
                    expect: step.expect.as_ref(),
                };
                let watch = self.watch_past(place, &during, (&body, &body), next, fails);
                self.work(&work, &watch, &body, next, &fail);
            }
            StepKind::Wait(time) | StepKind::Bake(time) => {
                let watch = self.watch_past(place, &during, (&body, &body), next, fails);
                self.rest(&name, &key, *time, &watch, &body, next);
            }
            StepKind::WaitFor(wait) => {
                let fail = fails.goal(self, place, Kind::OnFailure, site);
                let watch = self.watch_past(place, &during, (&body, &body), next, fails);
                self.wait_for(wait, step, (&name, &key), owner, &watch, (&body, next, &fail));
            }
            StepKind::VerifyGate(gate) => self.verify(
                *gate,
                &step.slug,
                owner,
                rested,
                place,
                site,
                (&body, next),
                fails,
            ),
            StepKind::VerifyArtifact(artifact) => {
                let fail = fails.goal(self, place, Kind::OnFailure, site);
                self.verify_artifact(*artifact, &name, place, &step.slug, (&body, next, &fail));
            }
            StepKind::Tell(channel, text) => {
                let message = self.text_expr(text, scope);
                self.telling = Some(Purpose::new(place.at, &step.slug, Deed::Say));
                self.send(*channel, message, &name, &body, next);
            }
        }
    }

    /// A step that is no act says of itself that it began, where the undo of its stage needs to know; an act says so where it is called.
    fn begins_with(
        &mut self,
        step: &Step,
        did: &Assign,
        (name, scope): (&str, Scope),
        at: &Label,
        next: &Label,
    ) {
        if did.is_empty() || step.act().is_some() {
            self.b.same(at, next);
            return;
        }
        let mut assign = did.clone();
        if let StepKind::VerifyGate(g) = step.kind {
            let judged = self.cond(&self.release.gate(g).when, scope);
            for (fact, began) in &mut assign {
                *began = Data::Expr(Expr::any([Expr::var(fact), judged.clone()]));
            }
        }
        self.b.set(at, &[name, ": begins"].concat(), assign, next);
    }

    /// What a step is called.
    fn title(&self, step: &Step) -> String {
        match &step.kind {
            StepKind::Act(act) => self.shown(&act.title),
            StepKind::Wait(d) => ["wait ", &d.to_string()].concat(),
            StepKind::Bake(d) => ["bake ", &d.to_string()].concat(),
            StepKind::WaitFor(w) => ["wait for ", &self.shown(&w.what)].concat(),
            StepKind::VerifyGate(g) => self.release.gate(*g).name.to_string(),
            StepKind::VerifyArtifact(a) => ["verify ", &self.release.artifact(*a).name].concat(),
            StepKind::Tell(c, _) => ["tell ", &self.release.channel(*c).name].concat(),
        }
    }

    /// Judges a gate as a step or an entry, with what its failure leads to.
    #[allow(clippy::too_many_arguments)]
    pub fn verify(
        &mut self,
        id: GateId,
        key: &str,
        owner: RoleId,
        rested: i64,
        place: &Place,
        site: Site,
        way: (&Label, &Label),
        fails: &mut Fails<'_>,
    ) {
        let (at, next) = way;
        let gate = self.release.gate(id);
        let name = [&place.name, ": ", &gate.name].concat();
        let scope = place.hand.scope;
        let fact = self.vars.write(&self.names.gate(id), scope);
        let kind = match &gate.otherwise {
            None => Some(Kind::OnFailure),
            Some((GateOutcome::Then(FailureOutcome::Continue { .. }), _)) => None,
            Some((GateOutcome::Then(outcome), _)) => Some(Kind::Outcome(outcome.clone())),
            Some((GateOutcome::Decision(d), _)) => Some(Kind::Decision(*d)),
        };
        let goal = match kind {
            Some(kind) => fails.goal(self, place, kind, site),
            None => next.clone(),
        };
        let (judged, passed, failed) = (self.b.label(), self.b.label(), self.b.label());
        let applies = Expr::all([self.cond(&gate.when, scope), self.bypassed_gate(id).negated()]);
        self.b
            .branch(at, &[&name, " applies?"].concat(), applies, &judged, next);
        let watch = self.watch_past(place, &[key, "_during"].concat(), (at, at), next, fails);
        let mut fault = self.fault(&place.name, key, scope);
        let why = Expr::Str([&gate.name, ": the gate did not pass"].concat());
        let said = restated(&fault, Expr::str("GateFailed"), why);
        fault.insert(fact.clone(), Data::str("failed"));
        let mut out = Outcomes {
            pass: passed.clone(),
            fail: failed.clone(),
            fault: fault.clone(),
        };
        let by_command = matches!(
            gate.test,
            crate::model::GateTest::Run(_) | crate::model::GateTest::Job(_)
        );
        if by_command {
            // The build's own error is the better story.
            out.fail = goal.clone();
        }
        self.judge(id, owner, rested, &watch, &judged, &out);
        self.b.set(
            &passed,
            &[&name, " passed"].concat(),
            [(fact.clone(), Data::str("passed"))].into(),
            next,
        );
        let mut assign = said;
        assign.insert(fact, Data::str("failed"));
        self.b.set(&failed, &[&name, " failed"].concat(), assign, &goal);
    }

    fn verify_artifact(
        &mut self,
        id: ArtifactId,
        name: &str,
        place: &Place,
        key: &str,
        way: (&Label, &Label, &Label),
    ) {
        let (at, next, fail) = way;
        let artifact = self.release.artifact(id);
        let Some(digest) = &artifact.digest else {
            self.b.set(at, name, Assign::new(), next);
            return;
        };
        let known = Expr::op(
            Expr::Call(
                "length",
                vec![Expr::Call(
                    "string",
                    vec![self.text_expr(digest, place.hand.scope)],
                )],
            ),
            ">",
            Expr::int(0),
        );
        self.note_test(Test::Digest(id), &known);
        let none = self.b.label();
        self.b
            .branch(at, &[name, ": which build?"].concat(), known, next, &none);
        let why = Expr::Str([&artifact.name, ": no digest says which build was verified"].concat());
        let fault = restated(
            &self.fault(&place.name, key, place.hand.scope),
            Expr::str("NoDigest"),
            why,
        );
        self.b.set(&none, &[name, ": no digest"].concat(), fault, fail);
    }

    fn wait_for(
        &mut self,
        wait: &WaitFor,
        step: &Step,
        names: (&str, &str),
        owner: RoleId,
        watch: &Watch,
        way: (&Label, &Label, &Label),
    ) {
        let (at, next, fail) = way;
        let (name, key) = names;
        let within = wait
            .within
            .or(step.timeout)
            .map_or(DEFAULT_SECONDS, Dur::as_seconds)
            .max(1);
        let mut work = Work {
            name: name.to_string(),
            key: key.to_string(),
            part: Purpose::new(watch.at, &step.slug, Deed::Await),
            act: match &wait.test {
                WaitTest::Run(act) | WaitTest::Job(act) => act,
                WaitTest::Ask(question) => {
                    self.wait_for_word(wait, question, &step.slug, names, owner, within, watch, way);
                    return;
                }
            },
            hand: watch.hand,
            owner,
            timeout: step.timeout,
            retry: step.retry.as_ref(),
            idempotent: step.idempotent,
            captures: &step.captures,
            began: Assign::new(),
            fault: self.fault(&watch.name, &step.slug, watch.hand.scope),
            expect: step.expect.as_ref(),
        };
        if matches!(wait.test, WaitTest::Job(_)) {
            work.timeout = wait.within.or(step.timeout);
            self.work(&work, watch, at, next, fail);
            return;
        }
        // Looked at until it is so: each look that fails leads to the next one.
        let every = wait.every.map_or(LOOK_EVERY, Dur::as_seconds).max(1);
        let rounds = within / every + 2;
        let waited = self.vars.local(&["looked_", key].concat(), watch.hand.scope);
        let (look, again, rest, judged) = (self.b.label(), self.b.label(), self.b.label(), self.b.label());
        self.b.set(
            at,
            &[name, ": begins"].concat(),
            [(waited.clone(), Data::int(0))].into(),
            &look,
        );
        self.b.enter_loop(u64::try_from(rounds).unwrap_or(1));
        work.retry = None;
        work.idempotent = false;
        self.work(&work, watch, &look, next, &again);
        let over = Expr::op(Expr::var(&waited), ">=", Expr::int(within));
        self.b
            .branch(&again, &[name, ": time is up?"].concat(), over, fail, &rest);
        let state = Wait {
            seconds: Some(Data::int(every)),
            assign: [(
                waited.clone(),
                Data::Expr(Expr::op(Expr::var(&waited), "+", Expr::int(every))),
            )]
            .into(),
            next: judged.next(),
            ..Wait::default()
        };
        self.b
            .put(&rest, &[name, ": look again"].concat(), State::Wait(state));
        self.boundary(watch, &judged, &look);
        self.b.leave_loop();
    }

    #[allow(clippy::too_many_arguments)]
    fn wait_for_word(
        &mut self,
        wait: &WaitFor,
        question: &Question,
        slug: &str,
        names: (&str, &str),
        owner: RoleId,
        within: i64,
        watch: &Watch,
        way: (&Label, &Label, &Label),
    ) {
        let (at, next, fail) = way;
        let scope = watch.hand.scope;
        let lines = [
            ("Waiting for: ", Some(&wait.what)),
            ("", Some(&question.ask)),
            ("Approve when: ", question.expect.as_ref()),
            ("Look at: ", question.console.as_ref()),
        ];
        let message = self.question_text(names.0, &lines, &question.captures, scope);
        let approvers = self.answerers(question, owner);
        let (no, late) = (self.b.label(), self.b.label());
        let fault = self.fault(&watch.name, slug, scope);
        let ask = Ask {
            name: names.0.to_string(),
            key: names.1.to_string(),
            part: Purpose::new(watch.at, slug, Deed::Await),
            message,
            approvers,
            quorum: 1,
            seconds: question.within.map_or(within, Dur::as_seconds),
            scope,
            options: vec![("yes".into(), next.clone())],
            no: no.clone(),
            late: if question.silence_agrees() {
                next.clone()
            } else {
                late.clone()
            },
            unasked: question.silence_agrees().then(|| late.clone()),
            record: None,
            answers: question.captures.clone(),
        };
        self.ask(&ask, watch, at);
        let said = restated(
            &fault,
            Expr::str("Refused"),
            Expr::str("whoever was asked said no"),
        );
        self.b.set(&no, &[names.0, ": refused"].concat(), said, fail);
        let silent = restated(
            &fault,
            Expr::str("TimedOut"),
            Expr::str("nobody answered in time"),
        );
        self.b
            .set(&late, &[names.0, ": no answer"].concat(), silent, fail);
    }

    /// Whether a declared way around removes a gate.
    fn bypassed_gate(&self, id: GateId) -> Expr {
        Expr::any(
            self.release
                .overrides
                .iter()
                .enumerate()
                .filter(|(_, o)| o.gates.iter().any(|(g, _)| *g == id))
                .map(|(i, _)| self.vars.read(&self.names.bypass(i), super::vars::TOP)),
        )
    }
}
