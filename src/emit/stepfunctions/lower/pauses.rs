//! What pauses cost: how many branches can pause side by side, how many are held meanwhile, and the events of all of it.
//!
//! Must not put a state. Used by `entry`, and by the translation when it counts.

use super::Lower;
use super::ask::DEFAULT_SECONDS;
use super::facts::Order;
use super::handler::MOST_PAUSES;
use super::vars::Scope;
use super::watch::{HELD_EVENTS, HOLD, RESTART, STOP};
use crate::emit::environments::{gates_of, may_pause};
use crate::model::{DecisionId, Failure, FailureOutcome, GateOutcome, OptionOutcome, StageId};
use crate::plan::Node;

/// How many branches run at one time at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breadth {
    /// All of them; 1 where nothing runs side by side.
    all: u64,
    /// Those that can pause.
    pausing: u64,
    /// Whether one that can pause has siblings.
    holds: bool,
}

impl Breadth {
    /// Whether a pause can hold siblings.
    pub fn holds(self) -> bool {
        self.holds
    }

    fn then(self, next: Breadth) -> Breadth {
        Breadth {
            all: self.all.max(next.all),
            pausing: self.pausing.max(next.pausing),
            holds: self.holds || next.holds,
        }
    }

    fn beside(self, other: Breadth) -> Breadth {
        Breadth {
            all: self.all.saturating_add(other.all),
            pausing: self.pausing.saturating_add(other.pausing),
            holds: self.holds || other.holds,
        }
    }
}

/// How many flags of pauses there are at most: `GetParameters` takes ten names, and one is that the run is given up.
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html>
const MOST_HOLDS: usize = 8;

/// The name of a flag of pauses.
fn hold(number: usize) -> String {
    match number {
        0 => HOLD.to_string(),
        n => [HOLD, "-", &(n + 1).to_string()].concat(),
    }
}

impl Lower<'_> {
    /// How many branches of an order run side by side.
    pub fn breadth(&self, order: &Order) -> Breadth {
        match order {
            Order::Node(n) => Breadth {
                all: 1,
                pausing: u64::from(self.pauses_at(*n)),
                holds: false,
            },
            Order::Series(parts) => parts
                .iter()
                .fold(Breadth::default(), |sum, part| sum.then(self.breadth(part))),
            Order::Parallel(parts) => {
                let parts = parts.iter().map(|(_, part)| self.breadth(part));
                let sum = parts.fold(Breadth::default(), Breadth::beside);
                Breadth {
                    holds: sum.pausing > 0,
                    ..sum
                }
            }
        }
    }

    /// Numbers the branches of an order that can pause, so that no two that can pause at one time share a number; how many numbers.
    pub fn number_holds(&mut self, order: &Order, scope: Scope, first: usize) -> usize {
        match order {
            Order::Node(n) if self.pauses_at(*n) => {
                self.holds.insert(scope, first);
                1
            }
            Order::Node(_) => 0,
            Order::Series(parts) => {
                let used = parts.iter().map(|p| self.number_holds(p, scope, first));
                used.max().unwrap_or(0)
            }
            Order::Parallel(parts) => parts.iter().fold(0, |used, (branch, part)| {
                used + self.number_holds(part, *branch, first + used)
            }),
        }
    }

    /// The flag that a branch raises to hold the others while it pauses. One call reads ten flags: beyond that branches share them.
    pub fn hold_of(&self, scope: Scope) -> String {
        hold(self.holds.get(&scope).copied().unwrap_or(0) % MOST_HOLDS)
    }

    /// All the flags that branches read: that the run is given up, that it starts over, and that one of them pauses.
    pub fn all_flags(&self) -> Vec<String> {
        let mut flags = vec![STOP.to_string()];
        flags.extend(self.restarts().then(|| RESTART.to_string()));
        flags.extend(self.hold_flags());
        flags
    }

    /// The flags that say that a branch pauses.
    pub fn hold_flags(&self) -> Vec<String> {
        let most = self.holds.values().max().copied().unwrap_or(0) + 1;
        (0..most.min(MOST_HOLDS)).map(hold).collect()
    }

    /// Whether a run can pause at a node.
    fn pauses_at(&self, node: Node) -> bool {
        let r = self.release;
        let pauses = FailureOutcome::asks;
        let decision = |d: DecisionId| {
            let mut options = r.decision(d).options.iter();
            options.any(|o| matches!(&o.then, OptionOutcome::Then(o) if pauses(o)))
        };
        let stage = |s: StageId| {
            let stage = r.stage(s);
            let says = |f: &Failure| match f {
                Failure::Then(o) => pauses(o),
                // Siblings are held while it is asked, whatever is answered.
                Failure::Decision(_) => true,
            };
            let judged = |o: &GateOutcome| match o {
                GateOutcome::Then(o) => pauses(o),
                GateOutcome::Decision(_) => true,
            };
            stage.on_failure.as_ref().is_some_and(|f| says(&f.then))
                || gates_of(stage)
                    .into_iter()
                    .any(|g| matches!(&r.gate(g).otherwise, Some((o, _)) if judged(o)))
                || r.triggers
                    .iter()
                    .any(|t| t.during.contains(&s) && t.then == FailureOutcome::Pause)
                || may_pause(r, s)
        };
        match node {
            Node::Stage(s) => stage(s),
            Node::Decision(d) => decision(d),
            Node::Approval(_) => false,
        }
    }

    /// A run may pause a few times: each time costs the pause itself, the stage once more, and looks of whoever is held.
    pub fn pause_events(&self) -> u64 {
        if self.costs.pause == 0 {
            return 0;
        }
        // The count goes on behind a join, so that only branches beside each other can pause that often each.
        let times = u64::try_from(MOST_PAUSES).unwrap_or(1);
        let branches = self.breadth.pausing.max(1);
        let again = self.costs.stage.saturating_mul(times);
        // Those that stand on the way are counted already.
        let more = self
            .costs
            .pause
            .saturating_mul(times.saturating_sub(self.costs.pauses));
        let own = again.saturating_add(more).saturating_mul(branches);
        if !self.pauses {
            return own;
        }
        // However often: every branch that is held remembers how long it was in all.
        let looks = self.looks.held_polls(self.held_seconds());
        let looks = looks.saturating_add(times.saturating_mul(branches));
        let siblings = self.breadth.all.saturating_sub(1);
        own.saturating_add(looks.saturating_mul(HELD_EVENTS).saturating_mul(siblings))
    }

    /// Seconds between two looks at most of a branch that is held; nothing where none is.
    pub fn held_apart(&self) -> i64 {
        match self.pauses && self.costs.pause > 0 {
            true => self.looks.held_apart(self.held_seconds()),
            false => 0,
        }
    }

    /// How many seconds a branch can be held in all.
    fn held_seconds(&self) -> i64 {
        let branches = i64::try_from(self.breadth.pausing.max(1)).unwrap_or(i64::MAX);
        let decisions = self.release.decisions.iter().filter_map(|d| d.question.within);
        let asked = { decisions }
            .map(|d| d.as_seconds())
            .fold(DEFAULT_SECONDS, i64::max);
        let seconds = asked.saturating_add(self.costs.first);
        seconds.saturating_mul(MOST_PAUSES).saturating_mul(branches)
    }
}
