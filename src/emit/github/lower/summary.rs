//! What people read in a run's summary before they are asked: what ships, in what order, who is asked where.
//!
//! Called by `around`.

use crate::emit::environments::{GithubEnvironment, Purpose, environments};
use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::names::{markdown, shown};
use crate::plan::Node;

/// The preview of a release.
pub fn preview(ctx: &Ctx<'_>) -> String {
    let r = ctx.release;
    let mut out = vec![format!("# {}", markdown(&shown(r, &r.title))), String::new()];
    let mut fact = |name: &str, value: String| {
        if !value.is_empty() {
            out.push(format!("- {name}: {}", markdown(&value)));
        }
    };
    fact("Version", shown(r, &r.version));
    fact(
        "Replaces",
        r.replaces.as_ref().map(|t| shown(r, t)).unwrap_or_default(),
    );
    fact("Plan", ctx.context.digest.to_string());
    fact("Source", ctx.context.source.to_string());
    if let Some(change) = &r.change {
        fact("Change", shown(r, &change.id));
        fact("Risk", change.risk.word().to_string());
        fact(
            "Why",
            change
                .justification
                .as_ref()
                .map(|t| shown(r, t))
                .unwrap_or_default(),
        );
    }
    fact(
        "Last approved plan",
        r.since
            .as_ref()
            .map(|s| shown(r, &s.reference))
            .unwrap_or_default(),
    );
    for artifact in &r.artifacts {
        let digest = artifact.digest.as_ref().map(|t| shown(r, t)).unwrap_or_default();
        let version = artifact.version.as_ref().map(|t| shown(r, t)).unwrap_or_default();
        fact(
            "Ships",
            format!("{} {version} {digest}", artifact.name).trim().to_string(),
        );
    }
    out.extend([String::new(), "## In this order".to_string(), String::new()]);
    for (i, node) in ctx.plan.order().enumerate() {
        let what = match node {
            Node::Stage(s) => {
                let s = r.stage(s);
                format!(
                    "stage {}: {}, by {}",
                    s.name,
                    shown(r, &s.title),
                    r.role(s.owner).name
                )
            }
            Node::Approval(a) => format!(
                "approval {}: {}",
                r.approval(a).name,
                shown(r, &r.approval(a).title)
            ),
            Node::Decision(d) => {
                format!(
                    "decision {}: {}",
                    r.decision(d).name,
                    shown(r, &r.decision(d).question.ask)
                )
            }
        };
        out.push(format!("{}. {}", i + 1, markdown(&what)));
    }
    out.extend([
        String::new(),
        "## Who is asked".to_string(),
        String::new(),
        "| environment | people | for |".to_string(),
        "| --- | --- | --- |".to_string(),
    ]);
    for e in environments(ctx.plan) {
        let Some(people) = &e.reviewers else { continue };
        let who: Vec<String> = people.teams.iter().chain(&people.users).cloned().collect();
        out.push(format!(
            "| {} | {} | {} |",
            markdown(&e.name),
            markdown(&who.join(", ")),
            markdown(&purpose(ctx, &e))
        ));
    }
    out.extend([
        String::new(),
        "An approval is one review on its environment, by as many people as the plan asks for, one after the other. A choice is a review whose comment begins with the option. Rejecting is a no.".to_string(),
    ]);
    out.join("\n")
}

fn purpose(ctx: &Ctx<'_>, e: &GithubEnvironment) -> String {
    let r = ctx.release;
    match &e.purpose {
        Purpose::Approve(a) => shown(r, &r.approval(*a).title),
        Purpose::Decide(d) => {
            let d = r.decision(*d);
            let options: Vec<&str> = d.options.iter().map(|o| o.name.as_str()).collect();
            format!("{} ({})", shown(r, &d.question.ask), options.join(", "))
        }
        Purpose::Override(i) => format!("way around {}", r.overrides[*i].name),
        Purpose::Ready(c, role) => {
            let mine =
                |i: &&crate::model::ChecklistItem| i.check.is_none() && i.owner.unwrap_or(r.owner) == *role;
            let asked = r
                .checklist(*c)
                .items
                .iter()
                .filter(mine)
                .map(|i| shown(r, &i.what));
            asked.collect::<Vec<_>>().join("; ")
        }
        Purpose::Gate(g) => shown(r, &r.gate(*g).title),
        Purpose::Start(s) => format!("start of stage {}", r.stage(*s).name),
        Purpose::Pause(s) => format!(
            "retry, proceed, rollback or stop, when stage {} pauses",
            r.stage(*s).name
        ),
        Purpose::PauseRun => "retry, proceed, rollback or stop, when the run pauses".to_string(),
        Purpose::Hold(h) => format!("leaving hold {} after an undo inside has failed", r.hold(*h).name),
        Purpose::Step(s, slug) => {
            let stage = r.stage(*s);
            let written = match &stage.rollback {
                crate::model::Rollback::Written(w) => w.steps.as_slice(),
                _ => &[],
            };
            let steps = stage.forward_steps().into_iter().chain(written);
            let failing = stage.on_failure.iter().flat_map(|f| &f.steps);
            let found = steps.chain(failing).find(|s| s.slug == *slug);
            let what = found.and_then(crate::emit::environments::asked).map(|a| match a {
                crate::emit::people::Askable::Manual(m) => shown(r, &m.what),
                crate::emit::people::Askable::Question(q) => shown(r, &q.ask),
            });
            format!(
                "stage {}: {}",
                stage.name,
                what.unwrap_or_else(|| "undo by hand".to_string())
            )
        }
        Purpose::HoldStep(h, _) => format!("hold {}, by hand", r.hold(*h).name),
        Purpose::Finally(_) => "finally, by hand".to_string(),
        Purpose::Deploy(_) | Purpose::Messages | Purpose::Wait(_) => String::new(),
    }
}
