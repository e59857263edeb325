//! The ways in which a state machine is changed. Each takes something away that a run depends on, in one state or in two.

use serde_json::{Map, Value, json};

/// A mutant: its kind, the states that were changed, and the machine.
pub struct Mutant {
    /// What kind of change it is.
    pub kind: &'static str,
    /// The states that were changed.
    pub states: Vec<String>,
    /// What was put in the place of what.
    pub how: String,
    /// Where the states stand, as a JSON pointer.
    place: String,
    /// The changed states of that place.
    changed: Vec<(String, Value)>,
}

impl Mutant {
    /// The changed machine.
    pub fn machine(&self, machine: &Value) -> Value {
        let mut changed = machine.clone();
        let block = changed.pointer_mut(&self.place).expect("the block");
        for (name, state) in &self.changed {
            block[name] = state.clone();
        }
        changed
    }
}

/// Every place where states stand, as a JSON pointer.
fn blocks(value: &Value, at: &str, out: &mut Vec<String>) {
    if let Some(states) = value.get("States").and_then(Value::as_object) {
        out.push(format!("{at}/States"));
        for (name, state) in states {
            let name = name.replace('~', "~0").replace('/', "~1");
            let here = format!("{at}/States/{name}");
            for (i, branch) in state["Branches"].as_array().into_iter().flatten().enumerate() {
                blocks(branch, &format!("{here}/Branches/{i}"), out);
            }
            if let Some(body) = state.get("ItemProcessor") {
                blocks(body, &format!("{here}/ItemProcessor"), out);
            }
        }
    }
}

/// Every mutant of a machine, in the order of its states.
pub fn mutants(machine: &Value) -> Vec<Mutant> {
    let mut out = Vec::new();
    let mut places = Vec::new();
    blocks(machine, "", &mut places);
    for place in places {
        let states = machine
            .pointer(&place)
            .and_then(Value::as_object)
            .expect("states");
        for (index, (name, state)) in states.iter().enumerate() {
            let mut of = Operators {
                place: &place,
                states,
                name,
                state,
                out: &mut out,
            };
            of.ways(index);
            of.call();
            of.conditions();
            of.facts();
            of.swapped(index);
        }
    }
    out
}

/// What is changed in one state.
struct Operators<'m> {
    place: &'m str,
    states: &'m Map<String, Value>,
    name: &'m str,
    state: &'m Value,
    out: &'m mut Vec<Mutant>,
}

impl Operators<'_> {
    fn add(&mut self, kind: &'static str, how: impl Into<String>, change: impl FnOnce(&mut Value)) {
        let mut state = self.state.clone();
        change(&mut state);
        if state != *self.state {
            self.push(kind, how.into(), vec![(self.name.to_string(), state)]);
        }
    }

    fn push(&mut self, kind: &'static str, how: String, changed: Vec<(String, Value)>) {
        self.out.push(Mutant {
            kind,
            states: changed.iter().map(|(n, _)| n.clone()).collect(),
            how,
            place: self.place.to_string(),
            changed,
        });
    }

    fn is(&self, kind: &str) -> bool {
        self.state["Type"] == kind
    }

    /// Where it leads: past what follows, elsewhere, or nowhere.
    fn ways(&mut self, index: usize) {
        let names: Vec<&String> = self.states.keys().collect();
        let other = names[(index + names.len() / 2) % names.len()].clone();
        if let Some(next) = self.state["Next"].as_str() {
            let beyond = self.states[next]["Next"]
                .as_str()
                .or_else(|| self.states[next]["Default"].as_str());
            if let Some(beyond) = beyond.filter(|b| *b != self.name) {
                self.add("retarget a Next", format!("past `{next}`"), |s| {
                    s["Next"] = beyond.into();
                });
            }
            if other != next && other != self.name {
                self.add("retarget a Next", format!("to `{other}`"), |s| {
                    s["Next"] = other.as_str().into();
                });
            }
        }
        if let Some(default) = self.state["Default"].as_str() {
            for rule in self.state["Choices"].as_array().into_iter().flatten() {
                let goal = rule["Next"].as_str().unwrap_or_default();
                if goal != default {
                    self.add("retarget a Default", format!("to `{goal}`"), |s| {
                        s["Default"] = goal.into();
                    });
                }
            }
        }
        if self.is("Fail") {
            for end in ["Stopped", "RolledBack", "NeedsHelp"] {
                self.add("rename an end", end, |s| s["Error"] = end.into());
            }
            self.add("rename an end", "Succeed", |s| *s = json!({"Type": "Succeed"}));
        }
    }

    /// What it calls, with what, in whose name, how long, and what becomes of failures.
    fn call(&mut self) {
        if let Some(goal) = self.state["Catch"][0]["Next"].as_str() {
            self.add("drop a Catch", "", |s| {
                drop(s.as_object_mut().expect("a state").remove("Catch"));
            });
            self.add("narrow a Catch", "", |s| {
                s["Catch"][0]["ErrorEquals"] = json!(["States.Timeout"]);
            });
            if let Some(next) = self.state["Next"].as_str().filter(|n| *n != goal) {
                self.add("retarget a Catch", format!("to `{next}`"), |s| {
                    s["Catch"][0]["Next"] = next.into();
                });
            }
        }
        if let Some(seconds) = self.state.get("Seconds") {
            let longer = match seconds.as_str() {
                Some(text) => json!(text.replace("%}", "+ 100000 %}")),
                None => json!(seconds.as_i64().unwrap_or_default() + 100_000),
            };
            self.add("change a wait", "longer", |s| s["Seconds"] = longer);
            self.add("change a wait", "none", |s| s["Seconds"] = json!(0));
        }
        if !self.is("Task") {
            return;
        }
        for (member, kind) in [
            ("Arguments", "change an argument"),
            ("Credentials", "change a role"),
            ("TimeoutSeconds", "change a timeout"),
        ] {
            if self.state.get(member).is_some() {
                self.add(kind, member, |s| s[member] = 1.into());
            }
        }
        if self.state.pointer("/Retry/0/MaxAttempts").is_some() {
            self.add("change a retry", "more", |s| {
                s["Retry"][0]["MaxAttempts"] = 99.into()
            });
            self.add("change a retry", "of everything", |s| {
                s["Retry"][0]["ErrorEquals"] = json!(["States.ALL"]);
            });
        } else {
            self.add("change a retry", "of everything", |s| {
                s["Retry"] = json!([{"ErrorEquals": ["States.ALL"], "MaxAttempts": 3}]);
            });
        }
        if let Some(next) = self.state["Next"].as_str() {
            let pass = json!({"Type": "Pass", "Next": next});
            self.add("remove a call", "", |s| *s = pass);
        }
        if self
            .state
            .pointer("/Arguments/Parameters/MinimumApprovals")
            .is_some()
        {
            self.add("weaken a quorum", "0", |s| {
                s["Arguments"]["Parameters"]["MinimumApprovals"] = json!(["0"]);
            });
            self.add("weaken who may answer", "anybody", |s| {
                s["Arguments"]["Parameters"]["Approvers"] = json!(["*"]);
            });
        }
    }

    fn conditions(&mut self) {
        let count = self.state["Choices"].as_array().map_or(0, Vec::len);
        for c in 0..count {
            let rule = &self.state["Choices"][c];
            let source = rule["Condition"].as_str().unwrap_or_default().to_string();
            let inner = source
                .trim_start_matches("{%")
                .trim_end_matches("%}")
                .trim()
                .to_string();
            let mut put = |kind, how: &str, text: String| {
                self.add(kind, [how, " ", &inner].concat(), |s| {
                    s["Choices"][c]["Condition"] = ["{% ", &text, " %}"].concat().into();
                });
            };
            put("invert a condition", "not", ["$not(", &inner, ")"].concat());
            put("drop a condition", "true:", "true".into());
            put("drop a condition", "false:", "false".into());
            for (from, to) in [(" and ", " or "), (" or ", " and ")] {
                if inner.contains(from) {
                    put("weaken a condition", to.trim(), inner.replacen(from, to, 1));
                }
            }
            for (from, to) in [(" >= ", " < "), (" < ", " >= "), (" > ", " <= "), (" <= ", " > ")] {
                if inner.contains(from) {
                    put("turn a comparison", to.trim(), inner.replacen(from, to, 1));
                }
            }
            for sign in [" >= ", " > ", " < ", " <= "] {
                let Some((before, after)) = inner.split_once(sign) else {
                    continue;
                };
                let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
                if let Ok(number) = digits.parse::<i64>() {
                    let rest = &after[digits.len()..];
                    let grown = (number * 2 + 1).to_string();
                    put(
                        "change a threshold",
                        &grown,
                        [before, sign, &grown, rest].concat(),
                    );
                    if number > 0 {
                        put("change a threshold", "0", [before, sign, "0", rest].concat());
                    }
                }
            }
            let goal = rule["Next"].as_str().unwrap_or_default();
            let other = self.state["Choices"][(c + 1) % count]["Next"]
                .as_str()
                .filter(|o| *o != goal)
                .or(self.state["Default"].as_str());
            if let Some(other) = other.filter(|o| *o != goal) {
                self.add(
                    "retarget a rule",
                    format!("`{goal}` to `{other}` when {inner}"),
                    |s| {
                        s["Choices"][c]["Next"] = other.into();
                    },
                );
            }
            if rule.get("Assign").is_some() {
                self.add("forget a fact", "of a rule", |s| {
                    let rule = s["Choices"][c].as_object_mut().expect("a rule");
                    rule.remove("Assign");
                });
            }
        }
    }

    /// What it keeps.
    fn facts(&mut self) {
        let of = |assign: &Value| -> Vec<(String, Value)> {
            let members = assign.as_object();
            members
                .into_iter()
                .flatten()
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect()
        };
        for (key, value) in of(&self.state["Assign"]) {
            self.add("forget a fact", &key, |s| {
                drop(s["Assign"].as_object_mut().expect("facts").shift_remove(&key));
            });
            for (how, other) in others(&value) {
                self.add("change a fact", format!("{key}: {how}"), |s| {
                    s["Assign"][&key] = other;
                });
            }
        }
        for (key, value) in of(&self.state["Catch"][0]["Assign"]) {
            self.add("forget a fact", format!("{key} when it fails"), |s| {
                let facts = s["Catch"][0]["Assign"].as_object_mut().expect("facts");
                facts.shift_remove(&key);
            });
            for (how, other) in others(&value) {
                self.add("change a fact", format!("{key} when it fails: {how}"), |s| {
                    s["Catch"][0]["Assign"][&key] = other;
                });
            }
        }
    }

    /// Two undos, or two steps of one kind, in each other's place.
    fn swapped(&mut self, index: usize) {
        if !self.is("Task") {
            return;
        }
        let undo = self.name.starts_with("undo ");
        let other = self.states.iter().skip(index + 1).find(|(name, s)| {
            name.starts_with("undo ") == undo
                && s["Type"] == "Task"
                && s["Resource"] == self.state["Resource"]
                && s["Arguments"] != self.state["Arguments"]
        });
        let Some((other, theirs)) = other else { return };
        let (mut one, mut two) = (self.state.clone(), theirs.clone());
        for member in ["Arguments", "Credentials", "TimeoutSeconds"] {
            let (x, y) = (self.state.get(member), theirs.get(member));
            for (state, value) in [(&mut one, y), (&mut two, x)] {
                let members = state.as_object_mut().expect("a state");
                match value {
                    Some(v) => drop(members.insert(member.into(), v.clone())),
                    None => drop(members.shift_remove(member)),
                }
            }
        }
        let kind = if undo { "swap two undos" } else { "swap two calls" };
        let (name, other) = (self.name.to_string(), other.clone());
        self.push(kind, format!("with `{other}`"), vec![(name, one), (other, two)]);
    }
}

/// What may stand in the place of a fact.
fn others(value: &Value) -> Vec<(String, Value)> {
    match value {
        Value::Bool(b) => vec![((!b).to_string(), json!(!b))],
        Value::Number(n) => {
            let more = n.as_i64().unwrap_or_default() + 3;
            vec![(more.to_string(), json!(more))]
        }
        Value::String(s) if !s.starts_with("{%") => match s.as_str() {
            "pending" | "passed" | "failed" | "began" | "undone" | "refused" | "skipped" | "stuck" => {
                let other = if s == "passed" { "failed" } else { "passed" };
                vec![(other.into(), json!(other))]
            }
            "retry" | "proceed" | "rollback" | "stop" => {
                let other = if s == "proceed" { "stop" } else { "proceed" };
                vec![(other.into(), json!(other))]
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}
