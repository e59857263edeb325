//! Which part of the plan a call stands for, where several parts do the very same.
//!
//! Must not know what a call does. Used by the world.

use crate::emit::parts::{At, Purpose};
use crate::model::Release;
use std::collections::BTreeMap;

/// What was done so far, by the parts of the plan.
#[derive(Debug, Default)]
pub struct Meant {
    begun: BTreeMap<Purpose, usize>,
    stood: BTreeMap<String, Purpose>,
}

impl Meant {
    /// The part that a state stands for. Which of several that do the very same is meant changes nothing that is done: what people read
    /// tells them apart, else a state stands for what it stood for before, and another for what has been done least.
    ///
    /// # Errors
    /// When there is none.
    pub fn which(&mut self, release: &Release, purposes: &[Purpose], state: &str) -> Result<Purpose, String> {
        if let [only] = purposes {
            return Ok(only.clone());
        }
        let before = self.stood.get(state);
        let least = |p: &&Purpose| {
            let times = self.begun.get(*p).copied().unwrap_or(0);
            (!named(release, p, state), before != Some(*p), times)
        };
        let found = purposes.iter().min_by_key(least).cloned();
        let found = found.ok_or("it stands for nothing")?;
        self.stood.insert(state.to_string(), found.clone());
        Ok(found)
    }

    /// A part begins; how often it had before.
    pub fn begins(&mut self, purpose: &Purpose) -> usize {
        let times = self.begun.entry(purpose.clone()).or_insert(0);
        *times += 1;
        *times - 1
    }
}

/// Whether a state is called after the place of a part.
pub fn named(release: &Release, purpose: &Purpose, state: &str) -> bool {
    let begins = |with: &str| {
        state
            .strip_prefix(with)
            .is_some_and(|rest| rest.starts_with(':') || rest.starts_with(' '))
    };
    let aside = state.contains(": on failure:") || state.contains(": back to ");
    match purpose.at {
        At::Stage(s) => !aside && begins(&release.stage(s).name),
        At::Undo(s) => begins(&["undo ", &release.stage(s).name].concat()),
        At::Enter(h) => begins(&[&release.hold(h).name, " enter"].concat()),
        At::Exit(h) => begins(&[&release.hold(h).name, " exit"].concat()),
        At::Finally => begins("finally"),
        At::Aside => aside,
        At::Run => false,
    }
}
