//! The reference semantics: an interpreter that turns outcomes into the run of a plan.
//!
//! Time is virtual and every choice is an input, so a run is a pure function of plan and outcomes. Must not know a target.
//! Called by the command `simulate`.

mod end;
mod facts;
mod failure;
mod hold;
mod machine;
mod outcomes;
mod points;
pub mod print;
mod stage;
mod start;
mod trace;
mod undo;

pub use machine::run;
pub use outcomes::{Answer, Fault, Outcomes, Place, Verdict};
pub use points::{Point, points};
pub use trace::{Event, Final, Run, Subject, Verb};
