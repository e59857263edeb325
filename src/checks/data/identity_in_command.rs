//! `data/identity_in_command`: a command runs as, or from the files of, one particular person, or a text has people use the
//! account of somebody else.

use crate::checks::data::find::Places;
use crate::checks::data::lent::lent;
use crate::checks::data::texts::{commands, texts};
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Release, Text};
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("data/identity_in_command");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// Accounts that belong to a machine.
const MACHINES: &[&str] = &[
    "runner",
    "ubuntu",
    "ec2-user",
    "root",
    "app",
    "deploy",
    "git",
    "node",
    "jenkins",
    "circleci",
    "vscode",
    "codespace",
    "vagrant",
    "admin",
    "linuxbrew",
    "Shared",
    "user",
];

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let logins = logins(release);
    let mut places = Places::new(subject.sources);
    let mut seen = BTreeSet::new();
    for command in commands(release) {
        if subject.sources.file(command.span.file).library {
            continue;
        }
        for (found, who) in identities(&command.display, &logins) {
            if !seen.insert((command.span, found.clone())) {
                continue;
            }
            let span = places.find(&command.origin, &found);
            let d = Diagnostic::warning(CODE, span, format!("the command uses the account of {who}"))
                .here("works for one person only");
            bag.push(place::through(d, &command.origin).help(
                "use an account of the service, or a path of the repository; who runs it is in the audit log anyway",
            ));
        }
    }
    for text in texts(release).into_iter().filter(|t| !t.command) {
        if subject.sources.file(text.origin.span.file).library {
            continue;
        }
        for found in text.parts.iter().filter_map(|p| lent(p)) {
            if !seen.insert((text.origin.span, found.to_string())) {
                continue;
            }
            let span = places.find(text.origin, found);
            let d = Diagnostic::warning(CODE, span, "one person is to use the account of another")
                .here("whoever does it, the audit log names somebody else");
            bag.push(
                place::through(d, text.origin)
                    .help("give those who do it accounts of their own, or use one of the service"),
            );
        }
    }
}

/// The logins of people, with their names.
fn logins(release: &Release) -> Vec<(String, String)> {
    let mut list = Vec::new();
    for person in release.people.iter().filter(|p| !p.bot) {
        let known = |t: &Option<Text>| t.as_ref().and_then(Text::known).map(str::to_string);
        let name = format!("`{}`", person.name);
        for login in [
            known(&person.github),
            known(&person.email),
            known(&person.aws),
            known(&person.slack),
        ]
        .into_iter()
        .flatten()
        {
            let login = login.trim_start_matches('@').to_string();
            if login.len() >= 3 {
                list.push((login, name.clone()));
            }
        }
    }
    list
}

/// The pieces of a command that belong to one person, with whose they are.
fn identities(command: &str, logins: &[(String, String)]) -> Vec<(String, String)> {
    let mut list = Vec::new();
    for start in ["/home/", "/Users/"] {
        for (at, _) in command.match_indices(start) {
            let rest = &command[at + start.len()..];
            let end = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)))
                .unwrap_or(rest.len());
            let name = &rest[..end];
            if !name.is_empty() && !MACHINES.contains(&name) {
                list.push((format!("{start}{name}"), format!("`{name}`")));
            }
        }
    }
    for (login, who) in logins {
        for (at, _) in command.match_indices(login.as_str()) {
            let before = command[..at].chars().next_back();
            let after = command[at + login.len()..].chars().next();
            let word = |c: Option<char>| {
                c.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
            };
            // `by alice-ng` in a message names somebody; `alice-ng@host`, `--user alice-ng` and `--profile alice-ng` act as them.
            let as_user = after == Some('@')
                || login.contains('@') && !word(before)
                || login.starts_with("arn:")
                || acts_as(&command[..at]);
            if !word(before) && !word(after) && as_user {
                list.push((login.clone(), who.clone()));
                break;
            }
        }
    }
    list
}

/// Whether what stands before a name is an option that says as whom something is done.
fn acts_as(before: &str) -> bool {
    let before = before.trim_end_matches(['"', '\'', ' ', '=']);
    [
        "--user",
        "--username",
        "--profile",
        "--login",
        "--as",
        "-u",
        "-l",
        "sudo -u",
        "su",
    ]
    .iter()
    .any(|o| before.ends_with(o))
}

#[cfg(test)]
mod tests {
    use super::identities;

    fn found(command: &str) -> Vec<String> {
        let logins = [
            ("alice-ng".to_string(), "`alice`".to_string()),
            ("alice@bioage.example".to_string(), "`alice`".to_string()),
        ];
        identities(command, &logins).into_iter().map(|(f, _)| f).collect()
    }

    #[test]
    fn accounts_of_people_are_found() {
        assert_eq!(found("ssh alice-ng@bastion ./deploy.sh"), ["alice-ng"]);
        assert_eq!(found("aws s3 cp x y --profile alice-ng"), ["alice-ng"]);
        assert_eq!(found("/Users/alice/bin/deploy"), ["/Users/alice"]);
        assert_eq!(
            found("curl -u alice@bioage.example https://x"),
            ["alice@bioage.example"]
        );
    }

    #[test]
    fn accounts_of_machines_and_mentions_are_not() {
        let of_a_runner = ["", "home", "runner", "work"].join("/");
        for command in [
            of_a_runner.as_str(),
            "ssh deploy@host",
            "echo thanks alice-ng",
            "ls alice-ngx",
            "cat docs/alice-ng.md",
        ] {
            assert_eq!(found(command), Vec::<String>::new(), "{command}");
        }
    }
}
