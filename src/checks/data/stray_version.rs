//! `data/stray_version`: the version that is being replaced stands where the new one belongs.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{ActSource, Origin, Text, Value};
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("data/stray_version");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// Parameters of actions that mean the version one goes to.
const NEW: &[&str] = &[
    "version",
    "to",
    "new",
    "tag",
    "target",
    "image_tag",
    "to_version",
    "new_version",
];

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let Some(old) = &release.replaces else { return };
    if *old == release.version || old.is_empty() {
        return;
    }
    let mut seen = BTreeSet::new();
    for stage in &release.stages {
        for (artifact, origin) in stage.builds.iter().chain(&stage.ships) {
            let artifact = release.artifact(*artifact);
            if artifact.version.as_ref() == Some(old) && seen.insert(artifact.origin.span) {
                let message = format!("`{}` has the version that is being replaced", artifact.name);
                push(
                    bag,
                    &artifact.origin,
                    message,
                    old,
                    Some((origin, "and is what this release ships")),
                );
            }
        }
        for act in stage.forward_steps().into_iter().filter_map(|s| s.act()) {
            let ActSource::Action { name, args, .. } = &act.source else {
                continue;
            };
            for (parameter, value) in args {
                let is_old = matches!(value, Value::Text(t) if t == old);
                if is_old && NEW.contains(&parameter.as_str()) && seen.insert(act.origin.span) {
                    let message = format!("`{parameter}` of `{name}` is the version that is being replaced");
                    push(bag, &act.origin, message, old, None);
                }
            }
        }
    }
}

fn push(bag: &mut Bag, origin: &Origin, message: String, old: &Text, fact: Option<(&Origin, &str)>) {
    let mut d = Diagnostic::warning(CODE, origin.span, message).here(match old.known() {
        Some(v) => format!("`{v}` is what the release replaces"),
        None => "what the release replaces".to_string(),
    });
    d = place::through(d, origin);
    if let Some((origin, text)) = fact {
        d = place::fact(d, origin, text);
    }
    bag.push(d.help("use the release's `version`; the one it replaces belongs into the rollback"));
}
