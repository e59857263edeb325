//! What Step Functions allows, and what it cannot hold.
//!
//! Must not change the machine. Called by the target's entry point.

use super::lower::{EVENTS, Lowered, YEAR_SECONDS, history};
use super::naming;
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::emit::enforce::{rules, unwatched};
use crate::emit::environments::gates_of;
use crate::model::{
    DecisionId, DistinctFrom, Dur, DutyRule, Failure, FailureOutcome, GateId, GateOutcome, GateTest,
    OptionOutcome, Origin, Passes, Release, RoleOrPerson, Rollback, Seat, Stage, StageId, Step, StepKind,
    Task,
};
use crate::plan::{Node, Plan};

/// Most bytes of a definition.
const DEFINITION: usize = 1_048_576;
/// Seconds between two looks at a question that nobody minds.
const SOON: i64 = 300;
/// Seconds after which a branch that is held is looked at soon enough.
const HELD_SOON: i64 = 900;

const LIMIT: Code = Code("target/limit");
const UNENFORCED: Code = Code("target/unenforced");
const TOO_LONG: Code = Code("target/wait_too_long");
const EXTRA_WAIT: Code = Code("target/extra_wait");

/// Holds a machine to what the service allows.
pub fn check(plan: &Plan, lowered: &Lowered, bytes: usize) -> Bag {
    let mut bag = Bag::new();
    let release = plan.release();
    let place = release.origin.span;
    if bytes > DEFINITION {
        let message = [
            "the state machine has ",
            &bytes.to_string(),
            " bytes, and Step Functions takes 1048576 at most",
        ];
        bag.push(
            Diagnostic::error(LIMIT, place, message.concat())
                .here("too big")
                .help("split the release, or take stages out into a release of their own"),
        );
    }
    if lowered.events > EVENTS {
        bag.push(too_many_events(release, lowered));
    }
    waits(plan, &mut bag);
    regions(plan, &mut bag);
    restarts(plan, &mut bag);
    accounts(plan, &mut bag);
    identities(plan, lowered, &mut bag);
    unheld(plan, &mut bag);
    let seldom = lowered.slowest > SOON || lowered.held_apart > HELD_SOON;
    if seldom && !bag.has_errors() && !lowered.bag.has_errors() {
        bag.push(looked_at_seldom(plan, lowered));
    }
    bag
}

/// The parts that a run which writes too much is told of.
const PARTS: usize = 4;

/// What the events of the longest run are written for.
fn too_many_events(release: &Release, lowered: &Lowered) -> Diagnostic {
    let message = [
        "a run can write ",
        &lowered.events.to_string(),
        " events, and Step Functions ends it after 25000",
    ];
    let mut found = Diagnostic::error(LIMIT, release.origin.span, message.concat()).here("too many events");
    let shares = lowered.shares();
    let mut words: Vec<(u64, String)> = Vec::new();
    let large = |s: &&history::Share| s.events.saturating_mul(50) > lowered.events;
    for share in shares.iter().filter(large).take(PARTS) {
        let (what, place) = part(release, &share.part);
        let events = share.events.to_string();
        // An approval is one question.
        let asks = release.approvals.iter().any(|a| a.name == share.part);
        let inside = share
            .most
            .as_ref()
            .filter(|(_, most)| !asks && most * 2 > share.events);
        let inside = inside.map_or_else(String::new, |(inside, most)| {
            [", ", &most.to_string(), " of them for \"", inside, "\""].concat()
        });
        words.push((share.events, [&events, " in ", &what, &inside].concat()));
        // What is a small part of all is no reason to look there.
        if let Some(place) = place.filter(|_| share.events * 10 > lowered.events) {
            found = found.fact(place.span, [&events, " events at most"].concat());
        }
    }
    if lowered.pauses > 0 {
        let pauses = [&lowered.pauses.to_string(), " while it pauses"].concat();
        words.push((lowered.pauses, pauses));
    }
    words.sort_by_key(|(events, _)| std::cmp::Reverse(*events));
    let words: Vec<String> = words.into_iter().map(|(_, w)| w).collect();
    found
        .note(["most of them: ", &words.join("; ")].concat())
        .note("every wait for a person, every bake that something watches and every retry counts with its longest way")
        .help("shorten what is waited for there, watch it less often, or take it out into a release of its own")
}

/// A part as people call it, and where it stands.
fn part<'r>(release: &'r Release, name: &str) -> (String, Option<&'r Origin>) {
    let quoted = |kind: &str| [kind, " `", name, "`"].concat();
    if let Some(approval) = release.approvals.iter().find(|a| a.name == name) {
        return (quoted("approval"), Some(&approval.origin));
    }
    let of = |s: &&Stage| {
        name.strip_prefix(s.name.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    if let Some(stage) = release.stages.iter().filter(of).max_by_key(|s| s.name.len()) {
        return (quoted("stage"), Some(&stage.origin));
    }
    if let Some(undone) = name.strip_prefix("undo ") {
        let stage = release.stages.iter().find(|s| s.name == undone);
        return (
            ["the way back of `", undone, "`"].concat(),
            stage.map(|s| &s.origin),
        );
    }
    match name.starts_with("the ") {
        true => (name.to_string(), None),
        false => (["\"", name, "\""].concat(), None),
    }
}

/// What it costs that questions stay open for long: nothing wakes a machine, and each look writes events.
fn looked_at_seldom(plan: &Plan, lowered: &Lowered) -> Diagnostic {
    let apart = |seconds: i64| Dur::seconds(seconds).to_string();
    let message = match lowered.slowest > SOON {
        true => [
            "on Step Functions an answer, or a failure beside an open question, can be noticed ",
            &apart(lowered.slowest),
            " late",
        ]
        .concat(),
        false => [
            "on Step Functions what is held while somebody is asked how to go on can go on ",
            &apart(lowered.held_apart),
            " late",
        ]
        .concat(),
    };
    let d = Diagnostic::info(EXTRA_WAIT, plan.release().origin.span, message)
        .here("has questions that stay open for long")
        .note("with closer looks at its open questions, its longest run would write more than the 25000 events that Step Functions allows");
    let d = match lowered.slowest > SOON && lowered.held_apart > HELD_SOON {
        true => d.note(format!(
            "what is held while somebody is asked how to go on can go on {} late",
            apart(lowered.held_apart)
        )),
        false => d,
    };
    d.help("let people answer within less time, ask for fewer things one after the other, or take stages out into a release of their own")
}

fn waits(plan: &Plan, bag: &mut Bag) {
    let release = plan.release();
    for stage in &release.stages {
        for step in stage.forward_steps() {
            let seconds = match &step.kind {
                StepKind::Wait(d) | StepKind::Bake(d) => d.as_seconds(),
                StepKind::WaitFor(w) => w.within.map_or(0, crate::model::Dur::as_seconds),
                _ => 0,
            };
            if seconds > YEAR_SECONDS {
                let message = [
                    "a step of `",
                    &stage.name,
                    "` waits longer than the year a run may last on Step Functions",
                ];
                bag.push(
                    Diagnostic::error(TOO_LONG, step.origin.span, message.concat())
                        .here("waits too long")
                        .about(&[rules::BAKE]),
                );
            }
        }
    }
}

/// A stage's role stands in the stage's account.
fn accounts(plan: &Plan, bag: &mut Bag) {
    let release = plan.release();
    for (i, gate) in release.gates.iter().enumerate() {
        let Some(own) = gate
            .environment
            .filter(|_| !matches!(gate.test, GateTest::Ask(_)))
        else {
            continue;
        };
        let account = |e| naming::foreign_account(release, e);
        let judges = plan.judges(GateId::at(i)).iter();
        let mut stages = judges.map(|s| release.stage(*s));
        if let Some(stage) = stages.find(|s| account(s.environment) != account(own)) {
            let message = [
                "`",
                &gate.name,
                "` is judged in another account than `",
                &stage.name,
                "` works in",
            ];
            bag.push(
                Diagnostic::error(LIMIT, gate.origin.span, message.concat())
                    .here("in an account that the stage's role does not reach")
                    .fact(stage.origin.span, "judged here")
                    .about(&[rules::GATE])
                    .help("let a stage that works in that environment judge it"),
            );
        }
    }
}

/// A restart goes back to the beginning of the order and passes over what has ended: what failed and does not depend on the point would
/// be passed over too, as if it had ended well.
fn restarts(plan: &Plan, bag: &mut Bag) {
    let release = plan.release();
    for (i, failed) in release.stages.iter().enumerate() {
        let id = StageId::at(i);
        let apart = |o: &FailureOutcome| match o {
            FailureOutcome::Restart(to, _) => {
                Some(*to).filter(|to| *to != id && !plan.precedes(Node::Stage(*to), Node::Stage(id)))
            }
            _ => None,
        };
        let Some(to) = follows(release, id).into_iter().find_map(apart) else {
            continue;
        };
        let again = release.stage(to);
        let message = [
            "when `",
            &failed.name,
            "` fails, `",
            &again.name,
            "` is started again, which it does not wait for",
        ];
        let help = [
            "write `after ",
            &again.name,
            "` in `",
            &failed.name,
            "`, or let `",
            &failed.name,
            "` itself start again",
        ];
        bag.push(
            Diagnostic::error(LIMIT, failed.origin.span, message.concat())
                .here("a state machine starts again what stands before, and passes over the rest")
                .fact(again.origin.span, "started again")
                .about(&[rules::FAILURE])
                .help(help.concat()),
        );
    }
}

/// All that may follow a failure of a stage.
fn follows(release: &Release, id: StageId) -> Vec<&FailureOutcome> {
    let decided = |d: DecisionId| {
        let options = release.decision(d).options.iter();
        options.filter_map(|o| match &o.then {
            OptionOutcome::Then(o) => Some(o),
            OptionOutcome::Proceed => None,
        })
    };
    let stage = release.stage(id);
    let mut list = Vec::new();
    match stage.on_failure.as_ref().map(|f| &f.then) {
        Some(Failure::Then(o)) => list.push(o),
        Some(Failure::Decision(d)) => list.extend(decided(*d)),
        None => {}
    }
    for gate in gates_of(stage) {
        match &release.gate(gate).otherwise {
            Some((GateOutcome::Then(o), _)) => list.push(o),
            Some((GateOutcome::Decision(d), _)) => list.extend(decided(*d)),
            None => {}
        }
    }
    let triggers = release.triggers.iter().filter(|t| t.during.contains(&id));
    list.extend(triggers.map(|t| &t.then));
    list
}

/// A call is made in the machine's own region.
fn regions(plan: &Plan, bag: &mut Bag) {
    let release = plan.release();
    for stage in &release.stages {
        let Some(region) = naming::foreign_region(release, stage.environment) else {
            continue;
        };
        let calls = |s: &&Step| {
            s.act()
                .is_some_and(|a| a.run.is_none() && matches!(a.task, Some(Task::Aws { .. })))
        };
        for step in stage.forward_steps().into_iter().filter(calls) {
            let message = [
                "a step of `",
                &stage.name,
                "` must be done in ",
                region,
                ", and Step Functions calls services in its own region only",
            ];
            bag.push(
                Diagnostic::error(LIMIT, step.origin.span, message.concat())
                    .here("a call without a command")
                    .help("give the action a `run`, which a build can run in any region"),
            );
        }
    }
}

/// People whom only a parameter identifies.
fn identities(plan: &Plan, lowered: &Lowered, bag: &mut Bag) {
    let release = plan.release();
    if lowered.roster.is_empty() {
        return;
    }
    let parameter = naming::principals_parameter(release);
    let message = [
        "the plan does not say who everybody is at AWS: the state machine reads it from the parameter `",
        &parameter,
        "`",
    ];
    let mut found = Diagnostic::info(UNENFORCED, release.origin.span, message.concat())
        .here("detected on Step Functions, not enforced by the plan")
        .about_all(&[rules::MEMBERS, rules::DISTINCT, rules::BY_HAND])
        .note("whoever may write that parameter chooses who approves; the infrastructure lets nobody but itself write it")
        .help("write `aws \"arn:…\"` for each person or role who is asked");
    for one in lowered.roster.values().take(3) {
        let (name, span) = match one {
            RoleOrPerson::Person(p) => (&release.person(*p).name, release.person(*p).origin.span),
            RoleOrPerson::Role(r) => (&release.role(*r).name, release.role(*r).origin.span),
        };
        found = found.fact(span, ["`", name, "` has no `aws`"].concat());
    }
    bag.push(found);
}

/// What the plan asks for and the machine cannot hold.
fn unheld(plan: &Plan, bag: &mut Bag) {
    let release = plan.release();
    for approval in &release.approvals {
        if approval.passes == Passes::Majority {
            let origin = approval.passes_written.as_ref().unwrap_or(&approval.origin);
            let message = [
                "`",
                &approval.name,
                "` passes by majority, and one rejection ends it on Step Functions",
            ];
            bag.push(
                Diagnostic::info(UNENFORCED, origin.span, message.concat())
                    .here("held more strictly")
                    .about(&[rules::PASSES])
                    .note("Systems Manager rejects a request as soon as one approver does"),
            );
        }
    }
    starters(plan, bag);
    for rule in &release.duties {
        if let Some(why) = loose(rule) {
            let message = ["Step Functions does not hold this duty: ", why];
            bag.push(
                Diagnostic::warning(UNENFORCED, rule.origin().span, message.concat())
                    .here("not enforced on Step Functions")
                    .about(&[rules::DUTY])
                    .help(
                        "write it as `distinct_from` of an approval, which is compared with who granted what",
                    ),
            );
        }
    }
    for (lead, origin) in release.notifies.iter().filter_map(|n| n.lead.as_ref()) {
        let lead = lead.to_string();
        let message = [
            "this message is sent when the execution starts, not ",
            &lead,
            " before the start",
        ];
        bag.push(
            Diagnostic::warning(UNENFORCED, origin.span, message.concat())
                .here("not enforced on Step Functions")
                .about(&[rules::LEAD])
                .help("start the execution that early: approvals are asked then, and stages wait for their time"),
        );
    }
    for escalate in release.escalates.iter().filter(|e| e.unanswered.is_some()) {
        let message = "this call is made at once, without waiting for an answer";
        bag.push(
            Diagnostic::info(UNENFORCED, escalate.origin.span, message)
                .here("detected on Step Functions, not prevented")
                .about(&[rules::ESCALATION])
                .note("an early call harms less than a late one"),
        );
    }
    for stage in &release.stages {
        if let Rollback::Written(w) = &stage.rollback
            && let Some(within) = w.within
        {
            let message = [
                "the rollback of `",
                &stage.name,
                "` is not ended when it takes longer than ",
                &within.to_string(),
            ];
            bag.push(
                Diagnostic::warning(UNENFORCED, w.origin.span, message.concat())
                    .here("not enforced on Step Functions")
                    .about(&[rules::UNDO_WITHIN])
                    .help("give its steps a `timeout`, which ends them there"),
            );
        }
    }
    unwatched(plan, "Step Functions")
        .into_iter()
        .for_each(|d| bag.push(d));
    let exits: Vec<&str> = release.holds.iter().map(|h| h.name.as_str()).collect();
    if !exits.is_empty() || !release.finally.is_empty() {
        let span = release
            .holds
            .first()
            .map_or(release.origin.span, |h| h.origin.span);
        bag.push(
            Diagnostic::info(UNENFORCED, span, "an execution that is aborted runs no more states, so neither exits nor `finally` run")
                .here("not run after an abort")
                .about_all(&[rules::HOLD, rules::FINALLY])
                .note("the infrastructure tells the owner of every aborted execution; the runbook says how to leave each hold"),
        );
    }
}

/// Whoever starts an execution executes what runs by itself, and a state machine is not told who that is.
fn starters(plan: &Plan, bag: &mut Bag) {
    let release = plan.release();
    let runs = |s: &Step| s.act().is_some_and(|act| act.run.is_some() || act.task.is_some());
    let mut stages = release.stages.iter().flat_map(|s| s.forward_steps());
    if !stages.any(runs) {
        return;
    }
    let told = |span, what: String| {
        Diagnostic::warning(UNENFORCED, span, what)
            .here("not enforced on Step Functions")
            .note("AWS does not tell a state machine who started it; who did work by hand is compared")
            .help("let nobody who approves assume a role that may start the state machine: `states:StartExecution`")
    };
    for approval in &release.approvals {
        let from = approval
            .distinct_from
            .iter()
            .find(|(d, _)| *d == DistinctFrom::Executors);
        if let Some((_, origin)) = from {
            let what = [
                "whoever starts the execution is not kept from granting `",
                &approval.name,
                "`",
            ];
            bag.push(told(origin.span, what.concat()).about(&[rules::DISTINCT]));
        }
    }
    for o in &release.overrides {
        let what = [
            "whoever starts the execution is not kept from letting `",
            &o.name,
            "` pass",
        ];
        bag.push(told(o.origin.span, what.concat()).about(&[rules::DISTINCT]));
    }
}

/// Why a duty is not held; `None` when it is.
fn loose(rule: &DutyRule) -> Option<&'static str> {
    match rule {
        DutyRule::Distinct(seats, _) if seats.iter().all(|s| matches!(s, Seat::Approval(_))) => {
            Some("who granted different approvals is compared only where an approval says `distinct_from`")
        }
        DutyRule::Distinct(seats, _)
            if seats
                .iter()
                .any(|s| matches!(s, Seat::Executor(_) | Seat::Executors)) =>
        {
            Some("who executes a stage is a role at AWS and no person")
        }
        DutyRule::Distinct(..) => {
            Some("who granted or decided is compared only where an approval says `distinct_from`")
        }
        DutyRule::Same(..) => Some("nobody can be made to act in two seats"),
        DutyRule::AtMost(..) | DutyRule::AtLeast(..) => Some("people are not counted over several seats"),
    }
}
