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
use crate::emit::environments::in_window;
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::{Assign, State};
use crate::emit::stepfunctions::naming;
use crate::model::{Civil, Dur, FailureOutcome, StageId};
use crate::plan::read;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A span in milliseconds since 1970; an open end is `None`.
type Span = (Option<i64>, Option<i64>);

impl Lower<'_> {
    /// T and so long, as a timestamp.
    pub fn moment_of(&self, after: Dur) -> Data {
        match self.plan.start_moment() {
            Some(start) => {
                let at = start.as_millisecond().saturating_add(after.as_ms());
                Data::Str(stamp(at))
            }
            None => {
                let start = Expr::Call(
                    "toMillis",
                    vec![Expr::states(&["context", "Execution", "StartTime"])],
                );
                let at = Expr::op(start, "+", Expr::int(after.as_ms()));
                Data::Expr(Expr::Call("fromMillis", vec![at]))
            }
        }
    }

    /// A stage that the window covers starts inside it: one that comes too early waits, one that comes too late pauses.
    /// Freezes of the calendar count as closed.
    pub fn window(&mut self, id: StageId, case: &Case<'_>, faults: &mut Faults, way: (&Label, &Label)) {
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
            self.wait_until(
                &[&case.name, ": wait for the window"].concat(),
                Data::Str(stamp(opens)),
                &here,
                &then,
            );
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
