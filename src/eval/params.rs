//! Parameters and constants of modules, and the arguments of definitions.

use crate::eval::find::DefTarget;
use crate::eval::lower::Lower;
use crate::eval::scope::{Local, ScopeId};
use crate::model::{Origin, Param, ParamId, ParamType, Release, Sym, Text, Value};
use crate::resolve::{Kind, ModuleId};
use crate::source::{Rational, Span};
use crate::syntax::ast::{Arg, ExprKind, Form, ParamDecl, TypeArg, TypeExpr};
use crate::types::{self, errors};
use smol_str::SmolStr;

/// What other languages call a type.
fn elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "text" | "str" | "char" | "varchar" => "string",
        "integer" | "long" | "i64" => "int",
        "float" | "double" | "decimal" => "number",
        "boolean" | "flag" => "bool",
        "share" | "ratio" => "percent",
        "semver" => "version",
        "datetime" | "timestamp" => "time",
        "uri" | "link" => "url",
        "enum" | "choice" => "one_of",
        "array" => "list",
        "user" => "person",
        _ => return None,
    })
}

impl<'a> Lower<'a> {
    /// The type an author wrote.
    pub(crate) fn param_type(&mut self, ty: &TypeExpr) -> Option<ParamType> {
        const WORDS: [&str; 12] = [
            "string", "int", "number", "percent", "duration", "bool", "version", "date", "time", "url",
            "one_of", "list",
        ];
        let name = ty.name.text.as_str();
        let found = match name {
            "string" => ParamType::Text,
            "int" => ParamType::Int,
            "number" => ParamType::Number,
            "percent" => ParamType::Percent,
            "duration" => ParamType::Duration,
            "bool" => ParamType::Bool,
            "version" => ParamType::Version,
            "date" => ParamType::Date,
            "time" => ParamType::Time,
            "url" => ParamType::Url,
            "person" => ParamType::Person,
            "environment" => ParamType::Environment,
            "one_of" => {
                let mut words = Vec::new();
                for arg in &ty.args {
                    match arg {
                        TypeArg::Str(e) => {
                            if let ExprKind::Str(s) = &e.kind
                                && let Some(word) = s.plain()
                            {
                                words.push(SmolStr::new(word));
                            }
                        }
                        TypeArg::Type(t) => {
                            self.report(errors::mismatch(t.span, "a text", "`one_of` lists texts"));
                            return None;
                        }
                    }
                }
                if words.is_empty() {
                    self.report(errors::arguments(ty.span, "`one_of` lists nothing".into(), None));
                    return None;
                }
                return Some(ParamType::OneOf(words));
            }
            "list" => {
                return match ty.args.as_slice() {
                    [TypeArg::Type(of)] => self.param_type(of).map(|t| ParamType::List(Box::new(t))),
                    _ => {
                        self.report(errors::arguments(ty.span, "`list` takes one type".into(), None));
                        None
                    }
                };
            }
            other => match Kind::of(other) {
                Some(k) if k != Kind::Value && k != Kind::Release && other != "param" => {
                    ParamType::Kind(SmolStr::new(k.word()))
                }
                _ => {
                    let words: Vec<&str> = WORDS.into_iter().chain(["person", "environment"]).collect();
                    let d = errors::unknown_word(ty.name.span, other, words);
                    self.report(match elsewhere(other) {
                        Some(ours) => d.help(format!("`{other}` is called `{ours}`")).unsafe_fix(
                            format!("write `{ours}`"),
                            ty.name.span,
                            ours,
                        ),
                        None => d,
                    });
                    return None;
                }
            },
        };
        if !ty.args.is_empty() {
            self.report(errors::arguments(
                ty.span,
                format!("the type `{name}` takes nothing in parentheses"),
                None,
            ));
            return None;
        }
        Some(found)
    }

    /// The value of a `param` or a `let`.
    pub(crate) fn value_def(&mut self, def: &DefTarget<'a>) -> Option<Value> {
        let key = def.item?;
        if let Some(known) = self.values.get(&key).cloned() {
            if known.is_none() && self.open.contains(&def.stmt.span) {
                self.report(errors::recursion(def.call, &def.name));
            }
            return known;
        }
        self.values.insert(key, None);
        self.open.push(def.stmt.span);
        let value = match &def.stmt.form {
            Form::Let { value, .. } => {
                let v = self.eval(value, def.scope);
                self.bind_metric_name(v.as_ref(), &def.name);
                v
            }
            Form::Typed { .. } => self.param_value(key, def),
            _ => None,
        };
        self.open.pop();
        self.values.insert(key, value.clone());
        value
    }

    fn bind_metric_name(&mut self, value: Option<&Value>, name: &SmolStr) {
        match value {
            Some(Value::Metric(m)) => {
                let metric = &mut self.r.metrics[m.index()];
                if metric.bound.is_none() {
                    metric.bound = Some(name.clone());
                }
            }
            Some(Value::Channel(c)) => {
                let channel = &mut self.r.channels[c.index()];
                if channel.name.contains('.') {
                    channel.name = name.clone();
                }
            }
            _ => {}
        }
    }

    fn param_value(&mut self, key: (ModuleId, usize), def: &DefTarget<'a>) -> Option<Value> {
        let Form::Typed { name, ty, default } = &def.stmt.form else {
            return None;
        };
        let declared = ty.as_ref()?;
        let ty = self.param_type(declared)?;
        let default = match default {
            Some(e) => Some(self.eval_as(e, &ty, def.scope)?),
            None => None,
        };
        let given = if key.0 == self.program.root {
            self.given.iter().rev().find(|(n, _)| *n == name.text)
        } else {
            None
        };
        let given = match given {
            Some((_, text)) => match parse_given(&self.r, text, &ty) {
                Ok(v) => Some(v),
                Err(why) => {
                    self.report(errors::param_value(name.span, &name.text, text, &why));
                    return None;
                }
            },
            None => None,
        };
        let stays = matches!(ty, ParamType::Bool | ParamType::OneOf(_));
        let fixed = given.or_else(|| if stays { None } else { default.clone() });
        if fixed.is_none() && matches!(ty, ParamType::Kind(_)) {
            self.report(errors::not_known(
                name.span,
                &format!("the {} `{}`", declared.name.text, name.text),
            ));
            return None;
        }
        let id = ParamId::at(self.r.params.len());
        self.params.insert(key, id);
        self.r.params.push(Param {
            name: name.text.clone(),
            origin: Origin::at(name.span),
            ty,
            doc: def.stmt.doc.as_ref().map(|d| d.text.clone()),
            default,
            fixed: fixed.clone(),
        });
        Some(fixed.unwrap_or(Value::Sym(Sym::Param(id))))
    }

    /// Binds arguments to the parameters of a definition. The values come in the order of the parameters.
    #[allow(clippy::too_many_arguments)] // a call, a definition, and the scope of each
    fn arguments(
        &mut self,
        params: &'a [ParamDecl],
        args: &'a [Arg],
        call: Span,
        name: &str,
        caller: ScopeId,
        definition: ScopeId,
        defined: Span,
    ) -> Option<Vec<(SmolStr, Value)>> {
        let mut slots: Vec<Option<&'a crate::syntax::ast::Expr>> = vec![None; params.len()];
        let (mut sound, mut misplaced) = (true, false);
        for (i, arg) in args.iter().enumerate() {
            let place = match &arg.name {
                None => (i < params.len()).then_some(i),
                Some(n) => params.iter().position(|p| p.name.text == n.text),
            };
            let Some(place) = place else {
                sound = false;
                misplaced = true;
                let (span, message) = match &arg.name {
                    Some(n) => {
                        let near = crate::diagnostic::did_you_mean(
                            &n.text,
                            params.iter().map(|p| p.name.text.as_str()),
                        );
                        let near = near.map_or(String::new(), |n| format!("; {n}"));
                        (n.span, format!("`{name}` has no parameter `{}`{near}", n.text))
                    }
                    None => (
                        arg.value.span,
                        format!("`{name}` takes {} arguments at most", params.len()),
                    ),
                };
                self.report(errors::arguments(span, message, Some(defined)));
                continue;
            };
            if slots[place].is_some() {
                sound = false;
                let message = format!("`{}` is given twice", params[place].name.text);
                self.report(errors::arguments(arg.value.span, message, Some(defined)));
            }
            slots[place] = Some(&arg.value);
        }
        let mut values: Vec<(SmolStr, Value)> = Vec::new();
        let mut missing = Vec::new();
        let inner = self.nest(definition);
        for (param, slot) in params.iter().zip(slots) {
            let Some(ty) = self.param_type(&param.ty) else {
                sound = false;
                continue;
            };
            let value = match (slot, &param.default) {
                (Some(e), _) => self.eval_as(e, &ty, caller),
                (None, Some(e)) => self.eval_as(e, &ty, inner),
                (None, None) => {
                    missing.push(format!("`{}`", param.name.text));
                    continue;
                }
            };
            match value {
                Some(v) => {
                    self.define(inner, param.name.text.clone(), Local::Value(v.clone()));
                    values.push((param.name.text.clone(), v));
                }
                None => sound = false,
            }
        }
        // What a misnamed argument was meant for is not missing on top of it.
        if misplaced {
            return None;
        }
        if !missing.is_empty() {
            let message = format!("`{name}` needs {}", missing.join(", "));
            self.report(errors::arguments(call, message, Some(defined)));
            return None;
        }
        sound.then_some(values)
    }

    /// The parameters and arguments of a definition that is used, and a scope in which its body is read.
    pub(crate) fn enter(&mut self, def: &DefTarget<'a>) -> Option<(ScopeId, Vec<(SmolStr, Value)>)> {
        let (params, defined): (&[ParamDecl], Span) = match &def.stmt.form {
            Form::Define { params, name } => (params, name.span),
            _ => (&[], def.stmt.head()),
        };
        let args = def.args.unwrap_or(&[]);
        let caller = def.caller;
        let values = self.arguments(params, args, def.call, &def.name, caller, def.scope, defined)?;
        let scope = self.nest(def.scope);
        for (name, value) in &values {
            self.define(scope, name.clone(), Local::Value(value.clone()));
        }
        let origin = self.origin(def.call, caller);
        self.scopes[scope.0].call = Some((origin, def.name.clone()));
        Some((scope, values))
    }
}

/// A value from the command line.
fn parse_given(release: &Release, text: &str, ty: &ParamType) -> Result<Value, String> {
    let value = match ty {
        ParamType::Int => text
            .parse()
            .map(Value::Int)
            .map_err(|_| "it is not a whole number".to_string())?,
        ParamType::Number => {
            Value::Number(Rational::parse(text).ok_or_else(|| "it is not a number".to_string())?)
        }
        ParamType::Percent => match text.strip_suffix('%') {
            Some(_) => Value::Percent(types::percent(text).map_err(|e| e.0)?),
            None => return Err("a percentage ends in `%`".into()),
        },
        ParamType::Duration => Value::Dur(types::duration(text).map_err(|e| e.0)?),
        ParamType::Bool => match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => return Err("it is neither `true` nor `false`".into()),
        },
        ParamType::Date => Value::Date(types::date(text).map_err(|e| e.0)?),
        ParamType::Time => Value::DateTime(types::date_time(text).map_err(|e| e.0)?),
        ParamType::List(of) => {
            let items: Result<Vec<_>, _> = text
                .split(',')
                .filter(|t| !t.is_empty())
                .map(|t| parse_given(release, t.trim(), of))
                .collect();
            Value::List(items?)
        }
        ParamType::Text | ParamType::Version | ParamType::Url | ParamType::OneOf(_) => {
            Value::Text(Text::lit(text))
        }
        ParamType::Person => find_named(release.people.iter().map(|p| p.name.as_str()), text)
            .map(|i| Value::Person(crate::model::PersonId::at(i)))
            .ok_or("no such person is in the plan")?,
        ParamType::Environment => find_named(release.environments.iter().map(|e| e.name.as_str()), text)
            .map(|i| Value::Env(crate::model::EnvId::at(i)))
            .ok_or("no such environment is in the plan")?,
        ParamType::Kind(_) => return Err("it cannot be given on the command line".into()),
    };
    types::fit(release, value, ty)
}

fn find_named<'n>(mut names: impl Iterator<Item = &'n str>, name: &str) -> Option<usize> {
    names.position(|n| n == name)
}
