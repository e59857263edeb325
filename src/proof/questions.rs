//! How long people are waited for, and whether another run is.
//!
//! Must not know a target. Used by `contract`.

use super::clock::{self, float};
use super::contract::{Judge, Then, Way};
use super::event::{Event, What};
use super::limits::step_of;
use super::scenario::Broken;
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::{ApprovalId, DecisionId, Dur, Failure, Question, Release, StageId, Strength};

/// How long a question stays open when the plan does not say, in seconds.
const DAY: i64 = 86_400;
/// How much longer than the plan says an answer may be waited for: one look.
const LOOK: f64 = 3_600.0;
/// Milliseconds until siblings have heard that somebody is asked.
pub const SAID: f64 = 5_000.0;
/// How long another run's lock is waited for, in seconds.
const LOCK: f64 = 86_400.0;

/// What a stage asks about a fact or an event, and how long it waits for the answer.
pub fn of<'r>(release: &'r Release, purpose: &Purpose) -> Option<(&'r Question, Option<Dur>)> {
    match purpose.deed {
        Deed::Judge(g) => release.gate(g).question(),
        Deed::Await => release.question(step_of(release, purpose)?),
        _ => None,
    }
}

impl Judge<'_> {
    /// A question that nobody answers is waited for as long as the plan says, and not much longer.
    ///
    /// # Errors
    /// One that is given up too early or too late.
    pub fn answered_in_time(&self) -> Result<(), String> {
        for (i, event) in self.trace.events.iter().enumerate() {
            let What::Withdrawn(p) = &event.what else { continue };
            self.heard(i, p)?;
            if !self.scenario.nobody(p) {
                continue;
            }
            let Some(wanted) = self.patience(p) else { continue };
            let asked = self.trace.events[..i]
                .iter()
                .rposition(|e| matches!(&e.what, What::Begin(q) if q == p));
            let Some(asked) = asked else {
                return Err("a question is given up that was not asked".into());
            };
            let asked_at = self.trace.events[asked].at / 1_000.0;
            let waited = event.at / 1_000.0 - asked_at;
            // The time of its stage can be over before.
            let least = match self.stage_ends(p, asked_at) {
                Some((_, ends)) => wanted.min((ends - asked_at).max(0.0)),
                None => wanted,
            };
            let cut = self.trace.events[..i]
                .iter()
                .any(|e| matches!(e.what, What::Fired(_) | What::Blind));
            if (waited < least && !cut && !self.given_up_between(asked, i)) || waited > wanted + LOOK {
                return Err(format!(
                    "{} is waited for {waited} seconds, and the plan says {wanted}",
                    self.words(p)
                ));
            }
        }
        Ok(())
    }

    /// While a person is asked what follows a failure, no stage starts beside it.
    ///
    /// # Errors
    /// One that does.
    pub fn held_meanwhile(&self) -> Result<(), String> {
        // What cannot be said to siblings does not hold them.
        if self.scenario.broken == Some(Broken::Raising) || self.scenario.start.is_none() {
            return Ok(());
        }
        let spans = self.asked_after_failures();
        for (stage, fate) in &self.fates {
            let Some(first) = fate.first else { continue };
            let at = self.trace.events[first].at;
            for (p, from, to) in &spans {
                let own = p.at == At::Stage(*stage);
                if !own && *from + SAID < at && at < *to {
                    let (name, what) = (&self.release.stage(*stage).name, self.words(p));
                    return Err(["stage `", name, "` starts while nobody has answered ", &what].concat());
                }
            }
        }
        Ok(())
    }

    /// What people are asked because something failed: the question, and from when to when.
    pub(super) fn asked_after_failures(&self) -> Vec<(&Purpose, f64, f64)> {
        let events = &self.trace.events;
        let of = |p: &Purpose| match p.deed {
            Deed::Resume(_) => true,
            Deed::Decide(d, _) => self.release.asked_on_failure_only(d),
            _ => false,
        };
        let mut list: Vec<(&Purpose, f64, f64)> = Vec::new();
        for event in events {
            match &event.what {
                What::Begin(p) if of(p) => match list.iter_mut().find(|(q, ..)| q.at == p.at) {
                    Some((_, _, to)) if to.is_infinite() => {}
                    _ => list.push((p, event.at, f64::INFINITY)),
                },
                What::Done(p) | What::Failed(p) | What::Withdrawn(p) if of(p) => {
                    let open = list
                        .iter_mut()
                        .rfind(|(q, _, to)| q.at == p.at && to.is_infinite());
                    if let Some((_, _, to)) = open {
                        *to = event.at;
                    }
                }
                _ => {}
            }
        }
        list
    }

    /// Whether a question that is taken back has not been answered in time; what is taken back before that has not run out.
    pub fn runs_out(&self, at: usize, purpose: &Purpose) -> bool {
        if !self.scenario.nobody(purpose) {
            return false;
        }
        let asked = |e: &Event| matches!(&e.what, What::Begin(p) if p == purpose);
        let asked = self.trace.events[..at].iter().rposition(asked);
        let (Some(asked), Some(wanted)) = (asked, self.patience(purpose)) else {
            return true;
        };
        self.trace.events[at].at - self.trace.events[asked].at >= wanted * 1_000.0
    }

    /// What runs out once the run is given up elsewhere is taken back with all that is open, and says nothing more of the run.
    pub fn too_late_to_lapse(&mut self) {
        // What cannot be said to siblings does not stop them.
        if self.scenario.broken == Some(Broken::Raising) {
            return;
        }
        let events = &self.trace.events;
        let earlier = |a: usize, b: usize| (events[a].at, a) < (events[b].at, b);
        let given_up: Vec<usize> = self
            .thens
            .iter()
            .filter(|(t, _)| *t != Then::Again)
            .filter_map(|(_, e)| *e)
            .collect();
        self.thens.retain(|(_, event)| {
            let lapsed = event.filter(|e| matches!(events[*e].what, What::Withdrawn(_)));
            lapsed.is_none_or(|e| !given_up.iter().any(|g| earlier(*g, e)))
        });
    }

    /// A question is taken back once, and one that somebody answers is not taken back before it is heard.
    fn heard(&self, at: usize, purpose: &Purpose) -> Result<(), String> {
        if self.scenario.start.is_none() {
            return Ok(());
        }
        let events = &self.trace.events[..at];
        let asked = |e: &Event| matches!(&e.what, What::Begin(p) if p == purpose);
        let Some(asked) = events.iter().rposition(asked) else {
            return Err("a question is taken back that was not asked".into());
        };
        let now = self.trace.events[at].at;
        let before = |e: &Event| matches!(&e.what, What::Withdrawn(p) if p == purpose) && e.at < now;
        if events[asked..].iter().any(before) {
            return Err([&self.words(purpose), " is taken back twice"].concat());
        }
        let same = |p: &Purpose| match (p.deed, purpose.deed) {
            (Deed::Decide(a, _), Deed::Decide(b, _)) => a == b,
            (Deed::Resume(_), Deed::Resume(_)) => true,
            _ => false,
        };
        let answered = match purpose.deed {
            Deed::Resume(_) => self.scenario.resumed_at(purpose.at) < 4,
            Deed::Decide(d, _) => self.open.parts.iter().any(|p| {
                matches!(p.deed, Deed::Decide(x, _) if x == d)
                    && self.scenario.answer(self.release, p, 0) == Some(true)
                    && !self.scenario.silent.contains(p)
                    && self.scenario.unasked.is_none()
            }),
            _ => return Ok(()),
        };
        let heard = events[asked..].iter().any(|e| match &e.what {
            What::Done(p) => same(p) && p.at == purpose.at,
            What::Failed(p) => same(p) && p.at == purpose.at,
            What::Fired(_) | What::Blind => true,
            _ => false,
        });
        if answered && !heard && !self.given_up_between(asked, at) {
            return Err([&self.words(purpose), " is answered, and nobody looks"].concat());
        }
        Ok(())
    }

    /// Whether all that a stage does is to ask people, where nothing looks how the run stands before it asks.
    pub fn only_people(&self, stage: StageId) -> bool {
        let asks = |p: &Purpose| super::questions::of(self.release, p).is_some();
        let mut own = self.trace.events.iter().filter_map(|e| match &e.what {
            What::Begin(p) if p.at == At::Stage(stage) => Some(p),
            _ => None,
        });
        self.scenario.start.is_none()
            && own.all(|p| matches!(p.deed, Deed::Await | Deed::Judge(_)) && asks(p))
    }

    /// Whether nobody answered how a stage goes on before the question was taken back, because something beside it gave the run up.
    pub(super) fn unheard(&self, stage: StageId) -> bool {
        let own = |p: &Purpose| p.at == At::Stage(stage) && matches!(p.deed, Deed::Resume(_));
        let events = &self.trace.events;
        let asked = |e: &Event| matches!(&e.what, What::Begin(p) if own(p));
        let Some(asked) = events.iter().rposition(asked) else {
            return false;
        };
        let answered = |e: &Event| matches!(&e.what, What::Done(p) | What::Failed(p) if own(p));
        let taken_back = |i: usize| match &events[i].what {
            What::Withdrawn(p) => own(p) && !self.runs_out(i, p) && self.given_up_between(asked, i),
            _ => false,
        };
        !events[asked..].iter().any(answered) && (asked..events.len()).any(taken_back)
    }

    /// Whether something failed or paused beside a question, so that it is taken back.
    fn given_up_between(&self, asked: usize, event: usize) -> bool {
        // What an owner is asked of the same place is the question itself.
        let own = |at: At| matches!(&self.trace.events[asked].what, What::Begin(p) if p.at == at && matches!(p.deed, Deed::Resume(_)));
        self.trace.events[..event].iter().enumerate().any(|(i, e)| {
            let fails = match &e.what {
                What::Failed(_) | What::Judged(_, false) | What::Fired(_) => true,
                What::Begin(p) if matches!(p.deed, Deed::Resume(_)) => !own(p.at),
                // A decision was made, and the run ends with it.
                What::Done(p) => {
                    matches!(p.deed, Deed::Decide(d, _) if matches!(self.chosen(d), Way::End(_)))
                }
                // Something else that nobody said in time.
                What::Withdrawn(p) => {
                    let other = !matches!(&self.trace.events[asked].what, What::Begin(mine) if mine == p);
                    let ends = match p.deed {
                        Deed::Grant(_) => true,
                        Deed::Decide(d, _) => matches!(self.chosen(d), Way::End(_)),
                        _ => false,
                    };
                    ends && other && self.runs_out(i, p)
                }
                // Where no engine keeps the time, nothing shows when a default takes the place of an answer.
                What::Begin(p) if self.scenario.start.is_none() => {
                    self.scenario.nobody(p)
                        && matches!(p.deed, Deed::Decide(d, _) if matches!(self.chosen(d), Way::End(_)))
                }
                _ => false,
            };
            fails && !self.causes.before(i, asked)
        }) || self.shut_once_more(event)
            || self.lapses_before(event)
    }

    /// Whether a stage that has not begun finds its window shut when the run has paused as often as it may: it is given up, and nobody is asked.
    fn shut_once_more(&self, event: usize) -> bool {
        let events = &self.trace.events[..event];
        let paused = |e: &&Event| matches!(&e.what, What::Begin(p) if p.deed == Deed::Resume(0));
        let begins = |e: &Event, stage| matches!(&e.what, What::Begin(p) if p.at == At::Stage(stage));
        events.iter().filter(paused).count() >= super::timing::MOST_PAUSES
            && (0..self.release.stages.len()).map(StageId::at).any(|stage| {
                let now = self.trace.events[event].at;
                !events.iter().any(|e| begins(e, stage))
                    && clock::closed(self.plan, stage, now, self.shut(event))
            })
    }

    /// Whether a stage that has not begun, and whose hour has come, finds that a grant of its own has lapsed: the run is given up.
    pub fn lapses_before(&self, event: usize) -> bool {
        let now = self.trace.events[event].at;
        self.lapsing(&self.trace.events[..event], now) > 0
    }

    /// How many stages that have not begun, and whose hour has come, find at a moment that a grant of their own has lapsed.
    pub fn lapsing(&self, events: &[Event], now: f64) -> usize {
        let lapsing = self.release.stages.iter().enumerate().filter(|(i, stage)| {
            let own = At::Stage(StageId::at(*i));
            // What it asks and judges before it begins comes before its grants are looked at.
            let works = |p: &Purpose| matches!(p.deed, Deed::Act | Deed::Await);
            let begins = |e: &Event| matches!(&e.what, What::Begin(p) if p.at == own && works(p));
            let due = stage
                .at
                .as_ref()
                .is_none_or(|(o, _)| clock::due(self.plan, self.scenario, o.after) <= now);
            let lapses = |id: &ApprovalId| {
                let granted = |e: &&Event| matches!(&e.what, What::Done(p) if p.deed == Deed::Grant(*id));
                let valid = self.release.approval(*id).valid;
                let grant = events.iter().find(granted);
                grant
                    .zip(valid)
                    .is_some_and(|(g, v)| now - g.at > clock::float(v.as_ms()))
            };
            due && !events.iter().any(begins) && stage.approved.iter().any(|(a, _)| lapses(a))
        });
        lapsing.count()
    }

    /// Whether a decision that a failure leads to is not asked, because something beside it failed that asks for more.
    pub fn never_asks(&self, decision: DecisionId, failed: StageId) -> bool {
        let open = |p: &Purpose| matches!(p.deed, Deed::Decide(d, _) if d == decision);
        let asked = |w: &What| matches!(w, What::Begin(p) | What::Done(p) if open(p));
        let stronger = |w: &What| match w {
            What::Failed(p) => match p.at {
                At::Stage(s) if s != failed => {
                    match self.release.stage(s).on_failure.as_ref().map(|f| &f.then) {
                        None => true,
                        Some(Failure::Then(o)) => o.strength() > Strength::Restarts,
                        Some(Failure::Decision(_)) => false,
                    }
                }
                At::Run => matches!(p.deed, Deed::Grant(_)),
                _ => false,
            },
            _ => false,
        };
        self.find(asked).is_none() && self.find(stronger).is_some()
    }

    /// What people are asked beside a failure is taken back when it is looked at next.
    ///
    /// # Errors
    /// A question that stays open although the run is given up.
    pub fn taken_back_soon(&self) -> Result<(), String> {
        // What cannot be said to siblings, or not be taken back, stays open.
        let pauses = |w: &What| matches!(w, What::Begin(p) if matches!(p.deed, Deed::Resume(_)));
        if self.scenario.start.is_none() || self.scenario.broken.is_some() || self.find(pauses).is_some() {
            return Ok(());
        }
        for (_, given_up) in &self.thens {
            let Some(given_up) = *given_up else { continue };
            let then = self.trace.events[given_up].at;
            for (i, event) in self.trace.events.iter().enumerate() {
                let What::Withdrawn(p) = &event.what else { continue };
                if !matches!(p.deed, Deed::Grant(_)) || p.at != At::Run || i == given_up {
                    continue;
                }
                let asked = self.trace.events[..i]
                    .iter()
                    .rposition(|e| matches!(&e.what, What::Begin(q) if q == p));
                let Some(asked) = asked.filter(|a| !self.causes.before(given_up, *a)) else {
                    continue;
                };
                // What is left behind a hold is left first, however long that takes.
                let left = |e: &usize| match &self.trace.events[*e].what {
                    What::Done(q) | What::Failed(q) | What::Withdrawn(q) => {
                        matches!(q.at, At::Exit(_)) && self.causes.before(*e, asked)
                    }
                    _ => false,
                };
                let left = (0..asked).filter(left).map(|e| self.trace.events[e].at);
                if event.at > left.fold(then, f64::max) + LOOK * 1_000.0 + 60_000.0 {
                    return Err([&self.words(p), " stays open although the run is given up"].concat());
                }
            }
        }
        Ok(())
    }

    /// How many seconds a question stays open.
    fn patience(&self, purpose: &Purpose) -> Option<f64> {
        let seconds = |d: Option<Dur>| d.map_or(DAY, Dur::as_seconds);
        let release = self.release;
        let wanted = match purpose.deed {
            Deed::Grant(a) => {
                let a = release.approval(a);
                seconds(a.within.or(a.open_for))
            }
            Deed::Decide(d, _) => seconds(release.decision(d).question.within),
            Deed::NoData(g) => seconds(release.gate(g).timeout),
            Deed::Resume(_) | Deed::Ready | Deed::Begin | Deed::Override(_) | Deed::Word(_) => DAY,
            Deed::Judge(_) | Deed::Await => seconds(of(release, purpose)?.1),
            _ => return None,
        };
        Some(float(wanted.clamp(1, 30 * DAY)))
    }

    /// Whether a run that finds the first of its locks taken is dropped: locks of environments come first, and are waited for.
    pub fn drops(&self) -> bool {
        let environments = self.release.stages.iter().map(|s| s.environment);
        let production = environments
            .chain([self.release.environment])
            .any(|e| self.release.is_production(e));
        !production && self.release.locks.first().is_some_and(|l| l.drop)
    }

    /// A lock that is not released is waited for a day, or not at all when the plan says so.
    ///
    /// # Errors
    /// A run that gives up too early or too late.
    pub fn waited_for_lock(&self) -> Result<(), String> {
        let Some(lock) = self.scenario.lock.filter(|l| l.is_waited_for()) else {
            return Ok(());
        };
        let waited = (self.trace.ended - self.scenario.begins()) / 1_000.0;
        let early = waited < LOCK && !self.drops() && !lock.is_released();
        if early || (self.drops() && waited > 0.0) || waited > LOCK + LOOK {
            return Err(format!("another run is waited for {waited} seconds"));
        }
        Ok(())
    }
}
