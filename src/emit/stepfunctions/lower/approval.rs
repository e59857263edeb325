//! Approvals: asked by name, verified, compared with those they must differ from, and good for as long as the plan says.
//!
//! Must not know how a question is put (`ask` does). Called by `tree`, `stage` and `undo`.

use super::Lower;
use super::act::{restated, shares};
use super::ask::{Ask, DEFAULT_SECONDS, LONGEST_SECONDS, MOST_APPROVERS};
use super::build::Label;
use super::call::Hand;
use super::handler::{Case, Faults, Kind, Site};
use super::step::Place;
use super::vars::Scope;
use super::watch::Watch;
use crate::diagnostic::{Code, Diagnostic};
use crate::emit::enforce::rules;
use crate::emit::parts::{At, Deed, Purpose};
use crate::emit::stepfunctions::expr::Expr;
use crate::emit::stepfunctions::model::Assign;
use crate::emit::stepfunctions::naming::Duty;
use crate::model::{
    ApprovalId, ApprovalOutcome, DistinctFrom, Dur, FailureOutcome, MomentKind, PersonRef, Quorum,
    RoleOrPerson, StageId,
};
use crate::plan::Node;

/// What the target cannot do at all.
pub const LIMIT: Code = Code("target/limit");
/// A wait longer than the target lives.
pub const TOO_LONG: Code = Code("target/wait_too_long");

/// Where an approval's answers lead.
struct Way<'l> {
    at: &'l Label,
    granted: &'l Label,
    rejected: &'l Label,
}

impl<'a> Lower<'a> {
    /// An approval that stands in the order.
    pub fn approval(&mut self, id: ApprovalId, scope: Scope, at: &Label, next: &Label, failed: &Label) {
        let approval = self.release.approval(id);
        let hand = Hand {
            duty: Duty::Around,
            environment: self.release.environment,
            scope,
        };
        let case = Case {
            name: approval.name.to_string(),
            slug: ["approval_", &approval.name].concat(),
            stage: None,
            hand,
            owner: self.release.owner,
            on_failure: None,
            settled: next.clone(),
            failed: failed.clone(),
        };
        let mut faults = Faults::default();
        let (fresh, asked, granted) = (self.b.label(), self.b.label(), self.b.label());
        if self.restarts() {
            let known = Expr::op(self.vars.read(&self.names.grant(id), scope), "!=", Expr::Null);
            self.b.branch(
                at,
                &[&case.name, ": granted already?"].concat(),
                known,
                next,
                &fresh,
            );
        } else {
            self.b.same(at, &fresh);
        }
        let applies = Expr::all([
            self.cond(&approval.when, scope),
            self.bypassed_approval(id).negated(),
        ]);
        self.b.branch(
            &fresh,
            &[&case.name, ": applies?"].concat(),
            applies,
            &asked,
            next,
        );
        let site = Site {
            key: "rejected".into(),
            retry: asked.clone(),
            proceed: next.clone(),
        };
        let rejected = self.rejection(id, &case, &mut faults, site.clone());
        let mut watch = Watch::nothing(&case.name, At::Run, hand);
        if scope != super::vars::TOP {
            let blind = faults.goal(&mut self.b, Kind::Outcome(FailureOutcome::Rollback), site.clone());
            watch.abandon = Some(failed.clone());
            watch.fresh = true;
            watch.blind = Some(self.blind(&case, &blind));
        }
        for trigger in self.triggers_around(Node::Approval(id)) {
            // Whoever goes on after a pause has granted nothing: it is asked again.
            let site = Site {
                key: "trigger".into(),
                retry: asked.clone(),
                proceed: asked.clone(),
            };
            let goal = faults.goal(&mut self.b, Kind::Trigger(trigger), site);
            let fault = restated(
                &self.fault(&case.name, "trigger", scope),
                Expr::str("Trigger"),
                Expr::str("a trigger has fired"),
            );
            let fired = self.b.label();
            self.b.set(
                &fired,
                &[&case.name, ": a trigger has fired"].concat(),
                fault,
                &goal,
            );
            watch.triggers.push((trigger, fired));
        }
        let way = Way {
            at: &asked,
            granted: &granted,
            rejected: &rejected,
        };
        self.put_approval(id, &case, &watch, &way);
        self.moment(MomentKind::Approved, None, scope, &granted, next);
        self.settle(&case, &mut faults);
    }

    /// An approval asked right where a step of a rollout needs it.
    pub fn approve_here(
        &mut self,
        id: ApprovalId,
        place: &Place,
        slug: &str,
        faults: &mut Faults,
        way: (&Label, &Label),
    ) {
        let (at, next) = way;
        let approval = self.release.approval(id);
        let scope = place.hand.scope;
        let asked = self.b.label();
        let known = Expr::op(self.vars.read(&self.names.grant(id), scope), "!=", Expr::Null);
        let needed = Expr::all([
            self.cond(&approval.when, scope),
            self.bypassed_approval(id).negated(),
            known.negated(),
        ]);
        self.b.branch(
            at,
            &[&place.name, ": ", &approval.name, "?"].concat(),
            needed,
            &asked,
            next,
        );
        let case = Case {
            name: [&place.name, ": ", &approval.name].concat(),
            slug: [&place.slug, "_", slug, "_", &approval.name].concat(),
            stage: None,
            hand: place.hand,
            owner: place.owner,
            on_failure: None,
            settled: next.clone(),
            failed: next.clone(),
        };
        let site = Site {
            key: [slug, "_", &approval.name].concat(),
            retry: asked.clone(),
            proceed: next.clone(),
        };
        let rejected = self.rejection(id, &case, faults, site);
        // Whoever goes on after a trigger has granted nothing: it is asked again.
        let key = ["approve_", slug].concat();
        let watch = self.watch(place, &key, (at, at), &mut super::step::Fails::Case(faults));
        let way = Way {
            at: &asked,
            granted: next,
            rejected: &rejected,
        };
        self.put_approval(id, &case, &watch, &way);
    }

    /// An approval that an undo waits for.
    pub fn approve_undo(
        &mut self,
        id: ApprovalId,
        of: (&str, StageId),
        hand: Hand,
        at: &Label,
        next: &Label,
        refused: &Label,
    ) {
        let (name, stage) = of;
        let approval = self.release.approval(id);
        let asked = self.b.label();
        let known = Expr::op(
            self.vars.read(&self.names.grant(id), hand.scope),
            "!=",
            Expr::Null,
        );
        let needed = Expr::all([self.cond(&approval.when, hand.scope), known.negated()]);
        self.b.branch(
            at,
            &[name, ": ", &approval.name, "?"].concat(),
            needed,
            &asked,
            next,
        );
        let case = Case {
            name: [name, ": ", &approval.name].concat(),
            slug: [&self.key_of(name), "_", &approval.name].concat(),
            stage: None,
            hand,
            owner: self.release.owner,
            on_failure: None,
            settled: next.clone(),
            failed: refused.clone(),
        };
        let watch = Watch::nothing(name, At::Undo(stage), hand);
        let way = Way {
            at: &asked,
            granted: next,
            rejected: refused,
        };
        self.put_approval(id, &case, &watch, &way);
    }

    /// Where a rejection leads: the failure is said, then what the approval says follows.
    fn rejection(&mut self, id: ApprovalId, case: &Case<'a>, faults: &mut Faults, site: Site) -> Label {
        let approval = self.release.approval(id);
        let outcome = match approval.otherwise {
            ApprovalOutcome::Rollback => FailureOutcome::Rollback,
            ApprovalOutcome::Stop => FailureOutcome::Stop,
            ApprovalOutcome::Restart(s, n) => FailureOutcome::Restart(s, n),
        };
        let (rejected, told) = (self.b.label(), self.b.label());
        let key = site.key.clone();
        let goal = faults.goal(&mut self.b, Kind::Outcome(outcome), site);
        let why = Expr::Str([&approval.name, ": not granted"].concat());
        let fault = restated(
            &self.fault(&case.name, &key, case.hand.scope),
            Expr::str("Rejected"),
            why,
        );
        self.b
            .set(&rejected, &[&case.name, ": rejected"].concat(), fault, &told);
        self.moment(MomentKind::Rejected, None, case.hand.scope, &told, &goal);
        rejected
    }

    fn put_approval(&mut self, id: ApprovalId, case: &Case<'a>, watch: &Watch, way: &Way<'_>) {
        let approval = self.release.approval(id);
        let scope = case.hand.scope;
        let approvers = self.approvers(id, scope);
        let known = approvers.len();
        let quorum = match approval.quorum {
            Quorum::Count(n) => i64::from(n),
            Quorum::All => i64::try_from(known).unwrap_or(1).max(1),
        };
        let seconds = approval
            .within
            .or(approval.open_for)
            .map_or(DEFAULT_SECONDS, Dur::as_seconds);
        self.check_ask(&approval.name, approval.origin.span, known, seconds);
        let artifacts: Vec<String> = self
            .release
            .artifacts
            .iter()
            .map(|a| a.name.to_string())
            .collect();
        let subject = if artifacts.is_empty() {
            ["approve `", &approval.name, "`?"].concat()
        } else {
            ["approve `", &approval.name, "`? Ships: ", &artifacts.join(", ")].concat()
        };
        let lines = [
            ("", Some(&approval.title)),
            ("Version: ", Some(&self.release.version)),
            ("Evidence: ", approval.evidence.as_ref()),
        ];
        let message = self.question_text(&subject, &lines, &[], scope);
        let (granted, late) = (self.b.label(), way.rejected.clone());
        let ask = Ask {
            name: case.name.clone(),
            key: case.slug.clone(),
            part: Purpose::new(watch.at, &approval.name, Deed::Grant(id)),
            message,
            approvers,
            quorum,
            seconds: seconds.clamp(1, LONGEST_SECONDS),
            scope,
            options: vec![("yes".into(), granted.clone())],
            no: way.rejected.clone(),
            late,
            unasked: None,
            record: Some(self.vars.write(&self.names.grant(id), scope)),
            answers: Vec::new(),
        };
        self.ask(&ask, watch, way.at);
        self.apart(id, case, &granted, way.granted, way.rejected);
    }

    /// What no question may exceed.
    pub fn check_ask(&mut self, name: &str, span: crate::source::Span, approvers: usize, seconds: i64) {
        if approvers > MOST_APPROVERS {
            let message = [
                "`",
                name,
                "` may be granted by ",
                &approvers.to_string(),
                " people and roles, and Systems Manager asks ",
                &MOST_APPROVERS.to_string(),
                " at most",
            ];
            self.bag.push(
                Diagnostic::error(LIMIT, span, message.concat())
                    .here("too many to ask")
                    .about(&[rules::MEMBERS, rules::DECISION, rules::BY_HAND])
                    .help("give the role an `aws` role that all of them may assume, and ask that"),
            );
        }
        if seconds > LONGEST_SECONDS {
            let message = [
                "`",
                name,
                "` may take longer than the 30 days Systems Manager waits for an answer",
            ];
            self.bag.push(
                Diagnostic::error(TOO_LONG, span, message.concat())
                    .here("waits too long")
                    .about(&[rules::WITHIN, rules::DECISION, rules::BY_HAND])
                    .help("ask `within` 30d"),
            );
        }
    }

    /// Who may grant an approval: never the author where the plan says so.
    fn approvers(&mut self, id: ApprovalId, _scope: Scope) -> Vec<Expr> {
        let approval = self.release.approval(id);
        let who: Vec<RoleOrPerson> = approval.from.iter().map(|(w, _)| *w).collect();
        let not_author = approval
            .distinct_from
            .iter()
            .any(|(d, _)| *d == DistinctFrom::Author);
        let list = self.principals(&who);
        if not_author { self.but_authors(list) } else { list }
    }

    /// Those of some people who have not written the change.
    pub fn but_authors(&mut self, mut list: Vec<Expr>) -> Vec<Expr> {
        let authors: Vec<_> = self.release.authors.iter().map(|(a, _)| *a).collect();
        for author in &authors {
            if let PersonRef::Person(p) = author {
                let theirs = self.principals(&[RoleOrPerson::Person(*p)]);
                list.retain(|e| !theirs.contains(e));
            }
        }
        for author in authors {
            if let PersonRef::Param(p) = author {
                let theirs = self.principal_of_param(p);
                let differs = Expr::op(Expr::var("x"), "!=", theirs);
                let kept = Expr::Lambda("filter", Box::new(Expr::List(list)), "x", Box::new(differs));
                list = vec![kept];
            }
        }
        list
    }

    /// Compares those who granted with those who granted before and with whoever did the work.
    fn apart(&mut self, id: ApprovalId, case: &Case<'a>, at: &Label, next: &Label, rejected: &Label) {
        let scope = case.hand.scope;
        let mine = self.vars.read(&self.names.grant(id), scope).dot(&["by"]);
        let mut others: Vec<Expr> = Vec::new();
        for (distinct, _) in &self.release.approval(id).distinct_from {
            match distinct {
                DistinctFrom::Approval(other) => {
                    others.push(self.vars.read(&self.names.grant(*other), scope).dot(&["by"]));
                }
                DistinctFrom::Executors => others.extend(self.hands(scope)),
                DistinctFrom::Author => {}
            }
        }
        // The other way round as well: an approval that must differ from this one may have been granted first.
        for (i, other) in self.release.approvals.iter().enumerate() {
            let theirs = other
                .distinct_from
                .iter()
                .any(|(d, _)| *d == DistinctFrom::Approval(id));
            let e = self
                .vars
                .read(&self.names.grant(ApprovalId::at(i)), scope)
                .dot(&["by"]);
            if theirs && !others.contains(&e) {
                others.push(e);
            }
        }
        let test = Expr::any(others.into_iter().map(|o| shares(mine.clone(), o)));
        let name = [&case.name, ": by somebody who may not?"].concat();
        self.b.branch(at, &name, test, rejected, next);
    }

    /// Those who did steps by hand before this point.
    fn hands(&self, scope: Scope) -> Vec<Expr> {
        let mut list = Vec::new();
        for (i, stage) in self.release.stages.iter().enumerate() {
            for step in stage.forward_steps() {
                let fact = self.names.by(StageId::at(i), &step.slug);
                if self.vars.knows(&fact) {
                    list.push(self.vars.read(&fact, scope).dot(&["by"]));
                }
            }
        }
        list
    }

    /// A grant that has lapsed when the stage would start counts as a rejection.
    pub fn still_valid(
        &mut self,
        id: ApprovalId,
        case: &Case<'a>,
        faults: &mut Faults,
        way: (&Label, &Label),
    ) {
        let (at, next) = way;
        let approval = self.release.approval(id);
        let Some(valid) = approval.valid else {
            self.b.same(at, next);
            return;
        };
        let scope = case.hand.scope;
        let site = Site {
            key: ["lapsed_", &approval.name].concat(),
            retry: at.clone(),
            proceed: next.clone(),
        };
        let rejected = self.rejection(id, case, faults, site);
        let grant = self.vars.read(&self.names.grant(id), scope);
        let age = Expr::op(Expr::now(), "-", grant.clone().dot(&["at"]));
        let old = Expr::op(age, ">", Expr::int(valid.as_ms()));
        let lapsed = Expr::all([Expr::op(grant, "!=", Expr::Null), old]);
        self.b.branch(
            at,
            &[&case.name, ": ", &approval.name, " lapsed?"].concat(),
            lapsed,
            &rejected,
            next,
        );
    }

    /// Whether a declared way around removes an approval.
    pub fn bypassed_approval(&self, id: ApprovalId) -> Expr {
        Expr::any(
            self.release
                .overrides
                .iter()
                .enumerate()
                .filter(|(_, o)| o.approvals.iter().any(|(a, _)| *a == id))
                .map(|(i, _)| self.vars.read(&self.names.bypass(i), super::vars::TOP)),
        )
    }

    /// A way out for a branch that cannot read its flags.
    pub fn blind(&mut self, case: &Case<'a>, goal: &Label) -> Label {
        let at = self.b.label();
        let fault: Assign = restated(
            &self.fault(&case.name, "flags", case.hand.scope),
            Expr::str("FlagsUnreadable"),
            Expr::str("whether a sibling has failed could not be read"),
        );
        self.b.set(
            &at,
            &[&case.name, ": cannot tell whether it may go on"].concat(),
            fault,
            goal,
        );
        at
    }

    /// The triggers that watch while a node is waited for: it stands between stages they watch.
    pub fn triggers_around(&self, node: Node) -> Vec<crate::model::TriggerId> {
        let (before, after) = (self.plan.ancestors(node), self.plan.descendants(node));
        (0..self.release.triggers.len())
            .map(crate::model::TriggerId::at)
            .filter(|t| {
                let during = &self.release.triggers[t.index()].during;
                let any = |set| during.iter().any(|s| self.plan.contains(set, Node::Stage(*s)));
                any(&before) && any(&after)
            })
            .collect()
    }
}
