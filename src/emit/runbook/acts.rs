//! What is done, in words: a line, its command, its call, where a person does it, and what is recorded before it.
//!
//! Must not know where in the plan it is done: `work` does. Called by all that tells of steps.

use crate::emit::runbook::gates::judging;
use crate::emit::runbook::region::there;
use crate::emit::runbook::rows::{Action, Record};
use crate::emit::runbook::say;
use crate::emit::runbook::words::{Told, words};
use crate::model::{Act, EnvId, RoleId, Step, StepKind, WaitTest};

/// What is recorded just before a step.
pub(super) fn records(r: Told<'_>, place: EnvId, step: &Step) -> Vec<Record> {
    let acts = step.act().into_iter();
    acts.flat_map(|a| &a.priors)
        .map(|p| prior(r, place, *p))
        .collect()
}

/// A step that stands beside the stages.
pub(super) fn beside(r: Told<'_>, place: EnvId, step: &Step, owner: RoleId) -> Action {
    let (what, command, _, console) = action(r, place, step);
    Action {
        action: what,
        owner: say::role(r, step.owner.unwrap_or(owner)),
        when: say::when(r, &step.when),
        records: records(r, place, step),
        command,
        console,
        expect: say::maybe(r, step.expect.as_ref()),
    }
}

fn prior(r: Told<'_>, place: EnvId, id: crate::model::PriorId) -> Record {
    let p = r.prior(id);
    Record {
        name: words!(r, "text.prior", name = p.name),
        command: there(r, place, p.run.as_ref()),
    }
}

/// What a step does: a line, its command, its call, and where a person does it.
pub(super) fn action(r: Told<'_>, place: EnvId, step: &Step) -> (String, String, String, String) {
    match &step.kind {
        StepKind::Act(act) => act_words(r, place, act),
        StepKind::Wait(d) => (
            words!(r, "step.wait", time = say::dur(r, *d)),
            String::new(),
            String::new(),
            String::new(),
        ),
        StepKind::Bake(d) => (
            words!(r, "step.bake_and_watch", time = say::dur(r, *d)),
            String::new(),
            String::new(),
            String::new(),
        ),
        StepKind::WaitFor(w) => {
            let what = say::text(r, &w.what);
            let what = match w.within {
                Some(d) => words!(r, "step.wait_until_within", what = what, time = say::dur(r, d)),
                None => words!(r, "step.wait_until", what = what),
            };
            let (_, command, call, console) = match &w.test {
                WaitTest::Run(a) | WaitTest::Job(a) => act_words(r, place, a),
                WaitTest::Ask(q) => (
                    String::new(),
                    String::new(),
                    String::new(),
                    say::maybe(r, q.console.as_ref()),
                ),
            };
            (what, command, call, console)
        }
        StepKind::VerifyGate(g) => {
            let gate = say::text(r, &r.gate(*g).title);
            (
                words!(r, "step.verify", gate = gate),
                judging(r, place, *g),
                String::new(),
                String::new(),
            )
        }
        StepKind::VerifyArtifact(a) => {
            let artifact = r.artifact(*a);
            (
                words!(r, "step.verify_artifact", artifact = artifact.name),
                String::new(),
                String::new(),
                String::new(),
            )
        }
        StepKind::Tell(c, message) => {
            let channel = say::text(r, &r.channel(*c).title);
            (
                words!(r, "step.tell", channel = channel, message = say::text(r, message)),
                String::new(),
                String::new(),
                String::new(),
            )
        }
    }
}

/// What an act does, in the same parts.
pub(super) fn act_words(r: Told<'_>, place: EnvId, act: &Act) -> (String, String, String, String) {
    let command = there(r, place, act.run.as_ref());
    let call = match &act.task {
        Some(crate::model::Task::Aws {
            service, operation, ..
        }) => format!("{service}:{operation}"),
        Some(crate::model::Task::Http { method, url, .. }) => format!("{method} {}", say::text(r, url)),
        None => String::new(),
    };
    let console = act
        .manual
        .as_ref()
        .map(|m| say::maybe(r, m.console.as_ref()))
        .unwrap_or_default();
    let mut title = say::text(r, &act.title);
    if let Some(m) = &act.manual
        && act.run.is_none()
        && say::text(r, &m.what) != title
    {
        title = format!("{title}: {}", say::text(r, &m.what));
    }
    (title, command, call, console)
}
