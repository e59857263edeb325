//! Two workflows read back from their bytes.
//!
//! Everything a file says is read or refused: a key that is not known here is not understood. What a step does is tied to the plan by its
//! text. Must not know the structs the emitter writes from. Used by the run.

use super::expr::{Expr, Part, condition, says_when, template};
use crate::emit::github::parts::{Does, Entry, Flow, Manifest, essence, frame};
use crate::emit::parts::Purpose;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, HashMap};

/// The release and its rollback.
#[derive(Debug)]
pub struct Pair<'m> {
    /// The release, then the rollback.
    pub flows: [Workflow<'m>; 2],
    /// How much one run may visit.
    pub size: usize,
}

/// A workflow.
#[derive(Debug)]
pub struct Workflow<'m> {
    /// The name of its file.
    pub file: &'m str,
    /// What it may be started with.
    pub inputs: Vec<Input>,
    /// The runs it waits for are those with the same text here.
    pub group: String,
    /// Whether each of them has its turn.
    pub queues: bool,
    /// Its jobs, each after all it needs.
    pub jobs: Vec<Job<'m>>,
    /// The jobs by their ids.
    pub index: HashMap<String, usize>,
}

/// An input.
#[derive(Debug)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it is `true` or `false`.
    pub flag: bool,
    /// What it may be; anything when there is nothing.
    pub options: Vec<String>,
    /// What it is when nothing is given.
    pub default: Option<String>,
}

/// A job.
#[derive(Debug)]
pub struct Job<'m> {
    /// Its id.
    pub id: String,
    /// What people and the API call it.
    pub name: String,
    /// The jobs that end before it.
    pub needs: Vec<usize>,
    /// The jobs that need it.
    pub needed: Vec<usize>,
    /// When it runs.
    pub cond: Expr,
    /// The environment it waits for.
    pub environment: Option<Vec<Part>>,
    /// What it leaves.
    pub outputs: Vec<(String, Vec<Part>)>,
    /// Its steps.
    pub steps: Vec<Step<'m>>,
    /// What its token may do: the scope, and whether it writes.
    pub rights: BTreeMap<String, bool>,
    /// Whether its condition says itself how what came before has to have ended.
    pub asks: bool,
    /// When it is given up.
    pub minutes: i64,
}

/// A step.
#[derive(Debug)]
pub struct Step<'m> {
    /// Its id.
    pub id: Option<String>,
    /// When it runs.
    pub cond: Expr,
    /// Its variables, or what an action is given.
    pub env: Vec<(String, Vec<Part>)>,
    /// What it stands for: of several steps with one text, those of its own job.
    pub entries: Vec<&'m Entry>,
}

impl Step<'_> {
    /// What it does.
    pub fn does(&self) -> &Does {
        // A step without an entry is not understood, and never read.
        self.entries.first().map_or(&Does::Nothing, |e| &e.does)
    }

    /// What it stands for.
    pub fn parts(&self) -> &[Purpose] {
        self.entries.first().map_or(&[], |e| &e.parts)
    }

    /// The text of one of its variables in which nothing is evaluated.
    pub fn var(&self, name: &str) -> Option<&str> {
        let (_, parts) = self.env.iter().find(|(n, _)| n == name)?;
        match parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }
}

type Read<T> = Result<T, String>;

/// Reads two workflows.
///
/// # Errors
/// What is not understood.
pub fn read<'m>(texts: [&str; 2], manifest: &'m Manifest) -> Read<Pair<'m>> {
    let [release, rollback] = &manifest.flows;
    let name = |f: &Flow| ["`", &f.file, "`: "].concat();
    let first = workflow(texts[0], release).map_err(|e| name(release) + &e)?;
    let second = workflow(texts[1], rollback).map_err(|e| name(rollback) + &e)?;
    let jobs = first.jobs.iter().chain(&second.jobs);
    let size = jobs
        .map(|j| 4 + j.needs.len() + j.steps.len() + j.cond.size())
        .sum();
    Ok(Pair {
        flows: [first, second],
        size,
    })
}

fn object<'j>(json: Option<&'j Json>, what: &str) -> Read<&'j Map<String, Json>> {
    json.and_then(Json::as_object)
        .ok_or_else(|| [what, " is no map"].concat())
}

fn known(map: &Map<String, Json>, names: &[&str], what: &str) -> Read<()> {
    match map.keys().find(|k| !names.contains(&k.as_str())) {
        Some(k) => Err(["`", k, "` of ", what, " is not understood"].concat()),
        None => Ok(()),
    }
}

fn text(json: &Json) -> Read<String> {
    match json {
        Json::String(s) => Ok(s.clone()),
        Json::Bool(b) => Ok(b.to_string()),
        Json::Number(n) => Ok(n.to_string()),
        _ => Err("a text is none".into()),
    }
}

fn workflow<'m>(bytes: &str, flow: &'m Flow) -> Read<Workflow<'m>> {
    // The bytes are our own: a large plan makes a large file, and what is wrong in it need not be shown.
    let options = serde_saphyr::options! { budget: None, with_snippet: false };
    let json: Json = serde_saphyr::from_str_with_options(bytes, options)
        .map_err(|e| format!("the file is no YAML: {e}"))?;
    let top = object(Some(&json), "the file")?;
    let keys = [
        "name",
        "run-name",
        "on",
        "permissions",
        "concurrency",
        "defaults",
        "jobs",
    ];
    known(top, &keys, "the file")?;
    let own = frame(&json);
    if own != flow.frame {
        let differs = keys
            .iter()
            .find(|k| own.get(**k) != flow.frame.get(**k))
            .unwrap_or(&"it");
        return Err(["`", differs, "` is not as the plan has it"].concat());
    }
    if json.pointer("/permissions") != Some(&Json::Object(Map::new())) {
        return Err("its jobs have rights that none of them asks for".into());
    }
    if json.pointer("/defaults/run/shell").and_then(Json::as_str) != Some("bash") {
        return Err("its scripts go on after a command of theirs failed".into());
    }
    if json.pointer("/concurrency/cancel-in-progress") != Some(&Json::Bool(false)) {
        return Err("a run breaks off another one".into());
    }
    let mut by_text: HashMap<&str, Vec<&'m Entry>> = HashMap::new();
    for entry in &flow.entries {
        by_text.entry(&entry.text).or_default().push(entry);
    }
    let list = object(top.get("jobs"), "`jobs`")?;
    let index: HashMap<String, usize> = list
        .keys()
        .enumerate()
        .map(|(i, k)| (k.to_ascii_lowercase(), i))
        .collect();
    let mut jobs = Vec::with_capacity(list.len());
    for (id, value) in list {
        jobs.push(job(id, value, &index, &by_text).map_err(|e| ["job `", id, "`: ", &e].concat())?);
    }
    for i in 0..jobs.len() {
        for need in jobs[i].needs.clone() {
            if need >= i {
                return Err(["job `", &jobs[i].id, "` needs one that does not stand before it"].concat());
            }
            jobs[need].needed.push(i);
        }
    }
    Ok(Workflow {
        file: &flow.file,
        inputs: inputs(&json)?,
        group: json
            .pointer("/concurrency/group")
            .map(text)
            .transpose()?
            .unwrap_or_default(),
        queues: json.pointer("/concurrency/queue").and_then(Json::as_str) == Some("max"),
        jobs,
        index,
    })
}

fn inputs(json: &Json) -> Read<Vec<Input>> {
    let mut list = Vec::new();
    let declared = json.pointer("/on/workflow_dispatch/inputs");
    for (name, value) in declared.and_then(Json::as_object).into_iter().flatten() {
        let kind = value.get("type").and_then(Json::as_str).unwrap_or("string");
        let options = value.get("options").and_then(Json::as_array);
        list.push(Input {
            name: name.clone(),
            required: value.get("required") == Some(&Json::Bool(true)),
            flag: kind == "boolean",
            options: options.into_iter().flatten().map(text).collect::<Read<_>>()?,
            default: value.get("default").map(text).transpose()?,
        });
    }
    Ok(list)
}

fn job<'m>(
    id: &str,
    json: &Json,
    index: &HashMap<String, usize>,
    by_text: &HashMap<&str, Vec<&'m Entry>>,
) -> Read<Job<'m>> {
    let map = object(Some(json), "it")?;
    let keys = [
        "name",
        "needs",
        "if",
        "runs-on",
        "timeout-minutes",
        "permissions",
        "environment",
        "outputs",
        "steps",
    ];
    known(map, &keys, "it")?;
    // A machine of GitHub's own is new for each job, and nobody else's commands have run on it.
    let runner = map.get("runs-on").and_then(Json::as_str).unwrap_or_default();
    if !runner.starts_with("ubuntu-") {
        return Err(["it runs on `", runner, "`, which is no machine of GitHub's"].concat());
    }
    let minutes = map.get("timeout-minutes").and_then(Json::as_i64).unwrap_or(0);
    if !(1..=360).contains(&minutes) {
        return Err("it is not given up in the time a job has".into());
    }
    let mut needs = Vec::new();
    for need in map.get("needs").and_then(Json::as_array).into_iter().flatten() {
        let need = text(need)?;
        let found = index.get(&need.to_ascii_lowercase());
        needs.push(*found.ok_or_else(|| ["it needs `", &need, "`, which does not exist"].concat())?);
    }
    needs.sort_unstable();
    let fields = |key: &str| -> Read<Vec<(String, Vec<Part>)>> {
        let map = map.get(key).and_then(Json::as_object).into_iter().flatten();
        map.map(|(k, v)| Ok((k.clone(), template(&text(v)?)?))).collect()
    };
    let mut rights = BTreeMap::new();
    for (scope, access) in object(map.get("permissions"), "what its token may do")? {
        match access.as_str() {
            Some("read") => rights.insert(scope.clone(), false),
            Some("write") => rights.insert(scope.clone(), true),
            _ => return Err(["its right `", scope, "` is not understood"].concat()),
        };
    }
    let mut steps = Vec::new();
    for value in map.get("steps").and_then(Json::as_array).into_iter().flatten() {
        steps.push(step(id, value, by_text)?);
    }
    let cond = map.get("if").map(text).transpose()?.unwrap_or_default();
    Ok(Job {
        id: id.to_string(),
        name: map.get("name").map(text).transpose()?.unwrap_or_default(),
        needs,
        needed: Vec::new(),
        cond: condition(&cond)?,
        asks: says_when(&cond)?,
        minutes,
        environment: map.get("environment").map(|e| template(&text(e)?)).transpose()?,
        outputs: fields("outputs")?,
        steps,
        rights,
    })
}

fn step<'m>(job: &str, json: &Json, by_text: &HashMap<&str, Vec<&'m Entry>>) -> Read<Step<'m>> {
    let map = object(Some(json), "a step")?;
    known(map, &["id", "name", "if", "env", "run", "uses", "with"], "a step")?;
    if let Some(action) = map.get("uses").and_then(Json::as_str) {
        let pin = action.split_once('@').map_or("", |(_, pin)| pin);
        if pin.len() != 40 || !pin.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(["`", action, "` is not pinned to a commit"].concat());
        }
    }
    let own = essence(json);
    let mut entries = by_text.get(own.as_str()).cloned().unwrap_or_default();
    if entries.is_empty() {
        let name = map.get("name").map(text).transpose()?.unwrap_or_default();
        return Err([
            "step `",
            &name,
            "` does what the plan does not say, or not as the plan says it",
        ]
        .concat());
    }
    if entries.iter().any(|e| e.job == job) {
        entries.retain(|e| e.job == job);
    }
    let env = if map.contains_key("uses") { "with" } else { "env" };
    let fields = map.get(env).and_then(Json::as_object).into_iter().flatten();
    Ok(Step {
        id: map.get("id").map(text).transpose()?,
        cond: condition(&map.get("if").map(text).transpose()?.unwrap_or_default())?,
        env: fields
            .map(|(k, v)| Ok((k.clone(), template(&text(v)?)?)))
            .collect::<Read<_>>()?,
        entries,
    })
}
