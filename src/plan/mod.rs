//! The DAG of a release and its analyses: order, reachability, undos, holds.
//!
//! The only place that knows `petgraph`. Must not report findings (`checks` does) nor know a target.

mod analyses;
mod clock;
mod cycle;
mod edges;
mod engine;
mod graph;
pub mod people;
mod predicate;
pub mod show;
mod undo;
mod variants;

pub use clock::{Reading, offset_word, read, zone};
pub use cycle::Cycle;
pub use graph::{Edge, EdgeKind, Node, NodeSet, Plan};
pub use predicate::Pred;
pub use undo::{StageUndo, UndoStep};
pub use variants::{Truth, Variant, Variants};
