//! Endings: `finally` runs, people are told, and the state is named.
//!
//! A part of the machine.

use super::machine::Machine;
use super::state::{Mode, Wake};
use super::step::label;
use super::trace::{Final, Subject, Trace, Verb};
use super::waits::Over;
use crate::model::{HoldId, Moment, MomentKind, NotifyTarget, StageId};
use crate::plan::{Node, show};

impl Machine<'_> {
    /// Nothing is on the agenda: what comes next; `false` when the run is over.
    pub(super) fn rest(&mut self) -> bool {
        match self.mode {
            Mode::Forward | Mode::Draining | Mode::Back => {
                let waits = self.waits_for_ever();
                if waits.is_empty() {
                    self.mode = Mode::Closing;
                } else {
                    self.trouble(|| waits.join("; "));
                    self.help.extend(waits);
                    self.mode = Mode::Over;
                    return false;
                }
            }
            Mode::Closing => {
                self.safe_at = Some(self.now);
                self.mode = Mode::Finally(0);
            }
            Mode::Finally(i) => {
                let Some(step) = self.release.finally.get(i) else {
                    self.mode = Mode::Over;
                    return false;
                };
                if !self.surely(&step.when) {
                    self.mode = Mode::Finally(i + 1);
                    return true;
                }
                let mut before: Vec<Subject> = (0..self.holds.len())
                    .map(|h| Subject::Hold(HoldId::at(h)))
                    .collect();
                before.extend(self.ids().map(Subject::Stage));
                self.say_step(
                    Subject::Run,
                    Verb::Aside,
                    &step.slug,
                    &label(self.plan, step),
                    &before,
                );
                let fails = self.outcomes.finally.contains(&i);
                let once = self.plan.step_time(step, self.outcomes.pace).as_ms();
                let ms = if fails {
                    self.with_retries(step, once)
                } else {
                    once
                };
                self.after(ms, Wake::Finally);
            }
            Mode::Over => return false,
        }
        true
    }

    /// A step of `finally` is through; the others run whatever became of it.
    pub(super) fn finally_done(&mut self) {
        let Mode::Finally(i) = self.mode else { return };
        if let Some(step) = self
            .release
            .finally
            .get(i)
            .filter(|_| self.outcomes.finally.contains(&i))
        {
            self.met.insert((Subject::Run, Verb::AsideFail));
            self.say_step(
                Subject::Run,
                Verb::AsideFail,
                &step.slug,
                &label(self.plan, step),
                &[],
            );
        }
        self.mode = Mode::Finally(i + 1);
    }

    /// What the run waits for and never comes.
    fn waits_for_ever(&self) -> Vec<String> {
        let mut list = Vec::new();
        for n in &self.graph.order {
            let node = self.graph.node(*n);
            let open = match node {
                Node::Stage(s) => match self.mode {
                    Mode::Forward => self.over(*n) == Over::Not,
                    Mode::Back => self.undoable.contains(n),
                    _ => self.finishes_its_step(s),
                },
                Node::Approval(a) => self.approvals[a.index()].state == super::state::ApprovalState::Open,
                Node::Decision(d) => self.decisions[d.index()].state == super::state::DecisionState::Open,
            };
            if !open {
                continue;
            }
            let name = self.plan.node_name(node);
            list.push(match node {
                Node::Stage(s) if self.stages[s.index()].busy => {
                    format!("stage `{name}` hangs, and nothing gives it up")
                }
                Node::Stage(_) => format!("stage `{name}` waits for something that does not come"),
                Node::Approval(_) => format!("approval `{name}` is not answered, and need not be in time"),
                Node::Decision(_) => format!("decision `{name}` is not answered, and need not be in time"),
            });
        }
        // What merely waits behind the others is no news.
        let first = |t: &String| !t.contains("does not come");
        if list.iter().any(first) {
            list.retain(first);
        }
        list
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

    /// The run is given up, which is told once.
    pub(super) fn tell_of_failure(&mut self) {
        if !std::mem::replace(&mut self.told_failed, true) {
            self.moment(MomentKind::Failed, None);
        }
    }

    /// The run as it came out.
    pub(super) fn finish(mut self) -> Trace {
        if self.end != Final::Succeeded {
            for s in self.ids().filter(|s| self.half_done(*s)).collect::<Vec<_>>() {
                let name = &self.release.stage(s).name;
                self.help
                    .push(format!("stage `{name}` cannot be undone and stands half done"));
            }
        }
        let state = if self.help.is_empty() {
            self.end
        } else {
            Final::NeedsHelp
        };
        if state != Final::Succeeded {
            self.tell_of_failure();
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
        let mut all: Vec<Subject> = self.ids().map(Subject::Stage).collect();
        all.extend((0..self.holds.len()).map(|h| Subject::Hold(HoldId::at(h))));
        self.say(Subject::Run, Verb::Over, state.word(), &all);
        let unreached = self.unreached();
        Trace {
            state,
            cause: self.cause.take(),
            troubled_at: self.troubled_at,
            safe_at: self
                .safe_at
                .filter(|_| matches!(state, Final::RolledBack | Final::Stopped)),
            help: std::mem::take(&mut self.help),
            unreached,
            undone: std::mem::take(&mut self.undone),
            kept: std::mem::take(&mut self.kept),
            events: std::mem::take(&mut self.events),
        }
    }
}
