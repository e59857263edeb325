//! What is to come out how, in words: the one table of the ways in which a run can be bent, and the reader of their values.
//!
//! `stage`, `stage.step` and `stage@10%` name places; a misspelt name comes back with the nearest ones. Used by the command
//! `simulate` and by tests. Must not know the command line.

use super::outcomes::{Answer, Fault, How, Outcomes, Place, Verdict};
use super::stage::steps;
use crate::diagnostic::did_you_mean;
use crate::model::{DecisionId, StageId, StepKind};
use crate::plan::{Node, Plan};
use crate::types;
use smol_str::SmolStr;

/// A way in which a run can be bent.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// Its word: `fail-undo`.
    pub word: &'static str,
    /// What stands behind it.
    pub value: &'static str,
    /// What it does.
    pub about: &'static str,
}

/// Every way in which a run can be bent.
pub const FORMS: &[Form] = &[
    form(
        "fail",
        "STAGE",
        "A stage fails: `web`, at a step of its rollout `web@10%`, at its second step `web.2`, at a gate it verifies `web.smoke`; `web=1` fails once",
    ),
    form(
        "hang",
        "STAGE",
        "A stage does not come to an end, until its time is over; places are written as for `fail`",
    ),
    form(
        "fail-gate",
        "GATE",
        "A gate does not pass, wherever it is judged; `smoke=1`: the first time",
    ),
    form("fail-undo", "STAGE", "The undo of a stage fails"),
    form(
        "fail-enter",
        "HOLD",
        "A hold cannot be entered; `frozen=1`: the first time",
    ),
    form(
        "fail-reenter",
        "HOLD",
        "A hold that was left cannot be entered again before what is inside is undone",
    ),
    form("fail-exit", "HOLD", "A hold cannot be left"),
    form(
        "fail-finally",
        "NUMBER",
        "A step of `finally` fails, counted from 1",
    ),
    form("reject", "APPROVAL", "An approval is rejected"),
    form("expire", "APPROVAL", "Nobody answers an approval in time"),
    form(
        "grant",
        "APPROVAL=DURATION",
        "An approval is granted so long after it was asked: `go=3h`",
    ),
    form("decide", "DECISION=OPTION", "A decision comes out like this"),
    form("undecided", "DECISION", "Nobody answers a decision in time"),
    form(
        "trigger",
        "TRIGGER",
        "A trigger acts; `errors@web`: while the stage or approval `web` is under way",
    ),
    form(
        "cancel-during",
        "NAME",
        "The run is cancelled while a stage, an approval or a decision is under way",
    ),
    form(
        "window-closed",
        "STAGE",
        "The window is closed when a stage would start",
    ),
    form(
        "answer",
        "ANSWER",
        "What the owner says when the run pauses: `retry`, `proceed`, `rollback` (the default) or `stop`; once for each pause",
    ),
    form("override", "OVERRIDE", "The run starts with an override"),
    form("locked", "DURATION", "Another run holds the lock for so long"),
];

const fn form(word: &'static str, value: &'static str, about: &'static str) -> Form {
    Form { word, value, about }
}

/// A wish that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// What is wrong.
    pub message: String,
    /// What helps.
    pub help: Option<String>,
}

impl Unknown {
    fn new(message: String, help: Option<String>) -> Unknown {
        Unknown { message, help }
    }

    /// A name that there is not, of a kind of which these are known.
    fn name<'n>(kind: &str, name: &str, known: impl Iterator<Item = &'n str>) -> Unknown {
        const SHOWN: usize = 12;
        let known: Vec<&str> = known.collect();
        let near = did_you_mean(name, known.iter().copied());
        let help = near.unwrap_or_else(|| match known.as_slice() {
            [] => format!("it has no {kind}"),
            [one] => format!("its only {kind} is `{one}`"),
            [first @ .., last] if known.len() <= SHOWN => {
                format!("it has the {kind}s {} and `{last}`", quoted(first))
            }
            many => format!(
                "it has {} {kind}s, such as {}",
                many.len(),
                quoted(&many[..SHOWN])
            ),
        });
        let message = match name {
            "" => format!("no {kind} is named"),
            name => format!("the plan has no {kind} `{name}`"),
        };
        Unknown::new(message, Some(help))
    }

    /// The same with words of its own, where something is named.
    fn worded(mut self, name: &str, message: String) -> Unknown {
        if !name.is_empty() {
            self.message = message;
        }
        self
    }
}

fn quoted<S: AsRef<str>>(names: &[S]) -> String {
    let list: Vec<String> = names.iter().map(|n| format!("`{}`", n.as_ref())).collect();
    list.join(", ")
}

/// Adds to outcomes what a word and its value wish for.
///
/// # Errors
/// What cannot be read, with what helps: a misspelt name with the nearest ones.
pub fn wish(plan: &Plan, word: &str, value: &str, o: &mut Outcomes) -> Result<(), Unknown> {
    let r = plan.release();
    let at = |list: Option<usize>, known: Vec<&str>, kind: &str, name: &str| {
        list.ok_or_else(|| Unknown::name(kind, name, known.into_iter()))
    };
    macro_rules! find {
        ($list:ident, $kind:literal, $name:expr) => {{
            let name: &str = $name;
            let known = r.$list.iter().map(|x| x.name.as_str()).collect();
            at(r.$list.iter().position(|x| x.name == name), known, $kind, name)
        }};
    }
    match word {
        "fail" | "hang" => {
            let how = if word == "hang" { How::Hangs } else { How::Fails };
            let (value, times) = times(value)?;
            let (s, place) = place(plan, value)?;
            o.stages.insert(s, Fault { place, how, times });
        }
        "fail-gate" => {
            let (name, times) = times(value)?;
            let id = crate::model::GateId::at(find!(gates, "gate", name)?);
            o.gates.insert(id, times);
        }
        "fail-undo" => {
            o.undos.insert(stage(plan, value)?, None);
        }
        "fail-enter" => {
            let (name, times) = times(value)?;
            let id = crate::model::HoldId::at(find!(holds, "hold", name)?);
            o.enters.insert(id, times);
        }
        "fail-reenter" => {
            o.reenters
                .insert(crate::model::HoldId::at(find!(holds, "hold", value)?));
        }
        "fail-exit" => {
            o.exits
                .insert(crate::model::HoldId::at(find!(holds, "hold", value)?));
        }
        "fail-finally" => {
            let steps = r.finally.len();
            let n = value
                .parse::<usize>()
                .ok()
                .and_then(|n| n.checked_sub(1))
                .filter(|n| *n < steps);
            let n = n.ok_or_else(|| {
                let message = format!("`finally` has no step `{value}`");
                let help = match steps {
                    0 => "the plan has no `finally`".to_string(),
                    1 => "it has one, `1`".to_string(),
                    n => format!("it has {n}, counted from 1"),
                };
                Unknown::new(message, Some(help))
            })?;
            o.finally.insert(n);
        }
        "reject" | "expire" => {
            let id = crate::model::ApprovalId::at(find!(approvals, "approval", value)?);
            if word == "expire" && r.approval(id).within.is_none() {
                let message = format!("approval `{value}` never expires: it says no `within`");
                return Err(Unknown::new(message, Some("the run would wait for ever".into())));
            }
            let verdict = if word == "reject" {
                Verdict::Rejected
            } else {
                Verdict::Expired
            };
            o.approvals.insert(id, verdict);
        }
        "grant" => {
            let (name, text) = value.split_once('=').unwrap_or((value, ""));
            let id = crate::model::ApprovalId::at(find!(approvals, "approval", name)?);
            if text.is_empty() {
                let message = "it does not say how long after it was asked for".to_string();
                return Err(Unknown::new(message, Some(format!("write `{name}=3h`"))));
            }
            o.approvals.insert(id, Verdict::GrantedAfter(duration(text)?));
        }
        "decide" => {
            let (name, text) = value.split_once('=').unwrap_or((value, ""));
            let id = DecisionId::at(find!(decisions, "decision", name)?);
            let options = &r.decision(id).options;
            let option = options.iter().position(|x| x.name == text);
            let option = option.ok_or_else(|| {
                let known = options.iter().map(|x| x.name.as_str());
                let message = format!("decision `{name}` has no option `{text}`");
                let unknown = Unknown::name("option", text, known);
                match options.first() {
                    Some(first) if text.is_empty() => Unknown::new(
                        "it does not say which option".to_string(),
                        Some(format!(
                            "write `{name}={}`; {}",
                            first.name,
                            unknown.help.unwrap_or_default()
                        )),
                    ),
                    _ => unknown.worded(text, message),
                }
            })?;
            o.decisions.insert(id, Some(option));
        }
        "undecided" => {
            let id = DecisionId::at(find!(decisions, "decision", value)?);
            o.decisions.insert(id, None);
        }
        "trigger" => {
            let (name, during) = match value.split_once('@') {
                Some((name, during)) => (name, Some(node(plan, during)?)),
                None => (value, None),
            };
            let id = crate::model::TriggerId::at(find!(triggers, "trigger", name)?);
            o.triggers.insert(id, during);
        }
        "cancel-during" => o.cancel = Some(node(plan, value)?),
        "window-closed" => {
            let s = stage(plan, value)?;
            if !plan.covered(s) {
                let message = format!("no window covers stage `{value}`");
                return Err(Unknown::new(message, Some("it may start at any time".into())));
            }
            o.outside_window.insert(s);
        }
        "answer" => {
            let answer = Answer::ALL.into_iter().find(|a| a.word() == value);
            let known = Answer::ALL.iter().map(|a| a.word());
            o.answers.push(answer.ok_or_else(|| {
                let known: Vec<&str> = known.collect();
                let near = did_you_mean(value, known.iter().copied());
                let help = near.unwrap_or_else(|| format!("an answer is one of {}", quoted(&known)));
                Unknown::new(format!("nobody can answer `{value}` to a pause"), Some(help))
            })?);
        }
        "override" => {
            o.overrides.insert(find!(overrides, "override", value)?);
        }
        "locked" => o.locked = Some(duration(value)?),
        _ => {
            let near = did_you_mean(word, FORMS.iter().map(|f| f.word));
            return Err(Unknown::new(format!("nothing can be made to `{word}`"), near));
        }
    }
    Ok(())
}

/// What stands before `=` and how often.
fn times(value: &str) -> Result<(&str, Option<u32>), Unknown> {
    let Some((name, n)) = value.rsplit_once('=') else {
        return Ok((value, None));
    };
    match n.parse::<u32>() {
        Ok(n) if n > 0 => Ok((name, Some(n))),
        _ => Err(Unknown::new(
            format!("`{n}` is no number of times"),
            Some("write a whole number from 1".into()),
        )),
    }
}

/// A duration as the language writes it, in milliseconds; working days count as days.
fn duration(text: &str) -> Result<i64, Unknown> {
    match types::duration(text) {
        Ok(duration) => Ok(duration.as_ms()),
        Err(why) => Err(Unknown::new(
            format!("`{text}` is no duration: {}", why.0),
            Some("write it as in a plan: `90s`, `1h30m`, `2d`".into()),
        )),
    }
}

fn stage(plan: &Plan, name: &str) -> Result<StageId, Unknown> {
    let stages = &plan.release().stages;
    let found = stages.iter().position(|s| s.name == name || s.slug == name);
    found
        .map(StageId::at)
        .ok_or_else(|| Unknown::name("stage", name, stages.iter().map(|s| s.name.as_str())))
}

fn node(plan: &Plan, name: &str) -> Result<Node, Unknown> {
    let found = plan.order().find(|n| plan.node_name(*n) == name);
    found.map_or_else(
        || {
            let known: Vec<Node> = plan.order().collect();
            let known = known.iter().map(|n| plan.node_name(*n));
            let mut unknown = Unknown::name("stage, approval or decision", name, known);
            unknown.help = unknown
                .help
                .map(|h| h.replace("stage, approval or decisions", "stages, approvals and decisions"));
            Err(unknown)
        },
        Ok,
    )
}

/// `stage`, `stage@step of its rollout`, `stage.step`.
fn place(plan: &Plan, text: &str) -> Result<(StageId, Place), Unknown> {
    let r = plan.release();
    if let Ok(s) = stage(plan, text) {
        return Ok((s, Place::Last));
    }
    if let Some((name, at)) = text.rsplit_once('@') {
        let (s, _) = place(plan, name)?;
        let ladder = r.stage(s).rollout.as_ref().map_or(&[][..], |r| &r.steps);
        let found = ladder.iter().position(|step| step.name == at);
        let found = found.ok_or_else(|| {
            if ladder.is_empty() {
                let help = format!("name a step by its number, `{name}.2`, or a gate that it verifies");
                return Unknown::new(format!("stage `{name}` has no rollout"), Some(help));
            }
            let unknown = Unknown::name("rollout step", at, ladder.iter().map(|x| x.name.as_str()));
            unknown.worded(at, format!("the rollout of `{name}` has no step `{at}`"))
        })?;
        return Ok((s, Place::Rollout(found)));
    }
    let Some((name, step)) = text.rsplit_once('.') else {
        return stage(plan, text).map(|s| (s, Place::Last));
    };
    let s = stage(plan, name).or_else(|_| stage(plan, text))?;
    let all = steps(r.stage(s));
    let called = |kind: &StepKind| match kind {
        StepKind::VerifyGate(g) => r.gate(*g).name.clone(),
        StepKind::VerifyArtifact(a) => r.artifact(*a).name.clone(),
        _ => SmolStr::default(),
    };
    let by_number = step
        .parse::<usize>()
        .ok()
        .and_then(|n| all.get(n.checked_sub(1)?));
    let by_name = || {
        all.iter()
            .rev()
            .find(|d| called(&d.step.kind) == step || d.step.slug == step)
    };
    match by_number.or_else(by_name) {
        Some(doing) => Ok((s, Place::Step(doing.step.slug.clone()))),
        None => {
            let known: Vec<SmolStr> = all
                .iter()
                .map(|d| called(&d.step.kind))
                .filter(|n| !n.is_empty())
                .collect();
            let help = did_you_mean(step, known.iter().map(SmolStr::as_str));
            let many = format!(
                "it has {}, counted from 1; a gate or an artifact it verifies can be named",
                all.len()
            );
            Err(Unknown::new(
                format!("stage `{name}` has no step `{step}`"),
                Some(help.unwrap_or(many)),
            ))
        }
    }
}
