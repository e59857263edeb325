//! The build that runs a command: a buildspec as data, with the script inside it.
//!
//! A JSON document is a YAML document, so the buildspec is serialised, never spliced. Must not know the plan.
//! Called by `call`.

use serde::Serialize;

/// A command to run in a build.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// The bash source, run under `bash -euo pipefail`.
    pub source: String,
    /// The folder, as an environment variable that holds it; empty for the root.
    pub in_folder: bool,
    /// A regular expression the output must match.
    pub prints: Option<String>,
    /// What is taken from the output: the variable, and how.
    pub takes: Vec<(String, Take)>,
    /// Secrets: the environment variable and the secret that holds it.
    pub secrets: Vec<(String, String)>,
    /// The build assumes another account's role first.
    pub assumes: bool,
}

/// How a value is taken from an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
    /// All of it, trimmed.
    Output,
    /// The first group, or the whole match.
    Regex(String),
    /// A path into JSON.
    Json(Vec<serde_json::Value>),
}

#[derive(Serialize)]
struct Buildspec {
    version: f64,
    env: Env,
    phases: Phases,
}

#[derive(Serialize)]
struct Env {
    shell: &'static str,
    #[serde(rename = "exported-variables", skip_serializing_if = "Vec::is_empty")]
    exported: Vec<String>,
    #[serde(rename = "secrets-manager", skip_serializing_if = "serde_json::Map::is_empty")]
    secrets: serde_json::Map<String, serde_json::Value>,
}

#[derive(Serialize)]
struct Phases {
    build: Phase,
}

#[derive(Serialize)]
struct Phase {
    #[serde(rename = "on-failure")]
    on_failure: &'static str,
    commands: Vec<String>,
}

/// The variable that carries the folder.
pub const FOLDER: &str = "RELEASEC_FOLDER";
/// The variable that carries the role to assume.
pub const ROLE: &str = "RELEASEC_ROLE";
/// The variable that says which step of the plan a build is.
pub const STEP: &str = "RELEASEC_STEP";
/// Where the output is kept while the build runs.
const OUTPUT: &str = "/tmp/releasec-output";
/// Where the script is kept.
const SCRIPT: &str = "/tmp/releasec-step.sh";

/// Takes on the role of another account, so that nothing of it is left in the project's own rights.
const ASSUME: &str = r#"releasec_key="$(aws sts assume-role --role-arn "$RELEASEC_ROLE" --role-session-name "releasec-${CODEBUILD_BUILD_NUMBER:-0}" --query '[Credentials.AccessKeyId,Credentials.SecretAccessKey,Credentials.SessionToken]' --output text)"
read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN <<<"$releasec_key"
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN"#;

/// The buildspec of a script, as one line of JSON.
pub fn buildspec(script: &Script) -> String {
    let mut commands = vec![heredoc(&script.source)];
    if script.assumes {
        commands.push(ASSUME.to_string());
    }
    let mut run = String::new();
    if script.in_folder {
        run.push_str("cd -- \"$RELEASEC_FOLDER\" && ");
    }
    run.push_str("bash -euo pipefail ");
    run.push_str(SCRIPT);
    if script.prints.is_some() || !script.takes.is_empty() {
        run.push_str(" | tee ");
        run.push_str(OUTPUT);
    }
    commands.push("set -euo pipefail\n".to_string() + &run);
    if let Some(regex) = &script.prints {
        commands.push(with_regex(
            regex,
            "perl -0777 -ne 'exit(/$ENV{RELEASEC_REGEX}/ ? 0 : 1)' ",
            OUTPUT,
        ));
    }
    for (name, take) in &script.takes {
        let value = match take {
            Take::Output => ["cat ", OUTPUT].concat(),
            Take::Regex(r) => with_regex(
                r,
                "perl -0777 -ne 'exit 1 unless /$ENV{RELEASEC_REGEX}/; print defined $1 ? $1 : $&' ",
                OUTPUT,
            ),
            Take::Json(path) => {
                let path = serde_json::Value::Array(path.clone()).to_string();
                [
                    "jq --raw-output --argjson path ",
                    &quoted(&path),
                    // `false` is a value like another; what is missing is none.
                    " 'getpath($path) | if . == null then error(\"there is no such value\") else . end' ",
                    OUTPUT,
                ]
                .concat()
            }
        };
        commands.push([name.as_str(), "=\"$(", &value, ")\"\nexport ", name].concat());
    }
    let spec = Buildspec {
        version: 0.2,
        env: Env {
            shell: "bash",
            exported: script.takes.iter().map(|(n, _)| n.clone()).collect(),
            secrets: script
                .secrets
                .iter()
                .map(|(n, v)| (n.clone(), serde_json::Value::String(v.clone())))
                .collect(),
        },
        phases: Phases {
            build: Phase {
                on_failure: "ABORT",
                commands,
            },
        },
    };
    serde_json::to_string(&spec).expect("internal: a buildspec is plain data")
}

/// Writes the script to a file, as it is: the closing word is one that does not stand in it.
fn heredoc(source: &str) -> String {
    let mut word = "RELEASEC_STEP".to_string();
    while source.lines().any(|l| l == word) {
        word.push('_');
    }
    let newline = if source.ends_with('\n') { "" } else { "\n" };
    [
        "cat >", SCRIPT, " <<'", &word, "'\n", source, newline, &word, "\n",
    ]
    .concat()
}

fn with_regex(regex: &str, command: &str, file: &str) -> String {
    ["RELEASEC_REGEX=", &quoted(regex), " ", command, file].concat()
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| "''".to_string(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::{Script, Take, buildspec};

    #[test]
    fn a_script_cannot_end_its_own_heredoc() {
        let spec = buildspec(&Script {
            source: "echo hi\nRELEASEC_STEP\nrm -rf /".into(),
            ..Script::default()
        });
        let read: serde_json::Value = serde_json::from_str(&spec).expect("is JSON");
        let first = read["phases"]["build"]["commands"][0]
            .as_str()
            .expect("a command");
        assert!(
            first.starts_with("cat >/tmp/releasec-step.sh <<'RELEASEC_STEP_'\n"),
            "{first}"
        );
        assert!(first.ends_with("\nRELEASEC_STEP_\n"));
    }

    #[test]
    fn values_leave_a_build_as_exported_variables() {
        let spec = buildspec(&Script {
            source: "true".into(),
            takes: vec![
                (
                    "RELEASEC_OUT_A".into(),
                    Take::Json(vec!["items".into(), 0.into()]),
                ),
                ("RELEASEC_OUT_B".into(), Take::Regex("it's (.*)".into())),
            ],
            ..Script::default()
        });
        let read: serde_json::Value = serde_json::from_str(&spec).expect("is JSON");
        assert_eq!(read["env"]["exported-variables"][1], "RELEASEC_OUT_B");
        let commands = read["phases"]["build"]["commands"].to_string();
        assert!(commands.contains("getpath($path)"), "{commands}");
    }
}
