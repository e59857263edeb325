//! Who decides what: approvals, decisions on the way, and what is to be done after a failure that asks a person.
//!
//! Must not know how it is laid out. Called by `summary`.

use crate::emit::runbook::allows::allows;
use crate::emit::runbook::consent::{may_say_yes, quorum, unanswered};
use crate::emit::runbook::fails::{FEW, alike, fails, numbers, together};
use crate::emit::runbook::follows;
use crate::emit::runbook::from_here::{Cause, Then, Way};
use crate::emit::runbook::say;
use crate::emit::runbook::ways_back::asks;
use crate::emit::runbook::words::{Spoken, Told, words};
use crate::model::{ApprovalId, DecisionId, OptionOutcome, RoleId, Stage, StageId};
use indexmap::IndexMap;
use serde::Serialize;

/// Somebody who decides something.
#[derive(Debug, Serialize)]
pub(super) struct Decider {
    pub what: String,
    pub who: String,
    pub when: String,
    pub then: String,
}

/// Who decides what: approvals, decisions, and what happens after a failure that asks a person.
pub(super) fn deciders(plan: Spoken<'_>, ways: &[Way]) -> Vec<Decider> {
    let r = plan.release();
    let mut list = Vec::new();
    for (i, a) in r.approvals.iter().enumerate() {
        let after: Vec<String> = a
            .after
            .iter()
            .map(|(s, _)| r.stage(*s).name.to_string())
            .collect();
        let asked = if after.is_empty() {
            words!(r, "when.before_the_start")
        } else {
            words!(r, "when.after", stages = say::list(r, &after))
        };
        let when = match a.within {
            Some(d) => words!(r, "when.within_too", when = asked, time = say::dur(r, d)),
            None => asked,
        };
        list.push(Decider {
            what: words!(r, "decide.approval", approval = say::text(r, &a.title)),
            who: quorum(r, a.quorum, &may_say_yes(r, a)),
            when,
            then: allows(plan, ApprovalId::at(i)),
        });
    }
    for (i, d) in r.decisions.iter().enumerate() {
        let options: Vec<String> = d
            .options
            .iter()
            .map(|o| {
                let option = say::text(r, &o.title);
                match &o.then {
                    OptionOutcome::Then(outcome) => {
                        let then = follows::outcome(r, outcome, r.owner);
                        words!(r, "decide.option_then", option = option, then = then)
                    }
                    OptionOutcome::Proceed => words!(r, "decide.option", option = option),
                }
            })
            .collect();
        let after: Vec<String> = d
            .after
            .iter()
            .map(|(s, _)| r.stage(*s).name.to_string())
            .collect();
        let within = d
            .question
            .within
            .map(|d| words!(r, "when.within", time = say::dur(r, d)))
            .unwrap_or_default();
        let failed = on_failure(r, DecisionId::at(i));
        let when = match (after.is_empty(), within.is_empty()) {
            (true, true) => failed.unwrap_or_default(),
            (true, false) => match failed {
                Some(when) => {
                    let time = d.question.within.map(|d| say::dur(r, d)).unwrap_or_default();
                    words!(r, "when.within_too", when = when, time = time)
                }
                None => within,
            },
            (false, true) => words!(r, "when.after", stages = say::list(r, &after)),
            (false, false) => {
                let after = words!(r, "when.after", stages = say::list(r, &after));
                format!("{after}, {within}")
            }
        };
        list.push(Decider {
            what: say::text(r, &d.question.ask),
            who: say::answerers(r, &d.question, Some(r.owner)),
            when,
            then: match unanswered(r, d).as_str() {
                "" => words!(r, "decide.one_of", options = options.join(", ")),
                default => {
                    let then = words!(r, "decide.one_of", options = options.join(", "));
                    words!(r, "decide.else", then = then, default = default)
                }
            },
        });
    }
    let failing = |w: &Way| {
        w.stage
            .filter(|_| asks(&w.then) && !matches!(w.then, Then::Decision(_)))
    };
    let key = |w: &Way, s: StageId| (alike(plan, &w.cause), r.stage(s).owner);
    let mut groups: IndexMap<(Option<String>, RoleId), Vec<&Way>> = IndexMap::new();
    for w in ways {
        if let Some(s) = failing(w) {
            groups.entry(key(w, s)).or_default().push(w);
        }
    }
    let numbers = numbers(plan);
    let mut triggers: Vec<usize> = Vec::new();
    for w in ways {
        if let Cause::Trigger(t, _) = &w.cause
            && asks(&w.then)
            && !triggers.contains(&t.index())
        {
            triggers.push(t.index());
            let name = r.triggers.get(t.index()).map_or("", |t| t.name.as_str());
            list.push(Decider {
                what: words!(r, "decide.trigger", trigger = name),
                who: say::role(r, r.owner),
                when: words!(r, "when.it_happens"),
                then: words!(r, "decide.after_failure"),
            });
        }
        let Some(s) = failing(w) else { continue };
        // What fails alike in many stages of one owner is told once.
        let same = groups.get(&key(w, s)).map_or(&[][..], Vec::as_slice);
        let many = same.len() > FEW;
        if many && !same.first().is_some_and(|first| std::ptr::eq(*first, w)) {
            continue;
        }
        let what = if many {
            together(plan, &numbers, same)
        } else {
            fails(plan, &w.cause)
        };
        list.push(Decider {
            what: match &w.cause {
                Cause::Gates(..) | Cause::Entry(..) | Cause::Hold(..) => {
                    words!(r, "decide.not_passed", what = what)
                }
                _ => words!(r, "decide.failure", what = what),
            },
            who: say::role(r, r.stage(s).owner),
            when: words!(r, "when.it_happens"),
            then: words!(r, "decide.after_failure"),
        });
    }
    list
}

/// After which failures a decision is asked that nothing else leads to; nothing for one that stands in the order.
fn on_failure(r: Told<'_>, id: DecisionId) -> Option<String> {
    if !r.asked_on_failure_only(id) {
        return None;
    }
    let leads = |s: &&Stage| s.on_failure.as_ref().is_some_and(|f| f.asks(id));
    let stages = r.stages.iter().filter(leads).map(|s| s.name.to_string());
    let stages: Vec<String> = stages.collect();
    let gates = r.gates.iter().filter(|g| g.asks(id));
    let gates: Vec<String> = gates.map(|g| format!("“{}”", say::text(r, &g.title))).collect();
    let mut list = Vec::new();
    match stages.as_slice() {
        [] => {}
        [one] => list.push(words!(r, "when.fails", what = one)),
        many => {
            let one_of = words!(r, "fails.one_of", list = say::list(r, many));
            list.push(words!(r, "when.fails", what = one_of));
        }
    }
    match gates.as_slice() {
        [] => {}
        [one] => list.push(words!(
            r,
            "when.judged",
            what = words!(r, "fails.gate", gate = one)
        )),
        many => {
            let one_of = words!(r, "fails.gates", gates = say::list(r, many));
            list.push(words!(r, "when.judged", what = one_of));
        }
    }
    list.into_iter()
        .reduce(|a, b| words!(r, "list.either", a = a, b = b))
}
