//! `sod/owner_approves_rollback`: who executes a rollback may also approve it.

use crate::checks::sod::words;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Rollback, Seat, StageId};
use crate::plan::people::{Directory, keeps_apart};
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("sod/owner_approves_rollback");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let directory = Directory::new(release);
    let mut done = BTreeSet::new();
    for (i, stage) in release.stages.iter().enumerate() {
        let Rollback::Written(rollback) = &stage.rollback else {
            continue;
        };
        if !release.is_production(stage.environment) {
            continue;
        }
        let mut owners = vec![rollback.owner.unwrap_or(stage.owner)];
        owners.extend(rollback.steps.iter().filter_map(|s| s.owner));
        for (a, asked) in &rollback.approved {
            let approval = release.approval(*a);
            if keeps_apart(release, Seat::Approval(*a), Seat::Executor(StageId::at(i))).is_some() {
                continue;
            }
            let pool = directory.all(approval.from.iter().map(|(w, _)| *w));
            for owner in &owners {
                let Some(shared) = directory.shared_in(&pool, directory.role(*owner), &[*a]) else {
                    continue;
                };
                if !done.insert((*a, *owner)) {
                    continue;
                }
                let who = words::shared(release, shared);
                let mut d = Diagnostic::error(
                    CODE,
                    asked.span,
                    format!(
                        "{who} may execute the rollback of `{}` and approve it in `{}`",
                        stage.name, approval.name
                    ),
                )
                .here("asked for here");
                d = place::fact(
                    d,
                    &rollback.origin,
                    format!("`{}` executes this rollback", release.role(*owner).name),
                );
                d = place::fact(d, &approval.origin, "and nothing forbids it here");
                d = words::belongs(d, &directory, *owner, shared);
                d = words::sits_in(d, &directory, *a, shared);
                bag.push(
                    d.help(format!("write `distinct_from executors` in `{}`", approval.name))
                        .help("or let another role execute the rollback"),
                );
                break;
            }
        }
    }
}
