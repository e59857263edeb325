//! Cases on the state machine: the world in which one happens, and what the trace of moto's interpreter shows.
//!
//! A state is tied to its part of the plan by the bytes of what it does, through the manifest; its name only says at which step of a
//! rollout it stands, where the same thing is done at several.

use std::collections::BTreeMap;

use releasec::emit::parts::{At, Deed, Purpose};
use releasec::emit::stepfunctions::{self, parts};
use releasec::model::{
    Comparison, GateId, GateTest, MetricExpr, Release, StageId, Step, StepKind, TriggerTest,
};
use releasec::plan::Plan;
use releasec::run::Verdict;
use serde_json::{Value, json};

use super::cases::{Case, failing};
use super::meant::{self, Seen};

/// A state machine, with what its states stand for.
pub struct Machine<'p> {
    plan: &'p Plan,
    states: BTreeMap<String, (Vec<Purpose>, Value)>,
}

/// Exactly these names, as a regular expression.
pub fn exactly(names: &[String]) -> String {
    let escaped: Vec<String> = names.iter().map(|n| escaped(n)).collect();
    format!("^({})$", escaped.join("|"))
}

/// A text, as a regular expression.
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() && c != '_' {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

impl<'p> Machine<'p> {
    /// Ties the states of a definition to the plan.
    pub fn new(plan: &'p Plan, definition: &Value) -> Machine<'p> {
        let manifest = stepfunctions::manifest(plan);
        let mut states = BTreeMap::new();
        collect(definition, &manifest, &mut states);
        Machine { plan, states }
    }

    fn release(&self) -> &'p Release {
        self.plan.release()
    }

    /// The states that do a part of the plan.
    pub fn doing(&self, is: impl Fn(&Purpose) -> bool) -> Vec<String> {
        let here = |name: &str, p: &Purpose| is(p) && self.stands(name, p);
        let found = self
            .states
            .iter()
            .filter(|(name, (list, _))| list.iter().any(|p| here(name, p)));
        found.map(|(name, _)| name.clone()).collect()
    }

    /// Whether a state is called after the place of a part: the same call may stand in several.
    fn stands(&self, state: &str, part: &Purpose) -> bool {
        let r = self.release();
        let after = |with: &str| {
            let rest = state.strip_prefix(with);
            rest.is_some_and(|rest| rest.starts_with(':') || rest.starts_with(' '))
        };
        match part.at {
            At::Stage(s) => after(&r.stage(s).name),
            At::Undo(s) => after(&format!("undo {}", r.stage(s).name)),
            At::Enter(h) => after(&format!("{} enter", r.hold(h).name)),
            At::Exit(h) => after(&format!("{} exit", r.hold(h).name)),
            At::Finally => after("finally"),
            At::Aside | At::Run => true,
        }
    }

    /// How often a state is tried until its failure counts.
    fn tries(&self, state: &str) -> usize {
        let rules = self.states[state].1["Retry"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let fits = |r: &&Value| {
            let names = r["ErrorEquals"].as_array().cloned().unwrap_or_default();
            names
                .iter()
                .any(|n| n == "States.ALL" || n == "States.TaskFailed")
        };
        let more = rules
            .iter()
            .find(fits)
            .map_or(0, |r| r["MaxAttempts"].as_u64().unwrap_or(3));
        usize::try_from(more).expect("a small number") + 1
    }

    /// The world in which a case happens.
    pub fn world(&self, case: &Case, base: &Value) -> Value {
        let mut world = base.clone();
        let o = &case.outcomes;
        if let Some((stage, slug, once)) = failing(case) {
            self.fail_step(&mut world, stage, slug, once);
        }
        for (gate, times) in &o.gates {
            self.fail_gate(&mut world, *gate, None, times.is_some());
        }
        for hold in o.enters.keys() {
            self.fail(
                &mut world,
                &self.doing(|p| p.at == At::Enter(*hold) && p.deed == Deed::Act),
                false,
            );
        }
        for hold in &o.exits {
            self.fail(
                &mut world,
                &self.doing(|p| p.at == At::Exit(*hold) && p.deed == Deed::Act),
                false,
            );
        }
        for (stage, slug) in &o.undos {
            let slug = slug.as_ref().expect("a case names the step of the undo");
            let at = At::Undo(*stage);
            self.fail(
                &mut world,
                &self.doing(|p| p.at == at && p.deed == Deed::Act && p.step == *slug),
                false,
            );
        }
        for (approval, verdict) in &o.approvals {
            let asked = self.doing(|p| p.at == At::Run && p.deed == Deed::Grant(*approval));
            let answer = match verdict {
                Verdict::Rejected => Some("Failed"),
                _ => None,
            };
            self.answer(&mut world, &asked, answer);
        }
        for (decision, option) in &o.decisions {
            for i in 0..self.release().decision(*decision).options.len() {
                let asked = self.doing(|p| p.deed == Deed::Decide(*decision, i));
                self.answer(&mut world, &asked, (*option == Some(i)).then_some("Success"));
            }
        }
        let answer = o.answers.first().copied().unwrap_or_default();
        let resumed = releasec::run::Answer::ALL.iter().position(|a| *a == answer);
        for i in 0..4 {
            let asked = self.doing(|p| p.deed == Deed::Resume(i));
            self.answer(&mut world, &asked, (resumed == Some(i)).then_some("Success"));
        }
        for (trigger, node) in &o.triggers {
            let trigger = &self.release().triggers[trigger.index()];
            let Some(releasec::plan::Node::Stage(stage)) = node else {
                panic!("a trigger of a case fires in a stage")
            };
            let state = format!(
                "^{}[ :].*trigger {}: measure",
                escaped(&self.release().stage(*stage).name),
                escaped(&trigger.name)
            );
            let TriggerTest::Metrics(expr) = &trigger.test else {
                panic!("a trigger of a case goes by metrics")
            };
            // The first look comes before the stage has begun anything; it acts at the one after that.
            let mut reply = readings(&state, "1000000000");
            let answers = reply["answers"].as_array_mut().expect("a list");
            expr.metrics()
                .iter()
                .for_each(|_| answers.insert(0, json!({ "pass": true })));
            first(&mut world, "usual", reply);
        }
        world
    }

    fn fail_step(&self, world: &mut Value, stage: StageId, slug: &str, once: bool) {
        let own = self.release().stage(stage);
        let rung = own.rollout.iter().flat_map(|r| &r.steps).find(|s| {
            let mut all = s.work.iter().chain(&s.checks);
            all.any(|s| s.slug == slug)
        });
        let place = match rung {
            Some(rung) => format!("{} {}", own.name, rung.name),
            None => own.name.to_string(),
        };
        let step = own.forward_steps().into_iter().find(|s| s.slug == slug);
        match &step.expect("the step of a case is there").kind {
            StepKind::VerifyGate(gate) => {
                let name = |g: GateId| &self.release().gate(g).name;
                let beside: Vec<&Step> = match rung {
                    Some(rung) => rung.work.iter().chain(&rung.checks).collect(),
                    None => own.steps.iter().collect(),
                };
                let same = |s: &&&Step| matches!(s.kind, StepKind::VerifyGate(g) if name(g) == name(*gate));
                let entry = own
                    .require
                    .iter()
                    .filter(|(g, _)| rung.is_none() && name(*g) == name(*gate))
                    .count();
                let before = beside.iter().take_while(|s| s.slug != slug).filter(same).count();
                let which = (entry + before, entry + beside.iter().filter(same).count());
                self.fail_gate(world, *gate, Some((&place, which)), once);
            }
            StepKind::VerifyArtifact(artifact) => {
                world["input"][super::cases::digest(self.release(), *artifact)] = json!("");
            }
            _ => {
                let part = |p: &Purpose| {
                    p.at == At::Stage(stage) && p.step == slug && matches!(p.deed, Deed::Act | Deed::Await)
                };
                self.fail(world, &self.doing(part), once);
            }
        }
    }

    /// A gate does not pass, at a place or wherever it is judged. Several gates of a name may be judged at one place: which, and of how many.
    fn fail_gate(&self, world: &mut Value, gate: GateId, place: Option<(&str, (usize, usize))>, once: bool) {
        let known = self.release().gate(gate);
        match &known.test {
            GateTest::Metrics(expr) => {
                let state = match place {
                    Some((place, which)) => {
                        exactly(&self.measuring(&format!("{place}: {}: measure ", known.name), which))
                    }
                    None => format!(": {}: measure ", escaped(&known.name)),
                };
                let mut reply = readings(&state, bad(expr));
                if once {
                    let answers = reply["answers"].as_array_mut().expect("a list");
                    answers.extend(std::iter::repeat_n(answers[0].clone(), expr.metrics().len() - 1));
                    answers.push(json!({ "pass": true }));
                }
                first(world, "usual", reply);
            }
            _ => {
                let mut states = self.doing(|p| p.deed == Deed::Judge(gate));
                states.retain(|s| place.is_none_or(|(place, _)| s.starts_with(place)));
                self.fail(world, &states, once);
            }
        }
    }

    /// The states that read the metrics of one of several gates that are called the same.
    fn measuring(&self, head: &str, (which, of): (usize, usize)) -> Vec<String> {
        let mut by_metric: BTreeMap<&str, Vec<(u32, &String)>> = BTreeMap::new();
        for name in self.states.keys().filter(|n| n.starts_with(head)) {
            let numbered = name.strip_suffix(')').and_then(|n| n.rsplit_once(" ("));
            let (metric, number) = match numbered.and_then(|(m, n)| Some((m, n.parse().ok()?))) {
                Some(found) => found,
                None => (name.as_str(), 1),
            };
            by_metric.entry(metric).or_default().push((number, name));
        }
        let mut found = Vec::new();
        for mut names in by_metric.into_values() {
            names.sort_unstable();
            assert_eq!(
                names.len() % of,
                0,
                "`{head}` reads its metrics {} times for {of} gates",
                names.len()
            );
            let each = names.len() / of;
            found.extend(
                names[which * each..(which + 1) * each]
                    .iter()
                    .map(|(_, n)| (*n).clone()),
            );
        }
        assert!(!found.is_empty(), "no state begins with `{head}`");
        found
    }

    /// These states fail, or whoever they ask says no.
    fn fail(&self, world: &mut Value, states: &[String], once: bool) {
        assert!(
            !states.is_empty(),
            "the part of a case that fails is done by a state"
        );
        for state in states {
            let asks = self.states[state].1["Resource"]
                .as_str()
                .is_some_and(|r| r.ends_with("startAutomationExecution"));
            if asks {
                self.answer(world, std::slice::from_ref(state), Some("Failed"));
                continue;
            }
            let error = json!({ "error": "States.TaskFailed", "cause": "it does not work" });
            let mut answers = vec![error; if once { self.tries(state) } else { 1 }];
            if once {
                answers.push(json!({ "pass": true }));
            }
            first(
                world,
                "usual",
                json!({ "state": exactly(std::slice::from_ref(state)), "answers": answers }),
            );
        }
    }

    /// What comes of a question, instead of what the world says; nobody answers when nothing is given.
    fn answer(&self, world: &mut Value, states: &[String], status: Option<&str>) {
        for state in states {
            let fits = |p: &Value| {
                let pattern = p["asked"].as_str().unwrap_or_default();
                regex_lite::Regex::new(pattern).is_ok_and(|r| r.is_match(state))
            };
            let usual = world["people"]
                .as_array()
                .and_then(|l| l.iter().find(|p| fits(p)).cloned());
            let mut entry = json!({ "asked": exactly(std::slice::from_ref(state)) });
            match status {
                Some(status) => {
                    entry["status"] = json!(status);
                    // Who says no does so before anybody who is asked beside them says yes.
                    if status == "Failed" {
                        entry["after"] = json!(1);
                    }
                    if let Some(by) = usual.and_then(|u| u.get("by").cloned()) {
                        entry["by"] = by;
                    }
                }
                // Longer than any run lasts.
                None => entry["after"] = json!(1_000_000_000_000_u64),
            }
            first(world, "people", entry);
        }
    }

    /// What a trace shows.
    pub fn seen(&self, trace: &Value) -> Seen {
        let r = self.release();
        let mut labels = Vec::new();
        let mut begun: BTreeMap<Purpose, usize> = BTreeMap::new();
        for call in trace["events"].as_array().into_iter().flatten() {
            let state = call["state"].as_str().unwrap_or_default();
            for seen in call["people"].as_array().into_iter().flatten() {
                let asked = seen["asked"].as_str().unwrap_or_default();
                let status = seen["status"].as_str().unwrap_or_default();
                for part in self.parts(asked) {
                    labels.extend(question(r, part, status));
                }
            }
            if let Some(gate) = r
                .gates
                .iter()
                .find(|g| state.contains(&format!(": {}: measure", g.name)))
            {
                labels.push(format!("gate {}", gate.name));
                continue;
            }
            // Of several parts that do the very same here, it is the one that was done least.
            let parts = self.parts(state);
            let Some(part) = parts
                .into_iter()
                .min_by_key(|p| begun.get(*p).copied().unwrap_or(0))
            else {
                continue;
            };
            *begun.entry(part.clone()).or_default() += 1;
            labels.extend(label(r, part));
        }
        let end = match trace["result"].as_str().unwrap_or_default() {
            "SUCCEEDED" => "succeeded",
            "FAILED RolledBack" => "rolled_back",
            "FAILED Stopped" => "stopped",
            "FAILED NeedsHelp" => "needs_help",
            other => other,
        };
        Seen {
            labels,
            end: end.to_string(),
        }
    }

    fn parts(&self, state: &str) -> Vec<&Purpose> {
        let found = self.states.get(state).map(|(parts, _)| parts);
        found
            .into_iter()
            .flatten()
            .filter(|p| self.stands(state, p))
            .collect()
    }
}

/// The label of a part that is done.
pub fn label(r: &Release, part: &Purpose) -> Option<String> {
    match (part.at, part.deed) {
        (At::Stage(s), Deed::Act | Deed::Await) => meant::step(r, s, &part.step),
        (At::Undo(s), Deed::Act | Deed::Await) => Some(format!("undo {}: {}", r.stage(s).name, part.step)),
        (At::Enter(h), Deed::Act | Deed::Await) => Some(format!("enter {}", r.hold(h).name)),
        (At::Exit(h), Deed::Act | Deed::Await) => Some(format!("exit {}", r.hold(h).name)),
        (At::Finally | At::Aside, Deed::Act | Deed::Await) => Some(format!("aside: {}", part.step)),
        (_, Deed::Judge(g)) => Some(format!("gate {}", r.gate(g).name)),
        _ => None,
    }
}

/// The label of how a question stands.
fn question(r: &Release, part: &Purpose, status: &str) -> Option<String> {
    match (part.deed, status) {
        (Deed::Grant(a), "Asked") => Some(format!("ask {}", r.approval(a).name)),
        (Deed::Grant(a), "Success") => Some(format!("grant {}", r.approval(a).name)),
        (Deed::Grant(a), "Failed") => Some(format!("reject {}", r.approval(a).name)),
        (Deed::Decide(d, _), "Asked") => Some(format!("ask {}", r.decision(d).name)),
        (Deed::Resume(i), "Success") => Some(format!("answer {}", releasec::run::Answer::ALL[i].word())),
        _ => None,
    }
}

/// A number with which an expression does not hold.
fn bad(expr: &MetricExpr) -> &'static str {
    fn low(expr: &MetricExpr) -> Option<bool> {
        match expr {
            MetricExpr::Const(_) => None,
            MetricExpr::And(l) | MetricExpr::Or(l) => l.iter().find_map(low),
            MetricExpr::Not(e) => low(e).map(|l| !l),
            MetricExpr::Compare { op, .. } => Some(matches!(op, Comparison::Gt | Comparison::Ge)),
        }
    }
    if low(expr) == Some(true) {
        "-1000000000"
    } else {
        "1000000000"
    }
}

/// An answer to whatever reads a metric in these states.
fn readings(state: &str, value: &str) -> Value {
    let number: f64 = value.parse().expect("a number");
    json!({ "state": state, "answers": [{ "output": {
        "Build": { "Id": "build:1", "BuildStatus": "SUCCEEDED", "ExportedEnvironmentVariables": [{ "Name": "RELEASEC_VALUE", "Value": value }] },
        "MetricDataResults": [{ "Id": "value", "Label": "value", "Timestamps": [], "Values": [number], "StatusCode": "Complete" }],
    } }] })
}

/// Puts an entry at the head of a list of a world.
pub fn first(world: &mut Value, list: &str, entry: Value) {
    if !world[list].is_array() {
        world[list] = json!([]);
    }
    world[list].as_array_mut().expect("a list").insert(0, entry);
}

/// Every task of a definition, however deep, with what it stands for.
fn collect(value: &Value, manifest: &parts::Manifest, out: &mut BTreeMap<String, (Vec<Purpose>, Value)>) {
    match value {
        Value::Object(map) => {
            for (name, state) in map.get("States").and_then(Value::as_object).into_iter().flatten() {
                if state["Type"] == "Task" {
                    let essence = parts::essence(state);
                    let own = manifest.calls.iter().filter(|(_, call)| *call == essence);
                    let mut list: Vec<Purpose> = own.map(|(p, _)| p.clone()).collect();
                    list.dedup();
                    out.insert(name.clone(), (list, state.clone()));
                }
            }
            map.values().for_each(|v| collect(v, manifest, out));
        }
        Value::Array(list) => list.iter().for_each(|v| collect(v, manifest, out)),
        _ => {}
    }
}
