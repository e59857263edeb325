//! The workflow as a tree of YAML.
//!
//! Must not know plans. Called by `emit::github`.

use crate::emit::github::model::{
    Action, Body, Field, Input, InputKind, Job, Permission, Step, Triggers, Workflow,
};
use crate::emit::github::print::expr::{braced, field, inert, unevaluated};
use crate::emit::github::print::script::script;
use crate::emit::github::print::yaml::{Yaml, document};

/// The image jobs run on.
const IMAGE: &str = "ubuntu-24.04";

/// The text of a workflow file.
pub fn workflow(w: &Workflow) -> String {
    document(&w.head, &root(w))
}

/// The same as data, without its comments.
pub fn tree(w: &Workflow) -> serde_json::Value {
    root(w).plain()
}

fn root(w: &Workflow) -> Yaml {
    let jobs = w.jobs.iter().map(|j| (j.id.clone(), job(j))).collect();
    Yaml::Map(vec![
        entry("name", Yaml::str(&w.name)),
        entry("run-name", Yaml::str(field(&w.run_name))),
        entry("on", triggers(&w.on)),
        entry("permissions", Yaml::Map(Vec::new())),
        entry(
            "concurrency",
            Yaml::Map(vec![
                entry("group", Yaml::str(field(&w.group))),
                entry("cancel-in-progress", Yaml::Bool(false)),
                entry("queue", Yaml::str("max")),
            ]),
        ),
        entry(
            "defaults",
            Yaml::Map(vec![entry(
                "run",
                Yaml::Map(vec![entry("shell", Yaml::str("bash"))]),
            )]),
        ),
        entry("jobs", Yaml::Map(jobs)),
    ])
}

fn entry(key: &str, value: Yaml) -> (String, Yaml) {
    (key.to_string(), value)
}

fn triggers(t: &Triggers) -> Yaml {
    let inputs = t.inputs.iter().map(|i| (i.name.clone(), input(i))).collect();
    let mut on = vec![entry(
        "workflow_dispatch",
        Yaml::Map(vec![entry("inputs", Yaml::Map(inputs))]),
    )];
    if let Some((cron, zone)) = &t.schedule {
        let mut one = vec![entry("cron", Yaml::str(cron))];
        one.extend(zone.as_ref().map(|z| entry("timezone", Yaml::str(z))));
        on.push(entry("schedule", Yaml::Seq(vec![Yaml::Map(one)])));
    }
    if let Some(name) = &t.completed {
        let one = vec![
            entry("workflows", Yaml::Seq(vec![Yaml::str(unevaluated(name))])),
            entry("types", Yaml::Flow(vec!["completed".to_string()])),
        ];
        on.push((
            "workflow_run".to_string(),
            Yaml::Commented(
                vec![
                    "zizmor: ignore[dangerous-triggers]".to_string(),
                    "Nothing of that run is read but how it ended, and only runs of this repository's own branches count.".to_string(),
                ],
                Box::new(Yaml::Map(one)),
            ),
        ));
    }
    Yaml::Map(on)
}

fn input(i: &Input) -> Yaml {
    let mut map = vec![
        entry("description", Yaml::str(unevaluated(&i.description))),
        entry("required", Yaml::Bool(i.required)),
    ];
    match &i.kind {
        InputKind::Text => map.push(entry("type", Yaml::str("string"))),
        InputKind::Flag => map.push(entry("type", Yaml::str("boolean"))),
        InputKind::Choice(words) => {
            map.push(entry("type", Yaml::str("choice")));
            map.push(entry("options", Yaml::Seq(words.iter().map(Yaml::str).collect())));
        }
    }
    if let Some(default) = &i.default {
        let value = match i.kind {
            InputKind::Flag => Yaml::Bool(default == "true"),
            _ => Yaml::str(default),
        };
        map.push(entry("default", value));
    }
    Yaml::Map(map)
}

fn job(j: &Job) -> Yaml {
    let mut map = vec![entry("name", Yaml::str(inert(&j.name)))];
    if !j.needs.is_empty() {
        map.push(entry("needs", Yaml::Flow(j.needs.clone())));
    }
    map.push(entry("if", Yaml::str(braced(&j.cond))));
    map.push(entry("runs-on", Yaml::str(IMAGE)));
    map.push(entry("timeout-minutes", Yaml::Int(j.timeout_minutes)));
    if !j.permissions.is_empty() {
        map.push(entry(
            "permissions",
            Yaml::Map(j.permissions.iter().map(permission).collect()),
        ));
    } else {
        map.push(entry("permissions", Yaml::Map(Vec::new())));
    }
    map.extend(
        j.environment
            .as_ref()
            .map(|e| entry("environment", Yaml::str(field(e)))),
    );
    if !j.outputs.is_empty() {
        let outputs = j
            .outputs
            .iter()
            .map(|(n, e)| (n.clone(), Yaml::str(braced(e))))
            .collect();
        map.push(entry("outputs", Yaml::Map(outputs)));
    }
    map.push(entry("steps", Yaml::Seq(j.steps.iter().map(step).collect())));
    let body = Yaml::Map(map);
    match &j.source {
        Some(source) => Yaml::Commented(vec![source.clone()], Box::new(body)),
        None => body,
    }
}

fn permission(p: &Permission) -> (String, Yaml) {
    let access = if p.write { "write" } else { "read" };
    (
        p.scope.to_string(),
        Yaml::Str(access.to_string(), Some(p.why.to_string())),
    )
}

fn step(s: &Step) -> Yaml {
    let mut map = Vec::new();
    map.extend(s.id.as_ref().map(|id| entry("id", Yaml::str(id))));
    map.push(entry("name", Yaml::str(inert(&s.name))));
    map.extend(s.cond.as_ref().map(|c| entry("if", Yaml::str(braced(c)))));
    match &s.body {
        Body::Uses { action, with } => {
            let (uses, version) = pinned(*action);
            map.push((
                "uses".to_string(),
                Yaml::Str(uses.to_string(), Some(version.to_string())),
            ));
            if !with.is_empty() {
                map.push(entry("with", given(with)));
            }
        }
        Body::Run(body) => {
            if !s.env.is_empty() {
                map.push(entry("env", fields(&s.env)));
            }
            map.push(entry("run", Yaml::str(inert(&script(body)))));
        }
    }
    Yaml::Map(map)
}

fn fields(list: &[(String, Field)]) -> Yaml {
    Yaml::Map(
        list.iter()
            .map(|(n, f)| (n.clone(), Yaml::str(field(f))))
            .collect(),
    )
}

/// What an action is given: its flags are written as flags.
fn given(list: &[(String, Field)]) -> Yaml {
    let value = |f: &Field| match field(f).as_str() {
        "false" => Yaml::Bool(false),
        "true" => Yaml::Bool(true),
        text => Yaml::str(text),
    };
    Yaml::Map(list.iter().map(|(n, f)| (n.clone(), value(f))).collect())
}

/// An action at one commit, and the version that commit is.
fn pinned(action: Action) -> (&'static str, &'static str) {
    match action {
        Action::Checkout => (
            "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8",
            "v5.0.0",
        ),
        Action::AwsCredentials => (
            "aws-actions/configure-aws-credentials@a03048d87541d1d9fcf2ecf528a4a65ba9bd7838",
            "v5.0.0",
        ),
        Action::UploadArtifact => (
            "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02",
            "v4.6.2",
        ),
    }
}
