//! One spelling for one meaning: parts of a plan as texts that are equal when the parts mean the same.
//!
//! Knows the model only: no places, no numbers of things, no order that says nothing. Names are those of the old plan wherever a thing was
//! paired. Must not word anything for people. Called by the comparisons of this folder.

use crate::model::{
    Act, Atom, Capture, CaptureSource, Command, Cond, EnvVar, Extract, FailureOutcome, Key, KeyUse, Metric,
    MetricExpr, Permit, PersonRef, PolicyExpr, Question, Release, Retry, RoleOrPerson, Seat, Step, StepKind,
    Subject, Sym, Task, Text, TextPart, Value, WaitTest,
};
use crate::plan::Plan;
use smol_str::SmolStr;

/// One of the two plans, with what its things are called on both sides.
#[derive(Debug)]
pub(super) struct Side<'a> {
    /// The plan.
    pub(super) plan: &'a Plan,
    /// Its release.
    pub(super) r: &'a Release,
    /// What its things are called on both sides.
    pub(super) names: Names,
}

/// Names by number.
#[derive(Debug, Default, Clone)]
pub(super) struct Names {
    pub(super) people: Vec<String>,
    pub(super) roles: Vec<String>,
    pub(super) environments: Vec<String>,
    pub(super) artifacts: Vec<String>,
    pub(super) channels: Vec<String>,
    pub(super) metrics: Vec<String>,
    pub(super) gates: Vec<String>,
    pub(super) checklists: Vec<String>,
    pub(super) approvals: Vec<String>,
    pub(super) decisions: Vec<String>,
    pub(super) stages: Vec<String>,
    pub(super) holds: Vec<String>,
}

/// The items of a list in an order that does not depend on how they were written.
pub(super) fn sorted(mut items: Vec<String>) -> String {
    items.sort();
    items.dedup();
    items.join("\u{1}")
}

fn block(name: &str, parts: &[String]) -> String {
    format!("{name}\u{2}{}\u{3}", parts.join("\u{1}"))
}

impl<'a> Side<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        let r = plan.release();
        fn own<'x, T: 'x>(list: &'x [T], name: impl Fn(&'x T) -> &'x SmolStr) -> Vec<String> {
            list.iter().map(|t| name(t).to_string()).collect()
        }
        let names = Names {
            people: own(&r.people, |x| &x.name),
            roles: own(&r.roles, |x| &x.name),
            environments: own(&r.environments, |x| &x.name),
            artifacts: own(&r.artifacts, |x| &x.name),
            channels: own(&r.channels, |x| &x.name),
            metrics: own(&r.metrics, |x| &x.name),
            gates: own(&r.gates, |x| &x.name),
            checklists: own(&r.checklists, |x| &x.name),
            approvals: own(&r.approvals, |x| &x.name),
            decisions: own(&r.decisions, |x| &x.name),
            // The slug: a stage of a `for` and the same stage written out have one.
            stages: own(&r.stages, |x| &x.slug),
            holds: own(&r.holds, |x| &x.name),
        };
        Side { plan, r, names }
    }

    pub(super) fn text(&self, text: &Text) -> String {
        let part = |p: &TextPart| match p {
            TextPart::Lit(t) => t.clone(),
            TextPart::Sym(s) => self.sym(s),
        };
        text.parts.iter().map(part).collect()
    }

    pub(super) fn maybe(&self, text: Option<&Text>) -> String {
        text.map_or_else(|| "\u{4}".to_string(), |t| self.text(t))
    }

    pub(super) fn value(&self, value: &Value) -> String {
        let name = |kind: &str, list: &[String], i: usize| {
            let name = list.get(i).map_or("", String::as_str);
            block(kind, &[name.to_string()])
        };
        let n = &self.names;
        match value {
            Value::Text(t) => block("text", &[self.text(t)]),
            Value::List(l) => block("list", &l.iter().map(|v| self.value(v)).collect::<Vec<_>>()),
            Value::Object(o) => {
                let mut entries: Vec<String> = o
                    .iter()
                    .map(|(k, v)| block("entry", &[self.text(k), self.value(v)]))
                    .collect();
                entries.sort();
                block("object", &entries)
            }
            Value::Sym(s) => self.sym(s),
            Value::Person(x) => name("person", &n.people, x.index()),
            Value::Role(x) => name("role", &n.roles, x.index()),
            Value::Env(x) => name("environment", &n.environments, x.index()),
            Value::Artifact(x) => name("artifact", &n.artifacts, x.index()),
            Value::Channel(x) => name("channel", &n.channels, x.index()),
            Value::Calendar(x) => block("calendar", &[self.r.calendar_of(*x).name.to_string()]),
            Value::Metric(x) => name("metric", &n.metrics, x.index()),
            Value::Gate(x) => name("gate", &n.gates, x.index()),
            Value::Checklist(x) => name("checklist", &n.checklists, x.index()),
            Value::Stage(x) => name("stage", &n.stages, x.index()),
            Value::Approval(x) => name("approval", &n.approvals, x.index()),
            Value::Decision(x) => name("decision", &n.decisions, x.index()),
            constant => format!("{constant:?}"),
        }
    }

    fn sym(&self, sym: &Sym) -> String {
        match sym {
            Sym::Param(p) => block("param", &[self.r.param(*p).name.to_string()]),
            Sym::Capture(c) => match self.r.captures.get(c.index()) {
                Some(c) => block("capture", &[self.owner(c.source), c.name.to_string()]),
                None => block("given", &[c.index().to_string()]),
            },
            Sym::Prior(p) => {
                let p = self.r.prior(*p);
                let stage = p.stage.map(|s| self.names.stages[s.index()].clone());
                let hold = p.hold.map(|h| self.names.holds[h.index()].clone());
                let owner = stage.or(hold).unwrap_or_default();
                block("prior", &[owner, p.name.to_string()])
            }
            Sym::Attempt => block("attempt", &[]),
            Sym::Call(f, args) => block(
                &format!("{f:?}"),
                &args.iter().map(|v| self.value(v)).collect::<Vec<_>>(),
            ),
            Sym::If(c, a, b) => block("if", &[self.cond(c), self.value(a), self.value(b)]),
            Sym::Op(op, a, b) => block(&format!("{op:?}"), &[self.value(a), self.value(b)]),
        }
    }

    fn owner(&self, source: CaptureSource) -> String {
        match source {
            CaptureSource::Stage(s) => format!("stage {}", self.names.stages[s.index()]),
            CaptureSource::Hold(h) => format!("hold {}", self.names.holds[h.index()]),
            CaptureSource::Decision(d) => format!("decision {}", self.names.decisions[d.index()]),
            CaptureSource::Gate(g) => format!("gate {}", self.names.gates[g.index()]),
        }
    }

    pub(super) fn cond(&self, cond: &Cond) -> String {
        let list = |kind: &str, l: &[Cond]| {
            let mut parts: Vec<String> = l.iter().map(|c| self.cond(c)).collect();
            parts.sort();
            parts.dedup();
            block(kind, &parts)
        };
        match cond {
            Cond::True => String::new(),
            Cond::False => "never".into(),
            Cond::And(l) => list("and", l),
            Cond::Or(l) => list("or", l),
            Cond::Not(c) => block("not", &[self.cond(c)]),
            Cond::Atom(a) => self.atom(a),
        }
    }

    fn atom(&self, atom: &Atom) -> String {
        match atom {
            Atom::Param { param, choice } => {
                let p = self.r.param(*param);
                let word = match &p.ty {
                    crate::model::ParamType::OneOf(words) => words.get(*choice).map(ToString::to_string),
                    crate::model::ParamType::Environment => self.names.environments.get(*choice).cloned(),
                    _ => None,
                };
                block(
                    "is",
                    &[p.name.to_string(), word.unwrap_or_else(|| choice.to_string())],
                )
            }
            Atom::Decision { decision, option } => {
                let option = self.r.decision(*decision).options.get(*option);
                block(
                    "decided",
                    &[
                        self.names.decisions[decision.index()].clone(),
                        option.map(|o| o.name.to_string()).unwrap_or_default(),
                    ],
                )
            }
            Atom::Outcome { subject, outcome } => {
                let subject = match subject {
                    Subject::Gate(g) => format!("gate {}", self.names.gates[g.index()]),
                    Subject::Stage(s) => format!("stage {}", self.names.stages[s.index()]),
                };
                block("outcome", &[subject, format!("{outcome:?}")])
            }
            Atom::Equal(a, b) => {
                let mut sides = [self.value(a), self.value(b)];
                sides.sort();
                block("equal", &sides)
            }
            Atom::Compare(op, a, b) => block(op.sign(), &[self.value(a), self.value(b)]),
        }
    }

    pub(super) fn command(&self, c: &Command) -> String {
        block(
            "run",
            &[
                c.script.clone(),
                self.env(&c.env),
                self.maybe(c.folder.as_ref()),
                c.prints.as_ref().map(|(p, _)| p.clone()).unwrap_or_default(),
            ],
        )
    }

    /// What a command does, without what its output is held against.
    fn doing(&self, c: &Command) -> String {
        block(
            "run",
            &[c.script.clone(), self.env(&c.env), self.maybe(c.folder.as_ref())],
        )
    }

    fn env(&self, env: &[EnvVar]) -> String {
        let one = |e: &EnvVar| block(&e.name, &[self.value(&e.value)]);
        env.iter().map(one).collect()
    }

    pub(super) fn task(&self, task: &Task) -> String {
        match task {
            Task::Aws {
                service,
                operation,
                args,
                ..
            } => block(
                "aws",
                &[service.to_string(), operation.to_string(), self.value(args)],
            ),
            Task::Http {
                method,
                url,
                body,
                connection,
                ..
            } => block(
                "http",
                &[
                    method.to_string(),
                    self.text(url),
                    body.as_ref().map(|b| self.value(b)).unwrap_or_default(),
                    self.text(connection),
                ],
            ),
        }
    }

    /// What an act is: its command, its call or what a person does.
    pub(super) fn work(&self, act: &Act) -> String {
        let manual = act.manual.as_ref();
        block(
            "act",
            &[
                act.run.as_ref().map(|c| self.doing(c)).unwrap_or_default(),
                act.task.as_ref().map(|t| self.task(t)).unwrap_or_default(),
                manual.map(|m| self.text(&m.what)).unwrap_or_default(),
                manual.map(|m| self.maybe(m.console.as_ref())).unwrap_or_default(),
                act.awaits.to_string(),
            ],
        )
    }

    /// An act with everything that can differ but its titles and its undo.
    pub(super) fn act(&self, act: &Act) -> String {
        let pair = act.paired_with.as_ref().map(|p| self.work(p));
        block(
            "whole",
            &[
                self.work(act),
                self.prints(act),
                self.effects(act),
                sorted(act.permits.iter().map(|p| self.permit(p)).collect()),
                sorted(act.secrets.iter().map(ToString::to_string).collect()),
                sorted(act.needs.iter().map(|t| format!("{t:?}")).collect()),
                pair.unwrap_or_default(),
                format!("{:?} {}", act.timeout, act.idempotent),
                act.retry.as_ref().map(|r| self.retry(r)).unwrap_or_default(),
                self.priors(act),
            ],
        )
    }

    fn priors(&self, act: &Act) -> String {
        let one = |p: &crate::model::PriorId| {
            let p = self.r.prior(*p);
            block(
                &p.name,
                &[
                    p.run.as_ref().map(|c| self.command(c)).unwrap_or_default(),
                    p.task.as_ref().map(|t| self.task(t)).unwrap_or_default(),
                    extract(&p.extract),
                ],
            )
        };
        sorted(act.priors.iter().map(one).collect())
    }

    /// What the output is held against.
    pub(super) fn prints(&self, act: &Act) -> String {
        let prints = act.run.as_ref().and_then(|r| r.prints.as_ref());
        prints.map(|(p, _)| p.clone()).unwrap_or_default()
    }

    fn effects(&self, act: &Act) -> String {
        let e = &act.effects;
        block(
            "effects",
            &[
                self.keys(&e.changes),
                self.keys(&e.removes),
                self.keys(&e.reads),
                self.keys(&e.stores),
                self.keys(&e.backs_up),
                self.keys(&e.exercises),
                self.keys(&e.raises),
                e.compatible.is_some().to_string(),
            ],
        )
    }

    pub(super) fn keys(&self, keys: &[KeyUse]) -> String {
        sorted(keys.iter().map(|k| self.key(&k.key)).collect())
    }

    pub(super) fn key(&self, key: &Key) -> String {
        self.text(&key.0)
    }

    pub(super) fn permit(&self, p: &Permit) -> String {
        block(&p.action, &[self.text(&p.on)])
    }

    pub(super) fn retry(&self, r: &Retry) -> String {
        format!("{} {:?} {}", r.times, r.every, r.backoff)
    }

    pub(super) fn question(&self, q: &Question) -> String {
        let mut by: Vec<String> =
            q.by.iter()
                .map(|r| format!("role {}", self.names.roles[r.index()]))
                .collect();
        by.extend(q.by_people.iter().map(|p| self.person(*p)));
        block(
            "ask",
            &[
                self.text(&q.ask),
                sorted(by),
                self.maybe(q.expect.as_ref()),
                format!("{:?}", q.within),
                self.maybe(q.default.as_ref()),
                self.maybe(q.console.as_ref()),
                self.maybe(q.evidence.as_ref()),
            ],
        )
    }

    pub(super) fn person(&self, p: PersonRef) -> String {
        match p {
            PersonRef::Person(p) => format!("person {}", self.names.people[p.index()]),
            PersonRef::Param(p) => format!("param {}", self.r.param(p).name),
        }
    }

    pub(super) fn who(&self, who: RoleOrPerson) -> String {
        match who {
            RoleOrPerson::Role(r) => format!("role {}", self.names.roles[r.index()]),
            RoleOrPerson::Person(p) => format!("person {}", self.names.people[p.index()]),
        }
    }

    /// A step with everything that can differ but titles.
    pub(super) fn step(&self, s: &Step) -> String {
        block(
            "step",
            &[
                self.kind(&s.kind),
                self.cond(&s.when),
                s.owner
                    .map(|o| self.names.roles[o.index()].clone())
                    .unwrap_or_default(),
                format!("{:?} {} {:?}", s.timeout, s.idempotent, s.takes),
                s.retry.as_ref().map(|r| self.retry(r)).unwrap_or_default(),
                self.maybe(s.expect.as_ref()),
                sorted(
                    s.captures
                        .iter()
                        .filter_map(|c| self.r.captures.get(c.index()))
                        .map(|c| self.capture(c))
                        .collect(),
                ),
            ],
        )
    }

    fn capture(&self, c: &Capture) -> String {
        block(
            &c.name,
            &[format!("{:?}", c.ty), extract(&c.extract), self.cond(&c.when)],
        )
    }

    pub(super) fn kind(&self, kind: &StepKind) -> String {
        match kind {
            StepKind::Act(a) => self.act(a),
            StepKind::Wait(d) => format!("wait {d}"),
            StepKind::Bake(d) => format!("bake {d}"),
            StepKind::WaitFor(w) => {
                let test = match &w.test {
                    WaitTest::Run(a) | WaitTest::Job(a) => self.act(a),
                    WaitTest::Ask(q) => self.question(q),
                };
                block(
                    "wait_for",
                    &[self.text(&w.what), test, format!("{:?} {:?}", w.every, w.within)],
                )
            }
            StepKind::VerifyGate(g) => format!("verify gate {}", self.names.gates[g.index()]),
            StepKind::VerifyArtifact(a) => format!("verify artifact {}", self.names.artifacts[a.index()]),
            StepKind::Tell(c, m) => block("tell", &[self.names.channels[c.index()].clone(), self.text(m)]),
        }
    }

    pub(super) fn steps<'s>(&self, steps: impl IntoIterator<Item = &'s Step>) -> String {
        let parts: Vec<String> = steps.into_iter().map(|s| self.step(s)).collect();
        block("steps", &parts)
    }

    pub(super) fn metric(&self, m: &Metric) -> String {
        block(
            "metric",
            &[
                m.name.to_string(),
                m.args
                    .iter()
                    .map(|(n, v)| block(n, &[self.value(v)]))
                    .collect::<String>(),
                m.unit.to_string(),
                m.run.as_ref().map(|c| self.command(c)).unwrap_or_default(),
                m.task.as_ref().map(|t| self.task(t)).unwrap_or_default(),
                extract(&m.extract),
                sorted(m.permits.iter().map(|p| self.permit(p)).collect()),
                sorted(m.secrets.iter().map(ToString::to_string).collect()),
            ],
        )
    }

    pub(super) fn metrics(&self, e: &MetricExpr) -> String {
        let list = |kind: &str, l: &[MetricExpr]| {
            let mut parts: Vec<String> = l.iter().map(|c| self.metrics(c)).collect();
            parts.sort();
            parts.dedup();
            block(kind, &parts)
        };
        match e {
            MetricExpr::Const(b) => b.to_string(),
            MetricExpr::And(l) => list("and", l),
            MetricExpr::Or(l) => list("or", l),
            MetricExpr::Not(e) => block("not", &[self.metrics(e)]),
            MetricExpr::Compare {
                metric,
                op,
                bound,
                of_baseline,
                ..
            } => {
                let base = of_baseline.map(|m| self.names.metrics[m.index()].clone());
                block(
                    op.sign(),
                    &[
                        self.names.metrics[metric.index()].clone(),
                        bound.decimal(),
                        base.unwrap_or_default(),
                    ],
                )
            }
        }
    }

    pub(super) fn outcome(&self, o: &FailureOutcome) -> String {
        match o {
            FailureOutcome::Rollback => "rollback".into(),
            FailureOutcome::RollbackStage(s) => format!("rollback {}", self.names.stages[s.index()]),
            FailureOutcome::Pause => "pause".into(),
            FailureOutcome::Stop => "stop".into(),
            FailureOutcome::Continue { .. } => "continue".into(),
            FailureOutcome::Restart(s, n) => format!("restart {} {n}", self.names.stages[s.index()]),
            FailureOutcome::Escalate(c) => format!("escalate {}", self.names.channels[c.index()]),
        }
    }

    pub(super) fn seat(&self, seat: Seat) -> String {
        match seat {
            Seat::Executor(s) => format!("executor {}", self.names.stages[s.index()]),
            Seat::Approval(a) => format!("approval {}", self.names.approvals[a.index()]),
            Seat::Decision(d) => format!("decision {}", self.names.decisions[d.index()]),
            other => format!("{other:?}"),
        }
    }

    pub(super) fn policy(&self, e: &PolicyExpr) -> String {
        match e {
            PolicyExpr::Value(v) => self.value(v),
            PolicyExpr::Word(w) => format!("word {w}"),
            PolicyExpr::Name(n) => format!("name {n}"),
            PolicyExpr::Field(e, f) => block(&format!("field {f}"), &[self.policy(e)]),
            PolicyExpr::Call(f, l) => block(
                &format!("call {f}"),
                &l.iter().map(|e| self.policy(e)).collect::<Vec<_>>(),
            ),
            PolicyExpr::List(l) => block("list", &l.iter().map(|e| self.policy(e)).collect::<Vec<_>>()),
            PolicyExpr::Not(e) => block("not", &[self.policy(e)]),
            PolicyExpr::Op(op, a, b) => block(&format!("{op:?}"), &[self.policy(a), self.policy(b)]),
        }
    }
}

fn extract(e: &Extract) -> String {
    format!("{e:?}")
}
