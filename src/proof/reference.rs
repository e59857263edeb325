//! The same run by the reference semantics, where both sides can be told the same.
//!
//! The judge goes by what a run shows; this holds its verdict, and the artifact with it, against an interpreter that knows
//! neither. Must not know a target. Called by the proof's entry point.

use super::event::{Event, Trace, What};
use super::scenario::{Open, Scenario};
use crate::emit::parts::{At, Deed, Purpose, Test};
use crate::model::{ApprovalId, Atom, Cond, DecisionId, Rollback, StageId, Step, StepKind, WaitTest};
use crate::plan::{Edge, EdgeKind, Node, Plan, StageUndo};
use crate::run::{Answer, Fault, Final, How, Outcomes, Place, Subject, Verb, Verdict};
use std::collections::BTreeSet;

/// The outcomes of a scenario, where the interpreter can be told them.
pub fn outcomes(plan: &Plan, known: &Open, scenario: &Scenario) -> Option<Outcomes> {
    let release = plan.release();
    let open = |t: &Test| matches!(t, Test::Atom(Atom::Equal(..) | Atom::Compare(..)));
    let elsewhere = scenario.problem.is_some()
        || scenario.sounds.is_some()
        || scenario.unknown
        || scenario.fires.is_some()
        || scenario.same.is_some()
        || scenario.slow.is_some()
        || scenario.cancel.is_some()
        || scenario.elsewhere()
        || !scenario.flipped.is_empty()
        || !scenario.blank.is_empty()
        || known.tests.iter().any(open)
        || release
            .acts()
            .iter()
            .any(|a| a.assertions.iter().any(|x| x.holds == Cond::False));
    if elsewhere {
        return None;
    }
    let mut out = Outcomes::default();
    let times = scenario.once.then_some(1);
    for purpose in &scenario.fails {
        match (purpose.at, purpose.deed) {
            // What is waited for is looked at again anyway.
            (At::Stage(_), Deed::Await) if scenario.once => return None,
            (At::Stage(s), Deed::Act | Deed::Await) => {
                let fault = Fault {
                    place: Place::Step(purpose.step.clone()),
                    how: How::Fails,
                    times,
                };
                out.stages.insert(s, fault);
            }
            (At::Enter(h), Deed::Act) => {
                let mut steps = release.hold(h).enter.iter();
                // One that may not apply need not be what fails.
                if steps.any(|s| s.slug == purpose.step && s.when != Cond::True) {
                    return None;
                }
                let index = release.hold(h).enter.iter().position(|s| s.slug == purpose.step);
                // Without what that step would have recorded it cannot be left either.
                if index.is_some_and(|i| release.hold(h).lacks_after(i).is_some()) {
                    if scenario.once {
                        return None;
                    }
                    out.exits.insert(h);
                }
                out.enters.insert(h, times);
            }
            (At::Exit(h), Deed::Act) => drop(out.exits.insert(h).then_some(())),
            (At::Undo(s), Deed::Act) => drop(out.undos.insert(s, Some(purpose.step.clone()))),
            (At::Run, Deed::Grant(a)) => drop(out.approvals.insert(a, Verdict::Rejected)),
            (At::Finally, Deed::Act) => {
                let index = release.finally.iter().position(|s| s.slug == purpose.step)?;
                out.finally.insert(index);
            }
            _ => return None,
        }
    }
    for purpose in &scenario.silent {
        match purpose.deed {
            Deed::Grant(a) if purpose.at == At::Run => {
                let approval = release.approval(a);
                // The plan waits for ever, the target only so long.
                approval.within.or(approval.open_for)?;
                out.approvals.insert(a, Verdict::Expired);
            }
            // Silence is a yes.
            Deed::Judge(_) | Deed::Await
                if super::questions::of(release, purpose).is_some_and(|(q, _)| q.silence_agrees()) => {}
            _ => return None,
        }
    }
    // Of several that nobody answers, which lapses first is a matter of seconds; and what is refused may be asked when another has lapsed.
    let lapsed = scenario
        .silent
        .iter()
        .chain(&scenario.fails)
        .filter_map(|p| match p.deed {
            Deed::Grant(a) => Some(a),
            _ => None,
        });
    let differ = |a: ApprovalId, b: ApprovalId| {
        let (one, other) = (Node::Approval(a), Node::Approval(b));
        release.approval(a).otherwise != release.approval(b).otherwise && apart(plan, one, other)
    };
    if lapsed.clone().any(|a| lapsed.clone().any(|b| differ(a, b))) {
        return None;
    }
    if let Some(a) = scenario.few {
        out.approvals.insert(a, Verdict::Rejected);
    }
    out.outside_window.extend(scenario.late);
    out.gates = scenario.gates.iter().map(|g| (*g, times)).collect();
    if !scenario.once {
        // A gate that does not pass does not pass in a way back either.
        for (i, stage) in release.stages.iter().enumerate() {
            let Rollback::Written(written) = &stage.rollback else {
                continue;
            };
            let fails = |s: &&Step| matches!(s.kind, StepKind::VerifyGate(g) if scenario.gates.contains(&g));
            if let Some(step) = written.steps.iter().find(fails) {
                out.undos.entry(StageId::at(i)).or_insert(Some(step.slug.clone()));
            }
        }
    }
    // Of several options the plan's default may be another than the one that is answered here.
    let asked = (0..release.decisions.len()).map(DecisionId::at).filter(|d| {
        let decision = release.decision(*d);
        decision.default.is_some() && decision.options.iter().all(|o| o.test.is_none())
    });
    let answered = asked.map(|d| (d, Some(scenario.option(release, d))));
    let told = scenario.options.iter().map(|(d, o)| (*d, Some(*o)));
    out.decisions = answered.chain(told).collect();
    for test in &known.tests {
        if let Test::Atom(Atom::Param { param, .. }) = test {
            let choice = scenario.params.get(param).copied().unwrap_or(0);
            out.params.insert(*param, choice);
        }
    }
    let answer = Answer::ALL.get(scenario.resume).copied().unwrap_or_default();
    out.answers = vec![answer; 16];
    Some(out)
}

/// Holds a run of an artifact against the same run by the reference semantics. Where stages run side by side, which of them had
/// begun when another failed depends on how long things take, and each side is held to the plan by itself.
///
/// # Errors
/// What differs.
pub fn compare(
    plan: &Plan,
    scenario: &Scenario,
    reference: &crate::run::Trace,
    trace: &Trace,
) -> Result<(), String> {
    if beside(plan, reference) && !same_undo_fails(scenario, reference, trace)
        || !same_exit_fails(scenario, reference, trace)
        || asked_in_its_place(plan, scenario, trace)
        || others_fail(scenario, reference, trace)
        || unheard(scenario, reference, trace)
    {
        return Ok(());
    }
    let began = |is: &dyn Fn(At) -> Option<StageId>| -> BTreeSet<StageId> {
        trace
            .events
            .iter()
            .filter_map(|e| match &e.what {
                What::Begin(Purpose {
                    at,
                    deed: Deed::Act | Deed::Await,
                    ..
                }) => is(*at),
                _ => None,
            })
            .collect()
    };
    let stages = began(&|at| if let At::Stage(s) = at { Some(s) } else { None });
    let undos = began(&|at| if let At::Undo(s) = at { Some(s) } else { None });
    let theirs = |verb: Verb| -> BTreeSet<StageId> {
        reference
            .events
            .iter()
            .filter(|e| e.verb == verb)
            .filter_map(|e| {
                if let Subject::Stage(s) = e.subject {
                    Some((s, e.step.as_deref()))
                } else {
                    None
                }
            })
            .filter(|(s, step)| verb == Verb::UndoStep || (shows(plan, *s) && works(plan, *s, *step)))
            .map(|(s, _)| s)
            .collect()
    };
    let (ref_stages, ref_undos) = (theirs(Verb::StepStart), theirs(Verb::UndoStep));
    let names = |set: &BTreeSet<StageId>| -> String {
        let list: Vec<&str> = set
            .iter()
            .map(|s| plan.release().stage(*s).name.as_str())
            .collect();
        if list.is_empty() {
            "nothing".into()
        } else {
            list.join(", ")
        }
    };
    let beside = trace.events.iter().any(|e| e.what == What::Join);
    if stages != ref_stages {
        if beside || alongside(plan, scenario, reference) || waits_longer(plan, trace, &stages, &ref_stages) {
            return Ok(());
        }
        return Err([
            "these stages begin: ",
            &names(&stages),
            "; by the reference: ",
            &names(&ref_stages),
        ]
        .concat());
    }
    // What had begun when another part failed depends on how long things take; each side is held to the plan by itself.
    let other =
        (beside || alongside(plan, scenario, reference)) && begun_steps(trace) != meant_steps(reference);
    if other {
        return Ok(());
    }
    if undos != ref_undos {
        if waits_longer(plan, trace, &undos, &ref_undos) {
            return Ok(());
        }
        return Err([
            "these stages are undone: ",
            &names(&undos),
            "; by the reference: ",
            &names(&ref_undos),
        ]
        .concat());
    }
    // A stage that cannot be undone stands half done, or done, as long as others take.
    let half = |s: &StageId| {
        let ended = |e: &crate::run::Event| e.subject == Subject::Stage(*s) && e.verb == Verb::End;
        matches!(plan.undo(*s), StageUndo::Irreversible(..)) && !reference.events.iter().any(ended)
    };
    if alongside(plan, scenario, reference) && ref_stages.iter().any(half) {
        return Ok(());
    }
    // One that begins with a wait need not show that it began.
    let unseen = |s: &StageId| {
        let first = plan.release().stage(*s).forward_steps().into_iter().next();
        matches!(plan.undo(*s), StageUndo::Irreversible(..))
            && first.is_some_and(|s| matches!(s.kind, StepKind::Wait(_) | StepKind::Bake(_)))
    };
    let waits = plan.stage_order().iter().any(unseen);
    if trace.end == "NeedsHelp" && waits {
        return Ok(());
    }
    let end = match reference.state {
        Final::Succeeded => "Succeeded",
        Final::RolledBack => "RolledBack",
        Final::Stopped => "Stopped",
        Final::NeedsHelp => "NeedsHelp",
    };
    if trace.end != end {
        return Err(["it ends as `", &trace.end, "`; by the reference: `", end, "`"].concat());
    }
    Ok(())
}

/// Whether of several stages that are to fail others do: which of them comes to it before the run is given up depends on how long things
/// take.
fn others_fail(scenario: &Scenario, reference: &crate::run::Trace, trace: &Trace) -> bool {
    let told = scenario
        .fails
        .iter()
        .filter(|p| matches!(p.at, At::Stage(_) | At::Enter(_)) || matches!(p.deed, Deed::Grant(_)));
    if told.count() + scenario.gates.len() < 2 {
        return false;
    }
    // An owner who has answered before something stronger failed is heard; asked together with that, nobody is asked at all.
    let asks = |w: &What| matches!(w, What::Begin(p) if matches!(p.deed, Deed::Resume(_)));
    let pauses = reference.events.iter().any(|e| e.verb == Verb::Pause);
    if trace.events.iter().any(|e| asks(&e.what)) != pauses {
        return true;
    }
    let ours = trace.events.iter().filter_map(|e| match &e.what {
        What::Failed(p) => match p.at {
            At::Stage(s) => Some(s),
            _ => None,
        },
        _ => None,
    });
    let theirs = reference.events.iter().filter_map(|e| match e.subject {
        Subject::Stage(s) if e.verb == Verb::Fail => Some(s),
        _ => None,
    });
    ours.collect::<BTreeSet<StageId>>() != theirs.collect()
}

/// Whether something else gave the run up than by the reference: what is to be refused or to fail was taken back, or never asked, or a
/// decision that is made there was not asked. Which of them comes first depends on how long people take, and on the order a target asks in.
fn unheard(scenario: &Scenario, reference: &crate::run::Trace, trace: &Trace) -> bool {
    let says = |is: &dyn Fn(&What) -> bool| trace.events.iter().any(|e| is(&e.what));
    let taken_back = |p: &Purpose| {
        let asked = matches!(p.deed, Deed::Grant(_)) && !says(&|w| matches!(w, What::Begin(q) if q == p));
        (asked || says(&|w| matches!(w, What::Withdrawn(q) if q == p)))
            && !says(&|w| matches!(w, What::Failed(q) if q == p))
    };
    let worked = |p: &&Purpose| matches!(p.at, At::Run | At::Stage(_));
    let mut decided = reference.events.iter().filter_map(|e| match e.subject {
        Subject::Decision(d) if e.verb == Verb::Decide => Some(d),
        _ => None,
    });
    scenario.fails.iter().filter(worked).any(taken_back)
        || decided.any(|d| {
            !says(&|w| matches!(w, What::Begin(p) if matches!(p.deed, Deed::Decide(x, _) if x == d)))
        })
}

/// Whether an approval that is not given only guards steps of rollouts, and none of them came: where it is asked right before such
/// a step, nobody is asked.
fn asked_in_its_place(plan: &Plan, scenario: &Scenario, trace: &Trace) -> bool {
    let refused = scenario.fails.iter().chain(&scenario.silent);
    let refused = refused.filter_map(|p| match p.deed {
        Deed::Grant(a) if p.at == At::Run => Some(a),
        _ => None,
    });
    refused.chain(scenario.few).any(|a| {
        let asked = |e: &Event| matches!(&e.what, What::Begin(p) if p.deed == Deed::Grant(a));
        plan.guards_steps_only(a) && !trace.events.iter().any(asked)
    })
}

/// Whether all that does not begin here comes after what gave the run up only through something that does not apply. A target
/// that cannot pass over what stands before that waits for it, and tells the author.
fn waits_longer(plan: &Plan, trace: &Trace, stages: &BTreeSet<StageId>, meant: &BTreeSet<StageId>) -> bool {
    let gave_up = |node: Node| {
        trace.events.iter().any(|e| match (&e.what, node) {
            (What::Failed(p) | What::Withdrawn(p), Node::Approval(a)) => p.deed == Deed::Grant(a),
            (What::Done(p) | What::Failed(p) | What::Withdrawn(p), Node::Decision(d)) => {
                matches!(p.deed, Deed::Decide(x, _) if x == d)
            }
            (What::Failed(p) | What::Withdrawn(p), Node::Stage(s)) => p.at == At::Stage(s),
            (What::Judged(g, false) | What::Unsure(g), Node::Stage(s)) => plan.judges(*g).contains(&s),
            _ => false,
        })
    };
    // A stage of which only a later step waits for an approval comes after it in that order as a whole.
    let all = (0..plan.release().stages.len()).map(|i| Node::Stage(StageId::at(i)));
    let lost: Vec<Node> = all.filter(|s| gave_up(*s)).collect();
    let never_asked = |node: Node| lost.iter().any(|s| plan.precedes(*s, node));
    let step = |(node, edge): &(Node, &Edge)| {
        edge.kind == EdgeKind::ApprovedStep && (gave_up(*node) || never_asked(*node))
    };
    let waits = |s: &StageId| {
        plan.order_lost(*s).into_iter().any(|(node, _)| gave_up(node))
            || plan.waits_for(Node::Stage(*s)).iter().any(step)
    };
    stages.is_subset(meant) && meant.difference(stages).all(waits)
}

/// The steps of stages that begin in a run of an artifact.
fn begun_steps(trace: &Trace) -> BTreeSet<(StageId, &str)> {
    let events = trace.events.iter().filter_map(|e| match &e.what {
        What::Begin(Purpose {
            at: At::Stage(s),
            step,
            deed: Deed::Act | Deed::Await,
        }) => Some((*s, step.as_str())),
        _ => None,
    });
    events.collect()
}

/// The same by the reference.
fn meant_steps(reference: &crate::run::Trace) -> BTreeSet<(StageId, &str)> {
    let started = reference.events.iter().filter(|e| e.verb == Verb::StepStart);
    let events = started.filter_map(|e| match (&e.subject, &e.step) {
        (Subject::Stage(s), Some(step)) => Some((*s, step.as_str())),
        _ => None,
    });
    events.collect()
}

/// Whether the steps of undos that are to fail are come to on both sides, or on none.
fn same_undo_fails(scenario: &Scenario, reference: &crate::run::Trace, trace: &Trace) -> bool {
    scenario.fails.iter().all(|p| {
        let At::Undo(s) = p.at else { return true };
        let here = trace
            .events
            .iter()
            .any(|e| matches!(&e.what, What::Begin(q) if q == p));
        let there = reference.events.iter().any(|e| {
            e.verb == Verb::UndoStep && e.subject == Subject::Stage(s) && e.step.as_ref() == Some(&p.step)
        });
        here == there
    })
}

/// Whether holds that cannot be left are left on both sides, or on none: which of them was entered when another part failed depends
/// on how long things take.
fn same_exit_fails(scenario: &Scenario, reference: &crate::run::Trace, trace: &Trace) -> bool {
    scenario.fails.iter().all(|p| {
        let At::Exit(h) = p.at else { return true };
        let here = trace
            .events
            .iter()
            .any(|e| matches!(&e.what, What::Begin(q) if q.at == p.at));
        let exits = |e: &crate::run::Event| e.subject == Subject::Hold(h) && e.verb == Verb::Exit;
        here == reference.events.iter().any(exits)
    })
}

/// Whether stages that began run side by side.
fn beside(plan: &Plan, reference: &crate::run::Trace) -> bool {
    let began: BTreeSet<StageId> = reference
        .events
        .iter()
        .filter_map(|e| match e.subject {
            Subject::Stage(s) if e.verb == Verb::StepStart => Some(s),
            _ => None,
        })
        .collect();
    let after = |s: StageId| plan.descendants(Node::Stage(s));
    began.iter().any(|a| {
        let mine = after(*a);
        began.iter().any(|b| {
            a != b && !plan.contains(&mine, Node::Stage(*b)) && !plan.contains(&after(*b), Node::Stage(*a))
        })
    })
}

/// Whether something else ran while a stage did: another stage, or a question that was not answered with a yes.
fn alongside(plan: &Plan, scenario: &Scenario, reference: &crate::run::Trace) -> bool {
    let began = reference.events.iter().filter_map(|e| match e.subject {
        Subject::Stage(s) if e.verb == Verb::StepStart => Some(Node::Stage(s)),
        _ => None,
    });
    let began: BTreeSet<Node> = began.collect();
    let asked = scenario.fails.iter().chain(&scenario.silent);
    let asked = asked.filter_map(|p| match p.deed {
        Deed::Grant(a) if p.at == At::Run => Some(Node::Approval(a)),
        Deed::Decide(d, _) => Some(Node::Decision(d)),
        _ => None,
    });
    let told = scenario.options.keys().map(|d| Node::Decision(*d));
    let mut others = asked.chain(told).chain(scenario.few.map(Node::Approval));
    // A stage of which only a later step waits for others runs beside them.
    let waits_late = |n: &Node| matches!(n, Node::Stage(s) if plan.release().stage(*s).asks_for_steps());
    if began.len() > 1 && began.iter().any(waits_late) {
        return true;
    }
    // An approval of a later step is open while the stage runs, whatever else waits for it.
    let of_step = |o: Node| {
        plan.waited_by(o)
            .iter()
            .any(|(_, e)| e.kind == EdgeKind::ApprovedStep)
    };
    beside(plan, reference) || others.any(|o| of_step(o) || began.iter().any(|s| apart(plan, *s, o)))
}

/// Whether neither of two parts waits for the other.
fn apart(plan: &Plan, a: Node, b: Node) -> bool {
    !plan.contains(&plan.descendants(a), b) && !plan.contains(&plan.descendants(b), a)
}

/// Whether a stage has a step that every target shows.
fn shows(plan: &Plan, stage: StageId) -> bool {
    plan.release()
        .stage(stage)
        .forward_steps()
        .iter()
        .any(|s| match &s.kind {
            StepKind::WaitFor(w) => match &w.test {
                WaitTest::Run(act) | WaitTest::Job(act) => super::walk::shows(act),
                _ => true,
            },
            _ => s.act().is_some_and(super::walk::shows),
        })
}

/// Whether a step does something or waits for something; a gate, a bake or a message before all else has begun nothing.
pub fn works(plan: &Plan, stage: StageId, step: Option<&str>) -> bool {
    let steps = plan.release().stage(stage).forward_steps();
    let found = steps.iter().find(|s| Some(s.slug.as_str()) == step);
    found.is_none_or(|s| s.act().is_some() || matches!(s.kind, StepKind::WaitFor(_)))
}

/// The events of the reference, one line each.
pub fn shown(plan: &Plan, reference: &crate::run::Trace) -> Vec<String> {
    reference
        .events
        .iter()
        .filter(|e| e.verb.observable() || matches!(e.verb, Verb::StepStart | Verb::UndoStep))
        .map(|e| {
            let step = e.step.as_ref().map_or(String::new(), |s| [" `", s, "`"].concat());
            [
                e.subject.kind(),
                " `",
                e.subject.name(plan.release()),
                "` ",
                e.verb.text(),
                &step,
            ]
            .concat()
        })
        .chain([["the end: ", reference.state.word()].concat()])
        .collect()
}
