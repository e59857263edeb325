//! The DAG of a release and its analyses: order, reachability, undos, holds.
//!
//! The only place that knows `petgraph`. Must not report findings (`checks` does) nor know a target.

mod clock;
mod graph;
pub mod people;
mod undo;

pub use clock::{Reading, offset_word, read, zone};
pub use graph::{Cycle, Edge, EdgeKind, Node, NodeSet, Plan};
pub use undo::{StageUndo, UndoStep};
