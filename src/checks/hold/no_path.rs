//! `hold/no_path`: `during A .. B` where no way leads from A to B, so that the hold spans nothing.

use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::HoldId;
use crate::plan::Node;

/// The diagnostic.
pub const CODE: Code = Code("hold/no_path");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    for (i, hold) in r.holds.iter().enumerate() {
        if !plan.hold_stages(HoldId::at(i)).is_empty() {
            continue;
        }
        let (from, to) = (r.stage(hold.from), r.stage(hold.to));
        let d = Diagnostic::error(
            CODE,
            hold.during_origin.span,
            format!(
                "no way leads from `{}` to `{}`: `{}` spans nothing",
                from.name, to.name, hold.name
            ),
        )
        .here("nothing is between these")
        .fact(from.origin.span, format!("`{}` would be the first", from.name))
        .fact(to.origin.span, format!("`{}` does not wait for it", to.name));
        let backwards = plan.precedes(Node::Stage(hold.to), Node::Stage(hold.from));
        bag.push(if backwards {
            d.help(format!(
                "`{}` comes first: `during {} .. {}`",
                to.name, to.name, from.name
            ))
        } else {
            d.help(format!(
                "let `{}` wait for `{}`, or name stages that do",
                to.name, from.name
            ))
        });
    }
}
