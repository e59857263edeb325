//! What the parser and the formatter promise.

mod forms;
