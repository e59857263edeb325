//! Thresholds that a policy sets: `limit "group/name", VALUE`.

use crate::model::{Limit, Value};
use crate::plan::Plan;

/// The threshold a policy sets for a check, the first one written.
pub(super) fn limit<'a>(plan: &'a Plan, code: &str) -> Option<&'a Limit> {
    plan.release()
        .policies
        .iter()
        .flat_map(|p| &p.limits)
        .find(|l| l.code == code)
}

/// The duration a policy sets for a check, with the limit.
pub(super) fn duration<'a>(plan: &'a Plan, code: &str) -> Option<(crate::model::Dur, &'a Limit)> {
    let limit = limit(plan, code)?;
    match limit.value {
        Value::Dur(d) => Some((d, limit)),
        _ => None,
    }
}
