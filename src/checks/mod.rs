//! Every check of a plan: one file per diagnostic, one line each in the list below.
//!
//! Checks read the model and the plan only, and say what they find. What follows from another finding is dropped
//! (`precedence`), what the author accepts is set apart (`allow`). Called by the driver and the language server.

pub mod allow;
pub mod approval;
pub mod comms;
pub mod dag;
pub mod data;
pub mod gate;
pub mod hold;
mod limit;
mod place;
pub mod platform;
pub mod policy;
mod precedence;
pub mod rollback;
pub mod sod;
pub mod time;
mod trace;

use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::Release;
use crate::plan::Plan;
use crate::source::SourceMap;
use rayon::prelude::*;

pub use allow::Accepted;

/// What a check looks at.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The texts its places point into: only to narrow a place down to the very characters a finding is about.
    pub sources: &'a SourceMap,
}

/// A check: the one diagnostic it can give, and how it looks for it.
pub struct Check {
    /// The diagnostic, which is also the name of the check's file, its page and its fixtures.
    pub code: Code,
    /// Looks through a plan.
    pub run: fn(&Subject<'_>, &mut Bag),
}

/// Every check of a plan, in the order of the catalogue.
pub const CHECKS: &[Check] = &[
    dag::dead_stage::CHECK,
    dag::dead_condition::CHECK,
    dag::race::CHECK,
    dag::detached::CHECK,
    dag::no_convergence::CHECK,
    dag::redundant_after::CHECK,
    rollback::missing::CHECK,
    rollback::past_the_pivot::CHECK,
    rollback::not_rehearsed::CHECK,
    rollback::unapproved_irreversible::CHECK,
    rollback::incomplete::CHECK,
    rollback::order::CHECK,
    rollback::input_destroyed::CHECK,
    rollback::expires::CHECK,
    rollback::misses_window::CHECK,
    rollback::not_idempotent::CHECK,
    rollback::undo_can_fail::CHECK,
    rollback::no_backup::CHECK,
    rollback::needs_unchecked::CHECK,
    approval::unguarded_production::CHECK,
    approval::no_consequence::CHECK,
    approval::bypass::CHECK,
    approval::stale::CHECK,
    approval::before_evidence::CHECK,
    approval::unbound::CHECK,
    approval::may_close_early::CHECK,
    hold::no_path::CHECK,
    hold::outlives::CHECK,
    hold::unpaired::CHECK,
    hold::not_released::CHECK,
    hold::used_outside::CHECK,
    hold::by_hand::CHECK,
    hold::restores_constant::CHECK,
    hold::left_changed::CHECK,
    time::exceeds_window::CHECK,
    time::offset_conflict::CHECK,
    time::in_freeze::CHECK,
    time::gap_or_fold::CHECK,
    time::working_days::CHECK,
    time::notice_too_late::CHECK,
    time::unattended::CHECK,
    time::shared_window::CHECK,
    time::no_timeout::CHECK,
    time::timeout_too_short::CHECK,
    sod::self_approval::CHECK,
    sod::double_counted::CHECK,
    sod::quorum_exceeds_pool::CHECK,
    sod::exclusive_roles::CHECK,
    sod::empty_role::CHECK,
    sod::role_cycle::CHECK,
    sod::unsatisfiable::CHECK,
    sod::contradiction::CHECK,
    sod::not_resilient::CHECK,
    sod::collusion::CHECK,
    sod::single_point_approver::CHECK,
    sod::bot_approver::CHECK,
    sod::owner_approves_rollback::CHECK,
    sod::judge_of_own_work::CHECK,
    gate::cannot_fail::CHECK,
    gate::cannot_pass::CHECK,
    gate::no_consequence::CHECK,
    gate::overlap::CHECK,
    gate::gap::CHECK,
    gate::ungated_step::CHECK,
    gate::weights::CHECK,
    gate::too_late::CHECK,
    gate::asserts_nothing::CHECK,
    gate::nothing_to_verify::CHECK,
    gate::rehearsal_skipped::CHECK,
    gate::unmeasured::CHECK,
    gate::before_evidence::CHECK,
    gate::passive_only::CHECK,
    gate::advisory::CHECK,
    gate::unstated_consequence::CHECK,
    gate::bake_too_short::CHECK,
    gate::no_data::CHECK,
    gate::incomparable::CHECK,
    data::unset_capture::CHECK,
    data::wrong_artifact::CHECK,
    data::smart_punctuation::CHECK,
    data::placeholder::CHECK,
    data::mutable_reference::CHECK,
    data::undeclared_env::CHECK,
    data::stray_version::CHECK,
    data::identity_in_command::CHECK,
    data::other_region::CHECK,
    data::secret_in_text::CHECK,
    data::classification::CHECK,
    comms::silent_failure::CHECK,
    comms::no_audience::CHECK,
    comms::no_escalation::CHECK,
    platform::assert::CHECK,
    platform::retired::CHECK,
    policy::violated::CHECK,
    policy::not_understood::CHECK,
    allow::expired::CHECK,
];

/// What is found otherwise than by looking at a plan: while it is ordered, and when the findings are settled.
pub const OTHERS: &[Code] = &[dag::cycle::CODE, allow::unused::CODE];

/// From how many stages on the checks of one plan run beside each other.
const BESIDE: usize = 100;

/// What checking came to.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// The findings that stand, in the order of their places.
    pub findings: Vec<Diagnostic>,
    /// The findings the author accepted, in the order of their places.
    pub accepted: Vec<Accepted>,
}

/// The codes of this layer, sorted.
pub fn codes() -> Vec<Code> {
    let mut codes: Vec<Code> = CHECKS
        .iter()
        .map(|c| c.code)
        .chain(OTHERS.iter().copied())
        .collect();
    codes.sort();
    codes
}

/// Tells whether a finding comes from looking at a whole plan, and not from trying to understand one.
pub fn knows(code: Code) -> bool {
    CHECKS.iter().any(|c| c.code == code) || OTHERS.contains(&code)
}

/// Runs every check over a plan.
pub fn run(plan: &Plan, sources: &SourceMap) -> Checked {
    settle(plan.release(), gather(plan, sources))
}

/// What every check says, before precedence and acceptance: to be merged with the findings of other layers, then settled.
pub fn gather(plan: &Plan, sources: &SourceMap) -> Bag {
    let subject = Subject { plan, sources };
    let alone = |check: &Check| {
        let mut bag = Bag::new();
        (check.run)(&subject, &mut bag);
        bag
    };
    // Waking other threads costs more than a small plan does.
    let bags: Vec<Bag> = if plan.release().stages.len() < BESIDE {
        CHECKS.iter().map(alone).collect()
    } else {
        CHECKS.par_iter().map(alone).collect()
    };
    let mut all = Bag::new();
    bags.into_iter().for_each(|bag| all.extend(bag));
    all
}

/// Drops what follows from other findings and sets apart what the author accepts.
pub fn settle(release: &Release, found: Bag) -> Checked {
    allow::accept(release, precedence::prune(found.into_sorted()))
}
