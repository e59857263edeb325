//! Endings: holds are left, `finally` runs, people are told, and the state is named.
//!
//! A part of the machine.

use super::machine::{HoldState, Machine, Mode, Status, Wake};
use super::trace::{Final, Run, Subject, Verb};
use crate::model::{Moment, MomentKind, NotifyTarget, StageId};
use crate::plan::{StageUndo, show};

impl Machine<'_> {
    /// Nothing is on the agenda: what comes next; `false` when the run is over.
    pub(super) fn rest(&mut self) -> bool {
        match self.mode {
            Mode::Forward => {
                for s in self.ids() {
                    if !self.stages[s.index()].status.settled() {
                        let name = &self.release.stage(s).name;
                        self.help.push(format!("stage `{name}` waits for something that never comes"));
                    }
                }
                self.mode = Mode::Closing;
            }
            Mode::Draining(_) | Mode::Aside(..) => return false,
            Mode::Back(_) => self.mode = Mode::Closing,
            Mode::Closing => {
                if self.holds.iter().any(|h| h.state == HoldState::In) {
                    return false;
                }
                self.mode = Mode::Finally(0);
            }
            Mode::Finally(i) => {
                let steps: Vec<_> = self.release.finally.iter().filter(|s| self.surely(&s.when)).collect();
                let Some(step) = steps.get(i) else { return false };
                let (label, ms) = (self.label(step), self.plan.step_time(step, self.outcomes.pace).as_ms());
                let holds: Vec<Subject> =
                    (0..self.holds.len()).map(|h| Subject::Hold(crate::model::HoldId::at(h))).collect();
                self.say(Subject::Run, Verb::Aside, label, &holds);
                self.mode = Mode::Finally(i + 1);
                self.after(ms, Wake::Aside);
            }
        }
        true
    }

    /// Whoever is to be told of a moment is told.
    pub(super) fn moment(&mut self, kind: MomentKind, stage: Option<StageId>) {
        let is = |m: &Moment| m.kind == kind && (m.stage == stage && !m.each || m.each && stage.is_some());
        let mut told = Vec::new();
        for n in &self.release.notifies {
            if n.on.iter().any(is) && self.surely(&n.when) {
                told.push(match n.to {
                    NotifyTarget::Channel(c) => show::prose(self.release, &self.release.channel(c).title),
                    NotifyTarget::Role(r) => show::prose(self.release, &self.release.role(r).title),
                });
            }
        }
        for e in &self.release.escalates {
            if e.on.iter().any(is) {
                told.push(show::prose(self.release, &self.release.channel(e.channel).title));
            }
        }
        let subject = stage.map_or(Subject::Run, Subject::Stage);
        for who in told {
            self.say(subject, Verb::Message, format!("{who} ({})", kind.word()), &[]);
        }
    }

    /// The run as it came out.
    pub(super) fn finish(mut self) -> Run {
        if self.end != Final::Succeeded {
            for s in self.ids() {
                let state = &self.stages[s.index()];
                let whole = state.whole || state.status == Status::Ended;
                if state.began && !whole && matches!(self.plan.undo(s), StageUndo::Irreversible(..)) {
                    let name = &self.release.stage(s).name;
                    self.help.push(format!("stage `{name}` cannot be undone and stands half done"));
                }
            }
        }
        let state = if self.help.is_empty() { self.end } else { Final::NeedsHelp };
        if self.troubled_at.is_some() && self.end != Final::Succeeded {
            self.moment(MomentKind::Failed, None);
        }
        self.moment(
            match state {
                Final::Succeeded => MomentKind::Finished,
                Final::RolledBack => MomentKind::RolledBack,
                Final::Stopped => MomentKind::Stopped,
                Final::NeedsHelp => MomentKind::NeedsHelp,
            },
            None,
        );
        let all: Vec<Subject> = self.last.keys().copied().collect();
        self.say(Subject::Run, Verb::Over, state.word(), &all);
        let unreached = self.unreached();
        Run {
            state,
            cause: self.cause.take(),
            troubled_at: self.troubled_at,
            help: std::mem::take(&mut self.help),
            unreached,
            undone: std::mem::take(&mut self.undone),
            left: std::mem::take(&mut self.left),
            events: std::mem::take(&mut self.events),
        }
    }

    /// What was asked to go wrong and had no occasion to.
    fn unreached(&self) -> Vec<String> {
        let (o, r) = (self.outcomes, self.release);
        let stage = |s: &StageId| r.stage(*s).name.clone();
        let mut wanted: Vec<(String, String)> = Vec::new();
        let mut want = |key: String, text: String| wanted.push((key, text));
        for s in o.stages.keys() {
            want(format!("stage {}", stage(s)), format!("stage `{}` did not come to fail there", stage(s)));
        }
        for g in &o.gates {
            let name = &r.gate(*g).name;
            want(format!("gate {name}"), format!("gate `{name}` was not judged"));
        }
        for h in &o.enters {
            let name = &r.hold(*h).name;
            want(format!("hold {name}"), format!("hold `{name}` was not entered"));
        }
        for s in &o.undos {
            want(format!("undo {}", stage(s)), format!("stage `{}` was not undone", stage(s)));
        }
        for h in &o.exits {
            let name = &r.hold(*h).name;
            want(format!("exit {name}"), format!("hold `{name}` was not left"));
        }
        for (a, verdict) in &o.approvals {
            if !matches!(verdict, super::Verdict::GrantedAfter(_)) {
                let name = &r.approval(*a).name;
                want(format!("approval {name}"), format!("approval `{name}` was not asked for"));
            }
        }
        for s in &o.outside_window {
            want(format!("window {}", stage(s)), format!("stage `{}` did not come to start", stage(s)));
        }
        if o.cancel.is_some() {
            want("cancel".into(), "what the run was to be cancelled in did not start".into());
        }
        let mut list: Vec<String> = wanted
            .into_iter()
            .filter(|(key, _)| !self.met.contains(key))
            .map(|(_, text)| text)
            .collect();
        for t in o.triggers.keys().filter(|t| !self.last.contains_key(&Subject::Trigger(**t))) {
            list.push(format!("trigger `{}` was never armed", Subject::Trigger(*t).name(r)));
        }
        list
    }
}
