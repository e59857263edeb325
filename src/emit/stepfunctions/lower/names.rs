//! The names of facts: what a run remembers about each part of the plan.
//!
//! One name for one thing, wherever it is written or read. The plan's own names hold no capitals, so where several of them stand in one
//! name, capitals keep them apart: `a` and `b_c` are not `a_b` and `c`. Must not know scopes (`vars` does). Used all over `lower`.

use crate::emit::environments::{gate_slug, slug_among};
use crate::model::{
    ApprovalId, CaptureId, CaptureSource, ChecklistId, DecisionId, GateId, HoldId, PriorId, Release, Stage,
    StageId, Step, TriggerId,
};
use std::collections::{BTreeMap, BTreeSet};

/// The names of facts.
#[derive(Debug)]
pub struct Names<'a> {
    release: &'a Release,
    priors: BTreeMap<PriorId, String>,
}

impl<'a> Names<'a> {
    /// Names everything a release can remember.
    pub fn new(release: &'a Release) -> Self {
        let mut names = Names {
            release,
            priors: BTreeMap::new(),
        };
        let mut taken = BTreeSet::new();
        for stage in &release.stages {
            for (slug, step) in positions(stage) {
                names.recorded(&stage.slug, &slug, step, &mut taken);
            }
        }
        for hold in &release.holds {
            for step in hold.enter.iter().chain(&hold.exit) {
                names.recorded(&["HOLD_", &hold.name].concat(), &step.slug, step, &mut taken);
            }
        }
        names
    }

    fn recorded(&mut self, place: &str, slug: &str, step: &Step, taken: &mut BTreeSet<(String, PriorId)>) {
        let Some(act) = step.act() else { return };
        for (i, id) in act.priors.iter().enumerate() {
            let own = &self.release.prior(*id).name;
            let twice = act.priors[..i]
                .iter()
                .any(|p| self.release.prior(*p).name == *own);
            let mut name = ["prior_", place, "_", &slug.to_ascii_uppercase(), "_", own].concat();
            if twice {
                name.push_str("_N");
                name.push_str(&i.to_string());
            }
            if taken.insert((name.clone(), *id)) {
                self.priors.entry(*id).or_insert(name);
            }
        }
    }

    /// How far a stage is: `pending`, `began`, `passed`, `failed`, `refused`, `not_applicable`, `passed_by` (it does not apply, and an earlier attempt
    /// did it), `again`, `undone`, `stuck`.
    pub fn stage(&self, id: StageId) -> String {
        ["stage_", &self.release.stage(id).slug].concat()
    }

    /// When a stage began, in milliseconds.
    pub fn since(&self, id: StageId) -> String {
        ["since_", &self.release.stage(id).slug].concat()
    }

    /// Whether a step that can be undone began.
    pub fn did(&self, id: StageId, slug: &str) -> String {
        [
            "began_",
            &self.release.stage(id).slug,
            "_",
            &slug.to_ascii_uppercase(),
        ]
        .concat()
    }

    /// At which step of its rollout a step began last that is undone otherwise at each: its slug there.
    pub fn last(&self, id: StageId, slug: &str) -> String {
        [
            "last_",
            &self.release.stage(id).slug,
            "_",
            &slug.to_ascii_uppercase(),
        ]
        .concat()
    }

    /// Whether a stage of which every step has a condition began.
    pub fn begun(&self, id: StageId) -> String {
        ["began_", &self.release.stage(id).slug].concat()
    }

    /// Whether the plan went on although a stage that cannot be undone failed: it counts as ended, not as half done.
    pub fn went_on(&self, id: StageId) -> String {
        ["went_on_", &self.release.stage(id).slug].concat()
    }

    /// A captured value.
    pub fn capture(&self, id: CaptureId) -> String {
        let capture = self.release.capture(id);
        let place = match capture.source {
            CaptureSource::Stage(s) => self.release.stage(s).slug.to_string(),
            CaptureSource::Hold(h) => ["HOLD_", &self.release.hold(h).name].concat(),
            CaptureSource::Decision(d) => ["DECISION_", &self.decided(d)].concat(),
            CaptureSource::Gate(g) => ["GATE_", &gate_slug(self.release, g)].concat(),
        };
        ["cap_", &place, "_", &capture.name.to_ascii_uppercase()].concat()
    }

    /// What a value was before the run started over.
    pub fn kept(&self, id: CaptureId) -> String {
        ["kept_", self.capture(id).trim_start_matches("cap_")].concat()
    }

    /// A recorded state: one for each position in a stage, whatever step of a rollout records it.
    pub fn prior(&self, id: PriorId) -> String {
        self.priors
            .get(&id)
            .cloned()
            .unwrap_or_else(|| ["prior_", &self.release.prior(id).name, "_", &id.0.to_string()].concat())
    }

    /// Who granted an approval, and when; `null` before.
    pub fn grant(&self, id: ApprovalId) -> String {
        ["grant_", &self.approval(id)].concat()
    }

    /// An approval as a part of names.
    pub fn approval(&self, id: ApprovalId) -> String {
        slug_among(self.release.approvals.iter().map(|a| a.name.as_str()), id.index())
    }

    /// A decision as a part of names.
    pub fn decided(&self, id: DecisionId) -> String {
        slug_among(self.release.decisions.iter().map(|d| d.name.as_str()), id.index())
    }

    /// The option that was taken; `null` before.
    pub fn decision(&self, id: DecisionId) -> String {
        ["decision_", &self.decided(id)].concat()
    }

    /// How a gate came out: `pending`, `passed`, `failed`.
    pub fn gate(&self, id: GateId) -> String {
        ["gate_", &gate_slug(self.release, id)].concat()
    }

    /// Whether a checklist is ticked.
    pub fn ticked(&self, id: ChecklistId) -> String {
        ["ticked_", &self.release.checklist(id).name].concat()
    }

    /// Where a hold is: `out`, `in`, `left`; `half` when it could not be entered and the run can come to it again.
    pub fn hold(&self, id: HoldId) -> String {
        ["hold_", &self.release.hold(id).name].concat()
    }

    /// The standing question of a trigger; `null` while it is not armed.
    pub fn armed(&self, id: TriggerId) -> String {
        ["armed_", &self.release.triggers[id.index()].name].concat()
    }

    /// Whether a trigger has called somebody.
    pub fn told(&self, id: TriggerId) -> String {
        ["told_", &self.release.triggers[id.index()].name].concat()
    }

    /// Who did a step of a stage by hand.
    pub fn by(&self, stage: StageId, slug: &str) -> String {
        [
            "by_",
            &self.release.stage(stage).slug,
            "_",
            &slug.to_ascii_uppercase(),
        ]
        .concat()
    }

    /// Whether a declared way around was granted.
    pub fn bypass(&self, index: usize) -> String {
        ["override_", &self.release.overrides[index].name].concat()
    }

    /// Who granted it.
    pub fn bypass_by(&self, index: usize) -> String {
        ["override_BY_", &self.release.overrides[index].name].concat()
    }
}

/// The steps of a stage with the name of their position: a rollout's work stands where the stage's own step stands.
pub fn positions(stage: &Stage) -> Vec<(String, &Step)> {
    let mut list: Vec<(String, &Step)> = stage.steps.iter().map(|s| (s.slug.to_string(), s)).collect();
    for step in stage.rollout.iter().flat_map(|r| &r.steps) {
        for (i, work) in step.work.iter().enumerate() {
            let slug = stage.steps.get(i).map_or(&work.slug, |s| &s.slug);
            list.push((slug.to_string(), work));
        }
        list.extend(step.checks.iter().map(|s| (s.slug.to_string(), s)));
    }
    list
}
