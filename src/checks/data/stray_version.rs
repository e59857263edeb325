//! `data/stray_version`: the version that is being replaced stands where the new one belongs.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Act, ActSource, Origin, Text, Value};
use crate::plan::show;
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

/// Words of a command that is about the old version on purpose.
const ABOUT_OLD: &[&str] = &[
    "from",
    "old",
    "previous",
    "prev",
    "current",
    "since",
    "base",
    "baseline",
    "compare",
    "diff",
    "backup",
    "archive",
    "keep",
    "remove",
    "delete",
    "uninstall",
    "retire",
    "drain",
    "stop",
    "rollback",
    "downgrade",
    "revert",
    "restore",
];

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let Some(old) = &release.replaces else { return };
    if *old == release.version || old.is_empty() {
        return;
    }
    let names = [old, &release.version].map(|v| show::prose(release, v));
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
                if installs_old(act, &names) && seen.insert(act.origin.span) {
                    let message = "the command names the version that is being replaced, and not the new one"
                        .to_string();
                    push(bag, &act.origin, message, old, None);
                }
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

/// Whether a plain command changes something with the old version as one of its words and nothing of the new one.
fn installs_old(act: &Act, [old, new]: &[String; 2]) -> bool {
    let Some(command) = act
        .run
        .as_ref()
        .filter(|_| act.source == ActSource::Run && !act.effects.changes.is_empty())
    else {
        return false;
    };
    let says = |version: &str| {
        command
            .display
            .match_indices(version)
            .any(|(at, _)| whole(&command.display, at, version.len()))
    };
    let about_old = || {
        let mut words = command
            .display
            .split(|c: char| !c.is_alphanumeric())
            .map(str::to_lowercase);
        words.any(|w| ABOUT_OLD.contains(&w.as_str()))
    };
    // A bare number, such as the version of a function, is also a count, a port and a time.
    let telling = old.contains(|c: char| !c.is_ascii_digit());
    telling && says(old) && !says(new) && !about_old()
}

/// Whether what stands there is no part of a longer version or name: `1.9.0` in `shop:v1.9.0`, and not in `11.9.0` or `1.9.0.4`.
fn whole(text: &str, at: usize, len: usize) -> bool {
    let before = text[..at].strip_suffix('v').unwrap_or(&text[..at]);
    let mut after = text[at + len..].chars();
    let goes_on = match after.next() {
        Some('.') => after.next().is_some_and(char::is_alphanumeric),
        Some(c) => c.is_alphanumeric() || c == '_',
        None => false,
    };
    !goes_on && !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_'))
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
