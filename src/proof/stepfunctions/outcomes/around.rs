//! Runs that go around something: declared ways around, options that metrics take, what people choose.
//!
//! Must not know states. Used by the list of runs.

use super::Add;
use crate::emit::parts::{At, Deed, Purpose, Test};
use crate::model::{DecisionId, GateId, GateOutcome, Release};
use crate::proof::scenario::Open;

/// Declared ways around, options that metrics take.
pub(super) fn around(release: &Release, open: &Open, add: &mut Add<'_>) {
    for test in &open.tests {
        match test {
            Test::Chosen(o) => {
                add(&|s| s.chosen = Some(*o));
                // What it removes would have stopped the run.
                let skipped = &release.overrides[*o];
                for (a, _) in &skipped.approvals {
                    let grants = open.parts.iter().filter(|p| p.deed == Deed::Grant(*a)).cloned();
                    let grants: Vec<Purpose> = grants.collect();
                    add(&|s| {
                        s.chosen = Some(*o);
                        s.fails.extend(grants.iter().cloned());
                    });
                }
                for (g, _) in &skipped.gates {
                    add(&|s| {
                        s.chosen = Some(*o);
                        s.gates.insert(*g);
                    });
                }
            }
            Test::Digest(a) => add(&|s| s.undigested = Some(*a)),
            Test::Taken(d, o) => add(&|s| s.taken = Some((*d, *o))),
            _ => {}
        }
    }
    // Each option, with each gate that asks for it.
    for (i, decision) in release.decisions.iter().enumerate() {
        let d = DecisionId::at(i);
        for (g, gate) in release.gates.iter().enumerate() {
            if !matches!(gate.otherwise, Some((GateOutcome::Decision(x), _)) if x == d) {
                continue;
            }
            for option in 0..decision.options.len() {
                add(&|s| {
                    s.gates.insert(GateId::at(g));
                    s.options.insert(d, option);
                });
            }
        }
        let all = open
            .parts
            .iter()
            .filter(|p| matches!(p.deed, Deed::Decide(x, _) if x == d));
        let all: Vec<Purpose> = all.cloned().collect();
        let unasked = open
            .parts
            .iter()
            .filter(|p| p.at == At::Run && matches!(p.deed, Deed::Resume(_)));
        for question in unasked {
            for (option, resume) in (0..decision.options.len()).flat_map(|o| [(o, 1), (o, 3)]) {
                add(&|s| {
                    s.options.insert(d, option);
                    (s.unasked, s.resume) = (Some(question.clone()), resume);
                });
            }
        }
        for resume in [0, 1, 3, 4] {
            for option in 0..decision.options.len() {
                add(&|s| {
                    s.options.insert(d, option);
                    s.resume = resume;
                });
            }
            add(&|s| {
                s.silent.extend(all.iter().cloned());
                s.resume = resume;
            });
        }
    }
}
