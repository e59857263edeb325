//! Gates and metrics: what is read, and what it means.
//!
//! Bounds are compared exactly, as the fractions they are. Must not know what a failing gate leads to.
//! Used by `step`, `stage`, `consent` and `watch`.

use super::Lower;
use super::act::Work;
use super::ask::{Ask, DEFAULT_SECONDS, catch_all};
use super::build::Label;
use super::call::{BUILD_SECONDS, Hand, exported, take};
use super::value::{number, sign};
use super::vars::Scope;
use super::watch::Watch;
use crate::emit::parts::{At, Deed, Purpose, Test};
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::{Assign, State};
use crate::emit::stepfunctions::naming;
use crate::model::{Dur, EnvVar, GateId, GateTest, MetricExpr, MetricId, NoData, RoleId, Value};

/// What a metric is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// A gate: no data speaks against it.
    Gate,
    /// A trigger: no data does not fire it.
    Trigger,
}

/// A condition over metrics, as the machine judges it.
#[derive(Debug)]
pub struct Verdict {
    /// A metric without data that lets the gate fail.
    pub fails: Expr,
    /// A metric without data for which a person is asked.
    pub asks: Expr,
    /// The condition itself.
    pub holds: Expr,
}

/// Where the outcomes of a gate lead.
#[derive(Debug, Clone)]
pub struct Outcomes {
    /// It passed.
    pub pass: Label,
    /// It failed.
    pub fail: Label,
    /// The variable that keeps what went wrong.
    pub fault: Assign,
}

/// The variable in a metric's environment that says how far back to look, in seconds.
const OVER: &str = "RELEASEC_OVER_SECONDS";
/// The variable a build hands a metric over in.
const VALUE: &str = "RELEASEC_VALUE";

impl Lower<'_> {
    /// Where a gate is judged: where it says, else where the stage works. In another account it cannot be, and `limits` says so.
    fn judging(&self, id: GateId, hand: Hand) -> Hand {
        let account = |e| naming::foreign_account(self.release, e);
        let own = self.release.gate(id).environment;
        let own = own.filter(|e| account(*e) == account(hand.environment));
        let environment = own.unwrap_or(hand.environment);
        Hand { environment, ..hand }
    }

    /// Judges a gate at a place. `rested` is how long the stage has let time pass since it last changed something.
    pub fn judge(
        &mut self,
        id: GateId,
        owner: RoleId,
        rested: i64,
        watch: &Watch,
        at: &Label,
        out: &Outcomes,
    ) {
        let gate = self.release.gate(id);
        let hand = self.judging(id, watch.hand);
        let name = [&watch.name, ": ", &gate.name].concat();
        let key = [self.key_of(&watch.name), "_".into(), self.names.gate(id)].concat();
        match &gate.test {
            GateTest::Metrics(expr) => {
                let over = gate.over.unwrap_or(Dur::minutes(5));
                let mut here = at.clone();
                let samples = gate.samples.max(1);
                let first = (over.as_seconds() - rested).max(0);
                for i in 0..samples {
                    let rest = if i == 0 {
                        first
                    } else {
                        gate.every.unwrap_or(over).as_seconds()
                    };
                    let (read, judged) = (self.b.label(), self.b.label());
                    let sample = [&key, "_", &i.to_string()].concat();
                    self.rest(
                        &[&name, ": wait"].concat(),
                        &sample,
                        Dur::seconds(rest),
                        watch,
                        &here,
                        &read,
                    );
                    let deadline = watch.deadline.as_ref().map(|(d, _)| d.clone());
                    self.read_metrics(expr, over, hand, &name, deadline.as_ref(), (&read, &judged));
                    let then = if i + 1 == samples {
                        out.pass.clone()
                    } else {
                        self.b.label()
                    };
                    self.judge_readings(id, owner, &sample, watch, (&judged, &then, out));
                    here = then;
                }
            }
            GateTest::Run(act) | GateTest::Job(act) => {
                let work = Work {
                    name,
                    key,
                    part: Purpose::new(watch.at, &gate.name, Deed::Judge(id)),
                    act,
                    hand,
                    owner,
                    timeout: gate.timeout,
                    retry: act.retry.as_ref(),
                    idempotent: act.idempotent,
                    captures: &[],
                    began: Default::default(),
                    fault: out.fault.clone(),
                    expect: None,
                };
                self.work(&work, watch, at, &out.pass, &out.fail);
            }
            GateTest::Ask(question) => {
                let owner = gate.owner.unwrap_or(owner);
                let approvers = self.answerers(question, owner);
                let lines = [
                    ("", Some(&question.ask)),
                    ("Criterion: ", question.expect.as_ref()),
                    ("Look at: ", question.console.as_ref()),
                    ("Leave behind: ", question.evidence.as_ref()),
                ];
                let scope = watch.hand.scope;
                let message = self.question_text(&gate.name, &lines, &question.captures, scope);
                let ask = Ask {
                    name,
                    key,
                    part: Purpose::new(watch.at, &gate.name, Deed::Judge(id)),
                    message,
                    approvers,
                    quorum: 1,
                    seconds: question
                        .within
                        .or(gate.timeout)
                        .map_or(DEFAULT_SECONDS, Dur::as_seconds),
                    scope,
                    options: vec![("yes".into(), out.pass.clone())],
                    no: out.fail.clone(),
                    late: if question.silence_agrees() {
                        out.pass.clone()
                    } else {
                        out.fail.clone()
                    },
                    // What nobody was asked, nobody let pass by saying nothing.
                    unasked: Some(out.fail.clone()),
                    record: None,
                    answers: question.captures.clone(),
                };
                self.ask(&ask, watch, at);
            }
        }
    }

    fn judge_readings(
        &mut self,
        id: GateId,
        owner: RoleId,
        key: &str,
        watch: &Watch,
        way: (&Label, &Label, &Outcomes),
    ) {
        let (at, pass, out) = way;
        let gate = self.release.gate(id);
        let GateTest::Metrics(expr) = &gate.test else {
            return;
        };
        let name = [&watch.name, ": ", &gate.name].concat();
        let over = gate.over.unwrap_or(Dur::minutes(5));
        let verdict = self.verdict(expr, over, watch.hand.scope, Reading::Gate);
        let asked = self.b.label();
        if verdict.asks != Expr::Bool(false) {
            let approvers = self.principals(&[crate::model::RoleOrPerson::Role(gate.owner.unwrap_or(owner))]);
            let message = self.question_text(
                &gate.name,
                &[("No data. Does it pass? ", Some(&gate.title))],
                &[],
                watch.hand.scope,
            );
            let ask = Ask {
                name: [&name, ": no data"].concat(),
                key: ["none_", key].concat(),
                part: Purpose::new(watch.at, &gate.name, Deed::NoData(id)),
                message,
                approvers,
                quorum: 1,
                seconds: gate.timeout.map_or(DEFAULT_SECONDS, Dur::as_seconds),
                scope: watch.hand.scope,
                options: vec![("yes".into(), pass.clone())],
                no: out.fail.clone(),
                late: out.fail.clone(),
                unasked: None,
                record: None,
                answers: Vec::new(),
            };
            self.ask(&ask, watch, &asked);
        }
        self.note_test(Test::Blank(watch.at, id), &verdict.fails);
        self.note_test(Test::Unsure(watch.at, id), &verdict.asks);
        self.note_test(Test::Holds(watch.at, id), &verdict.holds);
        let rules = vec![
            (verdict.fails, out.fail.clone()),
            (verdict.asks, asked),
            (verdict.holds, pass.clone()),
        ];
        self.b.choose(at, &[&name, " passes?"].concat(), rules, &out.fail);
    }

    /// Reads the metrics of a condition one after the other; one that cannot be read has no data.
    pub fn read_metrics(
        &mut self,
        expr: &MetricExpr,
        over: Dur,
        hand: Hand,
        name: &str,
        deadline: Option<&Expr>,
        (at, next): (&Label, &Label),
    ) {
        let mut here = at.clone();
        for id in measured(expr) {
            let then = self.b.label();
            let var = self.reading(id, over, hand.scope);
            self.read_metric(id, over, hand, name, &var, deadline, (&here, &then));
            here = then;
        }
        self.b.same(&here, next);
    }

    /// Reads one metric into a variable. Looking at a stage whose time is over takes no longer than the stage may.
    #[allow(clippy::too_many_arguments)]
    pub fn read_metric(
        &mut self,
        id: MetricId,
        over: Dur,
        hand: Hand,
        name: &str,
        var: &str,
        deadline: Option<&Expr>,
        way: (&Label, &Label),
    ) {
        let metric = self.release.metric(id);
        let (at, next) = way;
        let far = naming::foreign_region(self.release, hand.environment).is_some();
        let (mut task, raw) = match (&metric.task, &metric.run) {
            (Some(call), run) if run.is_none() || !far => {
                let answer = self.extracted(&metric.extract, Expr::states(&["result"]));
                (self.call(call, hand), Expr::Call("string", vec![answer]))
            }
            (_, Some(run)) => {
                let mut run = run.clone();
                run.env.retain(|e| e.name != OVER);
                run.env.push(EnvVar {
                    name: OVER.into(),
                    value: Value::Int(over.as_seconds()),
                });
                let takes = vec![(VALUE.to_string(), take(&metric.extract))];
                (
                    self.build(&run, &metric.secrets, takes, hand, None),
                    exported(VALUE),
                )
            }
            _ => {
                let none: Assign = [(var.to_string(), Data::Null)].into();
                self.b.set(
                    at,
                    &[name, ": nothing measures ", &metric.name].concat(),
                    none,
                    next,
                );
                return;
            }
        };
        let text = Expr::Call("trim", vec![raw]);
        let digits = Expr::Regex(r"^-?[0-9.]+([eE][-+]?[0-9]+)?$".into());
        let value = Expr::cond(
            Expr::Call("contains", vec![text.clone(), digits]),
            Expr::Call("number", vec![text]),
            Expr::Null,
        );
        if deadline.is_some() && task.resource.contains("codebuild") {
            self.may_take(&mut task, BUILD_SECONDS, deadline);
        }
        task.assign.insert(var.to_string(), Data::Expr(value));
        task.output = Some(Data::object([]));
        task.catch = vec![catch_all([(var.to_string(), Data::Null)].into(), next)];
        task.next = next.some();
        self.note(
            Purpose::new(At::Run, over.as_seconds().to_string(), Deed::Read(id)),
            &task,
        );
        let label = metric.bound.as_ref().unwrap_or(&metric.name);
        self.b.put(
            at,
            &[name, ": measure ", label].concat(),
            State::Task(Box::new(task)),
        );
    }

    /// What a condition over metrics means, the metrics having been read.
    pub fn verdict(&self, expr: &MetricExpr, over: Dur, scope: Scope, reading: Reading) -> Verdict {
        let missing = |me: &Self, no_data: NoData| {
            let mut empty: Vec<Expr> = Vec::new();
            let mut see = |metric: MetricId, variable: String| {
                let said = me.release.metric(metric).no_data.unwrap_or(NoData::Fail);
                let test = Expr::eq(Expr::var(variable), Expr::Null);
                if said == no_data && !empty.contains(&test) {
                    empty.push(test);
                }
            };
            walk(expr, &mut |metric, base| {
                see(metric, me.reading(metric, over, scope));
                if let Some(base) = base {
                    see(base, me.baseline(base, over));
                }
            });
            Expr::any(empty)
        };
        let judged = reading == Reading::Gate;
        Verdict {
            fails: if judged {
                missing(self, NoData::Fail)
            } else {
                Expr::Bool(false)
            },
            asks: if judged {
                missing(self, NoData::Pause)
            } else {
                Expr::Bool(false)
            },
            holds: self.compare(expr, over, scope, judged),
        }
    }

    /// A condition in which a metric without data counts as `blank`, seen from the whole: a negation turns it round.
    fn compare(&self, expr: &MetricExpr, over: Dur, scope: Scope, blank: bool) -> Expr {
        match expr {
            MetricExpr::Const(b) => Expr::Bool(*b),
            MetricExpr::And(l) => Expr::all(l.iter().map(|e| self.compare(e, over, scope, blank))),
            MetricExpr::Or(l) => Expr::any(l.iter().map(|e| self.compare(e, over, scope, blank))),
            MetricExpr::Not(e) => self.compare(e, over, scope, !blank).negated(),
            MetricExpr::Compare {
                metric,
                op,
                bound,
                of_baseline,
                ..
            } => {
                let value = Expr::var(self.reading(*metric, over, scope));
                let mut empty = vec![Expr::eq(value.clone(), Expr::Null)];
                let test = match of_baseline {
                    None => {
                        let (a, b) = bound.parts();
                        match number(*bound) {
                            n @ Expr::Num(_) => Expr::op(value, sign(*op), n),
                            _ => Expr::op(
                                Expr::op(value, "*", Expr::Num(b.to_string())),
                                sign(*op),
                                Expr::Num(a.to_string()),
                            ),
                        }
                    }
                    Some(base) => {
                        let base = Expr::var(self.baseline(*base, over));
                        empty.push(Expr::eq(base.clone(), Expr::Null));
                        let (a, b) = bound.parts();
                        Expr::op(
                            Expr::op(value, "*", Expr::Num(b.to_string())),
                            sign(*op),
                            Expr::op(base, "*", Expr::Num(a.to_string())),
                        )
                    }
                };
                let none = Expr::any(empty);
                // `blank` decides, and nothing is compared with nothing.
                Expr::cond(none, Expr::Bool(blank), test)
            }
        }
    }

    fn reading(&self, metric: MetricId, over: Dur, scope: Scope) -> String {
        let name = self.metric_key(metric, over);
        self.vars.local(&["m_", &name].concat(), scope)
    }

    /// The variable that keeps a metric as it was before the start.
    pub fn baseline(&self, metric: MetricId, over: Dur) -> String {
        ["base_", &self.metric_key(metric, over)].concat()
    }

    fn metric_key(&self, metric: MetricId, over: Dur) -> String {
        let m = self.release.metric(metric);
        let plain: String = m
            .bound
            .as_ref()
            .unwrap_or(&m.name)
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        [
            &plain,
            "_",
            &metric.0.to_string(),
            "_",
            &over.as_seconds().to_string(),
        ]
        .concat()
    }

    /// Every baseline the plan compares with, and its span, each once.
    pub fn baselines(&self) -> Vec<(MetricId, Dur)> {
        let five = Dur::minutes(5);
        let gates = self.release.gates.iter().filter_map(|g| match &g.test {
            GateTest::Metrics(e) => Some((e, g.over.unwrap_or(five))),
            _ => None,
        });
        let triggers = self.release.triggers.iter().filter_map(|t| match &t.test {
            crate::model::TriggerTest::Metrics(e) => Some((e, t.over.unwrap_or(five))),
            crate::model::TriggerTest::Ask(_) => None,
        });
        let mut list = Vec::new();
        for (expr, over) in gates.chain(triggers) {
            for base in bases(expr) {
                if !list.contains(&(base, over)) {
                    list.push((base, over));
                }
            }
        }
        list
    }
}

/// The metrics of a condition that are read when it is judged, each once.
fn measured(expr: &MetricExpr) -> Vec<MetricId> {
    let mut list = Vec::new();
    walk(expr, &mut |metric, _| {
        if !list.contains(&metric) {
            list.push(metric);
        }
    });
    list
}

fn bases(expr: &MetricExpr) -> Vec<MetricId> {
    let mut list = Vec::new();
    walk(expr, &mut |_, base| list.extend(base));
    list
}

fn walk(expr: &MetricExpr, see: &mut dyn FnMut(MetricId, Option<MetricId>)) {
    match expr {
        MetricExpr::Const(_) => {}
        MetricExpr::And(l) | MetricExpr::Or(l) => l.iter().for_each(|e| walk(e, see)),
        MetricExpr::Not(e) => walk(e, see),
        MetricExpr::Compare {
            metric, of_baseline, ..
        } => see(*metric, *of_baseline),
    }
}
