//! `data/undeclared_env`: a command reads a variable of its environment that nothing in the plan sets.

use crate::checks::data::find::Places;
use crate::checks::data::texts::{acts, commands};
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic, did_you_mean};
use crate::model::{Channel, Command};
use crate::source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// The diagnostic.
pub const CODE: Code = Code("data/undeclared_env");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// What every shell or every runner sets.
const KNOWN: &[&str] = &[
    "HOME",
    "PATH",
    "PWD",
    "OLDPWD",
    "USER",
    "LOGNAME",
    "SHELL",
    "HOSTNAME",
    "LANG",
    "TERM",
    "TMPDIR",
    "UID",
    "EUID",
    "PPID",
    "RANDOM",
    "SECONDS",
    "LINENO",
    "IFS",
    "OPTARG",
    "OPTIND",
    "REPLY",
    "CI",
    "EDITOR",
    "PIPESTATUS",
    "FUNCNAME",
    "EPOCHSECONDS",
    "OSTYPE",
    "MACHTYPE",
    "HOSTTYPE",
    "COLUMNS",
    "LINES",
];

/// Beginnings of what runners set.
const KNOWN_GROUPS: &[&str] = &[
    "GITHUB_",
    "RUNNER_",
    "AWS_",
    "CODEBUILD_",
    "RELEASEC_",
    "BASH",
    "LC_",
    "ACTIONS_",
    "INPUT_",
];

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    // Secrets reach a command as variables of their names.
    let mut secrets: BTreeMap<Span, Vec<&str>> = BTreeMap::new();
    for act in acts(release) {
        if let Some(run) = &act.run {
            secrets
                .entry(run.span)
                .or_default()
                .extend(act.secrets.iter().map(|s| s.as_str()));
        }
    }
    for (run, names) in release
        .metrics
        .iter()
        .map(|m| (&m.run, &m.secrets))
        .chain(release.channels.iter().map(|c| (&c.run, &c.secrets)))
    {
        if let Some(run) = run {
            secrets
                .entry(run.span)
                .or_default()
                .extend(names.iter().map(|s| s.as_str()));
        }
    }
    let mut places = Places::new(subject.sources);
    let mut seen = BTreeSet::new();
    for command in commands(release) {
        if subject.sources.file(command.span.file).library || !command.script.contains('$') {
            continue;
        }
        let mine = secrets.get(&command.span).map_or(&[][..], Vec::as_slice);
        for name in unset(command, mine) {
            if !seen.insert((command.span, name.clone())) {
                continue;
            }
            let span = places.find(&command.origin, &format!("${name}"));
            let d = Diagnostic::warning(CODE, span, format!("nothing sets `${name}`"))
                .here("empty, or whatever the runner happens to have");
            let mut d = place::through(d, &command.origin);
            let near = command
                .env
                .iter()
                .map(|e| e.name.as_str())
                .chain(mine.iter().copied());
            if let Some(hint) = did_you_mean(&name, near) {
                d = d.help(hint);
            }
            if release.params.iter().any(|p| p.name == name) {
                d = d.help(format!(
                    "to put in the parameter, write `${{{name}}}` in a text between `\"`; between `'` nothing is put in"
                ));
            }
            bag.push(
                d.help(format!("set it: `env \"{name}\", VALUE`"))
                    .help(format!("or, when it is secret, name it: `secret \"{name}\"`")),
            );
        }
    }
}

/// The variables that a command reads and nothing sets.
fn unset(command: &Command, secrets: &[&str]) -> Vec<String> {
    let mut reads = reads(&command.script);
    let given: BTreeSet<&str> = command
        .env
        .iter()
        .map(|e| e.name.as_str())
        .chain(secrets.iter().copied())
        .collect();
    reads.retain(|name| {
        !(KNOWN_GROUPS.iter().any(|g| name.starts_with(g))
            || given.contains(name)
            || KNOWN.contains(name)
            || *name == Channel::MESSAGE_VAR)
    });
    // Most commands read what they are given, and what they set does not matter.
    if reads.is_empty() {
        return Vec::new();
    }
    let Some(sets) = sets(&command.script) else {
        return Vec::new();
    };
    let mut list: Vec<String> = Vec::new();
    for name in reads {
        if !sets.contains(name) && !list.iter().any(|n| n == name) {
            list.push(name.to_string());
        }
    }
    list
}

/// The variables a script reads without a default.
fn reads(script: &str) -> Vec<&str> {
    let mut reads = Vec::new();
    let mut single = false;
    let mut double = false;
    let mut at = 0;
    let bytes = script.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if !single => at += 1,
            b'\'' if !double => single = !single,
            b'"' if !single => double = !double,
            b'$' if !single => {
                let rest = &script[at + 1..];
                if let Some(inner) = rest.strip_prefix('{') {
                    let name = leading_name(inner);
                    // `${X:-y}`, `${X:=y}`, `${X+y}` say what to do without it; `${#X}`, `${!X}` are left alone.
                    let next = inner[name.len()..].chars().next();
                    if !name.is_empty() && matches!(next, Some('}' | '%' | '#' | '/' | '^' | ',' | '[')) {
                        reads.push(name);
                    }
                } else {
                    let name = leading_name(rest);
                    if !name.is_empty() {
                        reads.push(name);
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    reads
}

/// The variables a script sets itself; `None` when it takes variables from elsewhere.
fn sets(script: &str) -> Option<BTreeSet<&str>> {
    let mut sets = BTreeSet::new();
    // `${X:=y}` sets what was not set.
    sets.extend(script.match_indices("${").filter_map(|(at, sign)| {
        let inner = &script[at + sign.len()..];
        let name = leading_name(inner);
        (!name.is_empty() && inner[name.len()..].starts_with(":=")).then_some(name)
    }));
    let words: Vec<&str> = script
        .split(|c: char| c.is_whitespace() || matches!(c, ';' | '(' | '&' | '|'))
        .collect();
    for (i, word) in words.iter().enumerate() {
        match *word {
            "source" | "." | "eval" => return None,
            "export" | "local" | "declare" | "readonly" | "read" | "mapfile" | "readarray" | "for"
            | "getopts" | "select" => {
                for next in words[i + 1..]
                    .iter()
                    .take(8)
                    .take_while(|w| !matches!(**w, "in" | "do"))
                {
                    let name = leading_name(next);
                    if !name.is_empty() {
                        sets.insert(name);
                    }
                }
            }
            "-v" if i > 0 && words[i - 1] == "printf" => {
                sets.extend(words.get(i + 1).map(|w| leading_name(w)));
            }
            word => {
                let name = leading_name(word);
                let rest = &word[name.len()..];
                if !name.is_empty()
                    && (rest.starts_with('=') || rest.starts_with("+=") || rest.starts_with('['))
                {
                    sets.insert(name);
                }
            }
        }
    }
    Some(sets)
}

fn leading_name(text: &str) -> &str {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    let name = &text[..end];
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        ""
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::{reads, sets};

    fn missing(script: &str) -> Vec<String> {
        let Some(sets) = sets(script) else {
            return Vec::new();
        };
        let reads = reads(script).into_iter().filter(|r| !sets.contains(r));
        reads.map(str::to_string).collect()
    }

    #[test]
    fn what_is_read_and_not_set_is_found() {
        assert_eq!(missing("deploy --to \"$CLUSTER\""), ["CLUSTER"]);
        assert_eq!(missing("echo ${TAG} ${NAME%.gz}"), ["TAG", "NAME"]);
    }

    #[test]
    fn what_is_set_defaulted_or_quoted_is_not() {
        for script in [
            "TAG=$(git describe); echo $TAG",
            "for f in a b; do echo $f; done",
            "read line; echo $line",
            "export A=1; echo $A",
            "echo ${X:-none} ${Y+set} ${Z:=1} $Z",
            "awk '{print $NF}' file",
            "echo \\$HOME_DIR $1 $@ $? $$",
            "source ./env; echo $ANY",
            "while read -r a b; do echo $a $b; done < list",
            "printf -v OUT x; echo $OUT",
        ] {
            assert_eq!(missing(script), Vec::<String>::new(), "{script}");
        }
    }
}
