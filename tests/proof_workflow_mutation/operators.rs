//! The ways in which a workflow is changed. Each takes something away that a run depends on, in one job or in two.

use serde_json::{Map, Value, json};

/// A mutant: its kind, the job that was changed, and what was put in the place of what.
pub struct Mutant {
    /// What kind of change it is.
    pub kind: &'static str,
    /// The job, or `the file`.
    pub job: String,
    /// What was put in the place of what.
    pub how: String,
    /// The places that change, as JSON pointers, with what stands there then; nothing removes the member.
    edits: Vec<(String, Option<Value>)>,
}

impl Mutant {
    /// The changed workflow.
    pub fn workflow(&self, workflow: &Value) -> Value {
        let mut changed = workflow.clone();
        for (pointer, value) in &self.edits {
            let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
            let name = name.replace("~1", "/").replace("~0", "~");
            let Some(parent) = changed.pointer_mut(parent) else {
                continue;
            };
            match (parent, value) {
                (Value::Object(map), Some(value)) => drop(map.insert(name, value.clone())),
                (Value::Object(map), None) => drop(map.shift_remove(&name)),
                (Value::Array(list), Some(value)) => {
                    list[name.parse::<usize>().expect("a place")] = value.clone();
                }
                (Value::Array(list), None) => drop(list.remove(name.parse().expect("a place"))),
                _ => panic!("{pointer} leads nowhere"),
            }
        }
        changed
    }
}

/// Every mutant of a workflow, in the order of its jobs.
pub fn mutants(workflow: &Value) -> Vec<Mutant> {
    let mut out = Vec::new();
    let jobs = workflow["jobs"].as_object().expect("jobs");
    whole(workflow, &mut out);
    for (index, (id, job)) in jobs.iter().enumerate() {
        let mut of = Operators {
            jobs,
            id,
            job,
            out: &mut out,
        };
        of.needs();
        of.condition();
        of.frame();
        of.outputs();
        of.steps();
        of.whole(index);
    }
    out
}

/// What stands around the jobs.
fn whole(workflow: &Value, out: &mut Vec<Mutant>) {
    let mut add = |kind, how: &str, pointer: &str, value: Option<Value>| {
        out.push(Mutant {
            kind,
            job: "the file".into(),
            how: how.into(),
            edits: vec![(pointer.into(), value)],
        });
    };
    let runs = "change how runs queue";
    add(runs, "no concurrency", "/concurrency", None);
    add(
        runs,
        "breaks off",
        "/concurrency/cancel-in-progress",
        Some(json!(true)),
    );
    add(runs, "another group", "/concurrency/group", Some(json!("other")));
    add(runs, "one waits", "/concurrency/queue", None);
    let rights = "change a permission";
    add(rights, "none said", "/permissions", None);
    add(
        rights,
        "of the file",
        "/permissions",
        Some(json!({"contents": "write"})),
    );
    add(rights, "all", "/permissions", Some(json!("write-all")));
    add("change what starts it", "a push", "/on/push", Some(json!({})));
    add("change what starts it", "no shell", "/defaults", None);
    let inputs = workflow.pointer("/on/workflow_dispatch/inputs");
    for (name, input) in inputs.and_then(Value::as_object).into_iter().flatten() {
        let at = format!("/on/workflow_dispatch/inputs/{name}");
        add("change what starts it", &format!("no {name}"), &at, None);
        let required = !input["required"].as_bool().unwrap_or_default();
        let how = format!("{name}: required {required}");
        add(
            "change what starts it",
            &how,
            &format!("{at}/required"),
            Some(json!(required)),
        );
    }
}

/// What is changed in one job.
struct Operators<'m> {
    jobs: &'m Map<String, Value>,
    id: &'m str,
    job: &'m Value,
    out: &'m mut Vec<Mutant>,
}

/// A condition without its braces.
fn bare(cond: &str) -> &str {
    let inner = cond.strip_prefix("${{").and_then(|c| c.strip_suffix("}}"));
    inner.unwrap_or(cond).trim()
}

fn braced(cond: &str) -> Value {
    ["${{ ", cond, " }}"].concat().into()
}

/// The places of a sign in a condition, with how deep each stands in parentheses.
fn places(cond: &str, sign: &str) -> Vec<(usize, usize)> {
    let (mut depth, mut quoted) = (0, false);
    let mut found = Vec::new();
    for (i, c) in cond.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        if !quoted && cond[i..].starts_with(sign) {
            found.push((i, depth));
        }
    }
    found
}

/// Every operand of a sign, however deep: where it starts and ends, and where the sign beside it does.
fn operands(cond: &str, sign: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, depth) in places(cond, sign) {
        let ends = |i: usize, d: usize| d < depth || (d == depth && i != at);
        let (mut d, mut quoted, mut end) = (depth, false, cond.len());
        for (i, c) in cond[at + sign.len()..].char_indices() {
            let i = i + at + sign.len();
            match c {
                '\'' => quoted = !quoted,
                '(' if !quoted => d += 1,
                ')' if !quoted => {
                    if d == depth {
                        end = i;
                        break;
                    }
                    d -= 1;
                }
                _ => {}
            }
            let other = [" && ", " || "].iter().any(|s| cond[i..].starts_with(s));
            if !quoted && other && d == depth && ends(i, d) {
                end = i;
                break;
            }
        }
        found.push((at, end));
    }
    found
}

/// Conditions that ask for less than this one, for more, or for something else.
fn others(cond: &str) -> Vec<(&'static str, String, String)> {
    let mut out = Vec::new();
    out.push(("invert an if", "not".to_string(), format!("!({cond})")));
    for weak in ["always()", "!cancelled()", "success()", "failure()"] {
        if weak != cond {
            out.push(("weaken an if", weak.to_string(), weak.to_string()));
        }
    }
    // The first operand of a row of `&&`, and each that follows.
    if let Some((at, 0)) = places(cond, " && ").first() {
        out.push((
            "drop a part of an if",
            cond[..*at].to_string(),
            cond[at + 4..].to_string(),
        ));
    }
    if let Some(rest) = cond.strip_prefix("github.run_attempt == '1' && ") {
        out.push((
            "act in a run that is done again",
            cond.to_string(),
            rest.to_string(),
        ));
    }
    for sign in [" && ", " || "] {
        for (at, end) in operands(cond, sign) {
            let rest = [&cond[..at], &cond[end..]].concat();
            out.push(("drop a part of an if", cond[at..end].trim().to_string(), rest));
        }
        let other = if sign == " && " { " || " } else { " && " };
        for (at, _) in places(cond, sign) {
            let changed = [&cond[..at], other, &cond[at + 4..]].concat();
            out.push(("turn a sign of an if", format!("{sign}at {at}"), changed));
        }
    }
    for (sign, other) in [(" == ", " != "), (" != ", " == ")] {
        for (at, _) in places(cond, sign) {
            let changed = [&cond[..at], other, &cond[at + 4..]].concat();
            let from = cond[..at].rfind([' ', '(']).map_or(0, |i| i + 1);
            out.push(("turn a comparison of an if", cond[from..at].to_string(), changed));
        }
    }
    for (at, _) in places(cond, "!contains(") {
        let changed = [&cond[..at], &cond[at + 1..]].concat();
        out.push(("turn a comparison of an if", format!("contains at {at}"), changed));
    }
    out
}

impl Operators<'_> {
    fn at(&self, rest: &str) -> String {
        format!("/jobs/{}{rest}", self.id)
    }

    fn add(&mut self, kind: &'static str, how: impl Into<String>, rest: &str, value: Option<Value>) {
        let edits = vec![(self.at(rest), value)];
        self.push(kind, how.into(), edits);
    }

    fn push(&mut self, kind: &'static str, how: String, edits: Vec<(String, Option<Value>)>) {
        self.out.push(Mutant {
            kind,
            job: self.id.to_string(),
            how,
            edits,
        });
    }

    fn list(&self, job: &Value) -> Vec<String> {
        let list = job["needs"].as_array().into_iter().flatten();
        list.filter_map(|n| n.as_str().map(str::to_string)).collect()
    }

    fn needs(&mut self) {
        let needs = self.list(self.job);
        for n in 0..needs.len() {
            let mut fewer = needs.clone();
            let gone = fewer.remove(n);
            self.add("drop a needs", gone, "/needs", Some(fewer.into()));
        }
    }

    fn condition(&mut self) {
        let cond = bare(self.job["if"].as_str().unwrap_or_default()).to_string();
        self.add("drop an if", cond.as_str(), "/if", None);
        for (kind, how, changed) in others(&cond) {
            self.add(kind, how, "/if", Some(braced(&changed)));
        }
    }

    /// Where it runs, with what rights, how long, and whether its failure counts.
    fn frame(&mut self) {
        if let Some(own) = self.job["environment"].as_str() {
            self.add("drop an environment", own, "/environment", None);
            let mut places = self.jobs.values().filter_map(|j| j["environment"].as_str());
            if let Some(other) = places.find(|p| *p != own) {
                self.add("change an environment", other, "/environment", Some(other.into()));
            }
        }
        let rights = self.job["permissions"].as_object().cloned().unwrap_or_default();
        for (scope, access) in &rights {
            let at = format!("/permissions/{scope}");
            self.add("change a permission", format!("no {scope}"), &at, None);
            let other = if access == "read" { "write" } else { "read" };
            let how = format!("{scope}: {other}");
            self.add("change a permission", how, &at, Some(other.into()));
        }
        if !rights.contains_key("packages") {
            self.add(
                "change a permission",
                "packages: write",
                "/permissions/packages",
                Some("write".into()),
            );
        }
        self.add("change a permission", "none said", "/permissions", None);
        self.add("change a limit", "none", "/timeout-minutes", None);
        self.add("change a limit", "one minute", "/timeout-minutes", Some(json!(1)));
        self.add(
            "change a limit",
            "six hours",
            "/timeout-minutes",
            Some(json!(360)),
        );
        self.add(
            "forgive a failure",
            "of the job",
            "/continue-on-error",
            Some(json!(true)),
        );
        self.add(
            "change where it runs",
            "a runner of somebody",
            "/runs-on",
            Some("self-hosted".into()),
        );
        self.add("change what it is called", "Other", "/name", Some("Other".into()));
    }

    fn outputs(&mut self) {
        let outputs = self.job["outputs"].as_object().cloned().unwrap_or_default();
        for (name, value) in &outputs {
            let at = format!("/outputs/{name}");
            self.add("drop an output", name, &at, None);
            let other = outputs.iter().find(|(n, v)| *n != name && *v != value);
            if let Some((other, theirs)) = other {
                let how = format!("{name} to {other}");
                self.add("retarget an output", how, &at, Some(theirs.clone()));
            }
        }
    }

    fn steps(&mut self) {
        let steps = self.job["steps"].as_array().cloned().unwrap_or_default();
        for (i, step) in steps.iter().enumerate() {
            let name = format!("{} {}", i + 1, step["name"].as_str().unwrap_or_default());
            let at = format!("/steps/{i}");
            self.add("remove a step", &name, &at, None);
            if let Some(next) = steps.get(i + 1) {
                let mut swapped = steps.clone();
                swapped.swap(i, i + 1);
                let how = format!("{name} and {}", next["name"].as_str().unwrap_or_default());
                self.add("swap two steps", how, "/steps", Some(swapped.into()));
            }
            let how = |what: &str| format!("{name}: {what}");
            self.add(
                "forgive a failure",
                how("it"),
                &format!("{at}/continue-on-error"),
                Some(json!(true)),
            );
            if step.get("id").is_some() {
                self.add("forget a step's name", how("id"), &format!("{at}/id"), None);
            }
            let cond = format!("{at}/if");
            match step["if"].as_str().map(bare) {
                None => {
                    self.add(
                        "change the if of a step",
                        how("always()"),
                        &cond,
                        Some(braced("always()")),
                    );
                    self.add(
                        "change the if of a step",
                        how("never"),
                        &cond,
                        Some(braced("false")),
                    );
                }
                Some(own) => {
                    self.add("change the if of a step", how("none"), &cond, None);
                    for (_, what, changed) in others(own) {
                        self.add(
                            "change the if of a step",
                            how(&what),
                            &cond,
                            Some(braced(&changed)),
                        );
                    }
                }
            }
            for member in ["env", "with"] {
                for (key, value) in step[member].as_object().into_iter().flatten() {
                    let at = format!("{at}/{member}/{key}");
                    self.add(
                        "change what a step is given",
                        how(&format!("no {key}")),
                        &at,
                        None,
                    );
                    let text = value.as_str().unwrap_or_default();
                    let number = text.parse::<i64>().ok();
                    let kind = if number.is_some() {
                        "change a threshold"
                    } else {
                        "change what a step is given"
                    };
                    let other = number.map_or("other".to_string(), |n| (n + 1).to_string());
                    self.add(kind, how(&format!("{key}: {other}")), &at, Some(other.into()));
                }
            }
            if let Some(script) = step["run"].as_str() {
                let number = script.char_indices().find(|(_, c)| c.is_ascii_digit());
                if let Some((i, c)) = number {
                    let other = if c == '9' { "8" } else { "9" };
                    let changed = [&script[..i], other, &script[i + 1..]].concat();
                    self.add(
                        "change a threshold",
                        how("in its script"),
                        &format!("{at}/run"),
                        Some(changed.into()),
                    );
                }
                let short: Vec<&str> = script.lines().take(script.lines().count() / 2).collect();
                self.add(
                    "change what a step does",
                    how("half"),
                    &format!("{at}/run"),
                    Some(short.join("\n").into()),
                );
            }
            if let Some(action) = step["uses"].as_str() {
                let moving = [action.split('@').next().unwrap_or_default(), "@main"].concat();
                self.add(
                    "unpin an action",
                    &name,
                    &format!("{at}/uses"),
                    Some(moving.into()),
                );
            }
        }
    }

    /// The job is left out, never runs, or stands for another of its kind.
    fn whole(&mut self, index: usize) {
        let kind = match self.id.split('-').next().unwrap_or_default() {
            "exit" => "remove an exit",
            "undo" => "remove an undo",
            "approve" | "ready" | "start" => "skip an approval",
            "failed" => "remove a way back",
            "report" => "remove a report",
            "watch" => "remove a trigger",
            "enter" => "remove an entry",
            _ => "remove a job",
        };
        let mut edits = vec![(self.at(""), None)];
        for (id, job) in self.jobs {
            let mut needs = self.list(job);
            if needs.iter().any(|n| n == self.id) {
                needs.retain(|n| n != self.id);
                edits.push((format!("/jobs/{id}/needs"), Some(needs.into())));
            }
        }
        // Who waited for it takes it for done.
        let mut past = edits.clone();
        for (id, job) in self.jobs {
            let cond = job["if"].as_str().unwrap_or_default();
            let asks = format!("needs.{}.result == 'success'", self.id);
            if cond.contains(&asks) {
                past.push((format!("/jobs/{id}/if"), Some(cond.replace(&asks, "true").into())));
            }
        }
        self.push(kind, "left out".into(), edits);
        self.push(kind, "taken for done".into(), past);
        self.add(kind, "never", "/if", Some(braced("always() && false")));
        let family = self.id.split('-').next().unwrap_or_default();
        let mut later = self.jobs.iter().skip(index + 1);
        let other =
            later.find(|(id, j)| id.split('-').next() == Some(family) && j["steps"] != self.job["steps"]);
        if let Some((other, theirs)) = other {
            let edits = vec![
                (self.at("/steps"), Some(theirs["steps"].clone())),
                (format!("/jobs/{other}/steps"), Some(self.job["steps"].clone())),
            ];
            let kind = if family == "undo" {
                "swap two undos"
            } else {
                "swap two jobs"
            };
            self.push(kind, format!("with {other}"), edits);
            let edits = vec![
                (self.at("/needs"), Some(theirs["needs"].clone())),
                (self.at("/if"), Some(theirs["if"].clone())),
            ];
            self.push("swap two orders", format!("as {other}"), edits);
        }
    }
}
