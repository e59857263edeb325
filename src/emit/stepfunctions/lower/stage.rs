//! A stage: whether it applies, what must be so before it starts, its steps, its end.
//!
//! Must not know how it is undone. Called by `tree`.

use super::Lower;
use super::act::{Work, restated};
use super::around::Deadline;
use super::ask::{Ask, DEFAULT_SECONDS};
use super::build::Label;
use super::call::Hand;
use super::handler::{Case, Faults, Kind, Site};
use super::step::{Fails, Place};
use super::vars::{Scope, TOP};
use super::watch::Watch;
use crate::emit::parts::{At, Deed, Purpose};
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::Assign;
use crate::emit::stepfunctions::naming::Duty;
use crate::model::{
    ChecklistId, Cond, Failure, FailureOutcome, MomentKind, RoleOrPerson, StageId, Step, TriggerId,
    TriggerTest,
};
use crate::plan::{Node, StageUndo};

impl<'a> Lower<'a> {
    /// A stage at a place.
    pub fn stage(&mut self, id: StageId, at: &Label, next: &Label, failed: &Label) {
        let release = self.release;
        let stage = release.stage(id);
        let scope = self.vars.scope_of(Node::Stage(id));
        let hand = Hand {
            duty: Duty::Stage(id),
            environment: stage.environment,
            scope,
        };
        let name = stage.name.to_string();
        let ended = self.b.label();
        let enters = release.holds.iter().any(|h| h.from == id);
        // Where the run goes on after a stage that was refused before it began, others need the holds that begin with it.
        let passed_by = enters && self.goes_on_unbegun(id);
        let settled = if passed_by { self.b.label() } else { ended.clone() };
        let case = Case {
            name: name.clone(),
            slug: stage.slug.to_string(),
            stage: Some(id),
            hand,
            owner: stage.owner,
            on_failure: stage.on_failure.as_ref(),
            settled,
            failed: failed.clone(),
        };
        let mut faults = Faults::default();
        let fact = self.vars.write(&self.names.stage(id), scope);
        let (fresh, entered, begins, done) = (self.b.label(), self.b.label(), self.b.label(), self.b.label());

        self.skip_done(id, scope, at, next, &fresh);
        let free = if enters || !stage.ready.is_empty() {
            let place = self.stage_place(id, &case, &mut faults);
            self.free_to_ask("early", &place, &mut faults, &fresh)
        } else {
            fresh
        };
        let applies = self.cond(&stage.when, scope);
        let (no, apart) = (self.b.label(), self.b.label());
        self.b.branch(
            &free,
            &[&name, ": applies?"].concat(),
            applies.clone(),
            &entered,
            &no,
        );
        // What an earlier attempt did stands, and is taken back with the rest.
        let not = match self.restarts() {
            false => Data::str("not_applicable"),
            true => {
                let was = self.vars.read(&self.names.stage(id), scope);
                let began = Expr::eq(was, Expr::str("again"));
                Data::Expr(Expr::cond(
                    began,
                    Expr::str("passed_by"),
                    Expr::str("not_applicable"),
                ))
            }
        };
        self.b.set(
            &apart,
            &[&name, ": does not apply"].concat(),
            [(fact.clone(), not)].into(),
            &ended,
        );

        let pauses = crate::emit::environments::may_pause(release, id);
        self.costs.mark = self.b.events();
        let mut place = self.stage_place(id, &case, &mut faults);
        if enters {
            // What is asked and waited for comes first: a hold is not kept longer than what it is for.
            let ready = self.b.label();
            self.before(id, &case, &place, &mut faults, (&entered, &ready));
            self.b.same(&no, &ready);
            let refused = Expr::eq(self.vars.read(&self.names.stage(id), scope), Expr::str("refused"));
            let mut rules = vec![(applies, begins.clone())];
            if passed_by {
                let title = [&name, ": refused before it began?"].concat();
                self.b
                    .branch(&case.settled, &title, refused.clone(), &ready, &ended);
                rules.insert(0, (refused.clone(), ended.clone()));
            }
            let begun = passed_by.then(|| refused.negated());
            let held = self.enter_holds(id, &case, &mut faults, begun, &ready);
            let free = self.free_to_ask("held", &place, &mut faults, &held);
            self.b
                .choose(&free, &[&name, ": begins?"].concat(), rules, &apart);
        } else {
            self.b.same(&no, &apart);
            self.before(id, &case, &place, &mut faults, (&entered, &begins));
        }
        let body = self.b.label();
        let mut began = Assign::new();
        if super::rollout::asked_first(stage).is_none() {
            began.insert(fact.clone(), Data::str("began"));
        }
        if stage.timeout.is_some() {
            began.insert(
                self.vars.write(&self.names.since(id), scope),
                Data::Expr(Expr::now()),
            );
        }
        let told = self.b.label();
        self.b.set(&begins, &[&name, ": begins"].concat(), began, &told);
        self.moment(MomentKind::Started, Some(id), scope, &told, &body);
        self.body(id, &mut place, (&body, &done), &mut faults);
        if pauses {
            self.costs.stage = self.costs.stage.max(self.b.events() - self.costs.mark);
        }

        let passed = self.b.label();
        self.b.set(
            &done,
            &[&name, ": done"].concat(),
            [(fact, Data::str("passed"))].into(),
            &passed,
        );
        self.moment(MomentKind::Finished, Some(id), scope, &passed, &ended);
        self.leave_holds(id, hand, &ended, next);
        self.settle(&case, &mut faults);
    }

    /// Before a hold is entered or anybody is asked, a branch looks whether the run goes on; a step looks for itself.
    fn free_to_ask(&mut self, key: &str, place: &Place, faults: &mut Faults, at: &Label) -> Label {
        if place.hand.scope == TOP {
            return at.clone();
        }
        let mut place = place.clone();
        place.fresh = true;
        let free = self.b.label();
        let watch = self.flags_only(&place, key, faults, (at, &free));
        self.boundary(&watch, at, &free);
        free
    }

    /// What is looked at where nothing but the end of the run counts.
    pub(super) fn flags_only(
        &mut self,
        place: &Place,
        key: &str,
        faults: &mut Faults,
        way: (&Label, &Label),
    ) -> Watch {
        let mut place = place.clone();
        place.triggers.clear();
        place.deadline = None;
        self.watch(&place, key, way, &mut Fails::Case(faults))
    }

    /// After a restart, what has ended is not done again.
    fn skip_done(&mut self, id: StageId, scope: Scope, at: &Label, next: &Label, fresh: &Label) {
        if !self.restarts() {
            self.b.same(at, fresh);
            return;
        }
        let fact = self.vars.read(&self.names.stage(id), scope);
        let done = super::value::one_of(
            fact,
            &["passed", "failed", "refused", "not_applicable", "passed_by"],
        );
        let name = [&self.release.stage(id).name, ": done already?"].concat();
        self.b.branch(at, &name, done, next, fresh);
    }

    /// Where a stage's steps stand and what is watched between them.
    fn stage_place(&mut self, id: StageId, case: &Case<'a>, faults: &mut Faults) -> Place {
        let stage = self.release.stage(id);
        let scope = case.hand.scope;
        let mut place = Place::plain(&case.name, &case.slug, At::Stage(id), case.hand, case.owner);
        place.triggers = (0..self.release.triggers.len())
            .map(TriggerId::at)
            .filter(|t| self.release.triggers[t.index()].during.contains(&id))
            .collect();
        let whole = |key: &str| Site {
            key: key.to_string(),
            retry: case.settled.clone(),
            proceed: case.settled.clone(),
        };
        if scope != TOP {
            place.abandon = Some(case.failed.clone());
            let goal = faults.goal(
                &mut self.b,
                Kind::Outcome(FailureOutcome::Rollback),
                whole("flags"),
            );
            let blind = self.b.label();
            let fault = restated(
                &self.fault(&case.name, "flags", scope),
                Expr::str("FlagsUnreadable"),
                Expr::str("whether a sibling has failed could not be read"),
            );
            self.b.set(
                &blind,
                &[&case.name, ": cannot tell whether it may go on"].concat(),
                fault,
                &goal,
            );
            place.blind = Some(blind);
        }
        if let Some(timeout) = stage.timeout {
            let cause = ["the stage took longer than ", &timeout.to_string()].concat();
            let since = self.vars.read(&self.names.since(id), scope);
            let goes_on = matches!(
                case.on_failure.map(|f| &f.then),
                Some(
                    Failure::Decision(_) | Failure::Then(FailureOutcome::Pause | FailureOutcome::Escalate(_))
                )
            );
            let late = (!goes_on).then(|| {
                let goal = faults.goal(&mut self.b, Kind::OnFailure, whole("timeout"));
                let late = self.b.label();
                let fault = self.too_late(&place, "timeout", &cause);
                self.b
                    .set(&late, &[&case.name, ": out of time"].concat(), fault, &goal);
                late
            });
            place.deadline = Some(Deadline {
                until: Expr::op(since, "+", Expr::int(timeout.as_ms())),
                cause,
                late,
            });
        }
        place
    }

    /// What must be so before a stage starts: preparations ticked, its time come, the window open, its gates passed, its
    /// approvals still good, nobody stopping the run.
    fn before(
        &mut self,
        id: StageId,
        case: &Case<'a>,
        place: &Place,
        faults: &mut Faults,
        way: (&Label, &Label),
    ) {
        let stage = self.release.stage(id);
        let (at, next) = way;
        let mut place = place.clone();
        // Its own time starts when it does.
        place.deadline = None;
        place.fresh = true;
        let mut here = at.clone();
        for (list, _) in &stage.ready {
            let then = self.b.label();
            self.ready(*list, case, &place, faults, (&here, &then));
            here = then;
        }
        if !matches!(
            case.on_failure.map(|f| &f.then),
            Some(Failure::Then(FailureOutcome::Pause))
        ) {
            // A pause comes later than the checklists, so that going on does not tick them again.
            self.costs.mark = self.b.events();
        }
        if let Some((offset, _)) = &stage.at {
            let then = self.b.label();
            let moment = (self.moment_of(offset.after), offset.after.as_seconds());
            let name = [&case.name, ": wait until ", &offset_word(offset.after)].concat();
            let watch = self.flags_only(&place, "at", faults, (&here, &then));
            self.wait_until(&name, moment, Some(&watch), &here, &then);
            here = then;
        }
        let open = self.b.label();
        let watch = self
            .waits_beside(id)
            .then(|| self.flags_only(&place, "opens", faults, (&here, &open)));
        self.window(id, case, watch.as_ref(), faults, (&here, &open));
        here = open;
        if !stage.require.is_empty() || stage.started_by.is_some() {
            here = self.free_to_ask("asks", &place, faults, &here);
        }
        for (gate, _) in &stage.require {
            let then = self.b.label();
            let site = Site {
                key: ["require_", &self.names.gate(*gate)].concat(),
                retry: here.clone(),
                proceed: then.clone(),
            };
            let key = site.key.clone();
            self.verify(
                *gate,
                &key,
                stage.owner,
                i64::MAX / 4,
                &place,
                site,
                (&here, &then),
                &mut Fails::Case(faults),
            );
            here = then;
        }
        if let Some(role) = stage.started_by {
            let then = self.b.label();
            self.started(role, case, &place, faults, (&here, &then));
            here = then;
        }
        let lapses = stage
            .approved
            .iter()
            .any(|(a, _)| self.release.approval(*a).valid.is_some());
        if lapses && (!stage.require.is_empty() || stage.started_by.is_some()) {
            here = self.free_to_ask("valid", &place, faults, &here);
        }
        for (approval, _) in &stage.approved {
            let then = self.b.label();
            self.still_valid(*approval, case, faults, (&here, &then));
            here = then;
        }
        for trigger in &place.triggers {
            let t = &self.release.triggers[trigger.index()];
            if let TriggerTest::Ask(question) = &t.test {
                let then = self.b.label();
                self.arm(*trigger, question, case.hand, &here, &then);
                here = then;
            }
        }
        let watch = self.watch(&place, "start", (&here, next), &mut Fails::Case(faults));
        self.boundary(&watch, &here, next);
    }

    /// A checklist: commands check what they can, people tick the rest.
    fn ready(
        &mut self,
        id: ChecklistId,
        case: &Case<'a>,
        place: &Place,
        faults: &mut Faults,
        way: (&Label, &Label),
    ) {
        let (at, next) = way;
        let list = self.release.checklist(id);
        let scope = case.hand.scope;
        let fact = self.names.ticked(id);
        let name = [&case.name, ": ", &list.name].concat();
        let key = [&case.slug, "_", &list.name].concat();
        let go = self.b.label();
        let ticked = self.vars.read(&fact, scope);
        self.b
            .branch(at, &[&name, " ticked?"].concat(), ticked, next, &go);
        let site = Site {
            key: ["ready_", &list.name].concat(),
            retry: go.clone(),
            proceed: next.clone(),
        };
        let fail = faults.goal(&mut self.b, Kind::OnFailure, site.clone());
        let fault = self.fault(&case.name, &site.key, scope);
        let mut here = go;
        for (i, item) in list.items.iter().enumerate() {
            let Some(check) = &item.check else { continue };
            let (run, then) = (self.b.label(), self.b.label());
            let applies = self.cond(&item.when, scope);
            let title = [&name, ": ", &self.shown(&item.what)].concat();
            self.b
                .branch(&here, &[&title, "?"].concat(), applies, &run, &then);
            let work = Work {
                name: title,
                key: [&key, "_", &i.to_string()].concat(),
                part: Purpose::new(place.at, &list.name, Deed::Ready),
                act: check,
                hand: case.hand,
                owner: item.owner.unwrap_or(case.owner),
                timeout: None,
                retry: None,
                idempotent: true,
                captures: &[],
                began: Assign::new(),
                fault: fault.clone(),
                expect: None,
            };
            let watch = Watch {
                deadline: None,
                ..self.watch(place, &site.key, (&run, &then), &mut Fails::Case(faults))
            };
            self.work(&work, &watch, &run, &then, &fail);
            here = then;
        }
        let owners = self.tickers(id, case);
        let (no, late) = (self.b.label(), self.b.label());
        for (i, (owner, items)) in owners.iter().enumerate() {
            let then = self.b.label();
            let role = self.release.role(*owner);
            let mut lines = String::new();
            for item in items {
                lines.push_str("\n- ");
                lines.push_str(item);
            }
            let message = Expr::concat(vec![
                self.text_expr(&self.release.title, scope),
                Expr::Str(
                    [
                        ": checklist ",
                        &list.name,
                        ". Approve when all of this is so:",
                        &lines,
                    ]
                    .concat(),
                ),
            ]);
            let approvers = self.principals(&[RoleOrPerson::Role(*owner)]);
            let ask = Ask {
                name: [&name, ": ", &role.name].concat(),
                key: [&key, "_by_", &i.to_string()].concat(),
                part: Purpose::new(place.at, &list.name, Deed::Ready),
                message,
                approvers,
                quorum: 1,
                seconds: DEFAULT_SECONDS,
                scope,
                options: vec![("yes".into(), then.clone())],
                no: no.clone(),
                late: late.clone(),
                unasked: None,
                record: None,
                answers: Vec::new(),
            };
            let watch = self.watch(place, &site.key, (&here, &here), &mut Fails::Case(faults));
            self.ask(&ask, &watch, &here);
            here = then;
        }
        let said = restated(
            &fault,
            Expr::str("NotReady"),
            Expr::Str([&list.name, ": an item was refused"].concat()),
        );
        self.b.set(&no, &[&name, ": not ready"].concat(), said, &fail);
        let silent = restated(
            &fault,
            Expr::str("NotReady"),
            Expr::Str([&list.name, ": not ticked in time"].concat()),
        );
        self.b
            .set(&late, &[&name, ": not ticked in time"].concat(), silent, &fail);
        let set: Assign = [(self.vars.write(&fact, scope), Data::Bool(true))].into();
        self.b.set(&here, &[&name, ": ready"].concat(), set, next);
    }

    /// Who ticks which items by hand. Items under a condition say so.
    fn tickers(&self, id: ChecklistId, case: &Case<'_>) -> Vec<(crate::model::RoleId, Vec<String>)> {
        let mut list: Vec<(crate::model::RoleId, Vec<String>)> = Vec::new();
        for item in self
            .release
            .checklist(id)
            .items
            .iter()
            .filter(|i| i.check.is_none())
        {
            let owner = item.owner.unwrap_or(case.owner);
            let mut text = self.shown(&item.what);
            if let Some(evidence) = &item.evidence {
                text = [&text, " (", &self.shown(evidence), ")"].concat();
            }
            if !matches!(item.when, Cond::True) {
                text.push_str(" [where it applies]");
            }
            match list.iter_mut().find(|(o, _)| *o == owner) {
                Some((_, items)) => items.push(text),
                None => list.push((owner, vec![text])),
            }
        }
        list
    }

    /// Somebody of a role starts the stage.
    fn started(
        &mut self,
        role: crate::model::RoleId,
        case: &Case<'a>,
        place: &Place,
        faults: &mut Faults,
        way: (&Label, &Label),
    ) {
        let (at, next) = way;
        let site = Site {
            key: "started_by".into(),
            retry: at.clone(),
            proceed: next.clone(),
        };
        let fail = faults.goal(&mut self.b, Kind::OnFailure, site);
        let scope = case.hand.scope;
        let approvers = self.principals(&[RoleOrPerson::Role(role)]);
        let message = self.question_text(&[&case.name, ": start it?"].concat(), &[], &[], scope);
        let no = self.b.label();
        let ask = Ask {
            name: [&case.name, ": start"].concat(),
            key: [&case.slug, "_start"].concat(),
            part: Purpose::new(place.at, "start", Deed::Begin),
            message,
            approvers,
            quorum: 1,
            seconds: DEFAULT_SECONDS,
            scope,
            options: vec![("yes".into(), next.clone())],
            no: no.clone(),
            late: no.clone(),
            unasked: None,
            record: None,
            answers: Vec::new(),
        };
        let watch = self.watch(place, "started_by_trigger", (at, at), &mut Fails::Case(faults));
        self.ask(&ask, &watch, at);
        let fault = restated(
            &self.fault(&case.name, "started_by", scope),
            Expr::str("NotStarted"),
            Expr::str("nobody who may start the stage did"),
        );
        self.b
            .set(&no, &[&case.name, ": nobody started it"].concat(), fault, &fail);
    }

    /// What says that a step began, and with which arguments, where its undo needs to know.
    pub(super) fn began(&self, id: StageId, own: &Step, step: &Step) -> Assign {
        let scope = self.vars.scope_of(Node::Stage(id));
        if self.may_not_begin(id) {
            return [(self.vars.write(&self.names.begun(id), scope), Data::Bool(true))].into();
        }
        let mut assign = Assign::new();
        let (StageUndo::Derived(list), Some(_)) = (self.plan.undo(id), step.act()) else {
            return assign;
        };
        if let Some(undo) = list.iter().find(|u| u.undoes.slug == own.slug) {
            let did = self.vars.write(&self.names.did(id, &own.slug), scope);
            assign.insert(did, Data::Bool(true));
            if !undo.earlier.is_empty() {
                let last = self.vars.write(&self.names.last(id, &own.slug), scope);
                assign.insert(last, Data::str(&*step.slug));
            }
        }
        assign
    }

    /// Whether a stage can come to an end without having begun, so that there is nothing to take back: its first step has a condition.
    /// What each step's own undo is said for knows of itself.
    pub(super) fn may_not_begin(&self, id: StageId) -> bool {
        let whole = matches!(
            self.plan.undo(id),
            StageUndo::Irreversible(..) | StageUndo::Written(_)
        );
        let stage = self.release.stage(id);
        let sure = self.release.sure_steps(stage);
        let first = stage.forward_steps().into_iter().next();
        let lacks = |f: &Step| f.act().is_some_and(|a| !self.release.may_lack_of(a).is_empty());
        whole && !first.is_some_and(|f| !lacks(f) && sure.iter().any(|s| s.slug == f.slug))
    }

    /// Whether the plan can go on after a stage failed that cannot be undone.
    pub(super) fn may_go_on_half_done(&self, id: StageId) -> bool {
        matches!(self.plan.undo(id), StageUndo::Irreversible(..))
            && self.release.stage(id).when_hold_fails().is_none()
            && self.release.stage(id).on_failure.is_some()
    }
}

/// `T+30m`
pub fn offset_word(after: crate::model::Dur) -> String {
    match after.as_ms() {
        0 => "T".into(),
        ms if ms < 0 => ["T", &after.to_string()].concat(),
        _ => ["T+", &after.to_string()].concat(),
    }
}
