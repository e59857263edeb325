//! The worlds in which the plan with hostile texts is run, one for each engine and each way it goes, and what of a trace can be compared.
//!
//! Knows the commands of `tests/corpus/injection/executed.release`, and nothing of which text stands where.

use std::collections::BTreeMap;

use releasec::emit::environments::{Purpose as Place, environments};
use releasec::emit::parts::Deed;
use releasec::emit::stepfunctions;
use releasec::plan::Plan;
use serde_json::{Map, Value, json};

use super::plan::DIGEST;
use crate::executed::machine::{Machine, exactly, first};

/// Commands of the plan that are files of the repository.
const SCRIPTS: [&str; 18] = [
    "say", "errors", "before", "deploy", "withdraw", "smoke", "ready", "freeze", "thaw", "step", "use",
    "after", "back", "finally", "bare", "quoted", "inside", "list",
];
/// How many inputs only the run knows, and how many outputs one step keeps.
const NOTES: usize = 10;
const OUTPUTS: usize = 16;

/// How a plan is run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Way {
    /// All goes well.
    Well,
    /// The last stage fails: both are undone.
    Late,
    /// The first stage fails: what its `on_failure` says happens, and it is undone.
    Early,
    /// All goes well, and nobody can be told of anything.
    Silent,
}

impl Way {
    /// All of them.
    pub const ALL: [Way; 4] = [Way::Well, Way::Late, Way::Early, Way::Silent];

    /// The command that fails, and what the stage is called whose command it is.
    fn fails(self) -> Option<(&'static str, &'static str)> {
        match self {
            Way::Well | Way::Silent => None,
            Way::Late => Some(("after", "after_work")),
            Way::Early => Some(("use", "shift")),
        }
    }
}

/// What only the run knows, by its name: the inputs, and what commands print.
pub type Known = BTreeMap<String, String>;

/// The names of what only the run knows.
pub fn known() -> Vec<String> {
    let notes = (1..=NOTES).map(|n| format!("note{n}"));
    let outputs = (1..=OUTPUTS).map(|n| format!("got{n}"));
    notes
        .chain(outputs)
        .chain(["made".into(), "before".into()])
        .collect()
}

/// The files of the repository that the plan calls; `folder` is where one of its commands runs.
pub fn scripts(folder: &str) -> Vec<String> {
    let own = SCRIPTS.iter().map(|s| (*s).to_string());
    own.chain([format!("{folder}/step")]).collect()
}

/// What the commands print.
fn printed(known: &Known) -> BTreeMap<&'static str, String> {
    let outputs: Map<String, Value> = known
        .iter()
        .filter(|(name, _)| name.starts_with("got"))
        .map(|(name, text)| (name.clone(), json!(text)))
        .collect();
    BTreeMap::from([
        ("deploy", json!({ "Name": known["made"] }).to_string() + "\n"),
        ("step", Value::Object(outputs).to_string() + "\n"),
        ("before", known["before"].clone() + "\n"),
        ("errors", "0\n".to_string()),
    ])
}

fn notes(known: &Known) -> Map<String, Value> {
    let own = known.iter().filter(|(name, _)| name.starts_with("note"));
    own.map(|(name, text)| (name.clone(), json!(text))).collect()
}

/// The world of the workflows.
pub fn on_github(plan: &Plan, known: &Known, folder: &str, way: Way) -> Value {
    let mut places = Map::new();
    for place in environments(plan) {
        let mut entry = json!({});
        if let Some(r) = &place.reviewers {
            let word = if matches!(place.purpose, Place::Decide(_)) {
                "left"
            } else {
                "rollback"
            };
            entry = json!({ "reviewers": r.users, "answers": [{ "state": "approved", "after": 600, "comment": word }] });
        }
        if let Place::Wait(minutes) = place.purpose {
            entry["wait"] = json!(minutes);
        }
        places.insert(place.name, entry);
    }
    let mut usual: Vec<Value> = printed(known)
        .into_iter()
        .map(|(command, text)| json!({ "command": format!("^{command}( |$)"), "answers": [{ "stdout": text }] }))
        .collect();
    if let Some((command, _)) = way.fails() {
        usual.insert(
            0,
            json!({ "command": format!("^{command}( |$)"), "answers": [{ "exit": 1 }] }),
        );
    }
    if way == Way::Silent {
        let tells = "^(say |curl .*slack|gh issue create |aws sesv2 )";
        usual.insert(0, json!({ "command": tells, "answers": [{ "exit": 1 }] }));
    }
    let mut inputs = notes(known);
    inputs.extend([
        ("to".to_string(), json!("42")),
        ("plan".to_string(), json!(DIGEST)),
    ]);
    json!({
        "now": "2026-06-01T09:00:00Z",
        "variables": true,
        "effects": true,
        "inputs": inputs,
        "secrets": { "SLACK_BOT_TOKEN": "secret", "HOOK_TOKEN": "secret", "GH_TOKEN": "secret" },
        "github": { "actor": "starter" },
        "scripts": scripts(folder),
        "environments": places,
        "usual": usual,
    })
}

/// The world of the state machine.
pub fn on_aws(plan: &Plan, definition: &Value, known: &Known, way: Way) -> Value {
    let machine = Machine::new(plan, definition);
    let principals: Map<String, Value> = stepfunctions::needs(plan)
        .roster
        .into_keys()
        .map(|key| {
            let role = format!("arn:aws:iam::123456789012:role/{key}");
            (key, json!(role))
        })
        .collect();
    let principals = Value::Object(principals).to_string();
    let outputs = known.iter().filter(|(name, _)| !name.starts_with("note"));
    let mut exported: Vec<Value> = outputs
        .map(|(name, text)| json!({ "Name": format!("RELEASEC_OUT_{}", name.to_uppercase()), "Value": text }))
        .collect();
    exported.push(json!({ "Name": "RELEASEC_VALUE", "Value": "0" }));
    let mut input = notes(known);
    input.extend([
        ("to".to_string(), json!(42)),
        (
            "releasec".to_string(),
            json!({ "commit": "0123456789abcdef0123456789abcdef01234567" }),
        ),
    ]);
    let mut world = json!({
        "now": "2026-06-01T09:00:00Z",
        "input": input,
        "people": [{ "asked": "" }],
        "usual": [
            { "action": "ssm:getParameter$", "arguments": "principals", "answers": [{ "output": { "Parameter": { "Name": "principals", "Value": principals } } }] },
            { "action": "ssm:getParameter$", "arguments": "/releasec/locks/", "answers": [{ "output": { "Parameter": { "Name": "lock", "Value": "arn:aws:states:eu-west-1:123456789012:execution:release:run" } } }] },
            { "action": "codebuild:startBuild", "answers": [built(&Value::Array(exported))] },
        ],
    });
    // A trigger that nobody pulls, an answer to a pause that nobody gives, and every option but the first.
    let silent = machine.doing(|p| {
        matches!(p.deed, Deed::Alarm(_) | Deed::Resume(_) | Deed::Override(_))
            || matches!(p.deed, Deed::Decide(_, o) if o > 0)
    });
    first(
        &mut world,
        "people",
        json!({ "asked": exactly(&silent), "after": 1_000_000_000_000_u64 }),
    );
    if let Some((command, stage)) = way.fails() {
        let failing = json!({
            "action": "codebuild:startBuild", "arguments": format!("\\./{command} "), "state": format!("^{stage}:"),
            "answers": [{ "error": "States.TaskFailed", "cause": "it does not work" }],
        });
        first(&mut world, "usual", failing);
    }
    if way == Way::Silent {
        let tells = "^(http:invoke|sns:publish|sesv2:sendEmail)";
        let failing = json!({ "action": tells, "state": "tell ", "answers": [{ "error": "States.TaskFailed", "cause": "it does not work" }] });
        first(&mut world, "usual", failing);
    }
    world
}

fn built(exported: &Value) -> Value {
    json!({ "output": { "Build": { "Id": "build:1", "BuildStatus": "SUCCEEDED", "ExportedEnvironmentVariables": exported } } })
}

/// What an engine did, in what can be compared: what was called with what, when, where; what each step left behind; and how it ended.
pub fn shown(trace: &Value) -> Value {
    const KEPT: [&str; 24] = [
        "at",
        "where",
        "job",
        "step",
        "command",
        "input",
        "uses",
        "inputs",
        "env",
        "outcome",
        "began",
        "asked",
        "answered",
        "state",
        "result",
        "outputs",
        "exported",
        "path",
        "obeyed",
        "left",
        "action",
        "arguments",
        "error",
        "cause",
    ];
    let mut events = Vec::new();
    for event in trace["events"].as_array().into_iter().flatten() {
        let machine = event["action"].is_string();
        let mut members = Map::new();
        for key in KEPT {
            // What a state is called is cut and made unique.
            if let Some(value) = event.get(key).filter(|_| !(machine && key == "state")) {
                members.insert(key.to_string(), value.clone());
            }
        }
        // A command in which GitHub would see an expression is held in a variable; that it is run is seen at what it calls.
        if let Some(env) = members.get_mut("env").and_then(Value::as_object_mut) {
            env.retain(|name, _| !name.ends_with("COMMAND"));
        }
        // What a build is given is run itself.
        if let Some(arguments) = members.get_mut("arguments").and_then(Value::as_object_mut) {
            arguments.shift_remove("BuildspecOverride");
        }
        events.push(Value::Object(members));
    }
    let folders = regex_lite::Regex::new("/workflow-[A-Za-z0-9]{6}(/job-[A-Za-z0-9]{6})?")
        .expect("a regular expression");
    let text =
        json!({ "result": trace["result"], "complaints": trace["complaints"], "events": events }).to_string();
    serde_json::from_str(&folders.replace_all(&text, "/FOLDER")).expect("it is still JSON")
}

/// The builds that a state machine asked for, as `stepfunctions/builds.py` runs them.
pub fn builds(known: &Known, folder: &str, trace: &Value) -> Vec<Value> {
    let mut list = Vec::new();
    for call in trace["events"].as_array().into_iter().flatten() {
        let arguments = &call["arguments"];
        let Some(spec) = arguments["BuildspecOverride"].as_str() else {
            continue;
        };
        let secret = |v: &&Value| v["Type"] == "SECRETS_MANAGER" || v["Type"] == "PARAMETER_STORE";
        let variables = arguments["EnvironmentVariablesOverride"].as_array();
        let env: Map<String, Value> = variables
            .into_iter()
            .flatten()
            .filter(|v| !secret(v))
            .filter_map(|v| Some((v["Name"].as_str()?.to_string(), v["Value"].clone())))
            .collect();
        list.push(json!({ "spec": spec, "env": env, "scripts": scripts(folder), "answers": printed(known) }));
    }
    list
}
