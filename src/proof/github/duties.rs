//! What the plan asks of the jobs themselves: where they run, who is asked, how many have to say yes, what is looked at before anything begins,
//! and what each is called, since others look for it by its name.
//!
//! Everything here is worked out from the plan. Must not know a run. Called when two workflows have been read.

use super::expr::{Expr, Part};
use super::structure::{has, is, surely};
use super::workflow::{Job, Pair, Step, Workflow};
use crate::emit::environments::{self, GithubEnvironment, Purpose as Place, environments};
use crate::emit::github::parts::{Does, tells};
use crate::emit::github::script::{Fixed, WaitLength};
use crate::emit::parts::{At, Deed, Purpose};
use crate::emit::people::Reviewers;
use crate::model::{ApprovalId, HoldId, Release, RoleOrPerson, StageId, StartedBy, StepKind};
use crate::plan::Plan;
use serde_json::Value as Json;

/// Holds two workflows to it.
///
/// # Errors
/// The first job that does not.
pub fn check(plan: &Plan, pair: &Pair<'_>) -> Result<(), String> {
    let of = Of {
        release: plan.release(),
        places: environments(plan),
        pair,
    };
    let [release, rollback] = &pair.flows;
    for flow in &pair.flows {
        let named = |e: String| ["`", flow.file, "`: ", &e].concat();
        of.queues(flow).map_err(named)?;
        for job in &flow.jobs {
            of.job(flow, job)
                .map_err(|e| named(["job `", &job.id, "`: ", &e].concat()))?;
        }
    }
    let named = |file: &str| {
        let file = file.to_string();
        move |e: String| ["`", &file, "`: ", &e].concat()
    };
    of.preflight(release).map_err(named(release.file))?;
    of.follows(rollback).map_err(named(rollback.file))?;
    for id in (0..of.release.approvals.len()).map(ApprovalId::at) {
        of.approval(release, id).map_err(named(release.file))?;
    }
    for index in 0..of.release.overrides.len() {
        of.way_around(release, index).map_err(named(release.file))?;
    }
    for id in (0..of.release.stages.len()).map(StageId::at) {
        of.stage(release, id).map_err(named(release.file))?;
    }
    Ok(())
}

pub(super) struct Of<'w> {
    pub(super) release: &'w Release,
    places: Vec<GithubEnvironment>,
    pair: &'w Pair<'w>,
}

/// A list of texts that a variable holds as JSON.
pub(super) fn list(step: &Step<'_>, name: &str) -> Result<Vec<Json>, String> {
    let text = step.var(name).unwrap_or_default();
    let json: Json =
        serde_json::from_str(text).map_err(|e| ["`", name, "` holds no JSON: ", &e.to_string()].concat())?;
    Ok(json.as_array().cloned().unwrap_or_default())
}

/// A script that believes what a run hands over is told who started its run.
fn actor(step: &Step<'_>, name: &str) -> Result<(), String> {
    let own = step.env.iter().find(|(n, _)| n == name);
    let right = own.is_some_and(|(_, parts)| match parts.as_slice() {
        [Part::Expr(e)] => matches!(e, Expr::Path(root, path) if &**root == "github" && path.iter().map(|p| &**p).eq(["actor"])),
        _ => false,
    });
    match right {
        true => Ok(()),
        false => Err(["`", name, "` is not who started the run"].concat()),
    }
}

/// The text of a field in which nothing is evaluated.
fn plain(parts: &[Part]) -> Option<&str> {
    match parts {
        [Part::Text(text)] => Some(text),
        _ => None,
    }
}

/// The scripts that read what a person said in their job.
const ASKS: [Fixed; 3] = [Fixed::Approval, Fixed::Person, Fixed::Answer];

impl Of<'_> {
    fn job(&self, flow: &Workflow<'_>, job: &Job<'_>) -> Result<(), String> {
        self.place(job)?;
        self.called(flow, job)?;
        self.by_other_hands(job)?;
        if has(job, &[Fixed::Report, Fixed::RollbackReport]) {
            let at = |f: &dyn Fn(&Step<'_>) -> bool| job.steps.iter().position(f);
            let told = at(&|s| is(s, &[Fixed::Report, Fixed::RollbackReport]) && surely(s));
            let kept = at(&|s| matches!(s.does(), Does::Upload));
            if told.is_none() || kept.is_none_or(|k| told.is_none_or(|t| t > k)) {
                return Err("the evidence of the run is not kept".into());
            }
        }
        Ok(())
    }

    /// Where it stands is where the plan has it.
    fn place(&self, job: &Job<'_>) -> Result<(), String> {
        let own = job.environment.as_deref().unwrap_or_default();
        if let Some(step) = job.steps.iter().find(|s| is(s, &ASKS)) {
            let asked = step.env.iter().find(|(n, _)| n == "ENVIRONMENT");
            if asked.is_none_or(|(_, parts)| parts.as_slice() != own) {
                return Err("it asks at one environment and reads the answers of another".into());
            }
            let Some(name) = plain(own) else { return Ok(()) };
            let found = self.places.iter().find(|p| p.name == name);
            let right = found.is_some_and(|p| {
                p.reviewers.is_some() && step.parts().iter().all(|part| self.asked_at(part, &p.purpose))
            });
            return match right {
                true => Ok(()),
                false => Err(["environment `", name, "` is not the one where the plan asks"].concat()),
            };
        }
        if let Some(step) = job.steps.iter().find(|s| is(s, &[Fixed::Waited])) {
            return self.waits(job, step);
        }
        let Some(wanted) = self.demanded(job) else {
            return Ok(());
        };
        let wanted = environments::name(self.release, &wanted);
        match plain(own) {
            Some(name) if name == wanted => Ok(()),
            _ => Err(["it does not stand in environment `", &wanted, "`"].concat()),
        }
    }

    /// Whether a part of the plan is asked at a place.
    fn asked_at(&self, part: &Purpose, place: &Place) -> bool {
        match (part.deed, part.at) {
            (Deed::Grant(a), _) => *place == Place::Approve(a),
            (Deed::Override(i), _) => *place == Place::Override(i),
            (Deed::Decide(d, _), _) => *place == Place::Decide(d),
            (Deed::Judge(g) | Deed::NoData(g), _) => *place == Place::Gate(g),
            (Deed::Word(h), _) => *place == Place::Hold(h),
            (Deed::Ready, _) => matches!(place, Place::Ready(..)),
            (Deed::Begin, At::Stage(s)) => *place == Place::Start(s),
            (Deed::Act | Deed::Await, At::Stage(s) | At::Undo(s)) => {
                *place == Place::Step(s, part.step.clone())
            }
            (Deed::Act | Deed::Await, At::Enter(h) | At::Exit(h)) => {
                *place == Place::HoldStep(h, part.step.clone())
            }
            (Deed::Act | Deed::Await, At::Finally) => *place == Place::Finally(part.step.clone()),
            _ => true,
        }
    }

    /// GitHub waits as long as the plan says.
    fn waits(&self, job: &Job<'_>, step: &Step<'_>) -> Result<(), String> {
        let name = job.environment.as_deref().and_then(plain).unwrap_or_default();
        let minutes = self.places.iter().find_map(|p| match p.purpose {
            Place::Wait(minutes) if p.name == name => Some(minutes),
            _ => None,
        });
        let Some(minutes) = minutes else {
            return Err(["environment `", name, "` does not wait"].concat());
        };
        let mut wanted = 0i64;
        for unit in list(step, "UNITS")? {
            let Some((slug, step)) = unit.as_str().and_then(|u| u.split_once('.')) else {
                continue;
            };
            let stage = self.release.stages.iter().find(|s| s.slug == slug);
            let steps = stage.map(|s| s.forward_steps()).unwrap_or_default();
            if let Some(StepKind::Wait(d) | StepKind::Bake(d)) =
                steps.iter().find(|s| s.slug == step).map(|s| &s.kind)
            {
                wanted = wanted.saturating_add(d.as_seconds());
            }
        }
        if minutes * 60 < wanted.min(environments::LONGEST_TIMER * 60) {
            return Err(format!(
                "it waits {minutes} minutes, and the plan {}",
                wanted / 60
            ));
        }
        Ok(())
    }

    /// The environment that what a job does belongs to.
    fn demanded(&self, job: &Job<'_>) -> Option<Place> {
        let r = self.release;
        let of_stage = |s: StageId| Place::Deploy(r.stage(s).environment);
        let of_hold = |h: HoldId| of_stage(r.hold(h).from);
        let does = |s: &&Step<'_>| {
            matches!(
                s.does(),
                Does::Work { .. } | Does::Gate { .. } | Does::Watch { .. } | Does::Wait { .. }
            )
        };
        // A gate is judged where it says, when that is another account or region than the stage's.
        let judged = |part: &Purpose, s: StageId| {
            let (Deed::Judge(g) | Deed::NoData(g)) = part.deed else {
                return of_stage(s);
            };
            let home = r.env(r.stage(s).environment);
            let far = r.gate(g).environment.filter(|e| {
                let own = r.env(*e);
                own.account.is_some() && own.account != home.account
                    || own.region.is_some() && own.region != home.region
            });
            far.map_or(of_stage(s), Place::Deploy)
        };
        if job.steps.iter().any(|s| matches!(s.does(), Does::Quiet(_))) {
            return Some(Place::Deploy(r.environment));
        }
        for part in job.steps.iter().filter(does).flat_map(|s| s.parts()) {
            match part.at {
                // A checklist may stand before several stages: it is gone through where the release is.
                _ if part.deed == Deed::Ready => return Some(Place::Deploy(r.environment)),
                At::Stage(s) | At::Undo(s) => return Some(judged(part, s)),
                At::Enter(h) | At::Exit(h) => return Some(of_hold(h)),
                At::Finally => return Some(Place::Deploy(r.environment)),
                At::Run | At::Aside => {}
            }
        }
        if let Some(record) = job.steps.iter().find(|s| is(s, &[Fixed::Record])) {
            let owner = record.var("STAGE").unwrap_or_default();
            if let Some(s) = r.stages.iter().position(|s| s.slug == owner) {
                return Some(of_stage(StageId::at(s)));
            }
            if owner == "finally" {
                return Some(Place::Deploy(r.environment));
            }
            let hold = owner.strip_prefix("hold.").or(owner.strip_prefix("exit."));
            let hold = hold.and_then(|name| r.holds.iter().position(|h| h.name == name));
            return hold.map(|h| of_hold(HoldId::at(h)));
        }
        let speaks = job.steps.iter().any(|s| {
            // What is owed is written down with the rights of the run itself, and needs no secret.
            matches!(s.does(), Does::Tell) || is(s, &[Fixed::Mention])
        });
        let around = [
            Fixed::Summary,
            Fixed::HandOver,
            Fixed::Report,
            Fixed::RollbackReport,
            Fixed::Settle,
        ];
        (speaks && has(job, &around)).then_some(Place::Messages)
    }

    /// What looks whether something else has failed does so with the job's own token, whatever the plan calls its values.
    fn looks_as_itself(&self, step: &Step<'_>) -> Result<(), String> {
        let guarded = matches!(
            step.does(),
            Does::Work { guarded: true, .. }
                | Does::Gate { guarded: true, .. }
                | Does::Wait { guarded: true, .. }
                | Does::Watch { .. }
        );
        let own = [Part::Expr(Expr::Path("github".into(), vec!["token".into()]))];
        let token = step.env.iter().find(|(name, _)| name == "RELEASEC_TOKEN");
        match token {
            Some((_, parts)) if *parts == own => Ok(()),
            None if !guarded => Ok(()),
            _ => Err("it looks at the other jobs of the run without the token of its own".into()),
        }
    }

    /// What looks for jobs by their names finds them.
    fn called(&self, flow: &Workflow<'_>, job: &Job<'_>) -> Result<(), String> {
        let released = std::ptr::eq(flow, &self.pair.flows[0]);
        for step in &job.steps {
            self.looks_as_itself(step)?;
            let said = |p: &&Purpose| !tells(p) && !matches!(p.deed, Deed::Owe(_));
            let kind = match (step.does(), step.parts().iter().find(said)) {
                (Does::Fixed(Fixed::HandOver), _) => "After ",
                (Does::Fixed(Fixed::Decided), _) => "Decision ",
                (Does::Watch { .. }, _) => "Trigger ",
                (_, Some(part)) => match (part.deed, part.at) {
                    (Deed::Grant(_) | Deed::Override(_), _) => "Approval ",
                    (Deed::Decide(..), _) => "Choice ",
                    (Deed::Ready, _) => "Ready ",
                    (_, At::Stage(_)) => "Stage ",
                    (_, At::Enter(_)) => "Hold ",
                    (_, At::Exit(_)) => "Exit ",
                    _ => continue,
                },
                _ => continue,
            };
            let checks = kind == "Ready " && job.name.starts_with("Checks ");
            if released && !job.name.starts_with(kind) && !checks {
                return Err([
                    "its name does not begin with `",
                    kind.trim(),
                    "`, and others look for that",
                ]
                .concat());
            }
            let names = |n: &str| -> Result<(), String> {
                for name in list(step, n)? {
                    if !flow.jobs.iter().any(|j| Some(j.name.as_str()) == name.as_str()) {
                        return Err(["it looks for a job called ", &name.to_string()].concat());
                    }
                }
                Ok(())
            };
            if matches!(step.does(), Does::Watch { .. }) {
                names("RELEASEC_WATCHED")?;
                names("RELEASEC_FINAL")?;
            }
        }
        if let Some(step) = job.steps.iter().find(|s| is(s, &[Fixed::Record]))
            && step.var("JOB") != Some(&job.name)
        {
            return Err("its record is that of a job with another name".into());
        }
        Ok(())
    }

    /// Runs that change the same places wait for each other, and none breaks off another.
    fn queues(&self, flow: &Workflow<'_>) -> Result<(), String> {
        let r = self.release;
        let used = std::iter::once(r.environment).chain(r.stages.iter().map(|s| s.environment));
        let mut used = used.filter(|e| r.is_production(*e));
        let environment = used.next().unwrap_or(r.environment);
        let wanted = match std::ptr::eq(flow, &self.pair.flows[0]) {
            true => ["release-", r.env(environment).name.as_str()].concat(),
            false => ["rollback-", r.name.as_str()].concat(),
        };
        let own = flow.group.split("${{").next().unwrap_or_default();
        // A run that is dropped where another has its lock must not wait in a queue.
        let drops = std::ptr::eq(flow, &self.pair.flows[0]) && r.locks.iter().any(|l| l.drop);
        let wanted = if drops { [&wanted, "-"].concat() } else { wanted };
        match own == wanted && flow.queues {
            true => Ok(()),
            false => Err(["its runs do not wait for each other as `", &wanted, "`"].concat()),
        }
    }

    /// Before anything begins it is seen whether it may.
    fn preflight(&self, flow: &Workflow<'_>) -> Result<(), String> {
        let Some(first) = flow.jobs.first() else {
            return Err("it has no job".into());
        };
        let mut wanted = vec![Fixed::Digest, Fixed::Environments, Fixed::Turn, Fixed::Window];
        let r = self.release;
        let asked = match &r.started_by {
            Some((StartedBy::Role(role), _)) => !Reviewers::of(r, &[RoleOrPerson::Role(*role)]).open,
            _ => false,
        };
        let begin = first
            .steps
            .iter()
            .position(|s| is(s, &[Fixed::Begin]) && surely(s));
        let Some(begin) = begin else {
            return Err("its first job does not begin the run".into());
        };
        actor(&first.steps[begin], "STARTER")?;
        if asked && !first.steps[..begin].iter().any(|s| is(s, &[Fixed::StartedBy])) {
            return Err("it does not look who started it".into());
        }
        wanted.retain(|script| {
            !first.steps[..begin]
                .iter()
                .any(|s| is(s, &[*script]) && surely(s))
        });
        if let Some(script) = wanted.first() {
            let script = format!("{script:?}").to_lowercase();
            return Err(["it begins without a look at this: ", &script].concat());
        }
        if let Some(job) = flow.jobs.iter().skip(1).find(|j| j.needs.is_empty()) {
            return Err(["job `", &job.id, "` begins before it is seen whether it may"].concat());
        }
        // The rules that are looked at are the plan's.
        let looked = first.steps.iter().find(|s| is(s, &[Fixed::Environments]));
        let looked = looked
            .map(|s| list(s, "EXPECTED"))
            .transpose()?
            .unwrap_or_default();
        for place in &self.places {
            let same = looked.iter().any(|l| {
                l["name"] == place.name.as_str() && l["reviewed"] == Json::Bool(place.reviewers.is_some())
            });
            if !same {
                return Err(["nobody looks at the rules of environment `", &place.name, "`"].concat());
            }
        }
        Ok(())
    }

    /// The rollback is that of the approved plan, and finds out what follows before it undoes anything.
    fn follows(&self, flow: &Workflow<'_>) -> Result<(), String> {
        let Some(first) = flow.jobs.first() else {
            return Err("it has no job".into());
        };
        let at = |script: Fixed| first.steps.iter().position(|s| is(s, &[script]) && surely(s));
        let (Some(digest), Some(settle)) = (at(Fixed::Digest), at(Fixed::Settle)) else {
            return Err("it begins without a look at the plan, or at what began".into());
        };
        let mut todos = flow
            .jobs
            .iter()
            .flat_map(|j| &j.steps)
            .filter(|s| is(s, &[Fixed::Todo]));
        todos.try_for_each(|s| actor(s, "ACTOR"))?;
        if digest > settle {
            return Err("it acts before it looks at the plan".into());
        }
        let by_hand: Json = serde_json::from_str(first.steps[settle].var("BY_HAND").unwrap_or_default())
            .map_err(|e| ["`BY_HAND` holds no JSON: ", &e.to_string()].concat())?;
        for (name, _) in by_hand.as_object().into_iter().flatten() {
            if !self.pair.flows[0].jobs.iter().any(|j| j.name == *name) {
                return Err(["it looks for a job called `", name, "`"].concat());
            }
        }
        Ok(())
    }

    /// A stage waits where the plan waits, and as long; what it does stands in the order of the plan.
    fn paced(&self, flow: &Workflow<'_>, id: StageId) -> Result<(), String> {
        let stage = self.release.stage(id);
        let told = |e: String| Err(["stage `", &stage.name, "`: ", &e].concat());
        let mut order: Vec<(String, Option<i64>)> = Vec::new();
        for step in flow.jobs.iter().flat_map(|job| {
            let own = job.steps.iter().any(|s| {
                is(s, &[Fixed::Record]) && s.var("STAGE") == Some(&stage.slug) || is(s, &[Fixed::Waited])
            });
            job.steps.iter().filter(move |_| own)
        }) {
            if is(step, &[Fixed::Waited]) {
                for unit in list(step, "UNITS")? {
                    let own = unit.as_str().and_then(|u| u.split_once('.'));
                    if let Some((_, slug)) = own.filter(|(s, _)| *s == stage.slug) {
                        order.push((slug.to_string(), None));
                    }
                }
                continue;
            }
            let waits = match step.does() {
                Does::Wait {
                    length: WaitLength::Seconds(s),
                    ..
                } => *s,
                _ => 0,
            };
            order.extend(step.id.clone().map(|slug| (slug, Some(waits))));
        }
        if order.is_empty() {
            return Ok(());
        }
        let steps = stage.forward_steps();
        let mut last = 0;
        for (slug, _) in &order {
            let Some(at) = steps.iter().position(|s| s.slug == *slug) else {
                continue;
            };
            if at < last {
                return told(["`", slug, "` is done out of order"].concat());
            }
            last = at;
        }
        for step in &steps {
            let (StepKind::Wait(d) | StepKind::Bake(d)) = step.kind else {
                continue;
            };
            let waits = order
                .iter()
                .find(|(slug, _)| step.slug == *slug)
                .map(|(_, waits)| *waits);
            match waits {
                Some(None) => {}
                Some(Some(seconds)) if seconds >= d.as_seconds() => {}
                _ if d.as_seconds() <= 0 => {}
                _ => {
                    return told(
                        ["it does not wait at `", &step.slug, "` as long as the plan says"].concat(),
                    );
                }
            }
        }
        Ok(())
    }

    /// A stage looks at the window, at its approvals and at the clock before its first step.
    fn stage(&self, flow: &Workflow<'_>, id: StageId) -> Result<(), String> {
        self.paced(flow, id)?;
        let stage = self.release.stage(id);
        let works = |s: &Step<'_>| {
            let own = s
                .parts()
                .iter()
                .any(|p| p.at == At::Stage(id) && matches!(p.deed, Deed::Act | Deed::Await));
            own && matches!(s.does(), Does::Work { .. })
        };
        let Some(job) = flow.jobs.iter().find(|j| j.steps.iter().any(works)) else {
            return Ok(());
        };
        // Before its first work a stage may have asked somebody, in a job of its own.
        let asked =
            |p: &Purpose| p.at == At::Stage(id) && matches!(p.deed, Deed::Act | Deed::Await | Deed::Judge(_));
        let before = flow.jobs.iter().take_while(|j| j.id != job.id);
        let first_of_all = !{ before.clone() }.any(|j| j.steps.iter().any(|s| s.parts().iter().any(asked)));
        // Whoever starts it may take until the window is over.
        let begins = |p: &Purpose| p.at == At::Stage(id) && p.deed == Deed::Begin;
        let begun = { before }.any(|j| j.steps.iter().any(|s| s.parts().iter().any(begins)));
        if !first_of_all {
            return Ok(());
        }
        let first = job.steps.iter().position(works).unwrap_or_default();
        let lapses = stage
            .approved
            .iter()
            .any(|(a, _)| self.release.approval(*a).valid.is_some());
        let wanted = [
            (
                environments::in_window(self.release, id),
                Fixed::Window,
                "the window",
            ),
            (lapses && !begun, Fixed::Valid, "how old its approvals are"),
            (stage.timeout.is_some() && !begun, Fixed::Clock, "the clock"),
        ];
        // Where holds begin with it, it looks in a job of its own before they are entered; the runs show that it is before.
        let own = |j: &&Job<'_>| j.steps.iter().any(|s| s.var("STAGE") == Some(&stage.slug));
        let apart = self.release.holds.iter().any(|h| h.from == id);
        for (demanded, script, what) in wanted {
            let here = job.steps[..first].iter().any(|s| is(s, &[script]));
            let mut jobs = flow.jobs.iter().filter(own).take_while(|j| j.id != job.id);
            let before = script != Fixed::Clock && apart;
            let looks = match before {
                true => jobs.any(|j| j.steps.iter().any(|s| is(s, &[script]))),
                false => here,
            };
            if demanded && !looks {
                return Err(["stage `", &stage.name, "` begins without a look at ", what].concat());
            }
        }
        Ok(())
    }
}
