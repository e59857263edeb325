//! What a restart asks again.
//!
//! Whoever approved a stage approved what was there then: what starts over is approved anew. Must not know a target. Used by
//! `contract`.

use super::contract::{Judge, Then};
use super::event::What;
use crate::emit::parts::{At, Deed};

impl Judge<'_> {
    /// Between two starts of a stage that a restart lies between, its approvals are granted.
    ///
    /// # Errors
    /// An approval that is not.
    pub fn approved_again(&self) -> Result<(), String> {
        let restarts = self.thens.iter().any(|(t, _)| *t == Then::Again);
        // What its owner has tried again is not approved anew.
        let paused = self.find(|w| matches!(w, What::Begin(p) if matches!(p.deed, Deed::Resume(_))));
        if !restarts || paused.is_some() {
            return Ok(());
        }
        let events = &self.trace.events;
        for (stage, fate) in &self.fates {
            let Some(first) = fate.first else { continue };
            let begins = |i: &usize| events[*i].what == events[first].what;
            let Some(again) = (first + 1..events.len()).find(begins) else {
                continue;
            };
            if !matches!(&events[first].what, What::Begin(p) if p.at == At::Stage(*stage)) {
                continue;
            }
            for (approval, _) in &self.release.stage(*stage).approved {
                let granted = |e: &super::event::Event| matches!(&e.what, What::Done(p) if p.at == At::Run && p.deed == Deed::Grant(*approval));
                let before = events[..first].iter().any(granted);
                if before && !events[first..again].iter().any(granted) {
                    return Err([
                        "stage `",
                        &self.release.stage(*stage).name,
                        "` starts over, and `",
                        &self.release.approval(*approval).name,
                        "` is not asked again",
                    ]
                    .concat());
                }
            }
        }
        Ok(())
    }
}
