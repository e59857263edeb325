//! Gates: that they can fail, that something follows, that no value falls between them.

pub mod cannot_fail;
pub mod cannot_pass;
pub mod gap;
pub mod no_consequence;
pub mod overlap;
pub mod ungated_step;
mod values;
mod watch;
pub mod weights;
