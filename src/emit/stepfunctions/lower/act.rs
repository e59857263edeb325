//! Acts: what is recorded before them, how they are carried out, what is kept of their answer.
//!
//! Must not know what a fault leads to. Used by `step`, `gate` and `undo`.

use super::Lower;
use super::ask::{Ask, DEFAULT_SECONDS, catch_all};
use super::build::Label;
use super::buildspec::Take;
use super::call::{BUILD_MOST, BUILD_SECONDS, CALL_SECONDS, Hand, Means, exported, retried, seconds, take};
use super::known::Reads;
use super::watch::Watch;
use crate::diagnostic::{Code, Diagnostic};
use crate::emit::enforce::rules;
use crate::emit::parts::{At, Deed, Purpose};
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::{Assign, State, Task};
use crate::model::{Act, CaptureId, Cond, Dur, Extract, Manual, PriorId, Retry, RoleId, RoleOrPerson, Text};

/// An act where it stands.
#[derive(Debug, Clone)]
pub struct Work<'a> {
    /// The name of its main state.
    pub name: String,
    /// Unique in the machine: `[a-z0-9_]+`.
    pub key: String,
    /// What it stands for.
    pub part: Purpose,
    /// The act.
    pub act: &'a Act,
    /// Whose rights, where.
    pub hand: Hand,
    /// Who does it when only a person can.
    pub owner: RoleId,
    /// When the step gives it up.
    pub timeout: Option<Dur>,
    /// How often it is tried again.
    pub retry: Option<&'a Retry>,
    /// Doing it twice is doing it once.
    pub idempotent: bool,
    /// What is kept of its answer.
    pub captures: &'a [CaptureId],
    /// What says that it began.
    pub began: Assign,
    /// What is kept of a failure.
    pub fault: Assign,
    /// What a person sees when it worked.
    pub expect: Option<&'a Text>,
}

impl Lower<'_> {
    /// Carries out an act at a place.
    pub fn work(&mut self, work: &Work<'_>, watch: &Watch, at: &Label, next: &Label, fail: &Label) {
        let mut here = at.clone();
        for prior in &work.act.priors {
            let then = self.b.label();
            self.record(*prior, work, &here, &then, fail);
            here = then;
        }
        for assertion in &work.act.assertions {
            if matches!(assertion.holds, Cond::True) {
                continue;
            }
            let (then, broken) = (self.b.label(), self.b.label());
            let holds = self.cond(&assertion.holds, work.hand.scope);
            self.b.branch(
                &here,
                &[&work.name, ": may be done?"].concat(),
                holds,
                &then,
                &broken,
            );
            let why = self.text_expr(&assertion.message, work.hand.scope);
            let fault = restated(&work.fault, Expr::str("AssertFailed"), why);
            self.b
                .set(&broken, &[&work.name, ": may not be done"].concat(), fault, fail);
            here = then;
        }
        if matches!((work.part.at, work.part.deed), (At::Stage(_), Deed::Act)) {
            here = self.needs_what_was_recorded(work, here, fail);
        }
        let prints = work
            .captures
            .iter()
            .any(|c| !matches!(self.release.capture(*c).extract, Extract::Json(_)));
        let reads = match work.part.at {
            At::Exit(_) => Reads::Leaving,
            At::Undo(_) => Reads::Undoing,
            _ => Reads::Rest,
        };
        match self.means(work.act, work.hand.environment, prints) {
            Means::Call(call) => {
                self.reads = reads;
                let mut task = self.call(call, work.hand);
                self.reads = Reads::Rest;
                for id in work.captures {
                    let capture = self.release.capture(*id);
                    let value = self.extracted(&capture.extract, Expr::states(&["result"]));
                    let name = self.vars.write(&self.names.capture(*id), work.hand.scope);
                    task.assign
                        .insert(name, Data::Expr(self.typed(&capture.ty, value)));
                }
                self.main(task, CALL_SECONDS, work, watch, &here, next, fail);
            }
            Means::Build(command) => {
                let takes: Vec<(String, Take)> = work
                    .captures
                    .iter()
                    .map(|c| {
                        let capture = self.release.capture(*c);
                        (output_variable(&capture.name), take(&capture.extract))
                    })
                    .collect();
                self.fits_in_a_build(work);
                self.reads = reads;
                let mut task = self.build(command, &work.act.secrets, takes, work.hand, Some(&work.key));
                self.reads = Reads::Rest;
                for id in work.captures {
                    let capture = self.release.capture(*id);
                    let value = self.typed(&capture.ty, exported(&output_variable(&capture.name)));
                    let name = self.vars.write(&self.names.capture(*id), work.hand.scope);
                    task.assign.insert(name, Data::Expr(value));
                }
                self.main(task, BUILD_SECONDS, work, watch, &here, next, fail);
            }
            Means::Person(manual) => self.by_hand(manual, work, watch, &here, next, fail),
            Means::Nothing => {
                self.b.set(&here, &work.name, work.began.clone(), next);
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn main(
        &mut self,
        mut task: Task,
        default: i64,
        work: &Work<'_>,
        watch: &Watch,
        at: &Label,
        next: &Label,
        fail: &Label,
    ) {
        let deadline = watch.deadline.as_ref().map(|(d, _)| d.clone());
        let limit = seconds(work.timeout, work.act, default);
        task.comment = self.shown(&work.act.title);
        self.may_take(&mut task, limit, deadline.as_ref());
        task.retry.extend(retried(
            work.retry.or(work.act.retry.as_ref()),
            work.idempotent || work.act.idempotent,
        ));
        let mut fault = work.fault.clone();
        task.assign.extend(work.began.clone());
        fault.extend(work.began.clone());
        task.catch = vec![catch_all(fault, fail)];
        task.output = Some(Data::object([]));
        task.next = next.some();
        self.note(work.part.clone(), &task);
        self.b.put(at, &work.name, State::Task(Box::new(task)));
    }

    /// What may take longer than any build is not ended in the middle of it: that is said before.
    fn fits_in_a_build(&mut self, work: &Work<'_>) {
        let longest = work.act.takes.map(|(_, high)| high);
        let Some(time) = work.timeout.or(work.act.timeout).or(longest) else {
            return;
        };
        let place = work.act.origin.span;
        if time.as_seconds() <= BUILD_MOST || !self.too_long.insert(place) {
            return;
        }
        let most = Dur::seconds(BUILD_MOST).to_string();
        let message = [
            "a command may take ",
            &time.to_string(),
            ", and CodeBuild, which runs it for Step Functions, ends a build after ",
            &most,
        ];
        let help = [
            "give it a `timeout` of at most `",
            &most,
            "`, or let a short command start the work and a `wait_for` look whether it has ended",
        ];
        self.bag.push(
            Diagnostic::error(Code("target/limit"), place, message.concat())
                .here("longer than a build may take")
                .about(&[rules::TIMEOUT])
                .help(help.concat()),
        );
    }

    /// Only a person can do it: asked by name, and believed when the identity is verified.
    fn by_hand(
        &mut self,
        manual: &Manual,
        work: &Work<'_>,
        watch: &Watch,
        at: &Label,
        next: &Label,
        fail: &Label,
    ) {
        let scope = work.hand.scope;
        let begun = self.b.label();
        let began = work.began.clone();
        if began.is_empty() {
            self.b.same(at, &begun);
        } else {
            self.b.set(at, &[&work.name, ": begins"].concat(), began, &begun);
        }
        let lines = [
            ("Do: ", Some(&manual.what)),
            ("Where: ", manual.console.as_ref()),
            ("Approve when: ", work.expect.or(work.act.expect.as_ref())),
        ];
        let message = self.question_text(&work.name, &lines, work.captures, scope);
        let approvers = self.principals(&[RoleOrPerson::Role(work.owner)]);
        let (done, refused, late) = (self.b.label(), self.b.label(), self.b.label());
        let by = match work.part.at {
            At::Stage(s) => Some(self.names.by(s, &work.part.step)),
            _ => None,
        };
        let record = by
            .filter(|by| self.vars.knows(by))
            .map(|by| self.vars.write(&by, scope));
        let goal = if record.is_some() {
            done.clone()
        } else {
            next.clone()
        };
        let ask = Ask {
            name: work.name.clone(),
            key: work.key.clone(),
            part: work.part.clone(),
            message,
            approvers,
            quorum: 1,
            seconds: seconds(work.timeout, work.act, DEFAULT_SECONDS),
            scope,
            options: vec![("done".into(), goal)],
            no: refused.clone(),
            late: late.clone(),
            unasked: None,
            record: record.clone(),
            answers: work.captures.to_vec(),
        };
        self.ask(&ask, watch, &begun);
        if let Some(record) = record {
            self.hands_apart(&record, work, &done, next, &refused);
        }
        let no = restated(
            &work.fault,
            Expr::str("Refused"),
            Expr::str("whoever was asked to do it said no"),
        );
        self.b
            .set(&refused, &[&work.name, ": refused"].concat(), no, fail);
        let out = restated(
            &work.fault,
            Expr::str("TimedOut"),
            Expr::str("nobody did it in time"),
        );
        self.b
            .set(&late, &[&work.name, ": not done in time"].concat(), out, fail);
    }

    /// Whoever does the work must not be among those who approved it, where an approval says so, or who let a declared way around pass.
    fn hands_apart(&mut self, record: &str, work: &Work<'_>, at: &Label, next: &Label, refused: &Label) {
        let approvals = self.apart_from_executors().into_iter();
        let around = (0..self.release.overrides.len()).map(|i| self.names.bypass_by(i));
        let grants: Vec<String> = approvals.map(|a| self.names.grant(a)).chain(around).collect();
        let tests: Vec<Expr> = grants
            .into_iter()
            .map(|fact| {
                let grant = self.vars.read(&fact, work.hand.scope);
                shares(Expr::var(record).dot(&["by"]), grant.dot(&["by"]))
            })
            .collect();
        let name = [&work.name, ": by other hands?"].concat();
        self.b.branch(at, &name, Expr::any(tests), refused, next);
    }

    /// Records a state just before the act that changes it; the first value is kept.
    fn record(&mut self, id: PriorId, work: &Work<'_>, at: &Label, next: &Label, fail: &Label) {
        let prior = self.release.prior(id);
        let fact = self.names.prior(id);
        let scope = work.hand.scope;
        let var = self.vars.write(&fact, scope);
        let name = [&work.name, ": record ", &prior.name].concat();
        let go = self.b.label();
        let empty = Expr::eq(self.vars.read(&fact, scope), Expr::Null);
        self.b.branch(at, &[&name, "?"].concat(), empty, &go, next);
        let far =
            crate::emit::stepfunctions::naming::foreign_region(self.release, work.hand.environment).is_some();
        let (mut task, value) = match (&prior.task, &prior.run) {
            (Some(call), run) if run.is_none() || (!far && matches!(prior.extract, Extract::Json(_))) => {
                let value = self.extracted(&prior.extract, Expr::states(&["result"]));
                (self.call(call, work.hand), Expr::Call("string", vec![value]))
            }
            (_, Some(run)) => {
                let variable = output_variable(&prior.name);
                let takes = vec![(variable.clone(), take(&prior.extract))];
                (
                    self.build(run, &work.act.secrets, takes, work.hand, None),
                    exported(&variable),
                )
            }
            _ => {
                self.b.same(&go, next);
                return;
            }
        };
        task.assign.insert(var, Data::Expr(value));
        task.retry.extend(retried(None, true));
        task.output = Some(Data::object([]));
        task.catch = vec![catch_all(work.fault.clone(), fail)];
        task.next = next.some();
        let part = Purpose::new(work.part.at, &work.part.step, Deed::Record(id));
        self.note(part, &task);
        self.b.put(&go, &name, State::Task(Box::new(task)));
    }

    /// What is kept of a failure at a place: where, at which step, and the error itself.
    pub fn fault(&self, place: &str, key: &str, scope: super::vars::Scope) -> Assign {
        let error = Expr::states(&["errorOutput", "Error"]);
        let cause = Expr::states(&["errorOutput", "Cause"]);
        let some = |e: Expr, n: i64| {
            let text = Expr::Call("string", vec![e.clone()]);
            let cut = Expr::Call("substring", vec![text, Expr::int(0), Expr::int(n)]);
            Expr::cond(Expr::Call("exists", vec![e]), cut, Expr::str(""))
        };
        let fault = Data::object([
            ("at", Data::str(place)),
            ("step", Data::str(key)),
            ("error", Data::Expr(some(error, 200))),
            ("cause", Data::Expr(some(cause, 1_000))),
        ]);
        let name = if self.aside { "fault_aside" } else { "fault" };
        [(self.vars.local(name, scope), fault)].into()
    }
}

/// The same failure, told by the machine itself and not by an error.
pub fn restated(fault: &Assign, error: Expr, cause: Expr) -> Assign {
    fault
        .iter()
        .map(|(name, data)| {
            let mut data = data.clone();
            if let Data::Object(members) = &mut data
                && members.contains_key("error")
            {
                members.insert("error".into(), Data::from(error.clone()));
                members.insert("cause".into(), Data::from(cause.clone()));
            }
            (name.clone(), data)
        })
        .collect()
}

/// Whether two lists have a member in common.
pub fn shares(a: Expr, b: Expr) -> Expr {
    let body = Expr::op(Expr::var("x"), "in", b);
    let common = Expr::Lambda("filter", Box::new(Expr::List(vec![a])), "x", Box::new(body));
    Expr::op(
        Expr::Call("count", vec![Expr::List(vec![common])]),
        ">",
        Expr::int(0),
    )
}

/// The build's variable for a captured name.
fn output_variable(name: &str) -> String {
    ["RELEASEC_OUT_", &name.to_ascii_uppercase()].concat()
}
