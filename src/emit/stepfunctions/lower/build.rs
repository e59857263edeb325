//! States as they are put together: labels instead of names until the end, one frame per branch.
//!
//! Counts the events a run can write at most. Must not know a plan. Used by every part of `lower`.

use super::history::{Spent, Weights, heaviest};
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::{Assign, Branch, Choice, Pass, Rule, State};
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};

/// Most characters of a state's name.
pub const NAME_LIMIT: usize = 80;

/// A place that states lead to; it gets the name of the state put there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label(String);

impl Label {
    /// As the `Next` of a state, until labels become names.
    pub fn next(&self) -> String {
        self.0.clone()
    }

    /// As an optional `Next`.
    pub fn some(&self) -> Option<String> {
        Some(self.0.clone())
    }
}

#[derive(Debug, Default)]
struct Frame {
    states: IndexMap<String, State>,
    start: String,
}

/// The states put so far.
#[derive(Debug)]
pub struct Builder {
    frames: Vec<Frame>,
    count: usize,
    names: BTreeMap<String, String>,
    aliases: BTreeMap<String, String>,
    taken: BTreeSet<String>,
    /// The highest number each name asked for has got, so that the next one need not try them all.
    numbers: BTreeMap<String, u32>,
    rounds: Vec<u64>,
    weights: Weights,
    /// The part that what is put belongs to, where its name does not say it.
    part: Option<String>,
    parts: BTreeMap<String, String>,
    events: u64,
}

impl Builder {
    /// No state yet.
    pub fn new() -> Self {
        Builder {
            frames: vec![Frame::default()],
            count: 0,
            names: BTreeMap::new(),
            aliases: BTreeMap::new(),
            taken: BTreeSet::new(),
            numbers: BTreeMap::new(),
            rounds: Vec::new(),
            weights: Weights::new(),
            part: None,
            parts: BTreeMap::new(),
            events: 2,
        }
    }

    /// A new place.
    pub fn label(&mut self) -> Label {
        self.count += 1;
        Label(format!("#{}", self.count))
    }

    /// Puts a state at a place, under a name close to the one wanted.
    pub fn put(&mut self, at: &Label, wanted: &str, state: State) {
        let rounds = self.rounds.iter().fold(1u64, |a, b| a.saturating_mul(*b));
        self.put_for(rounds, at, wanted, state);
    }

    /// Puts a state whose events are counted elsewhere.
    pub fn put_uncounted(&mut self, at: &Label, wanted: &str, state: State) {
        self.put_for(0, at, wanted, state);
    }

    fn put_for(&mut self, rounds: u64, at: &Label, wanted: &str, state: State) {
        let name = self.unique(wanted);
        self.names.insert(at.0.clone(), name.clone());
        let weight = cost(&state).saturating_mul(rounds);
        self.events = self.events.saturating_add(weight);
        if let Some(part) = &self.part {
            self.parts.insert(name.clone(), part.clone());
        }
        self.weights.insert(name, weight);
        if let Some(frame) = self.frames.last_mut() {
            if frame.start.is_empty() {
                frame.start.clone_from(&at.0);
            }
            frame.states.insert(at.0.clone(), state);
        }
    }

    /// Makes a place another name of a second one.
    pub fn same(&mut self, at: &Label, other: &Label) {
        self.aliases.insert(at.0.clone(), other.0.clone());
    }

    /// Puts a `Pass` that sets variables.
    pub fn set(&mut self, at: &Label, name: &str, assign: Assign, next: &Label) {
        let pass = Pass {
            assign,
            next: next.some(),
            ..Pass::default()
        };
        self.put(at, name, State::Pass(pass));
    }

    /// Puts a `Choice` between two places.
    pub fn branch(&mut self, at: &Label, name: &str, condition: Expr, then: &Label, other: &Label) {
        self.choose(at, name, vec![(condition, then.clone())], other);
    }

    /// Puts a `Choice`; constant conditions are decided here.
    pub fn choose(&mut self, at: &Label, name: &str, rules: Vec<(Expr, Label)>, other: &Label) {
        let mut choices = Vec::new();
        let mut default = other;
        for (condition, then) in &rules {
            match condition {
                Expr::Bool(false) => {}
                Expr::Bool(true) => {
                    default = then;
                    break;
                }
                c => choices.push(Rule {
                    condition: Data::Expr(c.clone()),
                    assign: Assign::new(),
                    next: then.next(),
                }),
            }
        }
        if choices.is_empty() {
            self.same(at, default);
            return;
        }
        let choice = Choice {
            choices,
            default: default.next(),
            ..Choice::default()
        };
        self.put(at, name, State::Choice(choice));
    }

    /// What is put from here on runs so many times at most.
    pub fn enter_loop(&mut self, rounds: u64) {
        self.rounds.push(rounds.max(1));
    }

    /// Ends the innermost loop.
    pub fn leave_loop(&mut self) {
        self.rounds.pop();
    }

    /// What is put from here on belongs to a part; to the one that its name says when there is none.
    pub fn belongs(&mut self, part: Option<String>) {
        self.part = part;
    }

    /// Starts a branch.
    pub fn open(&mut self) {
        self.frames.push(Frame::default());
    }

    /// Ends a branch that starts at a place.
    pub fn close(&mut self, start: &Label) -> Branch {
        let frame = self.frames.pop().unwrap_or_default();
        Branch {
            processor_config: None,
            start_at: start.next(),
            states: frame.states,
        }
    }

    /// The events of everything put so far, alternatives included: for measuring a part by difference.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The whole machine's states, and the most events a pass through them writes: labels become names, what nothing leads to
    /// is left out.
    pub fn finish(mut self, start: &Label) -> (Branch, Spent) {
        let mut branch = self.close(start);
        self.resolve(&mut branch);
        let events = heaviest(&branch, &self.weights).saturating_add(2);
        let spent = Spent {
            events,
            weights: self.weights,
            parts: self.parts,
        };
        (branch, spent)
    }

    fn resolve(&self, branch: &mut Branch) {
        branch.start_at = self.name_of(&branch.start_at);
        let states = std::mem::take(&mut branch.states);
        let mut named: IndexMap<String, State> = IndexMap::new();
        for (label, mut state) in states {
            for target in state.targets_mut() {
                *target = self.name_of(target);
            }
            match &mut state {
                State::Parallel(p) => p.branches.iter_mut().for_each(|b| self.resolve(b)),
                State::Map(m) => self.resolve(&mut m.item_processor),
                _ => {}
            }
            named.insert(self.name_of(&label), state);
        }
        // As a reader follows them: a way to its end, then the ways that leave it; what nothing leads to is left out.
        let mut ordered: IndexMap<String, State> = IndexMap::new();
        let mut queue = vec![branch.start_at.clone()];
        while let Some(name) = queue.pop() {
            if let Some(state) = named.swap_remove(&name) {
                let mut targets = state.targets();
                if matches!(state, State::Choice(_)) {
                    // The usual way is the last one a choice names.
                    targets.rotate_right(1);
                } else {
                    targets.reverse();
                }
                queue.extend(targets.into_iter().rev().cloned());
                ordered.insert(name, state);
            }
        }
        let named = ordered;
        branch.states = named;
    }

    fn name_of(&self, label: &str) -> String {
        let mut at = label;
        for _ in 0..=self.aliases.len() {
            match self.aliases.get(at) {
                Some(next) => at = next,
                None => break,
            }
        }
        self.names.get(at).cloned().unwrap_or_else(|| at.to_string())
    }

    fn unique(&mut self, wanted: &str) -> String {
        let wanted = clean(wanted);
        let mut name = shorten(&wanted, NAME_LIMIT);
        if self.taken.insert(name.clone()) {
            return name;
        }
        let mut n = self.numbers.get(&wanted).copied().unwrap_or(1);
        while !self.taken.insert(name.clone()) {
            n += 1;
            let suffix = format!(" ({n})");
            name = shorten(&wanted, NAME_LIMIT - suffix.len()) + &suffix;
        }
        self.numbers.insert(wanted, n);
        name
    }
}

/// A line of printable text: no backticks, no control characters, single spaces.
fn clean(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| *c != '`')
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        "state".to_string()
    } else {
        line
    }
}

/// At most `limit` characters: cut inside, so that what a name ends with can still be read.
fn shorten(text: &str, limit: usize) -> String {
    const TAIL: usize = 32;
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= limit {
        return text.to_string();
    }
    let tail = text
        .rfind(": ")
        .map(|at| text[at..].to_string())
        .filter(|t| t.chars().count() <= TAIL)
        .unwrap_or_else(|| {
            if text.ends_with('?') {
                "?".into()
            } else {
                String::new()
            }
        });
    let head: String = chars[..limit - 2 - tail.chars().count()].iter().collect();
    [head.trim_end(), "..", &tail].concat()
}

/// The events a state writes at most when it runs once.
fn cost(state: &State) -> u64 {
    match state {
        State::Task(t) => {
            let tries: u64 = 1 + t.retry.iter().map(|r| u64::from(r.max_attempts)).sum::<u64>();
            let submitted = u64::from(t.resource.contains(".sync") || t.resource.contains(".wait"));
            2 + tries * (3 + submitted)
        }
        State::Parallel(_) | State::Map(_) => 5,
        State::Fail(_) => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::{Builder, NAME_LIMIT};
    use crate::emit::stepfunctions::expr::Expr;
    use crate::emit::stepfunctions::model::{Assign, State, Succeed};

    #[test]
    fn names_are_unique_short_and_clean() {
        let mut b = Builder::new();
        let end = b.label();
        let labels: Vec<_> = (0..3).map(|_| b.label()).collect();
        for (i, l) in labels.iter().enumerate() {
            let next = labels.get(i + 1).unwrap_or(&end).clone();
            b.set(l, &format!("`model`:\n{}", "x".repeat(200)), Assign::new(), &next);
        }
        b.put(&end, "end", State::Succeed(Succeed::default()));
        let (branch, _) = b.finish(&labels[0]);
        assert_eq!(branch.states.len(), 4);
        assert!(
            branch
                .states
                .keys()
                .all(|n| n.chars().count() <= NAME_LIMIT && !n.contains('`'))
        );
    }

    #[test]
    fn constant_choices_vanish_and_so_does_what_nothing_reaches() {
        let mut b = Builder::new();
        let (start, yes, no) = (b.label(), b.label(), b.label());
        b.branch(&start, "sure?", Expr::Bool(true), &yes, &no);
        b.put(&yes, "yes", State::Succeed(Succeed::default()));
        b.put(&no, "no", State::Succeed(Succeed::default()));
        let (branch, _) = b.finish(&start);
        assert_eq!(branch.start_at, "yes");
        assert_eq!(branch.states.len(), 1);
    }
}
