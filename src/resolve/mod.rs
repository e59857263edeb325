//! Modules: which files belong to a program, what each defines, and what its names are bound to.
//!
//! Must not evaluate anything, nor touch the file system: a [`Loader`] hands in texts. Called by the driver.

mod cause;
pub mod errors;
mod load;
mod names;
pub mod stdlib;

pub use cause::of_what_was_understood;
pub use load::{LoadError, Loaded, Loader, load};
pub(crate) use names::defined;
pub use names::{Binding, Def, Kind, Module, ModuleId, Program};
