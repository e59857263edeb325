//! What really happened, held against the plan: histories of runs read, compared, and made ready for the completed runbook.
//!
//! Reads the history of an execution of Step Functions or a run of a GitHub workflow (`history`, `workflow`); one file for each
//! finding. Must not read files. Called by the command `record`.

mod before_approval;
mod gate_not_judged;
mod history;
mod hold_left_open;
mod left_out;
mod not_undone;
mod other_plan;
mod out_of_order;
mod same_person;
mod tell;
mod too_few_approvers;
mod unpermitted_approver;
mod who;
mod workflow;

use crate::diagnostic::Bag;
use crate::emit::runbook::recorded::Done;
use crate::model::{ApprovalId, GateId, HoldId, StageId};
use crate::plan::Plan;
use jiff::Timestamp;
use std::collections::BTreeMap;

pub use tell::recorded;
pub use who::Who;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Everything was done.
    Succeeded,
    /// What had begun was undone.
    RolledBack,
    /// It ended, and what was changed stayed changed.
    Stopped,
    /// Somebody has to look.
    NeedsHelp,
    /// It was not over when the history was taken.
    Unfinished,
    /// It was refused before anything began.
    Refused,
    /// It failed, and what followed is not in the history.
    Failed,
}

impl End {
    /// The words people read.
    pub fn words(self) -> &'static str {
        match self {
            End::Succeeded => "succeeded",
            End::RolledBack => "rolled back",
            End::Stopped => "stopped",
            End::NeedsHelp => "needs help",
            End::Unfinished => "not over yet",
            End::Refused => "refused before anything began",
            End::Failed => "failed",
        }
    }
}

/// What became of a stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StageRun {
    /// When its first step began.
    pub began: Option<Timestamp>,
    /// When it ended, well or not.
    pub ended: Option<Timestamp>,
    /// Whether it ended well.
    pub passed: bool,
    /// Whether it failed.
    pub failed: bool,
    /// When it was undone.
    pub undone: Option<Timestamp>,
    /// Its undo was tried and failed.
    pub stuck: bool,
}

/// What became of an approval.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// When it was granted, or refused.
    pub at: Option<Timestamp>,
    /// Whether it was granted.
    pub granted: bool,
    /// Who said yes, each once.
    pub by: Vec<Who>,
}

/// A gate that was judged once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The gate.
    pub gate: GateId,
    /// The stage that judged it, when the history says so.
    pub stage: Option<StageId>,
    /// When, when the history says so.
    pub at: Option<Timestamp>,
}

/// A run.
#[derive(Debug, Clone)]
pub struct Run {
    /// What ran it: `GitHub`, `Step Functions`.
    pub engine: &'static str,
    /// Its number or its name there.
    pub id: String,
    /// Its address; may be empty.
    pub address: String,
    /// Who started it, when the history says so.
    pub starter: Option<Who>,
    /// When it started.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How it ended.
    pub end: End,
    /// Whether anything in the history belongs to the plan.
    pub of_this_plan: bool,
    /// Whether what was undone is in the history.
    pub undos_known: bool,
    /// The stages that the history tells of.
    pub stages: BTreeMap<StageId, StageRun>,
    /// What the history tells of the steps of each stage, in their order.
    pub steps: BTreeMap<StageId, Vec<Done>>,
    /// The approvals that were answered.
    pub approvals: BTreeMap<ApprovalId, Answer>,
    /// The gates that were judged, and whether they passed in the end.
    pub gates: BTreeMap<GateId, bool>,
    /// Each time a gate was judged.
    pub verdicts: Vec<Verdict>,
    /// It goes on with what an earlier run left: parts of its stages may have been done there.
    pub goes_on: bool,
    /// The sha256 of the plan that the pipeline was built from, when the history says so.
    pub plan: Option<String>,
    /// When each hold was entered, and when it was left.
    pub holds: BTreeMap<HoldId, (Option<Timestamp>, Option<Timestamp>)>,
}

impl Run {
    fn new(engine: &'static str) -> Self {
        Run {
            engine,
            id: String::new(),
            address: String::new(),
            starter: None,
            started: None,
            ended: None,
            end: End::Unfinished,
            of_this_plan: false,
            undos_known: true,
            steps: BTreeMap::new(),
            stages: BTreeMap::new(),
            approvals: BTreeMap::new(),
            gates: BTreeMap::new(),
            verdicts: Vec::new(),
            goes_on: false,
            plan: None,
            holds: BTreeMap::new(),
        }
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.end != End::Unfinished
    }
}

/// Reads the history of a run of this plan: the events of an execution of Step Functions, or a run of a GitHub workflow.
///
/// # Errors
/// What is wrong with it, in words for a person.
pub fn read(plan: &Plan, text: &str) -> Result<Run, String> {
    let json: serde_json::Value = serde_json::from_str(text).map_err(|e| format!("it is not JSON: {e}"))?;
    let mut run = if json.get("events").is_some() {
        history::read(plan, &json)?
    } else if json.get("run").is_some() || json.get("jobs").is_some() {
        workflow::read(plan, &json)?
    } else {
        return Err(
            "it is neither the history of an execution (there are no `events`) nor a workflow run (there is no `run` and there are no `jobs`)"
                .to_string(),
        );
    };
    let pipeline = ["workflow", "definition"]
        .iter()
        .find_map(|f| json.get(f)?.as_str());
    run.plan = pipeline.and_then(built_from);
    if !run.of_this_plan {
        return Err(format!(
            "nothing in it belongs to the release `{}`: no stage and no approval of the plan",
            plan.release().name
        ));
    }
    Ok(run)
}

/// The digest of the plan that stands at the head of a workflow, or in the comment of a state machine.
fn built_from(pipeline: &str) -> Option<String> {
    let after = |mark: &str| pipeline.split_once(mark).map(|(_, rest)| rest);
    let rest = after("# Plan: sha256:").or_else(|| after(", plan "))?;
    let digest: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    (digest.len() == 64).then_some(digest)
}

/// Everything in which a run differs from its plan, of which `digest` is the sha256.
pub fn compare(plan: &Plan, digest: &str, run: &Run) -> Bag {
    let mut bag = Bag::new();
    other_plan::check(plan, digest, run, &mut bag);
    for check in [
        unpermitted_approver::check,
        too_few_approvers::check,
        same_person::check,
        before_approval::check,
        out_of_order::check,
        left_out::check,
        gate_not_judged::check,
        not_undone::check,
        hold_left_open::check,
    ] {
        check(plan, run, &mut bag);
    }
    bag
}

/// A moment as findings say it: `2026-06-01 09:00:05 UTC`.
fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
