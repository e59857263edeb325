//! Separation of duties, over people and not only roles.

pub mod bot_approver;
mod case;
pub mod collusion;
pub mod contradiction;
pub mod double_counted;
pub mod empty_role;
pub mod exclusive_roles;
pub mod judge_of_own_work;
mod left;
pub mod not_resilient;
pub mod owner_approves_rollback;
pub mod quorum_exceeds_pool;
pub mod role_cycle;
pub mod self_approval;
pub mod single_point_approver;
pub mod unsatisfiable;
pub(in crate::checks) mod words;
