//! Which pairs of stages have to be compared: those that touch keys that overlap, one of them writing.
//!
//! Keys are indexed by their parts, so that stages that touch different things never meet. Stages that touch the very same
//! key in the same variants are compared with their neighbours in the order only: if each is ordered with the next, all are.

use crate::model::{Key, StageId};
use crate::plan::{Node, Plan, Pred, Touch};
use crate::source::Span;
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// The most pairs that are compared.
const PAIRS: usize = 1_000_000;

/// Two stages, in order, and how they touch what they share.
pub(super) struct Candidate<'a> {
    pub(super) stages: (StageId, StageId),
    pub(super) touches: (Touch<'a>, Touch<'a>),
}

/// The pairs to compare, and where they became too many.
pub(super) struct Candidates<'a> {
    pub(super) list: Vec<Candidate<'a>>,
    pub(super) left_out: Option<Span>,
}

/// How one stage touches one key.
#[derive(Clone, Copy)]
struct Access<'a> {
    place: usize,
    stage: StageId,
    touch: Touch<'a>,
}

/// The accesses of one key, in the order of the stages, one per stage: a write if it has one.
type Class<'a> = Vec<Access<'a>>;

#[derive(Default)]
struct Trie {
    classes: Vec<usize>,
    children: BTreeMap<Option<String>, Trie>,
}

struct Pairs<'a> {
    found: BTreeMap<(usize, usize), Candidate<'a>>,
    left_out: Option<Span>,
}

pub(super) fn candidates(plan: &Plan) -> Candidates<'_> {
    let mut by_key: IndexMap<&Key, Class<'_>> = IndexMap::new();
    for (place, stage) in plan.stage_order().into_iter().enumerate() {
        for touch in plan.touches(stage).into_iter().filter(|t| !t.assumed) {
            let class = by_key.entry(&touch.key.key).or_default();
            match class.last_mut() {
                Some(last) if last.stage == stage => {
                    if touch.writes() && !last.touch.writes() {
                        last.touch = touch;
                    }
                }
                _ => class.push(Access { place, stage, touch }),
            }
        }
    }
    let classes: Vec<(&Key, Class<'_>)> = by_key.into_iter().collect();
    let mut trie = Trie::default();
    for (i, (key, _)) in classes.iter().enumerate() {
        trie.insert(&key.segments(), i);
    }
    let mut pairs = Pairs {
        found: BTreeMap::new(),
        left_out: None,
    };
    for (i, (key, class)) in classes.iter().enumerate() {
        pairs.within(plan, class);
        let mut others = Vec::new();
        trie.overlapping(&key.segments(), &mut others);
        others.sort_unstable();
        for j in others.into_iter().filter(|j| *j > i) {
            pairs.between(class, &classes[j].1);
        }
    }
    Candidates {
        list: pairs.found.into_values().collect(),
        left_out: pairs.left_out,
    }
}

impl Trie {
    fn insert(&mut self, segments: &[Option<String>], class: usize) {
        let mut at = self;
        for segment in segments {
            at = at.children.entry(segment.clone()).or_default();
        }
        at.classes.push(class);
    }

    /// The classes whose keys overlap a key: those above it, on its way, and below it.
    fn overlapping(&self, segments: &[Option<String>], found: &mut Vec<usize>) {
        let mut open = vec![(self, 0)];
        while let Some((at, depth)) = open.pop() {
            found.extend(&at.classes);
            match segments.get(depth) {
                None | Some(None) => open.extend(at.children.values().map(|c| (c, depth + 1))),
                Some(mine) => {
                    let known = at.children.get(mine).into_iter();
                    open.extend(known.chain(at.children.get(&None)).map(|c| (c, depth + 1)));
                }
            }
        }
    }
}

impl<'a> Pairs<'a> {
    fn add(&mut self, a: Access<'a>, b: Access<'a>) {
        if a.stage == b.stage || !(a.touch.writes() || b.touch.writes()) {
            return;
        }
        let (a, b) = if a.place < b.place { (a, b) } else { (b, a) };
        if self.found.len() >= PAIRS {
            self.left_out.get_or_insert(b.touch.key.origin.span);
            return;
        }
        self.found.entry((a.place, b.place)).or_insert(Candidate {
            stages: (a.stage, b.stage),
            touches: (a.touch, b.touch),
        });
    }

    /// Stages that apply in the same variants vouch for each other: what is ordered with the nearest of them is ordered
    /// with all. So each access meets the last write of every such group, and each write the reads since its group's last.
    fn within(&mut self, plan: &Plan, class: &Class<'a>) {
        let mut writers: BTreeMap<Pred, Access<'a>> = BTreeMap::new();
        let mut unmet: BTreeMap<Pred, Vec<Access<'a>>> = BTreeMap::new();
        let mut readers: Vec<Access<'a>> = Vec::new();
        for access in class {
            let group = plan.variants().applies(Node::Stage(access.stage));
            for writer in writers.values() {
                self.add(*writer, *access);
            }
            if access.touch.writes() {
                let met = match unmet.insert(group, Vec::new()) {
                    Some(list) => list,
                    None => readers.clone(),
                };
                for reader in met {
                    self.add(reader, *access);
                }
                writers.insert(group, *access);
            } else {
                readers.push(*access);
                for list in unmet.values_mut() {
                    list.push(*access);
                }
            }
            if self.left_out.is_some() {
                return;
            }
        }
    }

    fn between(&mut self, some: &Class<'a>, others: &Class<'a>) {
        for a in some {
            for b in others {
                self.add(*a, *b);
                if self.left_out.is_some() {
                    return;
                }
            }
        }
    }
}
