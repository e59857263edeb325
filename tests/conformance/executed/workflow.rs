//! Cases on the workflows: the world in which one happens, and what the trace of the executor shows.
//!
//! A step is tied to its part of the plan by its place in its job, through the manifest of what was printed there.

use std::collections::BTreeMap;

use releasec::emit::environments::{Purpose as Place, environments};
use releasec::emit::github::parts::{Does, Entry, Flow, Manifest};
use releasec::emit::parts::{At, Deed, Purpose};
use releasec::model::{ApprovalId, GateId, GateTest, Release, StageId, StepKind, TriggerTest};
use releasec::plan::{Node, Plan};
use releasec::run::Verdict;
use serde_json::{Value, json};

use super::cases::{Case, failing};
use super::machine::{escaped, first, label};
use super::meant::Seen;

/// Seconds that something takes during which the run is broken off.
const LONG: u64 = 600;
/// Commands that a step fails by; a look at whether something else has failed goes well.
const WORK: &str = "^(?!gh api --paginate )";

/// The two workflows, with what their steps stand for.
pub struct Workflows<'p> {
    plan: &'p Plan,
    flows: [Flow; 2],
    places: BTreeMap<String, Place>,
}

/// A step: its file, its job and its number.
struct Spot<'f> {
    file: &'f str,
    number: usize,
    entry: &'f Entry,
}

impl<'p> Workflows<'p> {
    pub fn new(plan: &'p Plan, manifest: Manifest) -> Workflows<'p> {
        let places = environments(plan)
            .into_iter()
            .map(|e| (e.name, e.purpose))
            .collect();
        Workflows {
            plan,
            flows: manifest.flows,
            places,
        }
    }

    fn release(&self) -> &'p Release {
        self.plan.release()
    }

    /// Every step of both, in order.
    fn spots(&self) -> Vec<Spot<'_>> {
        let mut list = Vec::new();
        for flow in &self.flows {
            let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
            for entry in &flow.entries {
                let number = numbers.entry(&entry.job).or_default();
                *number += 1;
                list.push(Spot {
                    file: &flow.file,
                    number: *number,
                    entry,
                });
            }
        }
        list
    }

    /// The steps of the jobs of a stage.
    fn of_stage(&self, stage: StageId) -> Vec<Spot<'_>> {
        let job = format!("stage-{}", self.release().stage(stage).slug);
        let own = |name: &str| {
            let rest = name.strip_prefix(&job);
            rest.is_some_and(|r| {
                r.is_empty() || r.strip_prefix('-').is_some_and(|n| n.parse::<u32>().is_ok())
            })
        };
        let mut list = self.spots();
        list.retain(|s| own(&s.entry.job));
        list
    }

    /// The world in which a case happens.
    pub fn world(&self, case: &Case, base: &Value) -> Value {
        let mut world = base.clone();
        let r = self.release();
        let o = &case.outcomes;
        if let Some((stage, slug, once)) = failing(case) {
            self.fail_step(&mut world, stage, slug, once);
        }
        for (gate, times) in &o.gates {
            let spots = self.spots();
            let judging: Vec<&Spot<'_>> = spots.iter().filter(|s| judges(s.entry, *gate)).collect();
            assert!(!judging.is_empty(), "the gate of a case is judged by a step");
            for spot in judging {
                self.fail_gate(&mut world, spot, *gate, times.is_some());
            }
        }
        for hold in o.enters.keys() {
            self.fail(
                &mut world,
                &|p| p.at == At::Enter(*hold) && p.deed == Deed::Act,
                false,
            );
        }
        for hold in &o.exits {
            self.fail(
                &mut world,
                &|p| p.at == At::Exit(*hold) && p.deed == Deed::Act,
                false,
            );
        }
        for (stage, slug) in &o.undos {
            let slug = slug.as_ref().expect("a case names the step of the undo");
            let asked = self
                .places
                .iter()
                .find(|(_, p)| matches!(p, Place::Step(s, step) if s == stage && step == slug));
            match asked {
                Some((place, _)) => answers(&mut world, place, |mut usual| {
                    usual["state"] = json!("rejected");
                    vec![usual]
                }),
                None => self.fail(
                    &mut world,
                    &|p| p.at == At::Undo(*stage) && p.deed == Deed::Act && p.step == *slug,
                    false,
                ),
            }
        }
        for (approval, verdict) in &o.approvals {
            let place = self.place(&Place::Approve(*approval));
            answers(&mut world, &place, |mut usual| match verdict {
                Verdict::Rejected => {
                    usual["state"] = json!("rejected");
                    // Before anybody who is asked beside them says yes.
                    usual["after"] = json!(60);
                    vec![usual]
                }
                _ => Vec::new(),
            });
        }
        for (decision, option) in &o.decisions {
            let place = self.place(&Place::Decide(*decision));
            answers(&mut world, &place, |mut usual| match option {
                Some(i) => {
                    usual["comment"] = json!(r.decision(*decision).options[*i].name.as_str());
                    vec![usual]
                }
                // Nobody at all would be asked for thirty days; who answers too late has not answered in time either.
                None => {
                    let within = r.decision(*decision).question.within;
                    let within = within.map_or(0, |d| d.as_seconds());
                    usual["after"] = json!(within + 3600);
                    vec![usual]
                }
            });
        }
        let answer = o.answers.first().copied().unwrap_or_default();
        for (name, place) in &self.places {
            if matches!(place, Place::Pause(_) | Place::PauseRun) {
                answers(&mut world, name, |mut usual| {
                    usual["comment"] = json!(answer.word());
                    vec![usual]
                });
            }
        }
        for (trigger, node) in &o.triggers {
            let Some(Node::Stage(stage)) = node else {
                panic!("a trigger of a case fires in a stage")
            };
            let spots = self.spots();
            let watching = spots
                .iter()
                .find(|s| matches!(s.entry.does, Does::Watch { trigger: t, .. } if t == *trigger));
            let spot = watching.expect("a trigger of a case is watched by a step");
            let own = self.of_stage(*stage);
            let job = &own.first().expect("a stage has a job").entry.job;
            let TriggerTest::Metrics(expr) = &r.triggers[trigger.index()].test else {
                panic!("a trigger of a case goes by metrics")
            };
            for metric in expr.metrics() {
                let mut reply = self.reading(&world, metric, spot);
                reply["during"] = json!(job);
                first(&mut world, "usual", reply);
            }
        }
        match o.cancel {
            None => {}
            Some(Node::Stage(stage)) => {
                let own = self.of_stage(stage);
                let works = |s: &&Spot<'_>| {
                    s.entry
                        .parts
                        .iter()
                        .any(|p| p.at == At::Stage(stage) && p.deed == Deed::Act)
                        || matches!(s.entry.does, Does::Gate { .. })
                        || s.entry.parts.iter().any(|p| matches!(p.deed, Deed::Judge(_)))
                };
                let spot = own.iter().find(works).expect("a stage does something");
                first(
                    &mut world,
                    "usual",
                    reply(spot, WORK, json!([{ "cancels": true, "takes": LONG }])),
                );
            }
            Some(Node::Approval(a)) => cancelled_at(&mut world, &self.place(&Place::Approve(a))),
            Some(Node::Decision(d)) => cancelled_at(&mut world, &self.place(&Place::Decide(d))),
        }
        world
    }

    fn place(&self, purpose: &Place) -> String {
        let found = self.places.iter().find(|(_, p)| *p == purpose);
        found.expect("who is asked is asked at an environment").0.clone()
    }

    fn fail_step(&self, world: &mut Value, stage: StageId, slug: &str, once: bool) {
        let own = self.release().stage(stage);
        let steps = own.forward_steps();
        let at = steps
            .iter()
            .position(|s| s.slug == slug)
            .expect("the step of a case is there");
        match &steps[at].kind {
            StepKind::VerifyGate(gate) => {
                let before = steps[..at]
                    .iter()
                    .filter(|s| s.kind == StepKind::VerifyGate(*gate))
                    .count();
                let spots = self.of_stage(stage);
                // One that is judged before the stage starts comes first.
                let entry = usize::from(own.require.iter().any(|(g, _)| g == gate));
                let judging: Vec<&Spot<'_>> = spots.iter().filter(|s| judges(s.entry, *gate)).collect();
                let spot = judging
                    .get(before + entry)
                    .expect("each gate of a stage is judged by a step");
                self.fail_gate(world, spot, *gate, once);
            }
            StepKind::VerifyArtifact(artifact) => {
                world["inputs"][super::cases::digest(self.release(), *artifact)] = json!("latest");
            }
            _ => self.fail(
                world,
                &|p| p.at == At::Stage(stage) && p.step == slug && matches!(p.deed, Deed::Act | Deed::Await),
                once,
            ),
        }
    }

    fn fail_gate(&self, world: &mut Value, spot: &Spot<'_>, gate: GateId, once: bool) {
        let GateTest::Metrics(expr) = &self.release().gate(gate).test else {
            return first(world, "usual", failure(spot, once));
        };
        for metric in expr.metrics() {
            let mut reply = self.reading(world, metric, spot);
            if once {
                reply["run"] = json!(1);
            }
            first(world, "usual", reply);
        }
    }

    /// How a metric that is not as it should be is read at a step; the world of the example knows what that looks like.
    fn reading(&self, world: &Value, metric: releasec::model::MetricId, spot: &Spot<'_>) -> Value {
        let metric = self.release().metric(metric);
        let names = [metric.bound.as_ref(), Some(&metric.name)];
        let known = names
            .into_iter()
            .flatten()
            .find_map(|n| world["readings"].get(n.as_str()));
        let known = known.unwrap_or_else(|| panic!("the world does not say how `{}` is read", metric.name));
        let command = known["command"].as_str().expect("a regular expression");
        reply(spot, command, json!([{ "stdout": known["bad"] }]))
    }

    /// The steps that stand for a part fail.
    fn fail(&self, world: &mut Value, is: &dyn Fn(&Purpose) -> bool, once: bool) {
        let spots = self.spots();
        let found: Vec<&Spot<'_>> = spots.iter().filter(|s| s.entry.parts.iter().any(is)).collect();
        assert!(
            !found.is_empty(),
            "the part of a case that fails is done by a step"
        );
        for spot in found {
            first(world, "usual", failure(spot, once));
        }
    }

    /// What a trace shows.
    pub fn seen(&self, trace: &Value) -> Seen {
        let r = self.release();
        let (mut labels, mut end) = (Vec::new(), String::new());
        let spots = self.spots();
        // Each of those who must approve is asked by a job of their own; the plan asks them together.
        let mut asked: BTreeMap<ApprovalId, BTreeMap<&str, usize>> = BTreeMap::new();
        for event in trace["events"].as_array().into_iter().flatten() {
            let text = |key: &str| event[key].as_str().unwrap_or_default();
            let file = text("where").split('/').next().unwrap_or_default();
            if event["began"] == true {
                let fits =
                    |s: &&Spot<'_>| s.file == file && s.entry.job == text("job") && event["step"] == s.number;
                let spot = spots
                    .iter()
                    .find(fits)
                    .expect("every step that runs is in the manifest");
                let parts = spot.entry.parts.iter();
                labels.extend(parts.filter_map(|p| label(r, p)));
                if let Does::Gate { gate, .. } = spot.entry.does {
                    labels.push(format!("gate {}", r.gate(gate).name));
                }
            } else if event["asked"].is_string() {
                labels.extend(match self.places.get(text("asked")) {
                    Some(Place::Approve(a)) => {
                        let seats = asked.entry(*a).or_default();
                        let before = seats.values().max().copied().unwrap_or(0);
                        let times = seats
                            .entry(event["where"].as_str().unwrap_or_default())
                            .or_default();
                        *times += 1;
                        (*times > before).then(|| format!("ask {}", r.approval(*a).name))
                    }
                    Some(Place::Decide(d)) => Some(format!("ask {}", r.decision(*d).name)),
                    Some(Place::Step(s, slug)) => {
                        let undo = file == self.flows[1].file;
                        let at = if undo { At::Undo(*s) } else { At::Stage(*s) };
                        label(r, &Purpose::new(at, slug, Deed::Act))
                    }
                    _ => None,
                });
            } else if event["answered"].is_string() {
                labels.extend(match (self.places.get(text("answered")), text("state")) {
                    (Some(Place::Approve(a)), "rejected") => Some(format!("reject {}", r.approval(*a).name)),
                    (Some(Place::Pause(_) | Place::PauseRun), "approved") => {
                        Some(format!("answer {}", text("comment")))
                    }
                    _ => None,
                });
            } else if event["result"] == "success" {
                let approval = r
                    .approvals
                    .iter()
                    .find(|a| text("job") == format!("approve-{}", a.name));
                labels.extend(approval.map(|a| format!("grant {}", a.name)));
            } else if let Some(summary) = event["summary"].as_str() {
                let said = summary.lines().find_map(|l| {
                    l.strip_prefix("## The release: ")
                        .or_else(|| l.strip_prefix("## The rollback ended: "))
                });
                if let Some(said) = said
                    .map(|s| s.replace(' ', "_"))
                    .filter(|s| !["handed_over", "goes_on", "nothing"].contains(&s.as_str()))
                    && end != "needs_help"
                {
                    end = said;
                }
            }
        }
        Seen { labels, end }
    }
}

/// Whether a step judges a gate.
fn judges(entry: &Entry, gate: GateId) -> bool {
    let measured = matches!(entry.does, Does::Gate { gate: g, .. } if g == gate);
    measured || entry.parts.iter().any(|p| p.deed == Deed::Judge(gate))
}

/// An answer to the commands of one step.
fn reply(spot: &Spot<'_>, command: &str, answers: Value) -> Value {
    let job = format!("^{}/{}$", escaped(spot.file), escaped(&spot.entry.job));
    json!({ "command": command, "job": job, "step": spot.number, "answers": answers })
}

/// A step whose commands fail, in the first run only or each time.
fn failure(spot: &Spot<'_>, once: bool) -> Value {
    let mut reply = reply(spot, WORK, json!([{ "exit": 1 }]));
    if once {
        reply["run"] = json!(1);
    }
    reply
}

/// Changes what is answered at an environment; `change` is given the usual answer.
fn answers(world: &mut Value, place: &str, change: impl FnOnce(Value) -> Vec<Value>) {
    let known = world["environments"].get(place);
    let known = known.unwrap_or_else(|| panic!("the world has no environment `{place}`"));
    let usual = known["answers"].get(0).cloned();
    let usual = usual.unwrap_or_else(|| json!({ "state": "approved", "after": LONG }));
    let list = change(usual);
    world["environments"][place]["answers"] = Value::Array(list);
}

/// The run is broken off while people are asked.
fn cancelled_at(world: &mut Value, place: &str) {
    answers(world, place, |mut usual| {
        usual["cancels"] = json!(true);
        vec![usual]
    });
}
