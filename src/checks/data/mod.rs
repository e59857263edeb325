//! Captures, artifacts and texts: that what is used is there, is the right thing, and is meant.

mod literal;
pub mod placeholder;
pub mod smart_punctuation;
mod texts;
pub mod unset_capture;
mod uses;
pub mod wrong_artifact;

pub(in crate::checks) use texts::acts;
