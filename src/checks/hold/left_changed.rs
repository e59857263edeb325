//! `hold/left_changed`: a capacity, a limit or a flag is raised for the release, and never put back.
//!
//! What an action `raises`, and keys that begin with `capacity:`, `limit:` or `alarm:`; a branch may as well be
//! merged to. Putting back is any later
//! write of the key: in the stage, after it, when a hold is left, or in `finally`.

use crate::checks::place::first_part;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Key, StageId};
use crate::plan::{Plan, Touch, Touching, doing, show};
use std::collections::BTreeMap;

/// The diagnostic.
pub const CODE: Code = Code("hold/left_changed");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// First parts of keys that are to be put back.
const PUT_BACK: [&str; 3] = ["capacity", "limit", "alarm"];

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let raised: Vec<(StageId, Touch<'_>)> = plan
        .stage_order()
        .into_iter()
        .flat_map(|s| plan.changes(s).into_iter().map(move |t| (s, t)))
        .filter(|(_, t)| !t.assumed && to_put_back(t))
        .collect();
    if raised.is_empty() {
        return;
    }
    let writers = Writers::new(plan);
    let mut seen = std::collections::BTreeSet::new();
    for (stage, touch) in &raised {
        // What is paired with another action is looked for by `hold/unpaired`.
        let paired = touch.act.is_some_and(|a| a.paired_with.is_some());
        if paired || left_by_a_hold(plan, &touch.key.key) || writers.again(*stage, &touch.key.key) {
            continue;
        }
        if put_back_itself(plan, *stage, touch) || !seen.insert(touch.key.origin.span) {
            continue;
        }
        let key = show::key(r, &touch.key.key);
        let d = Diagnostic::warning(
            CODE,
            touch.key.origin.span,
            format!(
                "`{}` raises `{key}`, and nothing puts it back",
                r.stage(*stage).name
            ),
        )
        .here("stays so after the release");
        let d = place::through(d, &touch.key.origin);
        bag.push(
            d.help("put it back in a stage after the last gate, or span the stages with a `hold`")
                .help("or, if it is to stay, accept it and say why"),
        );
    }
}

fn to_put_back(touch: &Touch<'_>) -> bool {
    touch.how == Touching::Raises
        || (touch.how == Touching::Changes
            && first_part(&touch.key.key).is_some_and(|f| PUT_BACK.contains(&f.as_str())))
}

fn left_by_a_hold(plan: &Plan, key: &Key) -> bool {
    let r = plan.release();
    let steps = r.holds.iter().flat_map(|h| &h.exit).chain(&r.finally);
    let mut acts = steps.filter_map(doing);
    acts.any(|a| writes(a, key))
}

fn writes(act: &crate::model::Act, key: &Key) -> bool {
    let e = &act.effects;
    e.changes
        .iter()
        .chain(&e.raises)
        .chain(&e.removes)
        .any(|k| k.key.overlaps(key))
}

/// The stages that write each key, by its first two parts; those with fewer known parts may meet any.
struct Writers<'a> {
    named: BTreeMap<(String, String), Vec<(StageId, &'a Key)>>,
    loose: Vec<(StageId, &'a Key)>,
}

impl<'a> Writers<'a> {
    fn new(plan: &'a Plan) -> Self {
        let mut writers = Writers {
            named: BTreeMap::new(),
            loose: Vec::new(),
        };
        for stage in plan.stage_order() {
            for touch in plan.changes(stage) {
                let key = &touch.key.key;
                match two_parts(key) {
                    Some(parts) => writers.named.entry(parts).or_default().push((stage, key)),
                    None => writers.loose.push((stage, key)),
                }
            }
        }
        writers
    }

    /// Whether another stage writes the key: one of the two puts it back, and two without an order are a race.
    fn again(&self, stage: StageId, key: &Key) -> bool {
        let meets = |(other, k): &&(StageId, &Key)| *other != stage && k.overlaps(key);
        match two_parts(key) {
            Some(parts) => {
                let named = self.named.get(&parts).into_iter().flatten();
                named.chain(&self.loose).find(meets).is_some()
            }
            None => {
                let named = self.named.values().flatten();
                named.chain(&self.loose).find(meets).is_some()
            }
        }
    }
}

fn two_parts(key: &Key) -> Option<(String, String)> {
    let mut parts = key.segments().into_iter();
    match (parts.next(), parts.next()) {
        (Some(Some(a)), Some(Some(b))) => Some((a, b)),
        _ => None,
    }
}

/// Whether a later step of the stage writes the key again, or an earlier one did.
fn put_back_itself(plan: &Plan, stage: StageId, touch: &Touch<'_>) -> bool {
    let stage = plan.release().stage(stage);
    // The steps of a rollout are the same ones at other weights.
    let writers = stage
        .steps
        .iter()
        .filter_map(doing)
        .filter(|a| writes(a, &touch.key.key));
    writers.count() > 1
}
