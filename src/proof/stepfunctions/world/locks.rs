//! Locks as the parameter store keeps them, and what other runs do with them.
//!
//! Must not know what is locked for. Used by the world.

use super::Value;
use crate::proof::scenario::{Lock, Scenario};
use std::collections::{BTreeMap, BTreeSet};

/// How long another run holds its lock, in milliseconds.
const LOCKED: f64 = 7_200_000.0;
/// The run that holds a lock when this one comes.
const OTHER: &str = "arn:aws:states:::execution:other";
/// Others, which want it as well.
const RIVALS: [&str; 4] = [
    "arn:aws:states:::execution:rival",
    "arn:aws:states:::execution:rival-2",
    "arn:aws:states:::execution:rival-3",
    "arn:aws:states:::execution:rival-4",
];
/// The first of them.
const RIVAL: &str = RIVALS[0];
/// This run.
const OWN: &str = "arn:aws:states:::execution:run";

/// The locks of a run.
pub(super) struct Locks {
    /// Those that it must hold while it works.
    names: Vec<String>,
    /// Who holds each that is held.
    holders: BTreeMap<String, &'static str>,
    /// What is claimed, and by whom.
    claims: BTreeMap<String, &'static str>,
    /// Those that this run holds.
    held: BTreeSet<String>,
    /// Those that another run was given by hand.
    given: BTreeSet<String>,
    /// The first of them that other runs have to do with.
    from: usize,
}

impl Locks {
    pub(super) fn new(names: Vec<String>, scenario: &Scenario) -> Locks {
        let taken = |l: &&String| {
            let from = names.iter().skip(scenario.lock_from);
            from.into_iter().any(|n| n == *l)
        };
        let there = !matches!(scenario.lock, None | Some(Lock::Unheard | Lock::Given));
        let holders = names.iter().filter(taken).filter(|_| there);
        let holders: BTreeMap<_, _> = holders.map(|l| (l.clone(), OTHER)).collect();
        let heirs: &[&str] = match scenario.lock {
            Some(Lock::Contended | Lock::Unread) => &RIVALS[..1],
            Some(Lock::Orphaned) => &RIVALS,
            Some(Lock::Endless) => &[RIVAL, RIVAL],
            _ => &[],
        };
        let claims = holders.keys().flat_map(|l| {
            let after = std::iter::once(&OTHER).chain(heirs);
            after.zip(heirs).map(|(from, to)| (claim(l, from), *to))
        });
        Locks {
            claims: claims.collect(),
            from: scenario.lock_from,
            holders,
            names,
            held: BTreeSet::new(),
            given: BTreeSet::new(),
        }
    }

    /// Whether a parameter is a lock.
    pub(super) fn is_lock(&self, key: &str) -> bool {
        self.names.iter().any(|n| n == key)
    }

    /// Whether a parameter is a lock or a claim to one.
    pub(super) fn knows(&self, key: &str) -> bool {
        self.names.iter().any(|n| key.starts_with(n.as_str()))
    }

    /// Whether the run holds all of them.
    pub(super) fn all_held(&self) -> bool {
        self.names.iter().all(|l| self.held.contains(l))
    }

    /// What a run leaves behind.
    pub(super) fn left(&self) -> impl Iterator<Item = String> {
        let locks = self.held.difference(&self.given);
        let locks = locks.map(|l| ["lock `", l, "` is not released"].concat());
        let claims = self.claims.iter().filter(|(_, by)| **by == OWN);
        locks.chain(claims.map(|(c, _)| ["the claim `", c, "` stays"].concat()))
    }

    /// Other runs have gone on by now.
    fn pass(&mut self, scenario: &Scenario, now: f64) {
        if scenario.lock.is_some_and(Lock::is_released) && now - scenario.begins() >= LOCKED {
            self.holders.retain(|_, by| *by == OWN);
            self.claims.retain(|_, by| *by == OWN);
        }
    }

    /// Writes a parameter; whether that worked.
    pub(super) fn put(
        &mut self,
        scenario: &Scenario,
        now: f64,
        (key, value, again): (&str, Option<&Value>, bool),
    ) -> Result<bool, String> {
        self.pass(scenario, now);
        if value != Some(&Value::text(OWN)) {
            return Err("a lock does not name the run".into());
        }
        if !self.is_lock(key) {
            return self.claim(scenario, key, again);
        }
        let holder = self.holders.get(key).copied();
        if again {
            let last = |by| self.line(key, by).contains(&OWN);
            match holder {
                Some(OWN) => {}
                Some(by) if ended(scenario, by) == Some(true) && last(by) => {}
                _ => return Err("it takes a lock that another run may hold".into()),
            }
        } else if holder.is_some() {
            return Ok(false);
        }
        self.holders.insert(key.to_string(), OWN);
        if scenario.lock == Some(Lock::Unheard) && !again {
            return Ok(false);
        }
        self.held.insert(key.to_string());
        Ok(true)
    }

    fn claim(&mut self, scenario: &Scenario, key: &str, again: bool) -> Result<bool, String> {
        if again {
            return Err("it takes a claim that another run may have".into());
        }
        if self.claims.contains_key(key) {
            return Ok(false);
        }
        self.claims.insert(key.to_string(), OWN);
        if scenario.lock == Some(Lock::Overtaken) {
            let lock = self.names.iter().find(|n| key.starts_with(n.as_str()));
            lock.and_then(|l| self.holders.get_mut(l))
                .into_iter()
                .for_each(|by| *by = RIVAL);
        }
        Ok(scenario.lock != Some(Lock::Unanswered))
    }

    /// Those who claimed a lock after a run, one after the other.
    fn line(&self, lock: &str, from: &'static str) -> Vec<&'static str> {
        let mut list = vec![from];
        while let Some(next) = list.last().and_then(|by| self.claims.get(&claim(lock, by)))
            && !list.contains(next)
        {
            list.push(next);
        }
        list
    }

    /// Reads a parameter; nothing when that does not work.
    pub(super) fn get(&mut self, scenario: &Scenario, now: f64, key: &str) -> Option<Value> {
        self.pass(scenario, now);
        if scenario.lock == Some(Lock::Unknown) && !self.held.contains(key) {
            return None;
        }
        let unread = scenario.lock == Some(Lock::Unread) && !self.is_lock(key);
        let unchecked = scenario.lock == Some(Lock::Unchecked) && self.is_claimed(key);
        if unread || unchecked {
            return None;
        }
        if self.is_given(scenario, key) && self.held.contains(key) {
            self.given.insert(key.to_string());
            self.holders.insert(key.to_string(), OTHER);
        }
        let by = self.holders.get(key).or_else(|| self.claims.get(key));
        by.copied().map(Value::text)
    }

    /// Whether this run claims a lock.
    fn is_claimed(&self, lock: &str) -> bool {
        let own = self.claims.iter().filter(|(_, by)| **by == OWN);
        own.into_iter().any(|(c, _)| c.starts_with(lock))
    }

    /// Whether somebody gives a lock to another run while this one has it: also what it has while it waits for the next.
    fn is_given(&self, scenario: &Scenario, lock: &str) -> bool {
        match scenario.lock {
            Some(Lock::Given) => self.names.iter().skip(self.from).any(|n| n == lock),
            Some(Lock::Kept) => true,
            _ => false,
        }
    }

    /// Removes a parameter, unless the store does not work.
    pub(super) fn delete(&mut self, scenario: &Scenario, key: &str, broken: bool) -> Result<bool, String> {
        if self.is_lock(key) {
            if self.holders.get(key).is_some_and(|by| *by != OWN)
                || self.is_given(scenario, key) && !self.given.contains(key)
            {
                return Err("it removes the lock of another run".into());
            }
            self.held.remove(key);
            if !broken {
                self.holders.remove(key);
            }
        } else if !broken {
            match self.claims.get(key) {
                Some(by) if *by != OWN => return Err("it drops the claim of another run".into()),
                _ => {
                    self.claims.remove(key);
                }
            }
        } else {
            // A claim that cannot be dropped is inherited once its run has ended.
            self.claims.remove(key);
        }
        Ok(!broken)
    }

    /// What is known of a run: nothing when it cannot be seen.
    pub(super) fn status(&self, scenario: &Scenario, run: &str) -> Option<&'static str> {
        ended(scenario, run).map(|ended| if ended { "FAILED" } else { "RUNNING" })
    }
}

/// Whether a run has ended; nothing when it cannot be seen.
fn ended(scenario: &Scenario, run: &str) -> Option<bool> {
    match scenario.lock? {
        Lock::Hidden => None,
        Lock::Left
        | Lock::Contended
        | Lock::Overtaken
        | Lock::Unanswered
        | Lock::Unread
        | Lock::Unchecked => Some(run == OTHER),
        Lock::Orphaned | Lock::Endless => Some(run != OWN),
        Lock::Kept | Lock::Released | Lock::Unknown | Lock::Unheard | Lock::Given => Some(false),
    }
}

/// The claim of whoever takes a lock over after a run.
fn claim(lock: &str, after: &str) -> String {
    let prefix = crate::emit::stepfunctions::naming::claims_prefix(lock);
    prefix + &after.replace(':', "-")
}
