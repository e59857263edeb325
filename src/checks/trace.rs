//! Runs as people read them: four to six numbered lines.
//!
//! Knows the plan's names only. Called by the checks that print the run a finding needs.

use crate::model::StageId;
use crate::plan::Plan;

/// How many lines a run may have.
const LINES: usize = 6;

/// A run: stages that end well, in order, then what happens. Stages in the middle are left out when there are too many.
pub(super) fn run(plan: &Plan, ended: &[StageId], then: &[String]) -> Vec<String> {
    let name = |s: &StageId| format!("`{}` ends well", plan.release().stage(*s).name);
    let room = LINES.saturating_sub(then.len()).max(1);
    let mut lines: Vec<String> = Vec::new();
    if ended.len() <= room {
        lines.extend(ended.iter().map(name));
    } else {
        // The last stages matter most to what follows.
        let tail = room.saturating_sub(1).max(1);
        let left_out = ended.len() - tail;
        lines.push(match left_out {
            1 => name(&ended[0]),
            n => format!(
                "`{}` and {} more stages end well",
                plan.release().stage(ended[0]).name,
                n - 1
            ),
        });
        lines.extend(ended[left_out..].iter().map(name));
    }
    lines.extend(then.iter().cloned());
    lines
        .iter()
        .enumerate()
        .map(|(i, l)| format!("{}. {l}", i + 1))
        .collect()
}
