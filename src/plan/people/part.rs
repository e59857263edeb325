//! Cuts a problem into independent parts and each part down to the people who matter.
//!
//! Exact, because rules never name people: parts that share no rule may reuse the same people, and of the people who may
//! take exactly the same seats no plan needs more than there are seats. Called by `solve`.

use crate::plan::people::kernel::{Kernel, Merge};
use crate::plan::people::problem::{Problem, Rule};
use std::collections::{BTreeMap, BTreeSet};

/// Seats that hang together through rules.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The seats of the problem that each seat of the part stands for (`same` made them one).
    pub seats: Vec<Vec<u32>>,
    /// Who may sit, by index into `people`.
    pub pools: Vec<Vec<u32>>,
    /// The people of the problem.
    pub people: Vec<u32>,
    /// For each seat, the seats whose person must be another.
    pub differ: Vec<Vec<u32>>,
    /// So many different people at most.
    pub at_most: Vec<(u32, Vec<u32>)>,
    /// So many different people at least.
    pub at_least: Vec<(u32, Vec<u32>)>,
}

impl Part {
    /// Whether only distinctness matters.
    pub fn only_differ(&self) -> bool {
        self.at_most.is_empty() && self.at_least.is_empty()
    }

    /// Whether every two seats need different people.
    pub fn is_clique(&self) -> bool {
        self.differ.iter().all(|d| d.len() + 1 == self.seats.len())
    }
}

/// The parts of a problem; `None` when one seat would have to be its own opposite or has nobody left.
pub(super) fn parts(problem: &Problem) -> Option<Vec<Part>> {
    let mut one = Merge::new(problem.seats.len());
    for bound in &problem.rules {
        match &bound.rule {
            Rule::Same(s) | Rule::AtMost(1, s) => s.windows(2).for_each(|w| one.join(w[0], w[1])),
            _ => {}
        }
    }
    // Seats made one by `same` become one class, whose pool is what all of them share.
    let mut class_of = vec![0u32; problem.seats.len()];
    let mut classes: Vec<Vec<u32>> = Vec::new();
    let mut index: BTreeMap<u32, u32> = BTreeMap::new();
    for (s, its) in class_of.iter_mut().enumerate() {
        let root = one.root(u32::try_from(s).ok()?);
        let class = *index.entry(root).or_insert_with(|| {
            classes.push(Vec::new());
            u32::try_from(classes.len() - 1).unwrap_or(u32::MAX)
        });
        *its = class;
        classes[class as usize].push(u32::try_from(s).ok()?);
    }
    let pools = classes
        .iter()
        .map(|c| shared_pool(problem, c))
        .collect::<Vec<_>>();
    if pools.iter().any(Vec::is_empty) {
        return None;
    }
    let of = |seats: &[u32]| {
        seats
            .iter()
            .map(|s| class_of[*s as usize])
            .collect::<BTreeSet<_>>()
    };
    let mut linked = Merge::new(classes.len());
    let mut differ: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); classes.len()];
    let (mut at_most, mut at_least) = (Vec::new(), Vec::new());
    for bound in &problem.rules {
        match &bound.rule {
            Rule::Differ(groups) => {
                let groups: Vec<_> = groups.iter().map(|g| of(g)).collect();
                for (i, a) in groups.iter().enumerate() {
                    for b in &groups[..i] {
                        for x in a {
                            for y in b {
                                if x == y {
                                    return None;
                                }
                                differ[*x as usize].insert(*y);
                                differ[*y as usize].insert(*x);
                                linked.join(*x, *y);
                            }
                        }
                    }
                }
            }
            Rule::Same(_) => {}
            Rule::AtMost(n, s) => {
                let s = of(s);
                if *n == 0 && !s.is_empty() {
                    return None;
                }
                if s.len() > *n as usize {
                    link(&mut linked, &s);
                    at_most.push((*n, s));
                }
            }
            Rule::AtLeast(n, s) => {
                let s = of(s);
                if s.len() < *n as usize {
                    return None;
                }
                if *n > 1 {
                    link(&mut linked, &s);
                    at_least.push((*n, s));
                }
            }
        }
    }
    let mut kernel = Kernel::of(&pools);
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for c in 0..classes.len() {
        let c = u32::try_from(c).ok()?;
        members.entry(linked.root(c)).or_default().push(c);
    }
    Some(
        members
            .into_values()
            .map(|m| build(&mut kernel, &m, &classes, &pools, &differ, &at_most, &at_least))
            .collect(),
    )
}

fn build(
    kernel: &mut Kernel,
    members: &[u32],
    classes: &[Vec<u32>],
    pools: &[Vec<u32>],
    differ: &[BTreeSet<u32>],
    at_most: &[(u32, BTreeSet<u32>)],
    at_least: &[(u32, BTreeSet<u32>)],
) -> Part {
    let here: BTreeMap<u32, u32> = members.iter().copied().zip(0u32..).collect();
    let inside = |rules: &[(u32, BTreeSet<u32>)]| {
        rules
            .iter()
            .filter(|(_, s)| s.iter().next().is_some_and(|c| here.contains_key(c)))
            .map(|(n, s)| (*n, s.iter().filter_map(|c| here.get(c).copied()).collect()))
            .collect::<Vec<_>>()
    };
    let own: Vec<&[u32]> = members.iter().map(|c| pools[*c as usize].as_slice()).collect();
    let (people, pools) = kernel.cut(&own, own.len());
    Part {
        seats: members.iter().map(|c| classes[*c as usize].clone()).collect(),
        pools,
        people,
        differ: members
            .iter()
            .map(|c| {
                differ[*c as usize]
                    .iter()
                    .filter_map(|d| here.get(d).copied())
                    .collect()
            })
            .collect(),
        at_most: inside(at_most),
        at_least: inside(at_least),
    }
}

fn shared_pool(problem: &Problem, seats: &[u32]) -> Vec<u32> {
    let Some((first, rest)) = seats.split_first() else {
        return Vec::new();
    };
    let mut pool = problem.seats[*first as usize].pool.clone();
    for s in rest {
        let other = &problem.seats[*s as usize].pool;
        pool.retain(|p| other.binary_search(p).is_ok());
    }
    pool
}

fn link(linked: &mut Merge, seats: &BTreeSet<u32>) {
    let mut seats = seats.iter();
    if let Some(first) = seats.next() {
        seats.for_each(|s| linked.join(*first, *s));
    }
}
