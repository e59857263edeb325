//! The reference semantics: an interpreter that turns outcomes into the run of a plan.
//!
//! Time is virtual and every choice is an input, so a run is a pure function of plan and [`Outcomes`]: what is decided outside
//! the plan goes in (how steps, gates, people and undos come out, one cancellation), a [`Trace`] comes out. Its events stand in
//! order of time, and `after` of each makes them a partial order; [`Trace::observable`] keeps of them what every target must
//! show: starts, ends, grants, undos, exits, and the final state. Must not know a target.
//!
//! ```text
//! machine     the state, the clock, the agenda, the loop
//! waits       which node waits for what, and which may be looked at again
//! start       stages, from "may it start?" to its first step        consent   approvals and decisions
//! stage step  a stage's items one after the other; how they fail    hold      entered, left, entered again
//! failure     siblings finish their step, then what the plan says   resume    pause, restart, cancellation, triggers
//! undo        each after all that depends on it                     end       exits, `finally`, the final state
//! on_time     runs in which the clock says whether the window is open
//! ```
//!
//! Called by the command `simulate`, by tests, and by whoever compares an artifact with what its plan means.

mod chance;
mod consent;
mod end;
mod facts;
mod failure;
mod hold;
mod machine;
mod on_time;
mod outcomes;
mod points;
pub mod print;
mod resume;
mod stage;
mod start;
mod state;
mod step;
mod trace;
mod undo;
mod unreached;
mod waits;
mod wish;

pub use chance::Chance;
pub use machine::{Reference, run};
pub use outcomes::{Answer, Fault, How, Outcomes, Place, Verdict};
pub use points::{Point, points};
pub use trace::{Event, Final, Subject, Trace, Verb};
pub use wish::{FORMS, Form, Unknown, wish};
