//! The cases in which a plan must find its people: which approvals, executors and decisions apply together, and who the
//! author is when a parameter says so.
//!
//! Called by the checks of separation of duties.

use crate::model::{
    ApprovalId, DecisionId, DutyRule, PersonId, PersonRef, Release, RoleId, RoleOrPerson, Seat, StageId,
};
use crate::plan::people::duty::executors;
use crate::plan::people::pool::Directory;
use crate::plan::{Node, Plan, Pred, Truth};
use std::collections::{BTreeMap, BTreeSet};

/// The most cases looked at.
const CASES: usize = 4096;

/// One case.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The approvals that apply.
    pub approvals: Vec<ApprovalId>,
    /// The roles that execute, each with a stage it executes: one for all, or one by one where a rule tells them apart.
    pub executing: Vec<(RoleId, StageId)>,
    /// The decisions that are asked.
    pub decisions: Vec<DecisionId>,
    /// The author, when a parameter names them.
    pub author: Option<PersonId>,
    /// The override through which the run goes, by place in the list.
    pub through: Option<usize>,
    /// The case in words: "when `kind` is `patch`"; `None` when it is the only one.
    pub clause: Option<String>,
}

/// Something that has seats, and what it is that applies or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Approval(ApprovalId),
    Decision(DecisionId),
    Executor(RoleId, StageId),
}

/// Which executors a plan's rules tell apart by their stages.
pub(super) struct Apart {
    all: bool,
    stages: BTreeSet<StageId>,
}

impl Apart {
    pub(super) fn of(release: &Release) -> Self {
        let named = release.duties.iter().flat_map(DutyRule::seats);
        Apart {
            all: release.duties.iter().any(|d| {
                let plural = d.seats().contains(&Seat::Executors);
                match d {
                    DutyRule::AtLeast(..) => plural,
                    DutyRule::Distinct(seats, _) => plural && seats.len() == 1,
                    DutyRule::Same(..) | DutyRule::AtMost(..) => false,
                }
            }),
            stages: named
                .filter_map(|s| {
                    if let Seat::Executor(stage) = s {
                        Some(*stage)
                    } else {
                        None
                    }
                })
                .collect(),
        }
    }

    pub(super) fn apart(&self, stage: StageId) -> bool {
        self.all || self.stages.contains(&stage)
    }
}

/// Which of the cases are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Every one.
    All,
    /// Those with the most seats. What can be filled there can be filled in every other case.
    Fullest,
    /// Those with the fewest seats that somebody executes. No other case takes fewer people.
    Emptiest,
}

/// The cases of the stages asked about that are wanted, or `None` when there are too many.
///
/// Rules that count *at least* are harder to keep with fewer seats: where one is written, every case is looked at.
pub fn scenarios(
    plan: &Plan,
    directory: &Directory<'_>,
    which: Which,
    stages: impl Fn(StageId) -> bool,
) -> Option<Vec<Scenario>> {
    let r = plan.release();
    let variants = plan.variants();
    let items = items(plan, stages);
    let conditions: BTreeSet<Pred> = items.values().copied().collect();
    let conditions: Vec<Pred> = conditions
        .into_iter()
        .filter(|p| *p != Pred::TRUE && *p != Pred::FALSE)
        .collect();
    // What applies nobody knows when is in no case.
    if conditions.contains(&Pred::UNDECIDED) {
        return None;
    }
    let more_is_harder = !r.duties.iter().any(|d| matches!(d, DutyRule::AtLeast(..)));
    let leaves = match which {
        Which::Fullest if more_is_harder => as_many_as_can(plan, Pred::TRUE, &conditions)?,
        Which::Emptiest if more_is_harder => {
            let without: Vec<Pred> = conditions
                .iter()
                .map(|p| variants.without(Pred::TRUE, *p))
                .collect();
            let executed = items.iter().filter(|(i, _)| matches!(i, Item::Executor(..)));
            let bases: BTreeSet<Pred> = executed.map(|(_, p)| *p).collect();
            let mut leaves = Vec::new();
            for base in bases {
                leaves.extend(as_many_as_can(plan, base, &without)?);
            }
            leaves
        }
        _ => every(plan, &conditions)?,
    };
    let mut cases: BTreeMap<Vec<Item>, Option<String>> = BTreeMap::new();
    for leaf in leaves {
        let inside: Vec<Item> = items
            .iter()
            .filter(|(_, p)| variants.implies(leaf, **p))
            .map(|(i, _)| *i)
            .collect();
        cases
            .entry(inside)
            .or_insert_with(|| match variants.find(plan, leaf) {
                Truth::In(v) => v.clause(),
                _ => None,
            });
    }
    let authors = authors(plan, directory);
    let mut list = Vec::new();
    for (inside, clause) in cases {
        for author in &authors {
            let named = author.map(|p| format!("when the author is `{}`", r.person(p).name));
            let words: Vec<String> = [clause.clone(), named].into_iter().flatten().collect();
            let mut case = Scenario {
                approvals: Vec::new(),
                executing: Vec::new(),
                decisions: Vec::new(),
                author: *author,
                through: None,
                clause: (!words.is_empty()).then(|| words.join(" and ")),
            };
            for item in &inside {
                match item {
                    Item::Approval(a) => case.approvals.push(*a),
                    Item::Decision(d) => case.decisions.push(*d),
                    Item::Executor(role, stage) => case.executing.push((*role, *stage)),
                }
            }
            list.push(case);
            if list.len() > CASES {
                return None;
            }
        }
    }
    Some(list)
}

/// Every way the conditions can hold and not hold together.
fn every(plan: &Plan, conditions: &[Pred]) -> Option<Vec<Pred>> {
    let variants = plan.variants();
    let mut leaves = vec![Pred::TRUE];
    for p in conditions {
        let mut split = Vec::new();
        for leaf in leaves {
            let sides = [variants.and(leaf, *p), variants.without(leaf, *p)];
            split.extend(sides.into_iter().filter(|s| variants.possible(*s)));
        }
        leaves = split;
        if leaves.len() > CASES {
            return None;
        }
    }
    Some(leaves)
}

/// The sets of conditions that can hold together and to which none can be added, each as one condition.
///
/// As long as those that are left cannot all hold, some that contradict each other are found, and each of them is left out in turn.
fn as_many_as_can(plan: &Plan, base: Pred, conditions: &[Pred]) -> Option<Vec<Pred>> {
    let variants = plan.variants();
    let together = |set: &BTreeSet<Pred>| {
        let mut all = base;
        for p in set {
            all = variants.and(all, *p);
        }
        all
    };
    let mut found: Vec<(BTreeSet<Pred>, Pred)> = Vec::new();
    let mut seen: BTreeSet<BTreeSet<Pred>> = BTreeSet::new();
    let mut open = vec![conditions.iter().copied().collect::<BTreeSet<Pred>>()];
    while let Some(set) = open.pop() {
        if found.iter().any(|(larger, _)| set.is_subset(larger)) || !seen.insert(set.clone()) {
            continue;
        }
        if seen.len() > CASES {
            return every(plan, conditions);
        }
        let all = together(&set);
        if variants.possible(all) {
            found.push((set, all));
            continue;
        }
        let mut clash = set.clone();
        for p in &set {
            clash.remove(p);
            if variants.possible(together(&clash)) {
                clash.insert(*p);
            }
        }
        open.extend(clash.iter().map(|p| {
            let mut fewer = set.clone();
            fewer.remove(p);
            fewer
        }));
    }
    Some(found.into_iter().map(|(_, all)| all).collect())
}

/// Everything that has seats, and when it applies.
fn items(plan: &Plan, stages: impl Fn(StageId) -> bool) -> BTreeMap<Item, Pred> {
    let r = plan.release();
    let variants = plan.variants();
    let mut items = BTreeMap::new();
    for a in (0..r.approvals.len()).map(ApprovalId::at) {
        items.insert(Item::Approval(a), variants.applies(Node::Approval(a)));
    }
    for d in (0..r.decisions.len()).map(DecisionId::at) {
        items.insert(Item::Decision(d), variants.applies(Node::Decision(d)));
    }
    let apart = Apart::of(r);
    let mut of_role: BTreeMap<RoleId, (StageId, Pred)> = BTreeMap::new();
    for s in (0..r.stages.len()).map(StageId::at).filter(|s| stages(*s)) {
        let when = variants.applies(Node::Stage(s));
        for role in executors(r.stage(s)) {
            if apart.apart(s) {
                items.insert(Item::Executor(role, s), when);
            } else {
                let (_, any) = of_role.entry(role).or_insert((s, Pred::FALSE));
                if *any != Pred::TRUE {
                    *any = variants.or(*any, when);
                }
            }
        }
    }
    items.extend(
        of_role
            .into_iter()
            .map(|(role, (s, any))| (Item::Executor(role, s), any)),
    );
    items
}

/// Who the author may be, when a parameter says so: of people who are in the same roles, one.
fn authors(plan: &Plan, directory: &Directory<'_>) -> Vec<Option<PersonId>> {
    let r = plan.release();
    if !r.authors.iter().any(|(a, _)| matches!(a, PersonRef::Param(_))) {
        return vec![None];
    }
    let named: BTreeSet<PersonId> = r
        .approvals
        .iter()
        .flat_map(|a| &a.from)
        .filter_map(|(w, _)| {
            if let RoleOrPerson::Person(p) = w {
                Some(*p)
            } else {
                None
            }
        })
        .collect();
    let mut roles: BTreeMap<PersonId, Vec<RoleId>> = BTreeMap::new();
    for role in (0..r.roles.len()).map(RoleId::at) {
        for p in &directory.role(role).people {
            roles.entry(*p).or_default().push(role);
        }
    }
    let mut seen = BTreeSet::new();
    let people = (0..r.people.len())
        .map(PersonId::at)
        .filter(|p| !r.person(*p).bot);
    let list: Vec<Option<PersonId>> = people
        .filter(|p| seen.insert((roles.get(p).cloned(), named.get(p).copied())))
        .map(Some)
        .collect();
    if list.is_empty() { vec![None] } else { list }
}
