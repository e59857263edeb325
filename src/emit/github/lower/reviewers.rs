//! Who cannot be asked on an environment of GitHub, and which rule of the plan that concerns.
//!
//! Called by `limits`.

use crate::diagnostic::Diagnostic;
use crate::emit::enforce::rules;
use crate::emit::environments::{self, MOST_REVIEWERS, Purpose};
use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::limits::{Rules, UNENFORCED, limit};
use crate::model::{Origin, Rollback, StageId, Step};
use crate::plan::StageUndo;

/// Says who cannot be asked at GitHub, and where more are asked than it allows.
pub fn report(ctx: &Ctx<'_>) {
    for environment in environments::environments(ctx.plan) {
        let Some(people) = &environment.reviewers else {
            continue;
        };
        let mut origins = origins_of(ctx, &environment.purpose).into_iter();
        let Some(origin) = origins.next() else { continue };
        if people.entries() > MOST_REVIEWERS {
            limit(
                ctx,
                asked(&environment.purpose),
                origin,
                format!(
                    "environment `{}` would need {} reviewers, and GitHub allows {MOST_REVIEWERS}",
                    environment.name,
                    people.entries()
                ),
                "give the role a `team`, which counts as one reviewer",
            );
        }
        if !people.strangers.is_empty() || people.entries() == 0 {
            let who = if people.entries() == 0 {
                "nobody"
            } else {
                "not everybody"
            };
            let message = format!(
                "{who} can be asked on environment `{}` at GitHub",
                environment.name
            );
            let rule = asked(&environment.purpose);
            let mut finding = Diagnostic::warning(UNENFORCED, origin.span, message)
                .here("asked on GitHub")
                .about(rule)
                .beside(origins.map(|o| o.span));
            for person in people.strangers.iter().map(|p| ctx.release.person(*p)) {
                finding = finding.fact(
                    person.origin.span,
                    format!("`{}` has no `github` login", person.name),
                );
            }
            ctx.report(finding.help("write the `github` logins of the people, or give the role a `team`"));
        }
    }
}

/// The rule that asks a person.
fn asked(purpose: &Purpose) -> Rules {
    match purpose {
        Purpose::Approve(_) => &[rules::MEMBERS],
        Purpose::Decide(_) => &[rules::DECISION],
        Purpose::Override(_) => &[rules::OVERRIDE],
        Purpose::Ready(..) => &[rules::CHECKLIST],
        Purpose::Gate(_) => &[rules::GATE],
        Purpose::Start(_) => &[rules::STARTED_BY],
        // No data, or a closed window, pause too.
        Purpose::Pause(_) => &[rules::FAILURE, rules::GATE, rules::WINDOW],
        Purpose::PauseRun => &[rules::TRIGGER, rules::DECISION],
        Purpose::Hold(_) => &[rules::HOLD],
        Purpose::Step(..) | Purpose::HoldStep(..) | Purpose::Finally(_) => &[rules::BY_HAND],
        Purpose::Deploy(_) | Purpose::Messages | Purpose::Wait(_) => &[rules::ORDER],
    }
}

/// Where it stands that somebody is asked, the first place first.
fn origins_of<'a>(ctx: &Ctx<'a>, purpose: &Purpose) -> Vec<&'a Origin> {
    let r = ctx.release;
    let or = |list: Vec<&'a Origin>, whole: &'a Origin| if list.is_empty() { vec![whole] } else { list };
    let one = match purpose {
        Purpose::Approve(a) => &r.approval(*a).origin,
        Purpose::Decide(d) => &r.decision(*d).origin,
        Purpose::Override(i) => &r.overrides[*i].origin,
        Purpose::Ready(c, _) => &r.checklist(*c).origin,
        Purpose::Gate(g) => &r.gate(*g).origin,
        Purpose::Start(s) => &r.stage(*s).origin,
        Purpose::Pause(s) => return or(environments::pauses_at(r, *s), &r.stage(*s).origin),
        Purpose::PauseRun => return or(environments::run_pauses_at(r), &r.origin),
        Purpose::Step(s, slug) => step_at(ctx, *s, slug).unwrap_or(&r.stage(*s).origin),
        Purpose::HoldStep(h, slug) => {
            let hold = r.hold(*h);
            let step = hold.enter.iter().chain(&hold.exit).find(|s| s.slug == *slug);
            step.map_or(&hold.origin, |s| &s.origin)
        }
        Purpose::Hold(h) => &r.hold(*h).origin,
        Purpose::Finally(slug) => {
            let step = r.finally.iter().find(|s| s.slug == *slug);
            step.map_or(&r.origin, |s| &s.origin)
        }
        Purpose::Deploy(_) | Purpose::Messages | Purpose::Wait(_) => &r.origin,
    };
    vec![one]
}

/// Where a step of a stage stands that a person does: on its way, after a failure, or on the way back.
fn step_at<'a>(ctx: &Ctx<'a>, s: StageId, slug: &str) -> Option<&'a Origin> {
    let stage = ctx.release.stage(s);
    let failing = stage.on_failure.iter().flat_map(|f| &f.steps);
    let back: &[Step] = match &stage.rollback {
        Rollback::Written(w) => &w.steps,
        _ => &[],
    };
    let written = stage.forward_steps().into_iter().chain(failing).chain(back);
    let mut written = written.filter(|step| step.slug == slug);
    written.next().map(|step| &step.origin).or_else(|| {
        let StageUndo::Derived(undos) = ctx.plan.undo(s) else {
            return None;
        };
        undos.into_iter().find(|u| u.slug == slug).map(|u| &u.act.origin)
    })
}
