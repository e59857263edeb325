//! The way back: what is undone in which order, what is left, what is done on every way out, how the run ends.
//!
//! Must not know a target. Used by `contract`.

use super::contract::{Judge, Then, Way};
use super::event::{Event, What};
use super::walk::shows;
use crate::emit::parts::{At, Deed};
use crate::model::{Failure, GateTest, HoldId, StageId, Step, StepKind, Strength};
use crate::plan::{Node, StageUndo};
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};

impl Judge<'_> {
    /// Undos, holds, `finally` and the end.
    ///
    /// # Errors
    /// What differs from the plan.
    pub fn undos_and_end(&self) -> Result<(), String> {
        let (mut stuck, mut maybe): (BTreeSet<StageId>, BTreeSet<StageId>) = Default::default();
        let mut help = false;
        let mut order = self.plan.stage_order();
        order.reverse();
        for id in order {
            help |= self.undo(id, &mut stuck, &mut maybe)?;
        }
        for hold in (0..self.release.holds.len()).map(HoldId::at) {
            self.asked_for_a_reason(hold, &stuck, &maybe)?;
            self.entered_when_all_is_asked(hold)?;
            help |= self.hold(hold)?;
        }
        self.finally()?;
        let rests = |s: &&Step| matches!(s.kind, StepKind::Wait(_) | StepKind::Bake(_));
        let waits = |s: StageId| self.release.stage(s).forward_steps().iter().any(rests);
        let mut perhaps = false;
        for (id, fate) in &self.fates {
            let half = matches!(self.plan.undo(*id), StageUndo::Irreversible(..));
            // Whoever was only asked when the question was taken back has shown nothing; asked to do or to await something, they may have begun.
            let does = |slug: &SmolStr| {
                let steps = self.release.stage(*id).forward_steps();
                steps
                    .iter()
                    .any(|s| s.slug == *slug && matches!(s.kind, StepKind::Act(_) | StepKind::WaitFor(_)))
            };
            let asked = fate.began.is_empty() && fate.asked.is_some();
            // A failure from which the plan goes on counts as ended.
            help |= half && fate.begun && !fate.over() && !asked;
            let may = asked && fate.asked.as_ref().is_some_and(|(s, _)| does(s));
            // Nor does a wait show that was given up.
            perhaps |= half && fate.done && !self.thens.is_empty() && self.ends_unseen(*id);
            perhaps |= half && !fate.over() && !fate.apart && (may || !fate.begun && waits(*id));
        }
        let cancelled = self.find(|w| *w == What::Cancelled).is_some();
        help |= cancelled && self.trace.events.iter().any(|e| self.breaks_off(&e.what));
        // A wait that was broken off shows nothing, and leaves its stage half done.
        let half = |(id, f): (&StageId, &super::walk::Fate)| {
            let ends = f.done && self.ends_unseen(*id) && !self.passed(*id);
            !f.apart && !f.failed && (!f.done && (f.begun || waits(*id)) || ends)
        };
        // Whoever was recording the state to return to was about to act; a target need not tell the one from the other.
        let records = |e: &Event| matches!(&e.what, What::Withdrawn(p) if matches!(p.deed, Deed::Record(_)));
        let maybe = self.fates.iter().any(half) || self.trace.events.iter().any(records);
        if cancelled && !help && self.trace.end == "NeedsHelp" && maybe {
            return Ok(());
        }
        if perhaps && self.trace.end == "NeedsHelp" {
            return Ok(());
        }
        help |= self.find(|w| *w == What::Lost).is_some();
        // Of all that failed together the strongest settles how the run ends.
        let wanted = match self.thens.iter().map(|(t, _)| t.strength()).max() {
            _ if help => "NeedsHelp",
            None => "Succeeded",
            Some(Strength::UndoesAll) => "RolledBack",
            Some(_) => "Stopped",
        };
        if self.trace.end != wanted {
            return Err([
                "it ends as `",
                &self.trace.end,
                "`, and the plan says `",
                wanted,
                "`",
            ]
            .concat());
        }
        Ok(())
    }

    /// Whether something began that comes after a stage, so that the stage had ended.
    fn passed(&self, id: StageId) -> bool {
        self.trace.events.iter().any(|e| {
            let What::Begin(p) = &e.what else { return false };
            let node = match (p.at, &p.deed) {
                (_, Deed::Grant(a)) => Node::Approval(*a),
                (_, Deed::Decide(d, _)) => Node::Decision(*d),
                (At::Stage(s), _) => Node::Stage(s),
                _ => return false,
            };
            let before = self.plan.ancestors(node);
            self.plan.contains(&before, Node::Stage(id))
        })
    }

    /// A hold is not entered while what its first stage asks before it begins is still open.
    fn entered_when_all_is_asked(&self, id: HoldId) -> Result<(), String> {
        let hold = self.release.hold(id);
        let begins = |at: At| self.find(|w| matches!(w, What::Begin(p) if p.at == at));
        let Some(entered) = begins(At::Enter(id)) else {
            return Ok(());
        };
        for (gate, _) in &self.release.stage(hold.from).require {
            let g = self.release.gate(*gate);
            let skipped = |o: &crate::model::Override| o.gates.iter().any(|(x, _)| x == gate);
            if self.override_is(skipped) || !self.truth(&g.when) {
                continue;
            }
            let mine = |p: &crate::emit::parts::Purpose| {
                p.at == At::Stage(hold.from) && p.deed == Deed::Judge(*gate)
            };
            let asked = self.find(|w| matches!(w, What::Begin(p) if mine(p)));
            if asked.is_some_and(|a| !self.causes.before(a, entered)) {
                return Err([
                    "hold `",
                    &hold.name,
                    "` is entered before gate `",
                    &g.name,
                    "` is judged",
                ]
                .concat());
            }
        }
        Ok(())
    }

    /// Whether something a machine does was broken off.
    fn breaks_off(&self, what: &What) -> bool {
        let What::Withdrawn(p) = what else { return false };
        let steps: Vec<&Step> = match p.at {
            At::Stage(s) => self.release.stage(s).forward_steps(),
            At::Enter(h) => self.release.hold(h).enter.iter().collect(),
            _ => return false,
        };
        if let Deed::Judge(g) = p.deed {
            // Where it ends by itself, what was judged stands; broken off, nobody knows.
            return !matches!(self.release.gate(g).test, GateTest::Ask(_));
        }
        let by_hand = |s: &&Step| s.slug == p.step && crate::emit::environments::asked(s).is_some();
        matches!(p.deed, Deed::Act | Deed::Await) && !steps.iter().any(by_hand)
    }

    /// Whether a stage is among what is taken back.
    pub fn taken_back(&self, id: StageId) -> bool {
        self.thens.iter().any(|(then, _)| match then {
            Then::Rollback => true,
            Then::From(point) => {
                let after = self.plan.descendants(Node::Stage(*point));
                *point == id || self.plan.contains(&after, Node::Stage(id))
            }
            Then::Stop | Then::Again => false,
        })
    }

    fn undoable(&self, id: StageId) -> bool {
        !matches!(self.plan.undo(id), StageUndo::Nothing | StageUndo::Harmless(..))
    }

    /// Whether a stage has a step that applies, so that it begins where it runs.
    fn has_steps(&self, id: StageId) -> bool {
        let steps = self.release.stage(id).forward_steps();
        steps.iter().any(|s| self.truth(&s.when))
    }

    /// The stages whose undo comes first, past those with nothing to undo.
    pub fn undone_first(&self, id: StageId) -> BTreeSet<StageId> {
        let (mut found, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut open = self.plan.undone_before(id);
        while let Some(s) = open.pop() {
            if !seen.insert(s) {
                continue;
            }
            // What never began does not stand between what depends on it and what it depends on.
            let begun = self
                .fates
                .get(&s)
                .is_some_and(|f| f.begun || f.quiet && self.has_steps(s));
            // One that begins with a wait shows it by its undo.
            let shown = !self.events_at(At::Undo(s)).is_empty();
            if self.undoable(s) && (begun || shown || self.may_stand(s)) {
                found.insert(s);
            } else {
                open.extend(self.plan.undone_before(s));
            }
        }
        found
    }

    /// Whether a stage that cannot be undone may have begun with a wait, which does not show: what it depends on is left alone then.
    fn may_stand(&self, id: StageId) -> bool {
        let over = |s: &StageId| self.fates.get(s).is_none_or(|f| f.apart || f.over());
        let unseen = self.fates.get(&id).is_some_and(|f| !f.apart && f.first.is_none());
        matches!(self.plan.undo(id), StageUndo::Irreversible(..))
            && unseen
            && self.begins_unseen(id)
            && self.plan.stages_before(id).iter().all(over)
    }

    /// The events of a place, of acts only.
    fn events_at(&self, at: At) -> Vec<usize> {
        (0..self.trace.events.len())
            .filter(|i| match &self.trace.events[*i].what {
                What::Begin(p) | What::Done(p) | What::Failed(p) => {
                    p.at == at && matches!(p.deed, Deed::Act | Deed::Await)
                }
                _ => false,
            })
            .collect()
    }

    /// Holds the undo of a stage against the plan; true when it needs help.
    fn undo(
        &self,
        id: StageId,
        stuck: &mut BTreeSet<StageId>,
        maybe: &mut BTreeSet<StageId>,
    ) -> Result<bool, String> {
        let own = self.events_at(At::Undo(id));
        let name = &self.release.stage(id).name;
        let fate = self.fates.get(&id).cloned().unwrap_or_default();
        // A stage without a step that shows may have begun unseen; then it is undone all the same.
        let begun = fate.begun || (fate.quiet && fate.done && self.has_steps(id));
        let nothing = |why: &str| match own.first() {
            None => Ok(false),
            Some(_) => Err(["stage `", name, "` is undone, and ", why].concat()),
        };
        if !self.undoable(id) {
            return nothing("there is nothing to undo");
        }
        // One that begins with a wait may have.
        let unseen = !fate.apart && fate.first.is_none() && self.begins_unseen(id) && !own.is_empty();
        if !begun && self.may_stand(id) {
            maybe.insert(id);
            return Ok(false);
        }
        if !begun && !unseen {
            return nothing("it never began");
        }
        if !self.taken_back(id) {
            return nothing("nothing says that it should be");
        }
        // Asked when the run had just been given up, nobody need have begun.
        let late = fate.asked.as_ref().filter(|(_, asked)| {
            let given_up = self.thens.iter().filter_map(|(_, event)| *event);
            given_up.min().is_some_and(|e| e < *asked)
        });
        if late.is_some() && fate.began.is_empty() && own.is_empty() {
            return Ok(false);
        }
        let first = self.undone_first(id);
        // What its first step demands did not hold: whether it began is not said.
        let unsure = fate.unsure && fate.first.is_none() || first.iter().any(|s| maybe.contains(s));
        if unsure && own.is_empty() {
            maybe.insert(id);
            return Ok(self.trace.end == "NeedsHelp");
        }
        if first.iter().any(|s| stuck.contains(s)) {
            stuck.insert(id);
            return nothing("what depends on it still stands");
        }
        // What a hold that cannot be entered again is for is left alone.
        let apart = (0..self.release.holds.len()).map(HoldId::at).any(|h| {
            let again = |i: usize| fate.last.is_some_and(|l| self.causes.before(l, i));
            let failed = (0..self.trace.events.len()).any(|i| {
                matches!(&self.trace.events[i].what, What::Failed(p) if p.at == At::Enter(h)) && again(i)
            });
            failed && self.plan.hold_stages(h).contains(&id)
        });
        if apart {
            stuck.insert(id);
            return match own.first() {
                None => Ok(true),
                Some(_) => Err(["stage `", name, "` is undone outside its hold"].concat()),
            };
        }
        for other in &first {
            let theirs = self.events_at(At::Undo(*other));
            if let (Some(last), Some(mine)) = (theirs.last(), own.first())
                && !self.causes.before(*last, *mine)
            {
                let other = &self.release.stage(*other).name;
                return Err(["stage `", name, "` is undone before `", other, "` is"].concat());
            }
        }
        let mut wanted: Vec<&str> = Vec::new();
        let (mut barred, mut of_asked) = (false, None);
        let undo = self.plan.undo(id);
        match &undo {
            StageUndo::Irreversible(..) => {
                stuck.insert(id);
                return nothing("it cannot be");
            }
            StageUndo::Derived(list) => {
                for step in list {
                    let slug = self.position(id, &step.undoes.slug);
                    let asked = fate.asked.as_ref().is_some_and(|(s, _)| *s == slug);
                    if !asked && !fate.began.contains(&slug) {
                        continue;
                    }
                    if asked {
                        of_asked = Some(wanted.len());
                    }
                    let place = self
                        .release
                        .stage(id)
                        .steps
                        .iter()
                        .position(|s| s.slug == step.undoes.slug);
                    let (slug, act) = step.at(place.and_then(|p| fate.rungs.get(&p)).copied());
                    barred |= !self.may(act);
                    if barred {
                        break;
                    }
                    if shows(act) {
                        wanted.push(slug);
                    }
                }
            }
            StageUndo::Written(written) => (wanted, barred) = self.up_to_bar(&written.steps),
            StageUndo::Nothing | StageUndo::Harmless(..) => {}
        }
        let refused = self.trace.events.iter().any(|e| {
            let (p, failed) = match &e.what {
                What::Failed(p) => (p, true),
                What::Withdrawn(p) => (p, self.scenario.silent.contains(p)),
                _ => return false,
            };
            failed && p.at == At::Undo(id)
        });
        let judged = self.trace.events.iter().any(|e| matches!(&e.what, What::Failed(p) if p.at == At::Undo(id) && matches!(p.deed, Deed::Judge(_))));
        let broken = barred || refused || judged;
        let without = of_asked.filter(|i| late.is_some() && *i < wanted.len()).map(|i| {
            let mut fewer = wanted.clone();
            fewer.remove(i);
            fewer
        });
        let came = self
            .sequence(&own, &wanted, broken)
            .or_else(|e| without.map_or(Err(e), |w| self.sequence(&own, &w, broken)))
            .map_err(|e| ["the undo of stage `", name, "`: ", &e].concat())?;
        if !came {
            stuck.insert(id);
        }
        Ok(!came)
    }

    /// The slug under which a step began: in a rollout the work of each step stands where the stage's own step stands.
    fn position(&self, id: StageId, slug: &smol_str::SmolStr) -> smol_str::SmolStr {
        let stage = self.release.stage(id);
        let Some(rollout) = &stage.rollout else {
            return slug.clone();
        };
        let fate = self.fates.get(&id);
        let Some(index) = stage.steps.iter().position(|s| s.slug == *slug) else {
            return slug.clone();
        };
        rollout
            .steps
            .iter()
            .filter_map(|r| r.work.get(index))
            .map(|w| w.slug.clone())
            .find(|w| fate.is_some_and(|f| f.began.contains(w)))
            .unwrap_or_else(|| slug.clone())
    }

    /// Whether what an act asserts holds.
    fn may(&self, act: &crate::model::Act) -> bool {
        act.assertions.iter().all(|a| self.truth(&a.holds))
    }

    /// The steps of a list that apply and show, up to one that may not be done; and whether there is such a one.
    fn up_to_bar<'s>(&self, steps: &'s [Step]) -> (Vec<&'s str>, bool) {
        let bar = steps
            .iter()
            .position(|s| self.truth(&s.when) && s.act().is_some_and(|a| !self.may(a)));
        (self.shown(&steps[..bar.unwrap_or(steps.len())]), bar.is_some())
    }

    /// The steps of a list that apply and show.
    fn shown<'s>(&self, steps: &'s [Step]) -> Vec<&'s str> {
        steps
            .iter()
            .filter(|s| self.truth(&s.when))
            .filter(|s| match &s.kind {
                StepKind::Act(act) => shows(act),
                StepKind::WaitFor(_) => true,
                _ => false,
            })
            .map(|s| s.slug.as_str())
            .collect()
    }

    /// Whether events are these steps one after the other, each done; a step that failed is the last.
    fn sequence(&self, own: &[usize], wanted: &[&str], refused: bool) -> Result<bool, String> {
        let mut events = own.iter().map(|i| &self.trace.events[*i].what).peekable();
        for slug in wanted {
            match events.next() {
                Some(What::Begin(p)) if p.step == *slug => {}
                None if refused => return Ok(false),
                _ => return Err(["`", slug, "` is left out, or out of order"].concat()),
            }
            match events.next() {
                Some(What::Done(p)) if p.step == *slug => {}
                Some(What::Withdrawn(p)) if p.step == *slug => return Ok(false),
                Some(What::Failed(p)) if p.step == *slug => {
                    return match events.next() {
                        None => Ok(false),
                        Some(_) => Err(["it goes on after `", slug, "` failed"].concat()),
                    };
                }
                None if refused => return Ok(false),
                _ => return Err(["`", slug, "` does not come to an end"].concat()),
            }
        }
        match events.next() {
            None => Ok(!refused),
            Some(_) => Err("more is done than the plan says".into()),
        }
    }

    /// Holds a hold against the plan; true when it needs help.
    fn hold(&self, id: HoldId) -> Result<bool, String> {
        let hold = self.release.hold(id);
        let stages = self.plan.hold_stages(id);
        let (enter, exit) = (self.shown(&hold.enter), self.shown(&hold.exit));
        if enter.is_empty() && exit.is_empty() {
            return Ok(false);
        }
        let word = self.find(|w| match w {
            What::Failed(p) => p.deed == Deed::Word(id),
            What::Withdrawn(p) => p.deed == Deed::Word(id) && self.scenario.silent.contains(p),
            _ => false,
        });
        let (mut inside, mut out, mut help) = (false, Vec::new(), false);
        let mut entering: Vec<usize> = Vec::new();
        // Whoever is asked may let the run go on without it.
        let goes_on = match self.release.stage(hold.from).when_hold_fails().map(|f| &f.then) {
            Some(Failure::Decision(d)) => {
                matches!(self.chosen(*d), Way::Proceed | Way::Continue | Way::Chosen)
            }
            _ => self.scenario.resume == 1,
        };
        for (i, event) in self.trace.events.iter().enumerate() {
            let (What::Begin(p) | What::Done(p) | What::Failed(p) | What::Withdrawn(p)) = &event.what else {
                continue;
            };
            let withdrawn = matches!(event.what, What::Withdrawn(_));
            if !matches!(p.deed, Deed::Act | Deed::Await) || withdrawn && !matches!(p.at, At::Exit(_)) {
                continue;
            }
            match p.at {
                At::Enter(h) if h == id => {
                    if inside && !out.is_empty() {
                        help |= !self.left(&out, &exit, hold)?;

                        out.clear();
                        entering.clear();
                    }
                    inside = true;
                    entering.push(i);
                }
                At::Exit(h) if h == id => {
                    if !inside && !enter.is_empty() {
                        return Err(["hold `", &hold.name, "` is left and was not entered"].concat());
                    }
                    // Leaving it failed, and is tried again.
                    if matches!(event.what, What::Begin(_)) && self.broke(&out) {
                        self.left(&out, &exit, hold)?;
                        out.clear();
                    }
                    out.push(i);
                }
                At::Stage(s) | At::Undo(s) if stages.contains(&s) => {
                    let entered = self.entered(&entering, &enter);
                    let back = matches!(p.at, At::Undo(_)) || goes_on;
                    // A hold that could not be left still stands.
                    if !out.is_empty() && !self.broke(&out) || (!enter.is_empty() && !entered && !back) {
                        let name = &self.release.stage(s).name;
                        return Err(["stage `", name, "` runs outside hold `", &hold.name, "`"].concat());
                    }
                    let caused = entering.last().is_none_or(|e| self.causes.before(*e, i));
                    if !caused {
                        return Err([
                            "hold `",
                            &hold.name,
                            "` is not surely entered before what it is for",
                        ]
                        .concat());
                    }
                }
                _ => {}
            }
        }
        if out.is_empty() {
            let must = inside
                || (enter.is_empty() && stages.iter().any(|s| self.fates.get(s).is_some_and(|f| f.begun)));
            if must && !exit.is_empty() && word.is_none() {
                return Err(["hold `", &hold.name, "` is entered and never left"].concat());
            }
            return Ok(help || word.is_some());
        }
        help |= !self.left(&out, &exit, hold)?;
        Ok(help || word.is_some())
    }

    /// The owner of a hold is asked whether it may be left only when something inside could not be taken back.
    fn asked_for_a_reason(
        &self,
        id: HoldId,
        stuck: &BTreeSet<StageId>,
        maybe: &BTreeSet<StageId>,
    ) -> Result<(), String> {
        let asked = self.find(|w| matches!(w, What::Begin(p) if p.deed == Deed::Word(id)));
        let stands = |s: &StageId| stuck.contains(s) || maybe.contains(s);
        if asked.is_some() && !self.plan.hold_stages(id).iter().any(stands) {
            let name = &self.release.hold(id).name;
            return Err([
                "whether hold `",
                name,
                "` may be left is asked, and nothing inside stands",
            ]
            .concat());
        }
        Ok(())
    }

    /// Whether the last of these events is a failure, or something that was broken off.
    fn broke(&self, events: &[usize]) -> bool {
        let last = events.last().map(|i| &self.trace.events[*i].what);
        matches!(last, Some(What::Failed(_) | What::Withdrawn(_)))
    }

    fn entered(&self, events: &[usize], wanted: &[&str]) -> bool {
        let done: Vec<&str> = events
            .iter()
            .filter_map(|i| match &self.trace.events[*i].what {
                What::Done(p) => Some(p.step.as_str()),
                _ => None,
            })
            .collect();
        wanted.iter().all(|w| done.contains(w))
    }

    fn left(&self, own: &[usize], wanted: &[&str], hold: &crate::model::Hold) -> Result<bool, String> {
        self.sequence(own, wanted, false)
            .map_err(|e| ["leaving hold `", &hold.name, "`: ", &e].concat())
    }

    /// What is done on every way out, each step whatever came of the others, once.
    fn finally(&self) -> Result<(), String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut order: Vec<&str> = Vec::new();
        for event in &self.trace.events {
            if let What::Begin(p) = &event.what
                && p.at == At::Finally
                && matches!(p.deed, Deed::Act | Deed::Await)
            {
                *counts.entry(&p.step).or_default() += 1;
                if order.last() != Some(&p.step.as_str()) {
                    order.push(&p.step);
                }
            }
        }
        let wanted = self.shown(&self.release.finally);
        if order != wanted {
            return Err("`finally` is not done as the plan says".into());
        }
        Ok(())
    }
}
