//! What is said when an invariant of the compiler does not hold: one clear line, and exit code 2.
//!
//! Called once, around the whole program.

use crate::driver::terminal;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs the program; a panic in any thread becomes one line on standard error.
pub(super) fn guarded(program: impl FnOnce() -> ExitCode) -> ExitCode {
    static SAID: AtomicBool = AtomicBool::new(false);
    set_hook(Box::new(|info| {
        if !SAID.swap(true, Ordering::SeqCst) {
            terminal::say(&line(info));
        }
    }));
    catch_unwind(AssertUnwindSafe(program)).unwrap_or_else(|_| ExitCode::from(2))
}

/// The line.
fn line(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or(payload.downcast_ref::<String>().map(String::as_str));
    let text = text
        .unwrap_or("no reason given")
        .lines()
        .next()
        .unwrap_or_default();
    let text = text.strip_prefix("internal: ").unwrap_or(text);
    let place = info
        .location()
        .map_or(String::new(), |l| format!(" ({}:{})", l.file(), l.line()));
    format!(
        "internal error: {text}{place}; this is a fault of releasec {}, please report it with the plan",
        env!("CARGO_PKG_VERSION")
    )
}
