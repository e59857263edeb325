//! From the statements of a block to typed values: one small function for each thing a statement can say.

use crate::eval::find::Target;
use crate::eval::lower::{Lower, all, arg, one};
use crate::eval::scope::ScopeId;
use crate::model::{
    ArtifactId, CalendarId, ChannelId, ChecklistId, Civil, Cond, Dur, Effects, EnvId, GateId, Key, KeyUse,
    NotifyTarget, Offset, ParamType, Permit, PersonRef, Retry, RoleId, RoleOrPerson, StageId, Sym, Text,
    Tool, Value, Weekday,
};
use crate::resolve::Kind;
use crate::source::Rational;
use crate::syntax::ast::{Expr, ExprKind, Stmt};
use crate::types::errors;
use smol_str::SmolStr;

impl<'a> Lower<'a> {
    /// The word a statement says, one of `words`.
    pub(crate) fn word_of(
        &mut self,
        items: &'a [Stmt],
        keyword: &str,
        words: &'static [&'static str],
    ) -> Option<&'static str> {
        let expr = arg(items, keyword)?;
        self.word_expr(expr, words)
    }

    pub(crate) fn word_expr(
        &mut self,
        expr: &'a Expr,
        words: &'static [&'static str],
    ) -> Option<&'static str> {
        let found = match &expr.kind {
            ExprKind::Ident(word) => word.as_str(),
            ExprKind::Bool(true) => "true",
            _ => {
                let list = crate::schema::Ty::Words(words).words();
                self.report(errors::mismatch(expr.span, &list, "it is something else"));
                return None;
            }
        };
        match words.iter().find(|w| **w == found) {
            Some(w) => Some(w),
            None => {
                self.report(errors::unknown_word(expr.span, found, words.iter().copied()));
                None
            }
        }
    }

    pub(crate) fn texts(&mut self, items: &'a [Stmt], keyword: &'static str, scope: ScopeId) -> Vec<Text> {
        all(items, keyword)
            .flat_map(Stmt::args)
            .filter_map(|e| self.text(e, scope))
            .collect()
    }

    pub(crate) fn dur_of(&mut self, items: &'a [Stmt], keyword: &str, scope: ScopeId) -> Option<Dur> {
        let expr = arg(items, keyword)?;
        self.dur(expr, scope)
    }

    pub(crate) fn dur(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<Dur> {
        match self.eval_as(expr, &ParamType::Duration, scope)? {
            Value::Dur(d) if d.ms >= 0 && d.working_days >= 0 => Some(d),
            Value::Dur(_) => {
                self.report(errors::range(expr.span, "a duration is not negative"));
                None
            }
            _ => {
                self.report(errors::not_known(expr.span, "a duration"));
                None
            }
        }
    }

    /// `LOW .. HIGH`, or one duration for both.
    pub(crate) fn dur_range(
        &mut self,
        items: &'a [Stmt],
        keyword: &str,
        scope: ScopeId,
    ) -> Option<(Dur, Dur)> {
        let expr = arg(items, keyword)?;
        let (low, high) = match &expr.kind {
            ExprKind::Range(a, b) => {
                let (a, b) = (self.dur(a, scope), self.dur(b, scope));
                (a?, b?)
            }
            _ => {
                let d = self.dur(expr, scope)?;
                (d, d)
            }
        };
        if low.as_ms() > high.as_ms() {
            self.report(errors::order(
                expr.span,
                "the shortest time comes first",
                "write `SHORTEST .. LONGEST`",
            ));
            return None;
        }
        Some((low, high))
    }

    pub(crate) fn flag(&mut self, items: &'a [Stmt], keyword: &str, scope: ScopeId) -> bool {
        let Some(stmt) = one(items, keyword) else {
            return false;
        };
        match stmt.args().first() {
            None => true,
            Some(e) => match self.eval_as(e, &ParamType::Bool, scope) {
                Some(Value::Bool(b)) => b,
                Some(_) => {
                    self.report(errors::not_known(e.span, &format!("`{keyword}`")));
                    false
                }
                None => false,
            },
        }
    }

    pub(crate) fn cond_of(&mut self, items: &'a [Stmt], keyword: &str, scope: ScopeId) -> Cond {
        match arg(items, keyword) {
            Some(e) => self.cond(e, scope).unwrap_or_default(),
            None => Cond::True,
        }
    }

    pub(crate) fn regex(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<String> {
        let text = self.known_text(expr, "a regular expression", scope)?;
        match regex_lite::RegexBuilder::new(&text).size_limit(1 << 20).build() {
            Ok(_) => Some(text),
            Err(e) => {
                let why = e.to_string();
                let why = why
                    .lines()
                    .last()
                    .unwrap_or("it cannot be read")
                    .trim()
                    .to_string();
                self.report(errors::regex(expr.span, &why));
                None
            }
        }
    }

    pub(crate) fn role(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<RoleId> {
        match self.find_value(expr, &[Kind::Role], "a role", scope)? {
            Value::Role(r) => Some(r),
            _ => self.unknown_yet(expr, "the role"),
        }
    }

    pub(crate) fn role_of(&mut self, items: &'a [Stmt], keyword: &str, scope: ScopeId) -> Option<RoleId> {
        let expr = arg(items, keyword)?;
        self.role(expr, scope)
    }

    pub(crate) fn roles(&mut self, items: &'a [Stmt], keyword: &'static str, scope: ScopeId) -> Vec<RoleId> {
        all(items, keyword)
            .flat_map(Stmt::args)
            .filter_map(|e| self.role(e, scope))
            .collect()
    }

    fn unknown_yet<T>(&mut self, expr: &Expr, what: &str) -> Option<T> {
        self.report(errors::not_known(expr.span, what));
        None
    }

    pub(crate) fn role_or_person(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<RoleOrPerson> {
        match self.find_value(expr, &[Kind::Role, Kind::Person], "a role or a person", scope)? {
            Value::Role(r) => Some(RoleOrPerson::Role(r)),
            Value::Person(p) => Some(RoleOrPerson::Person(p)),
            _ => self.unknown_yet(expr, "who it is"),
        }
    }

    pub(crate) fn person_ref(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<PersonRef> {
        match self.find_value(expr, &[Kind::Person], "a person", scope)? {
            Value::Person(p) => Some(PersonRef::Person(p)),
            Value::Sym(Sym::Param(p)) => Some(PersonRef::Param(p)),
            _ => self.unknown_yet(expr, "the person"),
        }
    }

    pub(crate) fn env(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<EnvId> {
        match self.find_value(expr, &[Kind::Environment], "an environment", scope)? {
            Value::Env(e) => Some(e),
            _ => self.unknown_yet(expr, "the environment"),
        }
    }

    pub(crate) fn env_of(&mut self, items: &'a [Stmt], keyword: &str, scope: ScopeId) -> Option<EnvId> {
        let expr = arg(items, keyword)?;
        self.env(expr, scope)
    }

    pub(crate) fn artifact(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<ArtifactId> {
        match self.find_value(expr, &[Kind::Artifact], "an artifact", scope)? {
            Value::Artifact(a) => Some(a),
            _ => self.unknown_yet(expr, "the artifact"),
        }
    }

    pub(crate) fn channel(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<ChannelId> {
        match self.find_value(expr, &[Kind::Channel], "a channel", scope)? {
            Value::Channel(c) => Some(c),
            _ => self.unknown_yet(expr, "the channel"),
        }
    }

    pub(crate) fn channel_or_role(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<NotifyTarget> {
        match self.find_value(expr, &[Kind::Channel, Kind::Role], "a channel or a role", scope)? {
            Value::Channel(c) => Some(NotifyTarget::Channel(c)),
            Value::Role(r) => Some(NotifyTarget::Role(r)),
            _ => self.unknown_yet(expr, "who is told"),
        }
    }

    pub(crate) fn calendar(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<CalendarId> {
        match self.find_value(expr, &[Kind::Calendar], "a calendar", scope)? {
            Value::Calendar(c) => Some(c),
            _ => self.unknown_yet(expr, "the calendar"),
        }
    }

    pub(crate) fn gate(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<GateId> {
        match self.find_value(expr, &[Kind::Gate], "a gate", scope)? {
            Value::Gate(g) => Some(g),
            _ => self.unknown_yet(expr, "the gate"),
        }
    }

    pub(crate) fn checklist(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<ChecklistId> {
        match self.find_value(expr, &[Kind::Checklist], "a checklist", scope)? {
            Value::Checklist(c) => Some(c),
            _ => self.unknown_yet(expr, "the checklist"),
        }
    }

    /// The stages an expression names: one, a group, or those of a phase.
    pub(crate) fn stages(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<Vec<StageId>> {
        let target = self.find(expr, &[Kind::Stage, Kind::Phase], "a stage or a phase", scope)?;
        self.target_stages(target, expr)
    }

    pub(crate) fn target_stages(&mut self, target: Target<'a>, expr: &'a Expr) -> Option<Vec<StageId>> {
        match target {
            Target::Value(Value::Stage(s)) => Some(vec![s]),
            Target::Stages(list) => Some(list),
            Target::Group(list) => Some(list.into_iter().map(|(_, s)| s).collect()),
            Target::Phase(p, _) => Some(self.r.phase(p).stages.clone()),
            Target::Phases(list) => Some(
                list.iter()
                    .flat_map(|(_, p, _)| self.r.phase(*p).stages.clone())
                    .collect(),
            ),
            Target::Value(v) => {
                let found = crate::types::value_words(&self.r, &v);
                self.report(errors::mismatch(expr.span, "a stage", &format!("it is {found}")));
                None
            }
            _ => {
                self.report(errors::mismatch(expr.span, "a stage", "it is something else"));
                None
            }
        }
    }

    /// The one stage an expression names.
    pub(crate) fn stage(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<StageId> {
        match self.stages(expr, scope)?.as_slice() {
            [one] => Some(*one),
            _ => {
                self.report(errors::mismatch(expr.span, "one stage", "it names more than one"));
                None
            }
        }
    }

    pub(crate) fn offset_of(&mut self, items: &'a [Stmt], keyword: &str, scope: ScopeId) -> Option<Offset> {
        let expr = arg(items, keyword)?;
        match self.eval(expr, scope)? {
            Value::Offset(o) => Some(o),
            v => {
                let found = crate::types::value_words(&self.r, &v);
                self.report(errors::mismatch(
                    expr.span,
                    "an offset such as `T+30m`",
                    &format!("it is {found}"),
                ));
                None
            }
        }
    }

    pub(crate) fn civil_of(&mut self, items: &'a [Stmt], keyword: &str, scope: ScopeId) -> Option<Civil> {
        let expr = arg(items, keyword)?;
        match self.eval_as(expr, &ParamType::Time, scope)? {
            Value::DateTime(c) => Some(c),
            _ => self.unknown_yet(expr, "the time"),
        }
    }

    pub(crate) fn date_of(
        &mut self,
        items: &'a [Stmt],
        keyword: &str,
        scope: ScopeId,
    ) -> Option<jiff::civil::Date> {
        let expr = arg(items, keyword)?;
        self.date(expr, scope)
    }

    pub(crate) fn date(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<jiff::civil::Date> {
        match self.eval_as(expr, &ParamType::Date, scope)? {
            Value::Date(d) => Some(d),
            _ => self.unknown_yet(expr, "the date"),
        }
    }

    /// `mon .. fri`, or days one by one.
    pub(crate) fn days(&mut self, items: &'a [Stmt], keyword: &'static str) -> Vec<Weekday> {
        let mut days = Vec::new();
        for expr in all(items, keyword).flat_map(Stmt::args) {
            match &expr.kind {
                ExprKind::Range(a, b) => {
                    let (Some(a), Some(b)) = (self.day(a), self.day(b)) else {
                        continue;
                    };
                    let mut i = a as usize;
                    loop {
                        days.push(Weekday::ALL[i]);
                        if i == b as usize {
                            break;
                        }
                        i = (i + 1) % 7;
                    }
                }
                _ => days.extend(self.day(expr)),
            }
        }
        days.sort();
        days.dedup();
        days
    }

    fn day(&mut self, expr: &'a Expr) -> Option<Weekday> {
        let word = self.word_expr(expr, &["mon", "tue", "wed", "thu", "fri", "sat", "sun"])?;
        Weekday::ALL.iter().copied().find(|d| d.word() == word)
    }

    /// `09:00 .. 17:00`; the whole day is `None`.
    pub(crate) fn hours(
        &mut self,
        items: &'a [Stmt],
        scope: ScopeId,
    ) -> Option<(jiff::civil::Time, jiff::civil::Time)> {
        let expr = arg(items, "hours")?;
        let ExprKind::Range(a, b) = &expr.kind else {
            self.report(errors::mismatch(
                expr.span,
                "hours such as `09:00 .. 17:00`",
                "it is no range",
            ));
            return None;
        };
        let mut time = |e: &'a Expr| match self.eval(e, scope)? {
            Value::Time(t) => Some(t),
            v => {
                let found = crate::types::value_words(&self.r, &v);
                self.report(errors::mismatch(
                    e.span,
                    "a time of day",
                    &format!("it is {found}"),
                ));
                None
            }
        };
        let (from, to) = (time(a), time(b));
        let (from, to) = (from?, to?);
        if from == jiff::civil::Time::midnight() && to == jiff::civil::Time::MAX {
            return None;
        }
        if from == to {
            self.report(errors::order(
                expr.span,
                "the hours are empty: they end when they begin",
                "let them end at another time; the whole day is `00:00 .. 24:00`",
            ));
            return None;
        }
        Some((from, to))
    }

    pub(crate) fn zone_of(&mut self, items: &'a [Stmt], scope: ScopeId) -> Option<SmolStr> {
        let expr = arg(items, "zone")?;
        let name = self.known_text(expr, "the time zone", scope)?;
        if jiff::tz::TimeZone::get(&name).is_err() {
            let near = crate::diagnostic::did_you_mean(
                &name,
                [
                    "UTC",
                    "Europe/London",
                    "Europe/Berlin",
                    "America/New_York",
                    "America/Los_Angeles",
                    "Asia/Tokyo",
                ],
            );
            let d = errors::literal(expr.span, "a time zone", "the zone database has no such name");
            self.report(match near {
                Some(h) => d.help(h),
                None => d,
            });
            return None;
        }
        Some(SmolStr::new(name))
    }

    pub(crate) fn retry_of(&mut self, items: &'a [Stmt], scope: ScopeId) -> Option<Retry> {
        let stmt = one(items, "retry")?;
        let times = self.known_int(
            stmt.args().first()?,
            "how often it is tried again",
            1,
            1000,
            scope,
        )?;
        let inner = stmt.children();
        let backoff = match arg(inner, "backoff") {
            None => Rational::ONE,
            Some(e) => match self.eval_as(e, &ParamType::Number, scope)? {
                Value::Number(n) if n >= Rational::ONE && n <= Rational::int(100) => n,
                _ => {
                    self.report(errors::range(e.span, "the factor lies between 1 and 100"));
                    return None;
                }
            },
        };
        let retry = Retry {
            times: u32::try_from(times).unwrap_or(1),
            every: self.dur_of(inner, "every", scope),
            backoff,
            origin: self.origin(stmt.span, scope),
        };
        if retry.waits().is_none() {
            let what = "what is waited between the tries is longer than 100 years";
            self.report(errors::range(stmt.span, what));
            return None;
        }
        Some(retry)
    }

    pub(crate) fn permits(&mut self, items: &'a [Stmt], scope: ScopeId) -> Vec<Permit> {
        all(items, "permits")
            .flat_map(Stmt::args)
            .filter_map(|e| self.permit(e, scope))
            .collect()
    }

    pub(crate) fn secrets(&mut self, items: &'a [Stmt], scope: ScopeId) -> Vec<SmolStr> {
        let mut list = Vec::new();
        for expr in all(items, "secret").flat_map(Stmt::args) {
            let Some(name) = self.known_text(expr, "the name of a secret", scope) else {
                continue;
            };
            if name.starts_with("RELEASEC_") {
                let why = "names that begin like this belong to what runs the command";
                self.report(errors::literal(expr.span, "the name of a secret", why));
            } else if variable(&name) {
                list.push(SmolStr::new(name));
            } else {
                let why = "it holds capitals, digits and `_`, and begins with a letter";
                self.report(errors::literal(expr.span, "the name of a secret", why));
            }
        }
        list
    }

    pub(crate) fn tools(&mut self, items: &'a [Stmt], scope: ScopeId) -> Vec<Tool> {
        let mut list = Vec::new();
        for expr in all(items, "needs").flat_map(Stmt::args) {
            let Some(text) = self.known_text(expr, "a tool", scope) else {
                continue;
            };
            let (name, version) = match text.split_once(' ') {
                Some((n, v)) => (n, Some(SmolStr::new(v.trim()))),
                None => (text.as_str(), None),
            };
            let plain =
                |s: &str| !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+".contains(c));
            if plain(name) && !name.starts_with('-') {
                list.push(Tool {
                    name: SmolStr::new(name),
                    version,
                });
            } else {
                self.report(errors::literal(
                    expr.span,
                    "a tool",
                    "it is written like `aws >= 2.15`",
                ));
            }
        }
        list
    }

    pub(crate) fn keys(&mut self, items: &'a [Stmt], keyword: &'static str, scope: ScopeId) -> Vec<KeyUse> {
        all(items, keyword)
            .flat_map(Stmt::args)
            .filter(|e| !is_nothing(e))
            .filter_map(|e| {
                let text = self.text(e, scope)?;
                if text.known().is_some_and(|t| t.trim().is_empty()) {
                    self.report(errors::literal(e.span, "a key", "it is empty"));
                    return None;
                }
                Some(KeyUse {
                    key: Key(text),
                    origin: self.origin(e.span, scope),
                })
            })
            .collect()
    }

    /// What a block says about what it touches. `assume` is the place to name when it says nothing.
    pub(crate) fn effects(&mut self, items: &'a [Stmt], scope: ScopeId) -> Effects {
        let nothing = all(items, "changes").flat_map(Stmt::args).any(is_nothing);
        Effects {
            changes: self.keys(items, "changes", scope),
            removes: self.keys(items, "removes", scope),
            reads: self.keys(items, "reads", scope),
            stores: self.keys(items, "stores", scope),
            backs_up: self.keys(items, "backs_up", scope),
            exercises: self.keys(items, "exercises", scope),
            raises: self.keys(items, "raises", scope),
            compatible: self.text_of(items, "compatible", scope),
            assumed: false,
            nothing,
        }
    }

    /// Takes what says nothing about what it changes to change its environment.
    pub(crate) fn assume(&mut self, effects: &mut Effects, origin: &crate::model::Origin) {
        let says = effects.nothing
            || !effects.changes.is_empty()
            || !effects.removes.is_empty()
            || !effects.raises.is_empty()
            || !effects.backs_up.is_empty();
        if says {
            return;
        }
        let Some(env) = self.ambient else { return };
        let key = Key(Text::lit(format!("environment:{}", self.r.env(env).name)));
        effects.assumed = true;
        effects.changes.push(KeyUse {
            key,
            origin: origin.clone(),
        });
    }
}

fn is_nothing(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Ident(n) if n == "nothing")
}

/// Whether a text can be the name of an environment variable, in capitals.
pub(crate) fn variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.len() <= 128
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
