//! Which finding says it all: a finding that follows from another about the same place is not shown.
//!
//! Knows codes and places only. Called when findings are settled.

use crate::diagnostic::Diagnostic;
use std::collections::BTreeMap;

/// The first of each pair makes the second needless.
const BEFORE: &[(&str, &str)] = &[
    ("rollback/missing", "rollback/incomplete"),
    ("sod/empty_role", "sod/unsatisfiable"),
    ("sod/role_cycle", "sod/unsatisfiable"),
    ("sod/exclusive_roles", "sod/unsatisfiable"),
    ("sod/contradiction", "sod/unsatisfiable"),
    ("sod/quorum_exceeds_pool", "sod/unsatisfiable"),
    (
        "approval/unguarded_production",
        "rollback/unapproved_irreversible",
    ),
    ("approval/unguarded_production", "data/classification"),
    ("approval/unguarded_production", "dag/detached"),
    ("sod/self_approval", "sod/collusion"),
    ("approval/before_evidence", "approval/unbound"),
    ("gate/gap", "gate/advisory"),
    ("gate/rehearsal_skipped", "dag/detached"),
    ("rollback/undo_can_fail", "comms/no_escalation"),
    ("time/exceeds_window", "rollback/misses_window"),
    ("target/wait_too_long", "target/limit"),
];

/// The second of each pair is needless where the first names its place among its facts.
const NAMED: &[(&str, &str)] = &[
    ("approval/unguarded_production", "approval/no_consequence"),
    ("data/classification", "approval/no_consequence"),
];

/// Drops the findings that follow from others; the order stays.
pub(super) fn prune(findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut causes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, d) in findings.iter().enumerate() {
        if BEFORE.iter().chain(NAMED).any(|(first, _)| *first == d.code.0) {
            causes.entry(d.code.0).or_default().push(i);
        }
    }
    let said_by = |d: &Diagnostic| {
        NAMED
            .iter()
            .filter(|(_, then)| *then == d.code.0)
            .flat_map(|(first, _)| causes.get(first).into_iter().flatten())
            .any(|i| findings[*i].span == d.span || findings[*i].labels.iter().any(|l| l.span == d.span))
    };
    let follows = |d: &Diagnostic| {
        BEFORE
            .iter()
            .filter(|(_, then)| *then == d.code.0)
            .flat_map(|(first, _)| causes.get(first).into_iter().flatten())
            .any(|i| same_place(&findings[*i], d))
    };
    let keep: Vec<bool> = findings.iter().map(|d| !follows(d) && !said_by(d)).collect();
    let mut keep = keep.into_iter();
    let mut findings = findings;
    findings.retain(|_| keep.next().unwrap_or(true));
    findings
}

/// Whether both are about one place: the same one, or the cause's is among the facts of what follows.
fn same_place(cause: &Diagnostic, then: &Diagnostic) -> bool {
    cause.span == then.span || then.labels.iter().any(|l| l.span == cause.span)
}

#[cfg(test)]
mod tests {
    use super::prune;
    use crate::diagnostic::{Code, Diagnostic};
    use crate::source::{FileId, Span};

    fn at(code: &'static str, start: usize) -> Diagnostic {
        Diagnostic::error(Code(code), Span::new(FileId(0), start, start + 1), "x")
    }

    #[test]
    fn only_the_same_place_is_pruned() {
        let codes = |list: Vec<Diagnostic>| list.iter().map(|d| d.code.0).collect::<Vec<_>>();
        let same = vec![at("rollback/incomplete", 3), at("rollback/missing", 3)];
        assert_eq!(codes(prune(same)), ["rollback/missing"]);
        let other = vec![at("rollback/incomplete", 3), at("rollback/missing", 9)];
        assert_eq!(codes(prune(other)), ["rollback/incomplete", "rollback/missing"]);
        let fact = vec![
            at("sod/empty_role", 1),
            at("sod/unsatisfiable", 3).fact(Span::new(FileId(0), 1, 2), "has nobody"),
        ];
        assert_eq!(codes(prune(fact)), ["sod/empty_role"]);
        let meant = vec![
            at("approval/no_consequence", 1),
            at("approval/no_consequence", 5),
            at("approval/unguarded_production", 3).fact(Span::new(FileId(0), 1, 2), "nothing waits for it"),
        ];
        assert_eq!(
            codes(prune(meant)),
            ["approval/no_consequence", "approval/unguarded_production"]
        );
    }
}
