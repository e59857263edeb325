//! How few people take a change to production, and whose absence stops a plan.
//!
//! Called by `mod`.

use super::{Book, Fact, Holder};
use crate::plan::people::{Fewest, Resilience, Seating, Ship, Survey};
use serde::Serialize;

/// How few people take a change to production.
#[derive(Debug, Serialize)]
pub(super) struct Production {
    /// `exactly`, `at_most`, `undecided`, `impossible`, or `nothing` when the plan changes nothing in production.
    pub verdict: &'static str,
    /// The fewest people of all ways, or the fewest known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people: Option<u32>,
    /// Stages before which no approval stands.
    pub unapproved: Vec<Fact>,
    /// The ways there, the shortest first.
    pub ways: Vec<Way>,
}

/// One way to production.
#[derive(Debug, Serialize)]
pub(super) struct Way {
    /// What must hold for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The override it goes through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    /// `exactly`, `at_most`, `undecided` or `impossible`.
    pub verdict: &'static str,
    /// The fewest people it takes, or the fewest known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people: Option<u32>,
    /// When that is not exact: so many at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u32>,
    /// Those people.
    pub who: Vec<Holder>,
}

/// Whether so many people may be away.
#[derive(Debug, Serialize)]
pub(super) struct Away {
    /// How many.
    pub people: u32,
    /// `holds`, `blocked`, `undecided`, or `impossible` when nobody can be seated in any case.
    pub verdict: &'static str,
    /// When blocked: who must be away for that, and no fewer.
    #[serde(serialize_with = "super::all_plain")]
    pub who: Vec<String>,
}

impl Book<'_> {
    pub(super) fn production(&self, found: &Survey) -> Production {
        let release = self.directory.release();
        let mut ways: Vec<Way> = found.ways.iter().flatten().map(|s| self.way(s)).collect();
        ways.sort_by_key(|w| {
            (
                w.people.is_none(),
                w.people,
                w.when.is_some(),
                w.through.is_some(),
            )
        });
        if let [way] = ways.as_mut_slice() {
            // Whatever holds, this is the way.
            way.when = None;
        }
        let fewest = ways.iter().filter_map(|w| w.people).min();
        let least = |w: &Way| w.at_least.or(w.people);
        let open = ways.iter().filter(|w| w.verdict != "impossible");
        // Another way may perhaps do with fewer.
        let lowest = open.map(least).min().flatten();
        let verdict = match (&found.ways, fewest) {
            (None, _) => "undecided",
            (Some(list), _) if list.is_empty() => "nothing",
            (Some(_), Some(n)) if lowest == Some(n) => "exactly",
            (Some(_), Some(_)) => "at_most",
            (Some(_), None) if ways.iter().any(|w| w.verdict == "undecided") => "undecided",
            (Some(_), None) => "impossible",
        };
        Production {
            verdict,
            people: fewest,
            unapproved: found
                .unapproved
                .iter()
                .map(|s| release.stage(*s))
                .map(|s| self.said(&s.origin, format!("No approval stands before `{}`", s.name)))
                .collect(),
            ways,
        }
    }

    fn way(&self, ship: &Ship) -> Way {
        let release = self.directory.release();
        let (verdict, people, at_least, seated) = match &ship.fewest {
            Fewest::People(n, seated) if ship.exact => ("exactly", Some(*n), None, seated.as_slice()),
            Fewest::People(n, seated) => ("at_most", Some(*n), Some(1), seated.as_slice()),
            Fewest::Undecided { least, known } => {
                let least = if ship.exact { *least } else { 1 };
                match known {
                    Some(seated) => ("at_most", Some(people(seated)), Some(least), seated.as_slice()),
                    None => ("undecided", None, Some(least), [].as_slice()),
                }
            }
            Fewest::Nobody if ship.exact => ("impossible", None, None, [].as_slice()),
            Fewest::Nobody | Fewest::More => ("undecided", None, Some(1), [].as_slice()),
        };
        Way {
            when: ship.case.clause.clone(),
            through: ship.case.through.map(|i| release.overrides[i].name.to_string()),
            verdict,
            people,
            at_least,
            who: self.holders(&ship.seating, seated),
        }
    }

    pub(super) fn away(&self, people: u32, (seating, found): &(Seating, Resilience)) -> Away {
        let (verdict, who) = match found {
            Resilience::Holds => ("holds", Vec::new()),
            Resilience::Blocked(who) if who.is_empty() => ("impossible", Vec::new()),
            Resilience::Blocked(who) => ("blocked", who.clone()),
            Resilience::Undecided => ("undecided", Vec::new()),
        };
        let named = who.iter().filter_map(|p| seating.people.get(*p as usize));
        Away {
            people,
            verdict,
            who: named.map(|w| self.person(*w)).collect(),
        }
    }
}

fn people(seated: &[u32]) -> u32 {
    let all: std::collections::BTreeSet<&u32> = seated.iter().collect();
    u32::try_from(all.len()).unwrap_or(u32::MAX)
}
