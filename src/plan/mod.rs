//! The DAG of a release and its analyses: order, reachability, undos, holds.
//!
//! The only place that knows `petgraph`. Must not report findings (`checks` does) nor know a target.

mod analyses;
mod cases;
mod clock;
mod cycle;
mod duration;
mod edges;
mod effects;
mod engine;
mod flow;
mod graph;
mod guards;
mod order;
mod passage;
mod paths;
pub mod people;
mod predicate;
mod schedule;
pub mod show;
#[cfg(test)]
pub(crate) mod sketch;
#[cfg(test)]
mod tests;
mod undo;
mod variants;
mod window;
mod worst;

pub use clock::{Reading, civil_word, offset_word, read, zone};
pub use cycle::Cycle;
pub use duration::{Pace, act_time};
pub use effects::{Touch, Touching, doing};
pub use graph::{Edge, EdgeKind, Node, NodeSet, Plan};
pub use guards::{Guard, Guards};
pub use order::Standing;
pub use passage::{Ending, Starts};
pub use predicate::Pred;
pub use schedule::{Cause, Schedule, Timing};
pub use undo::{EarlierUndo, StageUndo, UndoStep};
pub use variants::{Table, Truth, Variant, Variants};
pub use window::{Clock, Opening, occurrence, weekday};
pub use worst::Worst;
