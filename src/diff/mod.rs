//! What changed between two plans: facts, not text.
//!
//! Both plans are compared after everything was resolved, so that the order of statements, comments, layout and loops written out by hand
//! change nothing. Each comparison is a file; each change is loosened, tightened or changed, and a loosening says which run is possible now
//! that was not. Must not know findings, targets or formats. Called by the driver, for the command `diff` and for documents.

mod apart;
mod around;
mod calendar;
mod canon;
mod conditions;
mod defaults;
mod duties;
mod environments;
mod evidence;
mod gates;
mod guards;
mod messages;
mod moments;
mod order;
mod out;
mod pair;
mod policies;
mod request;
mod roles;
mod rules;
mod runs;
mod say;
mod steps;
mod table;
mod texts;
mod threshold;
mod time;
mod undo;
mod window;
mod work;

use crate::plan::Plan;

pub use out::{Change, Class, Direction};

/// The changes from one plan to another: production first, then the gravest class, then what reaches furthest.
pub fn compare(old: &Plan, new: &Plan) -> Vec<Change> {
    let mut out = out::Out::default();
    let two = pair::Two::new(old, new, &mut out);
    guards::compare(&two, &mut out);
    duties::compare(&two, &mut out);
    undo::compare(&two, &mut out);
    evidence::compare(&two, &mut out);
    gates::compare(&two, &mut out);
    defaults::compare(&two, &mut out);
    work::compare(&two, &mut out);
    order::compare(&two, &mut out);
    time::compare(&two, &mut out);
    around::compare(&two, &mut out);
    rules::compare(&two, &mut out);
    runs::compare(&two, &mut out);
    messages::compare(&two, &mut out);
    texts::compare(&two, &mut out);
    out.settle(&two)
}
