//! The documents for people say what the plan says: its facts, its ways back, its commands, who approves.

mod agrees;
mod asked;
mod beside;
mod board;
mod commands;
mod compare;
mod deletions;
mod facts;
mod from_here;
mod hostile;
mod later;
mod mended;
mod mutations;
mod printed;
mod read_back;
mod safe;
mod separation;
mod support;
mod templates;
mod timeline;
mod wording;
