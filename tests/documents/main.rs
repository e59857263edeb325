//! The documents for people say what the plan says: its facts, its ways back, its commands, who approves.

mod commands;
mod facts;
mod from_here;
mod separation;
mod support;
