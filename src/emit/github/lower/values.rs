//! Values into the variables of a step: what is known stays text, an input or a kept value is an expression, the rest is computed by `jq`.
//!
//! No value ever stands in a script. Called by all of `lower`.

use crate::emit::github::lower::context::{Ctx, Kept, Side};
use crate::emit::github::lower::{conds, jq};
use crate::emit::github::model::{Expr, Field, Part};
use crate::emit::github::script::{Computed, Program};
use crate::emit::parts::{Purpose, input_name};
use crate::model::{
    Atom, CaptureType, Channel, Cond, ParamId, ParamType, Release, Sym, Text, TextPart, Value,
};
use std::collections::BTreeSet;

/// The variables of a step as they are gathered, and the jobs they need.
pub struct Vars<'c, 'a> {
    /// What is looked up.
    pub ctx: &'c Ctx<'a>,
    /// The job the step stands in.
    pub job: String,
    /// The variables.
    pub env: Vec<(String, Field)>,
    /// Variables computed in the script.
    pub compute: Vec<Computed>,
    /// Jobs whose outputs are read.
    pub needs: BTreeSet<String>,
    /// Kept values that are read.
    pub kept: Vec<Kept>,
    /// The message, where a channel sends one.
    pub message: Option<Text>,
    /// The parts of the plan that the step stands for.
    pub parts: Vec<Purpose>,
    /// The variables that decide a comparison of the plan, with the text they hold when it is so.
    pub reads: Vec<(Atom, String, String)>,
    prefix: String,
}

/// What a value is, as far as conversions need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A number, as JSON writes it.
    Number,
    /// `10%`, or a number between 0 and 1.
    Percent,
    /// `1h30m`
    Duration,
    /// `true` or `false`.
    Flag,
    /// `1.2.3`
    Version,
}

impl<'c, 'a> Vars<'c, 'a> {
    /// No variables yet; those that are made begin with `prefix`.
    pub fn new(ctx: &'c Ctx<'a>, job: &str, prefix: &str) -> Self {
        Vars {
            ctx,
            job: job.to_string(),
            env: Vec::new(),
            compute: Vec::new(),
            needs: BTreeSet::new(),
            kept: Vec::new(),
            message: None,
            parts: Vec::new(),
            reads: Vec::new(),
            prefix: prefix.to_string(),
        }
    }

    /// The release.
    pub fn release(&self) -> &'a Release {
        self.ctx.release
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, field: Field) {
        if !self.env.iter().any(|(n, _)| n == name) {
            self.env.push((name.to_string(), field));
        }
    }

    /// Sets a variable to text.
    pub fn text(&mut self, name: &str, text: impl Into<String>) {
        self.set(name, Field::text(text));
    }

    /// Sets a variable to an expression.
    pub fn expr(&mut self, name: &str, expr: Expr) {
        self.set(name, Field::expr(expr));
    }

    /// Sets a variable to a value, computing it in the script when it has to be.
    pub fn bind(&mut self, name: &str, value: &Value) {
        match self.field(value) {
            Some(field) => self.set(name, field),
            None => {
                let program = jq::text(self, value);
                self.compute.push(Computed {
                    name: name.to_string(),
                    program,
                });
            }
        }
    }

    /// Sets a variable to a text.
    pub fn bind_text(&mut self, name: &str, text: &Text) {
        self.bind(name, &Value::Text(text.clone()));
    }

    /// The value as a field, when nothing has to be computed.
    fn field(&mut self, value: &Value) -> Option<Field> {
        match value {
            Value::Sym(s) => self.base(s).map(Field::expr),
            Value::Text(t) => {
                let mut parts = Vec::new();
                for p in &t.parts {
                    parts.push(match p {
                        TextPart::Lit(l) => Part::Text(l.clone()),
                        TextPart::Sym(s) => match self.message_of(s) {
                            Some(text) => {
                                let inner = self.field(&Value::Text(text))?;
                                parts.extend(inner.parts);
                                continue;
                            }
                            None => Part::Expr(self.base(s)?),
                        },
                    });
                }
                Some(Field { parts })
            }
            Value::List(_) | Value::Object(_) => None,
            v => Some(Field::text(jq::constant(self.release(), v))),
        }
    }

    fn message_of(&self, sym: &Sym) -> Option<Text> {
        match sym {
            Sym::Capture(c) if *c == Channel::MESSAGE => self.message.clone(),
            _ => None,
        }
    }

    /// An input, a kept value or the attempt as an expression; `None` when it has to be computed.
    pub fn base(&mut self, sym: &Sym) -> Option<Expr> {
        match sym {
            Sym::Param(p) => Some(param(self.release(), *p)),
            Sym::Attempt => Some(match self.ctx.side {
                Side::Release => {
                    self.needs.insert("preflight".to_string());
                    Expr::Output("preflight".into(), "attempt".into())
                }
                Side::Rollback => Expr::str("1"),
            }),
            Sym::Capture(c) if *c == Channel::MESSAGE => None,
            Sym::Capture(c) => Some(self.kept(Kept::Capture(*c))),
            Sym::Prior(p) => Some(self.kept(Kept::Prior(*p))),
            Sym::Call(..) | Sym::If(..) | Sym::Op(..) => None,
        }
    }

    /// A kept value: of this job, of a job before, or of the run this one goes on with.
    pub fn kept(&mut self, kept: Kept) -> Expr {
        let name = self.ctx.kept_name(kept);
        if !self.kept.contains(&kept) {
            self.kept.push(kept);
        }
        if self.ctx.side == Side::Rollback {
            // A run that started over has forgotten it, not what it was.
            let before = matches!(kept, Kept::Capture(_)) && self.ctx.starts_over();
            let mut ways = vec![stated(&name)];
            ways.extend(before.then(|| stated(&["was_", &name].concat())));
            return Expr::first(ways);
        }
        let mut list = Vec::new();
        let mut jobs = Vec::new();
        for (job, step) in self.ctx.producers(kept).iter().rev() {
            if *job == self.job {
                list.push(Expr::StepOutput(step.clone(), name.clone()));
            } else if !jobs.contains(job) {
                jobs.push(job.clone());
            }
        }
        for job in jobs {
            list.push(Expr::Output(job.clone(), name.clone()));
            self.needs.insert(job);
        }
        if self.ctx.resumable() {
            list.push(resumed(&name));
        }
        if list.is_empty() {
            list.push(Expr::str(""));
        }
        Expr::first(list)
    }

    /// The variable that holds an input or a kept value, made when there is none yet.
    pub fn variable(&mut self, expr: Expr) -> String {
        let field = Field::expr(expr);
        if let Some((name, _)) = self.env.iter().find(|(_, f)| *f == field) {
            return name.clone();
        }
        let name = format!("{}{}", self.prefix, self.env.len() + 1);
        self.env.push((name.clone(), field));
        name
    }

    /// The variable of this name that holds an expression, with a number where another has the name already.
    pub fn numbered(&mut self, base: &str, expr: Expr) -> String {
        let field = Field::expr(expr);
        let mut name = base.to_string();
        let mut n = 2;
        while let Some((_, other)) = self.env.iter().find(|(taken, _)| *taken == name) {
            if *other == field {
                return name;
            }
            name = format!("{base}_{n}");
            n += 1;
        }
        self.env.push((name.clone(), field));
        name
    }

    /// A condition as a program that prints `true` or `false`.
    pub fn condition(&mut self, cond: &Cond) -> Program {
        conds::program(self, cond)
    }

    /// A value as JSON.
    pub fn json(&mut self, value: &Value) -> Program {
        jq::json(self, value)
    }
}

/// A value of the run this one goes on with.
pub fn resumed(name: &str) -> Expr {
    let state = Expr::FromJson(Box::new(Expr::Or(vec![
        Expr::Input("resume".to_string()),
        Expr::str("{}"),
    ])));
    Expr::Member(
        Box::new(Expr::Member(Box::new(state), "values".into())),
        name.to_string(),
    )
}

/// The state of the run that kept a value.
pub fn state_with(ctx: &Ctx<'_>, kept: Kept) -> (Expr, BTreeSet<String>) {
    if ctx.side == Side::Rollback {
        return (
            Expr::Output("todo".to_string(), "state".to_string()),
            BTreeSet::new(),
        );
    }
    let jobs: BTreeSet<String> = ctx.producers(kept).iter().map(|(job, _)| job.clone()).collect();
    let state = |job: &String| Expr::Output(job.clone(), "state".to_string());
    let mut list: Vec<Expr> = jobs.iter().map(state).collect();
    if ctx.resumable() {
        list.push(Expr::Input("resume".to_string()));
    }
    (Expr::first(list), jobs)
}

/// A value of the release's run, in its rollback.
pub fn stated(name: &str) -> Expr {
    let state = Expr::FromJson(Box::new(Expr::Or(vec![
        Expr::Output("todo".to_string(), "state".to_string()),
        Expr::str("{}"),
    ])));
    Expr::Member(
        Box::new(Expr::Member(Box::new(state), "values".into())),
        name.to_string(),
    )
}

/// An input of the plan: what was given, or its default where nobody was there to give it.
pub fn param(release: &Release, id: ParamId) -> Expr {
    let param = release.param(id);
    let input = Expr::Input(input_name(release, id));
    let by_hand = starts_by_itself(release);
    let default = param.default.as_ref().map(|d| jq::constant(release, d));
    match (&param.ty, default) {
        (ParamType::Bool, default) if by_hand => {
            let event = Expr::Context("github.event_name");
            if default.as_deref() == Some("true") {
                Expr::Or(vec![input, event.differs("workflow_dispatch")])
            } else {
                Expr::Or(vec![input, Expr::Bool(false)])
            }
        }
        (ParamType::Bool, _) => input,
        (_, Some(default)) if by_hand => Expr::Or(vec![input, Expr::str(default)]),
        _ => input,
    }
}

/// Whether a clock or another workflow may start the run, so that inputs are missing.
pub fn starts_by_itself(release: &Release) -> bool {
    use crate::model::StartedBy;
    matches!(
        release.started_by,
        Some((StartedBy::Schedule { .. } | StartedBy::Completed(_), _))
    )
}

/// What a symbolic value is.
pub fn kind(release: &Release, sym: &Sym) -> Kind {
    use crate::model::{Func, SymOp};
    match sym {
        Sym::Param(p) => match &release.param(*p).ty {
            ParamType::Int | ParamType::Number => Kind::Number,
            ParamType::Percent => Kind::Percent,
            ParamType::Duration => Kind::Duration,
            ParamType::Bool => Kind::Flag,
            ParamType::Version => Kind::Version,
            _ => Kind::Text,
        },
        Sym::Capture(c) if *c == Channel::MESSAGE => Kind::Text,
        Sym::Capture(c) => match &release.capture(*c).ty {
            CaptureType::Int | CaptureType::Number => Kind::Number,
            CaptureType::Percent => Kind::Percent,
            CaptureType::Duration => Kind::Duration,
            CaptureType::Bool => Kind::Flag,
            CaptureType::Version => Kind::Version,
            _ => Kind::Text,
        },
        Sym::Prior(_) => Kind::Text,
        Sym::Attempt => Kind::Number,
        Sym::Call(Func::Join | Func::Lower, _) => Kind::Text,
        Sym::Call(..) => Kind::Number,
        Sym::If(_, a, b) => match (value_kind(release, a), value_kind(release, b)) {
            (x, y) if x == y => x,
            _ => Kind::Text,
        },
        Sym::Op(SymOp::Add, a, b) => {
            let (a, b) = (value_kind(release, a), value_kind(release, b));
            if a == Kind::Text || b == Kind::Text {
                Kind::Text
            } else {
                a
            }
        }
        Sym::Op(_, a, b) => match (value_kind(release, a), value_kind(release, b)) {
            (Kind::Number, k) | (k, _) => k,
        },
    }
}

/// What a value is.
pub fn value_kind(release: &Release, value: &Value) -> Kind {
    match value {
        Value::Int(_) | Value::Number(_) => Kind::Number,
        Value::Percent(_) => Kind::Percent,
        Value::Dur(_) | Value::Offset(_) => Kind::Duration,
        Value::Bool(_) => Kind::Flag,
        Value::Sym(s) => kind(release, s),
        _ => Kind::Text,
    }
}
