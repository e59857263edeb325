//! Variables: what a run remembers, and under which name each branch may write it.
//!
//! A branch of a `Parallel` reads the variables around it but can set only its own, under other names. So each fact has a
//! name per scope that writes it; a branch starts with a copy, returns it, and the join copies it out again.
//! Must not know what a fact means. Used by every part of `lower`.

use crate::emit::stepfunctions::expr::{Data, Expr, Part};
use crate::emit::stepfunctions::model::Assign;
use crate::plan::Node;
use std::collections::{BTreeMap, BTreeSet};

/// Most characters of a variable's name.
const NAME_LIMIT: usize = 80;

/// Where states stand: the machine itself, or a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(pub usize);

/// The machine itself.
pub const TOP: Scope = Scope(0);

/// How what several branches say of one fact becomes one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// True when any says so.
    Any,
    /// Whatever differs from what it was.
    Changed,
    /// A count: each branch adds to it.
    Sum,
    /// A measure: the largest that any of them says.
    Most,
    /// A list: each branch starts with an empty one, and all are joined.
    Append,
}

#[derive(Debug)]
struct Fact {
    initial: Data,
    join: Join,
    /// The scopes that write it, and every scope around those.
    around: BTreeSet<Scope>,
}

/// The facts of a run.
#[derive(Debug, Default)]
pub struct Vars {
    parents: Vec<Option<Scope>>,
    places: BTreeMap<Node, Scope>,
    facts: BTreeMap<String, Fact>,
    /// The facts that anything inside a scope writes, by scope.
    written: Vec<BTreeSet<String>>,
}

impl Vars {
    /// No fact and no branch yet.
    pub fn new() -> Self {
        Vars {
            parents: vec![None],
            written: vec![BTreeSet::new()],
            ..Vars::default()
        }
    }

    /// A new branch inside a scope.
    pub fn branch(&mut self, parent: Scope) -> Scope {
        self.parents.push(Some(parent));
        self.written.push(BTreeSet::new());
        Scope(self.parents.len() - 1)
    }

    /// Says where a node stands.
    pub fn place(&mut self, node: Node, scope: Scope) {
        self.places.insert(node, scope);
    }

    /// Where a node stands; the machine itself when it stands nowhere.
    pub fn scope_of(&self, node: Node) -> Scope {
        self.places.get(&node).copied().unwrap_or(TOP)
    }

    /// Declares a fact and who writes it.
    pub fn declare(&mut self, fact: &str, initial: Data, join: Join, writer: Scope) {
        let entry = self.facts.entry(fact.to_string()).or_insert_with(|| Fact {
            initial,
            join,
            around: BTreeSet::new(),
        });
        let mut at = Some(writer);
        while let Some(scope) = at
            && entry.around.insert(scope)
        {
            self.written[scope.0].insert(fact.to_string());
            at = self.parents[scope.0];
        }
    }

    /// Whether a fact is declared.
    pub fn knows(&self, fact: &str) -> bool {
        self.facts.contains_key(fact)
    }

    /// A fact as it is read in a scope.
    pub fn read(&self, fact: &str, scope: Scope) -> Expr {
        Expr::var(self.name_in(fact, self.holder(fact, scope)))
    }

    /// The name under which a scope sets a fact of its own.
    pub fn write(&self, fact: &str, scope: Scope) -> String {
        self.name_in(fact, scope)
    }

    /// A name of a scope's own that no other scope sees.
    pub fn local(&self, name: &str, scope: Scope) -> String {
        self.name_in(name, scope)
    }

    /// Every fact at its beginning, for the first state.
    pub fn initial(&self) -> Assign {
        self.facts
            .iter()
            .map(|(f, fact)| (self.name_in(f, TOP), fact.initial.clone()))
            .collect()
    }

    /// The copies a branch starts with.
    pub fn copies(&self, branch: Scope, parent: Scope) -> Assign {
        self.written_in(branch)
            .into_iter()
            .map(|f| {
                let start = match self.facts[f].join {
                    Join::Append => Data::List(Vec::new()),
                    _ => Data::Expr(self.read(f, parent)),
                };
                (self.name_in(f, branch), start)
            })
            .collect()
    }

    /// What a branch returns.
    pub fn returns(&self, branch: Scope) -> Vec<(String, Expr)> {
        self.written_in(branch)
            .into_iter()
            .map(|f| (short(f), Expr::var(self.name_in(f, branch))))
            .collect()
    }

    /// What a join takes from the results of its branches.
    pub fn joined(&self, branches: &[Scope], parent: Scope) -> Assign {
        let mut by_fact: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (i, branch) in branches.iter().enumerate() {
            for fact in self.written_in(*branch) {
                by_fact.entry(fact).or_default().push(i);
            }
        }
        let mut assign = Assign::new();
        for (fact, from) in by_fact {
            let of = |i: usize| result(i).parts(vec![Part::Name(short(fact))]);
            let value = match self.facts[fact].join {
                Join::Any => Expr::any(from.iter().map(|i| of(*i))),
                Join::Sum => {
                    let was = self.read(fact, parent);
                    from.iter().fold(was.clone(), |sum, i| {
                        Expr::op(sum, "+", Expr::op(of(*i), "-", was.clone()))
                    })
                }
                Join::Most => Expr::Call("max", vec![Expr::List(from.iter().map(|i| of(*i)).collect())]),
                Join::Append => {
                    let all = std::iter::once(self.read(fact, parent)).chain(from.iter().map(|i| of(*i)));
                    Expr::List(all.collect())
                }
                Join::Changed => {
                    let was = self.read(fact, parent);
                    let mut list = from.iter().rev();
                    let last = list.next().map_or(Expr::Null, |i| of(*i));
                    list.fold(last, |rest, i| {
                        Expr::cond(Expr::op(of(*i), "!=", was.clone()), of(*i), rest)
                    })
                }
            };
            assign.insert(self.name_in(fact, parent), Data::Expr(value));
        }
        assign
    }

    /// The facts anything inside a scope writes, in order.
    fn written_in(&self, scope: Scope) -> Vec<&str> {
        self.written[scope.0].iter().map(String::as_str).collect()
    }

    /// The innermost scope around a reader in which the fact is written.
    fn holder(&self, fact: &str, reader: Scope) -> Scope {
        let Some(f) = self.facts.get(fact) else {
            return TOP;
        };
        let mut at = reader;
        loop {
            if f.around.contains(&at) {
                return at;
            }
            match self.parents[at.0] {
                Some(parent) => at = parent,
                None => return TOP,
            }
        }
    }

    fn name_in(&self, fact: &str, scope: Scope) -> String {
        if scope == TOP {
            return short(fact);
        }
        short(&format!("{fact}_B{}", scope.0))
    }
}

/// `$states.result[i]`
pub fn result(i: usize) -> Expr {
    let index = i64::try_from(i).unwrap_or(i64::MAX);
    Expr::states(&["result"]).parts(vec![Part::Index(index)])
}

/// A name within the limit: a long one keeps its beginning and gets a checksum.
fn short(name: &str) -> String {
    if name.len() <= NAME_LIMIT {
        return name.to_string();
    }
    let mut sum: u64 = 0xcbf2_9ce4_8422_2325;
    for b in name.bytes() {
        sum = (sum ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
    }
    let head: String = name.chars().take(NAME_LIMIT - 17).collect();
    format!("{head}_{sum:016x}")
}

#[cfg(test)]
mod tests {
    use super::{Join, NAME_LIMIT, TOP, Vars, short};
    use crate::emit::stepfunctions::expr::{Data, Expr};

    #[test]
    fn a_branch_writes_its_own_name_and_the_join_copies_it_out() {
        let mut vars = Vars::new();
        let (left, right) = (vars.branch(TOP), vars.branch(TOP));
        vars.declare("stage_a", Data::str("pending"), Join::Changed, left);
        vars.declare("help", Data::Bool(false), Join::Any, left);
        vars.declare("help", Data::Bool(false), Join::Any, right);
        assert_eq!(vars.write("stage_a", left), "stage_a_B1");
        assert_eq!(vars.read("stage_a", left), Expr::var("stage_a_B1"));
        assert_eq!(vars.read("stage_a", right), Expr::var("stage_a"));
        assert_eq!(vars.copies(right, TOP).len(), 1);
        let joined = vars.joined(&[left, right], TOP);
        assert_eq!(joined.keys().collect::<Vec<_>>(), ["help", "stage_a"]);
    }

    #[test]
    fn long_names_stay_apart() {
        let (a, b) = ("x".repeat(200), "x".repeat(201));
        assert_ne!(short(&a), short(&b));
        assert!(short(&a).len() <= NAME_LIMIT);
    }
}
