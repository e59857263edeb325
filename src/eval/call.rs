//! Built-in functions in values, and the special forms `aws(…)`, `http(…)`, `allow(…)`.

use crate::eval::expr::VALUES;
use crate::eval::lower::Lower;
use crate::eval::scope::ScopeId;
use crate::model::{Func, ParamType, Permit, Sym, Task, Text, TextPart, Value};
use crate::syntax::ast::{Arg, Expr, ExprKind};
use crate::types::{errors, value_words};
use smol_str::SmolStr;

impl<'a> Lower<'a> {
    /// A call in the place of a value.
    pub(crate) fn call(
        &mut self,
        whole: &'a Expr,
        callee: &'a Expr,
        args: &'a [Arg],
        scope: ScopeId,
    ) -> Option<Value> {
        if let ExprKind::Ident(name) = &callee.kind
            && let Some(v) = self.builtin(name, whole, args, scope)
        {
            return v;
        }
        let target = self.find(whole, VALUES, "a value", scope)?;
        self.target_value(target, whole.span)
    }

    /// `None` when the name is no built-in function.
    fn builtin(
        &mut self,
        name: &str,
        whole: &'a Expr,
        args: &'a [Arg],
        scope: ScopeId,
    ) -> Option<Option<Value>> {
        let func = match name {
            "fraction" => Func::Fraction,
            "major" => Func::Major,
            "minor" => Func::Minor,
            "patch" => Func::Patch,
            "len" => Func::Len,
            "join" => Func::Join,
            "lower" => Func::Lower,
            "kms" => {
                let [arg] = args else {
                    return Some(self.arity(whole, "kms(\"alias/…\")"));
                };
                return Some(self.text(&arg.value, scope).map(Value::Text));
            }
            "aws" | "http" | "allow" | "schedule" | "completed" | "executor" | "baseline" => {
                self.report(errors::mismatch(
                    whole.span,
                    "a value",
                    &format!("`{name}(…)` has its meaning elsewhere"),
                ));
                return Some(None);
            }
            _ => return None,
        };
        Some(self.apply(func, name, whole, args, scope))
    }

    fn arity<T>(&mut self, whole: &Expr, usage: &str) -> Option<T> {
        self.report(errors::arguments(whole.span, format!("write `{usage}`"), None));
        None
    }

    fn apply(
        &mut self,
        func: Func,
        name: &str,
        whole: &'a Expr,
        args: &'a [Arg],
        scope: ScopeId,
    ) -> Option<Value> {
        let values: Option<Vec<Value>> = args
            .iter()
            .map(|a| self.eval(&a.value, scope))
            .collect::<Vec<_>>()
            .into_iter()
            .collect();
        let values = values?;
        if values.len() != if func == Func::Join { 2 } else { 1 } {
            let usage = if func == Func::Join {
                "join(list, \", \")".to_string()
            } else {
                format!("{name}(value)")
            };
            return self.arity(whole, &usage);
        }
        match fold(func, &values) {
            Folded::Value(v) => Some(v),
            Folded::Unknown => Some(Value::Sym(Sym::Call(func, values))),
            Folded::Mismatch(wanted) => {
                let found = value_words(&self.r, &values[0]);
                self.report(errors::mismatch(
                    args[0].value.span,
                    wanted,
                    &format!("it is {found}"),
                ));
                None
            }
        }
    }

    /// `aws("service:operation", {…})` or `http("METHOD", "url", {…}, connection: "name")`.
    pub(crate) fn task(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<Task> {
        if let ExprKind::Paren(inner) = &expr.kind {
            return self.task(inner, scope);
        }
        let (callee, args) = match &expr.kind {
            ExprKind::Call(callee, args) => (callee, args),
            _ => {
                self.report(errors::mismatch(
                    expr.span,
                    "`aws(…)` or `http(…)`",
                    "it is something else",
                ));
                return None;
            }
        };
        match &callee.kind {
            ExprKind::Ident(n) if n == "aws" => {
                let (what, rest) = match args.as_slice() {
                    [what] => (what, None),
                    [what, rest] => (what, Some(rest)),
                    _ => return self.arity(expr, "aws(\"service:operation\", { … })"),
                };
                let name = self.known_text(&what.value, "the service and operation", scope)?;
                let Some((service, operation)) = name.split_once(':').filter(|(s, o)| word(s) && word(o))
                else {
                    self.report(errors::mismatch(
                        what.value.span,
                        "a name such as `\"lambda:updateAlias\"`",
                        "it is not",
                    ));
                    return None;
                };
                let (service, operation) = (SmolStr::new(service), SmolStr::new(operation));
                let args = match rest {
                    Some(a) => self.object(&a.value, scope)?,
                    None => Value::Object(Vec::new()),
                };
                Some(Task::Aws {
                    service,
                    operation,
                    args,
                    span: expr.span,
                })
            }
            ExprKind::Ident(n) if n == "http" => {
                let positional: Vec<&Arg> = args.iter().filter(|a| a.name.is_none()).collect();
                let connection = args
                    .iter()
                    .find(|a| a.name.as_ref().is_some_and(|n| n.text == "connection"));
                let (Some(connection), 2..=3) = (connection, positional.len()) else {
                    return self.arity(expr, "http(\"POST\", \"https://…\", { … }, connection: \"name\")");
                };
                const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
                let method = self.known_text(&positional[0].value, "the method", scope)?;
                if !METHODS.contains(&method.as_str()) {
                    self.report(errors::unknown_word(positional[0].value.span, &method, METHODS));
                    return None;
                }
                let url = self.text(&positional[1].value, scope)?;
                if !matches!(url.parts.first(), Some(TextPart::Lit(t)) if t.starts_with("https://")) {
                    let why = "it does not begin with `https://`";
                    self.report(errors::mismatch(positional[1].value.span, "an address", why));
                    return None;
                }
                let body = match positional.get(2) {
                    Some(a) => Some(self.object(&a.value, scope)?),
                    None => None,
                };
                let connection = self.text(&connection.value, scope)?;
                Some(Task::Http {
                    method: SmolStr::new(method),
                    url,
                    body,
                    connection,
                    span: expr.span,
                })
            }
            _ => {
                self.report(errors::mismatch(
                    expr.span,
                    "`aws(…)` or `http(…)`",
                    "it is something else",
                ));
                None
            }
        }
    }

    fn object(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<Value> {
        match self.eval(expr, scope)? {
            v @ (Value::Object(_) | Value::Sym(_)) => Some(v),
            v => {
                let found = value_words(&self.r, &v);
                self.report(errors::mismatch(
                    expr.span,
                    "an object `{ … }`",
                    &format!("it is {found}"),
                ));
                None
            }
        }
    }

    /// `allow("service:Action", on: "arn")`.
    pub(crate) fn permit(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<Permit> {
        const USAGE: &str = "allow(\"service:Action\", on: \"arn\")";
        let ExprKind::Call(callee, args) = &expr.kind else {
            self.report(errors::mismatch(
                expr.span,
                &format!("`{USAGE}`"),
                "it is something else",
            ));
            return None;
        };
        if !matches!(&callee.kind, ExprKind::Ident(n) if n == "allow") {
            return self.arity(expr, USAGE);
        }
        let on = args
            .iter()
            .find(|a| a.name.as_ref().is_some_and(|n| n.text == "on"));
        let action = args.iter().find(|a| a.name.is_none());
        let (Some(on), Some(action), 2) = (on, action, args.len()) else {
            return self.arity(expr, USAGE);
        };
        let name = self.known_text(&action.value, "the right", scope)?;
        if !name
            .split_once(':')
            .is_some_and(|(s, a)| word(s) && word(a.trim_end_matches('*')))
        {
            let why = "a right is named like `lambda:UpdateAlias`";
            self.report(errors::mismatch(action.value.span, "a right", why));
            return None;
        }
        let on = self.text(&on.value, scope)?;
        Some(Permit {
            action: SmolStr::new(name),
            on,
            origin: self.origin(expr.span, scope),
        })
    }

    /// A text that must be known now.
    pub(crate) fn known_text(&mut self, expr: &'a Expr, what: &str, scope: ScopeId) -> Option<String> {
        let text = self.text(expr, scope)?;
        match text.known() {
            Some(t) => Some(t.to_string()),
            None => {
                self.report(errors::not_known(expr.span, what));
                None
            }
        }
    }

    /// A whole number that must be known now and lie in a range.
    pub(crate) fn known_int(
        &mut self,
        expr: &'a Expr,
        what: &str,
        least: i64,
        most: i64,
        scope: ScopeId,
    ) -> Option<i64> {
        match self.eval_as(expr, &ParamType::Int, scope)? {
            Value::Int(n) if (least..=most).contains(&n) => Some(n),
            Value::Int(_) => {
                self.report(errors::range(
                    expr.span,
                    &format!("{what} lies between {least} and {most}"),
                ));
                None
            }
            _ => {
                self.report(errors::not_known(expr.span, what));
                None
            }
        }
    }
}

fn word(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

enum Folded {
    Value(Value),
    Unknown,
    Mismatch(&'static str),
}

fn fold(func: Func, args: &[Value]) -> Folded {
    if let Value::Sym(_) = &args[0] {
        return Folded::Unknown;
    }
    match (func, &args[0]) {
        (Func::Fraction, Value::Percent(p)) => {
            Folded::Value(p.as_int().map_or(Value::Number(*p), Value::Int))
        }
        (Func::Fraction, _) => Folded::Mismatch("a percentage"),
        (Func::Len, Value::List(l)) => Folded::Value(Value::Int(i64::try_from(l.len()).unwrap_or(i64::MAX))),
        (Func::Len, Value::Text(t)) => match t.known() {
            Some(t) => Folded::Value(Value::Int(i64::try_from(t.chars().count()).unwrap_or(i64::MAX))),
            None => Folded::Unknown,
        },
        (Func::Len, _) => Folded::Mismatch("a list or a text"),
        (Func::Lower, Value::Text(t)) => match t.known() {
            Some(t) => Folded::Value(Value::Text(Text::lit(t.to_lowercase()))),
            None => Folded::Unknown,
        },
        (Func::Lower, _) => Folded::Mismatch("a text"),
        (Func::Join, Value::List(items)) => {
            let Value::Text(separator) = &args[1] else {
                return Folded::Mismatch("a list and a separator");
            };
            let mut out = Text::default();
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(separator.clone());
                }
                match crate::eval::text::shown(item) {
                    Some(t) => out.push(t),
                    None => return Folded::Mismatch("a list of simple values"),
                }
            }
            Folded::Value(Value::Text(out))
        }
        (Func::Join, _) => Folded::Mismatch("a list"),
        (Func::Major | Func::Minor | Func::Patch, Value::Text(t)) => {
            let Some(text) = t.known() else {
                return Folded::Unknown;
            };
            let place = match func {
                Func::Major => 0,
                Func::Minor => 1,
                _ => 2,
            };
            let text = text.trim_start_matches('v');
            let core = text.split(['-', '+']).next().unwrap_or(text);
            match core.split('.').nth(place).map_or(Ok(0), str::parse) {
                Ok(n) => Folded::Value(Value::Int(n)),
                Err(_) => Folded::Mismatch("a version such as `2.1.0`"),
            }
        }
        (Func::Major | Func::Minor | Func::Patch, _) => Folded::Mismatch("a version"),
    }
}

/// What people call a built-in function.
pub(crate) fn func_name(func: Func) -> &'static str {
    match func {
        Func::Fraction => "fraction",
        Func::Major => "major",
        Func::Minor => "minor",
        Func::Patch => "patch",
        Func::Len => "len",
        Func::Join => "join",
        Func::Lower => "lower",
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::call::{Folded, fold};
    use crate::model::{Func, Text, Value};

    #[test]
    fn parts_of_versions() {
        let of = |f| match fold(f, &[Value::Text(Text::lit("v2.10.3-rc.1"))]) {
            Folded::Value(Value::Int(n)) => n,
            _ => -1,
        };
        assert_eq!((of(Func::Major), of(Func::Minor), of(Func::Patch)), (2, 10, 3));
    }
}
