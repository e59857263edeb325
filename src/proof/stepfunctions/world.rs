//! What answers the calls of a state machine: people, services and the parameter store, as a scenario says.
//!
//! Must not know states. Used by the run.

use super::value::Value;
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::{ApprovalId, GateId, GateTest, MetricExpr, NoData, Quorum, Release};
use crate::proof::event::What;
use crate::proof::scenario::Scenario;
use std::collections::BTreeMap;

/// The world.
pub struct World<'a> {
    release: &'a Release,
    /// The parameter that says whether the window is open.
    window: String,
    store: BTreeMap<String, Value>,
    asked: Vec<(Purpose, bool)>,
    begun: BTreeMap<Purpose, usize>,
}

/// What came of a call.
pub struct Done {
    /// What it shows; the first when it starts, the others when it ends.
    pub events: Vec<What>,
    /// The answer; nothing when it failed.
    pub result: Option<Value>,
    /// Whether it takes its time.
    pub works: bool,
}

impl Done {
    fn quiet(result: Value) -> Done {
        Done {
            events: Vec::new(),
            result: Some(result),
            works: false,
        }
    }
}

impl<'a> World<'a> {
    /// A world in which nothing has happened.
    pub fn new(release: &'a Release) -> World<'a> {
        World {
            release,
            window: crate::emit::stepfunctions::naming::window_parameter(release),
            store: BTreeMap::new(),
            asked: Vec::new(),
            begun: BTreeMap::new(),
        }
    }

    /// Whether a person is asked when a gate has no data: a metric says so, and none says that it fails.
    pub fn unsure(&self, gate: GateId) -> bool {
        let GateTest::Metrics(expr) = &self.release.gate(gate).test else {
            return false;
        };
        let said = said(self.release, expr);
        !said.contains(&NoData::Fail) && said.contains(&NoData::Pause)
    }

    /// Answers a call.
    ///
    /// # Errors
    /// What is not understood.
    pub fn call(
        &mut self,
        scenario: &Scenario,
        (resource, state): (&str, &str),
        arguments: &Value,
        purposes: &[Purpose],
    ) -> Result<Done, String> {
        // Which of several parts that do the very same is meant changes nothing that is done; what people read tells them apart,
        // else it is what has been done least.
        let purpose = purposes
            .iter()
            .min_by_key(|p| (!self.named(p, state), self.begun.get(*p).copied().unwrap_or(0)))
            .cloned()
            .ok_or("it stands for nothing")?;
        if purpose.deed == Deed::Around {
            return self.around(scenario, resource, arguments);
        }
        let times = self.begun.entry(purpose.clone()).or_insert(0);
        *times += 1;
        let before = *times - 1;
        if resource.ends_with("ssm:startAutomationExecution") {
            let id = ["ask-", &self.asked.len().to_string()].concat();
            self.asked.push((purpose.clone(), before > 0));
            return Ok(Done {
                events: vec![What::Begin(purpose)],
                result: Some(Value::object([("AutomationExecutionId", Value::Text(id))])),
                works: false,
            });
        }
        if let Deed::Read(_) = purpose.deed {
            return Ok(Done::quiet(Value::Open));
        }
        if scenario.failing(&purpose, before) {
            return Ok(Done {
                events: vec![What::Begin(purpose.clone()), What::Failed(purpose)],
                result: None,
                works: true,
            });
        }
        Ok(Done {
            events: vec![What::Begin(purpose.clone()), What::Done(purpose)],
            result: Some(Value::Open),
            works: true,
        })
    }

    /// Whether a state is called after the place of a part.
    fn named(&self, purpose: &Purpose, state: &str) -> bool {
        let begins = |with: &str| {
            state
                .strip_prefix(with)
                .is_some_and(|rest| rest.starts_with(':') || rest.starts_with(' '))
        };
        match purpose.at {
            At::Stage(s) => begins(&self.release.stage(s).name),
            At::Undo(s) => begins(&["undo ", &self.release.stage(s).name].concat()),
            At::Enter(h) => begins(&[&self.release.hold(h).name, " enter"].concat()),
            At::Exit(h) => begins(&[&self.release.hold(h).name, " exit"].concat()),
            At::Finally => begins("finally"),
            At::Aside => state.contains(": on failure:") || state.contains(": back to "),
            At::Run => false,
        }
    }

    fn around(&mut self, scenario: &Scenario, resource: &str, arguments: &Value) -> Result<Done, String> {
        let name = match resource.rsplit_once("aws-sdk:") {
            Some((_, name)) => name,
            None => resource.trim_start_matches("arn:aws:states:::"),
        };
        let text = |key: &str| match field(arguments, key) {
            Some(Value::Text(t)) => Ok(t.clone()),
            _ => Err(["`", key, "` is not known"].concat()),
        };
        let answer = match name {
            "ssm:putParameter" => {
                let key = text("Name")?;
                if field(arguments, "Overwrite") == Some(&Value::Bool(false)) && self.store.contains_key(&key)
                {
                    return Ok(Done {
                        events: Vec::new(),
                        result: None,
                        works: false,
                    });
                }
                let value = field(arguments, "Value").cloned().unwrap_or(Value::Nothing);
                self.store.insert(key, value);
                Value::Open
            }
            "ssm:deleteParameter" => {
                self.store.remove(&text("Name")?);
                Value::Open
            }
            "ssm:deleteParameters" => {
                for key in self.names(arguments) {
                    self.store.remove(&key);
                }
                Value::Open
            }
            "ssm:getParameter" => {
                let key = text("Name")?;
                let value = match self.store.get(&key) {
                    Some(v) => v.clone(),
                    None if key == self.window => Value::text("open"),
                    None => Value::Open,
                };
                Value::object([("Parameter", Value::object([("Value", value)]))])
            }
            "ssm:getParameters" => {
                let list = self
                    .names(arguments)
                    .into_iter()
                    .filter_map(|n| {
                        let value = self.store.get(&n)?.clone();
                        Some(Value::object([("Name", Value::Text(n)), ("Value", value)]))
                    })
                    .collect();
                Value::object([("Parameters", Value::List(list))])
            }
            "ssm:getAutomationExecution" => return self.look(scenario, &text("AutomationExecutionId")?),
            "ssm:describeAutomationExecutions" => return Ok(self.look_at_all(scenario, arguments)),
            "ssm:stopAutomationExecution" => {
                let id = text("AutomationExecutionId")?;
                let (purpose, _) = self.question(&id)?;
                return Ok(Done {
                    events: vec![What::Withdrawn(purpose)],
                    result: Some(Value::Open),
                    works: false,
                });
            }
            "http:invoke"
            | "sns:publish"
            | "s3:putObject"
            | "eventbridge:describeConnection"
            | "sfn:describeExecution"
            | "codebuild:startBuild" => Value::Open,
            other => {
                // A message may go by any service of the channel's own.
                if other.contains("ssm:") {
                    return Err(["`", other, "` is not understood"].concat());
                }
                Value::Open
            }
        };
        Ok(Done::quiet(answer))
    }

    fn names(&self, arguments: &Value) -> Vec<String> {
        match field(arguments, "Names") {
            Some(Value::List(l)) => l
                .iter()
                .filter_map(|v| {
                    if let Value::Text(t) = v {
                        Some(t.clone())
                    } else {
                        None
                    }
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    fn question(&self, id: &str) -> Result<(Purpose, bool), String> {
        let number: usize = id
            .strip_prefix("ask-")
            .and_then(|n| n.parse().ok())
            .ok_or("a question is looked at that was not asked")?;
        self.asked
            .get(number)
            .cloned()
            .ok_or_else(|| "a question is looked at that was not asked".to_string())
    }

    fn look(&mut self, scenario: &Scenario, id: &str) -> Result<Done, String> {
        let (purpose, again) = self.question(id)?;
        let times = usize::from(again);
        let answer = scenario.answer(self.release, &purpose, times);
        let (status, event) = match answer {
            None => ("InProgress", None),
            Some(true) => ("Success", Some(What::Done(purpose.clone()))),
            Some(false) => ("Rejected", Some(What::Failed(purpose.clone()))),
        };
        let event = match (&event, purpose.deed) {
            (Some(What::Done(_)), Deed::Grant(a)) if !self.granted(scenario, a) => {
                Some(What::Failed(purpose.clone()))
            }
            (Some(What::Done(_)), Deed::Alarm(t)) => Some(What::Fired(t)),
            _ => event,
        };
        let outputs = Value::object([("said", Value::Text(self.people(scenario, &purpose)))]);
        let execution = Value::object([
            ("AutomationExecutionStatus", Value::text(status)),
            ("Outputs", outputs),
        ]);
        Ok(Done {
            events: event.into_iter().collect(),
            result: Some(Value::object([("AutomationExecution", execution)])),
            works: false,
        })
    }

    /// Whether an approval that was answered with yes is granted by people who may.
    fn granted(&self, scenario: &Scenario, approval: ApprovalId) -> bool {
        let second = |(a, b): (ApprovalId, ApprovalId)| {
            let asked = |x: ApprovalId| self.asked.iter().position(|(p, _)| p.deed == Deed::Grant(x));
            let last = if asked(a) > asked(b) { a } else { b };
            asked(a).is_some() && asked(b).is_some() && last == approval
        };
        scenario.few != Some(approval) && !scenario.same.is_some_and(second)
    }

    fn look_at_all(&mut self, scenario: &Scenario, arguments: &Value) -> Done {
        let mut ids = Vec::new();
        texts(arguments, &mut ids);
        let mut events = Vec::new();
        let mut list = Vec::new();
        for id in ids {
            let Ok((purpose, again)) = self.question(&id) else {
                continue;
            };
            let yes = scenario.answer(self.release, &purpose, usize::from(again)) == Some(true);
            let status = if yes { "Success" } else { "InProgress" };
            if yes {
                events.push(What::Done(purpose));
            }
            list.push(Value::object([
                ("AutomationExecutionId", Value::Text(id)),
                ("AutomationExecutionStatus", Value::text(status)),
            ]));
        }
        Done {
            events,
            result: Some(Value::object([(
                "AutomationExecutionMetadataList",
                Value::List(list),
            )])),
            works: false,
        }
    }

    /// Those who answered, as the service names them.
    fn people(&self, scenario: &Scenario, purpose: &Purpose) -> String {
        let (mut own, mut count) = (format!("{:?}-{}", purpose.at, purpose.step), 1);
        if let Deed::Grant(a) = purpose.deed {
            own = format!("approval-{}", a.0);
            count = match self.release.approval(a).quorum {
                Quorum::Count(n) => n,
                Quorum::All => 10,
            };
            if scenario.few == Some(a) {
                count -= 1;
            }
            if let Some((x, y)) = scenario.same
                && (a == x || a == y)
            {
                own = format!("approval-{}", x.0);
            }
        }
        let own: String = own.chars().filter(char::is_ascii_alphanumeric).collect();
        (0..count)
            .map(|i| format!("\"arn:aws:iam::1:user/{own}.{i}\" "))
            .collect()
    }
}

fn field<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Object(o) => o.get(key),
        _ => None,
    }
}

fn texts(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Text(t) => out.push(t.clone()),
        Value::List(l) => l.iter().for_each(|v| texts(v, out)),
        Value::Object(o) => o.values().for_each(|v| texts(v, out)),
        _ => {}
    }
}

/// What the metrics of a gate say should be done without data.
fn said(release: &Release, expr: &MetricExpr) -> Vec<NoData> {
    expr.metrics()
        .into_iter()
        .map(|m| release.metric(m).no_data.unwrap_or(NoData::Fail))
        .collect()
}
