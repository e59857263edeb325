//! What is looked at around the steps of a stage, and where what is found there leads.
//!
//! Each place has ways of its own: a run that goes on after it was given up for a while goes on from there. Must not know how it is
//! looked. Used by `step`, `stage` and `approval`.

use super::Lower;
use super::act::restated;
use super::build::Label;
use super::handler::{Kind, Site};
use super::step::{Fails, Place};
use super::watch::Watch;
use crate::emit::parts::At;
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::Assign;

/// When the time of a stage is over, and what follows.
#[derive(Debug, Clone)]
pub struct Deadline {
    /// The moment.
    pub until: Expr,
    /// What is said of it.
    pub cause: String,
    /// Where that leads; nowhere when the run may go on after it: then that hangs on where the stage was.
    pub late: Option<Label>,
}

impl Lower<'_> {
    /// What is looked at at a place.
    pub fn watch(&mut self, place: &Place, key: &str, way: (&Label, &Label), fails: &mut Fails<'_>) -> Watch {
        self.watch_past(place, key, way, way.1, fails)
    }

    /// The same where whoever goes on although the time of the stage was over goes past what it was over in.
    pub fn watch_past(
        &mut self,
        place: &Place,
        key: &str,
        way: (&Label, &Label),
        past: &Label,
        fails: &mut Fails<'_>,
    ) -> Watch {
        let mut triggers = Vec::new();
        for id in &place.triggers {
            let trigger = &self.release.triggers[id.index()];
            let site = Site {
                key: key.to_string(),
                retry: way.0.clone(),
                proceed: way.1.clone(),
            };
            let goal = fails.goal(self, place, Kind::Trigger(*id), site);
            let at = self.b.label();
            let why = ["trigger ", &trigger.name, " has fired"].concat();
            let mut fault = restated(
                &self.fault(&place.name, key, place.hand.scope),
                Expr::str("Trigger"),
                Expr::Str(why),
            );
            if let (At::Stage(stage), Some(over)) = (place.at, &place.over) {
                // A stage that has nothing left to do has ended, whatever fires then.
                let fact = self.names.stage(stage);
                let was = self.vars.read(&fact, place.hand.scope);
                let now = match Expr::cond(over.clone(), Expr::str("passed"), was) {
                    Expr::Str(word) => Data::str(word),
                    either => Data::Expr(either),
                };
                fault.insert(self.vars.write(&fact, place.hand.scope), now);
            }
            self.b.set(
                &at,
                &[&place.name, ": ", &trigger.name, " has fired"].concat(),
                fault,
                &goal,
            );
            triggers.push((*id, at));
        }
        Watch {
            name: place.name.clone(),
            at: place.at,
            hand: place.hand,
            abandon: place.abandon.clone(),
            fresh: place.fresh,
            holds: false,
            blind: place.blind.clone(),
            triggers,
            deadline: self.deadline(place, key, (way.0, past), fails),
        }
    }

    /// When the time of the stage is over, and where that leads from here.
    fn deadline(
        &mut self,
        place: &Place,
        key: &str,
        (retry, proceed): (&Label, &Label),
        fails: &mut Fails<'_>,
    ) -> Option<(Expr, Label)> {
        let deadline = place.deadline.as_ref()?;
        if let Some(late) = &deadline.late {
            return Some((deadline.until.clone(), late.clone()));
        }
        let site = Site {
            key: ["timeout_", key].concat(),
            retry: retry.clone(),
            proceed: proceed.clone(),
        };
        let fault = self.too_late(place, &site.key, &deadline.cause);
        let goal = fails.goal(self, place, Kind::OnFailure, site);
        let late = self.b.label();
        self.b
            .set(&late, &[&place.name, ": out of time"].concat(), fault, &goal);
        Some((deadline.until.clone(), late))
    }

    /// The fault of a stage whose time is over.
    pub fn too_late(&self, place: &Place, key: &str, cause: &str) -> Assign {
        let fault = self.fault(&place.name, key, place.hand.scope);
        restated(&fault, Expr::str("TimedOut"), Expr::str(cause))
    }
}
