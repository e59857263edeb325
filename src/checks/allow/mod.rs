//! Accepted findings: `allow "group/name" { because; until }` next to what a finding concerns.
//!
//! An `allow` accepts the findings of its code whose place lies inside the statement it stands in. Accepted findings are
//! not lost: the runbook prints them with their reasons. One that accepts nothing is itself a finding. Must not know how a
//! finding came about. Called when findings are settled.

pub mod expired;
pub mod unused;

use crate::checks::Checked;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Allow, Release};
use crate::source::Span;

/// A finding the author accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What was found.
    pub finding: Diagnostic,
    /// Which of `Release::allows` accepts it.
    pub allow: usize,
}

/// Sets the accepted findings apart, and finds every `allow` that accepts none.
pub(super) fn accept(release: &Release, findings: Vec<Diagnostic>) -> Checked {
    let mut used = vec![false; release.allows.len()];
    let mut checked = Checked::default();
    for finding in findings {
        // The innermost statement speaks for itself.
        let by = release
            .allows
            .iter()
            .enumerate()
            .filter(|(_, a)| accepts(a, &finding))
            .min_by_key(|(i, a)| (a.scope.end - a.scope.start, *i));
        if let Some((i, _)) = by {
            used[i] = true;
            checked.accepted.push(Accepted { finding, allow: i });
        } else {
            checked.findings.push(finding);
        }
    }
    // One that has expired is found already.
    let expired = |a: &Allow| {
        let mut all = checked.findings.iter();
        all.any(|d| d.code == expired::CODE && d.span == a.origin.span)
    };
    let idle = release.allows.iter().zip(&used);
    let idle = idle.filter(|(a, used)| !**used && !expired(a));
    let mut bag: crate::diagnostic::Bag = idle.filter_map(|(a, _)| unused::find(a)).collect();
    bag.extend(checked.findings.into_iter().collect());
    checked.findings = bag.into_sorted();
    checked
}

/// Whether the author accepts a finding of a check at a place.
pub(in crate::checks) fn accepted(release: &Release, code: Code, at: Span) -> bool {
    let mut all = release.allows.iter();
    all.any(|a| a.code == code.0 && inside(at, a.scope))
}

fn accepts(allow: &Allow, finding: &Diagnostic) -> bool {
    allow.code == finding.code.0
        && allow.code.as_str() != expired::CODE.0
        && inside(finding.span, allow.scope)
}

fn inside(span: Span, scope: Span) -> bool {
    span.file == scope.file && scope.start <= span.start && span.end <= scope.end
}
