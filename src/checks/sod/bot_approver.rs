//! `sod/bot_approver`: a bot is among those who may approve; its yes is nobody's.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::RoleOrPerson;
use crate::plan::people::Directory;

/// The diagnostic.
pub const CODE: Code = Code("sod/bot_approver");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let directory = Directory::new(release);
    for approval in &release.approvals {
        // With bots alone it has too few people, which is found there.
        if directory.all(approval.from.iter().map(|(w, _)| *w)).is_empty() {
            continue;
        }
        for (who, origin) in &approval.from {
            let pool = directory.who(*who);
            let Some(bot) = pool.bots.first() else { continue };
            let names = pool.bots.iter().map(|p| release.person(*p).name.as_str());
            let (verb, noun) = if pool.bots.len() == 1 {
                ("is", "a bot")
            } else {
                ("are", "bots")
            };
            let mut d = Diagnostic::warning(
                CODE,
                origin.span,
                format!(
                    "{} may approve in `{}` and {verb} {noun}",
                    place::names(names, 4),
                    approval.name
                ),
            )
            .here("its yes does not count");
            d = place::fact(d, &release.person(*bot).origin, "a bot is not a person");
            if let RoleOrPerson::Role(role) = who
                && let Some(entry) = directory.path(*role, *bot).last()
            {
                d = place::fact(d, entry, format!("a member of `{}`", release.role(*role).name));
            }
            bag.push(d.help("take the bot out of the role that approves; what a machine can tell is a gate"));
        }
    }
}
