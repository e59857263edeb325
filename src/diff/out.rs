//! A change, and the list of them in the order a board reads it.
//!
//! Must not find changes. Filled by the comparisons of this folder.

use super::pair::Two;
use crate::model::{EnvironmentKind, Origin, StageId};
use crate::plan::Node;
use crate::source::Span;
use std::collections::BTreeSet;

/// Which way a change goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Something is possible now that was not.
    Loosened,
    /// Something was possible that no longer is.
    Tightened,
    /// Neither, or both.
    Changed,
}

impl Direction {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Direction::Loosened => "loosened",
            Direction::Tightened => "tightened",
            Direction::Changed => "changed",
        }
    }

    /// The same change seen from the other side.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Direction::Loosened => Direction::Tightened,
            Direction::Tightened => Direction::Loosened,
            Direction::Changed => Direction::Changed,
        }
    }
}

/// What a change is about, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// An approval or another rule stands before something, or does not.
    Guard,
    /// How many people, and which, must act together.
    Duties,
    /// What can be taken back, and whether a failure leads to it.
    Undo,
    /// What can never be taken back.
    Pivot,
    /// What is measured, checked and watched before things go on.
    Gate,
    /// What is done, with which values and rights, where.
    Work,
    /// What waits for what.
    Order,
    /// Windows, freezes, limits and waits.
    Time,
    /// Who is told.
    Messages,
    /// Names and texts for people.
    Cosmetic,
}

impl Class {
    /// The key of programs.
    pub fn key(self) -> &'static str {
        match self {
            Class::Guard => "guard",
            Class::Duties => "duties",
            Class::Undo => "undo",
            Class::Pivot => "point_of_no_return",
            Class::Gate => "gate",
            Class::Work => "work",
            Class::Order => "order",
            Class::Time => "time",
            Class::Messages => "messages",
            Class::Cosmetic => "cosmetic",
        }
    }

    /// What people call a change of this class and direction.
    pub fn title(self, direction: Direction) -> &'static str {
        use Direction::{Changed, Loosened, Tightened};
        match (self, direction) {
            (Class::Guard, Loosened) => "guard lost",
            (Class::Guard, Tightened) => "guard gained",
            (Class::Guard, Changed) => "guard changed",
            (Class::Duties, Loosened) => "duties weakened",
            (Class::Duties, Tightened) => "duties strengthened",
            (Class::Duties, Changed) => "duties changed",
            (Class::Undo, Loosened) => "undo lost",
            (Class::Undo, Tightened) => "undo gained",
            (Class::Undo, Changed) => "undo changed",
            (Class::Pivot, Loosened) => "point of no return added",
            (Class::Pivot, Tightened) => "point of no return removed",
            (Class::Pivot, Changed) => "point of no return changed",
            (Class::Gate, Loosened) => "gate loosened",
            (Class::Gate, Tightened) => "gate tightened",
            (Class::Gate, Changed) => "gate changed",
            (Class::Work, Loosened) => "rights widened",
            (Class::Work, Tightened) => "rights narrowed",
            (Class::Work, Changed) => "work changed",
            (Class::Order, Loosened) => "order loosened",
            (Class::Order, Tightened) => "order tightened",
            (Class::Order, Changed) => "order changed",
            (Class::Time, Loosened) => "time loosened",
            (Class::Time, Tightened) => "time tightened",
            (Class::Time, Changed) => "time changed",
            (Class::Messages, Loosened) => "message lost",
            (Class::Messages, Tightened) => "message added",
            (Class::Messages, Changed) => "message changed",
            (Class::Cosmetic, _) => "wording",
        }
    }
}

/// A change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which way it goes.
    pub direction: Direction,
    /// What it is about.
    pub class: Class,
    /// The kind of thing that changed: `approval`, `stage`, ….
    pub kind: &'static str,
    /// Its name, that of the new plan where it has one.
    pub name: String,
    /// What changed, in a sentence: lower case, no final stop, backticks around names and values.
    pub message: String,
    /// For a loosening: a run that is possible now and was not.
    pub run: Option<String>,
    /// The stages it is about, by name, in order.
    pub stages: Vec<String>,
    /// How many stages it reaches: those, and all that depend on them.
    pub reach: usize,
    /// The gravest environment among its stages.
    pub environment: Option<(EnvironmentKind, String)>,
    /// Where the old plan says it.
    pub old: Option<Span>,
    /// Where the new plan says it.
    pub new: Option<Span>,
    spots: Spots,
}

/// Which stages a change is about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Spots {
    /// These: numbers in the old plan and in the new.
    Some(Vec<Spot>),
    /// All of them.
    All,
}

/// A stage, on the sides where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) old: Option<usize>,
    pub(super) new: Option<usize>,
}

/// The stages of both plans that something no longer holds for, and those that it did not hold for before.
pub(super) fn lost_and_won(was: &[Spot], is: &[Spot]) -> (Vec<Spot>, Vec<Spot>) {
    let lost = was.iter().filter(|s| s.new.is_some() && !is.contains(s));
    let won = is.iter().filter(|s| s.old.is_some() && !was.contains(s));
    (lost.copied().collect(), won.copied().collect())
}

impl Change {
    pub(super) fn new(
        direction: Direction,
        class: Class,
        kind: &'static str,
        name: &str,
        message: String,
    ) -> Self {
        Change {
            direction,
            class,
            kind,
            name: name.to_string(),
            message,
            run: None,
            stages: Vec::new(),
            reach: 0,
            environment: None,
            old: None,
            new: None,
            spots: Spots::Some(Vec::new()),
        }
    }

    pub(super) fn cosmetic(kind: &'static str, name: &str, message: String) -> Self {
        Change::new(Direction::Changed, Class::Cosmetic, kind, name, message)
    }

    /// The run that is possible now; kept for a loosening only.
    pub(super) fn run(mut self, run: impl Into<String>) -> Self {
        if self.direction == Direction::Loosened {
            self.run = Some(run.into());
        }
        self
    }

    /// The stages it is about.
    pub(super) fn at(mut self, spots: impl IntoIterator<Item = Spot>) -> Self {
        self.spots = Spots::Some(spots.into_iter().collect());
        self
    }

    /// It is about the whole run.
    pub(super) fn everywhere(mut self) -> Self {
        self.spots = Spots::All;
        self
    }

    pub(super) fn placed(mut self, old: Option<&Origin>, new: Option<&Origin>) -> Self {
        self.old = old.map(|o| o.span);
        self.new = new.map(|o| o.span);
        self
    }
}

/// The changes found so far.
#[derive(Debug, Default)]
pub(super) struct Out {
    list: Vec<Change>,
}

impl Out {
    pub(super) fn add(&mut self, change: Change) {
        self.list.push(change);
    }

    /// The changes with what they reach, in order.
    pub(super) fn settle(self, two: &Two<'_>) -> Vec<Change> {
        let all = two.stages.both.len() + two.stages.gone.len() + two.stages.come.len();
        let mut list: Vec<Change> = self.list;
        for change in &mut list {
            match &change.spots {
                Spots::All => {
                    change.reach = all;
                    let r = two.new.r;
                    let e = r.env(r.environment);
                    change.environment = Some((e.kind, e.name.to_string()));
                }
                Spots::Some(spots) => {
                    let mut spots = spots.clone();
                    spots.sort_by_key(|s| (s.new.is_none(), s.new, s.old));
                    spots.dedup();
                    change.environment = spots
                        .iter()
                        .filter_map(|s| environment(two, *s))
                        .max_by_key(|(k, n)| (*k, std::cmp::Reverse(n.clone())));
                    change.stages = spots.iter().map(|s| stage_name(two, *s)).collect();
                    change.reach = reach(two, &spots);
                }
            }
        }
        list.sort_by(|a, b| key(a).cmp(&key(b)));
        list.dedup();
        list
    }
}

type Key<'c> = (
    std::cmp::Reverse<Option<EnvironmentKind>>,
    Option<&'c str>,
    Class,
    std::cmp::Reverse<usize>,
    Direction,
    &'static str,
    &'c str,
    &'c str,
);

/// Makes changes of what the release has once, and every environment with it: the direction, the message, the run that is possible
/// now, the two places.
pub(super) fn of_release(
    two: &Two<'_>,
    class: Class,
    kind: &'static str,
) -> impl Fn(Direction, String, String, Option<&Origin>, Option<&Origin>) -> Change {
    let name = two.new.r.name.clone();
    move |direction, message, run, old, new| {
        Change::new(direction, class, kind, &name, message)
            .run(run)
            .everywhere()
            .placed(old, new)
    }
}

fn key(c: &Change) -> Key<'_> {
    (
        std::cmp::Reverse(c.environment.as_ref().map(|(k, _)| *k)),
        c.environment.as_ref().map(|(_, n)| n.as_str()),
        c.class,
        std::cmp::Reverse(c.reach),
        c.direction,
        c.kind,
        &c.name,
        &c.message,
    )
}

/// What people call a stage.
pub(super) fn stage_name(two: &Two<'_>, spot: Spot) -> String {
    match (spot.new, spot.old) {
        (Some(n), _) => two.new.r.stages[n].name.to_string(),
        (None, Some(o)) => two.old.r.stages[o].name.to_string(),
        (None, None) => String::new(),
    }
}

fn environment(two: &Two<'_>, spot: Spot) -> Option<(EnvironmentKind, String)> {
    let old = spot.old.map(|o| two.old.r.env(two.old.r.stages[o].environment));
    let new = spot.new.map(|n| two.new.r.env(two.new.r.stages[n].environment));
    let both = new.into_iter().chain(old);
    both.map(|e| (e.kind, e.name.to_string())).max_by_key(|(k, _)| *k)
}

/// How many stages there are at and behind some, in either plan.
fn reach(two: &Two<'_>, spots: &[Spot]) -> usize {
    let mut found: BTreeSet<(Option<usize>, Option<usize>)> = BTreeSet::new();
    let mut new_of: Vec<Option<usize>> = vec![None; two.old.r.stages.len()];
    for (o, n) in &two.stages.both {
        new_of[*o] = Some(*n);
    }
    for (side, numbers) in [
        (&two.old, spots.iter().filter_map(|s| s.old).collect::<Vec<_>>()),
        (&two.new, spots.iter().filter_map(|s| s.new).collect()),
    ] {
        let mut seen = vec![false; side.r.stages.len()];
        let mut open = numbers;
        let old = std::ptr::eq(side, &two.old);
        while let Some(i) = open.pop() {
            if std::mem::replace(&mut seen[i], true) {
                continue;
            }
            found.insert(match (old, new_of.get(i).copied().flatten()) {
                (true, Some(n)) => (None, Some(n)),
                (true, None) => (Some(i), None),
                (false, _) => (None, Some(i)),
            });
            open.extend(
                side.plan
                    .waited_by(Node::Stage(StageId::at(i)))
                    .iter()
                    .flat_map(|(n, _)| match n {
                        Node::Stage(s) => vec![s.index()],
                        // An approval or a decision hands on to the stages behind it.
                        _ => side.plan.waited_by(*n).into_iter().filter_map(stage).collect(),
                    }),
            );
        }
    }
    found.len()
}

fn stage((node, _): (Node, &crate::plan::Edge)) -> Option<usize> {
    match node {
        Node::Stage(s) => Some(s.index()),
        _ => None,
    }
}
