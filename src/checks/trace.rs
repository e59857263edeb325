//! Runs as people read them: four to six numbered lines.
//!
//! Knows the plan's names only. Called by the checks that print the run a finding needs.

use crate::model::StageId;
use crate::plan::{Plan, Variant};

/// How many lines a run may have.
const LINES: usize = 6;

/// A run in a variant: stages that end well, in order, then what happens. Stages in the middle are left out when there are
/// too many.
pub(super) fn run(plan: &Plan, variant: &Variant, ended: &[StageId], then: &[String]) -> String {
    let name = |s: &StageId| format!("`{}` ends well", plan.release().stage(*s).name);
    let room = LINES.saturating_sub(then.len()).max(2);
    let mut lines: Vec<String> = Vec::new();
    if ended.len() <= room {
        lines.extend(ended.iter().map(name));
    } else {
        // The last stages matter most to what follows.
        let tail = room - 1;
        let left_out = ended.len() - tail;
        let first = &plan.release().stage(ended[0]).name;
        lines.push(match left_out {
            2 => format!("`{first}` and one more stage end well"),
            n => format!("`{first}` and {} more stages end well", n - 1),
        });
        lines.extend(ended[left_out..].iter().map(name));
    }
    lines.extend(then.iter().cloned());
    numbered(variant, &lines)
}

/// Lines with their numbers, under the variant they need.
pub(super) fn numbered(variant: &Variant, lines: &[String]) -> String {
    let head = match variant.clause() {
        Some(clause) => format!("the run, {clause}:"),
        None => "the run:".to_string(),
    };
    let lines = lines.iter().enumerate().map(|(i, l)| format!("{}. {l}", i + 1));
    std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
}
