//! What each call and each condition of a state machine stands for, in the plan's own terms.
//!
//! Written while the machine is lowered, from the same rendering of the plan's values; read by `proof`, which ties the states it
//! reads back to the plan by the bytes of what they do and never by their names. Must not know states or where they lead.

use crate::emit::parts::{Purpose, Test};

/// What the calls and conditions of a machine stand for.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    /// Calls as they are printed, without where they lead.
    pub calls: Vec<(Purpose, serde_json::Value)>,
    /// Conditions as they are printed.
    pub tests: Vec<(Test, String)>,
}

/// The members of a call that say what it does: all but where it leads and what it keeps.
pub fn essence(call: &serde_json::Value) -> serde_json::Value {
    let mut call = call.clone();
    if let Some(members) = call.as_object_mut() {
        for member in ["Type", "Comment", "Next", "End", "Catch", "Assign", "Output"] {
            members.shift_remove(member);
        }
    }
    call
}
