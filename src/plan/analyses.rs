//! What is worked out about a plan once, when it is first asked for.
//!
//! Holds results only; each analysis stands in its own file.

use crate::plan::{Plan, Variants};
use std::sync::OnceLock;

/// Results, as far as they were asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Analyses {
    variants: OnceLock<Variants>,
}

impl Plan {
    /// What can vary, and what applies when.
    pub fn variants(&self) -> &Variants {
        self.analyses.variants.get_or_init(|| Variants::new(self))
    }
}
