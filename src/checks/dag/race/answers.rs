//! A condition that goes by an answer which may come later: the decision is asked only when some stage fails, and nothing says that
//! this stage has ended by then.
//!
//! A part of `dag/race`.

use super::CODE;
use crate::checks::place;
use crate::diagnostic::{Bag, Diagnostic};
use crate::model::{Cond, DecisionId, Failure, GateId, GateOutcome, Origin, Release, StageId};
use crate::plan::{Node, Plan};
use indexmap::IndexMap;

/// Something that goes by answers before it starts.
struct Reader<'a> {
    node: Node,
    name: &'a str,
    origin: &'a Origin,
    when: Vec<&'a Cond>,
}

/// Reports everything that goes by an answer which may not have been asked for yet.
pub fn check(plan: &Plan, bag: &mut Bag) {
    let r = plan.release();
    let asked: Vec<DecisionId> = (0..r.decisions.len())
        .map(DecisionId::at)
        .filter(|d| r.asked_on_failure_only(*d))
        .collect();
    if asked.is_empty() {
        return;
    }
    let readers = readers(r);
    for d in asked {
        let askers = askers(plan, d);
        let mut open: IndexMap<crate::source::Span, (usize, (StageId, Asks))> = IndexMap::new();
        for (i, reader) in readers.iter().enumerate() {
            let atoms = reader.when.iter().flat_map(|c| c.atoms());
            let decides = |a: &crate::model::Atom| matches!(a, crate::model::Atom::Decision { decision, .. } if *decision == d);
            if !{ atoms }.any(decides) {
                continue;
            }
            let late = |(s, _): &&(StageId, Asks)| !plan.precedes(Node::Stage(*s), reader.node);
            if let Some(asker) = askers.iter().find(late) {
                let span = reader.origin.span;
                open.entry(span).or_insert((i, *asker));
            }
        }
        for (i, asker) in open.into_values() {
            bag.push(report(plan, &readers[i], d, asker));
        }
    }
}

/// What of a stage leads to a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asks {
    /// Its failure.
    Failure,
    /// A failure outside of its rollout, whose steps go back instead.
    Outside,
    /// A gate that it judges.
    Gate(GateId),
}

/// The stages of which something leads to a decision, in the order written.
fn askers(plan: &Plan, d: DecisionId) -> Vec<(StageId, Asks)> {
    let r = plan.release();
    let leads = |f: &Failure| matches!(f, Failure::Decision(other) if *other == d);
    let mut list: Vec<(StageId, Asks)> = Vec::new();
    for (i, stage) in r.stages.iter().enumerate() {
        if stage.on_failure.as_ref().is_some_and(|f| leads(&f.then)) {
            let demotes = stage.rollout.as_ref().is_some_and(|l| l.demote.is_some());
            let asks = if demotes { Asks::Outside } else { Asks::Failure };
            list.push((StageId::at(i), asks));
        }
    }
    for (i, gate) in r.gates.iter().enumerate() {
        if matches!(&gate.otherwise, Some((GateOutcome::Decision(other), _)) if *other == d) {
            let gate = GateId::at(i);
            list.extend(plan.judges(gate).iter().map(|s| (*s, Asks::Gate(gate))));
        }
    }
    list.sort_unstable();
    list.dedup_by_key(|(s, _)| *s);
    list
}

fn readers(r: &Release) -> Vec<Reader<'_>> {
    let mut list = Vec::new();
    for (i, a) in r.approvals.iter().enumerate() {
        list.push(Reader {
            node: Node::Approval(crate::model::ApprovalId::at(i)),
            name: &a.name,
            origin: &a.origin,
            when: vec![&a.when],
        });
    }
    for (i, d) in r.decisions.iter().enumerate() {
        list.push(Reader {
            node: Node::Decision(DecisionId::at(i)),
            name: &d.name,
            origin: &d.origin,
            when: vec![&d.when],
        });
    }
    for (i, s) in r.stages.iter().enumerate() {
        let rungs = s.rollout.iter().flat_map(|rollout| &rollout.steps);
        let mut when = vec![&s.when];
        when.extend(rungs.map(|step| &step.when));
        when.extend(s.forward_steps().into_iter().map(|step| &step.when));
        list.push(Reader {
            node: Node::Stage(StageId::at(i)),
            name: &s.name,
            origin: &s.origin,
            when,
        });
    }
    list
}

fn report(plan: &Plan, reader: &Reader<'_>, d: DecisionId, (asker, asks): (StageId, Asks)) -> Diagnostic {
    let r = plan.release();
    let (decision, stage) = (r.decision(d), r.stage(asker));
    let name = reader.name;
    let itself = reader.node == Node::Stage(asker);
    let message = if itself {
        format!(
            "`{name}` goes by the answer to `{}`, which is asked only when it has failed",
            decision.name
        )
    } else {
        format!(
            "`{name}` goes by the answer to `{}`, which may be asked only later",
            decision.name
        )
    };
    let mut found =
        Diagnostic::error(CODE, reader.origin.span, message).here("this does not wait for the question");
    if !itself {
        let how = match asks {
            Asks::Failure => "if it fails".to_string(),
            Asks::Outside => {
                "if it fails otherwise than in its rollout, which goes back a step instead".to_string()
            }
            Asks::Gate(g) => format!("if `{}` does not pass", r.gate(g).name),
        };
        found = found.fact(stage.origin.span, format!("`{}` asks it, {how}", stage.name));
    }
    found = place::fact(
        found,
        &decision.origin,
        "nothing says `after` what this is asked, so a failure alone asks it",
    );
    if itself || plan.precedes(reader.node, Node::Stage(asker)) {
        return found.help(format!(
            "ask another question when `{}` fails, or say `after` what `{}` is asked",
            stage.name, decision.name
        ));
    }
    found.help(format!(
        "write `after {}` in `{name}`, or ask the two things in two decisions",
        stage.name
    ))
}
