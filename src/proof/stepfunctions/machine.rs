//! A state machine read back from its bytes.
//!
//! Everything a state says is read or refused: a member that is not known here is not understood. Must not know the structs the
//! emitter writes from. Used by the run.

use super::jsonata::{Expr, parse};
use super::value::Value;
use crate::emit::parts::{Purpose, Test};
use crate::emit::stepfunctions::parts::{Manifest, essence};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A machine.
#[derive(Debug)]
pub struct Machine {
    /// The states of the machine itself and of every branch; the first is the machine's.
    pub blocks: Vec<Block>,
    /// What each number in a condition stands for.
    pub tests: Vec<Vec<Test>>,
    /// The conditions themselves.
    pub exprs: Vec<Expr>,
    /// What a call can stand for, by the number a task keeps.
    pub purposes: Vec<Vec<Purpose>>,
}

/// States that belong together.
#[derive(Debug, Default)]
pub struct Block {
    /// The first of them.
    pub start: usize,
    /// The states.
    pub states: Vec<State>,
}

/// A state.
#[derive(Debug)]
pub struct State {
    /// What people call it.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// What it sets when it is left.
    pub assign: Assign,
    /// Where failures lead.
    pub catch: Option<(Assign, usize)>,
    /// Where it leads; nowhere when the branch ends.
    pub next: Option<usize>,
}

/// What is set.
pub type Assign = Vec<(Arc<str>, Template)>;

/// What a state does.
#[derive(Debug)]
pub enum Kind {
    /// Calls a service.
    Task {
        /// The integration.
        resource: String,
        /// What it is called with.
        arguments: Template,
        /// What it can stand for; nothing the plan knows when there is none.
        purposes: Option<usize>,
    },
    /// Goes where the first condition that holds says.
    Choice(Vec<(Expr, Assign, usize)>),
    /// Lets time pass.
    Wait(Option<Template>),
    /// Waits for a moment.
    Until(Template),
    /// Sets variables, and gives this back.
    Pass(Option<Template>),
    /// Runs blocks side by side.
    Parallel(Vec<usize>),
    /// Runs a block for each element.
    Map(Template, usize),
    /// Ends well.
    Succeed,
    /// Ends badly, with this name.
    Fail(String),
}

/// JSON with expressions in it.
#[derive(Debug, Clone)]
pub enum Template {
    /// Without any.
    Const(Value),
    /// One.
    Expr(Expr),
    /// A list.
    List(Vec<Template>),
    /// An object.
    Object(Vec<(Arc<str>, Template)>),
}

type Read<T> = Result<T, String>;

struct Reader {
    blocks: Vec<Block>,
    tests: Vec<(Expr, Vec<Test>)>,
    calls: HashMap<String, usize>,
    purposes: Vec<Vec<Purpose>>,
}

/// Reads a machine.
///
/// # Errors
/// What is not understood.
pub fn read(bytes: &str, manifest: &Manifest) -> Read<Machine> {
    let json: Json = serde_json::from_str(bytes).map_err(|e| format!("the file is no JSON: {e}"))?;
    let mut reader = Reader {
        blocks: Vec::new(),
        tests: Vec::new(),
        calls: HashMap::new(),
        purposes: Vec::new(),
    };
    for (test, source) in &manifest.tests {
        let expr = parse(source)?;
        match reader.tests.iter_mut().find(|(e, _)| *e == expr) {
            Some((_, list)) if list.contains(test) => {}
            Some((_, list)) => list.push(test.clone()),
            None => reader.tests.push((expr, vec![test.clone()])),
        }
    }
    for (purpose, call) in &manifest.calls {
        let next = reader.purposes.len();
        let number = *reader.calls.entry(call.to_string()).or_insert(next);
        if number == next {
            reader.purposes.push(Vec::new());
        }
        if !reader.purposes[number].contains(purpose) {
            reader.purposes[number].push(purpose.clone());
        }
    }
    let members = object(&json, "the machine")?;
    known(
        members,
        &["Comment", "QueryLanguage", "StartAt", "States"],
        "the machine",
    )?;
    if members.get("QueryLanguage").and_then(Json::as_str) != Some("JSONata") {
        return Err("the machine does not speak JSONata".into());
    }
    reader.block(members)?;
    let (exprs, tests) = reader.tests.into_iter().unzip();
    Ok(Machine {
        blocks: reader.blocks,
        tests,
        exprs,
        purposes: reader.purposes,
    })
}

fn object<'j>(json: &'j Json, what: &str) -> Read<&'j Map<String, Json>> {
    json.as_object().ok_or_else(|| [what, " is no object"].concat())
}

fn known(members: &Map<String, Json>, names: &[&str], what: &str) -> Read<()> {
    match members.keys().find(|k| !names.contains(&k.as_str())) {
        Some(k) => Err(["`", k, "` of ", what, " is not understood"].concat()),
        None => Ok(()),
    }
}

impl Reader {
    fn block(&mut self, members: &Map<String, Json>) -> Read<usize> {
        let number = self.blocks.len();
        self.blocks.push(Block::default());
        let states = members.get("States").ok_or("a block has no states")?;
        let states = object(states, "`States`")?;
        let names: BTreeMap<&str, usize> = states.keys().enumerate().map(|(i, n)| (n.as_str(), i)).collect();
        let start = members.get("StartAt").and_then(Json::as_str).unwrap_or_default();
        let start = *names
            .get(start)
            .ok_or_else(|| ["`", start, "` does not exist, and a block starts there"].concat())?;
        let mut list = Vec::with_capacity(states.len());
        for (name, state) in states {
            let state = self
                .state(name, object(state, name)?, &names)
                .map_err(|e| ["state `", name, "`: ", &e].concat())?;
            list.push(state);
        }
        self.blocks[number] = Block { start, states: list };
        Ok(number)
    }

    fn state(
        &mut self,
        name: &str,
        members: &Map<String, Json>,
        names: &BTreeMap<&str, usize>,
    ) -> Read<State> {
        let text = |key: &str| members.get(key).and_then(Json::as_str);
        let goal = |name: &str| {
            names
                .get(name)
                .copied()
                .ok_or_else(|| ["`", name, "` does not exist"].concat())
        };
        let kind = text("Type").ok_or("it has no type")?;
        let allowed: &[&str] = match kind {
            "Task" => &[
                "Resource",
                "Credentials",
                "Arguments",
                "TimeoutSeconds",
                "Retry",
                "Catch",
                "Assign",
                "Output",
                "Next",
                "End",
            ],
            "Choice" => &["Choices", "Default"],
            "Wait" => &["Seconds", "Timestamp", "Assign", "Next"],
            "Pass" => &["Assign", "Output", "Next", "End"],
            "Parallel" => &["Branches", "Catch", "Assign", "Output", "Next"],
            "Map" => &[
                "Items",
                "MaxConcurrency",
                "ItemProcessor",
                "Catch",
                "Assign",
                "Output",
                "Next",
            ],
            "Succeed" => &["Output"],
            "Fail" => &["Error", "Cause"],
            other => return Err(["the type `", other, "` is not understood"].concat()),
        };
        let mut all = vec!["Type", "Comment"];
        all.extend(allowed);
        known(members, &all, "it")?;
        let ends = members.get("End") == Some(&Json::Bool(true));
        let next = text("Next").map(goal).transpose()?;
        let assign = self.assign(members)?;
        let catch = self.catch(members, &goal)?;
        let mut default = None;
        let built = match kind {
            "Task" => {
                let call = essence(&Json::Object(members.clone())).to_string();
                let number = self.calls.get(&call).copied();
                if number.is_none() {
                    return Err("it does what the plan does not say, or not as the plan says it".into());
                }
                if catch.is_none() {
                    return Err("a failure of it breaks the run off".into());
                }
                Kind::Task {
                    resource: text("Resource").ok_or("it calls nothing")?.to_string(),
                    arguments: self.template(members.get("Arguments").unwrap_or(&Json::Null))?,
                    purposes: number,
                }
            }
            "Choice" => {
                let mut rules = Vec::new();
                for rule in members
                    .get("Choices")
                    .and_then(Json::as_array)
                    .into_iter()
                    .flatten()
                {
                    let rule = object(rule, "a rule")?;
                    known(rule, &["Condition", "Assign", "Next"], "a rule")?;
                    let Template::Expr(test) =
                        self.template(rule.get("Condition").ok_or("a rule has no condition")?)?
                    else {
                        return Err("a condition is no expression".into());
                    };
                    let to = rule.get("Next").and_then(Json::as_str).unwrap_or_default();
                    rules.push((test, self.assign(rule)?, goal(to)?));
                }
                default = text("Default").map(goal).transpose()?;
                Kind::Choice(rules)
            }
            "Wait" if members.contains_key("Timestamp") => {
                Kind::Until(self.template(members.get("Timestamp").unwrap_or(&Json::Null))?)
            }
            "Wait" => Kind::Wait(members.get("Seconds").map(|s| self.template(s)).transpose()?),
            "Pass" => Kind::Pass(members.get("Output").map(|o| self.template(o)).transpose()?),
            "Parallel" => {
                let mut branches = Vec::new();
                for branch in members
                    .get("Branches")
                    .and_then(Json::as_array)
                    .into_iter()
                    .flatten()
                {
                    let branch = object(branch, "a branch")?;
                    known(branch, &["StartAt", "States"], "a branch")?;
                    branches.push(self.block(branch)?);
                }
                Kind::Parallel(branches)
            }
            "Map" => {
                let items = self.template(members.get("Items").ok_or("it has no items")?)?;
                let body = object(members.get("ItemProcessor").ok_or("it has no body")?, "its body")?;
                known(body, &["ProcessorConfig", "StartAt", "States"], "its body")?;
                Kind::Map(items, self.block(body)?)
            }
            "Succeed" => Kind::Succeed,
            _ => Kind::Fail(text("Error").ok_or("it ends without a name")?.to_string()),
        };
        let final_ = matches!(built, Kind::Succeed | Kind::Fail(_));
        let next = next.or(default);
        if !final_ && next.is_some() == ends {
            return Err("it leads nowhere, or on and nowhere".into());
        }
        Ok(State {
            name: name.to_string(),
            kind: built,
            assign,
            catch,
            next,
        })
    }

    fn assign(&self, members: &Map<String, Json>) -> Read<Assign> {
        let Some(assign) = members.get("Assign") else {
            return Ok(Vec::new());
        };
        object(assign, "`Assign`")?
            .iter()
            .map(|(name, value)| Ok((name.as_str().into(), self.template(value)?)))
            .collect()
    }

    fn catch(
        &self,
        members: &Map<String, Json>,
        goal: &dyn Fn(&str) -> Read<usize>,
    ) -> Read<Option<(Assign, usize)>> {
        let Some(list) = members.get("Catch").and_then(Json::as_array) else {
            return Ok(None);
        };
        let [one] = list.as_slice() else {
            return Err("it catches in more than one way".into());
        };
        let one = object(one, "`Catch`")?;
        known(one, &["ErrorEquals", "Assign", "Output", "Next"], "`Catch`")?;
        if one.get("ErrorEquals") != Some(&serde_json::json!(["States.ALL"])) {
            return Err("it does not catch everything".into());
        }
        let to = one.get("Next").and_then(Json::as_str).unwrap_or_default();
        Ok(Some((self.assign(one)?, goal(to)?)))
    }

    fn template(&self, json: &Json) -> Read<Template> {
        Ok(match json {
            Json::String(s) => match s.strip_prefix("{%").and_then(|s| s.strip_suffix("%}")) {
                Some(source) => {
                    let tell = |e: &Expr| self.tests.iter().position(|(t, _)| t == e);
                    Template::Expr(parse(source)?.told(&tell))
                }
                None => Template::Const(Value::from_json(json)),
            },
            Json::Array(list) => {
                let list: Vec<Template> = list.iter().map(|v| self.template(v)).collect::<Read<_>>()?;
                if list.iter().all(fixed) {
                    return Ok(Template::Const(Value::from_json(json)));
                }
                Template::List(list)
            }
            Json::Object(members) => {
                let members: Vec<(Arc<str>, Template)> = members
                    .iter()
                    .map(|(k, v)| Ok((k.as_str().into(), self.template(v)?)))
                    .collect::<Read<_>>()?;
                if members.iter().all(|(_, t)| fixed(t)) {
                    return Ok(Template::Const(Value::from_json(json)));
                }
                Template::Object(members)
            }
            other => Template::Const(Value::from_json(other)),
        })
    }
}

/// Whether nothing in it is an expression.
fn fixed(template: &Template) -> bool {
    matches!(template, Template::Const(_))
}
