//! The model of GitHub: the bytes of a release workflow and of its rollback as runs.
//!
//! Must not know what the plan wants of a run. Called by the proof's entry point.

mod back;
mod duties;
pub(super) mod expr;
mod fixed;
mod outcomes;
mod run;
mod seats;
mod settle;
mod state;
mod step;
pub mod structure;
mod value;
mod watch;
pub(super) mod workflow;

use super::event::Trace;
use super::scenario::Scenario;
use crate::emit::environments::{GithubEnvironment, environments};
use crate::emit::github::parts::{Does, Manifest};
use crate::emit::github::script::Fixed;
use crate::plan::Plan;
pub use outcomes::all as scenarios;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Two workflows that were understood, and what stands around them.
pub struct Model<'m> {
    pair: workflow::Pair<'m>,
    places: BTreeMap<String, GithubEnvironment>,
    digest: String,
}

/// Reads the workflows of a plan back.
///
/// # Errors
/// What is not understood.
pub fn read<'m>(plan: &Plan, texts: [&str; 2], manifest: &'m Manifest) -> Result<Model<'m>, String> {
    let digest = manifest.flows[0].entries.iter().find_map(|e| {
        matches!(e.does, Does::Fixed(Fixed::Digest))
            .then(|| serde_json::from_str::<Json>(&e.text).ok())
            .flatten()
            .and_then(|t| t["env"]["PLAN"].as_str().map(str::to_string))
    });
    let pair = workflow::read(texts, manifest)?;
    structure::check(plan, &pair)?;
    duties::check(plan, &pair)?;
    Ok(Model {
        pair,
        places: environments(plan)
            .into_iter()
            .map(|e| (e.name.clone(), e))
            .collect(),
        digest: digest.unwrap_or_default(),
    })
}

impl<'m> Model<'m> {
    /// The workflows as they were read.
    pub fn pair(&self) -> &workflow::Pair<'m> {
        &self.pair
    }

    /// How much one run may visit.
    pub fn size(&self) -> usize {
        self.pair.size
    }

    /// Runs the release once, and whatever it starts.
    ///
    /// # Errors
    /// What is not understood.
    pub fn run(&self, plan: &Plan, scenario: &Scenario) -> Result<Trace, String> {
        run::run(&self.pair, plan, &self.places, scenario, &self.digest)
    }
}

/// What contexts an expression reads that is looked at by itself.
struct Given<'j>(&'j Json);

impl value::Reads for Given<'_> {
    fn path(&self, root: &str, path: &[Arc<str>]) -> Result<value::Value, String> {
        let found = self.0.get(root);
        let mut at = found.ok_or_else(|| ["there is no context `", root, "`"].concat())?;
        for name in path {
            let map = at.as_object().into_iter().flatten();
            at = map
                .filter(|(k, _)| k.eq_ignore_ascii_case(name))
                .map(|(_, v)| v)
                .next()
                .unwrap_or(&Json::Null);
        }
        Ok(value::Value::from_json(at))
    }

    fn success(&self) -> bool {
        true
    }

    fn failure(&self) -> bool {
        false
    }

    fn cancelled(&self) -> bool {
        false
    }

    fn known(&self, _: &Arc<str>) -> Option<value::Value> {
        None
    }

    fn learn(&self, _: &Arc<str>, _: &value::Value) {}
}

/// What an expression comes to, with contexts given as JSON.
///
/// # Errors
/// What is no expression, and what is not understood.
pub fn expression(text: &str, contexts: &Json) -> Result<Json, String> {
    Ok(value::eval(&expr::parse(text)?, &Given(contexts))?.to_json())
}
