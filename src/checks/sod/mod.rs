//! Separation of duties, over people and not only roles.

pub mod double_counted;
pub mod empty_role;
pub mod exclusive_roles;
pub mod quorum_exceeds_pool;
pub mod role_cycle;
pub mod self_approval;
mod standing;
mod words;
