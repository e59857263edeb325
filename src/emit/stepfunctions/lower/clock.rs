//! Moments and windows: when T is, whether a stage may start now.
//!
//! Civil times become moments here, once; the machine only compares. A window that comes again is a parameter that a
//! schedule sets. Must not know what a stage does. Called by `stage` and `entry`.

use super::Lower;
use super::act::restated;
use super::ask::catch_all;
use super::build::Label;
use super::call::sdk;
use super::handler::{Case, Faults, Kind, Site};
use super::watch::Watch;
use crate::emit::environments::in_window;
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::{Assign, State, Wait};
use crate::emit::stepfunctions::naming;
use crate::model::{Civil, Dur, FailureOutcome, StageId};
use crate::plan::{Node, read};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A span in milliseconds since 1970; an open end is `None`.
type Span = (Option<i64>, Option<i64>);

/// Into how many pieces a wait for a moment is cut.
const PIECES: i64 = 15;
/// Seconds of such a piece at least.
const SHORTEST: i64 = 60;
/// Seconds of a day: so early a release is started at most that waits for its window.
const DAY: i64 = 86_400;

/// A moment.
pub enum Moment {
    /// Milliseconds since 1970, known when the machine is written.
    Fixed(i64),
    /// The same when it runs.
    Later(Expr),
}

impl Lower<'_> {
    /// T and so long, as a timestamp.
    pub fn moment_of(&self, after: Dur) -> Moment {
        match self.plan.start_moment() {
            Some(start) => Moment::Fixed(start.as_millisecond().saturating_add(after.as_ms())),
            None => {
                let start = Expr::Call(
                    "toMillis",
                    vec![Expr::states(&["context", "Execution", "StartTime"])],
                );
                Moment::Later(Expr::op(start, "+", Expr::int(after.as_ms())))
            }
        }
    }

    /// Waits until a moment: at once where nobody runs beside it, else in pieces, so that it sees when the run is given up. The longer it
    /// is, the longer the pieces: `seconds` is what it takes as planned.
    pub fn wait_until(
        &mut self,
        name: &str,
        (moment, seconds): (Moment, i64),
        watch: Option<&Watch>,
        at: &Label,
        next: &Label,
    ) {
        let until = |timestamp: Data, next: &Label| {
            State::Wait(Wait {
                timestamp: Some(timestamp),
                next: next.next(),
                ..Wait::default()
            })
        };
        let Some(watch) = watch.filter(|w| w.abandon.is_some()) else {
            let moment = match moment {
                Moment::Fixed(ms) => Data::Str(stamp(ms)),
                Moment::Later(ms) => Data::Expr(Expr::Call("fromMillis", vec![ms])),
            };
            self.b.put(at, name, until(moment, next));
            return;
        };
        // Whoever waits holds nobody up: a look that fails is made up for by the next.
        let watch = Watch {
            holds: true,
            ..watch.clone()
        };
        let moment = match moment {
            Moment::Fixed(ms) => Expr::int(ms),
            Moment::Later(ms) => ms,
        };
        let (look, judged) = (self.b.label(), self.b.label());
        self.b.enter_loop(2 * PIECES.unsigned_abs());
        let left = Expr::op(moment.clone(), "-", Expr::now());
        let share = Expr::Call("floor", vec![Expr::op(left, "/", Expr::int(PIECES))]);
        let least = Expr::int(
            (seconds / PIECES)
                .clamp(SHORTEST, super::YEAR_SECONDS)
                .saturating_mul(1_000),
        );
        let piece = Expr::Call("max", vec![Expr::List(vec![least, share])]);
        let then = Expr::op(Expr::now(), "+", piece);
        let then = Expr::Call("min", vec![Expr::List(vec![moment.clone(), then])]);
        let then = Data::Expr(Expr::Call("fromMillis", vec![then]));
        self.b.put(at, name, until(then, &look));
        self.boundary(&watch, &look, &judged);
        let come = Expr::op(Expr::now(), ">=", moment);
        self.b
            .branch(&judged, &[name, ": is it time?"].concat(), come, next, at);
        self.b.leave_loop();
    }

    /// Whether something may give the run up while a stage waits for its window to open: what the window does not cover itself.
    pub fn waits_beside(&self, id: StageId) -> bool {
        let covered = |n: &Node| matches!(n, Node::Stage(s) if in_window(self.release, *s));
        let apart = || self.plan.apart(Node::Stage(id));
        in_window(self.release, id) && apart().iter().any(|n| !covered(n))
    }

    /// A stage that the window covers starts inside it: one that comes too early waits, one that comes too late pauses.
    /// Freezes of the calendar count as closed.
    pub fn window(
        &mut self,
        id: StageId,
        case: &Case<'_>,
        watch: Option<&Watch>,
        faults: &mut Faults,
        way: (&Label, &Label),
    ) {
        let (at, next) = way;
        let site = Site {
            key: "window".into(),
            retry: at.clone(),
            proceed: next.clone(),
        };
        let scope = case.hand.scope;
        let frozen = self.freezes(id);
        let open: Span = if in_window(self.release, id) {
            self.opening()
        } else {
            (None, None)
        };
        let recurring = in_window(self.release, id)
            && self
                .release
                .window
                .as_ref()
                .is_some_and(|w| !w.days.is_empty() || w.hours.is_some());
        if frozen.is_empty() && open == (None, None) && !recurring {
            self.b.same(at, next);
            return;
        }
        let goal = faults.goal(&mut self.b, Kind::Outcome(FailureOutcome::Pause), site);
        let closed = self.b.label();
        let why = Expr::str("the window is closed, or a freeze is on");
        let fault = restated(
            &self.fault(&case.name, "window", scope),
            Expr::str("WindowClosed"),
            why,
        );
        self.b
            .set(&closed, &[&case.name, ": window closed"].concat(), fault, &goal);
        let now = Expr::now();
        let mut here = at.clone();
        if let Some(opens) = open.0 {
            let then = self.b.label();
            let name = [&case.name, ": wait for the window"].concat();
            self.wait_until(&name, (Moment::Fixed(opens), DAY), watch, &here, &then);
            here = then;
        }
        let mut shut: Vec<Expr> = Vec::new();
        if let Some(closes) = open.1 {
            shut.push(Expr::op(now.clone(), ">=", Expr::int(closes)));
        }
        for (from, to) in frozen {
            let after = from.map(|f| Expr::op(now.clone(), ">=", Expr::int(f)));
            let before = to.map(|t| Expr::op(now.clone(), "<", Expr::int(t)));
            shut.push(Expr::all(after.into_iter().chain(before)));
        }
        let then = if recurring { self.b.label() } else { next.clone() };
        self.b.branch(
            &here,
            &[&case.name, ": window open?"].concat(),
            Expr::any(shut),
            &closed,
            &then,
        );
        if recurring {
            self.ask_schedule(case, (&then, next, &closed));
        }
    }

    /// A schedule keeps the parameter; what cannot be read is closed.
    fn ask_schedule(&mut self, case: &Case<'_>, way: (&Label, &Label, &Label)) {
        let (at, next, closed) = way;
        let state = self.vars.local("window", case.hand.scope);
        let judged = self.b.label();
        let name = Data::Str(naming::window_parameter(self.release));
        let mut task = sdk("ssm", "getParameter", Data::object([("Name", name)]));
        task.assign.insert(
            state.clone(),
            Data::Expr(Expr::states(&["result", "Parameter", "Value"])),
        );
        task.output = Some(Data::object([]));
        task.catch = vec![catch_all(Assign::new(), closed)];
        task.next = judged.some();
        self.note_around(&task);
        self.b.put(
            at,
            &[&case.name, ": read the window"].concat(),
            State::Task(Box::new(task)),
        );
        let open = Expr::eq(Expr::var(state), Expr::str("open"));
        self.b.branch(
            &judged,
            &[&case.name, ": window open now?"].concat(),
            open,
            next,
            closed,
        );
    }

    fn opening(&self) -> Span {
        let Some(w) = &self.release.window else {
            return (None, None);
        };
        let zone = self.plan.zone().unwrap_or(TimeZone::UTC);
        (moment(w.opens.as_ref(), &zone), moment(w.closes.as_ref(), &zone))
    }

    fn freezes(&self, id: StageId) -> Vec<Span> {
        let Some(calendar) = self.release.calendar.map(|c| self.release.calendar_of(c)) else {
            return Vec::new();
        };
        let environment = self.release.stage(id).environment;
        let own = calendar.zone.as_ref().and_then(|z| crate::plan::zone(z));
        let zone = own.or_else(|| self.plan.zone()).unwrap_or(TimeZone::UTC);
        calendar
            .freezes
            .iter()
            .filter(|f| f.environments.is_empty() || f.environments.contains(&environment))
            .map(|f| (moment(Some(&f.from), &zone), moment(Some(&f.to), &zone)))
            .collect()
    }
}

fn moment(civil: Option<&Civil>, zone: &TimeZone) -> Option<i64> {
    read(civil?, zone).map(|r| r.moment().as_millisecond())
}

/// `2026-06-01T06:00:00Z`
fn stamp(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
    whole.to_string()
}
