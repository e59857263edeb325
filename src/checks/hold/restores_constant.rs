//! `hold/restores_constant`: a hold puts a capacity or a limit back to a number that is written down, not to what was there.

use crate::checks::place::first_part;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{KeyUse, Used};
use crate::plan::{doing, show};

/// The diagnostic.
pub const CODE: Code = Code("hold/restores_constant");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// First parts of keys that hold a number.
const NUMBERS: [&str; 2] = ["capacity", "limit"];

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let r = subject.plan.release();
    for hold in &r.holds {
        let entered: Vec<&KeyUse> = hold
            .enter
            .iter()
            .filter_map(doing)
            .flat_map(|a| a.effects.changes.iter().chain(&a.effects.raises))
            .filter(|k| first_part(&k.key).is_some_and(|f| NUMBERS.contains(&f.as_str())))
            .collect();
        for step in &hold.exit {
            let Some(act) = doing(step) else { continue };
            let mut written = act.effects.changes.iter().chain(&act.effects.raises);
            let Some(key) = written.find_map(|k| entered.iter().find(|e| e.key.overlaps(&k.key))) else {
                continue;
            };
            let used = Used::of_act(act);
            let automatic = act.run.is_some() || act.task.is_some();
            if !automatic || used.other || !used.captures.is_empty() || !used.priors.is_empty() {
                continue;
            }
            let shown = show::key(r, &key.key);
            let d = Diagnostic::warning(
                CODE,
                step.origin.span,
                format!(
                    "leaving `{}` sets `{shown}` to a constant, whatever it was before",
                    hold.name
                ),
            )
            .here("always the same value");
            let d = place::fact(d, &key.origin, format!("entering changes `{shown}`"));
            bag.push(
                d.help("read the value in `enter`, with `capture`, and restore that")
                    .help("or use an action that records it: `prior`"),
            );
            break;
        }
    }
}
