//! The beginning of a run: inputs judged, who is who, connections found, locks taken, flags set.
//!
//! Nothing of the plan begins before all of this is so; a run that is refused here has changed nothing.
//! Called by the entry point of `lower`.

use super::Lower;
use super::ask::{Ask, DEFAULT_SECONDS, catch_all};
use super::build::Label;
use super::call::{Hand, Means, sdk};
use super::facts::Order;
use super::vars::TOP;
use super::watch::Watch;
use crate::emit::parts::{At, Deed, Purpose, Test, input_name};
use crate::emit::stepfunctions::expr::{Data, Expr, Part};
use crate::emit::stepfunctions::model::{Assign, Choice, Fail, Rule, State};
use crate::emit::stepfunctions::naming::{self, Duty};
use crate::model::{Act, Cond, MomentKind, Param, ParamId, ParamType, Task, Value};
use std::collections::BTreeMap;

/// The input that the machine itself reads.
const OWN: &str = "releasec";

impl Lower<'_> {
    /// The whole machine.
    pub fn whole(&mut self, order: &Order, start: &Label) {
        let (refused, init, known, connected, locked) = self.five();
        let (flagged, measured, begun, body, failed) = self.five();
        let (ended, looked, end, allowed, unlocked) = self.five();
        self.read_inputs(start, &init, &refused);
        let people = self.b.label();
        self.overrides(&people, &allowed, &unlocked);
        self.connections(&allowed, &connected, &unlocked);
        self.locks(&connected, &locked, &unlocked);
        self.flags(&locked, &flagged, &unlocked);
        self.baselines_before(&flagged, &measured);
        let announced = self.b.label();
        self.moment(MomentKind::Scheduled, None, TOP, &measured, &announced);
        self.moment(MomentKind::Started, None, TOP, &announced, &begun);
        self.tree_from(order, &begun, &body, &ended, &failed);
        self.failed(&failed, &body, &end);
        self.half(&ended, &looked);
        self.b.same(&looked, &end);
        self.end(&end);
        // What is asked is known now, and with it who must be known.
        self.roster(&known, &people, &unlocked);
        self.tidy(&unlocked, &refused);
        let problem = Expr::var("problem");
        let fail = Fail {
            comment: "Refused before anything began.".into(),
            error: "Stopped".into(),
            cause: Data::Expr(problem),
        };
        self.b.put(&refused, "refused", State::Fail(fail));
        self.init(&init, &known);
    }

    fn five(&mut self) -> (Label, Label, Label, Label, Label) {
        (
            self.b.label(),
            self.b.label(),
            self.b.label(),
            self.b.label(),
            self.b.label(),
        )
    }

    /// The order, with the place a restart goes back to.
    fn tree_from(&mut self, order: &Order, at: &Label, body: &Label, ended: &Label, failed: &Label) {
        let rounds: u64 = 1 + self
            .restart_points()
            .iter()
            .map(|(_, n)| u64::from(*n))
            .sum::<u64>();
        self.b.same(at, body);
        self.b.enter_loop(rounds);
        self.tree(order, TOP, body, ended, failed);
        self.b.leave_loop();
    }

    /// Puts the inputs into variables and judges them.
    fn read_inputs(&mut self, at: &Label, next: &Label, refused: &Label) {
        let judged = self.b.label();
        let given = |name: &str| Expr::states(&["input"]).parts(vec![Part::Name(name.to_string())]);
        let inputs = self
            .release
            .params
            .iter()
            .enumerate()
            .filter(|(_, p)| p.fixed.is_none())
            .map(|(i, p)| {
                let value = given(&input_name(self.release, ParamId::at(i)));
                let default = p.default.as_ref().map_or(Expr::Null, |d| self.default(p, d));
                let own = Expr::cond(Expr::Call("exists", vec![value.clone()]), value, default);
                (Expr::str(p.name.as_str()), own)
            })
            .collect();
        let own = |member: &str| {
            let value = given(OWN).parts(vec![Part::Name(member.to_string())]);
            let some = Expr::Call("exists", vec![value.clone()]);
            Data::Expr(Expr::cond(some, value, Expr::str("")))
        };
        let id = Expr::states(&["context", "StateMachine", "Id"]);
        let part = |i: i64| {
            let list = Expr::Call("split", vec![id.clone(), Expr::str(":")]);
            Data::Expr(list.parts(vec![Part::Index(i)]))
        };
        let assign: Assign = [
            ("inputs".to_string(), Data::from(Expr::Object(inputs))),
            ("commit".to_string(), own("commit")),
            ("override".to_string(), own("override")),
            ("because".to_string(), own("because")),
            (
                "run".to_string(),
                Data::Expr(Expr::states(&["context", "Execution", "Name"])),
            ),
            ("partition".to_string(), part(1)),
            ("region".to_string(), part(3)),
            ("account".to_string(), part(4)),
            ("problem".to_string(), Data::str("none")),
        ]
        .into();
        self.b.set(at, "read the inputs", assign, &judged);
        let choices = self
            .problems()
            .into_iter()
            .enumerate()
            .map(|(i, (test, why, own))| {
                // What the plan itself asserts is put together from its comparisons.
                if own {
                    self.note_test(Test::Problem(i), &test);
                }
                (test, why)
            })
            .map(|(test, why)| Rule {
                condition: Data::Expr(test),
                assign: [("problem".to_string(), Data::from(why))].into(),
                next: refused.next(),
            })
            .collect::<Vec<_>>();
        let choice = Choice {
            comment: "A run with inputs the plan does not allow is refused.".into(),
            choices,
            default: next.next(),
        };
        self.b
            .put(&judged, "inputs as the plan wants them?", State::Choice(choice));
    }

    fn default(&self, param: &Param, value: &Value) -> Expr {
        match (&param.ty, value) {
            (ParamType::Int | ParamType::Number | ParamType::Bool | ParamType::List(_), v) => {
                self.value_expr(v, TOP)
            }
            (_, v) => self.value_text(v, TOP).into_expr(),
        }
    }

    /// Everything that can be wrong with the inputs, in order: `true` when it is, why, and whether the
    /// plan itself says nothing of it.
    fn problems(&self) -> Vec<(Expr, Expr, bool)> {
        let mut list = Vec::new();
        let name = Expr::Call(
            "contains",
            vec![Expr::var("run"), Expr::Regex("^[A-Za-z0-9_.-]+$".into())],
        );
        list.push((
            name.negated(),
            Expr::str("the execution's name may hold letters, digits, `.`, `_` and `-` only"),
            true,
        ));
        if self.builds() {
            let commit = Expr::Call(
                "contains",
                vec![Expr::var("commit"), Expr::Regex("^[0-9a-f]{40}$".into())],
            );
            let typed = Expr::eq(Expr::Call("type", vec![Expr::var("commit")]), Expr::str("string"));
            list.push((
                Expr::cond(typed, commit, Expr::Bool(false)).negated(),
                Expr::str("`releasec.commit` must be the full commit whose scripts are run"),
                true,
            ));
        }
        for p in self.release.params.iter().filter(|p| p.fixed.is_none()) {
            let value = self.input(&p.name);
            let fits = self.fits(&p.ty, value);
            let why = ["input `", &p.name, "` must be ", &wanted(&p.ty)].concat();
            list.push((fits.negated(), Expr::Str(why), true));
        }
        for a in &self.release.asserts {
            if !matches!(a.holds, Cond::True) {
                list.push((
                    self.cond(&a.holds, TOP).negated(),
                    self.text_expr(&a.message, TOP),
                    false,
                ));
            }
        }
        if !self.release.overrides.is_empty() {
            let names = self.release.overrides.iter().map(|o| Expr::str(o.name.as_str()));
            let known = Expr::List(names.chain([Expr::str("")]).collect());
            list.push((
                Expr::op(Expr::var("override"), "in", known).negated(),
                Expr::str("`releasec.override` names no override of the plan"),
                true,
            ));
            for o in self.release.overrides.iter().filter(|o| o.because_required) {
                let used = Expr::eq(Expr::var("override"), Expr::str(o.name.as_str()));
                let silent = Expr::eq(Expr::var("because"), Expr::str(""));
                let why = ["override `", &o.name, "` needs a reason in `releasec.because`"].concat();
                list.push((Expr::all([used, silent]), Expr::Str(why), true));
            }
        }
        list
    }

    /// Whether a value has the form of its type.
    fn fits(&self, ty: &ParamType, value: Expr) -> Expr {
        let is = |word: &str| Expr::eq(Expr::Call("type", vec![value.clone()]), Expr::str(word));
        let shaped = |regex: &str| {
            let like = Expr::Call("contains", vec![value.clone(), Expr::Regex(regex.into())]);
            Expr::cond(is("string"), like, Expr::Bool(false))
        };
        match ty {
            ParamType::Text => is("string"),
            ParamType::Int => {
                let whole = Expr::eq(Expr::Call("floor", vec![value.clone()]), value.clone());
                Expr::cond(is("number"), whole, Expr::Bool(false))
            }
            ParamType::Number => is("number"),
            ParamType::Bool => is("boolean"),
            ParamType::Percent => shaped("^[0-9]+([.][0-9]+)?\\x25$"),
            ParamType::Duration => shaped("^([0-9]+([.][0-9]+)?(ms|s|m|h|d|wd))+$"),
            ParamType::Version => shaped("^[0-9A-Za-z][0-9A-Za-z.+_-]*$"),
            ParamType::Date => shaped("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
            ParamType::Time => shaped("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}"),
            ParamType::Url => shaped("^https?:\\x2f\\x2f[^ ]+$"),
            ParamType::OneOf(words) => Expr::op(
                value,
                "in",
                Expr::List(words.iter().map(|w| Expr::str(w.as_str())).collect()),
            ),
            ParamType::Person => {
                let names = self.release.people.iter().map(|p| Expr::str(p.name.as_str()));
                Expr::op(value, "in", Expr::List(names.collect()))
            }
            ParamType::Environment => {
                let names = self
                    .release
                    .environments
                    .iter()
                    .map(|e| Expr::str(e.name.as_str()));
                Expr::op(value, "in", Expr::List(names.collect()))
            }
            ParamType::List(inner) => {
                let each = self.fits(inner, Expr::var("x"));
                let bad = Expr::Lambda("filter", Box::new(value.clone()), "x", Box::new(each.negated()));
                let none = Expr::eq(Expr::Call("count", vec![Expr::List(vec![bad])]), Expr::int(0));
                Expr::cond(is("array"), none, Expr::Bool(false))
            }
            ParamType::Kind(_) => Expr::Bool(true),
        }
    }

    /// Whether anything is run by a build.
    fn builds(&self) -> bool {
        let r = self.release;
        let act = |a: &&Act| matches!(self.means(a, r.environment, false), Means::Build(_));
        r.acts().iter().any(act)
            || r.metrics.iter().any(|m| m.task.is_none() && m.run.is_some())
            || r.channels.iter().any(|c| c.task.is_none() && c.run.is_some())
            || r.priors.iter().any(|p| p.task.is_none() && p.run.is_some())
    }

    fn init(&mut self, at: &Label, next: &Label) {
        let mut assign = self.vars.initial();
        assign.insert("connections".into(), Data::object([]));
        assign.insert("people".into(), Data::object([]));
        self.b.set(at, "nothing has begun", assign, next);
    }

    /// A declared way around is asked for before anything else.
    fn overrides(&mut self, at: &Label, next: &Label, refused: &Label) {
        let hand = self.own_hand();
        let mut here = at.clone();
        for (i, o) in self.release.overrides.iter().enumerate() {
            let (go, granted, then, no) = (self.b.label(), self.b.label(), self.b.label(), self.b.label());
            let used = Expr::eq(Expr::var("override"), Expr::str(o.name.as_str()));
            self.note_test(Test::Chosen(i), &used);
            self.b
                .branch(&here, &["override ", &o.name, "?"].concat(), used, &go, &then);
            let who: Vec<_> = o.by.iter().map(|(w, _)| *w).collect();
            let approvers = self.principals(&who);
            let approvers = self.but_authors(approvers);
            self.check_ask(&o.name, o.origin.span, approvers.len(), DEFAULT_SECONDS);
            let message = Expr::concat(vec![
                self.text_expr(&self.release.title, TOP),
                Expr::Str([": use the override `", &o.name, "`? Reason: "].concat()),
                Expr::var("because"),
            ]);
            let ask = Ask {
                name: ["override ", &o.name].concat(),
                key: ["override_", &o.name].concat(),
                part: Purpose::new(At::Run, &o.name, Deed::Override(i)),
                message,
                approvers,
                quorum: i64::from(o.quorum),
                seconds: DEFAULT_SECONDS,
                scope: TOP,
                options: vec![("yes".into(), granted.clone())],
                no: no.clone(),
                late: no.clone(),
                unasked: None,
                record: Some(self.vars.write(&self.names.bypass_by(i), TOP)),
                answers: Vec::new(),
            };
            self.ask(&ask, &Watch::nothing(&o.name, At::Run, hand), &go);
            let fact = self.names.bypass(i);
            let told = self.b.label();
            self.b.set(
                &granted,
                &["override ", &o.name, ": granted"].concat(),
                [(fact, Data::Bool(true))].into(),
                &told,
            );
            self.override_told(i, &told, &then);
            let why = ["override `", &o.name, "` was not granted"].concat();
            self.b.set(
                &no,
                &["override ", &o.name, ": refused"].concat(),
                [("problem".to_string(), Data::Str(why))].into(),
                refused,
            );
            here = then;
        }
        self.b.same(&here, next);
    }

    fn override_told(&mut self, index: usize, at: &Label, next: &Label) {
        let o = &self.release.overrides[index];
        let mut here = at.clone();
        for target in &o.notify {
            let then = self.b.label();
            let message = Expr::concat(vec![
                self.text_expr(&self.release.title, TOP),
                Expr::Str([": override `", &o.name, "` is used: "].concat()),
                Expr::var("because"),
            ]);
            let name = ["override ", &o.name, ": tell"].concat();
            let part = Deed::Tell(MomentKind::Approved);
            self.telling = Some(Purpose::new(At::Run, ["override ", &o.name].concat(), part));
            match target {
                crate::model::NotifyTarget::Channel(c) => self.send(*c, message, &name, &here, &then),
                crate::model::NotifyTarget::Role(r) => self.publish(*r, message, &name, &here, &then),
            }
            here = then;
        }
        self.b.same(&here, next);
    }

    /// Finds the connections that HTTP requests are made with. One that only messages need may be missing.
    fn connections(&mut self, at: &Label, next: &Label, refused: &Label) {
        let mut here = at.clone();
        for (name, needed) in self.connection_names() {
            let then = self.b.label();
            let lost = self.b.label();
            let mut task = sdk(
                "eventbridge",
                "describeConnection",
                Data::object([("Name", Data::str(name.as_str()))]),
            );
            let found = Expr::Object(vec![(
                Expr::str(name.as_str()),
                Expr::states(&["result", "ConnectionArn"]),
            )]);
            let all = Expr::Call("merge", vec![Expr::List(vec![Expr::var("connections"), found])]);
            task.assign.insert("connections".into(), Data::Expr(all));
            task.output = Some(Data::object([]));
            task.catch = vec![catch_all(Assign::new(), if needed { &lost } else { &then })];
            task.next = then.some();
            self.note_around(&task);
            self.b.put(
                &here,
                &["find connection ", &name].concat(),
                State::Task(Box::new(task)),
            );
            if needed {
                let why = ["connection `", &name, "` does not exist"].concat();
                self.b.set(
                    &lost,
                    &["no connection ", &name].concat(),
                    [("problem".to_string(), Data::Str(why))].into(),
                    refused,
                );
            }
            here = then;
        }
        self.b.same(&here, next);
    }

    /// The connections of the plan; whether work, and not only a message, needs them.
    pub fn connection_names(&self) -> BTreeMap<String, bool> {
        let mut names: BTreeMap<String, bool> = BTreeMap::new();
        let mut add = |task: &Option<Task>, needed: bool| {
            if let Some(Task::Http { connection, .. }) = task {
                *names.entry(self.connection(connection)).or_insert(false) |= needed;
            }
        };
        let r = self.release;
        r.acts().iter().for_each(|a| add(&a.task, true));
        r.metrics.iter().for_each(|m| add(&m.task, true));
        r.priors.iter().for_each(|p| add(&p.task, true));
        r.channels.iter().for_each(|c| add(&c.task, false));
        names
    }

    /// Reads who is who at AWS, for those of whom the plan does not say it.
    fn roster(&mut self, at: &Label, next: &Label, refused: &Label) {
        if self.roster.is_empty() {
            self.b.same(at, next);
            return;
        }
        let (judged, missing) = (self.b.label(), self.b.label());
        let name = naming::principals_parameter(self.release);
        let mut task = sdk(
            "ssm",
            "getParameter",
            Data::object([("Name", Data::Str(name.clone()))]),
        );
        let table = Expr::Call("parse", vec![Expr::states(&["result", "Parameter", "Value"])]);
        task.assign.insert("people".into(), Data::Expr(table));
        task.output = Some(Data::object([]));
        task.catch = vec![catch_all(Assign::new(), &missing)];
        task.next = judged.some();
        self.note_around(&task);
        self.b.put(at, "read who is who", State::Task(Box::new(task)));
        let entries: Vec<_> = self.roster.values().copied().collect();
        let unknown = entries.into_iter().map(|one| {
            let entry = self.roster_entry(one);
            Expr::Call("exists", vec![entry]).negated()
        });
        let unknown = Expr::any(unknown);
        self.note_test(Test::Unknown, &unknown);
        self.b
            .branch(&judged, "everybody known?", unknown, &missing, next);
        let why = ["parameter `", &name, "` must name the principal of each of: "].concat()
            + &self.roster.keys().cloned().collect::<Vec<_>>().join(", ");
        self.b.set(
            &missing,
            "somebody is not known",
            [("problem".to_string(), Data::Str(why))].into(),
            refused,
        );
    }

    /// What metrics were before the start.
    fn baselines_before(&mut self, at: &Label, next: &Label) {
        let hand = self.own_hand();
        let mut here = at.clone();
        for (metric, over) in self.baselines() {
            let then = self.b.label();
            let var = self.baseline(metric, over);
            self.read_metric(metric, over, hand, "before the start", &var, None, (&here, &then));
            here = then;
        }
        self.b.same(&here, next);
    }

    fn own_hand(&self) -> Hand {
        Hand {
            duty: Duty::Around,
            environment: self.release.environment,
            scope: TOP,
        }
    }
}

/// What a type wants, in words.
fn wanted(ty: &ParamType) -> String {
    match ty {
        ParamType::Text => "a string".into(),
        ParamType::Int => "a whole number".into(),
        ParamType::Number => "a number".into(),
        ParamType::Percent => "a share such as \"5%\"".into(),
        ParamType::Duration => "a duration such as \"15m\"".into(),
        ParamType::Bool => "true or false".into(),
        ParamType::Version => "a version such as \"2.0.0\"".into(),
        ParamType::Date => "a date such as \"2026-06-01\"".into(),
        ParamType::Time => "a time such as \"2026-06-01T02:00\"".into(),
        ParamType::Url => "an address that begins with https://".into(),
        ParamType::OneOf(words) => ["one of ", &words.join(", ")].concat(),
        ParamType::List(inner) => ["a list, each of it ", &wanted(inner)].concat(),
        ParamType::Person => "a person of the plan".into(),
        ParamType::Environment => "an environment of the plan".into(),
        ParamType::Kind(kind) => ["a ", kind].concat(),
    }
}
