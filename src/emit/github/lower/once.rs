//! A run is done once: what was approved and looked at held for its first attempt.
//!
//! GitHub keeps the reviews of all attempts of a run under one list, does a failed job again without what stands before it, and does not
//! know that a failure was already handed over. So every job acts in the first attempt only, and in each later one a job says what to do
//! instead. Called by `lower`.

use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::job::{JobBuilder, always};
use crate::emit::github::model::{Expr, Job};
use crate::emit::github::script::Fixed;

/// The id of the job that says so.
const AGAIN: &str = "again";

/// `github.run_attempt` counts the attempts of a run from 1, as a text.
fn attempt() -> Expr {
    Expr::Context("github.run_attempt")
}

/// These jobs in the first attempt, and one for every other.
pub fn once(ctx: &Ctx<'_>, mut jobs: Vec<Job>, instead: &str) -> Vec<Job> {
    for job in &mut jobs {
        let own = std::mem::replace(&mut job.cond, Expr::Bool(true));
        job.cond = Expr::all([attempt().is("1"), own]);
    }
    let mut b = JobBuilder::new(ctx, AGAIN, "A run is done once");
    // Whichever job somebody does again, this one comes after it.
    b.needs.extend(jobs.iter().map(|j| j.id.clone()));
    let mut vars = b.vars("V");
    vars.text("INSTEAD", instead);
    b.fixed(None, "What to do instead", None, vars, Fixed::Again);
    let cond = Expr::all([attempt().differs("1"), always()]);
    jobs.push(b.finish(cond, None, None, ""));
    jobs
}
