//! `approval/may_close_early`: a vote can end before everyone entitled could answer.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::Quorum;
use crate::plan::people::Directory;

/// The diagnostic.
pub const CODE: Code = Code("approval/may_close_early");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let r = subject.plan.release();
    let directory = Directory::new(r);
    for approval in &r.approvals {
        let pool = directory.size(&directory.all(approval.from.iter().map(|(w, _)| *w)));
        let name = &approval.name;
        let quorum = match approval.quorum {
            Quorum::Count(n) => usize::try_from(n).unwrap_or(usize::MAX),
            Quorum::All => continue,
        };
        let d = if let Some(written) = &approval.passes_written
            && approval.passes == crate::model::Passes::Majority
        {
            Diagnostic::warning(
                CODE,
                written.span,
                format!("`{name}` can pass before those who would say no have answered"),
            )
            .here("more said yes than no, so far")
            .help("write `passes unanimous`, or a quorum that is a majority of all")
        } else if let Some(open) = approval.open_for
            && quorum > 1
            && quorum < pool
        {
            let written = approval.quorum_origin.as_ref().unwrap_or(&approval.origin);
            let d = Diagnostic::warning(
                CODE,
                written.span,
                format!("`{name}` is open for {open}, and closes when {quorum} of {pool} have said yes"),
            )
            .here("enough to close it");
            d.help("leave `open_for` out if the quorum decides, or ask `all`")
        } else {
            continue;
        };
        let d = approval.from.iter().take(2).fold(d, |d, (_, origin)| {
            place::fact(d, origin, format!("{pool} people may answer"))
        });
        bag.push(d);
    }
}
