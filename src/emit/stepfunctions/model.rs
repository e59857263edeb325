//! The Amazon States Language as typed data: what a state machine in JSONata form can say.
//!
//! Fields stand in the order they are printed. Must not know a plan; `lower` builds it, `print` writes it.

use super::expr::Data;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// A state machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Machine {
    /// Where it comes from.
    pub comment: String,
    /// Always `JSONata`.
    pub query_language: String,
    /// The first state.
    pub start_at: String,
    /// The states by name.
    pub states: IndexMap<String, State>,
}

/// A branch of a `Parallel`, or the body of a `Map`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Branch {
    /// Settings of a `Map`'s body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processor_config: Option<Data>,
    /// The first state.
    pub start_at: String,
    /// The states by name.
    pub states: IndexMap<String, State>,
}

/// A state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "Type")]
pub enum State {
    /// Calls a service.
    Task(Box<Task>),
    /// Branches on conditions.
    Choice(Choice),
    /// Lets time pass.
    Wait(Wait),
    /// Sets variables.
    Pass(Pass),
    /// Runs branches side by side.
    Parallel(Parallel),
    /// Runs one body for each item.
    Map(Box<Map>),
    /// Ends well.
    Succeed(Succeed),
    /// Ends badly.
    Fail(Fail),
}

/// Variables set by a state, by name.
pub type Assign = IndexMap<String, Data>;

/// A call.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Task {
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// The integration.
    pub resource: String,
    /// The role the call is made with, when it is not the machine's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Data>,
    /// What it is called with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Data>,
    /// Seconds after which it is given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<Data>,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retry: Vec<Retrier>,
    /// Where failures lead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Catcher>,
    /// Variables set on success.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub assign: Assign,
    /// What the next state receives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Data>,
    /// The next state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whether the branch ends here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub end: bool,
}

/// When a call is tried again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Retrier {
    /// The errors.
    pub error_equals: Vec<String>,
    /// Seconds before the first new try.
    pub interval_seconds: i64,
    /// How often.
    pub max_attempts: u32,
    /// The factor by which the interval grows.
    pub backoff_rate: f64,
    /// The longest interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_delay_seconds: Option<i64>,
    /// `FULL` spreads tries at random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter_strategy: Option<String>,
}

/// Where a failure leads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Catcher {
    /// The errors.
    pub error_equals: Vec<String>,
    /// Variables set on the way.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub assign: Assign,
    /// What the next state receives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Data>,
    /// The next state.
    pub next: String,
}

/// A branch on conditions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Choice {
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// Judged in order.
    pub choices: Vec<Rule>,
    /// When none holds.
    pub default: String,
}

/// A condition and where it leads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Rule {
    /// The condition.
    pub condition: Data,
    /// Variables set on the way.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub assign: Assign,
    /// The next state.
    pub next: String,
}

/// A wait.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Wait {
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// For so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<Data>,
    /// Until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Data>,
    /// Variables set afterwards.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub assign: Assign,
    /// The next state.
    pub next: String,
}

/// Sets variables.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Pass {
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// The variables.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub assign: Assign,
    /// What the next state receives, or what the branch returns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Data>,
    /// The next state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whether the branch ends here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub end: bool,
}

/// Branches side by side.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parallel {
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// The branches.
    pub branches: Vec<Branch>,
    /// Where failures of the engine itself lead; what the plan can fail at is caught inside the branches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Catcher>,
    /// Variables set when every branch has ended.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub assign: Assign,
    /// What the next state receives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Data>,
    /// The next state.
    pub next: String,
}

/// One body for each item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Map {
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// The items.
    pub items: Data,
    /// How many at a time.
    pub max_concurrency: u32,
    /// The body.
    pub item_processor: Branch,
    /// Where failures lead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Catcher>,
    /// Variables set at the end.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub assign: Assign,
    /// What the next state receives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Data>,
    /// The next state.
    pub next: String,
}

/// Ends well.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Succeed {
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// What the execution returns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Data>,
}

/// Ends badly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Fail {
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// The final state's name.
    pub error: String,
    /// Why.
    pub cause: Data,
}

impl State {
    /// Every name of another state this one leads to.
    pub fn targets_mut(&mut self) -> Vec<&mut String> {
        match self {
            State::Task(t) => t
                .catch
                .iter_mut()
                .map(|c| &mut c.next)
                .chain(&mut t.next)
                .collect(),
            State::Choice(c) => c
                .choices
                .iter_mut()
                .map(|r| &mut r.next)
                .chain(std::iter::once(&mut c.default))
                .collect(),
            State::Wait(w) => vec![&mut w.next],
            State::Pass(p) => p.next.iter_mut().collect(),
            State::Parallel(p) => p
                .catch
                .iter_mut()
                .map(|c| &mut c.next)
                .chain(std::iter::once(&mut p.next))
                .collect(),
            State::Map(m) => m
                .catch
                .iter_mut()
                .map(|c| &mut c.next)
                .chain(std::iter::once(&mut m.next))
                .collect(),
            State::Succeed(_) | State::Fail(_) => Vec::new(),
        }
    }

    /// The branches or the body inside it.
    pub fn branches(&self) -> &[Branch] {
        match self {
            State::Parallel(p) => &p.branches,
            State::Map(m) => std::slice::from_ref(&m.item_processor),
            _ => &[],
        }
    }

    /// The names of the states it leads to.
    pub fn targets(&self) -> Vec<&String> {
        match self {
            State::Task(t) => t.catch.iter().map(|c| &c.next).chain(&t.next).collect(),
            State::Choice(c) => c.choices.iter().map(|r| &r.next).chain([&c.default]).collect(),
            State::Wait(w) => vec![&w.next],
            State::Pass(p) => p.next.iter().collect(),
            State::Parallel(p) => p.catch.iter().map(|c| &c.next).chain([&p.next]).collect(),
            State::Map(m) => m.catch.iter().map(|c| &c.next).chain([&m.next]).collect(),
            State::Succeed(_) | State::Fail(_) => Vec::new(),
        }
    }
}
