//! `rollback/order`: a written rollback undoes something before what depends on it is undone.
//!
//! A step depends on an earlier one of its stage when it reads what that one changes. Undone first, the ground is gone from
//! under what still stands on it.

use crate::checks::rollback::calls;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Key, KeyUse, Rollback, Stage, Step};
use crate::plan::{doing, show};

/// The diagnostic.
pub const CODE: Code = Code("rollback/order");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let r = subject.plan.release();
    let mut seen = std::collections::BTreeSet::new();
    for stage in &r.stages {
        let Rollback::Written(written) = &stage.rollback else {
            continue;
        };
        let Some(found) = misplaced(stage, &written.steps) else {
            continue;
        };
        if !seen.insert(found.first.origin.span) {
            continue;
        }
        let (ground, on_it) = (
            show::key(r, &found.ground.key),
            show::key(r, &found.dependent.key),
        );
        let d = Diagnostic::error(
            CODE,
            found.first.origin.span,
            format!(
                "the rollback of `{}` undoes `{ground}` before `{on_it}`, which depends on it",
                stage.name
            ),
        )
        .here(format!("undoes `{ground}`"));
        let d = place::fact(d, &found.second.origin, format!("`{on_it}` is undone only here"));
        let d = place::fact(d, &found.ground.origin, format!("`{ground}` is changed first"));
        let d = place::fact(d, &found.reads.origin, "and read here");
        bag.push(d.help("undo in the reverse order: move this step behind the other"));
    }
}

/// Two steps of a rollback in the wrong order, and why.
struct Misplaced<'a> {
    first: &'a Step,
    second: &'a Step,
    ground: &'a KeyUse,
    reads: &'a KeyUse,
    dependent: &'a KeyUse,
}

fn misplaced<'a>(stage: &'a Stage, undos: &'a [Step]) -> Option<Misplaced<'a>> {
    let acts: Vec<_> = stage.steps.iter().filter_map(doing).collect();
    for (i, earlier) in acts.iter().enumerate() {
        for later in &acts[i + 1..] {
            for ground in &earlier.effects.changes {
                let Some(reads) = later
                    .effects
                    .reads
                    .iter()
                    .find(|k| calls::surely_same(&k.key, &ground.key))
                else {
                    continue;
                };
                for dependent in &later.effects.changes {
                    if calls::surely_same(&dependent.key, &ground.key) {
                        continue;
                    }
                    let (Some(p), Some(q)) = (undoing(undos, &ground.key), undoing(undos, &dependent.key))
                    else {
                        continue;
                    };
                    if p < q && !restores(&undos[p], &dependent.key) {
                        return Some(Misplaced {
                            first: &undos[p],
                            second: &undos[q],
                            ground,
                            reads,
                            dependent,
                        });
                    }
                }
            }
        }
    }
    None
}

/// The last step of a rollback that restores a key.
fn undoing(undos: &[Step], key: &Key) -> Option<usize> {
    undos.iter().rposition(|s| restores(s, key))
}

fn restores(step: &Step, key: &Key) -> bool {
    doing(step).is_some_and(|a| !a.effects.assumed && a.effects.changes.iter().any(|k| k.key.covers(key)))
}
