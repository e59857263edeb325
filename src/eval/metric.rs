//! Metrics, and conditions over them.

use crate::eval::find::{DefTarget, Target};
use crate::eval::lower::{Lower, all, arg, one};
use crate::eval::scope::{Local, ScopeId};
use crate::model::{Comparison, Extract, Metric, MetricExpr, MetricId, NoData, Origin, Sym, Value};
use crate::resolve::Kind;
use crate::source::{Rational, Span};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind};
use crate::types::{errors, value_words};
use smol_str::SmolStr;

impl<'a> Lower<'a> {
    /// A metric with its arguments.
    pub(crate) fn metric(
        &mut self,
        def: &DefTarget<'a>,
        scope: ScopeId,
        args: &[(SmolStr, Value)],
    ) -> Option<MetricId> {
        let items = def.stmt.children();
        let unit = self.word_of(items, "unit", UNITS)?;
        let title = self.text_of(items, "title", scope);
        let title = title.unwrap_or_else(|| crate::model::Text::lit(def.name.as_str()));
        let better = self.word_of(items, "better", &["lower", "higher"]);
        let lower_is_better = better.map(|w| w == "lower");
        self.define(
            scope,
            "over",
            Local::Value(Value::Sym(Sym::Capture(Metric::OVER))),
        );
        let run = one(items, "run").and_then(|s| self.command(s, scope));
        let task_stmt = one(items, "task");
        let task = task_stmt
            .and_then(|s| s.args().first())
            .and_then(|e| self.task(e, scope));
        let inner = one(items, "run").or(task_stmt).map_or(&[][..], |s| s.children());
        let extract = self.extract(inner, scope);
        let no_data = self.word_of(items, "no_data", &["fail", "pass", "pause"]);
        let no_data = no_data.map(|w| match w {
            "pass" => NoData::Pass,
            "pause" => NoData::Pause,
            _ => NoData::Fail,
        });
        let says = ["run", "task", "console"].iter().any(|w| one(items, w).is_some());
        if run.is_none() && task.is_none() && !says {
            self.report(errors::one_of(
                def.stmt.head(),
                &format!("the metric `{}` does not say how it is read", def.name),
                "add a `run`, a `task`, or the `console` where a person looks",
            ));
            return None;
        }
        for s in all(items, "assert") {
            self.assertion_now(s, scope, def);
        }
        let metric = Metric {
            name: def.name.clone(),
            bound: None,
            origin: Origin::at(def.call),
            title,
            unit: SmolStr::new(unit),
            lower_is_better,
            run,
            task,
            extract,
            console: self.text_of(items, "console", scope),
            no_data,
            permits: self.permits(items, scope),
            secrets: self.secrets(items, scope),
            needs: self.tools(items, scope),
            args: args.to_vec(),
        };
        self.r.metrics.push(metric);
        Some(MetricId::at(self.r.metrics.len() - 1))
    }

    /// An assertion about arguments that must be decided now.
    fn assertion_now(&mut self, stmt: &'a crate::syntax::ast::Stmt, scope: ScopeId, def: &DefTarget<'a>) {
        let Some(holds) = stmt.args().first().and_then(|e| self.cond(e, scope)) else {
            return;
        };
        if holds == crate::model::Cond::False {
            let message = stmt.args().get(1).and_then(|e| self.text(e, scope));
            let message = message
                .as_ref()
                .and_then(|m| m.known())
                .unwrap_or("its arguments do not fit")
                .to_string();
            self.report(errors::assertion(def.call, &message).fact(stmt.span, "demanded here"));
        }
    }

    /// How a value is taken from an output: `from` or `json`.
    pub(crate) fn extract(&mut self, items: &'a [crate::syntax::ast::Stmt], scope: ScopeId) -> Extract {
        if let Some(e) = arg(items, "from")
            && let Some(regex) = self.regex(e, scope)
        {
            return Extract::Regex(regex);
        }
        if let Some(e) = arg(items, "json")
            && let Some(path) = self.known_text(e, "the path", scope)
        {
            if !json_path(&path) {
                self.report(errors::literal(
                    e.span,
                    "a path into JSON",
                    "it is written like `.items[0].name`",
                ));
            }
            return Extract::Json(path);
        }
        Extract::Output
    }

    /// Whether an expression speaks of a metric anywhere: then a condition is one over metrics.
    pub(crate) fn speaks_of_metrics(&mut self, expr: &'a Expr, scope: ScopeId) -> bool {
        match &expr.kind {
            ExprKind::Paren(e) | ExprKind::Not(e) | ExprKind::Neg(e) => self.speaks_of_metrics(e, scope),
            ExprKind::Binary(_, _, a, b) => {
                self.speaks_of_metrics(a, scope) || self.speaks_of_metrics(b, scope)
            }
            ExprKind::Call(callee, _) => {
                matches!(&callee.kind, ExprKind::Ident(n) if n == "baseline")
                    || self.speaks_of_metrics(callee, scope)
            }
            ExprKind::Ident(name) => match self.local(name, scope) {
                Some(Local::Value(v)) => matches!(v, Value::Metric(_)),
                Some(_) => false,
                None => {
                    if self.look_up(Kind::Metric, name, expr.span, scope).is_some() {
                        return true;
                    }
                    match self.look_up(Kind::Value, name, expr.span, scope) {
                        Some(Target::Def(d)) => matches!(self.value_def(&d), Some(Value::Metric(_))),
                        _ => false,
                    }
                }
            },
            ExprKind::Member(base, name) => match &base.kind {
                ExprKind::Ident(m) => self
                    .module_binding(m, scope)
                    .is_some_and(|id| self.program.module(id).def(Kind::Metric, &name.text).is_some()),
                _ => false,
            },
            _ => false,
        }
    }

    /// A condition over metrics.
    pub(crate) fn metric_cond(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<MetricExpr> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.metric_cond(inner, scope),
            ExprKind::Bool(b) => Some(MetricExpr::Const(*b)),
            ExprKind::Not(inner) => Some(MetricExpr::Not(Box::new(self.metric_cond(inner, scope)?))),
            ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), _, a, b) => {
                let (a, b) = (self.metric_cond(a, scope), self.metric_cond(b, scope));
                let (a, b) = (a?, b?);
                Some(if *op == BinaryOp::And {
                    let mut list = if let MetricExpr::And(l) = a { l } else { vec![a] };
                    if let MetricExpr::And(l) = b {
                        list.extend(l)
                    } else {
                        list.push(b)
                    }
                    MetricExpr::And(list)
                } else {
                    let mut list = if let MetricExpr::Or(l) = a { l } else { vec![a] };
                    if let MetricExpr::Or(l) = b {
                        list.extend(l)
                    } else {
                        list.push(b)
                    }
                    MetricExpr::Or(list)
                })
            }
            ExprKind::Binary(op, _, a, b) => match crate::eval::cond::comparison(*op) {
                Some(op) => self.metric_compare(expr.span, op, a, b, scope),
                None => {
                    self.report(errors::mismatch(
                        expr.span,
                        "a comparison of a metric",
                        "it is something else",
                    ));
                    None
                }
            },
            _ => {
                self.report(errors::mismatch(
                    expr.span,
                    "a comparison such as `errors < 1%`",
                    "it compares nothing",
                ));
                None
            }
        }
    }

    /// Whether an expression is the name of a value that could not be made out.
    fn has_no_value(&mut self, expr: &'a Expr, scope: ScopeId) -> bool {
        let ExprKind::Ident(name) = &expr.kind else {
            return false;
        };
        match self.look_up(Kind::Value, name, expr.span, scope) {
            Some(Target::Def(d)) => self.value_def(&d).is_none(),
            _ => false,
        }
    }

    /// Whether an expression is, or calls, a name that nothing has.
    fn names_nothing(&mut self, expr: &'a Expr, scope: ScopeId) -> bool {
        let name = match &expr.kind {
            ExprKind::Ident(name) => name,
            ExprKind::Call(callee, _) => match &callee.kind {
                ExprKind::Ident(name) if name != "baseline" => name,
                _ => return false,
            },
            _ => return false,
        };
        self.local(name, scope).is_none()
            && [Kind::Metric, Kind::Value]
                .into_iter()
                .all(|kind| self.look_up(kind, name, expr.span, scope).is_none())
    }

    fn metric_compare(
        &mut self,
        span: Span,
        op: Comparison,
        left: &'a Expr,
        right: &'a Expr,
        scope: ScopeId,
    ) -> Option<MetricExpr> {
        let (metric, op, bound, metric_at) = if self.speaks_of_metrics(left, scope) && !is_bound(left) {
            (left, op, right, left.span)
        } else if self.speaks_of_metrics(right, scope) && !is_bound(right) {
            (right, flip(op), left, right.span)
        } else if self.has_no_value(left, scope) || self.has_no_value(right, scope) {
            // Said where it was given one.
            return None;
        } else if let Some(side) = [left, right].into_iter().find(|e| self.names_nothing(e, scope)) {
            self.find_value(side, &[Kind::Metric], "a metric", scope);
            return None;
        } else {
            self.report(errors::mismatch(
                span,
                "a comparison of a metric",
                "neither side is one",
            ));
            return None;
        };
        let Some(Value::Metric(id)) = self.find_value(metric, &[Kind::Metric], "a metric", scope) else {
            return None;
        };
        let unit = self.r.metric(id).unit.clone();
        let (factor, baseline) = self.bound(bound, id, scope)?;
        let value = match baseline {
            Some(_) => match factor {
                Value::Percent(p) | Value::Number(p) => Some(p),
                Value::Int(i) => Some(Rational::int(i)),
                _ => None,
            },
            None => in_unit(&unit, &factor),
        };
        let Some(value) = value else {
            let found = value_words(&self.r, &factor);
            let of = format!("a metric in {}", unit_words(&unit));
            self.report(
                errors::units(span, (metric_at, &of), (bound.span, &found), "compare").help(format!(
                    "compare it with {}",
                    match unit.as_str() {
                        "percent" | "ratio" => "a percentage, such as `1%`",
                        "duration" => "a duration, such as `2.5s`",
                        _ => "a number",
                    }
                )),
            );
            return None;
        };
        Some(MetricExpr::Compare {
            metric: id,
            op,
            bound: value,
            of_baseline: baseline,
            shown: self
                .source(bound.span)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
            origin: self.origin(span, scope),
        })
    }

    /// The bound of a comparison: a value, `baseline(metric)`, or a multiple of it.
    fn bound(
        &mut self,
        expr: &'a Expr,
        default: MetricId,
        scope: ScopeId,
    ) -> Option<(Value, Option<MetricId>)> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.bound(inner, default, scope),
            ExprKind::Call(callee, args) if matches!(&callee.kind, ExprKind::Ident(n) if n == "baseline") => {
                let metric = match args.as_slice() {
                    [a] => match self.find_value(&a.value, &[Kind::Metric], "a metric", scope)? {
                        Value::Metric(m) => m,
                        _ => return None,
                    },
                    _ => {
                        self.report(errors::arguments(
                            expr.span,
                            "`baseline` takes one metric".into(),
                            None,
                        ));
                        return None;
                    }
                };
                if self.r.metric(metric).unit != self.r.metric(default).unit {
                    let a = format!("a metric in {}", unit_words(&self.r.metric(default).unit));
                    let b = format!("a metric in {}", unit_words(&self.r.metric(metric).unit));
                    self.report(errors::units(
                        expr.span,
                        (expr.span, &a),
                        (args[0].value.span, &b),
                        "compare",
                    ));
                    return None;
                }
                Some((Value::Int(1), Some(metric)))
            }
            ExprKind::Binary(BinaryOp::Mul, _, a, b) => {
                let (first, baseline) = if is_bound(a) { (b, a) } else { (a, b) };
                if !is_bound(baseline) {
                    return self.eval(expr, scope).map(|v| (v, None));
                }
                let factor = self.eval(first, scope)?;
                let (_, metric) = self.bound(baseline, default, scope)?;
                Some((factor, metric))
            }
            _ => {
                let value = self.eval(expr, scope)?;
                if let Value::Sym(_) = value {
                    self.report(errors::not_known(expr.span, "the bound of a metric"));
                    return None;
                }
                Some((value, None))
            }
        }
    }
}

/// Whether an expression is `baseline(…)`, perhaps in parentheses or in a product.
fn is_bound(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Paren(e) => is_bound(e),
        ExprKind::Call(callee, _) => matches!(&callee.kind, ExprKind::Ident(n) if n == "baseline"),
        ExprKind::Binary(BinaryOp::Mul, _, a, b) => is_bound(a) || is_bound(b),
        _ => false,
    }
}

fn flip(op: Comparison) -> Comparison {
    match op {
        Comparison::Lt => Comparison::Gt,
        Comparison::Le => Comparison::Ge,
        Comparison::Gt => Comparison::Lt,
        Comparison::Ge => Comparison::Le,
        other => other,
    }
}

/// What a metric is measured in.
const UNITS: &[&str] = &["percent", "ratio", "duration", "count", "rate", "bytes", "money"];

fn in_unit(unit: &str, value: &Value) -> Option<Rational> {
    match (unit, value) {
        ("percent" | "ratio", Value::Percent(p)) => Some(*p),
        ("duration", Value::Dur(d)) => Some(Rational::int(d.as_ms())),
        ("count" | "rate" | "bytes" | "money", Value::Int(i)) => Some(Rational::int(*i)),
        ("count" | "rate" | "bytes" | "money", Value::Number(n)) => Some(*n),
        _ => None,
    }
}

fn unit_words(unit: &str) -> &str {
    match unit {
        "percent" | "ratio" => "percent",
        "duration" => "time",
        "bytes" => "bytes",
        "money" => "money",
        "rate" => "events per second",
        _ => "plain numbers",
    }
}

/// Whether a path has the form `.name[0].other`.
fn json_path(path: &str) -> bool {
    let mut rest = path;
    if path == "." {
        return true;
    }
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix('.') {
            let end = tail.find(['.', '[']).unwrap_or(tail.len());
            if end == 0
                || !tail[..end]
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
            {
                return false;
            }
            rest = &tail[end..];
        } else if let Some(tail) = rest.strip_prefix('[') {
            let Some(end) = tail.find(']') else { return false };
            if tail[..end].parse::<u32>().is_err() {
                return false;
            }
            rest = &tail[end + 1..];
        } else {
            return false;
        }
    }
    path.starts_with(['.', '['])
}
