//! Expressions to values: constants folded, what only the run knows kept symbolic.

use crate::eval::find::Target;
use crate::eval::lower::{Lower, Owner};
use crate::eval::scope::{Local, ScopeId};
use crate::model::{CaptureSource, Cond, EnvId, ParamType, Sym, Text, Value};
use crate::resolve::{Kind, errors as names};
use crate::source::{Rational, Span};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, Key, Name};
use crate::types::{self, errors};
use smol_str::SmolStr;

/// The kinds whose names may stand for a value.
pub(crate) const VALUES: &[Kind] = &[
    Kind::Value,
    Kind::Metric,
    Kind::Channel,
    Kind::Role,
    Kind::Person,
    Kind::Environment,
    Kind::Artifact,
    Kind::Calendar,
    Kind::Gate,
    Kind::Checklist,
    Kind::Stage,
    Kind::Approval,
    Kind::Decision,
];

impl<'a> Lower<'a> {
    /// The value of an expression, of whatever type.
    pub(crate) fn eval(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<Value> {
        match &expr.kind {
            ExprKind::Str(lit) => self.string(lit, scope).map(Value::Text),
            ExprKind::Number => self.number(expr.span, false),
            ExprKind::Percent => {
                let text = self.source(expr.span);
                self.literal(
                    expr.span,
                    "a percentage",
                    types::percent(text).map(Value::Percent),
                )
            }
            ExprKind::Duration => {
                let text = self.source(expr.span);
                self.literal(expr.span, "a duration", types::duration(text).map(Value::Dur))
            }
            ExprKind::TimeOfDay => {
                let text = self.source(expr.span);
                let time = types::time_of_day(text).map(|t| Value::Time(t.unwrap_or(jiff::civil::Time::MAX)));
                self.literal(expr.span, "a time of day", time)
            }
            ExprKind::Date => {
                let text = self.source(expr.span);
                self.literal(expr.span, "a date", types::date(text).map(Value::Date))
            }
            ExprKind::DateTime => {
                let text = self.source(expr.span);
                self.literal(
                    expr.span,
                    "a date and time",
                    types::date_time(text).map(Value::DateTime),
                )
            }
            ExprKind::Bool(b) => Some(Value::Bool(*b)),
            ExprKind::Start => Some(Value::Offset(crate::model::Offset {
                after: crate::model::Dur::ZERO,
            })),
            ExprKind::Ident(name) => self.name_value(name, expr.span, scope),
            ExprKind::Member(base, name) => self.member(expr, base, name, scope),
            ExprKind::Index(base, key) => self.index(expr, base, key, scope),
            ExprKind::Call(callee, args) => self.call(expr, callee, args, scope),
            ExprKind::List(items) => {
                let values: Vec<_> = items.iter().map(|e| self.eval(e, scope)).collect();
                values.into_iter().collect::<Option<Vec<_>>>().map(Value::List)
            }
            ExprKind::Object(entries) => {
                let mut out = Vec::with_capacity(entries.len());
                let mut sound = true;
                for entry in entries {
                    let key = match &entry.key {
                        Key::Word(name) => Some(Text::lit(name.text.as_str())),
                        Key::Str(e) | Key::Computed(e) => self.text(e, scope),
                    };
                    match (key, self.eval(&entry.value, scope)) {
                        (Some(k), Some(v)) => out.push((k, v)),
                        _ => sound = false,
                    }
                }
                sound.then_some(Value::Object(out))
            }
            ExprKind::Paren(inner) => self.eval(inner, scope),
            ExprKind::Neg(inner) => {
                if matches!(inner.kind, ExprKind::Number) {
                    return self.number(inner.span, true);
                }
                let v = self.eval(inner, scope)?;
                self.negate(expr.span, v)
            }
            ExprKind::Binary(BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div, ..) => {
                self.arithmetic(expr, scope)
            }
            ExprKind::Not(_) | ExprKind::Binary(..) => {
                let cond = self.cond(expr, scope)?;
                Some(truth(cond))
            }
            ExprKind::If {
                value,
                condition,
                otherwise,
            } => match self.cond(condition, scope)? {
                Cond::True => self.eval(value, scope),
                Cond::False => self.eval(otherwise, scope),
                cond => {
                    let (a, b) = (self.eval(value, scope), self.eval(otherwise, scope));
                    Some(Value::Sym(Sym::If(Box::new(cond), Box::new(a?), Box::new(b?))))
                }
            },
            ExprKind::Range(..) => {
                self.report(errors::mismatch(expr.span, "a value", "it is a range"));
                None
            }
        }
    }

    /// The value of an expression, as a declared type wants it.
    pub(crate) fn eval_as(&mut self, expr: &'a Expr, ty: &ParamType, scope: ScopeId) -> Option<Value> {
        let words = types::type_words(ty);
        let value = match (types::kind_of_type(ty), &expr.kind) {
            (Some(kind), _) => self.find_value(expr, &[kind], &words, scope)?,
            (None, ExprKind::Str(lit)) if matches!(ty, ParamType::Text) => {
                return self.string(lit, scope).map(Value::Text);
            }
            (None, ExprKind::List(items)) => {
                let ParamType::List(of) = ty else {
                    self.report(errors::mismatch(expr.span, &words, "it is a list"));
                    return None;
                };
                let values: Vec<_> = items.iter().map(|e| self.eval_as(e, of, scope)).collect();
                return values.into_iter().collect::<Option<Vec<_>>>().map(Value::List);
            }
            _ => self.eval(expr, scope)?,
        };
        let param = match &value {
            Value::Sym(Sym::Param(id)) => Some(*id),
            _ => None,
        };
        match types::fit(&self.r, value, ty) {
            Ok(v) => Some(v),
            Err(why) => {
                let d = match param.map(|id| self.r.param(id)) {
                    Some(p) => errors::mismatch_of_param(expr.span, &words, p, ty),
                    None => errors::mismatch(expr.span, &words, &why),
                };
                self.report(d);
                None
            }
        }
    }

    pub(crate) fn literal<T>(
        &mut self,
        span: Span,
        what: &str,
        value: Result<T, types::LiteralError>,
    ) -> Option<T> {
        match value {
            Ok(v) => Some(v),
            Err(e) => {
                self.report(errors::literal(span, what, &e.0));
                None
            }
        }
    }

    fn number(&mut self, span: Span, negative: bool) -> Option<Value> {
        let text = self.source(span);
        let parsed = if negative {
            Rational::parse(&format!("-{text}"))
        } else {
            Rational::parse(text)
        };
        let Some(n) = parsed else {
            self.report(errors::literal(span, "a number", "it is too large"));
            return None;
        };
        if text.contains('.') {
            return Some(Value::Number(n));
        }
        match n.as_int() {
            Some(i) => Some(Value::Int(i)),
            None => {
                self.report(errors::literal(span, "a whole number", "it is too large"));
                None
            }
        }
    }

    fn name_value(&mut self, name: &SmolStr, span: Span, scope: ScopeId) -> Option<Value> {
        match self.local(name, scope) {
            Some(Local::Value(v)) => return Some(v),
            Some(Local::Capture(c)) => return Some(Value::Sym(Sym::Capture(c))),
            Some(Local::Poison) => return None,
            Some(Local::Priors(_) | Local::Rollout(_)) => {
                let help = if name == "rollout" {
                    "`rollout.weight` or `rollout.step`"
                } else {
                    "`prior.NAME`"
                };
                self.report(errors::mismatch(
                    span,
                    "a value",
                    &format!("`{name}` alone is none; write {help}"),
                ));
                return None;
            }
            None => {}
        }
        if name == "attempt" {
            return Some(Value::Sym(Sym::Attempt));
        }
        if (name == "region" || name == "account") && self.look_up(Kind::Value, name, span, scope).is_none() {
            let env = self.ambient?;
            return self.env_field(env, name, span).map(Value::Text);
        }
        let fitting: Vec<(Kind, Target<'a>)> = VALUES
            .iter()
            .filter_map(|k| self.look_up(*k, name, span, scope).map(|t| (*k, t)))
            .collect();
        // A constant of that name wins over a thing of the same name only when there is no thing.
        match fitting.as_slice() {
            [(_, target)] => self.target_value(target.clone(), span),
            [] if self.is_broken(name, scope) => None,
            [] => {
                let candidates = self.names_of(VALUES, scope);
                let d = match self.kept_by(name) {
                    Some((owner, place)) => names::kept_elsewhere(span, name, &owner, place),
                    None => names::unknown_name(span, name, "value", candidates.iter().map(SmolStr::as_str)),
                };
                self.report(d);
                None
            }
            many => {
                let kinds: Vec<Kind> = many.iter().map(|(k, _)| *k).collect();
                if kinds.contains(&Kind::Value) {
                    let value = many
                        .iter()
                        .find(|(k, _)| *k == Kind::Value)
                        .map(|(_, t)| t.clone())?;
                    return self.target_value(value, span);
                }
                self.report(names::ambiguous(span, name, &kinds));
                None
            }
        }
    }

    pub(crate) fn target_value(&mut self, target: Target<'a>, span: Span) -> Option<Value> {
        match target {
            Target::Value(v) => Some(v),
            Target::Def(d) if d.kind == Kind::Value => self.value_def(&d),
            Target::Def(d) => self.instance(&d),
            _ => {
                self.report(errors::mismatch(span, "a value", "it names a group"));
                None
            }
        }
    }

    fn member(&mut self, whole: &'a Expr, base: &'a Expr, name: &Name, scope: ScopeId) -> Option<Value> {
        if let ExprKind::Ident(first) = &base.kind {
            match self.local(first, scope) {
                Some(Local::Rollout(view)) => return self.rollout_field(&view, name),
                Some(Local::Priors(list)) => {
                    if let Some((_, id)) = list.iter().find(|(n, _)| *n == name.text) {
                        return Some(Value::Sym(Sym::Prior(*id)));
                    }
                    let known: Vec<&str> = list.iter().map(|(n, _)| n.as_str()).collect();
                    self.report(names::unknown_name(name.span, &name.text, "prior state", known));
                    return None;
                }
                Some(Local::Poison) => return None,
                Some(Local::Value(v)) => return self.field(Target::Value(v), first, name, whole.span),
                Some(Local::Capture(_)) => {
                    self.report(errors::mismatch(whole.span, "a value", "an output has no parts"));
                    return None;
                }
                None => {}
            }
            if first == "rollout" {
                self.report(errors::not_known(base.span, "`rollout`").note("the stage has no `rollout`"));
                return None;
            }
            if let Some(module) = self.module_binding(first, scope) {
                let _ = module;
                return match self.find(whole, VALUES, "a value", scope)? {
                    Target::Def(d) if d.kind == Kind::Value => self.value_def(&d),
                    t => self.target_value(t, whole.span),
                };
            }
            if first == "environment"
                && self
                    .look_up(Kind::Environment, &name.text, name.span, scope)
                    .is_none()
                && let Some(env) = self.ambient
            {
                return self.env_field(env, &name.text, name.span).map(Value::Text);
            }
            if Kind::of(first).is_some_and(|k| k != Kind::Value)
                && self.look_up(Kind::Stage, first, base.span, scope).is_none()
            {
                let target = self.find(whole, VALUES, "a value", scope)?;
                return self.target_value(target, whole.span);
            }
        }
        let kinds = [
            Kind::Stage,
            Kind::Hold,
            Kind::Phase,
            Kind::Environment,
            Kind::Artifact,
            Kind::Person,
            Kind::Role,
            Kind::Decision,
            Kind::Gate,
        ];
        let target = self.find(base, &kinds, "a value, a stage or a hold", scope)?;
        if let Target::Phase(_, inner) = target {
            let stage = self.look_up(Kind::Stage, &name.text, whole.span, inner);
            return match stage {
                Some(t) => self.target_value(t, whole.span),
                None => {
                    let known = self.names_of(&[Kind::Stage], inner);
                    let d = names::unknown_name(
                        name.span,
                        &name.text,
                        "stage",
                        known.iter().map(SmolStr::as_str),
                    );
                    self.report(d);
                    None
                }
            };
        }
        let shown = SmolStr::new(self.source(base.span));
        self.field(target, &shown, name, whole.span)
    }

    fn field(&mut self, target: Target<'a>, of: &str, name: &Name, span: Span) -> Option<Value> {
        let owner = match &target {
            Target::Value(Value::Stage(s)) => Some(Owner::Stage(*s)),
            Target::Value(Value::Decision(d)) => Some(Owner::Decision(*d)),
            Target::Hold(h) => Some(Owner::Hold(*h)),
            Target::Def(d) if d.kind == Kind::Gate => Some(Owner::Gate(d.stmt.span)),
            _ => None,
        };
        if let Some(owner) = owner {
            return self.output(owner, of, name);
        }
        let value = self.target_value(target, span)?;
        let missing = |what: &str| format!("{what} `{of}` says no `{}`", name.text);
        let (found, known): (Option<Text>, &[&str]) = match &value {
            Value::Env(e) => return self.env_field(*e, &name.text, name.span).map(Value::Text),
            Value::Artifact(a) => {
                let a = self.r.artifact(*a);
                let found = match name.text.as_str() {
                    "digest" => a.digest.clone(),
                    "version" => a.version.clone(),
                    "store" => a.store.clone(),
                    "name" => Some(Text::lit(a.name.as_str())),
                    _ => None,
                };
                (found, &["digest", "version", "store", "name"])
            }
            Value::Person(p) => {
                let p = self.r.person(*p);
                let found = match name.text.as_str() {
                    "name" => Some(p.full_name.clone()),
                    "email" => p.email.clone(),
                    "github" => p.github.clone(),
                    "slack" => p.slack.clone(),
                    "aws" => p.aws.clone(),
                    "phone" => p.phone.clone(),
                    _ => None,
                };
                (found, &["name", "email", "github", "slack", "aws", "phone"])
            }
            Value::Role(r) => {
                let r = self.r.role(*r);
                let found = match name.text.as_str() {
                    "title" => Some(r.title.clone()),
                    "name" => Some(Text::lit(r.name.as_str())),
                    "team" => r.team.clone(),
                    _ => None,
                };
                (found, &["title", "name", "team"])
            }
            _ => {
                let found = types::value_words(&self.r, &value);
                self.report(errors::mismatch(
                    span,
                    "something with parts",
                    &format!("`{of}` is {found}"),
                ));
                return None;
            }
        };
        match found {
            Some(t) => Some(Value::Text(t)),
            None if known.contains(&name.text.as_str()) => {
                self.report(
                    names::unknown_name(name.span, &name.text, "value", [])
                        .note(missing("the definition of")),
                );
                None
            }
            None => {
                self.report(names::unknown_name(
                    name.span,
                    &name.text,
                    "part",
                    known.iter().copied(),
                ));
                None
            }
        }
    }

    /// Who keeps an output of a name, and where that is written.
    fn kept_by(&self, name: &str) -> Option<(SmolStr, Span)> {
        let r = &self.r;
        let capture = r.captures.iter().find(|c| c.name == name)?;
        let owner = match capture.source {
            CaptureSource::Stage(s) => &r.stages.get(s.index())?.name,
            CaptureSource::Hold(h) => &r.holds.get(h.index())?.name,
            CaptureSource::Decision(d) => &r.decisions.get(d.index())?.name,
            CaptureSource::Gate(g) => &r.gates.get(g.index())?.name,
        };
        Some((owner.clone(), capture.origin.span))
    }

    fn output(&mut self, owner: Owner, of: &str, name: &Name) -> Option<Value> {
        if let Some(c) = self.captures.get(&owner).and_then(|m| m.get(&name.text)) {
            return Some(Value::Sym(Sym::Capture(*c)));
        }
        if let Some(p) = self.recorded.get(&owner).and_then(|m| m.get(&name.text)) {
            return Some(Value::Sym(Sym::Prior(*p)));
        }
        let mut known: Vec<SmolStr> = self
            .captures
            .get(&owner)
            .into_iter()
            .flat_map(|m| m.keys().cloned())
            .collect();
        known.extend(
            self.recorded
                .get(&owner)
                .into_iter()
                .flat_map(|m| m.keys().cloned()),
        );
        let d = names::unknown_capture(name.span, &name.text, of, known.iter().map(SmolStr::as_str));
        self.report(d);
        None
    }

    pub(crate) fn env_field(&mut self, env: EnvId, name: &str, span: Span) -> Option<Text> {
        let e = self.r.env(env);
        let found = match name {
            "region" => e.region.clone(),
            "account" => e.account.clone(),
            "url" => e.url.clone(),
            "iac" => e.iac.clone(),
            "name" => Some(Text::lit(e.name.as_str())),
            "kind" => Some(Text::lit(e.kind.word())),
            _ => {
                let known = ["region", "account", "url", "iac", "name", "kind"];
                self.report(names::unknown_name(span, name, "part of an environment", known));
                return None;
            }
        };
        if found.is_none() {
            // Without its region or account an ARN still means something: any.
            return Some(Text::lit("*"));
        }
        found
    }

    fn rollout_field(&mut self, view: &crate::eval::scope::RolloutView, name: &Name) -> Option<Value> {
        match name.text.as_str() {
            "weight" => match view.weight {
                Some(w) => Some(Value::Percent(w)),
                None => {
                    self.report(
                        errors::not_known(name.span, "`rollout.weight`")
                            .note("this step has a name, not a share"),
                    );
                    None
                }
            },
            "step" => Some(Value::Text(Text::lit(view.step.as_str()))),
            "weights" => Some(Value::List(
                view.weights.iter().map(|w| Value::Percent(*w)).collect(),
            )),
            other => {
                self.report(names::unknown_name(
                    name.span,
                    other,
                    "part of a rollout",
                    ["weight", "step", "weights"],
                ));
                None
            }
        }
    }

    fn index(&mut self, whole: &'a Expr, base: &'a Expr, key: &'a Expr, scope: ScopeId) -> Option<Value> {
        if let ExprKind::Ident(name) = &base.kind
            && self.local(name, scope).is_none()
            && (self.look_up(Kind::Stage, name, base.span, scope).is_some()
                || self.look_up(Kind::Phase, name, base.span, scope).is_some())
        {
            let t = self.find(whole, &[Kind::Stage, Kind::Phase], "a stage", scope)?;
            return self.target_value(t, whole.span);
        }
        let list = self.eval(base, scope)?;
        let at = self.eval(key, scope)?;
        match (&list, &at) {
            (Value::List(items), Value::Int(i)) => {
                match usize::try_from(*i).ok().and_then(|i| items.get(i)) {
                    Some(v) => Some(v.clone()),
                    None => {
                        self.report(errors::range(
                            key.span,
                            &format!("the list has {} items, counted from 0", items.len()),
                        ));
                        None
                    }
                }
            }
            (Value::Object(entries), Value::Text(t)) => match entries.iter().find(|(k, _)| k == t) {
                Some((_, v)) => Some(v.clone()),
                None => {
                    let known: Vec<&str> = entries.iter().filter_map(|(k, _)| k.known()).collect();
                    let name = t.known().unwrap_or("that key");
                    self.report(names::unknown_name(key.span, name, "key", known));
                    None
                }
            },
            _ => {
                let found = types::value_words(&self.r, &list);
                self.report(errors::mismatch(
                    base.span,
                    "a list, or what a `for` repeats",
                    &format!("it is {found}"),
                ));
                None
            }
        }
    }
}

/// A condition as a value.
pub(crate) fn truth(cond: Cond) -> Value {
    match cond {
        Cond::True => Value::Bool(true),
        Cond::False => Value::Bool(false),
        c => Value::Sym(Sym::If(
            Box::new(c),
            Box::new(Value::Bool(true)),
            Box::new(Value::Bool(false)),
        )),
    }
}
