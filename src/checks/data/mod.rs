//! Captures, artifacts and texts: that what is used is there, is the right thing, and is meant.

pub mod classification;
mod find;
pub mod identity_in_command;
mod lent;
mod literal;
pub mod mutable_reference;
pub mod other_region;
pub mod placeholder;
pub mod secret_in_text;
pub mod smart_punctuation;
pub mod stray_version;
mod texts;
pub mod undeclared_env;
pub mod unset_capture;
mod uses;
pub mod wrong_artifact;

pub(in crate::checks) use texts::acts;
