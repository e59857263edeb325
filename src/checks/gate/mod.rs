//! Gates: that they can fail, that something follows, that no value falls between them, and that they come in time.

pub mod advisory;
pub mod asserts_nothing;
pub mod bake_too_short;
pub mod before_evidence;
pub mod cannot_fail;
pub mod cannot_pass;
pub mod gap;
pub mod incomparable;
mod made;
pub mod no_consequence;
pub mod no_data;
pub mod nothing_to_verify;
pub mod overlap;
pub mod passive_only;
pub mod rehearsal_skipped;
mod shell;
pub mod too_late;
pub mod ungated_step;
pub mod unmeasured;
pub mod unstated_consequence;
mod values;
mod watch;
pub mod weights;
