//! Who sits in which seat: the steps that read who said yes know whom the plan asks, whom it keeps out, and its duties.
//!
//! Worked out from the plan. Must not know a run. Called by `duties`.

use super::duties::{Of, list};
use super::expr::Part;
use super::structure::is;
use super::workflow::{Job, Step, Workflow};
use crate::emit::environments::{self, Purpose as Place};
use crate::emit::github::script::Fixed;
use crate::emit::parts::{At, Deed};
use crate::emit::people::Reviewers;
use crate::model::{
    Approval, ApprovalId, DistinctFrom, DutyRule, PersonRef, Quorum, RoleOrPerson, Seat, StageId, StepKind,
};
use serde_json::Value as Json;

impl Of<'_> {
    /// How many people an approval needs.
    fn quorum(&self, approval: &Approval) -> usize {
        let who: Vec<RoleOrPerson> = approval.from.iter().map(|(w, _)| *w).collect();
        match approval.quorum {
            Quorum::Count(n) => n as usize,
            Quorum::All => Reviewers::of(self.release, &who).permitted.len(),
        }
        .max(1)
    }

    /// Each seat of an approval asks, counts those before it, and knows who may and who may not.
    pub(super) fn approval(&self, flow: &Workflow<'_>, id: ApprovalId) -> Result<(), String> {
        let approval = self.release.approval(id);
        let told = |e: &str| Err(["approval `", approval.name.as_str(), "`: ", e].concat());
        let seats: Vec<&Step<'_>> = flow
            .jobs
            .iter()
            .flat_map(|j| &j.steps)
            .filter(|s| s.parts().iter().any(|p| p.deed == Deed::Grant(id)) && is(s, &[Fixed::Approval]))
            .collect();
        if seats.is_empty() {
            return Ok(());
        }
        if seats.len() != self.quorum(approval) {
            return told(&format!(
                "{} people are asked, and the plan says {}",
                seats.len(),
                self.quorum(approval)
            ));
        }
        let who: Vec<RoleOrPerson> = approval.from.iter().map(|(w, _)| *w).collect();
        let pool = Reviewers::of(self.release, &who);
        let within = approval
            .within
            .map_or(String::new(), |w| w.as_seconds().to_string());
        for (i, seat) in seats.iter().enumerate() {
            if seat.var("SEATS") != Some(&(i + 1).to_string()) {
                return told("a seat does not count those before it");
            }
            if seat.var("WITHIN") != Some(&within) {
                return told("it does not expire when the plan says");
            }
            if !pool.open && list(seat, "PERMITTED")? != pool.permitted {
                return told("others may say yes than the plan says");
            }
            let apart = list(seat, "APART")?;
            for (from, _) in &approval.distinct_from {
                let right = match from {
                    DistinctFrom::Approval(a) => {
                        let other = environments::name(self.release, &Place::Approve(*a));
                        apart.contains(&Json::String(other))
                    }
                    DistinctFrom::Author => self.barred(seat, "author"),
                    DistinctFrom::Executors => {
                        let hands = self.hands().into_iter().map(Json::String);
                        self.barred(seat, "starter") && { hands }.all(|h| apart.contains(&h))
                    }
                };
                if !right {
                    return told("somebody may say yes whom the plan keeps out");
                }
            }
            for other in self.release.approvals.iter().enumerate() {
                let from = &other.1.distinct_from;
                let place = environments::name(self.release, &Place::Approve(ApprovalId::at(other.0)));
                if from.iter().any(|(d, _)| *d == DistinctFrom::Approval(id))
                    && !apart.contains(&Json::String(place))
                {
                    return told("somebody may say yes whom another approval keeps out");
                }
            }
            self.ruled(seat, &|s| *s == Seat::Approval(id) || *s == Seat::Approvers)?;
        }
        Ok(())
    }

    /// Each seat of a declared way around asks, counts those before it, and knows who may; nobody who wrote, started or carries out what
    /// goes past it sits there.
    pub(super) fn way_around(&self, flow: &Workflow<'_>, index: usize) -> Result<(), String> {
        let around = &self.release.overrides[index];
        let told = |e: &str| Err(["override `", around.name.as_str(), "`: ", e].concat());
        let mine = |s: &&Step<'_>| s.parts().iter().any(|p| p.deed == Deed::Override(index));
        let steps = flow.jobs.iter().flat_map(|j| &j.steps);
        let seats: Vec<&Step<'_>> = steps.filter(|s| is(s, &[Fixed::Approval])).filter(mine).collect();
        let quorum = around.quorum.max(1) as usize;
        if seats.len() != quorum {
            return told(&format!(
                "{} people are asked, and the plan says {quorum}",
                seats.len()
            ));
        }
        let who: Vec<RoleOrPerson> = around.by.iter().map(|(w, _)| *w).collect();
        let pool = Reviewers::of(self.release, &who);
        for (i, seat) in seats.iter().enumerate() {
            if seat.var("SEATS") != Some(&(i + 1).to_string()) {
                return told("a seat does not count those before it");
            }
            if !pool.open && list(seat, "PERMITTED")? != pool.permitted {
                return told("others may say yes than the plan says");
            }
            let apart = list(seat, "APART")?;
            let mut hands = self.hands().into_iter().map(Json::String);
            if !self.barred(seat, "author")
                || !self.barred(seat, "starter")
                || !hands.all(|h| apart.contains(&h))
            {
                return told("who wrote, started or carries out what goes past it may say yes");
            }
        }
        Ok(())
    }

    /// Where people say that they did something of a stage by hand.
    fn hands_of(&self, id: StageId) -> Vec<String> {
        let r = self.release;
        let steps = r.stage(id).forward_steps().into_iter();
        let mine =
            steps.filter(|s| matches!(&s.kind, StepKind::Act(act) if environments::by_hand(act).is_some()));
        mine.map(|s| environments::name(r, &Place::Step(id, s.slug.clone())))
            .collect()
    }

    /// The same of all stages.
    fn hands(&self) -> Vec<String> {
        let stages = (0..self.release.stages.len()).map(StageId::at);
        stages.flat_map(|id| self.hands_of(id)).collect()
    }

    /// Whoever does work by hand is none of those whom the plan keeps apart from it.
    pub(super) fn by_other_hands(&self, job: &Job<'_>) -> Result<(), String> {
        let r = self.release;
        for step in job.steps.iter().filter(|s| is(s, &[Fixed::Person])) {
            for part in step.parts() {
                let (At::Stage(id), Deed::Act) = (part.at, part.deed) else {
                    continue;
                };
                let approvals = (0..r.approvals.len()).map(ApprovalId::at).filter(|a| {
                    let from = &r.approval(*a).distinct_from;
                    from.iter().any(|(d, _)| *d == DistinctFrom::Executors)
                });
                let mut wanted = approvals
                    .map(|a| environments::name(r, &Place::Approve(a)))
                    .chain((0..r.overrides.len()).map(|i| environments::name(r, &Place::Override(i))));
                let apart = list(step, "APART")?;
                if !wanted.all(|w| apart.contains(&Json::String(w))) {
                    return Err("whoever approved it may do the work".into());
                }
                self.ruled(step, &|s| *s == Seat::Executor(id) || *s == Seat::Executors)?;
            }
        }
        Ok(())
    }

    /// A step that reads reviews is told the plan's duties that speak of some of these seats.
    fn ruled(&self, step: &Step<'_>, mine: &dyn Fn(&Seat) -> bool) -> Result<(), String> {
        let found = list(step, "RULES")?;
        let wanted: Vec<&DutyRule> = self
            .release
            .duties
            .iter()
            .filter(|d| !matches!(d, DutyRule::AtLeast(..)) && d.seats().iter().any(mine))
            .collect();
        let missing = || Err("a duty of the plan is not looked at there".to_string());
        if found.len() != wanted.len() {
            return missing();
        }
        for (rule, told) in wanted.into_iter().zip(&found) {
            let (kind, most) = match rule {
                DutyRule::Distinct(..) => ("distinct", None),
                DutyRule::Same(..) => ("same", None),
                DutyRule::AtMost(n, ..) => ("at_most", Some(u64::from(*n))),
                DutyRule::AtLeast(..) => continue,
            };
            let right = told["kind"] == kind && most.is_none_or(|n| told["most"].as_u64() == Some(n));
            let seats = told["seats"].as_object();
            let named = |name: &String| seats.is_some_and(|s| s.contains_key(name));
            let sits = |place: Place| named(&environments::name(self.release, &place));
            let all = rule.seats().iter().all(|seat| match seat {
                Seat::Approval(a) => sits(Place::Approve(*a)),
                Seat::Approvers => {
                    (0..self.release.approvals.len()).all(|i| sits(Place::Approve(ApprovalId::at(i))))
                }
                Seat::Decision(d) => sits(Place::Decide(*d)),
                Seat::Author => told["author"] == true,
                Seat::Executor(id) => self.hands_of(*id).iter().all(named),
                Seat::Executors => self.hands().iter().all(named),
            });
            if !right || !all {
                return missing();
            }
        }
        Ok(())
    }

    /// Whether those who wrote the change, or who started the run, do not count at a seat.
    fn barred(&self, seat: &Step<'_>, who: &str) -> bool {
        let Some((_, parts)) = seat.env.iter().find(|(n, _)| n == "BARRED") else {
            return false;
        };
        let text: String = parts
            .iter()
            .map(|p| match p {
                Part::Text(t) => t.clone(),
                Part::Expr(e) => {
                    let mut read = Vec::new();
                    e.paths(&mut read);
                    let last = read.first().and_then(|(_, path)| path.last());
                    last.map_or(String::new(), ToString::to_string)
                }
            })
            .collect();
        let named: Vec<String> = serde_json::from_str(&text).unwrap_or_default();
        if who == "starter" {
            return named.iter().any(|n| n == who);
        }
        self.release.authors.iter().all(|(author, _)| match author {
            PersonRef::Param(_) => named.iter().any(|n| n == who),
            PersonRef::Person(p) => {
                let logins = Reviewers::of(self.release, &[RoleOrPerson::Person(*p)]).permitted;
                logins.iter().all(|l| named.contains(l))
            }
        })
    }
}
