//! What answers the calls of a state machine: people, services and the parameter store, as a scenario says.
//!
//! Must not know states. Used by the run.

mod locks;

use super::meant::Meant;
use super::run::CALL;
use super::value::Value;
use crate::emit::parts::{Deed, Purpose};
use crate::emit::stepfunctions::naming;
use crate::model::{ApprovalId, Dur, GateId, GateTest, MetricExpr, MetricId, NoData, Quorum, Release};
use crate::proof::event::What;
use crate::proof::scenario::{Broken, Scenario};
use locks::Locks;
use std::collections::{BTreeMap, BTreeSet};

/// The world.
pub struct World<'a> {
    release: &'a Release,
    /// The parameter that says whether the window is open.
    window: String,
    /// The parameter that says who is who.
    roster: String,
    store: BTreeMap<String, Value>,
    asked: Vec<(Purpose, usize)>,
    meant: Meant,
    /// Questions that have no answer yet, nor are taken back.
    open: BTreeSet<String>,
    /// Questions that were seen to be answered.
    answered: BTreeSet<String>,
    /// The locks that the run must hold while it works.
    locks: Locks,
    /// From when on what keeps the window says that it is shut.
    shut: Option<f64>,
    /// How often the standing question of the trigger that fires was looked at.
    looks: usize,
    /// Whether what the trigger that fires waits for is done.
    pub ripe: bool,
    /// How often each gate was judged, wherever.
    judged: BTreeMap<GateId, usize>,
    /// When each metric was read last, and how far back.
    reads: BTreeMap<(MetricId, String), f64>,
    /// When the call is made, in milliseconds.
    pub now: f64,
}

/// What came of a call.
pub struct Done {
    /// What it shows; the first when it starts, the others when it ends.
    pub events: Vec<What>,
    /// The answer; nothing when it failed.
    pub result: Option<Value>,
    /// Whether it takes its time.
    pub works: bool,
    /// How much longer it takes, in milliseconds.
    pub drags: f64,
}

impl Done {
    fn quiet(result: Value) -> Done {
        Done {
            events: Vec::new(),
            result: Some(result),
            works: false,
            drags: 0.0,
        }
    }

    fn failed(events: Vec<What>) -> Done {
        Done {
            events,
            result: None,
            works: false,
            drags: 0.0,
        }
    }
}

impl<'a> World<'a> {
    /// A world in which nothing has happened.
    pub fn new(release: &'a Release, scenario: &Scenario) -> World<'a> {
        let locks: Vec<String> = naming::locks(release).into_iter().map(|(n, _)| n).collect();
        World {
            release,
            window: naming::window_parameter(release),
            roster: naming::principals_parameter(release),
            store: BTreeMap::new(),
            asked: Vec::new(),
            meant: Meant::default(),
            open: BTreeSet::new(),
            answered: BTreeSet::new(),
            locks: Locks::new(locks, scenario),
            shut: (scenario.shut && scenario.drags.is_none()).then_some(f64::NEG_INFINITY),
            looks: 0,
            ripe: scenario.fires_after.is_none(),
            reads: BTreeMap::new(),
            judged: BTreeMap::new(),
            now: 0.0,
        }
    }

    /// The release.
    pub fn release(&self) -> &'a Release {
        self.release
    }

    /// Whether every metric of a condition that the machine reads was read just now, as far back as it is judged.
    pub fn read_now(&self, expr: &MetricExpr, over: Dur, now: f64, known: &[Vec<Purpose>]) -> bool {
        let over = over.as_seconds().to_string();
        expr.metrics().into_iter().all(|m| {
            let measured = known
                .iter()
                .flatten()
                .any(|p| p.deed == Deed::Read(m) && p.step == over.as_str());
            // Nothing is known to the microsecond: a pause of the clock is none.
            let at = self.reads.get(&(m, over.clone()));
            !measured || at.is_some_and(|at| now - at < 1.0)
        })
    }

    /// What a run leaves behind.
    pub fn left(&self) -> Vec<String> {
        let questions = self.open.iter().filter_map(|id| {
            let (purpose, _) = self.question(id).ok()?;
            let alarm = matches!(purpose.deed, Deed::Alarm(_));
            let words = crate::proof::scenario::words(self.release, &purpose);
            (!alarm).then(|| ["the question of ", &words, " stays open"].concat())
        });
        self.locks.left().chain(questions).collect()
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
        let purpose = self.meant.which(self.release, purposes, state)?;
        if purpose.deed.speaks() {
            let said = Some(Value::Open).filter(|_| scenario.broken != Some(Broken::Messages));
            return Ok(Done {
                result: said,
                ..Done::failed(vec![What::Told(purposes.to_vec())])
            });
        }
        if purpose.deed == Deed::Around {
            return self.around(scenario, resource, arguments);
        }
        let mut before = self.meant.begins(&purpose);
        if let Deed::Judge(g) = purpose.deed {
            let judged = self.judged.entry(g).or_insert(0);
            before = *judged;
            *judged += 1;
        }
        let work = matches!(
            purpose.deed,
            Deed::Act | Deed::Await | Deed::Judge(_) | Deed::Record(_)
        );
        if work && !self.locks.all_held() {
            return Err("it works without the lock".into());
        }
        if resource.ends_with("ssm:startAutomationExecution") {
            if scenario.unasked.as_ref() == Some(&purpose) && before >= scenario.from {
                let events = match purpose.deed {
                    Deed::Alarm(_) => Vec::new(),
                    _ => vec![What::Begin(purpose.clone()), What::Failed(purpose)],
                };
                return Ok(Done::failed(events));
            }
            let approvers = field(arguments, "Parameters").and_then(|p| field(p, "Approvers"));
            let nobody = match approvers {
                None | Some(Value::Nothing) => true,
                Some(Value::List(l)) => l.is_empty(),
                _ => false,
            };
            if nobody {
                return Err("nobody is asked".into());
            }
            let id = ["ask-", &self.asked.len().to_string()].concat();
            self.asked.push((purpose.clone(), before));
            self.open.insert(id.clone());
            return Ok(Done {
                events: vec![What::Begin(purpose)],
                result: Some(Value::object([("AutomationExecutionId", Value::text(id))])),
                works: false,
                drags: 0.0,
            });
        }
        if let Deed::Read(metric) = purpose.deed {
            self.reads.insert((metric, purpose.step.to_string()), self.now);
            let blank = |g: &GateId| matches!(&self.release.gate(*g).test, GateTest::Metrics(e) if e.metrics().contains(&metric));
            if scenario.blank.iter().any(blank) {
                return Ok(Done::failed(Vec::new()));
            }
            return Ok(Done::quiet(Value::Open));
        }
        if scenario.failing(&purpose, before) {
            return Ok(Done {
                events: vec![What::Begin(purpose.clone()), What::Failed(purpose)],
                result: None,
                works: true,
                drags: 0.0,
            });
        }
        self.ripe |= scenario.fires_after.as_ref() == Some(&purpose);
        let mut drags = 0.0;
        if let Some((p, ms)) = &scenario.drags
            && *p == purpose
        {
            drags = *ms;
            self.shuts(scenario, self.now + CALL + drags);
        }
        Ok(Done {
            events: vec![What::Begin(purpose.clone()), What::Done(purpose)],
            result: Some(Value::Open),
            works: true,
            drags,
        })
    }

    /// What keeps the window says from now on that it is shut, where it is to.
    fn shuts(&mut self, scenario: &Scenario, from: f64) {
        if scenario.shut && self.shut.is_none() {
            self.shut = Some(from);
        }
    }

    fn around(&mut self, scenario: &Scenario, resource: &str, arguments: &Value) -> Result<Done, String> {
        let name = match resource.rsplit_once("aws-sdk:") {
            Some((_, name)) => name,
            None => resource.trim_start_matches("arn:aws:states:::"),
        };
        let text = |key: &str| match field(arguments, key) {
            Some(Value::Text(t)) => Ok(t.to_string()),
            _ => Err(["`", key, "` is not known"].concat()),
        };
        let broken = |b: Broken| scenario.broken == Some(b);
        let nothing = || Ok(Done::failed(Vec::new()));
        let answer = match name {
            "ssm:putParameter" => {
                let key = text("Name")?;
                let value = field(arguments, "Value");
                let again = field(arguments, "Overwrite") == Some(&Value::Bool(true));
                if self.locks.knows(&key) {
                    if !self.locks.put(scenario, self.now, (&key, value, again))? {
                        return nothing();
                    }
                    return Ok(Done::quiet(Value::Open));
                }
                let raised = value == Some(&Value::text("yes"));
                if again && !raised && broken(Broken::Setting) {
                    return Ok(Done::failed(vec![What::Refused]));
                }
                if again && raised && broken(Broken::Raising) {
                    return nothing();
                }
                if !again && self.store.contains_key(&key) {
                    return nothing();
                }
                self.store.insert(key, value.cloned().unwrap_or(Value::Nothing));
                Value::Open
            }
            "ssm:deleteParameter" => {
                let key = text("Name")?;
                if self.locks.knows(&key) && !self.locks.delete(scenario, &key, broken(Broken::Releasing))? {
                    return nothing();
                }
                Value::Open
            }
            "ssm:deleteParameters" => {
                if broken(Broken::Releasing) {
                    return nothing();
                }
                for key in self.names(arguments) {
                    self.store.remove(&key);
                }
                Value::Open
            }
            "ssm:getParameter" => {
                let key = text("Name")?;
                if key == self.roster && broken(Broken::Roster) {
                    return Ok(Done::failed(vec![What::Refused]));
                }
                if key == self.window && broken(Broken::Window) {
                    return nothing();
                }
                if self.locks.knows(&key) {
                    let Some(holder) = self.locks.get(scenario, self.now, &key) else {
                        return nothing();
                    };
                    let parameter = Value::object([("Value", holder)]);
                    return Ok(Done::quiet(Value::object([("Parameter", parameter)])));
                }
                let value = match self.store.get(&key) {
                    Some(v) => v.clone(),
                    None if key == self.window => {
                        let shut = self.shut.is_some_and(|from| self.now >= from);
                        Value::text(if shut { "closed" } else { "open" })
                    }
                    None => Value::Open,
                };
                Value::object([("Parameter", Value::object([("Value", value)]))])
            }
            "ssm:getParameters" => {
                if broken(Broken::Flags) {
                    return Ok(Done::failed(vec![What::Blind]));
                }
                let list = self
                    .names(arguments)
                    .into_iter()
                    .filter_map(|n| {
                        let value = self.store.get(&n)?.clone();
                        Some(Value::object([("Name", Value::text(n)), ("Value", value)]))
                    })
                    .collect();
                Value::object([("Parameters", Value::list(list))])
            }
            "ssm:getAutomationExecution" => return self.look(scenario, &text("AutomationExecutionId")?),
            "ssm:describeAutomationExecutions" => return self.look_at_all(scenario, arguments),
            "ssm:stopAutomationExecution" => {
                let id = text("AutomationExecutionId")?;
                let (purpose, _) = self.question(&id)?;
                self.open.remove(&id);
                let works = !broken(Broken::Withdrawing);
                return Ok(Done {
                    events: vec![What::Withdrawn(purpose)],
                    result: works.then_some(Value::Open),
                    works: false,
                    drags: 0.0,
                });
            }
            "sfn:describeExecution" => {
                let Some(status) = self.locks.status(scenario, &text("ExecutionArn")?) else {
                    return nothing();
                };
                Value::object([("Status", Value::text(status))])
            }
            "eventbridge:describeConnection" if broken(Broken::Connections) => return nothing(),
            "eventbridge:describeConnection" => Value::Open,
            _ if broken(Broken::Messages) => return nothing(),
            "http:invoke" | "sns:publish" | "s3:putObject" | "codebuild:startBuild" => Value::Open,
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
                        Some(t.to_string())
                    } else {
                        None
                    }
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    fn question(&self, id: &str) -> Result<(Purpose, usize), String> {
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
        let (purpose, times) = self.question(id)?;
        if self.answered.contains(id) {
            return Err("it looks again at a question that is answered".into());
        }
        if scenario.unseen && scenario.nobody(&purpose) {
            return Ok(Done::failed(Vec::new()));
        }
        let mut answer = scenario.answer(self.release, &purpose, times);
        if let (Deed::Alarm(_), Some(true)) = (purpose.deed, answer) {
            self.looks += usize::from(self.ripe);
            if !self.ripe || self.looks <= scenario.quiet {
                answer = None;
            }
        }
        if answer.is_some() {
            self.open.remove(id);
            // Who has raised an alarm is heard at each look.
            if !matches!(purpose.deed, Deed::Alarm(_)) {
                self.answered.insert(id.to_string());
            }
        }
        let (status, event) = match answer {
            None => match purpose.deed {
                Deed::Alarm(t) => ("InProgress", Some(What::Looked(t))),
                _ => ("InProgress", None),
            },
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
        // What a person does is done when they say so.
        if matches!(&event, Some(What::Done(p)) if scenario.drags.as_ref().is_some_and(|(d, _)| d == p)) {
            self.shuts(scenario, self.now);
        }
        let outputs = Value::object([("said", Value::text(self.people(scenario, &purpose)))]);
        let execution = Value::object([
            ("AutomationExecutionStatus", Value::text(status)),
            ("Outputs", outputs),
        ]);
        Ok(Done {
            events: event.into_iter().collect(),
            result: Some(Value::object([("AutomationExecution", execution)])),
            works: false,
            drags: 0.0,
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

    fn look_at_all(&mut self, scenario: &Scenario, arguments: &Value) -> Result<Done, String> {
        let mut ids = Vec::new();
        texts(arguments, &mut ids);
        let mut events = Vec::new();
        let mut list = Vec::new();
        for id in ids {
            let Ok((purpose, times)) = self.question(&id) else {
                continue;
            };
            if scenario.unseen && scenario.nobody(&purpose) {
                return Ok(Done::failed(Vec::new()));
            }
            let yes = scenario.answer(self.release, &purpose, times) == Some(true);
            let status = if yes { "Success" } else { "InProgress" };
            if yes {
                if !self.answered.insert(id.clone()) {
                    return Err("it looks again at a question that is answered".into());
                }
                self.open.remove(&id);
                events.push(What::Done(purpose));
            }
            list.push(Value::object([
                ("AutomationExecutionId", Value::text(id)),
                ("AutomationExecutionStatus", Value::text(status)),
            ]));
        }
        Ok(Done {
            events,
            result: Some(Value::object([(
                "AutomationExecutionMetadataList",
                Value::list(list),
            )])),
            works: false,
            drags: 0.0,
        })
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
                // All who are asked are too few only without each of them.
                count = match self.release.approval(a).quorum {
                    Quorum::Count(n) => n - 1,
                    Quorum::All => 0,
                };
            }
            if let Some((x, y)) = scenario.same
                && (a == x || a == y)
            {
                own = format!("approval-{}", x.0);
            }
        }
        if let Deed::Override(i) = purpose.deed {
            count = self.release.overrides[i].quorum.max(1);
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
        Value::Text(t) => out.push(t.to_string()),
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
