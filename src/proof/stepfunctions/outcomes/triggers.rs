//! Triggers that fire at once, late, only once something is done, or at one look and never again.
//!
//! Must not know states. Used by the list of runs.

use super::Add;
use crate::emit::parts::{At, Deed};
use crate::model::{FailureOutcome, Release, TriggerId};
use crate::proof::scenario::Open;

/// How often a trigger is looked at before it fires, at most.
const QUIET: usize = 6;

/// Every trigger, at every moment.
pub(super) fn triggers(release: &Release, open: &Open, add: &mut Add<'_>) {
    for t in (0..release.triggers.len()).map(TriggerId::at) {
        let pauses = release.triggers[t.index()].then == FailureOutcome::Pause;
        let answers = if pauses { vec![1, 2, 3] } else { vec![2] };
        for resume in &answers {
            for quiet in 0..=QUIET {
                for fleeting in [false, true] {
                    if quiet == 0 && !fleeting {
                        continue;
                    }
                    add(&|s| {
                        (s.fires, s.fleeting) = (Some(t), fleeting);
                        (s.quiet, s.resume) = (quiet, *resume);
                    });
                }
            }
            for part in open
                .parts
                .iter()
                .filter(|p| matches!(p.deed, Deed::Act | Deed::Await | Deed::Judge(_)))
            {
                if !matches!(part.at, At::Stage(_)) {
                    continue;
                }
                for quiet in 0..2 {
                    add(&|s| {
                        (s.fires, s.fires_after) = (Some(t), Some(part.clone()));
                        (s.quiet, s.resume) = (quiet, *resume);
                    });
                }
                add(&|s| {
                    (s.fires, s.fires_after) = (Some(t), Some(part.clone()));
                    (s.fleeting, s.resume) = (true, *resume);
                });
            }
        }
    }
}
