//! What can go otherwise in a state machine beyond what can in every target: the clock, locks, the services it leans on.
//!
//! Must not know states. Used by the proof's entry point.

mod around;
mod triggers;

use crate::emit::parts::{At, Deed, Purpose, Test};
use crate::emit::stepfunctions::naming;
use crate::model::{Failure, GateId, GateTest, Release, StageId, StepKind, WaitTest};
use crate::plan::Plan;
use crate::proof::clock;
use crate::proof::scenario::{Broken, Lock, Open, Scenario};
use crate::proof::scenarios;
use crate::proof::walk::shows;
use around::around;
use std::collections::BTreeSet;
use triggers::triggers;

/// How often something is asked before it does not pass, at most.
const REPEATS: usize = 8;
/// How often something is measured before it does not pass, at most.
const MEASURED: usize = 16;
/// How many ways to a closed window are looked at with every answer.
const FEW: usize = 16;
/// A minute, in milliseconds.
const MINUTE: f64 = 60_000.0;

/// Every run of a state machine that is looked at.
pub fn all(plan: &Plan, open: &Open) -> Vec<Scenario> {
    let release = plan.release();
    let start = Some(clock::start(plan));
    let mut list = scenarios::all(release, open);
    for scenario in &mut list {
        scenario.start = start;
    }
    let well = Scenario {
        start,
        ..Scenario::well(release)
    };
    let mut add = |change: &dyn Fn(&mut Scenario)| {
        let mut scenario = well.clone();
        change(&mut scenario);
        list.push(scenario);
    };
    let last = last_steps(release);
    for part in open.parts.iter().filter(|p| matches!(p.deed, Deed::Record(_))) {
        for resume in 0..=3 {
            add(&|s| {
                s.fails.insert(part.clone());
                (s.resume, s.once) = (resume, resume == 0);
            });
        }
    }
    // Something fails while people are asked beside it.
    let asked: Vec<Purpose> = open
        .parts
        .iter()
        .filter(|p| matches!(p.deed, Deed::Grant(_)) && p.at == At::Run)
        .cloned()
        .collect();
    for part in open
        .parts
        .iter()
        .filter(|p| matches!((p.at, p.deed), (At::Stage(_), Deed::Act)) && !asked.is_empty())
    {
        add(&|s| {
            s.fails.insert(part.clone());
            s.silent.extend(asked.iter().cloned());
        });
    }
    for one in &asked {
        add(&|s| {
            s.silent.extend(asked.iter().filter(|a| *a != one).cloned());
            s.fails.insert(one.clone());
        });
        // Nobody is asked how to go on after a refusal, and an owner who would go on changes nothing.
        add(&|s| {
            s.fails.insert(one.clone());
            s.resume = 1;
        });
        add(&|s| {
            s.silent.insert(one.clone());
            s.resume = 1;
        });
    }
    locks(release, &mut add);
    services(&last, &mut add);
    questions(release, open, &last, &mut add);
    pauses(release, open, &mut add);
    ways_back(open, &last, &mut add);
    repeated(release, open, &mut add);
    time(plan, open, &mut add);
    around(release, open, &mut add);
    triggers(release, open, &mut add);
    list.iter_mut().for_each(|s| {
        scenarios::together(release, s);
        scenarios::tried_again(release, s);
    });
    let mut seen = BTreeSet::new();
    list.retain(|s| seen.insert(format!("{s:?}")));
    list
}

/// Adds a run in which something is changed.
type Add<'a> = dyn FnMut(&dyn Fn(&mut Scenario)) + 'a;

/// The last step of each stage that can fail: all that began before it is taken back.
fn last_steps(release: &Release) -> Vec<Purpose> {
    let mut list = Vec::new();
    for (i, stage) in release.stages.iter().enumerate() {
        let steps = stage.forward_steps();
        let last = steps.into_iter().rev().find(|s| s.act().is_some_and(shows));
        list.extend(last.map(|s| Purpose::new(At::Stage(StageId::at(i)), &s.slug, Deed::Act)));
    }
    list
}

/// Every undo, every exit and every hold that is entered again, failing after every failure.
fn ways_back(open: &Open, last: &[Purpose], add: &mut Add<'_>) {
    for part in &open.parts {
        let (At::Undo(_) | At::Exit(_) | At::Enter(_), Deed::Act | Deed::Await | Deed::Grant(_)) =
            (part.at, part.deed)
        else {
            continue;
        };
        for step in last {
            add(&|s| {
                s.fails.insert(part.clone());
                s.fails.insert(step.clone());
                s.later = matches!(part.at, At::Enter(_));
            });
        }
        // Whoever is asked whether a hold may be left, after an undo in it failed.
        for word in open.parts.iter().filter(|w| matches!(w.deed, Deed::Word(_))) {
            if !matches!(part.at, At::Undo(_)) {
                continue;
            }
            for step in last {
                let both = |s: &mut Scenario| {
                    s.fails.insert(part.clone());
                    s.fails.insert(step.clone());
                };
                add(&|s| {
                    both(s);
                    s.fails.insert(word.clone());
                });
                add(&|s| {
                    both(s);
                    s.unasked = Some(word.clone());
                });
                for unseen in [false, true] {
                    add(&|s| {
                        both(s);
                        s.silent.insert(word.clone());
                        s.unseen = unseen;
                    });
                }
            }
        }
    }
}

/// What is judged or asked more than once fails the second time, the third, and so on.
fn repeated(release: &Release, open: &Open, add: &mut Add<'_>) {
    for gate in (0..release.gates.len()).map(GateId::at) {
        let places = open
            .tests
            .iter()
            .filter(|t| matches!(t, Test::Holds(_, g) if *g == gate))
            .count();
        let asked = open.parts.iter().filter(|p| p.deed == Deed::Judge(gate)).count();
        // Gates that go by the very same reading are judged together, so that all are counted.
        let measured = if places == 0 { 0 } else { MEASURED };
        for passes in 1..=measured.max((asked * 4).min(REPEATS)) {
            if asked == 0 {
                add(&|s| {
                    s.blank.insert(gate);
                    s.passes = passes;
                });
            }
            for resume in [1, 2] {
                add(&|s| {
                    s.gates.insert(gate);
                    (s.passes, s.resume) = (passes, resume);
                });
            }
        }
    }
    for part in open.parts.iter().filter(|p| p.deed == Deed::Ready) {
        for from in 1..=REPEATS {
            add(&|s| {
                s.fails.insert(part.clone());
                s.from = from;
            });
            add(&|s| {
                s.unasked = Some(part.clone());
                s.from = from;
            });
            add(&|s| {
                s.silent.insert(part.clone());
                s.from = from;
            });
            add(&|s| {
                s.silent.insert(part.clone());
                (s.from, s.unseen) = (from, true);
            });
        }
    }
}

fn locks(release: &Release, add: &mut Add<'_>) {
    if naming::locks(release).is_empty() {
        return;
    }
    for lock in [
        Lock::Kept,
        Lock::Left,
        Lock::Released,
        Lock::Unknown,
        Lock::Hidden,
        Lock::Contended,
        Lock::Overtaken,
        Lock::Orphaned,
        Lock::Endless,
        Lock::Unread,
        Lock::Unchecked,
        Lock::Unanswered,
        Lock::Unheard,
        Lock::Given,
    ] {
        let first = if release.locks.is_empty() {
            naming::locks(release).len()
        } else {
            1
        };
        for from in 0..first {
            add(&|s| (s.lock, s.lock_from) = (Some(lock), from));
        }
    }
}

/// A service that does not work, when all else goes well and when the last step fails.
fn services(last: &[Purpose], add: &mut Add<'_>) {
    for broken in [
        Broken::Messages,
        Broken::Flags,
        Broken::Setting,
        Broken::Raising,
        Broken::Releasing,
        Broken::Withdrawing,
        Broken::Roster,
        Broken::Window,
        Broken::Connections,
        Broken::Engine,
    ] {
        add(&|s| s.broken = Some(broken));
        for step in last.iter().rev().take(1) {
            add(&|s| {
                s.broken = Some(broken);
                s.fails.insert(step.clone());
            });
        }
    }
}

/// Whether a part is asked of people.
fn asks(release: &Release, part: &Purpose) -> bool {
    match part.deed {
        Deed::Grant(_)
        | Deed::Decide(..)
        | Deed::Resume(_)
        | Deed::NoData(_)
        | Deed::Word(_)
        | Deed::Ready
        | Deed::Begin
        | Deed::Override(_) => true,
        Deed::Judge(g) => matches!(release.gate(g).test, GateTest::Ask(_)),
        Deed::Await => release
            .stages
            .iter()
            .flat_map(crate::model::Stage::forward_steps)
            .filter(|s| s.slug == part.step)
            .any(|s| matches!(&s.kind, StepKind::WaitFor(w) if matches!(w.test, WaitTest::Ask(_)))),
        Deed::Act => release
            .acts()
            .iter()
            .any(|a| a.task.is_none() && a.run.is_none() && a.manual.is_some()),
        _ => false,
    }
}

/// What is changed in a run.
type Change<'p> = Box<dyn Fn(&mut Scenario) + 'p>;

/// What brings the run to a question that is not asked when all goes well.
fn reached<'p>(part: &'p Purpose, last: &'p [Purpose]) -> Vec<Change<'p>> {
    match (part.at, part.deed) {
        (_, Deed::NoData(g)) => vec![Box::new(move |s| {
            s.blank.insert(g);
        })],
        (_, Deed::Override(o)) => vec![Box::new(move |s| s.chosen = Some(o))],
        (At::Undo(_) | At::Exit(_), _) | (_, Deed::Word(_)) => last
            .iter()
            .map(|step| -> Box<dyn Fn(&mut Scenario)> {
                Box::new(move |s| {
                    s.fails.insert(step.clone());
                })
            })
            .collect(),
        _ => vec![Box::new(|_| {})],
    }
}

/// Every question: unanswered, unseen, not to be asked, answered with no.
fn questions(release: &Release, open: &Open, last: &[Purpose], add: &mut Add<'_>) {
    for part in open.parts.iter().filter(|p| asks(release, p)) {
        if let Deed::Resume(_) = part.deed {
            continue;
        }
        let all: Vec<Purpose> = match part.deed {
            Deed::Decide(d, 0) => open
                .parts
                .iter()
                .filter(|p| matches!(p.deed, Deed::Decide(x, _) if x == d) && p.at == part.at)
                .cloned()
                .collect(),
            Deed::Decide(..) => Vec::new(),
            _ => vec![part.clone()],
        };
        for with in reached(part, last) {
            add(&|s| {
                with(s);
                s.unasked = Some(part.clone());
            });
            add(&|s| {
                with(s);
                s.fails.insert(part.clone());
            });
            for unseen in [false, true] {
                if all.is_empty() {
                    continue;
                }
                add(&|s| {
                    with(s);
                    s.silent.extend(all.iter().cloned());
                    s.unseen = unseen;
                });
            }
        }
    }
}

/// Every way to a pause, with every answer, with none, and when it cannot be asked.
fn pauses(release: &Release, open: &Open, add: &mut Add<'_>) {
    let asked: BTreeSet<At> = open
        .parts
        .iter()
        .filter(|p| matches!(p.deed, Deed::Resume(_)))
        .map(|p| p.at)
        .collect();
    let answers = |add: &mut Add<'_>, at: At, way: &dyn Fn(&mut Scenario)| {
        for resume in 0..=4 {
            for unseen in [false, true] {
                if unseen && resume < 4 {
                    continue;
                }
                add(&|s| {
                    way(s);
                    (s.resume, s.unseen) = (resume, unseen);
                });
            }
        }
        add(&|s| {
            way(s);
            (s.once, s.resume) = (true, 0);
        });
        for part in &open.parts {
            if matches!(part.deed, Deed::Resume(_)) && part.at == at {
                for resume in [1, 3] {
                    add(&|s| {
                        way(s);
                        (s.unasked, s.resume) = (Some(part.clone()), resume);
                    });
                }
            }
        }
    };
    for part in &open.parts {
        let (At::Stage(_), Deed::Act | Deed::Await | Deed::Ready | Deed::Begin) = (part.at, part.deed) else {
            continue;
        };
        if asked.contains(&part.at) {
            answers(add, part.at, &|s| {
                s.fails.insert(part.clone());
            });
        }
    }
    // A decision that a failure asks for, and nobody answers.
    let all: Vec<Purpose> = open
        .parts
        .iter()
        .filter(|p| matches!(p.deed, Deed::Decide(d, _) if release.asked_on_failure_only(d)))
        .cloned()
        .collect();
    let acts = |p: &&Purpose| matches!((p.at, p.deed), (At::Stage(_), Deed::Act));
    for part in open.parts.iter().filter(acts) {
        let At::Stage(stage) = part.at else { continue };
        let then = release.stage(stage).on_failure.as_ref().map(|f| &f.then);
        if matches!(then, Some(Failure::Decision(_))) {
            add(&|s| {
                s.fails.insert(part.clone());
                s.silent.extend(all.iter().cloned());
                s.slow = Some(1);
            });
        }
    }
    for part in &open.parts {
        let Deed::Judge(g) = part.deed else { continue };
        if asked.contains(&part.at) {
            answers(add, part.at, &|s| {
                s.gates.insert(g);
            });
        }
    }
    for test in &open.tests {
        let Test::Holds(at, g) = test else { continue };
        if asked.contains(at) {
            answers(add, *at, &|s| {
                s.gates.insert(*g);
            });
        }
    }
}

/// Each step with the questions of a pause of the stages that come right after its own.
fn after_work(plan: &Plan, open: &Open, work: &[&Purpose]) -> Vec<(Purpose, Purpose)> {
    let mut list = Vec::new();
    for question in open.parts.iter().filter(|p| matches!(p.deed, Deed::Resume(_))) {
        let At::Stage(stage) = question.at else { continue };
        let before = plan.stages_before(stage);
        for part in work {
            if before.iter().any(|b| part.at == At::Stage(*b)) {
                list.push(((*part).clone(), question.clone()));
            }
        }
    }
    list
}

/// The window closes, grants lapse, stages take too long.
fn time(plan: &Plan, open: &Open, add: &mut Add<'_>) {
    let release = plan.release();
    let start = clock::start(plan);
    let stages = || (0..release.stages.len()).map(StageId::at);
    let work: Vec<&Purpose> = open
        .parts
        .iter()
        .filter(|p| matches!((p.at, p.deed), (At::Stage(_), Deed::Act)))
        .collect();
    let mut moments: Vec<f64> = Vec::new();
    for stage in stages() {
        if let Some(m) = clock::closes(plan, stage)
            && !moments.contains(&m)
        {
            moments.push(m);
        }
    }
    let mut thaws: Vec<f64> = stages().flat_map(|s| clock::thaws(plan, s)).collect();
    thaws.sort_by(f64::total_cmp);
    thaws.dedup();
    for (thaw, part) in thaws.iter().flat_map(|t| work.iter().map(move |p| (t, *p))) {
        add(&|s| s.drags = Some((part.clone(), thaw + MINUTE - start)));
    }
    let few = work.len() * moments.len().max(1) <= FEW;
    let recurs = stages().any(|s| clock::recurs(plan, s));
    for resume in 0..=4 {
        for moment in &moments {
            add(&|s| {
                s.start = Some(moment + MINUTE);
                s.resume = resume;
            });
            for part in work.iter().filter(|_| few || (1..3).contains(&resume)) {
                add(&|s| {
                    s.drags = Some(((*part).clone(), moment + MINUTE - start));
                    s.resume = resume;
                });
            }
        }
        for (part, question) in after_work(plan, open, &work)
            .iter()
            .filter(|_| [1, 3].contains(&resume))
        {
            for moment in &moments {
                add(&|s| {
                    s.drags = Some((part.clone(), moment + MINUTE - start));
                    (s.unasked, s.resume) = (Some(question.clone()), resume);
                });
            }
            if recurs {
                add(&|s| {
                    s.drags = Some((part.clone(), MINUTE));
                    (s.shut, s.unasked, s.resume) = (true, Some(question.clone()), resume);
                });
            }
        }
        if recurs {
            add(&|s| (s.shut, s.resume) = (true, resume));
            for part in work.iter().filter(|_| few || (1..3).contains(&resume)) {
                add(&|s| {
                    s.drags = Some(((*part).clone(), MINUTE));
                    (s.shut, s.resume) = (true, resume);
                });
            }
        }
    }
    let mut long: Vec<f64> = Vec::new();
    long.extend(
        release
            .approvals
            .iter()
            .filter_map(|a| a.valid)
            .map(|d| clock::float(d.as_ms())),
    );
    long.extend(
        release
            .stages
            .iter()
            .filter_map(|s| s.timeout)
            .map(|d| clock::float(d.as_ms())),
    );
    for time in long {
        for part in &work {
            add(&|s| s.drags = Some(((*part).clone(), time + MINUTE)));
        }
    }
}
